/*-------------------------------------------------------------------------
 *
 * unfinished.c
 *	  The half-done revision of a scope: pgmig.unfinished.
 *
 * Written by stepwise runs, statement by statement, see stepwise.c, and by
 * pgmig_resolve().
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"
#include "errors.h"

/*
 * Does pgmig.unfinished know what may have left something?  That of version
 * 1.0 does not, until the extension is updated.
 */
static bool
has_left_by(void)
{
	Oid schema = get_rel_namespace(pgmig_catalog_hold());

	return get_attnum(get_relname_relid("unfinished", schema), "left_by") !=
		   InvalidAttrNumber;
}

/*
 * The half-done revision of a scope, as committed or done by now, or NULL.
 */
UnfinishedRevision *
pgmig_catalog_read_unfinished(const char *scope)
{
	static CatalogQuery queries[] = {
		{
			.sql =
				"SELECT revision, direction = 'downgrade', run, done, started,"
				" since, settings, NULL::text"
				" FROM pgmig.unfinished WHERE scope = $1",
			.nargs = 1,
			.argtypes = {TEXTOID},
		},
		{
			.sql =
				"SELECT revision, direction = 'downgrade', run, done, started,"
				" since, settings, left_by"
				" FROM pgmig.unfinished WHERE scope = $1",
			.nargs = 1,
			.argtypes = {TEXTOID},
		},
	};
	UnfinishedRevision *result = NULL;
	CatalogAccess access;
	Datum values[1];
	bool isnull;

	pgmig_catalog_push_snapshot();
	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(scope);
	if (pgmig_catalog_execute(&queries[has_left_by()], values, NULL, true) > 0)
	{
		MemoryContextSwitchTo(access.caller);
		result = palloc(sizeof(UnfinishedRevision));
		result->revision = pgmig_catalog_text(0, 1);
		result->downgrade = DatumGetBool(pgmig_catalog_datum(0, 2, &isnull));
		result->run = DatumGetInt64(pgmig_catalog_datum(0, 3, &isnull));
		result->done = pgmig_catalog_text_list(0, 4);
		result->started = DatumGetBool(pgmig_catalog_datum(0, 5, &isnull));
		result->since =
			DatumGetTimestampTz(pgmig_catalog_datum(0, 6, &isnull));
		result->settings = pgmig_catalog_text_list(0, 7);
		result->left_by = pgmig_catalog_text(0, 8);
	}
	pgmig_catalog_end(&access);
	PopActiveSnapshot();
	return result;
}

/*
 * Note that a revision is now half-done: none of its statements is done.
 */
void
pgmig_catalog_add_unfinished(const char *scope, const char *revision,
							 bool downgrade, int64 run)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.unfinished (scope, revision, direction, run)"
			   " VALUES ($1, $2, $3, $4)",
		.nargs = 4,
		.argtypes = {TEXTOID, TEXTOID, TEXTOID, INT8OID},
	};
	CatalogAccess access;
	Datum values[4];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(scope);
	values[1] = CStringGetTextDatum(revision);
	values[2] = CStringGetTextDatum(downgrade ? "downgrade" : "upgrade");
	values[3] = Int64GetDatum(run);
	pgmig_catalog_execute(&query, values, NULL, false);
	pgmig_catalog_end(&access);
}

/* Error out if the row is not there that is to be changed. */
static void
check_changed(uint64 rows)
{
	if (rows != 1)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg(
					 "could not continue because of a concurrent migration run"),
				 errhint("Start the run again.")));
}

/*
 * Note which run works on it, whether it has started the next statement, and
 * which one may have left something, if any.
 */
void
pgmig_catalog_start_unfinished(const char *scope, int64 run, bool started,
							   const char *left_by)
{
	static CatalogQuery queries[] = {
		{
			.sql = "UPDATE pgmig.unfinished SET run = $2, started = $3"
				   " WHERE scope = $1",
			.nargs = 3,
			.argtypes = {TEXTOID, INT8OID, BOOLOID},
		},
		{
			.sql = "UPDATE pgmig.unfinished SET run = $2, started = $3,"
				   " left_by = $4 WHERE scope = $1",
			.nargs = 4,
			.argtypes = {TEXTOID, INT8OID, BOOLOID, TEXTOID},
		},
	};
	CatalogAccess access;
	Datum values[4] = {0};
	char nulls[] = {' ', ' ', ' ', left_by == NULL ? 'n' : ' '};

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(scope);
	values[1] = Int64GetDatum(run);
	values[2] = BoolGetDatum(started);
	if (left_by != NULL)
		values[3] = CStringGetTextDatum(left_by);
	check_changed(
		pgmig_catalog_execute(&queries[has_left_by()], values, nulls, false));
	pgmig_catalog_end(&access);
}

/*
 * Note that its next statement, with this checksum, is done, and which
 * settings (char *) are changed now.
 */
void
pgmig_catalog_advance_unfinished(const char *scope, const char *checksum,
								 List *settings)
{
	static CatalogQuery queries[] = {
		{
			.sql = "UPDATE pgmig.unfinished SET done = done || $2,"
				   " settings = $3, started = false WHERE scope = $1",
			.nargs = 3,
			.argtypes = {TEXTOID, TEXTOID, TEXTARRAYOID},
		},
		{
			.sql = "UPDATE pgmig.unfinished SET done = done || $2,"
				   " settings = $3, started = false, left_by = NULL"
				   " WHERE scope = $1",
			.nargs = 3,
			.argtypes = {TEXTOID, TEXTOID, TEXTARRAYOID},
		},
	};
	CatalogAccess access;
	Datum values[3];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(scope);
	values[1] = CStringGetTextDatum(checksum);
	values[2] = pgmig_catalog_text_array(settings);
	check_changed(
		pgmig_catalog_execute(&queries[has_left_by()], values, NULL, false));
	pgmig_catalog_end(&access);
}

/*
 * Note that it is not half-done any more.
 */
void
pgmig_catalog_remove_unfinished(const char *scope)
{
	static CatalogQuery query = {
		.sql = "DELETE FROM pgmig.unfinished WHERE scope = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	CatalogAccess access;
	Datum values[1];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(scope);
	check_changed(pgmig_catalog_execute(&query, values, NULL, false));
	pgmig_catalog_end(&access);
}

/*
 * Refuse what cannot be done while a revision is half-done; or, to be the
 * truth, while one is that counts as applied.
 */
void
pgmig_catalog_refuse_unfinished(const char *scope, bool applied_only)
{
	UnfinishedRevision *unfinished = pgmig_catalog_read_unfinished(scope);

	if (unfinished == NULL || (applied_only && !unfinished->downgrade))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_UNFINISHED),
			 errmsg("%s of revision \"%s\" is half-done",
					unfinished->downgrade ? "downgrade" : "upgrade",
					unfinished->revision),
			 errdetail_plural("%d statement of it is done.",
							  "%d statements of it are done.",
							  list_length(unfinished->done),
							  list_length(unfinished->done)),
			 errhint("CALL pgmig_%s_stepwise(%s) finishes it, pgmig_status() shows it, and pgmig_resolve(%s, 'forget') forgets it.",
					 unfinished->downgrade ? "downgrade" : "upgrade",
					 unfinished->downgrade
						 ? "..."
						 : quote_literal_cstr(unfinished->revision),
					 quote_literal_cstr(unfinished->revision))));
}
