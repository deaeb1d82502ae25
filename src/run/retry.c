/*-------------------------------------------------------------------------
 *
 * retry.c
 *	  Trying again after a lock timeout.
 *
 * By then the transaction is rolled back: a migration that waits for a lock
 * makes all others queue behind it, so it goes out of the way and comes back
 * later.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "run/run.h"
#include "run/worker.h"

/* The first pause if there is no lock timeout, and the longest, in ms */
#define DEFAULT_PAUSE 1000
#define MAX_PAUSE 60000

/* May what failed so be run again?  attempt counts from 0. */
static bool
may_retry(int attempt, int sqlstate)
{
	return attempt < pgmig_lock_retries &&
		   (sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ||
			sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED);
}

/*
 * Length of the pause after an attempt, in ms: it doubles each time and is
 * random between half and all of that, so that runs that wait for one
 * another do not come back at once.
 */
static long
pause_length(int attempt)
{
	double length = pgmig_run_lock_timeout();

	if (length == 0)
		length = DEFAULT_PAUSE;
	for (int i = 0; i < attempt && length < MAX_PAUSE; i++)
		length *= 2;
	length = Min(length, MAX_PAUSE);
	return (long) (length * (0.5 + pg_prng_double(&pg_global_prng_state) / 2));
}

static void
pause_error_callback(void *arg)
{
	const RunStep *step = arg;

	errcontext("pgmig %s of revision \"%s\", pause before another attempt",
			   step->downgrade ? "downgrade" : "upgrade",
			   step->node->id);
}

/* Show the other sessions that there is a pause. */
static void
report_pause(const RunStep *step, const StepRecord *record, int attempt)
{
	pgstat_report_activity(STATE_RUNNING,
						   psprintf("pgmig %s %d/%d %s %d/%d: pause before attempt %d of %d",
									step->downgrade ? "downgrade" : "upgrade",
									step->step,
									step->steps,
									step->node->id,
									record->statement,
									record->statements,
									attempt + 2,
									pgmig_lock_retries + 1));
}

/* Wait until then, outside of a transaction. */
static void
sleep_until(TimestampTz end)
{
	MemoryContext cxt = CurrentMemoryContext;
	long rest;

	CommitTransactionCommand();
	while ((rest = TimestampDifferenceMilliseconds(GetCurrentTimestamp(),
												   end)) > 0)
	{
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 rest,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	StartTransactionCommand();
	MemoryContextSwitchTo(cxt);
	pgmig_run_commit();
}

/*
 * Say why there will be another attempt, and wait a while, outside of a
 * transaction.
 */
static void
wait_a_while(const RunStep *step, const StepRecord *record, int attempt,
			 const ErrorData *error)
{
	TimestampTz end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
												  pause_length(attempt));
	ErrorContextCallback callback;

	ereport(NOTICE,
			(errcode(error->sqlerrcode),
			 errmsg("%s in %s of revision \"%s\", statement %d, trying again (%d of %d)",
					error->sqlerrcode == ERRCODE_LOCK_NOT_AVAILABLE
						? "lock timeout"
						: "deadlock",
					step->downgrade ? "downgrade" : "upgrade",
					step->node->id,
					record->statement,
					attempt + 1,
					pgmig_lock_retries),
			 error->detail == NULL ? 0
								   : errdetail_internal("%s", error->detail)));
	if (pgmig_worker_run() != 0)
	{
		pgmig_run_begin();
		pgmig_worker_keep_messages(step->run);
		pgmig_run_commit();
	}
	callback.callback = pause_error_callback;
	callback.arg = unconstify(RunStep *, step);
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	report_pause(step, record, attempt);
	sleep_until(end);
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	error_context_stack = callback.previous;
}

/*
 * Begin an attempt, in a new transaction: make sure that no other run comes
 * or has come in between, and take a snapshot.
 */
void
pgmig_run_begin_attempt(const RunStep *step)
{
	bool alone = pgmig_catalog_hold_session();

	pgmig_run_begin();
	if (!alone && pgmig_catalog_run_since(step->run))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg(
					 "could not continue because of a concurrent migration run"),
				 errhint("Start the run again.")));
}

/*
 * Record what else belongs into the last transaction of a step: messages, and
 * after the last step the schema and the end of the run.
 *
 * Both are in this transaction, so that a run that is done has a record and
 * holds no locks, and one that is killed is done or not.
 */
void
pgmig_run_finish_step(const RunStep *step)
{
	if (step->step == step->steps)
	{
		pgmig_run_record_schema(step->run, false);
		pgmig_catalog_finish_run(step->run);
	}
	pgmig_worker_keep_messages(step->run);
}

/*
 * Run a part of a step, with as many attempts as it takes; record says at
 * which statement one failed.
 *
 * The part begins in a transaction that has a snapshot, and commits.  attempt
 * counts from 0.  The current memory context outlives transactions.
 */
void
pgmig_run_attempts(const RunStep *step, const StepRecord *record, RunPart part,
				   void *arg)
{
	MemoryContext cxt = CurrentMemoryContext;
	ErrorData *volatile error;
	volatile int attempt = 0;

	do
	{
		CHECK_FOR_INTERRUPTS();
		error = NULL;
		PG_TRY();
		{
			pgmig_run_begin_attempt(step);
			part(arg, attempt);
		}
		PG_CATCH();
		{
			if (!may_retry(attempt, geterrcode()))
				PG_RE_THROW();
			error = pgmig_run_recover(cxt);
		}
		PG_END_TRY();
		if (error != NULL)
			wait_a_while(step, record, attempt++, error);
	} while (error != NULL);
}
