/*-------------------------------------------------------------------------
 *
 * stamp.c
 *	  Setting what is applied, without running a body.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "errors.h"
#include "run/run.h"
#include "run/target.h"

/*
 * The plan of a stamp.  With purge, everything that is applied goes first:
 * what the targets need stays as it is.
 */
static StampPlan *
make_plan(List *targets, bool purge)
{
	Graph *graph = pgmig_catalog_graph();
	StampPlan *plan;
	StampPlan *all;
	List *wanted;
	ListCell *lc;

	if (!purge)
		return pgmig_plan_stamp(graph, targets);
	plan = palloc0(sizeof(StampPlan));
	all = pgmig_plan_stamp(graph, list_make1("base"));
	foreach(lc, all->remove)
		((GraphNode *) lfirst(lc))->applied = false;
	wanted = pgmig_plan_stamp(graph, targets)->add;
	foreach(lc, all->remove)
		((GraphNode *) lfirst(lc))->applied = true;
	foreach(lc, wanted)
	{
		GraphNode *node = lfirst(lc);

		if (!node->applied)
			plan->add = lappend(plan->add, node);
		node->applied = false;
	}
	foreach(lc, all->remove)
	{
		GraphNode *node = lfirst(lc);

		if (node->applied)
			plan->remove = lappend(plan->remove, node);
	}
	return plan;
}

/* The ids of nodes; their records go to the end of *records. */
static List *
collect_ids(List *nodes, List **records)
{
	List *ids = NIL;
	ListCell *lc;

	foreach(lc, nodes)
	{
		StepRecord *record = palloc0(sizeof(StepRecord));

		record->step = list_length(*records) + 1;
		record->revision = ((GraphNode *) lfirst(lc))->id;
		record->direction = "stamp";
		*records = lappend(*records, record);
		ids = lappend(ids, unconstify(char *, record->revision));
	}
	return ids;
}

static void
apply_plan(const StampPlan *plan, List *targets, const char *tag)
{
	List *records = NIL;
	List *remove = collect_ids(plan->remove, &records);
	List *add = collect_ids(plan->add, &records);
	int64 run = pgmig_catalog_next_run();

	pgmig_catalog_start_run(run,
							"stamp",
							pgmig_run_join_targets(targets),
							tag,
							"transaction");
	pgmig_catalog_stamp(run, remove, add);
	pgmig_catalog_record_steps(run, records);
	pgmig_run_record_schema(run, false);
	pgmig_catalog_finish_run(run);
}

static Datum
stamp(FunctionCallInfo fcinfo, List *targets)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	bool purge = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	char *tag = pgmig_run_optional(fcinfo, 2);
	StampPlan *plan;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	pgmig_catalog_push_snapshot();
	plan = make_plan(targets, purge);
	PopActiveSnapshot();
	if (plan->add != NIL || plan->remove != NIL)
	{
		pgmig_catalog_prepare_write("pgmig_stamp()");
		pgmig_catalog_lock();
		pgmig_catalog_check_snapshot();
		pgmig_catalog_refuse_unfinished(pgmig_scope, false);
		pgmig_catalog_push_snapshot();
		plan = make_plan(targets, purge);
		PopActiveSnapshot();
	}
	if (plan->add != NIL || plan->remove != NIL)
		apply_plan(plan, targets, tag);
	pgmig_catalog_push_snapshot();
	foreach(lc, pgmig_graph_current(pgmig_catalog_graph()))
	{
		Datum value = CStringGetTextDatum(((GraphNode *) lfirst(lc))->id);
		bool isnull = false;

		tuplestore_putvalues(result->setResult,
							 result->setDesc,
							 &value,
							 &isnull);
	}
	PopActiveSnapshot();
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_stamp);

/*
 * pgmig_stamp(target text, purge boolean, tag text): set what is applied.
 *
 * Returns the current revisions afterwards.
 */
Datum
pgmig_stamp(PG_FUNCTION_ARGS)
{
	return stamp(fcinfo, list_make1(pgmig_run_target(fcinfo, 0)));
}

PG_FUNCTION_INFO_V1(pgmig_stamp_several);

/*
 * pgmig_stamp(targets text[], purge boolean, tag text): likewise, to several
 * targets.
 */
Datum
pgmig_stamp_several(PG_FUNCTION_ARGS)
{
	return stamp(fcinfo, pgmig_run_targets(fcinfo, 0));
}
