/*-------------------------------------------------------------------------
 *
 * exclusion.c
 *	  Runners and other writers exclude each other, per database.
 *
 * A heavyweight lock of the advisory kind, held to the end of the
 * (sub)transaction.  The fourth field of its tag is one that the server's
 * advisory lock functions never use, so that no key of a user's can collide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"

/* "pgmi", and the kind of lock in the fields of an advisory tag */
#define LOCK_KEY 0x70676d69
#define LOCK_KIND_WRITER 16

static void
set_writer_tag(LOCKTAG *tag)
{
	SET_LOCKTAG_ADVISORY(*tag, MyDatabaseId, LOCK_KEY, 0, LOCK_KIND_WRITER);
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

/*
 * Wait until no other session changes the catalogue, and keep others away to
 * the end of the transaction.
 *
 * What was read before may be out of date afterwards.
 */
void
pgmig_catalog_lock(void)
{
	LOCKTAG tag;

	ErrorContextCallback callback;
	LockAcquireResult result;

	set_writer_tag(&tag);
	result = LockAcquire(&tag, ExclusiveLock, false, true);
	if (result == LOCKACQUIRE_NOT_AVAIL)
	{
		int pid = pgmig_catalog_lock_holder();

		callback.callback = wait_error_callback;
		callback.arg = &pid;
		callback.previous = error_context_stack;
		error_context_stack = &callback;
		(void) LockAcquire(&tag, ExclusiveLock, false, false);
		error_context_stack = callback.previous;
	}
	/* A script of pgmig_upgrade_sql() locks the table instead. */
	LockRelationOid(get_relname_relid("run",
									  get_namespace_oid("pgmig", false)),
					RowExclusiveLock);
}

/*
 * Process id of the backend that holds the lock, or 0.
 */
int
pgmig_catalog_lock_holder(void)
{
	LOCKTAG tag;
	VirtualTransactionId *holders;
	int count;

	set_writer_tag(&tag);
	holders = GetLockConflicts(&tag, ExclusiveLock, &count);
	for (int i = 0; i < count; i++)
	{
		PGPROC *proc = VirtualTransactionIdGetProc(holders[i]);

		if (proc != NULL)
			return proc->pid;
	}
	return 0;
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
	static CatalogQuery last_run = {
		.sql = "SELECT pg_catalog.max(run) FROM pgmig.run",
	};
	CatalogAccess access;
	bool isnull;
	int64 seen;
	int64 latest;

	if (!IsolationUsesXactSnapshot())
		return;
	pgmig_catalog_begin(&access);
	pgmig_catalog_execute(&last_run, NULL, NULL, true);
	seen = DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
	if (isnull)
		seen = 0;
	PushActiveSnapshot(GetLatestSnapshot());
	pgmig_catalog_execute(&last_run, NULL, NULL, true);
	latest = DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
	if (isnull)
		latest = 0;
	PopActiveSnapshot();
	pgmig_catalog_end(&access);
	/* Our own rows may be newer than the active snapshot's command id. */
	if (latest > seen)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg(
					 "could not serialize access due to a concurrent migration run"),
				 errdetail("Run %lld was committed after this transaction had taken its snapshot.",
						   (long long) latest),
				 errhint(
					 "Try the transaction again, or run migrations at READ COMMITTED.")));
}
