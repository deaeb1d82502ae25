/*-------------------------------------------------------------------------
 *
 * transactional.c
 *	  Upgrade and downgrade in the transaction of the caller.
 *
 * Plan, and if there is nothing to do, be done without a lock.  Otherwise
 * exclude other runners, plan again on what is true by then, check that every
 * step of the plan can run, and walk it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/tuplestore.h"

#include "errors.h"
#include "run/run.h"
#include "run/target.h"

/*
 * The plan (GraphNode *) for what is applied by now, and its graph.
 */
List *
pgmig_run_make_plan(const RunRequest *request, Graph **graph_used)
{
	Graph *graph = pgmig_catalog_graph();
	List *plan;

	*graph_used = graph;
	pgmig_catalog_push_snapshot();
	if (request->downgrade)
		plan = pgmig_plan_downgrade(graph, linitial(request->targets));
	else
		plan = pgmig_plan_upgrade(graph, request->targets);
	PopActiveSnapshot();
	return plan;
}

/*
 * Refuse a body that is marked "no-transaction".  With pgmig.concurrently off
 * only what cannot run in a transaction all the same.
 */
static void
check_transactional(GraphNode *node, bool downgrade)
{
	const char *procedure =
		downgrade ? "pgmig_downgrade_stepwise()" : "pgmig_upgrade_stepwise()";
	char *checksum;
	char *applied;
	char *sql;
	ListCell *lc;

	sql = pgmig_catalog_read_body(node->id, downgrade, &checksum, &applied);
	if (sql == NULL)
		pgmig_run_report_irreversible(node->id);
	foreach(lc, pgmig_body_split(sql))
	{
		BodyStatement *statement = lfirst(lc);

		if (statement->forbids == NULL ||
			(statement->concurrently && !pgmig_concurrently))
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s of revision \"%s\" cannot run inside a transaction block",
						downgrade ? "downgrade" : "upgrade",
						node->id),
				 errdetail("It contains %s, on line %d.",
						   statement->forbids,
						   statement->line),
				 statement->concurrently
					 ? errhint("Use CALL %s; or SET pgmig.\"concurrently\" = off, which runs it without CONCURRENTLY.",
							   procedure)
					 : errhint("Use CALL %s.", procedure)));
	}
	if (pgmig_concurrently)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s of revision \"%s\" cannot run inside a transaction block",
						downgrade ? "downgrade" : "upgrade",
						node->id),
				 errdetail("Its section is marked \"no-transaction\"."),
				 errhint("Use CALL %s; or SET pgmig.\"concurrently\" = off, which runs it in one all the same.",
						 procedure)));
}

/*
 * Refuse the plan of a downgrade that comes to an irreversible revision.
 */
void
pgmig_run_check_reversible(List *plan)
{
	ListCell *lc;

	foreach(lc, plan)
	{
		GraphNode *node = lfirst(lc);

		if (node->downgrade_statements < 0)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_IRREVERSIBLE),
					 errmsg("revision \"%s\" is irreversible", node->id),
					 errdetail(
						 "It has no downgrade section, and the target is below it."),
					 errhint("Downgrade to \"%s\" at most, or load the revision with a downgrade section.",
							 node->id)));
	}
}

/* Refuse a plan with a step that cannot run. */
static void
check_plan(List *plan, bool downgrade)
{
	ListCell *lc;

	if (downgrade)
		pgmig_run_check_reversible(plan);
	foreach(lc, plan)
	{
		GraphNode *node = lfirst(lc);

		if (downgrade ? !node->downgrade_transactional
					  : !node->upgrade_transactional)
			check_transactional(node, downgrade);
	}
}

/* Walk the plan; the ids of its revisions go to the result. */
static void
walk_plan(const RunRequest *request, List *plan, ReturnSetInfo *result)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig step",
											  ALLOCSET_DEFAULT_SIZES);
	RunStep step = {0};
	List *records = NIL;
	ListCell *lc;

	step.run = pgmig_catalog_next_run();
	pgmig_catalog_start_run(step.run,
							request->downgrade ? "downgrade" : "upgrade",
							pgmig_run_join_targets(request->targets),
							request->tag,
							"transaction");
	step.steps = list_length(plan);
	step.downgrade = request->downgrade;
	foreach(lc, plan)
	{
		StepRecord *record = palloc0(sizeof(StepRecord));
		MemoryContext old = MemoryContextSwitchTo(cxt);
		Datum value;
		bool isnull = false;

		step.step++;
		step.node = lfirst(lc);
		pgmig_run_step(&step, record);
		value = CStringGetTextDatum(step.node->id);
		tuplestore_putvalues(result->setResult,
							 result->setDesc,
							 &value,
							 &isnull);
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
		records = lappend(records, record);
	}
	MemoryContextDelete(cxt);
	pgmig_catalog_record_steps(step.run, records);
	pgmig_run_record_schema(step.run, false);
	pgmig_catalog_finish_run(step.run);
}

static Datum
run(FunctionCallInfo fcinfo, const RunRequest *request)
{
	MemoryContext cxt;
	MemoryContext old;
	Graph *graph;
	List *plan;

	InitMaterializedSRF(fcinfo, MAT_SRF_USE_EXPECTED_DESC);
	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"pgmig run",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	plan = pgmig_run_make_plan(request, &graph);
	if (plan == NIL)
		pgmig_catalog_refuse_unfinished(pgmig_scope, true);
	else
	{
		pgmig_catalog_prepare_write(request->downgrade ? "pgmig_downgrade()"
													   : "pgmig_upgrade()");
		pgmig_catalog_lock();
		pgmig_catalog_check_snapshot();
		pgmig_catalog_refuse_unfinished(pgmig_scope, false);
		plan = pgmig_run_make_plan(request, &graph);
	}
	if (plan != NIL)
	{
		pgmig_run_check_scope();
		check_plan(plan, request->downgrade);
		walk_plan(request, plan, (ReturnSetInfo *) fcinfo->resultinfo);
	}
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_upgrade);

/*
 * pgmig_upgrade(target text, tag text): upgrade in the caller's transaction.
 *
 * Returns the revisions in the order in which they ran.
 */
Datum
pgmig_upgrade(PG_FUNCTION_ARGS)
{
	RunRequest request = {0};

	request.targets = list_make1(pgmig_run_target(fcinfo, 0));
	request.tag = pgmig_run_optional(fcinfo, 1);
	return run(fcinfo, &request);
}

PG_FUNCTION_INFO_V1(pgmig_upgrade_several);

/*
 * pgmig_upgrade(targets text[], tag text): likewise, to several targets.
 */
Datum
pgmig_upgrade_several(PG_FUNCTION_ARGS)
{
	RunRequest request = {0};

	request.targets = pgmig_run_targets(fcinfo, 0);
	request.tag = pgmig_run_optional(fcinfo, 1);
	return run(fcinfo, &request);
}

PG_FUNCTION_INFO_V1(pgmig_downgrade);

/*
 * pgmig_downgrade(target text, tag text): downgrade in the caller's
 * transaction.
 */
Datum
pgmig_downgrade(PG_FUNCTION_ARGS)
{
	RunRequest request = {0};

	request.targets = list_make1(pgmig_run_target(fcinfo, 0));
	request.tag = pgmig_run_optional(fcinfo, 1);
	request.downgrade = true;
	return run(fcinfo, &request);
}
