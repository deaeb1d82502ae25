/*-------------------------------------------------------------------------
 *
 * script.c
 *	  Runs as scripts for psql.
 *
 * A script does what the function does: the bodies, with what they leave in
 * the session undone after each, and the rows of schema pgmig.  It is one
 * transaction, but for bodies that forbid one, and checks first that the
 * database stands where the script starts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"
#include "document/document.h"
#include "errors.h"
#include "run/run.h"
#include "run/target.h"

/* What a script does. */
typedef struct Script
{
	StringInfoData text;
	const char *operation; /* upgrade, downgrade or stamp */
	char *range;
	Graph *graph;
	char *start; /* NULL: where the database stands */
	char *target;
	int step;
} Script;

static char *
literal(const char *value)
{
	return quote_literal_cstr(value);
}

/*
 * Text for a comment.  A line end, which a message can have that was written
 * to the table directly, would end the comment.
 */
static char *
one_line(const char *text)
{
	char *line = pstrdup(text);

	for (char *c = line; *c != '\0'; c++)
	{
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	}
	return line;
}

/*
 * Start a script: read "start:target" or "target".  With a start, the plan is
 * made as if the database stood there.
 */
static Script *
begin_script(FunctionCallInfo fcinfo, const char *operation)
{
	Script *script = palloc0(sizeof(Script));
	char *start;

	script->operation = operation;
	script->range = pgmig_run_target(fcinfo, 0);
	script->graph = pgmig_catalog_graph();
	initStringInfo(&script->text);
	if (!pgmig_range_split(script->range, &start, &script->target))
		script->target = script->range;
	else
	{
		if (start[0] == '\0')
			start = "base";
		if (script->target[0] == '\0')
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("range \"%s\" has no end", script->range),
					 errhint("Use \"start:end\", for example \"base:head\".")));
		pgmig_plan_assume(script->graph, start);
		if (strcmp(start, "current") != 0)
			script->start = start;
	}
	if (script->start == NULL)
		pgmig_catalog_refuse_unfinished(pgmig_scope, false);
	return script;
}

/* What the revisions of an upgrade need besides one another. */
static List *
needed_below(Graph *graph, List *plan)
{
	List *needed = NIL;
	ListCell *lc;

	foreach(lc, plan)
	{
		GraphNode *node = pgmig_graph_expand(graph, lfirst(lc));

		for (int i = 0; i < node->nparents; i++)
		{
			if (pgmig_graph_expand(graph, node->parents[i])->applied)
				needed = list_append_unique_ptr(needed, node->parents[i]);
		}
		for (int i = 0; i < node->ndeps; i++)
		{
			if (pgmig_graph_expand(graph, node->deps[i])->applied)
				needed = list_append_unique_ptr(needed, node->deps[i]);
		}
	}
	return needed;
}

/* The revisions of a plan as a list of literals. */
static char *
plan_literals(List *plan)
{
	StringInfoData buffer;
	ListCell *lc;

	initStringInfo(&buffer);
	foreach(lc, plan)
		appendStringInfo(&buffer,
						 "%s%s",
						 lc == list_head(plan) ? "" : ", ",
						 literal(((GraphNode *) lfirst(lc))->id));
	return buffer.data;
}

/* A check that all, or none, of the revisions are applied. */
static void
append_check(Script *script, List *plan, bool applied)
{
	char tag[32];
	char *code;

	if (plan == NIL)
		return;
	code =
		psprintf("\n"
				 "BEGIN\n"
				 "    IF (SELECT pg_catalog.count(*) FROM pgmig.applied\n"
				 "        WHERE scope = %s AND revision IN (%s)) <> %d THEN\n"
				 "        RAISE EXCEPTION USING\n"
				 "            ERRCODE = 'object_not_in_prerequisite_state',\n"
				 "            MESSAGE = 'the database does not stand where this script starts',\n"
				 "            HINT = 'Make the script again, see pgmig_current().';\n"
				 "    END IF;\n"
				 "    IF EXISTS (SELECT FROM pgmig.unfinished WHERE scope = %s) THEN\n"
				 "        RAISE EXCEPTION USING\n"
				 "            ERRCODE = 'MG013',\n"
				 "            MESSAGE = 'a revision is half-done',\n"
				 "            HINT = 'See pgmig_status().';\n"
				 "    END IF;\n"
				 "END\n",
				 literal(pgmig_scope),
				 plan_literals(plan),
				 applied ? list_length(plan) : 0,
				 literal(pgmig_scope));
	/* A name may contain any tag of a dollar quote, but hardly all of them. */
	strcpy(tag, "$pgmig$");
	for (int i = 1; strstr(code, tag) != NULL; i++)
		snprintf(tag, sizeof(tag), "$pgmig%d$", i);
	appendStringInfo(&script->text, "DO %s%s%s;\n", tag, code, tag);
}

/* The settings that a script changes. */
static List *
session_settings(void)
{
	return list_make4(makeString("standard_conforming_strings"),
					  makeString("lock_timeout"),
					  makeString("statement_timeout"),
					  makeString("search_path"));
}

/*
 * Begin a transaction that keeps other runners away.
 *
 * The first lock looks the table up, which takes a snapshot of the catalogs;
 * the second one, which may have to wait, does without: a concurrent index
 * build would wait for the snapshot.
 */
static void
append_begin(Script *script)
{
	appendStringInfoString(&script->text,
						   "BEGIN;\n"
						   "LOCK TABLE pgmig.run IN ROW SHARE MODE;\n"
						   "LOCK TABLE pgmig.run IN SHARE ROW EXCLUSIVE MODE;\n");
}

/*
 * Save settings in variables of psql, or put them back.  The prefix tells
 * those of the session from those of a body.
 */
static void
append_save(Script *script, const char *prefix, List *names)
{
	ListCell *lc;

	foreach(lc, names)
		appendStringInfo(&script->text,
						 "SELECT coalesce(pg_catalog.current_setting(%s, true), '') AS pgmig_%s_%d \\gset\n",
						 literal(strVal(lfirst(lc))),
						 prefix,
						 foreach_current_index(lc));
}

static void
append_restore(Script *script, const char *prefix, List *names)
{
	ListCell *lc;

	foreach(lc, names)
		appendStringInfo(&script->text,
						 "SELECT pg_catalog.set_config(%s, :'pgmig_%s_%d', false) \\gset pgmig_ignore_\n",
						 literal(strVal(lfirst(lc))),
						 prefix,
						 foreach_current_index(lc));
}

static void
append_head(Script *script)
{
	appendStringInfo(&script->text,
					 "-- pgmig %s %s\n"
					 "-- Run with psql, as the owner of extension pgmig, while no other run starts.\n"
					 "\\set ON_ERROR_STOP on\n",
					 script->operation,
					 one_line(script->range));
	append_begin(script);
}

static void
append_run(Script *script)
{
	appendStringInfo(&script->text,
					 "INSERT INTO pgmig.run (operation, target, scope) VALUES (%s, %s, %s);\n",
					 literal(script->operation),
					 literal(script->range),
					 literal(pgmig_scope));
}

/* Set a timeout of the session, unless it is shorter already. */
static void
append_timeout(Script *script, const char *name, int milliseconds)
{
	if (milliseconds == 0)
		return;
	appendStringInfo(&script->text,
					 "SELECT pg_catalog.set_config(name, CASE WHEN setting::pg_catalog.int4 BETWEEN 1 AND %d THEN setting ELSE '%d' END, false)\n"
					 "    FROM pg_catalog.pg_settings WHERE name = %s \\gset pgmig_ignore_\n",
					 milliseconds,
					 milliseconds,
					 literal(name));
}

static void
append_settings(Script *script)
{
	append_save(script, "session", session_settings());
	appendStringInfoString(&script->text,
						   "SET standard_conforming_strings = on;\n");
	append_timeout(script, "lock_timeout", pgmig_lock_timeout);
	append_timeout(script, "statement_timeout", pgmig_statement_timeout);
	if (pgmig_scope[0] != '\0')
		appendStringInfo(&script->text,
						 "SELECT pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', %s, NULLIF(pg_catalog.current_setting('search_path'), '')), false) \\gset pgmig_ignore_\n",
						 literal(quote_identifier(pgmig_scope)));
}

static void
append_tail(Script *script)
{
	appendStringInfoString(&script->text,
						   "UPDATE pgmig.run SET outcome = 'done', ended_at = pg_catalog.clock_timestamp()\n"
						   "    WHERE run = pg_catalog.currval('pgmig.run_run_seq');\n"
						   "COMMIT;\n");
}

/* The rows of a step that is done. */
static void
append_bookkeeping(Script *script, GraphNode *node, const char *checksum,
				   int statements)
{
	if (checksum == NULL)
		appendStringInfo(&script->text,
						 "DELETE FROM pgmig.applied WHERE scope = %s AND revision = %s;\n",
						 literal(pgmig_scope),
						 literal(node->id));
	else
		appendStringInfo(&script->text,
						 "INSERT INTO pgmig.applied (scope, revision, run, checksum)\n"
						 "    VALUES (%s, %s, pg_catalog.currval('pgmig.run_run_seq'),\n"
						 "            %s);\n",
						 literal(pgmig_scope),
						 literal(node->id),
						 literal(checksum));
	appendStringInfo(&script->text,
					 "INSERT INTO pgmig.run_step (run, step, revision, direction, statements_done, statements_total)\n"
					 "    VALUES (pg_catalog.currval('pgmig.run_run_seq'), %d, %s, %s, %d, %d);\n",
					 ++script->step,
					 literal(node->id),
					 literal(script->operation),
					 statements,
					 statements);
}

/* Is a temporary relation made? */
static bool
makes_temporary(Node *statement)
{
	RangeVar *relation = NULL;

	switch (nodeTag(statement))
	{
		case T_CreateStmt:
			relation = ((CreateStmt *) statement)->relation;
			break;
		case T_CreateTableAsStmt:
			relation = ((CreateTableAsStmt *) statement)->into->rel;
			break;
		case T_ViewStmt:
			relation = ((ViewStmt *) statement)->view;
			break;
		case T_CreateSeqStmt:
			relation = ((CreateSeqStmt *) statement)->sequence;
			break;
		default:
			break;
	}
	return relation != NULL && relation->relpersistence == RELPERSISTENCE_TEMP;
}

/*
 * Names of the settings that a body sets, each once.  Of what functions and
 * RESET ALL can set, those that matter most.
 */
static List *
settings(List *statements)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, statements)
	{
		Node *node = ((BodyStatement *) lfirst(lc))->raw->stmt;
		VariableSetStmt *set = (VariableSetStmt *) node;

		if (IsA(node, VariableSetStmt) && set->name != NULL &&
			set->kind != VAR_SET_MULTI)
			names = list_append_unique(names, makeString(set->name));
		if (pgmig_run_may_open_cursor(lfirst(lc)) ||
			(IsA(node, VariableSetStmt) && set->kind == VAR_RESET_ALL))
			names = list_union(names,
							   lcons(makeString("role"), session_settings()));
	}
	return names;
}

/* Undo what else a body leaves in the session. */
static void
append_undo(Script *script, List *statements)
{
	bool temporary = false;
	bool cursors = false;
	bool rows = false;
	ListCell *lc;

	foreach(lc, statements)
	{
		BodyStatement *statement = lfirst(lc);
		Node *node = statement->raw->stmt;

		temporary = temporary || makes_temporary(node);
		rows = rows || pgmig_run_changes_rows(statement);
		if (IsA(node, PrepareStmt))
			appendStringInfo(&script->text,
							 "SELECT pg_catalog.format('DEALLOCATE %%I', name) FROM pg_catalog.pg_prepared_statements WHERE name = %s \\gexec\n",
							 literal(((PrepareStmt *) node)->name));
		cursors = cursors || pgmig_run_may_open_cursor(statement);
	}
	if (cursors)
		appendStringInfoString(&script->text, "CLOSE ALL;\n");
	if (temporary)
		appendStringInfoString(&script->text, "DISCARD TEMP;\n");
	if (rows)
		appendStringInfoString(&script->text,
							   "SET CONSTRAINTS ALL IMMEDIATE;\n"
							   "SET CONSTRAINTS ALL DEFERRED;\n"
							   "SELECT pg_catalog.format('SET CONSTRAINTS %I.%I IMMEDIATE', n.nspname, c.conname)\n"
							   "    FROM pg_catalog.pg_constraint c JOIN pg_catalog.pg_namespace n ON n.oid = c.connamespace\n"
							   "    WHERE c.condeferrable AND NOT c.condeferred\n"
							   "        AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND NOT pg_catalog.pg_is_other_temp_schema(n.oid) \\gexec\n");
}

/* The statements of a body; with CONCURRENTLY taken out where that is asked. */
static void
append_statements(Script *script, const char *sql, List *statements)
{
	ListCell *lc;

	if (!pgmig_concurrently)
	{
		foreach(lc, statements)
		{
			BodyStatement *statement = lfirst(lc);
			char *text =
				statement->concurrently
					? pgmig_body_without_concurrently(sql, statement)
					: pnstrdup(sql + statement->location, statement->length);

			appendStringInfo(&script->text, "%s;\n", text);
		}
		return;
	}
	appendStringInfo(&script->text, "%s\n", sql);
	if (statements != NIL &&
		((BodyStatement *) llast(statements))->raw->stmt_len == 0)
		appendStringInfoString(&script->text, ";\n");
}

/* Must the statements run outside of a transaction? */
static bool
forbids_transaction(List *statements)
{
	ListCell *lc;

	foreach(lc, statements)
	{
		BodyStatement *statement = lfirst(lc);

		if (statement->forbids != NULL &&
			!(statement->concurrently && !pgmig_concurrently))
			return true;
	}
	return false;
}

static void
append_step(Script *script, GraphNode *node, bool downgrade)
{
	char *checksum;
	char *applied;
	char *sql =
		pgmig_catalog_read_body(node->id, downgrade, &checksum, &applied);
	List *statements;
	List *names;
	bool transactional = downgrade ? node->downgrade_transactional
								   : node->upgrade_transactional;
	bool outside;

	/* The graph can be older than the body. */
	if (sql == NULL)
		pgmig_run_report_irreversible(node->id);
	statements = pgmig_body_split(sql);
	names = settings(statements);
	outside = (!transactional && pgmig_concurrently) ||
			  forbids_transaction(statements);
	appendStringInfo(&script->text,
					 "\n-- Running %s %s\n",
					 script->operation,
					 one_line(pgmig_run_describe(node, downgrade)));
	append_save(script, "body", names);
	if (outside)
		appendStringInfoString(&script->text, "COMMIT;\n");
	append_statements(script, sql, statements);
	if (outside)
		append_begin(script);
	append_restore(script, "body", names);
	append_undo(script, statements);
	append_bookkeeping(script,
					   node,
					   downgrade ? NULL : checksum,
					   list_length(statements));
}

static Datum
write_script(Script *script, List *plan, bool downgrade)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig script step",
											  ALLOCSET_DEFAULT_SIZES);
	ListCell *lc;

	if (plan == NIL)
		return CStringGetTextDatum("");
	if (downgrade)
		pgmig_run_check_reversible(plan);
	append_head(script);
	append_check(script, plan, downgrade);
	if (!downgrade)
		append_check(script, needed_below(script->graph, plan), true);
	append_run(script);
	append_settings(script);
	foreach(lc, plan)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);

		append_step(script, lfirst(lc), downgrade);
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	appendStringInfoChar(&script->text, '\n');
	append_restore(script, "session", session_settings());
	append_tail(script);
	return CStringGetTextDatum(script->text.data);
}

/*
 * Refuse a range whose end is below its start: nothing to do is right only
 * where both are the same.
 */
static void
check_upwards(const Script *script)
{
	List *rows = pgmig_graph_rows(script->graph);
	List *targets = pgmig_target_resolve(script->graph, script->target);

	if (list_difference_ptr(targets, rows) == NIL &&
		list_length(targets) == list_length(rows))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_NOT_AN_ANCESTOR),
			 errmsg("range \"%s\" does not lead upwards", script->range),
			 errhint(
				 "Name the lower end first, or use pgmig_downgrade_sql().")));
}

PG_FUNCTION_INFO_V1(pgmig_upgrade_sql);

/*
 * pgmig_upgrade_sql(range text): an upgrade as a script for psql.
 *
 * The range is "start:target", or a target to which to go from where the
 * database stands.  Empty if there is nothing to do.
 */
Datum
pgmig_upgrade_sql(PG_FUNCTION_ARGS)
{
	Script *script = begin_script(fcinfo, "upgrade");
	List *plan = pgmig_plan_upgrade(script->graph, list_make1(script->target));

	if (plan == NIL && script->start != NULL)
		check_upwards(script);
	return write_script(script, plan, false);
}

PG_FUNCTION_INFO_V1(pgmig_downgrade_sql);

/*
 * pgmig_downgrade_sql(range text): a downgrade as a script for psql.
 */
Datum
pgmig_downgrade_sql(PG_FUNCTION_ARGS)
{
	Script *script = begin_script(fcinfo, "downgrade");

	return write_script(script,
						pgmig_plan_downgrade(script->graph, script->target),
						true);
}

PG_FUNCTION_INFO_V1(pgmig_stamp_sql);

/*
 * pgmig_stamp_sql(range text): a stamp as a script for psql.
 */
Datum
pgmig_stamp_sql(PG_FUNCTION_ARGS)
{
	Script *script = begin_script(fcinfo, "stamp");
	StampPlan *plan =
		pgmig_plan_stamp(script->graph, list_make1(script->target));
	ListCell *lc;

	if (plan->add == NIL && plan->remove == NIL)
		return CStringGetTextDatum("");
	append_head(script);
	append_check(script, plan->remove, true);
	append_check(script, plan->add, false);
	append_run(script);
	foreach(lc, plan->remove)
		append_bookkeeping(script, lfirst(lc), NULL, 0);
	foreach(lc, plan->add)
	{
		GraphNode *node = lfirst(lc);
		char *checksum;
		char *applied;

		(void) pgmig_catalog_read_body(node->id, false, &checksum, &applied);
		append_bookkeeping(script, node, checksum, 0);
	}
	append_tail(script);
	return CStringGetTextDatum(script->text.data);
}
