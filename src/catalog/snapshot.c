/*-------------------------------------------------------------------------
 *
 * snapshot.c
 *	  The schema as runs left it: pgmig.snapshot, and what may have changed it
 *	  since.
 *
 * A snapshot is kept once, under its fingerprint; runs refer to it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/jsonb.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/pgmig_catalog.h"

/*
 * Is there a table for snapshots?  That of version 1.0 has none, until the
 * extension is updated.
 */
bool
pgmig_catalog_has_snapshots(void)
{
	Oid schema = get_rel_namespace(pgmig_catalog_hold());

	return OidIsValid(get_relname_relid("snapshot", schema));
}

/*
 * Record that this is the schema at the end of a run.
 */
void
pgmig_catalog_store_snapshot(int64 run, const char *fingerprint,
							 Jsonb *snapshot)
{
	static CatalogQuery insert = {
		.sql = "INSERT INTO pgmig.snapshot (fingerprint, snapshot)"
			   " VALUES ($1, $2) ON CONFLICT (fingerprint) DO NOTHING",
		.nargs = 2,
		.argtypes = {TEXTOID, JSONBOID},
	};
	static CatalogQuery update = {
		.sql = "UPDATE pgmig.run SET fingerprint = $2 WHERE run = $1",
		.nargs = 2,
		.argtypes = {INT8OID, TEXTOID},
	};
	CatalogAccess access;
	Datum values[2];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(fingerprint);
	values[1] = JsonbPGetDatum(snapshot);
	pgmig_catalog_execute(&insert, values, NULL, false);
	values[0] = Int64GetDatum(run);
	values[1] = CStringGetTextDatum(fingerprint);
	pgmig_catalog_execute(&update, values, NULL, false);
	pgmig_catalog_end(&access);
}

/* What a run was and left, from the current result. */
static RecordedRun *
get_run(void)
{
	RecordedRun *run = palloc0(sizeof(RecordedRun));
	bool isnull;
	Datum value;

	run->run = DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
	run->mode = pgmig_catalog_text(0, 2);
	run->outcome = pgmig_catalog_text(0, 3);
	value = pgmig_catalog_datum(0, 4, &isnull);
	run->ended_at = isnull ? 0 : DatumGetTimestampTz(value);
	run->fingerprint = pgmig_catalog_text(0, 5);
	value = pgmig_catalog_datum(0, 6, &isnull);
	run->snapshot = isnull ? NULL : DatumGetJsonbPCopy(value);
	return run;
}

/*
 * A run of this scope, NULL: the last one; NULL if there is none.
 */
RecordedRun *
pgmig_catalog_recorded_run(const int64 *number)
{
	static CatalogQuery query = {
		.sql = "SELECT r.run, r.mode, r.outcome,"
			   " coalesce(r.ended_at, r.started_at), r.fingerprint, s.snapshot"
			   " FROM (SELECT * FROM pgmig.run"
			   " WHERE scope = $1 AND ($2 IS NULL OR run = $2)"
			   " ORDER BY run DESC LIMIT 1) r"
			   " LEFT JOIN pgmig.snapshot s ON s.fingerprint = r.fingerprint",
		.nargs = 2,
		.argtypes = {TEXTOID, INT8OID},
	};
	RecordedRun *run = NULL;
	CatalogAccess access;
	Datum values[2];
	char nulls[] = {' ', number == NULL ? 'n' : ' '};

	pgmig_catalog_begin(&access);
	pgmig_catalog_push_snapshot();
	values[0] = CStringGetTextDatum(pgmig_scope);
	values[1] = Int64GetDatum(number == NULL ? 0 : *number);
	if (pgmig_catalog_execute(&query, values, nulls, true) > 0)
	{
		MemoryContextSwitchTo(access.caller);
		run = get_run();
	}
	PopActiveSnapshot();
	pgmig_catalog_end(&access);
	return run;
}

/*
 * The schemas (char *) that are scopes of their own, in which something was
 * run.
 */
List *
pgmig_catalog_scopes(void)
{
	static CatalogQuery query = {
		.sql = "WITH RECURSIVE s (scope) AS ("
			   "(SELECT scope FROM pgmig.run WHERE scope > ''"
			   " ORDER BY scope LIMIT 1)"
			   " UNION ALL SELECT (SELECT r.scope FROM pgmig.run r"
			   " WHERE r.scope > s.scope ORDER BY r.scope LIMIT 1)"
			   " FROM s WHERE s.scope IS NOT NULL)"
			   " SELECT scope FROM s WHERE scope IS NOT NULL",
	};
	List *scopes = NIL;
	CatalogAccess access;
	uint64 count;

	pgmig_catalog_begin(&access);
	count = pgmig_catalog_execute(&query, NULL, NULL, false);
	MemoryContextSwitchTo(access.caller);
	for (uint64 row = 0; row < count; row++)
		scopes = lappend(scopes, pgmig_catalog_text(row, 1));
	pgmig_catalog_end(&access);
	return scopes;
}

/*
 * Visit what the guard has recorded since then, newest first.
 *
 * A change is gone after its visit.
 */
void
pgmig_catalog_guarded_since(TimestampTz since, VisitChange visit, void *arg)
{
	static CatalogQuery query = {
		.sql = "SELECT tag, object_type, identity, statement, concat_ws(' ',"
			   " tag, 'by', role,"
			   " CASE WHEN session_role <> role"
			   " THEN '(session of ' || session_role || ')' END,"
			   " 'from ' || host(client),"
			   " 'with ' || NULLIF(application, ''),"
			   " 'at', to_char(logged_at, 'YYYY-MM-DD HH24:MI:SSOF'))"
			   " || coalesce(': ' || statement, '')"
			   " FROM pgmig.guard_log WHERE logged_at >= $1 ORDER BY id DESC",
		.nargs = 1,
		.argtypes = {TIMESTAMPTZOID},
	};
	CatalogAccess access;
	CatalogRows rows;
	MemoryContext row_cxt;
	Datum values[1];

	pgmig_catalog_begin(&access);
	pgmig_catalog_push_snapshot();
	row_cxt = AllocSetContextCreate(CurrentMemoryContext,
									"pgmig recorded change",
									ALLOCSET_DEFAULT_SIZES);
	values[0] = TimestampTzGetDatum(since);
	pgmig_catalog_open(&rows, &query, values);
	while (pgmig_catalog_next(&rows))
	{
		MemoryContext old = MemoryContextSwitchTo(row_cxt);
		GuardedChange change;

		change.tag = pgmig_catalog_text(rows.row, 1);
		change.object_type = pgmig_catalog_text(rows.row, 2);
		change.identity = pgmig_catalog_text(rows.row, 3);
		change.statement = pgmig_catalog_text(rows.row, 4);
		change.description = pgmig_catalog_text(rows.row, 5);
		visit(&change, arg);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_cxt);
	}
	PopActiveSnapshot();
	pgmig_catalog_end(&access);
}

/* Add a body that is not what it should be. */
static void
add_changed(List **changed, const char *revision, bool downgrade,
			const char *expected, const char *found, bool applied)
{
	ChangedBody *body = palloc(sizeof(ChangedBody));

	body->revision = pstrdup(revision);
	body->downgrade = downgrade;
	body->expected = pstrdup(expected);
	body->found = pstrdup(found);
	body->applied = applied;
	*changed = lappend(*changed, body);
}

/* Check the body in the current row, in these columns. */
static void
check_body(List **changed, MemoryContext cxt, const CatalogRows *rows,
		   bool downgrade)
{
	char *sql = pgmig_catalog_text(rows->row, downgrade ? 5 : 3);
	char *recorded = pgmig_catalog_text(rows->row, downgrade ? 4 : 2);
	char actual[PGMIG_CHECKSUM_LENGTH + 1];
	MemoryContext old;

	if (sql == NULL)
		return;
	pgmig_body_checksum(sql, actual);
	if (strcmp(actual, recorded) == 0)
		return;
	old = MemoryContextSwitchTo(cxt);
	add_changed(changed,
				pgmig_catalog_text(rows->row, 1),
				downgrade,
				recorded,
				actual,
				false);
	MemoryContextSwitchTo(old);
}

/* Check the present row: what was applied, and both bodies. */
static void
check_row(List **changed, MemoryContext cxt, const CatalogRows *rows)
{
	char *recorded = pgmig_catalog_text(rows->row, 2);
	char *applied = pgmig_catalog_text(rows->row, 6);
	MemoryContext old;

	if (applied != NULL && strcmp(applied, recorded) != 0)
	{
		old = MemoryContextSwitchTo(cxt);
		add_changed(changed,
					pgmig_catalog_text(rows->row, 1),
					false,
					applied,
					recorded,
					true);
		MemoryContextSwitchTo(old);
	}
	check_body(changed, cxt, rows, false);
	check_body(changed, cxt, rows, true);
}

/*
 * The bodies (ChangedBody *) that are not what was loaded, or are not what
 * was applied in this scope.
 *
 * Reads all bodies, as of the active snapshot.
 */
List *
pgmig_catalog_changed_bodies(void)
{
	static CatalogQuery query = {
		.sql = "SELECT r.revision, r.upgrade_checksum, r.upgrade,"
			   " r.downgrade_checksum, r.downgrade, a.checksum"
			   " FROM pgmig.revision r LEFT JOIN pgmig.applied a"
			   " ON a.revision = r.revision AND a.scope = $1"
			   " ORDER BY r.load_order",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	List *changed = NIL;
	CatalogAccess access;
	CatalogRows rows;
	MemoryContext row_cxt;
	Datum values[1];

	pgmig_catalog_begin(&access);
	row_cxt = AllocSetContextCreate(CurrentMemoryContext,
									"pgmig body",
									ALLOCSET_DEFAULT_SIZES);
	values[0] = CStringGetTextDatum(pgmig_scope);
	pgmig_catalog_open(&rows, &query, values);
	while (pgmig_catalog_next(&rows))
	{
		MemoryContext old = MemoryContextSwitchTo(row_cxt);

		check_row(&changed, access.caller, &rows);
		MemoryContextSwitchTo(old);
		MemoryContextReset(row_cxt);
	}
	pgmig_catalog_end(&access);
	return changed;
}
