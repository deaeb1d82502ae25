/*-------------------------------------------------------------------------
 *
 * contents.c
 *	  What tables and sequences hold.
 *
 * Rows of two points in time are compared by their number and by sums of
 * hashes, for each column and for whole rows, so that neither their order nor
 * that of the columns counts.  Everything is read as the caller.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "run/contents.h"
#include "setting.h"

/* Texts of an array property of an object, NIL if it has none. */
static List *
get_list(const SchemaObject *object, const char *name)
{
	const SchemaProperty *property = pgmig_schema_property(object, name);
	List *result = NIL;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (property == NULL)
		return NIL;
	iterator = JsonbIteratorInit(property->value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			result = lappend(result, pgmig_schema_value_text(&value));
	return result;
}

static int
order_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* The query that reads a table: number of rows, then hashes. */
static char *
make_query(const SchemaObject *table, const List *columns)
{
	StringInfoData all;
	StringInfoData each;
	ListCell *lc;

	initStringInfo(&all);
	initStringInfo(&each);
	foreach(lc, columns)
	{
		const char *column = quote_identifier(lfirst(lc));

		appendStringInfo(&all, "%s%s", all.len > 0 ? ", " : "", column);
		appendStringInfo(&each,
						 ", pg_catalog.count(%s)::text,"
						 " pg_catalog.sum(pg_catalog.hashtextextended((ROW(%s))::text, 0))::text",
						 column,
						 column);
	}
	return psprintf("SELECT pg_catalog.count(*)::text,"
					" pg_catalog.sum(pg_catalog.hashtextextended((ROW(%s))::text, 0))::text%s"
					" FROM ONLY %s",
					all.data,
					each.data,
					table->identity);
}

static char *
get_value(int column)
{
	char *value =
		SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);

	return value == NULL ? "" : value;
}

/* Has a table no rows, as its file tells? */
static bool
is_empty(const SchemaObject *object)
{
	Relation table = relation_open(object->address.objectId, AccessShareLock);
	bool empty = RelationGetNumberOfBlocks(table) == 0;

	relation_close(table, AccessShareLock);
	return empty;
}

static void
read_table(TableContents *table, const char *query, const List *columns,
		   MemoryContext cxt)
{
	int number = 3;
	ListCell *lc;
	int code;

	SPI_connect();
	code = SPI_execute(query, true, 1);
	if (code != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR,
			 "could not read table %s: %s",
			 table->identity,
			 SPI_result_code_string(code));
	MemoryContextSwitchTo(cxt);
	table->rows = pstrdup(get_value(1));
	table->hash = pstrdup(get_value(2));
	foreach(lc, columns)
	{
		ColumnContents *column = palloc(sizeof(ColumnContents));

		column->name = lfirst(lc);
		column->values = pstrdup(get_value(number++));
		column->hash = pstrdup(get_value(number++));
		table->columns = lappend(table->columns, column);
	}
	SPI_finish();
	MemoryContextSwitchTo(cxt);
}

/*
 * Read the rows of all tables of a snapshot that was just taken.  Returns
 * TableContents * of those that have rows, in the current memory context.
 *
 * Errors are those of reading a table, such as 42501.
 */
List *
pgmig_run_read_contents(const SchemaSnapshot *snapshot)
{
	int guc_level = NewGUCNestLevel();
	List *tables = NIL;

	RestrictSearchPath();
	pgmig_set_option("row_security", "off", GUC_ACTION_SAVE);
	pgmig_catalog_push_snapshot();
	for (int i = 0; i < snapshot->count; i++)
	{
		SchemaObject *object = snapshot->objects[i];
		TableContents *table;
		List *columns;

		if (strcmp(pgmig_schema_kind_name(object->kind), "table") != 0 ||
			pgmig_schema_property(object, "partition_key") != NULL)
			continue;
		CHECK_FOR_INTERRUPTS();
		if (is_empty(object))
			continue;
		columns = get_list(object, "columns");
		list_sort(columns, order_names);
		table = palloc0(sizeof(TableContents));
		table->identity = object->identity;
		read_table(table,
				   make_query(object, columns),
				   columns,
				   CurrentMemoryContext);
		if (strcmp(table->rows, "0") != 0)
			tables = lappend(tables, table);
	}
	PopActiveSnapshot();
	AtEOXact_GUC(false, guc_level);
	return tables;
}

/* The contents of a table, or NULL. */
TableContents *
pgmig_run_find_table(const List *tables, const char *identity)
{
	ListCell *lc;

	foreach(lc, tables)
	{
		TableContents *table = lfirst(lc);

		if (strcmp(table->identity, identity) == 0)
			return table;
	}
	return NULL;
}

/* Those of a column, or NULL. */
ColumnContents *
pgmig_run_find_column(const TableContents *table, const char *name)
{
	ListCell *lc;

	foreach(lc, table->columns)
	{
		ColumnContents *column = lfirst(lc);

		if (strcmp(column->name, name) == 0)
			return column;
	}
	return NULL;
}

/* Read a sequence.  Returns false if there is none. */
static bool
read_sequence(SequenceContents *sequence)
{
	const char *query =
		psprintf("SELECT last_value, is_called FROM %s", sequence->identity);
	bool isnull;

	if (SPI_execute(query, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
		return false;
	sequence->last_value = DatumGetInt64(SPI_getbinval(SPI_tuptable->vals[0],
													   SPI_tuptable->tupdesc,
													   1,
													   &isnull));
	sequence->is_called = DatumGetBool(SPI_getbinval(SPI_tuptable->vals[0],
													 SPI_tuptable->tupdesc,
													 2,
													 &isnull));
	return true;
}

/*
 * Read all sequences of a snapshot of now (SequenceContents *).
 */
List *
pgmig_run_read_sequences(const SchemaSnapshot *snapshot)
{
	MemoryContext cxt = CurrentMemoryContext;
	List *sequences = NIL;

	pgmig_catalog_push_snapshot();
	for (int i = 0; i < snapshot->count; i++)
	{
		const SchemaObject *object = snapshot->objects[i];
		SequenceContents *sequence;

		if (strcmp(pgmig_schema_kind_name(object->kind), "sequence") != 0)
			continue;
		sequence = palloc0(sizeof(SequenceContents));
		sequence->identity = object->identity;
		SPI_connect();
		if (read_sequence(sequence))
		{
			MemoryContextSwitchTo(cxt);
			sequences = lappend(sequences, sequence);
		}
		SPI_finish();
		MemoryContextSwitchTo(cxt);
	}
	PopActiveSnapshot();
	return sequences;
}

/*
 * Put sequences back to what they held.  With only_count, leave them and
 * return how many are not what they were.
 */
int
pgmig_run_restore_sequences(const List *sequences, bool only_count)
{
	Oid types[] = {TEXTOID, INT8OID, BOOLOID};
	int changed = 0;
	ListCell *lc;

	pgmig_catalog_push_snapshot();
	foreach(lc, sequences)
	{
		SequenceContents *before = lfirst(lc);
		SequenceContents now = *before;
		Datum values[3];

		SPI_connect();
		if (read_sequence(&now) && (now.last_value != before->last_value ||
									now.is_called != before->is_called))
		{
			changed++;
			values[0] = CStringGetTextDatum(before->identity);
			values[1] = Int64GetDatum(before->last_value);
			values[2] = BoolGetDatum(before->is_called);
			if (!only_count)
				SPI_execute_with_args("SELECT pg_catalog.setval($1::regclass, $2, $3)",
									  lengthof(types),
									  types,
									  values,
									  NULL,
									  false,
									  1);
		}
		SPI_finish();
	}
	PopActiveSnapshot();
	return changed;
}
