/*-------------------------------------------------------------------------
 *
 * wait.c
 *	  Waiting for stepwise runs of other processes, and cancelling them.
 *
 * Whoever waits must not hold a snapshot, or a concurrent index build of the
 * run would wait for it in turn, so waiting is a procedure.  It looks at the
 * log of runs now and then, in a transaction of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "storage/latch.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "errors.h"
#include "run/run.h"

/* So often does it look, in ms. */
#define WAIT_INTERVAL 100

/* Where a run stands. */
typedef struct RunState
{
	char *outcome;
	int pid;      /* of the process that runs it, 0 if it is gone */
	int messages; /* so many have been reported */
	bool details; /* the caller may see all of them */
	bool worker;  /* the process is a background worker of pgmig's */
} RunState;

/* Read it; errors out if there is no such run. */
static void
read_state(int64 run, RunState *state)
{
	static CatalogQuery query = {
		.sql = "SELECT r.outcome, (SELECT a.pid"
			   " FROM pg_stat_get_activity(r.pid) a"
			   " WHERE a.backend_start <= r.started_at"
			   " AND r.mode = ANY ('{stepwise,worker}')), r.role,"
			   " EXISTS (SELECT FROM pg_stat_get_activity(r.pid) a"
			   " WHERE a.backend_type = 'pgmig')"
			   " FROM pgmig.run r WHERE r.run = $1",
		.nargs = 1,
		.argtypes = {INT8OID},
	};
	CatalogAccess access;
	Datum values[1];
	char *role;
	bool isnull;

	pgstat_clear_backend_activity_snapshot();
	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	if (pgmig_catalog_execute(&query, values, NULL, false) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run %lld does not exist", (long long) run),
				 errhint("pgmig_log() lists the runs.")));
	MemoryContextSwitchTo(access.caller);
	state->outcome = pgmig_catalog_text(0, 1);
	state->pid = DatumGetInt32(pgmig_catalog_datum(0, 2, &isnull));
	if (isnull)
		state->pid = 0;
	role = pgmig_catalog_text(0, 3);
	state->worker = DatumGetBool(pgmig_catalog_datum(0, 4, &isnull));
	pgmig_catalog_end(&access);
	state->details =
		superuser() ||
		(OidIsValid(get_role_oid(role, true)) &&
		 has_privs_of_role(GetUserId(), get_role_oid(role, true)));
}

static int
parse_sqlstate(const char *text)
{
	return strlen(text) == 5
			   ? MAKE_SQLSTATE(text[0], text[1], text[2], text[3], text[4])
			   : ERRCODE_INTERNAL_ERROR;
}

/* Report a message of another process as ours. */
static void
report(int level, const ErrorData *message)
{
	ereport(level,
			(errcode(message->sqlerrcode),
			 errmsg_internal("%s", message->message),
			 message->detail == NULL
				 ? 0
				 : errdetail_internal("%s", message->detail),
			 message->hint == NULL ? 0 : errhint("%s", message->hint),
			 message->context == NULL
				 ? 0
				 : errcontext_msg("%s", message->context)));
}

/* Report the messages of a run that are new; errors out on its error. */
static void
report_messages(int64 run, RunState *state)
{
	static CatalogQuery query = {
		.sql = "SELECT severity, sqlstate, message, detail, hint, context,"
			   " ordinal FROM pgmig.run_message"
			   " WHERE run = $1 AND ordinal > $2 ORDER BY ordinal",
		.nargs = 2,
		.argtypes = {INT8OID, INT4OID},
	};
	CatalogAccess access;
	Datum values[2];
	List *found = NIL;
	uint64 count;
	ListCell *lc;

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	values[1] = Int32GetDatum(state->messages);
	count = pgmig_catalog_execute(&query, values, NULL, false);
	MemoryContextSwitchTo(access.caller);
	for (uint64 row = 0; row < count; row++)
	{
		ErrorData *message = palloc0(sizeof(ErrorData));
		char *severity = pgmig_catalog_text(row, 1);

		message->elevel = strcmp(severity, "ERROR") == 0     ? ERROR
						  : strcmp(severity, "WARNING") == 0 ? WARNING
															 : NOTICE;
		message->sqlerrcode = parse_sqlstate(pgmig_catalog_text(row, 2));
		message->message = pgmig_catalog_text(row, 3);
		if (state->details)
		{
			message->detail = pgmig_catalog_text(row, 4);
			message->hint = pgmig_catalog_text(row, 5);
			message->context = pgmig_catalog_text(row, 6);
		}
		found = lappend(found, message);
		state->messages++;
	}
	pgmig_catalog_end(&access);
	foreach(lc, found)
		report(((ErrorData *) lfirst(lc))->elevel, lfirst(lc));
}

/*
 * Look at a run, in a new transaction: has it ended?  Errors out if it failed.
 */
static bool
has_ended(int64 run, RunState *state)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig wait",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	bool done;

	pgmig_run_begin();
	read_state(run, state);
	if (strcmp(state->outcome, "running") == 0 && state->pid == 0)
	{
		/* It may have ended since the snapshot was taken. */
		pgmig_run_commit();
		pgmig_run_begin();
		read_state(run, state);
	}
	report_messages(run, state);
	if (strcmp(state->outcome, "interrupted") == 0 ||
		(strcmp(state->outcome, "running") == 0 && state->pid == 0))
		ereport(ERROR,
				(errcode(ERRCODE_OPERATOR_INTERVENTION),
				 errmsg("run %lld was interrupted", (long long) run),
				 errdetail("Its process is gone."),
				 errhint(
					 "Start another run: it continues where this one stopped.")));
	if (strcmp(state->outcome, "failed") == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OPERATOR_INTERVENTION),
				 errmsg("run %lld has failed", (long long) run),
				 errhint("pgmig_log() has its error.")));
	done = strcmp(state->outcome, "running") != 0;
	pgmig_run_commit();
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
	return done;
}

/* Wait until the run ends or the time has come; false then. */
static bool
wait_until(int64 run, TimestampTz end)
{
	RunState state = {0};

	while (!has_ended(run, &state))
	{
		if (GetCurrentTimestamp() >= end)
			return false;
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 WAIT_INTERVAL,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	return true;
}

PG_FUNCTION_INFO_V1(pgmig_wait);

/*
 * pgmig_wait(run bigint, timeout interval, INOUT outcome text): wait for the
 * end of a run.
 *
 * Reports its messages and its error.  outcome is "done", or "running" if the
 * timeout, unless that is null, came first.
 */
Datum
pgmig_wait(PG_FUNCTION_ARGS)
{
	TimestampTz end = DT_NOEND;
	MemoryContext cxt;
	MemoryContext old;
	TupleDesc descriptor;
	Datum values[1];
	bool nulls[1] = {false};
	int64 run;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("run must not be null"),
				 errhint("pgmig_start() returns the number of the run.")));
	run = PG_GETARG_INT64(0);
	if (!PG_ARGISNULL(1))
		end = DatumGetTimestampTz(
			DirectFunctionCall2(timestamptz_pl_interval,
								TimestampTzGetDatum(GetCurrentTimestamp()),
								PG_GETARG_DATUM(1)));
	pgmig_catalog_refuse_in_body("pgmig_wait()");
	PreventCommandDuringRecovery("pgmig_wait()");
	pgmig_run_check_procedure(fcinfo, "pgmig_wait()");
	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	cxt = AllocSetContextCreate(PortalContext,
								"pgmig wait",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	descriptor = BlessTupleDesc(CreateTupleDescCopy(descriptor));
	pgmig_run_leave_transaction();
	values[0] = CStringGetTextDatum(wait_until(run, end) ? "done" : "running");
	MemoryContextSwitchTo(old);
	return HeapTupleGetDatum(heap_form_tuple(descriptor, values, nulls));
}

PG_FUNCTION_INFO_V1(pgmig_cancel);

/*
 * pgmig_cancel(run bigint): cancel what a stepwise run is doing, under the
 * rules of pg_cancel_backend().
 *
 * Returns false if the run is not running.
 */
Datum
pgmig_cancel(PG_FUNCTION_ARGS)
{
	RunState state = {0};

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("run must not be null"),
				 errhint("pgmig_progress() shows the number of the run.")));
	PreventCommandDuringRecovery("pgmig_cancel()");
	read_state(PG_GETARG_INT64(0), &state);
	if (strcmp(state.outcome, "running") != 0 || state.pid == 0)
		PG_RETURN_BOOL(false);
	/* Who may write to the log must not have others cancel what he likes. */
	if (!state.worker && !pgmig_catalog_is_runner(state.pid))
		PG_RETURN_BOOL(false);
	PG_RETURN_DATUM(
		DirectFunctionCall1(pg_cancel_backend, Int32GetDatum(state.pid)));
}
