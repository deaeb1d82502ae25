/*-------------------------------------------------------------------------
 *
 * guard.c
 *	  What the guard is set to, and its log: pgmig.guard, guard_log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"

#include "catalog/pgmig_catalog.h"

/* So much of a statement is kept, in bytes. */
#define STATEMENT_LENGTH 8000

/*
 * The mode that is recorded now, whatever the snapshot of the transaction.
 */
char *
pgmig_catalog_read_guard(void)
{
	static CatalogQuery query = {.sql = "SELECT mode FROM pgmig.guard"};
	CatalogAccess access;
	char *mode = "off";

	pgmig_catalog_begin(&access);
	pgmig_catalog_push_snapshot();
	if (pgmig_catalog_execute(&query, NULL, NULL, true) > 0)
	{
		MemoryContextSwitchTo(access.caller);
		mode = pgmig_catalog_text(0, 1);
	}
	PopActiveSnapshot();
	pgmig_catalog_end(&access);
	return mode;
}

/*
 * Record the mode.
 *
 * Who does so waits for others who have, to the end of their transaction.
 */
void
pgmig_catalog_write_guard(const char *mode)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.guard (mode) VALUES ($1)"
			   " ON CONFLICT (only_row) DO UPDATE SET mode = excluded.mode,"
			   " set_by = excluded.set_by, set_at = excluded.set_at",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	CatalogAccess access;
	Datum values[1];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(mode);
	pgmig_catalog_execute(&query, values, NULL, false);
	pgmig_catalog_end(&access);
}

/*
 * Have the sequence go on above what there is: logical replication brings
 * rows and no sequence.
 */
static void
advance_sequence(void)
{
	static CatalogQuery query = {
		.sql = "SELECT pg_catalog.setval('pgmig.guard_log_id_seq', l.id)"
			   " FROM (SELECT max(id) AS id FROM pgmig.guard_log) l,"
			   " pgmig.guard_log_id_seq s"
			   " WHERE l.id >= s.last_value + s.is_called::pg_catalog.int4",
	};

	pgmig_catalog_execute(&query, NULL, NULL, false);
}

/* What the client sent, as far as it is kept. */
static Datum
statement_text(char *isnull)
{
	int length;

	if (debug_query_string == NULL)
	{
		*isnull = 'n';
		return (Datum) 0;
	}
	length = strlen(debug_query_string);
	length = pg_mbcliplen(debug_query_string, length, STATEMENT_LENGTH);
	return PointerGetDatum(
		cstring_to_text_with_len(debug_query_string, length));
}

/* A row, about one object. */
static void
log_object(const char *role, const GuardedObject *object, bool has_secret)
{
	static CatalogQuery query = {
		.sql = "INSERT INTO pgmig.guard_log"
			   " (role, tag, object_type, identity, statement)"
			   " VALUES ($1, $2, $3, $4, $5)",
		.nargs = 5,
		.argtypes = {TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID},
	};
	Datum values[5];
	char nulls[5] = {' ', ' ', ' ', ' ', ' '};

	values[0] = CStringGetTextDatum(role);
	values[1] = CStringGetTextDatum(object->tag);
	if (object->object_type == NULL)
		nulls[2] = 'n';
	else
		values[2] = CStringGetTextDatum(object->object_type);
	if (object->identity == NULL)
		nulls[3] = 'n';
	else
		values[3] = CStringGetTextDatum(object->identity);
	if (has_secret)
		nulls[4] = 'n';
	else
		values[4] = statement_text(&nulls[4]);
	pgmig_catalog_execute(&query, values, nulls, false);
}

/*
 * Add to the log what the caller's statement did to these objects
 * (GuardedObject *).
 *
 * has_secret says that its text may hold a password, and is not to be kept.
 */
void
pgmig_catalog_log_guarded(List *objects, bool has_secret)
{
	CatalogAccess access;
	ListCell *lc;
	char *role;

	pgmig_catalog_begin(&access);
	role = GetUserNameFromId(access.userid, false);
	advance_sequence();
	foreach(lc, objects)
		log_object(role, lfirst(lc), has_secret);
	pgmig_catalog_end(&access);
}
