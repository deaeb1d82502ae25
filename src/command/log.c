/*-------------------------------------------------------------------------
 *
 * log.c
 *	  The log of runs, where the database stands, and with which version.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/value.h"
#include "parser/parse_func.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"
#include "compat.h"

#define STATUS_COLUMNS 14

/* The first of the columns about a half-done revision */
#define INTERRUPTED 8

PG_FUNCTION_INFO_V1(pgmig_log);

/*
 * pgmig_log(): the steps of the runs in this scope, newest first; a run
 * without steps is a row of its own.
 */
Datum
pgmig_log(PG_FUNCTION_ARGS)
{
	static CatalogQuery query = {
		.sql =
			"SELECT r.run, r.operation, s.revision, s.direction,"
			" coalesce(s.outcome, r.outcome), r.started_at, s.duration, s.rows,"
			" s.wal_bytes, r.role, r.application, r.tag,"
			" CASE WHEN s.run IS NULL THEN r.error ELSE s.message END"
			" FROM pgmig.run r LEFT JOIN pgmig.run_step s ON s.run = r.run"
			" WHERE r.scope = $1 ORDER BY r.run DESC, s.step DESC",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	CatalogAccess access;
	Datum arguments[1];
	uint64 count;

	InitMaterializedSRF(fcinfo, 0);
	pgmig_catalog_begin(&access);
	arguments[0] = CStringGetTextDatum(pgmig_scope);
	count = pgmig_catalog_execute(&query, arguments, NULL, true);
	for (uint64 row = 0; row < count; row++)
		tuplestore_puttuple(((ReturnSetInfo *) fcinfo->resultinfo)->setResult,
							SPI_tuptable->vals[row]);
	pgmig_catalog_end(&access);
	return (Datum) 0;
}

/* The ids of a list of nodes as text[]. */
static Datum
node_list_names(List *nodes)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, nodes)
		names =
			lappend(names, unconstify(char *, ((GraphNode *) lfirst(lc))->id));
	return pgmig_catalog_text_array(names);
}

/* May the caller see the SQL of revisions, as pgmig_show() shows it? */
static bool
may_show_bodies(FunctionCallInfo fcinfo)
{
	Oid types[1] = {TEXTOID};
	char *schema =
		get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid));
	Oid function = LookupFuncName(list_make2(makeString(schema),
											 makeString("pgmig_show")),
								  1,
								  types,
								  true);

	return OidIsValid(function) && object_aclcheck(ProcedureRelationId,
												   function,
												   GetUserId(),
												   ACL_EXECUTE) == ACLCHECK_OK;
}

/* The text of a statement of a body, NULL if it has no such one. */
static char *
statement_text(const UnfinishedRevision *unfinished, int number)
{
	char *checksum;
	char *applied;
	char *sql = pgmig_catalog_read_body(unfinished->revision,
										unfinished->downgrade,
										&checksum,
										&applied);
	List *statements = sql == NULL ? NIL : pgmig_body_split(sql);
	BodyStatement *statement;

	if (number > list_length(statements))
		return NULL;
	statement = list_nth(statements, number - 1);
	return pnstrdup(sql + statement->location, statement->length);
}

/*
 * Why a run does not work any more: its error, or that its process is gone.
 * NULL if it does; on a standby, locks do not tell.
 */
static char *
reason(int64 run)
{
	static CatalogQuery query = {
		.sql = "SELECT outcome, error, pid FROM pgmig.run WHERE run = $1",
		.nargs = 1,
		.argtypes = {INT8OID},
	};
	CatalogAccess access;
	Datum arguments[1];
	char *result = "the run is not in the log";
	bool isnull;

	pgmig_catalog_begin(&access);
	arguments[0] = Int64GetDatum(run);
	if (pgmig_catalog_execute(&query, arguments, NULL, false) > 0)
	{
		char *outcome;
		char *error;
		int pid;

		MemoryContextSwitchTo(access.caller);
		outcome = pgmig_catalog_text(0, 1);
		error = pgmig_catalog_text(0, 2);
		pid = DatumGetInt32(pgmig_catalog_datum(0, 3, &isnull));
		if (error != NULL)
			result = error;
		else if (strcmp(outcome, "running") == 0 &&
				 (RecoveryInProgress() || pgmig_catalog_lock_holder() == pid))
			result = NULL;
		else
			result =
				psprintf("process %d of run %lld ended", pid, (long long) run);
	}
	pgmig_catalog_end(&access);
	return result;
}

/* The columns about a half-done revision on which no run works. */
static void
put_interrupted(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	UnfinishedRevision *unfinished =
		pgmig_catalog_read_unfinished(pgmig_scope);
	char *why = unfinished == NULL ? NULL : reason(unfinished->run);
	char *sql;
	int number;

	for (int i = 0; i < STATUS_COLUMNS - INTERRUPTED; i++)
		nulls[i] = why == NULL;
	if (why == NULL)
		return;
	number = list_length(unfinished->done) + 1;
	values[0] = CStringGetTextDatum(unfinished->revision);
	values[1] =
		CStringGetTextDatum(unfinished->downgrade ? "downgrade" : "upgrade");
	sql = statement_text(unfinished, number);
	values[2] = Int32GetDatum(number);
	nulls[2] = sql == NULL;
	values[3] =
		pgmig_command_text(may_show_bodies(fcinfo) ? sql : NULL, &nulls[3]);
	values[4] = TimestampTzGetDatum(unfinished->since);
	values[5] = CStringGetTextDatum(why);
}

PG_FUNCTION_INFO_V1(pgmig_status);

/*
 * pgmig_status(): where the database stands, in one row.
 */
Datum
pgmig_status(PG_FUNCTION_ARGS)
{
	static CatalogQuery query = {
		.sql = "SELECT (SELECT count(*) FROM pgmig.applied WHERE scope = $1),"
			   " (SELECT count(*) FROM pgmig.revision),"
			   " (SELECT max(run) FROM pgmig.run WHERE scope = $1),"
			   " (SELECT started_at FROM pgmig.run WHERE scope = $1"
			   " ORDER BY run DESC LIMIT 1)",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	Graph *graph = pgmig_catalog_graph();
	Datum values[STATUS_COLUMNS];
	bool nulls[STATUS_COLUMNS] = {false};
	CatalogAccess access;
	Datum arguments[1];
	TupleDesc descriptor;
	int64 applied;
	int64 revisions;
	int64 last_run;
	TimestampTz started_at;

	if (get_call_result_type(fcinfo, NULL, &descriptor) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	values[0] = CStringGetTextDatum(pgmig_scope);
	values[1] = node_list_names(pgmig_graph_current(graph));
	values[2] = node_list_names(pgmig_graph_version_heads(graph));
	pgmig_catalog_begin(&access);
	arguments[0] = CStringGetTextDatum(pgmig_scope);
	pgmig_catalog_execute(&query, arguments, NULL, true);
	applied = DatumGetInt64(pgmig_catalog_datum(0, 1, &nulls[3]));
	revisions = DatumGetInt64(pgmig_catalog_datum(0, 2, &nulls[4]));
	last_run = DatumGetInt64(pgmig_catalog_datum(0, 3, &nulls[5]));
	started_at = DatumGetTimestampTz(pgmig_catalog_datum(0, 4, &nulls[6]));
	pgmig_catalog_end(&access);
	values[3] = Int64GetDatum(applied);
	values[4] = Int64GetDatum(revisions - applied);
	values[5] = Int64GetDatum(last_run);
	values[6] = TimestampTzGetDatum(started_at);
	values[7] = Int32GetDatum(pgmig_catalog_lock_holder());
	nulls[7] = DatumGetInt32(values[7]) == 0;
	put_interrupted(fcinfo, values + INTERRUPTED, nulls + INTERRUPTED);
	return HeapTupleGetDatum(
		heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}

PG_FUNCTION_INFO_V1(pgmig_version);

/*
 * pgmig_version(): the version of this library.
 */
Datum
pgmig_version(PG_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(PGMIG_VERSION));
}
