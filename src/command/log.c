/*-------------------------------------------------------------------------
 *
 * log.c
 *	  The log of runs, and where the database stands.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"

#define STATUS_COLUMNS 8

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
			" coalesce(s.message, r.error)"
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
	return HeapTupleGetDatum(
		heap_form_tuple(BlessTupleDesc(descriptor), values, nulls));
}
