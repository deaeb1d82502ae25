/*-------------------------------------------------------------------------
 *
 * run_log.c
 *	  The log of runs: pgmig.run, run_step and run_message.
 *
 * A run in one transaction writes its steps at its end.  A stepwise run
 * commits what it writes as it goes on, so that a run that is interrupted
 * can be told from one that is not: its process is gone.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"

/*
 * The number of the next run.
 *
 * Above all there are: logical replication brings rows and no sequence.
 */
int64
pgmig_catalog_next_run(void)
{
	static CatalogQuery query = {
		.sql = "SELECT CASE WHEN n > m THEN n"
			   " ELSE pg_catalog.setval('pgmig.run_run_seq', m + 1) END"
			   " FROM (SELECT pg_catalog.nextval('pgmig.run_run_seq') AS n,"
			   " (SELECT coalesce(max(run), 0) FROM pgmig.run) AS m) s",
	};
	CatalogAccess access;
	int64 run;
	bool isnull;

	pgmig_catalog_begin(&access);
	pgmig_catalog_execute(&query, NULL, NULL, false);
	run = DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
	pgmig_catalog_end(&access);
	return run;
}

/*
 * Record the start of a run with this number.
 *
 * operation is upgrade, downgrade or stamp, mode is transaction, stepwise or
 * worker; tag may be NULL.
 */
void
pgmig_catalog_start_run(int64 run, const char *operation, const char *target,
						const char *tag, const char *mode)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.run (operation, target, scope, tag, role,"
			   " run, mode) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		.nargs = 7,
		.argtypes =
			{TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, INT8OID, TEXTOID},
	};
	CatalogAccess access;
	Datum values[7];
	char nulls[7] = {' ', ' ', ' ', ' ', ' ', ' ', ' '};

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(operation);
	values[1] = CStringGetTextDatum(target);
	values[2] = CStringGetTextDatum(pgmig_scope);
	if (tag == NULL)
		nulls[3] = 'n';
	else
		values[3] = CStringGetTextDatum(tag);
	values[4] = CStringGetTextDatum(GetUserNameFromId(access.userid, false));
	values[5] = Int64GetDatum(run);
	values[6] = CStringGetTextDatum(mode);
	pgmig_catalog_execute(&query, values, nulls, false);
	pgmig_catalog_end(&access);
}

/*
 * Record the end of a run.
 */
void
pgmig_catalog_finish_run(int64 run)
{
	static CatalogQuery query = {
		.sql =
			"UPDATE pgmig.run SET outcome = 'done', ended_at = clock_timestamp()"
			" WHERE run = $1",
		.nargs = 1,
		.argtypes = {INT8OID},
	};
	CatalogAccess access;
	Datum values[1];

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	pgmig_catalog_execute(&query, values, NULL, false);
	pgmig_catalog_end(&access);
}

/*
 * Record the steps of a run (StepRecord *), all done.
 */
void
pgmig_catalog_record_steps(int64 run, List *records)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.run_step (run, step, revision, direction,"
			   " statements_done, statements_total, duration, rows, wal_bytes)"
			   " SELECT $1, r.step, r.revision, $2, r.statements,"
			   " r.statements, make_interval(secs => r.seconds), r.rows,"
			   " r.wal_bytes"
			   " FROM unnest($3, $4, $5, $6, $7, $8)"
			   " r (step, revision, statements, seconds, rows, wal_bytes)",
		.nargs = 8,
		.argtypes = {INT8OID,
					 TEXTOID,
					 INT4ARRAYOID,
					 TEXTARRAYOID,
					 INT4ARRAYOID,
					 FLOAT8ARRAYOID,
					 INT8ARRAYOID,
					 INT8ARRAYOID},
	};
	int count = list_length(records);
	CatalogAccess access;
	Datum values[8];
	Datum *columns[6];
	int i = 0;
	ListCell *lc;

	if (records == NIL)
		return;
	pgmig_catalog_begin(&access);
	for (int column = 0; column < lengthof(columns); column++)
		columns[column] = palloc(sizeof(Datum) * count);
	foreach(lc, records)
	{
		StepRecord *record = lfirst(lc);

		columns[0][i] = Int32GetDatum(record->step);
		columns[1][i] = CStringGetTextDatum(record->revision);
		columns[2][i] = Int32GetDatum(record->statements);
		columns[3][i] = Float8GetDatum(record->seconds);
		columns[4][i] = Int64GetDatum(record->rows);
		columns[5][i] = Int64GetDatum(record->wal_bytes);
		i++;
	}
	values[0] = Int64GetDatum(run);
	values[1] =
		CStringGetTextDatum(((StepRecord *) linitial(records))->direction);
	values[2] = pgmig_catalog_array(columns[0], count, INT4OID);
	values[3] = pgmig_catalog_array(columns[1], count, TEXTOID);
	values[4] = pgmig_catalog_array(columns[2], count, INT4OID);
	values[5] = pgmig_catalog_array(columns[3], count, FLOAT8OID);
	values[6] = pgmig_catalog_array(columns[4], count, INT8OID);
	values[7] = pgmig_catalog_array(columns[5], count, INT8OID);
	pgmig_catalog_execute(&query, values, NULL, false);
	pgmig_catalog_end(&access);
}

/*
 * Record that a step starts that commits in its middle.
 */
void
pgmig_catalog_start_step(int64 run, const StepRecord *record)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.run_step (run, step, revision, direction,"
			   " statements_done, statements_total, outcome)"
			   " VALUES ($1, $2, $3, $4, $5, $6, 'running')",
		.nargs = 6,
		.argtypes = {INT8OID, INT4OID, TEXTOID, TEXTOID, INT4OID, INT4OID},
	};
	CatalogAccess access;
	Datum values[6];

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	values[1] = Int32GetDatum(record->step);
	values[2] = CStringGetTextDatum(record->revision);
	values[3] = CStringGetTextDatum(record->direction);
	values[4] = Int32GetDatum(record->done);
	values[5] = Int32GetDatum(record->statements);
	pgmig_catalog_execute(&query, values, NULL, false);
	pgmig_catalog_end(&access);
}

/*
 * Record how far such a step is, and whether it is at its end.
 */
void
pgmig_catalog_update_step(int64 run, const StepRecord *record, bool finished)
{
	static CatalogQuery query = {
		.sql = "UPDATE pgmig.run_step SET statements_done = $3,"
			   " duration = make_interval(secs => $4), rows = $5,"
			   " wal_bytes = $6, statement = nullif($7, 0),"
			   " line = nullif($8, 0),"
			   " outcome = CASE WHEN $9 THEN 'done' ELSE 'running' END"
			   " WHERE run = $1 AND step = $2",
		.nargs = 9,
		.argtypes = {INT8OID,
					 INT4OID,
					 INT4OID,
					 FLOAT8OID,
					 INT8OID,
					 INT8OID,
					 INT4OID,
					 INT4OID,
					 BOOLOID},
	};
	CatalogAccess access;
	Datum values[9];

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	values[1] = Int32GetDatum(record->step);
	values[2] = Int32GetDatum(record->done);
	values[3] = Float8GetDatum(record->seconds);
	values[4] = Int64GetDatum(record->rows);
	values[5] = Int64GetDatum(record->wal_bytes);
	values[6] = Int32GetDatum(finished ? 0 : record->statement);
	values[7] = Int32GetDatum(finished ? 0 : record->line);
	values[8] = BoolGetDatum(finished);
	pgmig_catalog_execute(&query, values, NULL, false);
	pgmig_catalog_end(&access);
}

/* Record the step at which a run failed. */
static void
fail_step(int64 run, const StepRecord *record, const ErrorData *error)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.run_step (run, step, revision, direction,"
			   " statements_done, statements_total, outcome, sqlstate,"
			   " message, statement, line, duration, rows, wal_bytes)"
			   " VALUES ($1, $2, $3, $4, $5, $6, 'failed', $7, $8,"
			   " nullif($9, 0), nullif($10, 0),"
			   " make_interval(secs => $11), $12, $13)"
			   " ON CONFLICT ON CONSTRAINT run_step_pkey DO UPDATE"
			   " SET outcome = excluded.outcome, sqlstate = excluded.sqlstate,"
			   " message = excluded.message, statement = excluded.statement,"
			   " line = excluded.line,"
			   " statements_done = excluded.statements_done,"
			   " duration = excluded.duration, rows = excluded.rows,"
			   " wal_bytes = excluded.wal_bytes",
		.nargs = 13,
		.argtypes = {INT8OID,
					 INT4OID,
					 TEXTOID,
					 TEXTOID,
					 INT4OID,
					 INT4OID,
					 TEXTOID,
					 TEXTOID,
					 INT4OID,
					 INT4OID,
					 FLOAT8OID,
					 INT8OID,
					 INT8OID},
	};
	Datum values[13];

	values[0] = Int64GetDatum(run);
	values[1] = Int32GetDatum(record->step);
	values[2] = CStringGetTextDatum(record->revision);
	values[3] = CStringGetTextDatum(record->direction);
	values[4] = Int32GetDatum(record->done);
	values[5] = Int32GetDatum(record->statements);
	values[6] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	values[7] = CStringGetTextDatum(error->message);
	values[8] = Int32GetDatum(record->statement);
	values[9] = Int32GetDatum(record->line);
	values[10] = Float8GetDatum(record->seconds);
	values[11] = Int64GetDatum(record->rows);
	values[12] = Int64GetDatum(record->wal_bytes);
	pgmig_catalog_execute(&query, values, NULL, false);
}

/*
 * Record that a run failed, at the step of record unless that is NULL.
 */
void
pgmig_catalog_fail_run(int64 run, const StepRecord *record,
					   const ErrorData *error)
{
	static CatalogQuery query = {
		.sql = "UPDATE pgmig.run SET outcome = 'failed',"
			   " ended_at = clock_timestamp(), sqlstate = $2, error = $3"
			   " WHERE run = $1",
		.nargs = 3,
		.argtypes = {INT8OID, TEXTOID, TEXTOID},
	};
	CatalogAccess access;
	Datum values[3];

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	values[1] = CStringGetTextDatum(unpack_sql_state(error->sqlerrcode));
	values[2] = CStringGetTextDatum(error->message);
	pgmig_catalog_execute(&query, values, NULL, false);
	if (record != NULL)
		fail_step(run, record, error);
	pgmig_catalog_end(&access);
}

/* A text, or null for NULL. */
static void
set_text(Datum *values, char *nulls, int column, const char *text)
{
	if (text == NULL)
		nulls[column] = 'n';
	else
		values[column] = CStringGetTextDatum(text);
}

/*
 * Keep a message with a run.
 */
void
pgmig_catalog_add_message(int64 run, TimestampTz logged_at,
						  const ErrorData *message)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.run_message (run, ordinal, logged_at,"
			   " severity, sqlstate, message, detail, hint, context)"
			   " SELECT $1, coalesce(max(m.ordinal), 0) + 1, $2, $3, $4, $5,"
			   " $6, $7, $8 FROM pgmig.run_message m WHERE m.run = $1",
		.nargs = 8,
		.argtypes = {INT8OID,
					 TIMESTAMPTZOID,
					 TEXTOID,
					 TEXTOID,
					 TEXTOID,
					 TEXTOID,
					 TEXTOID,
					 TEXTOID},
	};
	CatalogAccess access;
	Datum values[8];
	char nulls[8] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	values[1] = TimestampTzGetDatum(logged_at);
	set_text(values, nulls, 2, error_severity(message->elevel));
	set_text(values, nulls, 3, unpack_sql_state(message->sqlerrcode));
	set_text(values,
			 nulls,
			 4,
			 message->message == NULL ? "" : message->message);
	set_text(values, nulls, 5, message->detail);
	set_text(values, nulls, 6, message->hint);
	set_text(values, nulls, 7, message->context);
	pgmig_catalog_execute(&query, values, nulls, false);
	pgmig_catalog_end(&access);
}

/*
 * Mark stepwise runs as interrupted that do not run any more, but for one of
 * them.
 *
 * The caller has the locks of a run, so no other one is at work.  One in the
 * background may wait for its turn.
 */
void
pgmig_catalog_mark_interrupted(int64 except)
{
	static CatalogQuery runs = {
		.sql = "UPDATE pgmig.run r SET outcome = 'interrupted'"
			   " WHERE r.outcome = 'running' AND r.run <> $1"
			   " AND r.mode = ANY ('{stepwise,worker}')"
			   " AND (r.mode = 'stepwise' OR r.pid = pg_backend_pid()"
			   " OR EXISTS (SELECT FROM pgmig.run_step s WHERE s.run = r.run)"
			   " OR NOT EXISTS (SELECT FROM pg_stat_get_activity(r.pid) a"
			   " WHERE a.backend_start <= r.started_at))",
		.nargs = 1,
		.argtypes = {INT8OID},
	};
	static CatalogQuery steps = {
		.sql = "UPDATE pgmig.run_step s SET outcome = 'interrupted'"
			   " FROM pgmig.run r WHERE r.outcome = 'interrupted'"
			   " AND s.run = r.run AND s.outcome = 'running'",
	};
	CatalogAccess access;
	Datum values[1];

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(except);
	if (pgmig_catalog_execute(&runs, values, NULL, false) > 0)
		pgmig_catalog_execute(&steps, NULL, NULL, false);
	pgmig_catalog_end(&access);
}

/*
 * Has a run that changed something been started after this one?  Runs in the
 * background that only wait do not count.
 */
bool
pgmig_catalog_run_since(int64 run)
{
	static CatalogQuery query = {
		.sql =
			"SELECT FROM pgmig.run r WHERE r.run > $1"
			" AND (r.mode <> 'worker' OR EXISTS (SELECT FROM pgmig.run_step s"
			" WHERE s.run = r.run)) LIMIT 1",
		.nargs = 1,
		.argtypes = {INT8OID},
	};
	CatalogAccess access;
	Datum values[1];
	bool found;

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	found = pgmig_catalog_execute(&query, values, NULL, false) > 0;
	pgmig_catalog_end(&access);
	return found;
}
