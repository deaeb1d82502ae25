/*-------------------------------------------------------------------------
 *
 * revision.c
 *	  Single revisions: read and remove.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"

static void
read_body(RevisionBody *body, uint64 row, int column)
{
	bool isnull;
	char *checksum;

	body->sql = pgmig_catalog_text(row, column);
	body->transactional =
		DatumGetBool(pgmig_catalog_datum(row, column + 1, &isnull));
	body->nstatements =
		DatumGetInt32(pgmig_catalog_datum(row, column + 2, &isnull));
	checksum = pgmig_catalog_text(row, column + 3);
	strlcpy(body->checksum,
			checksum == NULL ? "" : checksum,
			sizeof(body->checksum));
}

/*
 * The revision as stored, in the current memory context; NULL if there is
 * none of that id.
 *
 * Reads what is committed by now: a revision that the caller's graph has may
 * be gone unless the caller holds the lock.
 */
StoredRevision *
pgmig_catalog_read_revision(const char *revision)
{
	static CatalogQuery query = {
		.sql =
			"SELECT r.load_order, r.message, r.long_message, r.created_at,"
			" r.upgrade, r.upgrade_transactional, r.upgrade_statements,"
			" r.upgrade_checksum,"
			" r.downgrade, r.downgrade_transactional, r.downgrade_statements,"
			" r.downgrade_checksum,"
			" r.source, r.loaded_by, r.loaded_at, a.applied_at, a.checksum,"
			" ARRAY(SELECT p.parent FROM pgmig.revision_parent p"
			" WHERE p.revision = r.revision ORDER BY p.ordinal),"
			" ARRAY(SELECT d.declared FROM pgmig.revision_dependency d"
			" WHERE d.revision = r.revision ORDER BY d.ordinal),"
			" ARRAY(SELECT d.dependency FROM pgmig.revision_dependency d"
			" WHERE d.revision = r.revision ORDER BY d.ordinal),"
			" ARRAY(SELECT l.label FROM pgmig.branch_label l"
			" WHERE l.revision = r.revision ORDER BY l.ordinal),"
			" EXISTS (SELECT FROM pgmig.applied a"
			" WHERE a.revision = r.revision)"
			" FROM pgmig.revision r LEFT JOIN pgmig.applied a"
			" ON a.revision = r.revision AND a.scope = $2"
			" WHERE r.revision = $1",
		.nargs = 2,
		.argtypes = {TEXTOID, TEXTOID},
	};
	CatalogAccess access;
	Datum values[2];
	StoredRevision *stored;
	RevisionDocument *document;
	bool isnull;

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(revision);
	values[1] = CStringGetTextDatum(pgmig_scope);
	if (pgmig_catalog_execute(&query, values, NULL, false) == 0)
	{
		pgmig_catalog_end(&access);
		return NULL;
	}
	MemoryContextSwitchTo(access.caller);
	stored = palloc0(sizeof(StoredRevision));
	document = &stored->document;
	document->revision = pstrdup(revision);
	stored->load_order = DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
	document->message = pgmig_catalog_text(0, 2);
	document->long_message = pgmig_catalog_text(0, 3);
	document->created_at =
		DatumGetTimestampTz(pgmig_catalog_datum(0, 4, &isnull));
	document->has_created_at = !isnull;
	read_body(&document->upgrade, 0, 5);
	read_body(&document->downgrade, 0, 9);
	document->source = pgmig_catalog_text(0, 13);
	stored->loaded_by = pgmig_catalog_text(0, 14);
	stored->loaded_at =
		DatumGetTimestampTz(pgmig_catalog_datum(0, 15, &isnull));
	stored->applied_at =
		DatumGetTimestampTz(pgmig_catalog_datum(0, 16, &isnull));
	stored->applied = !isnull;
	stored->applied_checksum = pgmig_catalog_text(0, 17);
	document->parents = pgmig_catalog_text_list(0, 18);
	document->depends_on = pgmig_catalog_text_list(0, 19);
	stored->dependencies = pgmig_catalog_text_list(0, 20);
	document->labels = pgmig_catalog_text_list(0, 21);
	stored->applied_anywhere =
		DatumGetBool(pgmig_catalog_datum(0, 22, &isnull));
	pgmig_catalog_end(&access);
	return stored;
}

/*
 * Remove a revision.
 *
 * The caller has checked that it may go, and holds the lock.
 */
void
pgmig_catalog_remove(const char *revision)
{
	static CatalogQuery query = {
		.sql = "DELETE FROM pgmig.revision WHERE revision = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	CatalogAccess access;
	Datum values[1];

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(revision);
	pgmig_catalog_execute(&query, values, NULL, false);
	pgmig_catalog_end(&access);
}
