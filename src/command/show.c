/*-------------------------------------------------------------------------
 *
 * show.c
 *	  current, heads, branches, history and show.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"
#include "errors.h"
#include "run/target.h"

#define CURRENT_COLUMNS 5
#define HEADS_COLUMNS 4
#define BRANCHES_COLUMNS 4
#define HISTORY_COLUMNS 10
#define SHOW_COLUMNS 17

/*
 * The revision of that id, which the caller has found in the graph, as
 * stored.
 */
StoredRevision *
pgmig_command_read_revision(const char *revision)
{
	StoredRevision *stored = pgmig_catalog_read_revision(revision);

	if (stored == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("revision \"%s\" does not exist", revision),
				 errhint("It was removed in the meantime; try again.")));
	return stored;
}

static Datum
applied_at(const GraphNode *node, bool *isnull)
{
	*isnull = !node->applied;
	return TimestampTzGetDatum(node->applied_at);
}

/* Error out unless every revision is applied. */
static void
check_at_heads(Graph *graph)
{
	List *pending = NIL;
	ListCell *lc;

	foreach(lc, pgmig_graph_version_heads(graph))
	{
		GraphNode *node = pgmig_graph_expand(graph, lfirst(lc));

		if (!node->applied)
			pending = lappend(pending, unconstify(char *, node->id));
	}
	if (pending != NIL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_NOT_AT_HEAD),
				 errmsg("database is not on all head revisions"),
				 errdetail("Not applied: %s.",
						   pgmig_run_join_targets(pending)),
				 errhint("Use SELECT pgmig_upgrade('heads').")));
}

PG_FUNCTION_INFO_V1(pgmig_current);

/*
 * pgmig_current(check_heads boolean): where the database stands.
 */
Datum
pgmig_current(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	ListCell *lc;

	if (!PG_ARGISNULL(0) && PG_GETARG_BOOL(0))
	{
		pgmig_catalog_refuse_unfinished(pgmig_scope, true);
		check_at_heads(graph);
	}
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, pgmig_graph_current(graph))
	{
		GraphNode *node = pgmig_graph_expand(graph, lfirst(lc));
		Datum values[CURRENT_COLUMNS];
		bool nulls[CURRENT_COLUMNS] = {false};

		values[0] = CStringGetTextDatum(node->id);
		values[1] = pgmig_catalog_text_array(pgmig_graph_labels(graph, node));
		values[2] = CStringGetTextDatum(node->message);
		values[3] = BoolGetDatum(node->nchildren == 0);
		values[4] = applied_at(node, &nulls[4]);
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_heads);

/*
 * pgmig_heads(resolve_dependencies boolean): revisions without children.
 */
Datum
pgmig_heads(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	bool real = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc,
			real ? pgmig_graph_real_heads(graph)
				 : pgmig_graph_version_heads(graph))
	{
		GraphNode *node = pgmig_graph_expand(graph, lfirst(lc));
		Datum values[HEADS_COLUMNS];
		bool nulls[HEADS_COLUMNS] = {false};

		values[0] = CStringGetTextDatum(node->id);
		values[1] = pgmig_catalog_text_array(pgmig_graph_labels(graph, node));
		values[2] = CStringGetTextDatum(node->message);
		values[3] = applied_at(node, &nulls[3]);
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_branches);

/*
 * pgmig_branches(): revisions with several children.
 */
Datum
pgmig_branches(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	pgmig_graph_complete(graph);
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);
		Datum values[BRANCHES_COLUMNS];
		bool nulls[BRANCHES_COLUMNS] = {false};

		if (node->nchildren < 2)
			continue;
		values[0] = CStringGetTextDatum(node->id);
		values[1] = pgmig_catalog_text_array(pgmig_graph_labels(graph, node));
		values[2] = CStringGetTextDatum(node->message);
		values[3] = pgmig_command_node_names(node->children, node->nchildren);
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

/* Does the database stand at this revision? */
static bool
is_current(Graph *graph, const GraphNode *node)
{
	if (!node->applied)
		return false;
	for (int i = 0; i < node->nchildren; i++)
	{
		if (pgmig_graph_expand(graph, node->children[i])->applied)
			return false;
	}
	return true;
}

PG_FUNCTION_INFO_V1(pgmig_history);

/*
 * pgmig_history(range text): the revisions of a range, newest first.
 */
Datum
pgmig_history(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, pgmig_range_history(graph, pgmig_run_optional(fcinfo, 0)))
	{
		GraphNode *node = pgmig_graph_expand(graph, lfirst(lc));
		Datum values[HISTORY_COLUMNS];
		bool nulls[HISTORY_COLUMNS] = {false};

		CHECK_FOR_INTERRUPTS();
		values[0] = CStringGetTextDatum(node->id);
		values[1] = pgmig_command_node_names(node->parents, node->nparents);
		values[2] = pgmig_command_node_names(node->deps, node->ndeps);
		values[3] = pgmig_catalog_text_array(pgmig_graph_labels(graph, node));
		values[4] = CStringGetTextDatum(node->message);
		values[5] = BoolGetDatum(node->nchildren == 0);
		values[6] = BoolGetDatum(node->nchildren > 1);
		values[7] = BoolGetDatum(node->nparents > 1);
		values[8] = BoolGetDatum(is_current(graph, node));
		values[9] = applied_at(node, &nulls[9]);
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_show);

/*
 * pgmig_show(revision text): all about the revisions that a target names.
 */
Datum
pgmig_show(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	char *target = pgmig_run_target(fcinfo, 0);
	List *nodes;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	if (strcmp(target, "current") == 0)
		nodes = pgmig_graph_current(graph);
	else
		nodes = pgmig_target_resolve(graph, target);
	foreach(lc, nodes)
	{
		GraphNode *node = pgmig_graph_expand(graph, lfirst(lc));
		StoredRevision *stored = pgmig_command_read_revision(node->id);
		RevisionDocument *document = &stored->document;
		Datum values[SHOW_COLUMNS];
		bool nulls[SHOW_COLUMNS] = {false};

		values[0] = CStringGetTextDatum(node->id);
		values[1] = pgmig_catalog_text_array(document->parents);
		values[2] = pgmig_catalog_text_array(document->depends_on);
		values[3] = pgmig_command_node_names(node->children, node->nchildren);
		values[4] = pgmig_catalog_text_array(document->labels);
		values[5] = CStringGetTextDatum(document->message);
		values[6] = pgmig_command_text(document->long_message, &nulls[6]);
		values[7] = TimestampTzGetDatum(document->created_at);
		nulls[7] = !document->has_created_at;
		values[8] = CStringGetTextDatum(document->upgrade.sql);
		values[9] = pgmig_command_text(document->downgrade.sql, &nulls[9]);
		values[10] = BoolGetDatum(document->upgrade.transactional);
		values[11] = BoolGetDatum(document->downgrade.transactional);
		nulls[11] = document->downgrade.sql == NULL;
		values[12] = CStringGetTextDatum(document->upgrade.checksum);
		values[13] = pgmig_command_text(document->source, &nulls[13]);
		values[14] = CStringGetTextDatum(stored->loaded_by);
		values[15] = TimestampTzGetDatum(stored->loaded_at);
		values[16] = TimestampTzGetDatum(stored->applied_at);
		nulls[16] = !stored->applied;
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}
