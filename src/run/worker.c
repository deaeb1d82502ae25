/*-------------------------------------------------------------------------
 *
 * worker.c
 *	  Stepwise runs in a background worker.
 *
 * The worker connects as the user of the session that starts it, takes over
 * its role and its settings, records the run, and then CALLs the procedure as
 * a client would.  The session waits only until the run is recorded: it holds
 * a snapshot, for which a concurrent index build would wait in turn.
 *
 * What the run reports is kept in memory and stored whenever the run commits.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "storage/dsm.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/shm_toc.h"
#include "tcop/tcopprot.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

#include "errors.h"
#include "run/run.h"
#include "run/target.h"
#include "run/worker.h"
#include "setting.h"

/* The shared memory between the session and the worker */
#define START_MAGIC 0x70676d69
#define START_KEY 0
#define CALL_KEY 1
#define TARGET_KEY 2
#define TAG_KEY 3 /* missing for a null */
#define SETTINGS_KEY 4

/* So many messages are kept in memory until the run commits. */
#define MAX_MESSAGES 10000

/* So often does the session look whether the worker has started, in ms. */
#define START_INTERVAL 100

typedef enum StartState
{
	START_PENDING,
	START_DONE,
	START_FAILED,
} StartState;

typedef struct WorkerStart
{
	Oid database;
	Oid session_user;
	Oid role;
	int64 run;
	bool downgrade;
	volatile StartState state; /* set last by the worker */
	int sqlstate;              /* if it failed */
	char message[512];
} WorkerStart;

/* A message that is not stored yet. */
typedef struct KeptMessage
{
	ErrorData error;
	TimestampTz logged_at;
} KeptMessage;

static int64 worker_run = 0;
static bool failure_recorded = false;
static MemoryContext message_context = NULL;
static List *messages = NIL;
static emit_log_hook_type previous_hook = NULL;

PGDLLEXPORT void pgmig_worker_main(Datum main_arg);

int64
pgmig_worker_run(void)
{
	return worker_run;
}

void
pgmig_worker_recorded(void)
{
	failure_recorded = true;
}

static char *
copy_text(const char *text)
{
	return text == NULL ? NULL : pstrdup(text);
}

/* Log hook: keep what the run reports. */
static void
keep_message(ErrorData *error)
{
	if (previous_hook != NULL)
		previous_hook(error);
	if (error->elevel >= INFO && error->elevel < ERROR &&
		list_length(messages) < MAX_MESSAGES)
	{
		MemoryContext old = MemoryContextSwitchTo(message_context);
		KeptMessage *kept = palloc0(sizeof(KeptMessage));

		kept->logged_at = GetCurrentTimestamp();
		kept->error.elevel = error->elevel;
		kept->error.sqlerrcode = error->sqlerrcode;
		kept->error.message = copy_text(error->message);
		kept->error.detail = copy_text(error->detail);
		kept->error.hint = copy_text(error->hint);
		kept->error.context = copy_text(error->context);
		messages = lappend(messages, kept);
		MemoryContextSwitchTo(old);
	}
}

void
pgmig_worker_keep_messages(int64 run)
{
	ListCell *lc;

	foreach(lc, messages)
	{
		KeptMessage *message = lfirst(lc);

		pgmig_catalog_add_message(run, message->logged_at, &message->error);
	}
	messages = NIL;
	if (message_context != NULL)
		MemoryContextReset(message_context);
}

/* --- The worker ---------------------------------------------------------- */

/* Be as the session is that started this worker, and record the run. */
static void
take_over(WorkerStart *start, shm_toc *toc)
{
	StartTransactionCommand();
	RestoreGUCState(shm_toc_lookup(toc, SETTINGS_KEY, false));
	if (start->role != GetUserId())
		(void) set_config_option("role",
								 GetUserNameFromId(start->role, false),
								 superuser() ? PGC_SUSET : PGC_USERSET,
								 PGC_S_SESSION,
								 GUC_ACTION_SET,
								 true,
								 0,
								 false);
	/* The hook gets what is logged. */
	(void) set_config_option("log_min_messages",
							 "info",
							 PGC_SUSET,
							 PGC_S_SESSION,
							 GUC_ACTION_SET,
							 true,
							 0,
							 false);
	CommitTransactionCommand();
	StartTransactionCommand();
	/* The session that waits could hold what this waits for. */
	pgmig_set_option("lock_timeout",
					 psprintf("%d", pgmig_run_lock_timeout()),
					 GUC_ACTION_LOCAL);
	pgmig_run_begin();
	pgmig_catalog_start_run(start->run,
							start->downgrade ? "downgrade" : "upgrade",
							shm_toc_lookup(toc, TARGET_KEY, false),
							shm_toc_lookup(toc, TAG_KEY, true),
							"worker");
	pgmig_run_commit();
}

/* Tell the session that started this worker how that went. */
static void
report_start(WorkerStart *start, const ErrorData *error)
{
	if (error != NULL)
	{
		int length = pg_mbcliplen(error->message,
								  strlen(error->message),
								  sizeof(start->message) - 1);

		memcpy(start->message, error->message, length);
		start->message[length] = '\0';
		start->sqlstate = error->sqlerrcode;
	}
	pg_write_barrier();
	start->state = error == NULL ? START_DONE : START_FAILED;
}

/* Record a failure that the run has not recorded itself. */
static void
record_failure(int64 run, const ErrorData *error)
{
	pgmig_run_begin();
	pgmig_worker_keep_messages(run);
	pgmig_catalog_fail_run(run, NULL, error);
	pgmig_catalog_add_message(run, GetCurrentTimestamp(), error);
	pgmig_run_commit();
}

/*
 * Entry point of the worker; main_arg is the handle of the shared memory.
 */
void
pgmig_worker_main(Datum main_arg)
{
	dsm_segment *segment;
	shm_toc *toc;
	WorkerStart *volatile start;
	char *call;
	MemoryContext cxt;

	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	segment = dsm_attach(DatumGetUInt32(main_arg));
	if (segment == NULL)
		proc_exit(0);
	toc = shm_toc_attach(START_MAGIC, dsm_segment_address(segment));
	if (toc == NULL)
		proc_exit(0);
	start = shm_toc_lookup(toc, START_KEY, false);
	BackgroundWorkerInitializeConnectionByOid(start->database,
											  start->session_user,
											  0);
	cxt = AllocSetContextCreate(TopMemoryContext,
								"pgmig worker",
								ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(cxt);
	call = pstrdup(shm_toc_lookup(toc, CALL_KEY, false));
	debug_query_string = call;
	pgstat_report_activity(STATE_RUNNING, call);
	PG_TRY();
	{
		take_over(start, toc);
		worker_run = start->run;
		message_context = AllocSetContextCreate(TopMemoryContext,
												"pgmig messages",
												ALLOCSET_DEFAULT_SIZES);
		previous_hook = emit_log_hook;
		emit_log_hook = keep_message;
		report_start(start, NULL);
		start = NULL;
		dsm_detach(segment);
		MemoryContextSwitchTo(cxt);
		(void) pgmig_run_top_level(call);
		CommitTransactionCommand();
	}
	PG_CATCH();
	{
		ErrorData *error;

		emit_log_hook = previous_hook;
		EmitErrorReport();
		error = pgmig_run_recover(cxt);
		if (start != NULL)
			report_start(start, error);
		else if (!failure_recorded)
			record_failure(worker_run, error);
		CommitTransactionCommand();
	}
	PG_END_TRY();
	proc_exit(0);
}

/* --- The session ---------------------------------------------------------- */

/* The command for the worker. */
static char *
make_call(FunctionCallInfo fcinfo, bool downgrade, const char *target,
		  const char *tag)
{
	const char *procedure =
		downgrade ? "pgmig_downgrade_stepwise" : "pgmig_upgrade_stepwise";
	char *schema =
		get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));

	return psprintf("CALL %s(%s, %s)",
					quote_qualified_identifier(schema, procedure),
					quote_literal_cstr(target),
					tag == NULL ? "NULL" : quote_literal_cstr(tag));
}

static void
put_text(shm_toc *toc, uint64 key, const char *text)
{
	char *copy;

	if (text == NULL)
		return;
	copy = shm_toc_allocate(toc, strlen(text) + 1);
	strcpy(copy, text);
	shm_toc_insert(toc, key, copy);
}

/* Shared memory with all that the worker needs. */
static dsm_segment *
make_segment(const WorkerStart *start, const char *call, const char *target,
			 const char *tag)
{
	Size settings = EstimateGUCStateSpace();
	shm_toc_estimator estimator;
	dsm_segment *segment;
	shm_toc *toc;
	WorkerStart *copy;
	char *space;

	shm_toc_initialize_estimator(&estimator);
	shm_toc_estimate_chunk(&estimator, sizeof(WorkerStart));
	shm_toc_estimate_chunk(&estimator, strlen(call) + 1);
	shm_toc_estimate_chunk(&estimator, strlen(target) + 1);
	shm_toc_estimate_chunk(&estimator, tag == NULL ? 0 : strlen(tag) + 1);
	shm_toc_estimate_chunk(&estimator, settings);
	shm_toc_estimate_keys(&estimator, 5);
	segment = dsm_create(shm_toc_estimate(&estimator), 0);
	toc = shm_toc_create(START_MAGIC,
						 dsm_segment_address(segment),
						 shm_toc_estimate(&estimator));
	copy = shm_toc_allocate(toc, sizeof(WorkerStart));
	*copy = *start;
	shm_toc_insert(toc, START_KEY, copy);
	put_text(toc, CALL_KEY, call);
	put_text(toc, TARGET_KEY, target);
	put_text(toc, TAG_KEY, tag);
	space = shm_toc_allocate(toc, settings);
	SerializeGUCState(settings, space);
	shm_toc_insert(toc, SETTINGS_KEY, space);
	return segment;
}

/* Start the worker. */
static BackgroundWorkerHandle *
launch(dsm_segment *segment, int64 run)
{
	BackgroundWorker worker = {0};
	BackgroundWorkerHandle *handle;

	worker.bgw_flags =
		BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
	worker.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(worker.bgw_library_name, "pgmig", sizeof(worker.bgw_library_name));
	strlcpy(worker.bgw_function_name,
			"pgmig_worker_main",
			sizeof(worker.bgw_function_name));
	snprintf(worker.bgw_name,
			 sizeof(worker.bgw_name),
			 "pgmig run %lld",
			 (long long) run);
	strlcpy(worker.bgw_type, "pgmig", sizeof(worker.bgw_type));
	worker.bgw_main_arg = UInt32GetDatum(dsm_segment_handle(segment));
	worker.bgw_notify_pid = MyProcPid;
	if (!RegisterDynamicBackgroundWorker(&worker, &handle))
		ereport(ERROR,
				(errcode(ERRCODE_CONFIGURATION_LIMIT_EXCEEDED),
				 errmsg("no background worker is free"),
				 errhint(
					 "Increase max_worker_processes, or use CALL pgmig_upgrade_stepwise().")));
	return handle;
}

/* Wait until the worker has recorded the run; errors out if it cannot. */
static void
wait_for_start(const WorkerStart *start, BackgroundWorkerHandle *handle)
{
	while (start->state == START_PENDING)
	{
		pid_t pid;

		if (GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED &&
			start->state == START_PENDING)
			ereport(ERROR,
					(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
					 errmsg("the background worker could not start"),
					 errhint("The server's log says why.")));
		(void) WaitLatch(MyLatch,
						 WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
						 START_INTERVAL,
						 PG_WAIT_EXTENSION);
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
	}
	pg_read_barrier();
	if (start->state == START_FAILED)
		ereport(ERROR,
				(errcode(start->sqlstate),
				 errmsg("the background worker could not start the run: %s",
						start->message)));
}

PG_FUNCTION_INFO_V1(pgmig_start);

/*
 * pgmig_start(target text, direction text, tag text): start a stepwise run in
 * the background, as the caller.
 *
 * Returns the number of the run, which is recorded by then.
 */
Datum
pgmig_start(PG_FUNCTION_ARGS)
{
	WorkerStart start = {0};
	char *target;
	char *tag;
	dsm_segment *segment;
	BackgroundWorkerHandle *handle;

	pgmig_catalog_prepare_write("pgmig_start()");
	/* The worker is the user of the session and could be what that is. */
	if (InLocalUserIdChange() || InSecurityRestrictedOperation())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg(
					 "pgmig_start() cannot be used in a security-restricted operation"),
				 errdetail(
					 "This includes functions that are SECURITY DEFINER."),
				 errhint("Call it directly.")));
	target = pgmig_run_target(fcinfo, 0);
	start.downgrade = pgmig_run_is_downgrade(fcinfo, 1);
	tag = pgmig_run_optional(fcinfo, 2);
	start.database = MyDatabaseId;
	start.session_user = GetSessionUserId();
	start.role = GetUserId();
	start.run = pgmig_catalog_next_run();
	segment = make_segment(&start,
						   make_call(fcinfo, start.downgrade, target, tag),
						   target,
						   tag);
	handle = launch(segment, start.run);
	PG_TRY();
	{
		wait_for_start(shm_toc_lookup(shm_toc_attach(START_MAGIC,
													 dsm_segment_address(
														 segment)),
									  START_KEY,
									  false),
					   handle);
	}
	PG_CATCH();
	{
		/* Nobody learns of the run. */
		TerminateBackgroundWorker(handle);
		PG_RE_THROW();
	}
	PG_END_TRY();
	dsm_detach(segment);
	PG_RETURN_INT64(start.run);
}
