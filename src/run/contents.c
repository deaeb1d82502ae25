/*-------------------------------------------------------------------------
 *
 * contents.c
 *	  What tables and sequences hold.
 *
 * Rows of two points in time are compared by their number and by sums of
 * hashes, for each column and for whole rows, so that neither their order nor
 * that of the columns counts.  Tables are read as the caller; sequences, which
 * hold nothing secret, are read and put back whatever his rights.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/relation.h"
#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_class.h"
#include "commands/sequence.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "storage/bufmgr.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/memutils.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "run/contents.h"
#include "setting.h"

/*
 * So many columns are read at a time: a query can have no more than 1664 of
 * its own, and each takes two.
 */
#define COLUMNS_AT_ONCE 800

/* So many sequences are locked: locks are scarce. */
#define MAX_LOCKED_SEQUENCES 1000

static int
order_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/*
 * The query that reads a table: number of rows and hash of whole rows, then
 * number and hash of the values of some of the columns.
 *
 * Values count as they are printed, and are fetched once: OFFSET keeps the
 * subquery from being merged into the query.
 */
static char *
make_query(const SchemaObject *table, const List *columns, int first)
{
	StringInfoData all;
	StringInfoData each;
	StringInfoData hashes;
	ListCell *lc;

	initStringInfo(&all);
	initStringInfo(&each);
	initStringInfo(&hashes);
	foreach(lc, columns)
	{
		const char *column = quote_identifier(lfirst(lc));
		int number = foreach_current_index(lc);
		const char *comma = number > 0 ? ", " : "";

		appendStringInfo(&all, "%sh%d", comma, number);
		appendStringInfo(&hashes,
						 "%sCASE WHEN %s IS NOT NULL OR pg_catalog.num_nonnulls(%s) > 0 THEN"
						 " pg_catalog.hashtextextended(pg_catalog.concat(%s), 0) END AS h%d",
						 comma,
						 column,
						 column,
						 column,
						 number);
		if (number >= first && number < first + COLUMNS_AT_ONCE)
			appendStringInfo(&each,
							 ", pg_catalog.count(h%d)::text,"
							 " pg_catalog.sum(h%d)::text",
							 number,
							 number);
	}
	return psprintf("SELECT pg_catalog.count(*)::text,"
					" pg_catalog.sum(pg_catalog.hashtextextended((ARRAY[%s]::pg_catalog.int8[])::text, 0))::text%s"
					" FROM (SELECT %s FROM ONLY %s OFFSET 0) t",
					all.data,
					each.data,
					hashes.data,
					table->identity);
}

static char *
get_value(int column)
{
	char *value =
		SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);

	return value == NULL ? "" : value;
}

/*
 * Is a table gone, or has it no rows, as its file tells?  Otherwise it is kept
 * from being dropped.
 */
static bool
is_empty(const SchemaObject *object)
{
	Relation table =
		try_relation_open(object->address.objectId, AccessShareLock);
	bool empty;

	if (table == NULL)
		return true;
	empty = RelationGetNumberOfBlocks(table) == 0;
	relation_close(table, empty ? AccessShareLock : NoLock);
	return empty;
}

/* Say which table could not be read. */
static void
read_error_callback(void *arg)
{
	const TableContents *table = arg;

	if (geterrcode() == ERRCODE_INSUFFICIENT_PRIVILEGE)
		errhint(
			"A rehearsal compares the rows of all tables: let a role call it that may read them.");
	errcontext("while the rows of table %s are compared", table->identity);
}

/* Read a table; of its columns, so many from the first of these on. */
static void
read_table(TableContents *table, const SchemaObject *object,
		   const List *columns, int first, MemoryContext cxt)
{
	int number = 3;
	int code;

	SPI_connect();
	code = SPI_execute(make_query(object, columns, first), true, 1);
	if (code != SPI_OK_SELECT || SPI_processed != 1)
		elog(ERROR,
			 "could not read table %s: %s",
			 table->identity,
			 SPI_result_code_string(code));
	MemoryContextSwitchTo(cxt);
	table->rows = pstrdup(get_value(1));
	table->hash = pstrdup(get_value(2));
	for (int i = first; i < Min(first + COLUMNS_AT_ONCE, list_length(columns));
		 i++)
	{
		ColumnContents *column = palloc(sizeof(ColumnContents));

		column->name = list_nth(columns, i);
		column->values = pstrdup(get_value(number++));
		column->hash = pstrdup(get_value(number++));
		table->columns = lappend(table->columns, column);
	}
	SPI_finish();
	MemoryContextSwitchTo(cxt);
}

/* The contents of a table without rows. */
static void
set_empty(TableContents *table, const List *columns)
{
	ListCell *lc;

	table->rows = "0";
	table->hash = "";
	foreach(lc, columns)
	{
		ColumnContents *column = palloc(sizeof(ColumnContents));

		column->name = lfirst(lc);
		column->values = "0";
		column->hash = "";
		table->columns = lappend(table->columns, column);
	}
}

static TableContents *
get_contents(const SchemaObject *object)
{
	TableContents *table = palloc0(sizeof(TableContents));
	List *columns = pgmig_schema_texts(object, "columns");
	ErrorContextCallback callback;
	int first = 0;

	table->identity = object->identity;
	list_sort(columns, order_names);
	if (is_empty(object))
	{
		set_empty(table, columns);
		return table;
	}
	callback.callback = read_error_callback;
	callback.arg = table;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	do
	{
		read_table(table, object, columns, first, CurrentMemoryContext);
		first += COLUMNS_AT_ONCE;
	} while (first < list_length(columns));
	error_context_stack = callback.previous;
	return table;
}

/* Is an object one that has rows of its own? */
static bool
has_rows(const SchemaObject *object)
{
	const char *kind = pgmig_schema_kind_name(object->kind);

	if (strcmp(kind, "materialized view") == 0)
		return true;
	return strcmp(kind, "table") == 0 &&
		   pgmig_schema_property(object, "partition_key") == NULL;
}

/*
 * Read the rows of all tables and materialized views of a snapshot that was
 * just taken.  Returns TableContents *, in the current memory context.
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
	pgmig_set_option("extra_float_digits", "1", GUC_ACTION_SAVE);
	pgmig_set_option("DateStyle", "ISO, MDY", GUC_ACTION_SAVE);
	pgmig_set_option("IntervalStyle", "postgres", GUC_ACTION_SAVE);
	pgmig_catalog_push_snapshot();
	for (int i = 0; i < snapshot->count; i++)
	{
		SchemaObject *object = snapshot->objects[i];

		if (!has_rows(object))
			continue;
		CHECK_FOR_INTERRUPTS();
		tables = lappend(tables, get_contents(object));
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

/*
 * Read a sequence.  Returns false if it is gone.
 */
static bool
read_sequence(SequenceContents *sequence)
{
	Relation relation = try_relation_open(sequence->oid, AccessShareLock);
	Form_pg_sequence_data data;
	HeapTupleHeader tuple;
	Buffer buffer;
	Page page;

	if (relation == NULL)
		return false;
	buffer = ReadBuffer(relation, 0);
	LockBuffer(buffer, BUFFER_LOCK_SHARE);
	page = BufferGetPage(buffer);
	tuple =
		(HeapTupleHeader) PageGetItem(page,
									  PageGetItemId(page, FirstOffsetNumber));
	data = (Form_pg_sequence_data) ((char *) tuple + tuple->t_hoff);
	sequence->last_value = data->last_value;
	sequence->is_called = data->is_called;
	UnlockReleaseBuffer(buffer);
	relation_close(relation, AccessShareLock);
	return true;
}

/* The OIDs of all sequences of this database and session. */
static List *
find_sequences(void)
{
	Relation classes = table_open(RelationRelationId, AccessShareLock);
	SysScanDesc scan =
		systable_beginscan(classes, InvalidOid, false, NULL, 0, NULL);
	List *oids = NIL;
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_class form = (Form_pg_class) GETSTRUCT(tuple);

		if (form->relkind == RELKIND_SEQUENCE &&
			!isOtherTempNamespace(form->relnamespace))
			oids = lappend_oid(oids, form->oid);
	}
	systable_endscan(scan);
	table_close(classes, AccessShareLock);
	return oids;
}

/*
 * Read all sequences as of now (SequenceContents *), in the current memory
 * context.
 *
 * With lock, keep other sessions from drawing from them, but for those that
 * some session draws from in a transaction that is open.
 */
List *
pgmig_run_read_sequences(bool lock)
{
	List *sequences = NIL;
	ListCell *lc;

	foreach(lc, find_sequences())
	{
		SequenceContents *sequence = palloc0(sizeof(SequenceContents));

		CHECK_FOR_INTERRUPTS();
		sequence->oid = lfirst_oid(lc);
		sequence->locked =
			lock && foreach_current_index(lc) < MAX_LOCKED_SEQUENCES &&
			ConditionalLockRelationOid(sequence->oid, ShareRowExclusiveLock);
		if (read_sequence(sequence))
			sequences = lappend(sequences, sequence);
	}
	return sequences;
}

/*
 * Read the sequences of a snapshot that was just taken (SequenceContents *), in
 * its order.
 */
List *
pgmig_run_read_values(const SchemaSnapshot *snapshot)
{
	List *values = NIL;

	for (int i = 0; i < snapshot->count; i++)
	{
		SchemaObject *object = snapshot->objects[i];
		const SchemaProperty *increment;
		SequenceContents *sequence;

		if (strcmp(pgmig_schema_kind_name(object->kind), "sequence") != 0)
			continue;
		increment = pgmig_schema_property(object, "increment");
		sequence = palloc0(sizeof(SequenceContents));
		sequence->oid = object->address.objectId;
		sequence->identity = object->identity;
		sequence->is_descending =
			increment != NULL &&
			pgmig_schema_value_text(&increment->value)[0] == '-';
		if (read_sequence(sequence))
			values = lappend(values, sequence);
	}
	return values;
}

/*
 * The value of a sequence among those that pgmig_run_read_values() has read, or
 * NULL.
 */
SequenceContents *
pgmig_run_find_value(const List *values, const char *identity)
{
	int low = 0;
	int high = list_length(values);

	while (low < high)
	{
		int middle = (low + high) / 2;
		SequenceContents *sequence = list_nth(values, middle);
		int order = strcmp(identity, sequence->identity);

		if (order == 0)
			return sequence;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return NULL;
}

/*
 * Set a sequence back.
 *
 * With every right: who may draw from a sequence, or call what does, need not
 * be allowed to set it, nor need its owner.
 */
static void
set_sequence(const SequenceContents *sequence)
{
	Oid userid;
	int sec_context;

	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID,
						   sec_context | SECURITY_LOCAL_USERID_CHANGE);
	(void) DirectFunctionCall3(setval3_oid,
							   ObjectIdGetDatum(sequence->oid),
							   Int64GetDatum(sequence->last_value),
							   BoolGetDatum(sequence->is_called));
	SetUserIdAndSecContext(userid, sec_context);
}

/* May another session have drawn from a sequence, which was there before? */
static bool
is_shared(const SequenceContents *sequence, const List *before)
{
	ListCell *lc;

	foreach(lc, before)
	{
		SequenceContents *other = lfirst(lc);

		if (other->oid == sequence->oid)
			return !other->locked;
	}
	return false;
}

/*
 * Put sequences back to what they held, but for those that other sessions may
 * draw from: the ones that were there before and are not locked.  Returns how
 * many of them hold something else now.  With unlock, the others are unlocked.
 */
int
pgmig_run_restore_sequences(const List *sequences, const List *before,
							bool unlock)
{
	int left = 0;
	ListCell *lc;

	foreach(lc, sequences)
	{
		SequenceContents *sequence = lfirst(lc);
		SequenceContents now = *sequence;

		if (read_sequence(&now) && (now.last_value != sequence->last_value ||
									now.is_called != sequence->is_called))
		{
			if (is_shared(sequence, before))
				left++;
			else
				set_sequence(sequence);
		}
		if (unlock && sequence->locked)
			UnlockRelationOid(sequence->oid, ShareRowExclusiveLock);
	}
	return left;
}
