/*-------------------------------------------------------------------------
 *
 * applied.c
 *	  What is applied, and the log of runs.
 *
 * Only runs write here, one at a time, see exclusion.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"
#include "errors.h"

/* The runner itself is changing what is applied, see trigger.c. */
static bool in_step = false;

/*
 * Does the runner change what is applied, rather than direct SQL?  It follows
 * a plan, which keeps the applied set closed.
 */
bool
pgmig_catalog_in_step(void)
{
	return in_step;
}

static void
execute_step(CatalogQuery *query, Datum *values)
{
	in_step = true;
	PG_TRY();
	{
		pgmig_catalog_execute(query, values, NULL, false);
	}
	PG_FINALLY();
	{
		in_step = false;
	}
	PG_END_TRY();
}

/*
 * Record the start of a run.  Returns its number.
 *
 * operation is upgrade, downgrade or stamp; tag may be NULL.
 */
int64
pgmig_catalog_start_run(const char *operation, const char *target,
						const char *tag)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.run (operation, target, scope, tag, role)"
			   " VALUES ($1, $2, $3, $4, $5) RETURNING run",
		.nargs = 5,
		.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID},
	};
	CatalogAccess access;
	Datum values[5];
	char nulls[5] = {' ', ' ', ' ', ' ', ' '};
	int64 run;
	bool isnull;

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(operation);
	values[1] = CStringGetTextDatum(target);
	values[2] = CStringGetTextDatum(pgmig_scope);
	if (tag == NULL)
		nulls[3] = 'n';
	else
		values[3] = CStringGetTextDatum(tag);
	values[4] = CStringGetTextDatum(GetUserNameFromId(access.userid, false));
	pgmig_catalog_execute(&query, values, nulls, false);
	run = DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
	pgmig_catalog_end(&access);
	return run;
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
 * Add a revision to what is applied in this scope.
 *
 * checksum is that of the body that was run.
 */
void
pgmig_catalog_apply(int64 run, const char *revision, const char *checksum)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.applied (scope, revision, run, checksum)"
			   " VALUES ($1, $2, $3, $4)",
		.nargs = 4,
		.argtypes = {TEXTOID, TEXTOID, INT8OID, TEXTOID},
	};
	CatalogAccess access;
	Datum values[4];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(pgmig_scope);
	values[1] = CStringGetTextDatum(revision);
	values[2] = Int64GetDatum(run);
	values[3] = CStringGetTextDatum(checksum);
	execute_step(&query, values);
	pgmig_catalog_end(&access);
}

/*
 * Take a revision from what is applied in this scope.
 */
void
pgmig_catalog_unapply(const char *revision)
{
	static CatalogQuery query = {
		.sql = "DELETE FROM pgmig.applied WHERE scope = $1 AND revision = $2",
		.nargs = 2,
		.argtypes = {TEXTOID, TEXTOID},
	};
	CatalogAccess access;
	Datum values[2];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(pgmig_scope);
	values[1] = CStringGetTextDatum(revision);
	execute_step(&query, values);
	pgmig_catalog_end(&access);
}

/*
 * Take revisions from what is applied in this scope, and add others, as a
 * stamp does.  Both lists are of char *.
 *
 * At REPEATABLE READ and above, fails if one that is added was changed since
 * the snapshot.
 */
void
pgmig_catalog_stamp(int64 run, List *remove, List *add)
{
#define ADD_QUERY                                                             \
	"INSERT INTO pgmig.applied (scope, revision, run, checksum)"              \
	" SELECT $1, r.revision, $3, r.upgrade_checksum"                          \
	" FROM pgmig.revision r WHERE r.revision = ANY ($2)"
	static CatalogQuery remove_query = {
		.sql = "DELETE FROM pgmig.applied"
			   " WHERE scope = $1 AND revision = ANY ($2)",
		.nargs = 2,
		.argtypes = {TEXTOID, TEXTARRAYOID},
	};
	static CatalogQuery add_query = {
		.sql = ADD_QUERY,
		.nargs = 3,
		.argtypes = {TEXTOID, TEXTARRAYOID, INT8OID},
	};
	static CatalogQuery locking_add_query = {
		.sql = ADD_QUERY " FOR SHARE OF r",
		.nargs = 3,
		.argtypes = {TEXTOID, TEXTARRAYOID, INT8OID},
	};
	CatalogAccess access;
	Datum values[3];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(pgmig_scope);
	values[1] = pgmig_catalog_text_array(remove);
	execute_step(&remove_query, values);
	values[1] = pgmig_catalog_text_array(add);
	values[2] = Int64GetDatum(run);
	execute_step(IsolationUsesXactSnapshot() ? &locking_add_query : &add_query,
				 values);
	pgmig_catalog_end(&access);
#undef ADD_QUERY
}

/*
 * The body to run, in the current memory context; NULL if the revision is
 * irreversible and downgrade is asked for.
 *
 * Sets *checksum to the recorded checksum of that body, and *applied_checksum
 * to the one with which the revision was applied (NULL if it is not).  At
 * REPEATABLE READ and above, fails if the revision was changed since the
 * snapshot.
 */
char *
pgmig_catalog_read_body(const char *revision, bool downgrade, char **checksum,
						char **applied_checksum)
{
#define BODY_QUERY                                                            \
	"SELECT CASE WHEN $3 THEN r.downgrade ELSE r.upgrade END,"                \
	" CASE WHEN $3 THEN r.downgrade_checksum ELSE r.upgrade_checksum END,"    \
	" (SELECT a.checksum FROM pgmig.applied a"                                \
	" WHERE a.revision = r.revision AND a.scope = $2)"                        \
	" FROM pgmig.revision r WHERE r.revision = $1"
	static CatalogQuery query = {.sql = BODY_QUERY,
								 .nargs = 3,
								 .argtypes = {TEXTOID, TEXTOID, BOOLOID}};
	static CatalogQuery locking_query = {.sql = BODY_QUERY " FOR SHARE OF r",
										 .nargs = 3,
										 .argtypes = {TEXTOID,
													  TEXTOID,
													  BOOLOID}};
	CatalogAccess access;
	Datum values[3];
	char *body;

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(revision);
	values[1] = CStringGetTextDatum(pgmig_scope);
	values[2] = BoolGetDatum(downgrade);
	if (pgmig_catalog_execute(IsolationUsesXactSnapshot() ? &locking_query
														  : &query,
							  values,
							  NULL,
							  false) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("revision \"%s\" does not exist", revision),
				 errhint("It was removed in the meantime; try again.")));
	MemoryContextSwitchTo(access.caller);
	body = pgmig_catalog_text(0, 1);
	*checksum = pgmig_catalog_text(0, 2);
	*applied_checksum = pgmig_catalog_text(0, 3);
	pgmig_catalog_end(&access);
	return body;
#undef BODY_QUERY
}
