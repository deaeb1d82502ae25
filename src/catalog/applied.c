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

#include "catalog/catalog.h"
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
 * Record a step that is done.
 */
void
pgmig_catalog_record_step(int64 run, const StepRecord *record)
{
	static CatalogQuery query = {
		.sql =
			"INSERT INTO pgmig.run_step (run, step, revision, direction,"
			" statements_done, statements_total, duration, rows, wal_bytes)"
			" VALUES ($1, $2, $3, $4, $5, $5, make_interval(secs => $6), $7, $8)",
		.nargs = 8,
		.argtypes = {INT8OID,
					 INT4OID,
					 TEXTOID,
					 TEXTOID,
					 INT4OID,
					 FLOAT8OID,
					 INT8OID,
					 INT8OID},
	};
	CatalogAccess access;
	Datum values[8];

	pgmig_catalog_begin(&access);
	values[0] = Int64GetDatum(run);
	values[1] = Int32GetDatum(record->step);
	values[2] = CStringGetTextDatum(record->revision);
	values[3] = CStringGetTextDatum(record->direction);
	values[4] = Int32GetDatum(record->statements);
	values[5] = Float8GetDatum(record->seconds);
	values[6] = Int64GetDatum(record->rows);
	values[7] = Int64GetDatum(record->wal_bytes);
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
