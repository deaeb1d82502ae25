/*-------------------------------------------------------------------------
 *
 * import_write.c
 *	  Loading revisions and their edges: the rows.
 *
 * Revisions are written one by one, edges and labels of all of them together,
 * so that parents may come in any order and labels may change hands.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "catalog/import_internal.h"
#include "errors.h"

static Datum
text_or_null(const char *value, char *null)
{
	*null = value == NULL ? 'n' : ' ';
	return value == NULL ? (Datum) 0 : CStringGetTextDatum(value);
}

static int64
next_load_order(void)
{
	static CatalogQuery query = {
		.sql = "SELECT coalesce(max(load_order), 0) + 1 FROM pgmig.revision",
	};
	bool isnull;

	pgmig_catalog_execute(&query, NULL, NULL, false);
	return DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
}

#define REVISION_VALUES 15

/*
 * Add a revision, or replace the one of that id, which keeps its place in load
 * order.
 */
static void
write_revision(const PendingRevision *pending, int64 load_order)
{
	static CatalogQuery query = {
		.sql =
			"INSERT INTO pgmig.revision AS r (revision, message, long_message,"
			" created_at, upgrade, upgrade_transactional, upgrade_statements,"
			" upgrade_checksum, downgrade, downgrade_transactional,"
			" downgrade_statements, downgrade_checksum, source, has_children,"
			" load_order)"
			" VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13,"
			" $14, $15)"
			" ON CONFLICT (revision) DO UPDATE SET message = $2,"
			" long_message = $3, created_at = $4, upgrade = $5,"
			" upgrade_transactional = $6, upgrade_statements = $7,"
			" upgrade_checksum = $8, downgrade = $9,"
			" downgrade_transactional = $10, downgrade_statements = $11,"
			" downgrade_checksum = $12, source = $13,"
			" has_children = r.has_children OR $14,"
			" loaded_by = session_user, loaded_at = now()",
		.nargs = REVISION_VALUES,
		.argtypes = {TEXTOID,
					 TEXTOID,
					 TEXTOID,
					 TIMESTAMPTZOID,
					 TEXTOID,
					 BOOLOID,
					 INT4OID,
					 TEXTOID,
					 TEXTOID,
					 BOOLOID,
					 INT4OID,
					 TEXTOID,
					 TEXTOID,
					 BOOLOID,
					 INT8OID},
	};
	const RevisionDocument *document = pending->document;
	const RevisionBody *up = &document->upgrade;
	const RevisionBody *down = &document->downgrade;
	Datum values[REVISION_VALUES];
	char nulls[REVISION_VALUES];

	memset(nulls, ' ', sizeof(nulls));
	values[0] = CStringGetTextDatum(document->revision);
	values[1] = CStringGetTextDatum(document->message);
	values[2] = text_or_null(document->long_message, &nulls[2]);
	values[3] = TimestampTzGetDatum(document->created_at);
	if (!document->has_created_at)
		nulls[3] = 'n';
	values[4] = CStringGetTextDatum(up->sql);
	values[5] = BoolGetDatum(up->transactional);
	values[6] = Int32GetDatum(up->nstatements);
	values[7] = CStringGetTextDatum(up->checksum);
	values[8] = text_or_null(down->sql, &nulls[8]);
	values[9] = BoolGetDatum(down->sql == NULL || down->transactional);
	values[10] = Int32GetDatum(down->nstatements);
	values[11] = CStringGetTextDatum(down->checksum);
	if (down->sql == NULL)
		nulls[10] = nulls[11] = 'n';
	values[12] = text_or_null(document->source, &nulls[12]);
	values[13] = BoolGetDatum(pending->has_children);
	values[14] = Int64GetDatum(load_order);
	pgmig_catalog_execute(&query, values, nulls, false);
}

/* Drop the edges and labels of a revision that is loaded anew. */
static void
delete_edges(const char *revision)
{
	static CatalogQuery queries[] = {
		{.sql = "DELETE FROM pgmig.revision_parent WHERE revision = $1",
		 .nargs = 1,
		 .argtypes = {TEXTOID}},
		{.sql = "DELETE FROM pgmig.revision_dependency WHERE revision = $1",
		 .nargs = 1,
		 .argtypes = {TEXTOID}},
		{.sql = "DELETE FROM pgmig.branch_label WHERE revision = $1",
		 .nargs = 1,
		 .argtypes = {TEXTOID}},
	};
	Datum values[1];

	values[0] = CStringGetTextDatum(revision);
	for (int i = 0; i < lengthof(queries); i++)
		pgmig_catalog_execute(&queries[i], values, NULL, false);
}

/* Columns of rows to insert, each with the ordinal of its second column. */
typedef struct EdgeRows
{
	List *first;    /* of char * */
	List *ordinals; /* of int */
	List *second;   /* of char * */
	List *third;    /* of char *, or NIL */
} EdgeRows;

static void
collect_edges(EdgeRows *rows, const char *revision, List *names,
			  List *declared)
{
	int ordinal = 0;
	ListCell *lc;

	foreach(lc, names)
	{
		rows->first = lappend(rows->first, unconstify(char *, revision));
		rows->second = lappend(rows->second, lfirst(lc));
		rows->ordinals = lappend_int(rows->ordinals, ++ordinal);
		if (declared != NIL)
			rows->third =
				lappend(rows->third, list_nth(declared, ordinal - 1));
	}
}

static Datum
integer_array(List *integers)
{
	Datum *elements = palloc(sizeof(Datum) * Max(list_length(integers), 1));
	int count = 0;
	ListCell *lc;

	foreach(lc, integers)
		elements[count++] = Int32GetDatum(lfirst_int(lc));
	return pgmig_catalog_array(elements, count, INT4OID);
}

static void
write_edges(List *pendings)
{
	static CatalogQuery insert_parents = {
		.sql = "INSERT INTO pgmig.revision_parent (revision, ordinal, parent)"
			   " SELECT * FROM unnest($1, $2, $3)",
		.nargs = 3,
		.argtypes = {TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID},
	};
	static CatalogQuery insert_dependencies = {
		.sql = "INSERT INTO pgmig.revision_dependency"
			   " (revision, ordinal, dependency, declared)"
			   " SELECT * FROM unnest($1, $2, $3, $4)",
		.nargs = 4,
		.argtypes = {TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TEXTARRAYOID},
	};
	static CatalogQuery insert_labels = {
		.sql = "INSERT INTO pgmig.branch_label (revision, ordinal, label)"
			   " SELECT * FROM unnest($1, $2, $3)",
		.nargs = 3,
		.argtypes = {TEXTARRAYOID, INT4ARRAYOID, TEXTARRAYOID},
	};
	CatalogQuery *queries[] = {&insert_parents,
							   &insert_dependencies,
							   &insert_labels};
	EdgeRows rows[3] = {0};
	ListCell *lc;

	foreach(lc, pendings)
	{
		PendingRevision *pending = lfirst(lc);
		RevisionDocument *document = pending->document;

		if (pending->action == IMPORT_UNCHANGED)
			continue;
		collect_edges(&rows[0], document->revision, document->parents, NIL);
		collect_edges(&rows[1],
					  document->revision,
					  pending->dependencies,
					  document->depends_on);
		collect_edges(&rows[2], document->revision, document->labels, NIL);
	}
	for (int i = 0; i < lengthof(queries); i++)
	{
		Datum values[4];

		if (rows[i].first == NIL)
			continue;
		values[0] = pgmig_catalog_text_array(rows[i].first);
		values[1] = integer_array(rows[i].ordinals);
		values[2] = pgmig_catalog_text_array(rows[i].second);
		values[3] = pgmig_catalog_text_array(rows[i].third);
		pgmig_catalog_execute(queries[i], values, NULL, false);
	}
}

/*
 * Write the edges.  The trigger that finds a cycle does not know of documents:
 * its error gets the context of a load.
 */
static void
write_acyclic_edges(List *pendings)
{
	MemoryContext cxt = CurrentMemoryContext;

	PG_TRY();
	{
		write_edges(pendings);
	}
	PG_CATCH();
	{
		const char *source =
			((PendingRevision *) linitial(pendings))->document->source;
		ErrorData *error;
		const char *rest;

		if (geterrcode() != ERRCODE_PGMIG_CYCLE)
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		/* The innermost line is our own statement. */
		rest = error->context == NULL ? NULL : strchr(error->context, '\n');
		error->context = psprintf("revision document%s%s%s%s",
								  source == NULL ? "" : " \"",
								  source == NULL ? "" : source,
								  source == NULL ? "" : "\"",
								  rest == NULL ? "" : rest);
		ReThrowError(error);
	}
	PG_END_TRY();
}

/*
 * Write what has changed.  Runs in the middle of a visit, after all checks.
 */
void
pgmig_catalog_write_documents(List *pendings)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig revision",
											  ALLOCSET_DEFAULT_SIZES);
	int64 load_order = next_load_order();
	ListCell *lc;

	foreach(lc, pendings)
	{
		PendingRevision *pending = lfirst(lc);
		MemoryContext old;

		CHECK_FOR_INTERRUPTS();
		if (pending->action == IMPORT_UNCHANGED)
			continue;
		old = MemoryContextSwitchTo(cxt);
		if (pending->action == IMPORT_REPLACED)
			delete_edges(pending->document->revision);
		write_revision(pending, load_order);
		if (pending->action == IMPORT_ADDED)
			load_order++;
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	MemoryContextDelete(cxt);
	write_acyclic_edges(pendings);
}
