/*-------------------------------------------------------------------------
 *
 * progress.c
 *	  What the run of this database is doing now.
 *
 * A run tells by its query in pg_stat_activity which step and which statement
 * it is at, see body.c; this reads it, with the rights of the caller.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/guc.h"

#include "command/command.h"
#include "compat.h"
#include "run/run.h"

#define PROGRESS_COLUMNS 17

/* Columns of the activity query, in those of the result from PROGRESS_SHIFT */
#define PROGRESS_SHIFT 3
#define ACTIVITY_COLUMNS 13

#define ACTIVITY_QUERY                                                        \
	"SELECT m[4], m[2]::int4, m[3]::int4, m[5]::int4, m[6]::int4, m[7],"      \
	" CASE WHEN m IS NOT NULL THEN a.state_change END,"                       \
	" CASE WHEN m IS NOT NULL THEN"                                           \
	" pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) a.state_change"     \
	" END, a.wait_event_type, a.wait_event,"                                  \
	" pg_catalog.pg_blocking_pids(a.pid), p.phase,"                           \
	" pg_catalog.round(100.0 OPERATOR(pg_catalog.*) n.done"                   \
	" OPERATOR(pg_catalog./) NULLIF(n.total, 0), 1), m[1]"                    \
	" FROM pg_catalog.pg_stat_activity a"                                     \
	" LEFT JOIN pg_catalog.pg_stat_progress_create_index p"                   \
	" ON p.pid OPERATOR(pg_catalog.=) a.pid,"                                 \
	" LATERAL (SELECT CASE"                                                   \
	" WHEN p.phase OPERATOR(pg_catalog.~) '^waiting' THEN p.lockers_done"     \
	" WHEN p.blocks_total OPERATOR(pg_catalog.>) 0 THEN p.blocks_done"        \
	" ELSE p.tuples_done END, CASE"                                           \
	" WHEN p.phase OPERATOR(pg_catalog.~) '^waiting' THEN p.lockers_total"    \
	" WHEN p.blocks_total OPERATOR(pg_catalog.>) 0 THEN p.blocks_total"       \
	" ELSE p.tuples_total END) n (done, total),"                              \
	" LATERAL (SELECT pg_catalog.regexp_match(a.query, '^pgmig "              \
	"(upgrade|downgrade) ([0-9]+)/([0-9]+) ([^ ]+) ([0-9]+)/([0-9]+): "       \
	"(.*)$')) q (m) WHERE a.pid OPERATOR(pg_catalog.=) $1"

/* The recorded run of a process: its number and operation, if there is one. */
static void
read_run(int pid, Datum *values, bool *nulls)
{
	static CatalogQuery query = {
		.sql = "SELECT run, operation FROM pgmig.run"
			   " WHERE pid = $1 AND outcome = 'running'"
			   " ORDER BY run DESC LIMIT 1",
		.nargs = 1,
		.argtypes = {INT4OID},
	};
	CatalogAccess access;
	Datum arguments[1];
	uint64 count;

	pgmig_catalog_begin(&access);
	arguments[0] = Int32GetDatum(pid);
	count = pgmig_catalog_execute(&query, arguments, NULL, true);
	MemoryContextSwitchTo(access.caller);
	nulls[0] = nulls[2] = count == 0;
	if (count > 0)
	{
		values[0] = pgmig_catalog_datum(0, 1, &nulls[0]);
		values[2] = CStringGetTextDatum(pgmig_catalog_text(0, 2));
	}
	pgmig_catalog_end(&access);
}

/* A column of the activity query, in the caller's memory context. */
static Datum
copy_datum(int column, bool *isnull)
{
	Datum value = pgmig_catalog_datum(0, column, isnull);
	Form_pg_attribute attribute =
		TupleDescAttr(SPI_tuptable->tupdesc, column - 1);

	return *isnull ? (Datum) 0
				   : SPI_datumTransfer(value,
									   attribute->attbyval,
									   attribute->attlen);
}

/* The processes that block the run, described. */
static Datum
describe_blockers(Datum blocked_by, bool *isnull)
{
	Datum *elements;
	int *pids;
	int count;

	deconstruct_array(DatumGetArrayTypeP(blocked_by),
					  INT4OID,
					  sizeof(int32),
					  true,
					  TYPALIGN_INT,
					  &elements,
					  NULL,
					  &count);
	*isnull = count == 0;
	if (count == 0)
		return (Datum) 0;
	pids = palloc(sizeof(int) * count);
	for (int i = 0; i < count; i++)
		pids[i] = DatumGetInt32(elements[i]);
	return CStringGetTextDatum(pgmig_run_describe_backends(pids, count));
}

/* What the process is doing; false if it is gone. */
static bool
read_activity(int pid, Datum *values, bool *nulls)
{
	Oid types[1] = {INT4OID};
	Datum arguments[1];
	Datum found[ACTIVITY_COLUMNS];
	bool missing[ACTIVITY_COLUMNS];
	int guc_level = NewGUCNestLevel();
	bool exists;

	RestrictSearchPath();
	pgstat_clear_backend_activity_snapshot();
	SPI_connect();
	arguments[0] = Int32GetDatum(pid);
	if (SPI_execute_with_args(ACTIVITY_QUERY,
							  1,
							  types,
							  arguments,
							  NULL,
							  true,
							  0) < 0)
		elog(ERROR, "could not read pg_stat_activity");
	exists = SPI_processed > 0;
	for (int i = 0; exists && i < ACTIVITY_COLUMNS; i++)
		found[i] = copy_datum(i + 1, &missing[i]);
	if (exists && nulls[2])
	{
		Datum operation = copy_datum(ACTIVITY_COLUMNS + 1, &nulls[2]);

		values[2] = operation;
	}
	SPI_finish();
	AtEOXact_GUC(false, guc_level);
	if (!exists)
		return false;
	/* All but the description of the blockers, which is behind their pids */
	for (int i = 0, column = PROGRESS_SHIFT; i < ACTIVITY_COLUMNS;
		 i++, column++)
	{
		values[column] = found[i];
		nulls[column] = missing[i];
		if (column != PROGRESS_SHIFT + 10)
			continue;
		column++;
		values[column] = describe_blockers(found[i], &nulls[column]);
		nulls[column - 1] = nulls[column];
	}
	return true;
}

PG_FUNCTION_INFO_V1(pgmig_progress);

/*
 * pgmig_progress(): what the run of this database is doing; no row if there
 * is none.
 *
 * What the caller may not see of other sessions is null.
 */
Datum
pgmig_progress(PG_FUNCTION_ARGS)
{
	int pid = pgmig_catalog_lock_holder();
	Datum values[PROGRESS_COLUMNS] = {0};
	bool nulls[PROGRESS_COLUMNS] = {false};

	InitMaterializedSRF(fcinfo, 0);
	if (pid == 0)
		pid = pgmig_catalog_gate_holder();
	if (pid == 0)
		return (Datum) 0;
	read_run(pid, values, nulls);
	values[1] = Int32GetDatum(pid);
	if (read_activity(pid, values, nulls))
		pgmig_command_put(fcinfo, values, nulls);
	return (Datum) 0;
}
