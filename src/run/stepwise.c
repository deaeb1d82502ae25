/*-------------------------------------------------------------------------
 *
 * stepwise.c
 *	  Upgrade and downgrade in a transaction for each revision.
 *
 * The procedures leave the transaction of their CALL and keep other runs away
 * with locks of the session.  Then each revision is a transaction, together
 * with its bookkeeping, or a sequence of them, see statements.c.
 *
 * All memory is in a context below that of the CALL's portal.  Whatever goes
 * wrong, the run is recorded as failed, the session is put back to what it
 * was, the locks are released, and the error is thrown on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "errors.h"
#include "run/run.h"
#include "run/target.h"
#include "run/worker.h"

typedef struct StepwiseRun
{
	RunRequest request;
	int64 run;         /* 0 before it is recorded */
	RunStep step;      /* that runs */
	StepRecord record; /* of that step; without a revision, none runs */
	TimestampTz start; /* of that step */
	MemoryContext cxt;
} StepwiseRun;

/*
 * Refuse to finish a half-done upgrade if something that it needs is not
 * applied: its parents can be others than when it began.
 */
static void
check_needed(GraphNode *node)
{
	for (int i = 0; i < node->nparents + node->ndeps; i++)
	{
		GraphNode *needed = i < node->nparents
								? node->parents[i]
								: node->deps[i - node->nparents];

		if (needed->applied)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_UNFINISHED),
				 errmsg("upgrade of revision \"%s\" is half-done, and revision \"%s\", which it needs now, is not applied",
						node->id,
						needed->id),
				 errhint("Load revision \"%s\" with its parents and dependencies as they were, or use pgmig_resolve(%s, 'forget').",
						 node->id,
						 quote_literal_cstr(node->id))));
	}
}

/*
 * The half-done revision goes first: the call has to finish it.
 */
static List *
put_unfinished_first(const StepwiseRun *run, Graph *graph, List *plan,
					 const UnfinishedRevision *unfinished)
{
	ListCell *lc;

	foreach(lc, plan)
	{
		GraphNode *node = lfirst(lc);

		if (unfinished->downgrade != run->request.downgrade ||
			strcmp(node->id, unfinished->revision) != 0)
			continue;
		if (!unfinished->downgrade)
			check_needed(pgmig_graph_expand(graph, node));
		return lcons(node, list_delete_ptr(plan, node));
	}
	pgmig_catalog_refuse_unfinished(pgmig_scope, false);
	return NIL;
}

/*
 * The plan, and what is half-done; in a transaction with a snapshot, and with
 * the locks of the run.
 */
static List *
make_plan(const StepwiseRun *run, UnfinishedRevision **unfinished)
{
	Graph *graph;
	List *plan = pgmig_run_make_plan(&run->request, &graph);

	*unfinished = pgmig_catalog_read_unfinished(pgmig_scope);
	if (*unfinished != NULL)
		plan = put_unfinished_first(run, graph, plan, *unfinished);
	if (run->request.downgrade)
		pgmig_run_check_reversible(plan);
	return plan;
}

/*
 * Is there something to do?  A run that works now may have left half-done what
 * it will finish, so that is a reason to wait for it.
 */
static bool
is_pending(const StepwiseRun *run)
{
	Graph *graph;

	return pgmig_run_make_plan(&run->request, &graph) != NIL ||
		   pgmig_catalog_read_unfinished(pgmig_scope) != NULL;
}

static void
commit_error_callback(void *arg)
{
	const RunStep *step = arg;

	errcontext("pgmig %s of revision \"%s\", commit",
			   step->downgrade ? "downgrade" : "upgrade",
			   step->node->id);
}

/* One attempt at a step in one transaction. */
static void
run_transaction(void *arg, int attempt)
{
	StepwiseRun *run = arg;
	RunStep *step = &run->step;
	ErrorContextCallback callback;

	pgmig_run_step(step, &run->record);
	pgmig_catalog_record_steps(step->run, list_make1(&run->record));
	pgmig_run_finish_step(step);
	callback.callback = commit_error_callback;
	callback.arg = step;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	pgmig_run_commit();
	error_context_stack = callback.previous;
}

static void
run_step(StepwiseRun *run, UnfinishedRevision *unfinished)
{
	const RunStep *step = &run->step;
	bool transactional = step->downgrade ? step->node->downgrade_transactional
										 : step->node->upgrade_transactional;

	run->start = GetCurrentTimestamp();
	pgmig_run_begin_record(step, &run->record);
	if (transactional && unfinished == NULL)
		pgmig_run_attempts(step, &run->record, run_transaction, run);
	else
		pgmig_run_statements(step, &run->record, unfinished);
}

static void
walk_plan(StepwiseRun *run, List *plan, UnfinishedRevision *unfinished)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig step",
											  ALLOCSET_DEFAULT_SIZES);
	ListCell *lc;

	run->step.run = run->run;
	run->step.steps = list_length(plan);
	run->step.downgrade = run->request.downgrade;
	foreach(lc, plan)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);

		CHECK_FOR_INTERRUPTS();
		run->step.step++;
		run->step.node = lfirst(lc);
		run_step(run, unfinished);
		run->record.revision = NULL;
		unfinished = NULL;
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
}

/* Record the start of the run. */
static void
start_run(StepwiseRun *run)
{
	int64 number = pgmig_worker_run();

	if (number == 0)
	{
		number = pgmig_catalog_next_run();
		pgmig_catalog_start_run(number,
								run->request.downgrade ? "downgrade"
													   : "upgrade",
								pgmig_run_join_targets(run->request.targets),
								run->request.tag,
								"stepwise");
	}
	pgmig_run_commit();
	run->run = number;
}

/* All of it, in a new transaction that has no snapshot. */
static void
run_all(StepwiseRun *run)
{
	UnfinishedRevision *unfinished;
	List *plan = NIL;
	bool pending;

	run->run = pgmig_worker_run();
	pgmig_run_begin();
	pending = is_pending(run);
	pgmig_run_commit();
	if (pending)
	{
		PreventCommandIfReadOnly(run->request.downgrade
									 ? "pgmig_downgrade_stepwise()"
									 : "pgmig_upgrade_stepwise()");
		pgmig_catalog_lock_session();
		pgmig_run_commit();
		pgmig_run_begin();
		plan = make_plan(run, &unfinished);
	}
	if (plan != NIL)
	{
		pgmig_run_check_scope();
		pgmig_catalog_mark_interrupted(pgmig_worker_run());
		start_run(run);
		walk_plan(run, plan, unfinished);
	}
	else if (run->run != 0)
	{
		if (!pending)
			pgmig_run_begin();
		pgmig_catalog_finish_run(run->run);
	}
	pgmig_run_commit();
	pgmig_catalog_unlock_session();
}

/* Record why the run failed, in a new transaction. */
static void
record_failure(StepwiseRun *run, ErrorData *error)
{
	if (run->run == 0)
		return;
	/* How long it took to fail, with all attempts and pauses. */
	run->record.seconds =
		TimestampDifferenceMilliseconds(run->start, GetCurrentTimestamp()) /
		1000.0;
	pgmig_run_begin();
	pgmig_worker_keep_messages(run->run);
	pgmig_catalog_fail_run(run->run,
						   run->record.revision == NULL ? NULL : &run->record,
						   error);
	pgmig_catalog_add_message(run->run, GetCurrentTimestamp(), error);
	pgmig_run_record_schema(run->run, true);
	pgmig_run_commit();
	pgmig_worker_recorded();
}

/* Put the session back to what it was before a body that failed. */
static void
leave_step(StepwiseRun *run, ErrorData *error)
{
	/* A transaction was rolled back as a whole. */
	if (!pgmig_run_leave_statements(error))
		run->record.done = run->record.rows = 0;
}

/* One thing to do after an error; if it fails, there is a warning. */
static void
clear_up(StepwiseRun *run, ErrorData *error,
		 void (*action)(StepwiseRun *, ErrorData *))
{
	PG_TRY();
	{
		action(run, error);
	}
	PG_CATCH();
	{
		ErrorData *other = pgmig_run_recover(run->cxt);

		ereport(WARNING,
				(errcode(other->sqlerrcode),
				 errmsg("could not record that the migration run failed: %s",
						other->message)));
	}
	PG_END_TRY();
}

/*
 * After an error: put the session back, record the failure, let others run,
 * and throw the error on.
 */
static void
give_up(StepwiseRun *run)
{
	ErrorData *error = pgmig_run_recover(run->cxt);

	clear_up(run, error, leave_step);
	clear_up(run, error, record_failure);
	pgmig_catalog_unlock_session();
	ReThrowError(error);
}

static Datum
stepwise(FunctionCallInfo fcinfo, bool downgrade)
{
	const char *procedure =
		downgrade ? "pgmig_downgrade_stepwise()" : "pgmig_upgrade_stepwise()";
	StepwiseRun *run;
	MemoryContext cxt;
	MemoryContext old;

	pgmig_catalog_refuse_in_body(procedure);
	pgmig_run_check_procedure(fcinfo, procedure);
	pgmig_run_forget_statements();
	cxt = AllocSetContextCreate(PortalContext,
								"pgmig stepwise run",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	run = palloc0(sizeof(StepwiseRun));
	run->cxt = cxt;
	run->request.targets = list_make1(pgmig_run_target(fcinfo, 0));
	run->request.tag = pgmig_run_optional(fcinfo, 1);
	run->request.downgrade = downgrade;
	pgmig_run_leave_transaction();
	PG_TRY();
	{
		run_all(run);
	}
	PG_CATCH();
	{
		give_up(run);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_upgrade_stepwise);

/*
 * pgmig_upgrade_stepwise(target text, tag text): upgrade, a transaction for
 * each revision.
 */
Datum
pgmig_upgrade_stepwise(PG_FUNCTION_ARGS)
{
	return stepwise(fcinfo, false);
}

PG_FUNCTION_INFO_V1(pgmig_downgrade_stepwise);

/*
 * pgmig_downgrade_stepwise(target text, tag text): downgrade likewise.
 */
Datum
pgmig_downgrade_stepwise(PG_FUNCTION_ARGS)
{
	return stepwise(fcinfo, true);
}
