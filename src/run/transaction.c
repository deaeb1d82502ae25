/*-------------------------------------------------------------------------
 *
 * transaction.c
 *	  Transactions of a procedure's own, and top-level commands in them.
 *
 * A procedure that is called at the top level, outside of a transaction
 * block, may end the transaction of the CALL as SPI_commit() does: this
 * takes the snapshot of the CALL away, and with it all that binds the
 * transaction to the portal of the CALL.  From then on it is like VACUUM or
 * CREATE INDEX CONCURRENTLY, commands that take several transactions.
 *
 * All catalogue access is between pgmig_run_begin() and pgmig_run_commit(),
 * with a snapshot that is ours: none of the portal's comes up again, and
 * none is left when a transaction ends.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_proc.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"
#include "parser/parser.h"
#include "tcop/dest.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
#include "utils/memutils.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "compat.h"
#include "run/run.h"

/* Was the procedure altered so that it cannot commit? */
static bool
is_altered(Oid procedure)
{
	HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(procedure));
	bool altered;
	bool no_config;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for function %u", procedure);
	(void) SysCacheGetAttr(PROCOID, tuple, Anum_pg_proc_proconfig, &no_config);
	altered = ((Form_pg_proc) GETSTRUCT(tuple))->prosecdef || !no_config;
	ReleaseSysCache(tuple);
	return altered;
}

/*
 * Error out unless the procedure was called so that it can begin and end
 * transactions: at the top level, on its own.
 */
void
pgmig_run_check_procedure(FunctionCallInfo fcinfo, const char *procedure)
{
	CallContext *call = (CallContext *) fcinfo->context;

	if (call == NULL || !IsA(call, CallContext))
		elog(ERROR, "%s was not called by CALL", procedure);
	if (is_altered(fcinfo->flinfo->fn_oid))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("%s cannot commit as the procedure was altered",
						procedure),
				 errdetail(
					 "A procedure that is SECURITY DEFINER or has a SET clause cannot commit."),
				 errhint(
					 "Use ALTER PROCEDURE ... SECURITY INVOKER RESET ALL.")));
	if (call->atomic || IsTransactionBlock() ||
		(MyXactFlags & XACT_FLAGS_PIPELINING) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run inside a transaction block", procedure),
				 errdetail("It commits, and needs a CALL of its own."),
				 errhint(
					 "CALL it outside of BEGIN, functions and strings of several statements, with autocommit on.")));
	if (SPI_inside_nonatomic_context())
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot be called by a procedure or a DO block",
						procedure),
				 errdetail("It commits, and needs a CALL of its own."),
				 errhint("CALL it at the top level.")));
}

/*
 * End the transaction of the CALL.  A new one has begun afterwards.
 */
void
pgmig_run_leave_transaction(void)
{
	if (SPI_connect_ext(SPI_OPT_NONATOMIC) != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect_ext failed");
	SPI_commit();
	SPI_finish();
}

/* Begin to use catalogs and tables in a new transaction. */
void
pgmig_run_begin(void)
{
	PushActiveSnapshot(GetTransactionSnapshot());
}

/*
 * Commit, and start the next transaction, which has no snapshot.
 *
 * SPI sees to it that now() is the time of that transaction, not of the CALL.
 */
void
pgmig_run_commit(void)
{
	MemoryContext cxt = CurrentMemoryContext;

	if (ActiveSnapshotSet())
		PopActiveSnapshot();
	if (PortalContext != NULL)
		pgmig_run_leave_transaction();
	else
	{
		CommitTransactionCommand();
		StartTransactionCommand();
	}
	MemoryContextSwitchTo(cxt);
}

/*
 * Take the error that is being handled, roll back, and start a new
 * transaction.  Returns the error; it and the caller continue in cxt, which
 * outlives transactions.
 */
ErrorData *
pgmig_run_recover(MemoryContext cxt)
{
	ErrorData *error;

	MemoryContextSwitchTo(cxt);
	error = CopyErrorData();
	HOLD_INTERRUPTS();
	AbortOutOfAnyTransaction();
	FlushErrorState();
	pgmig_catalog_leave_body();
	StartTransactionCommand();
	MemoryContextSwitchTo(cxt);
	pgmig_run_commit();
	RESUME_INTERRUPTS();
	return error;
}

static List *
plan_statement(RawStmt *raw, const char *sql)
{
	List *plans;

	if (analyze_requires_snapshot(raw))
		pgmig_run_begin();
	plans = pg_plan_queries(pg_analyze_and_rewrite_fixedparams(raw,
															   sql,
															   NULL,
															   0,
															   NULL),
							sql,
							CURSOR_OPT_PARALLEL_OK,
							NULL);
	if (ActiveSnapshotSet())
		PopActiveSnapshot();
	return plans;
}

/*
 * Run one statement as a client would, so that it may end transactions and
 * begin others.
 *
 * There is no active snapshot before and after.  What it did last is not
 * committed yet.  The current memory context outlives transactions.  Returns
 * the number of rows.
 */
uint64
pgmig_run_top_level(const char *sql)
{
	RawStmt *raw = linitial_node(RawStmt, raw_parser(sql, RAW_PARSE_DEFAULT));
	QueryCompletion completion;
	Portal portal;

	InitializeQueryCompletion(&completion);
	portal = CreateNewPortal();
	portal->visible = false;
	PortalDefineQuery(portal,
					  NULL,
					  sql,
					  CreateCommandTag(raw->stmt),
					  plan_statement(raw, sql),
					  NULL);
	PortalStart(portal, NULL, 0, InvalidSnapshot);
	(void) PortalRun(portal,
					 FETCH_ALL,
					 true,
					 None_Receiver,
					 None_Receiver,
					 &completion);
	PortalDrop(portal, false);
	return completion.nprocessed;
}
