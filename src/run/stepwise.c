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
	int64 run;          /* 0 before it is recorded */
	StepRecord *record; /* of the step that runs, or NULL */
	MemoryContext cxt;
} StepwiseRun;

/*
 * The half-done revision goes first: the call has to finish it.
 */
static List *
put_unfinished_first(const StepwiseRun *run, List *plan,
					 const UnfinishedRevision *unfinished)
{
	ListCell *lc;

	foreach(lc, plan)
	{
		GraphNode *node = lfirst(lc);

		if (unfinished->downgrade == run->request.downgrade &&
			strcmp(node->id, unfinished->revision) == 0)
			return lcons(node, list_delete_ptr(plan, node));
	}
	pgmig_catalog_refuse_unfinished(pgmig_scope);
	return NIL;
}

/* In a transaction with a snapshot: the plan, and what is half-done. */
static List *
make_plan(const StepwiseRun *run, UnfinishedRevision **unfinished)
{
	List *plan = pgmig_run_make_plan(&run->request);

	*unfinished = pgmig_catalog_read_unfinished(pgmig_scope);
	if (*unfinished != NULL)
		plan = put_unfinished_first(run, plan, *unfinished);
	if (run->request.downgrade)
		pgmig_run_check_reversible(plan);
	return plan;
}

/* A step in one transaction, and its record. */
typedef struct TransactionStep
{
	const RunStep *step;
	StepRecord *record;
} TransactionStep;

static void
commit_error_callback(void *arg)
{
	const RunStep *step = arg;

	errcontext("pgmig %s of revision \"%s\", commit",
			   step->downgrade ? "downgrade" : "upgrade",
			   step->node->id);
}

/* One attempt at it. */
static void
run_transaction(void *arg, int attempt)
{
	TransactionStep *transaction = arg;
	const RunStep *step = transaction->step;
	ErrorContextCallback callback;

	pgmig_run_step(step, transaction->record);
	pgmig_catalog_record_steps(step->run, list_make1(transaction->record));
	pgmig_worker_keep_messages(step->run);
	callback.callback = commit_error_callback;
	callback.arg = unconstify(RunStep *, step);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	pgmig_run_commit();
	error_context_stack = callback.previous;
}

static void
run_step(StepwiseRun *run, const RunStep *step, UnfinishedRevision *unfinished)
{
	bool transactional = step->downgrade ? step->node->downgrade_transactional
										 : step->node->upgrade_transactional;

	pgmig_run_begin_record(step, run->record);
	if (transactional && unfinished == NULL)
	{
		TransactionStep transaction = {step, run->record};

		pgmig_run_attempts(step, run->record, run_transaction, &transaction);
	}
	else
		pgmig_run_statements(step, run->record, unfinished);
}

static void
walk_plan(StepwiseRun *run, List *plan, UnfinishedRevision *unfinished)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig step",
											  ALLOCSET_DEFAULT_SIZES);
	StepRecord record;
	RunStep step = {0};
	ListCell *lc;

	step.run = run->run;
	step.steps = list_length(plan);
	step.downgrade = run->request.downgrade;
	foreach(lc, plan)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);

		CHECK_FOR_INTERRUPTS();
		step.step++;
		step.node = lfirst(lc);
		memset(&record, 0, sizeof(record));
		run->record = &record;
		run_step(run, &step, unfinished);
		run->record = NULL;
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

/* Record its end. */
static void
finish_run(const StepwiseRun *run)
{
	pgmig_run_begin();
	pgmig_worker_keep_messages(run->run);
	pgmig_catalog_finish_run(run->run);
	pgmig_run_commit();
}

/* All of it, in a new transaction that has no snapshot. */
static void
run_all(StepwiseRun *run)
{
	UnfinishedRevision *unfinished;
	List *plan;

	run->run = pgmig_worker_run();
	pgmig_run_begin();
	plan = make_plan(run, &unfinished);
	pgmig_run_commit();
	if (plan != NIL)
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
	if (run->run != 0)
		finish_run(run);
	else
		pgmig_run_commit();
	pgmig_catalog_unlock_session();
}

/* Record why the run failed, in a new transaction. */
static void
record_failure(const StepwiseRun *run, const ErrorData *error)
{
	if (run->run == 0)
		return;
	pgmig_run_begin();
	pgmig_worker_keep_messages(run->run);
	pgmig_catalog_fail_run(run->run, run->record, error);
	pgmig_catalog_add_message(run->run, GetCurrentTimestamp(), error);
	pgmig_run_commit();
	pgmig_worker_recorded();
}

/*
 * After an error: put the session back, record the failure, let others run,
 * and throw the error on.
 */
static void
give_up(StepwiseRun *run)
{
	ErrorData *error = pgmig_run_recover(run->cxt);

	HOLD_INTERRUPTS();
	PG_TRY();
	{
		/* A transaction was rolled back as a whole. */
		if (!pgmig_run_leave_statements(error) && run->record != NULL)
			run->record->done = 0;
		record_failure(run, error);
	}
	PG_CATCH();
	{
		ErrorData *other = pgmig_run_recover(run->cxt);

		/* The error has let interrupts through. */
		HOLD_INTERRUPTS();
		ereport(WARNING,
				(errcode(other->sqlerrcode),
				 errmsg("could not record that the migration run failed: %s",
						other->message)));
	}
	PG_END_TRY();
	pgmig_catalog_unlock_session();
	RESUME_INTERRUPTS();
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
