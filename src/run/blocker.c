/*-------------------------------------------------------------------------
 *
 * blocker.c
 *	  Who blocks a statement that waits for a lock.
 *
 * When a lock timeout is reported, the wait is over and nothing tells any
 * more what it was for.  So while a body runs, a timer looks several times
 * within each lock timeout which lock this backend waits for.  Its handler
 * only copies the lock's tag: the lock is there as long as the backend waits
 * for it or has just got it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_authid.h"
#include "common/ip.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "compat.h"
#include "run/run.h"

/* So often within a lock timeout */
#define SAMPLES 3

/* So many blockers are described, and so many bytes of their queries. */
#define MAX_BLOCKERS 5
#define MAX_QUERY 200

static TimeoutId sample_timer = MAX_TIMEOUTS; /* not registered */
static volatile bool sampled = false;
static LOCKTAG awaited;
static LOCKMODE awaited_mode;

/* Timeout handler: note which lock this backend waits for. */
static void
sample_lock(void)
{
	LOCK *lock = MyProc->waitLock;

	sampled = false;
	if (lock == NULL)
		return;
	awaited = lock->tag;
	awaited_mode = MyProc->waitLockMode;
	sampled = true;
}

/* Watch for which locks this backend waits. */
void
pgmig_run_watch_locks(void)
{
	int delay = Max(LockTimeout / SAMPLES, 1);

	sampled = false;
	if (LockTimeout <= 0)
		return;
	if (sample_timer == MAX_TIMEOUTS)
		sample_timer = RegisterTimeout(USER_TIMEOUT, sample_lock);
	enable_timeout_every(sample_timer,
						 TimestampTzPlusMilliseconds(GetCurrentTimestamp(),
													 delay),
						 delay);
}

/* Stop watching; what was seen last remains. */
void
pgmig_run_unwatch_locks(void)
{
	if (sample_timer != MAX_TIMEOUTS)
		disable_timeout(sample_timer, false);
}

static bool
may_see_as(Oid viewer, Oid role)
{
	return has_privs_of_role(viewer, ROLE_PG_READ_ALL_STATS) ||
		   has_privs_of_role(viewer, role);
}

/*
 * May the caller see what others do?  Not by a function whose owner may, nor
 * the owner of a function that is called by who may.
 */
static bool
may_see(Oid role)
{
	return may_see_as(GetUserId(), role) && may_see_as(GetOuterUserId(), role);
}

static const char *
state_name(BackendState state)
{
	switch (state)
	{
		case STATE_IDLE:
			return "idle";
		case STATE_RUNNING:
			return "active";
		case STATE_IDLEINTRANSACTION:
			return "idle in transaction";
		case STATE_FASTPATH:
			return "fastpath function call";
		case STATE_IDLEINTRANSACTION_ABORTED:
			return "idle in transaction (aborted)";
		default:
			return "unknown";
	}
}

/* An age as hours, minutes and seconds. */
static char *
describe_age(TimestampTz since)
{
	long seconds =
		TimestampDifferenceMilliseconds(since, GetCurrentTimestamp()) / 1000;

	return psprintf("%02ld:%02ld:%02ld",
					seconds / 3600,
					seconds / 60 % 60,
					seconds % 60);
}

static char *
describe_client(const PgBackendStatus *backend)
{
	char host[NI_MAXHOST] = "";

	if (backend->st_clientaddr.addr.ss_family != AF_INET &&
		backend->st_clientaddr.addr.ss_family != AF_INET6)
		return "local";
	(void) pg_getnameinfo_all(&backend->st_clientaddr.addr,
							  backend->st_clientaddr.salen,
							  host,
							  sizeof(host),
							  NULL,
							  0,
							  NI_NUMERICHOST);
	return pstrdup(host);
}

/* A query on one line, not too long. */
static char *
clip_query(const char *raw)
{
	char *query = pgstat_clip_activity(raw);

	query[pg_mbcliplen(query, strlen(query), MAX_QUERY)] = '\0';
	for (char *c = query; *c != '\0'; c++)
	{
		if (*c == '\n' || *c == '\r' || *c == '\t')
			*c = ' ';
	}
	return query;
}

static const PgBackendStatus *
find_backend(int pid)
{
	int count = pgstat_fetch_stat_numbackends();

	for (int i = 1; i <= count; i++)
	{
		LocalPgBackendStatus *entry = pgstat_get_local_beentry_by_index(i);

		if (entry != NULL && entry->backendStatus.st_procpid == pid)
			return &entry->backendStatus;
	}
	return NULL;
}

static void
describe_backend(StringInfo text, int pid)
{
	const PgBackendStatus *backend = pid == 0 ? NULL : find_backend(pid);
	char *user;

	if (pid == 0)
	{
		appendStringInfoString(text,
							   "A prepared transaction blocks it, see pg_prepared_xacts.");
		return;
	}
	appendStringInfo(text, "Process %d blocks it", pid);
	if (backend == NULL)
	{
		appendStringInfoChar(text, '.');
		return;
	}
	user = GetUserNameFromId(backend->st_userid, true);
	appendStringInfo(text, ": user \"%s\"", user == NULL ? "" : user);
	if (backend->st_appname[0] != '\0')
		appendStringInfo(text, ", application \"%s\"", backend->st_appname);
	if (!may_see(backend->st_userid))
	{
		appendStringInfoChar(text, '.');
		return;
	}
	appendStringInfo(text, ", client %s", describe_client(backend));
	if (backend->st_xact_start_timestamp != 0)
		appendStringInfo(text,
						 ", in a transaction for %s",
						 describe_age(backend->st_xact_start_timestamp));
	appendStringInfo(text,
					 ", %s, query: %s",
					 state_name(backend->st_state),
					 clip_query(backend->st_activity_raw));
}

/*
 * Describe backends: pid, user and application, and if the current role may
 * know, client address, age of the transaction, state and query.  A line for
 * each; a pid of 0 is a prepared transaction.
 */
char *
pgmig_run_describe_backends(const int *pids, int count)
{
	StringInfoData text;

	initStringInfo(&text);
	pgstat_clear_backend_activity_snapshot();
	for (int i = 0; i < count; i++)
	{
		if (i > 0)
			appendStringInfoChar(&text, '\n');
		describe_backend(&text, pids[i]);
	}
	return text.data;
}

/*
 * Collect the processes that hold a lock in a mode that conflicts with this
 * one, or, for waiters, that wait for it so.
 */
static int
collect_pids(const LOCKTAG *tag, LOCKMODE wanted, bool waiters, int *pids)
{
	LockData *locks = GetLockStatusData();
	int count = 0;

	for (int i = 0; i < locks->nelements && count < MAX_BLOCKERS; i++)
	{
		LockInstanceData *lock = &locks->locks[i];
		bool conflicts = false;

		if (lock->pid == MyProcPid ||
			memcmp(&lock->locktag, tag, sizeof(*tag)) != 0)
			continue;
		for (LOCKMODE mode = 1; mode <= MaxLockMode; mode++)
		{
			bool has = waiters ? lock->waitLockMode == mode
							   : (lock->holdMask & LOCKBIT_ON(mode)) != 0;

			conflicts =
				conflicts || (has && DoLockModesConflict(mode, wanted));
		}
		if (conflicts)
			pids[count++] = lock->pid;
	}
	return count;
}

/*
 * Describe who has a lock, or waits for it ahead of others, so that it cannot
 * be had in this mode; NULL if nobody.
 */
char *
pgmig_run_describe_holders(const LOCKTAG *tag, LOCKMODE mode)
{
	int pids[MAX_BLOCKERS];
	int count = collect_pids(tag, mode, false, pids);

	if (count == 0)
		count = collect_pids(tag, mode, true, pids);
	return count == 0 ? NULL : pgmig_run_describe_backends(pids, count);
}

/*
 * Add to a lock timeout who blocks what the last wait was for.
 *
 * For the handling of the error: it is raised where catalogs can still be
 * read.
 */
void
pgmig_run_add_blockers(ErrorData *error)
{
	char *blockers;

	if (error->sqlerrcode != ERRCODE_LOCK_NOT_AVAILABLE || !sampled ||
		!IsTransactionState())
		return;
	sampled = false;
	blockers = pgmig_run_describe_holders(&awaited, awaited_mode);
	if (blockers != NULL)
		error->detail = error->detail == NULL
							? blockers
							: psprintf("%s\n%s", error->detail, blockers);
}
