/*-------------------------------------------------------------------------
 *
 * exclusion.c
 *	  Runners and other writers exclude each other, per database.
 *
 * Heavyweight locks of the advisory kind.  The fourth field of their tags is
 * one that the server's advisory lock functions never use, so that no key of
 * a user's can collide.
 *
 * The writer lock is what excludes.  Within the caller's transaction it is
 * held to the end of the (sub)transaction.  A stepwise run holds it for the
 * session, across its transactions, and so that nobody with a snapshot waits
 * behind it (a concurrent index build would wait for that snapshot), it first
 * takes the gate lock and keeps it: exclusively, and waiting without a
 * snapshot.  Others pass the gate before they wait, in share mode and without
 * waiting for it, and are turned away if it is closed.
 *
 * Scripts of pgmig_upgrade_sql() lock table pgmig.run, so every run holds a
 * weak lock on that, too.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"

/* "pgmi", and the kinds of locks in the fields of an advisory tag */
#define LOCK_KEY 0x70676d69
#define LOCK_KIND_WRITER 16
#define LOCK_KIND_GATE 17

/* The table pgmig.run that a stepwise run of this session has locked */
static LockRelId run_relation;

static void
set_tag(LOCKTAG *tag, int kind)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, LOCK_KEY, 0, kind);
}

static Oid
run_table(void)
{
	return get_relname_relid("run", get_namespace_oid("pgmig", false));
}

static void
wait_error_callback(void *arg)
{
	int pid = *(int *) arg;

	if (pid == 0)
		errcontext("while waiting for another migration run");
	else
		errcontext("while waiting for the migration run of process %d", pid);
}

/* Take a lock, and if that means to wait, say on whom in errors. */
static void
wait_for_lock(const LOCKTAG *tag, bool session)
{
	ErrorContextCallback callback;
	int pid;

	if (LockAcquire(tag, ExclusiveLock, session, true) !=
		LOCKACQUIRE_NOT_AVAIL)
		return;
	pid = pgmig_catalog_lock_holder();
	callback.callback = wait_error_callback;
	callback.arg = &pid;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	(void) LockAcquire(tag, ExclusiveLock, session, false);
	error_context_stack = callback.previous;
}

/*
 * Wait until no other session changes the catalogue, and keep others away to
 * the end of the transaction.  Errors out at once if a stepwise run is at
 * work or waits.
 *
 * What was read before may be out of date afterwards.
 */
void
pgmig_catalog_lock(void)
{
	LOCKTAG writer;
	LOCKTAG gate;

	set_tag(&writer, LOCK_KIND_WRITER);
	set_tag(&gate, LOCK_KIND_GATE);
	while (LockAcquire(&writer, ExclusiveLock, false, true) ==
		   LOCKACQUIRE_NOT_AVAIL)
	{
		int pid;

		if (LockAcquire(&gate, ShareLock, false, true) !=
			LOCKACQUIRE_NOT_AVAIL)
		{
			wait_for_lock(&writer, false);
			LockRelease(&gate, ShareLock, false);
			break;
		}
		pid = pgmig_catalog_gate_holder();
		if (pid != 0)
			ereport(ERROR,
					(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
					 errmsg("a stepwise migration run is in progress"),
					 errdetail("It runs, or waits for another run, in process %d.",
							   pid),
					 errhint(
						 "Try again when it has ended, see pgmig_progress(). CALL pgmig_upgrade_stepwise() would wait for it.")));
		/* It has ended since. */
		CHECK_FOR_INTERRUPTS();
	}
	LockRelationOid(run_table(), RowExclusiveLock);
}

/*
 * The same for a stepwise run: keep others away until
 * pgmig_catalog_unlock_session().
 *
 * To be called in a transaction that has no snapshot.
 */
void
pgmig_catalog_lock_session(void)
{
	LOCKTAG tag;

	InvalidateCatalogSnapshot();
	set_tag(&tag, LOCK_KIND_GATE);
	wait_for_lock(&tag, true);
	set_tag(&tag, LOCK_KIND_WRITER);
	wait_for_lock(&tag, true);
	run_relation.dbId = MyDatabaseId;
	run_relation.relId = run_table();
	InvalidateCatalogSnapshot();
	LockRelationIdForSession(&run_relation, RowExclusiveLock);
}

/* Is the table locked?  Asked in a transaction that has not done so. */
static bool
run_is_locked(void)
{
	LOCKTAG tag;

	SET_LOCKTAG_RELATION(tag, run_relation.dbId, run_relation.relId);
	return LockHeldByMe(&tag, RowExclusiveLock, false);
}

/* Error out if a lock of the session was lost. */
static void
check_lock(int kind)
{
	LOCKTAG tag;

	set_tag(&tag, kind);
	if (!LockHeldByMe(&tag, ExclusiveLock, false))
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("the lock of the migration run was released"),
				 errdetail(
					 "A migration body released the advisory locks of the session, the lock of the run among them."),
				 errhint(
					 "Start the run again, it continues; and take pg_advisory_unlock_all() out of the body.")));
}

/*
 * Make sure, in a new transaction without a snapshot, that this session still
 * holds what pgmig_catalog_lock_session() took.
 *
 * A transaction that is rolled back releases the one on the table: it is taken
 * again, and the result is false if that means that a script could have run
 * meanwhile.  Errors out if a body has released the others.
 */
bool
pgmig_catalog_hold_session(void)
{
	LOCKTAG writer;

	check_lock(LOCK_KIND_GATE);
	check_lock(LOCK_KIND_WRITER);
	/* A body cannot release that of the transaction. */
	set_tag(&writer, LOCK_KIND_WRITER);
	(void) LockAcquire(&writer, ExclusiveLock, false, false);
	if (run_is_locked())
		return true;
	LockRelationIdForSession(&run_relation, RowExclusiveLock);
	return false;
}

static void
release_lock(int kind)
{
	LOCKTAG tag;

	set_tag(&tag, kind);
	if (LockHeldByMe(&tag, ExclusiveLock, false))
		LockRelease(&tag, ExclusiveLock, true);
}

/* Let others run again; to be called in a new transaction. */
void
pgmig_catalog_unlock_session(void)
{
	if (OidIsValid(run_relation.relId) && run_is_locked())
		UnlockRelationIdForSession(&run_relation, RowExclusiveLock);
	run_relation.relId = InvalidOid;
	release_lock(LOCK_KIND_WRITER);
	release_lock(LOCK_KIND_GATE);
}

/*
 * Process id of the backend that holds a lock exclusively, else of one that
 * waits for it so if that counts, else 0.
 */
static int
holder(int kind, bool waiters)
{
	LockData *locks = GetLockStatusData();
	int pid = 0;
	LOCKTAG tag;

	set_tag(&tag, kind);
	for (int i = 0; i < locks->nelements; i++)
	{
		LockInstanceData *lock = &locks->locks[i];

		if (memcmp(&lock->locktag, &tag, sizeof(tag)) != 0)
			continue;
		if ((lock->holdMask & LOCKBIT_ON(ExclusiveLock)) != 0)
			return lock->pid;
		if (waiters && lock->waitLockMode == ExclusiveLock)
			pid = lock->pid;
	}
	return pid;
}

/*
 * Process id of the backend that changes the catalogue, or 0: there is none,
 * or it is a prepared transaction.
 */
int
pgmig_catalog_lock_holder(void)
{
	return holder(LOCK_KIND_WRITER, false);
}

/*
 * Process id of the backend whose stepwise run is at work or waits, or 0.
 */
int
pgmig_catalog_gate_holder(void)
{
	return holder(LOCK_KIND_GATE, true);
}

/*
 * Is a backend at work on a stepwise run, or does it wait for its turn?
 */
bool
pgmig_catalog_is_runner(int pid)
{
	LockData *locks = GetLockStatusData();
	LOCKTAG tag;

	set_tag(&tag, LOCK_KIND_GATE);
	for (int i = 0; i < locks->nelements; i++)
	{
		LockInstanceData *lock = &locks->locks[i];

		if (lock->pid == pid &&
			memcmp(&lock->locktag, &tag, sizeof(tag)) == 0 &&
			((lock->holdMask & LOCKBIT_ON(ExclusiveLock)) != 0 ||
			 lock->waitLockMode == ExclusiveLock))
			return true;
	}
	return false;
}

/*
 * At REPEATABLE READ and above: error out if another run has been committed
 * since this transaction took its snapshot.
 *
 * The caller holds the lock.  Its plan is made from the snapshot and would
 * repeat steps that the other run took.
 */
void
pgmig_catalog_check_snapshot(void)
{
	/* A stepwise run changes what is applied after its row is there. */
	static CatalogQuery state = {
		.sql = "SELECT concat_ws(' ', (SELECT max(run) FROM pgmig.run),"
			   " count(*), max(applied_at)) FROM pgmig.applied",
	};
	CatalogAccess access;
	char *seen;
	char *latest;

	if (!IsolationUsesXactSnapshot())
		return;
	pgmig_catalog_begin(&access);
	pgmig_catalog_execute(&state, NULL, NULL, true);
	seen = pgmig_catalog_text(0, 1);
	PushActiveSnapshot(GetLatestSnapshot());
	pgmig_catalog_execute(&state, NULL, NULL, true);
	latest = pgmig_catalog_text(0, 1);
	PopActiveSnapshot();
	if (strcmp(seen, latest) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg(
					 "could not serialize access due to a concurrent migration run"),
				 errdetail(
					 "It was committed after this transaction had taken its snapshot."),
				 errhint(
					 "Try the transaction again, or run migrations at READ COMMITTED.")));
	pgmig_catalog_end(&access);
}
