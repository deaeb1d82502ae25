/*-------------------------------------------------------------------------
 *
 * applied.c
 *	  What is applied.
 *
 * Only runs write here, one at a time, see exclusion.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/heapam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/tableam.h"
#include "access/xact.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "executor/executor.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "errors.h"

/* Columns, in the order of the install script */
#define ANUM_APPLIED_SCOPE 1
#define ANUM_APPLIED_REVISION 2
#define ANUM_APPLIED_RUN 3
#define ANUM_APPLIED_APPLIED_AT 4
#define ANUM_APPLIED_CHECKSUM 5
#define NATTS_APPLIED 5

#define ANUM_UNFINISHED_SCOPE 1

#define ANUM_REVISION_REVISION 1
#define ANUM_REVISION_UPGRADE 6
#define ANUM_REVISION_UPGRADE_CHECKSUM 9
#define ANUM_REVISION_DOWNGRADE 10
#define ANUM_REVISION_DOWNGRADE_CHECKSUM 13

static Relation
open_table(const char *name, LOCKMODE lockmode)
{
	Oid schema = get_rel_namespace(pgmig_catalog_hold());

	return table_open(get_relname_relid(name, schema), lockmode);
}

/*
 * Scan by the primary key, of which one or two columns are given, for what is
 * committed or done by now.
 */
static SysScanDesc
begin_key_scan(Relation table, ScanKey keys, int nkeys)
{
	return systable_beginscan(table,
							  RelationGetPrimaryKeyIndex(table, false),
							  true,
							  NULL,
							  nkeys,
							  keys);
}

static SysScanDesc
begin_applied_scan(Relation applied, const char *revision)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0],
				ANUM_APPLIED_REVISION,
				BTEqualStrategyNumber,
				F_TEXTEQ,
				CStringGetTextDatum(revision));
	ScanKeyInit(&keys[1],
				ANUM_APPLIED_SCOPE,
				BTEqualStrategyNumber,
				F_TEXTEQ,
				CStringGetTextDatum(pgmig_scope));
	return begin_key_scan(applied, keys, lengthof(keys));
}

/* A text column of a row, NULL for a null, in the current memory context. */
static char *
get_text(HeapTuple tuple, int column, Relation table)
{
	bool isnull;
	Datum value =
		heap_getattr(tuple, column, RelationGetDescr(table), &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/* Store a row, with its index entries. */
static void
insert_row(Relation table, TupleTableSlot *slot)
{
	EState *estate = CreateExecutorState();
	ResultRelInfo *result = makeNode(ResultRelInfo);

	InitResultRelInfo(result, table, 0, NULL, 0);
	ExecOpenIndices(result, false);
	ExecConstraints(result, slot, estate);
	simple_table_tuple_insert(table, slot);
	if (result->ri_NumIndices > 0)
		(void) ExecInsertIndexTuples(result, estate, 0, slot, NIL, NULL);
	ExecCloseIndices(result);
	FreeExecutorState(estate);
}

/*
 * Add a revision to what is applied in this scope.
 *
 * checksum is that of the body that was run.  A step is to cost little, so
 * this does without a plan and without triggers: the caller follows a plan of
 * its own, which keeps the applied set closed, and holds the lock.
 */
void
pgmig_catalog_apply(int64 run, const char *revision, const char *checksum)
{
	Relation applied = open_table("applied", RowExclusiveLock);
	TupleTableSlot *slot = table_slot_create(applied, NULL);
	Datum *values = slot->tts_values;

	pgmig_catalog_note_change(applied);
	/* A later version of the extension may have more columns. */
	for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++)
		slot->tts_isnull[i] = i >= NATTS_APPLIED;
	values[ANUM_APPLIED_SCOPE - 1] = CStringGetTextDatum(pgmig_scope);
	values[ANUM_APPLIED_REVISION - 1] = CStringGetTextDatum(revision);
	values[ANUM_APPLIED_RUN - 1] = Int64GetDatum(run);
	values[ANUM_APPLIED_APPLIED_AT - 1] =
		TimestampTzGetDatum(GetCurrentTimestamp());
	values[ANUM_APPLIED_CHECKSUM - 1] = CStringGetTextDatum(checksum);
	ExecStoreVirtualTuple(slot);
	insert_row(applied, slot);
	ExecDropSingleTupleTableSlot(slot);
	table_close(applied, NoLock);
	CommandCounterIncrement();
}

/*
 * Take a revision from what is applied in this scope, likewise.
 */
void
pgmig_catalog_unapply(const char *revision)
{
	Relation applied = open_table("applied", RowExclusiveLock);
	SysScanDesc scan = begin_applied_scan(applied, revision);
	HeapTuple tuple = systable_getnext(scan);

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "revision \"%s\" is not applied", revision);
	pgmig_catalog_note_change(applied);
	simple_heap_delete(applied, &tuple->t_self);
	systable_endscan(scan);
	table_close(applied, NoLock);
	CommandCounterIncrement();
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
	pgmig_catalog_execute(&remove_query, values, NULL, false);
	values[1] = pgmig_catalog_text_array(add);
	values[2] = Int64GetDatum(run);
	pgmig_catalog_execute(IsolationUsesXactSnapshot() ? &locking_add_query
													  : &add_query,
						  values,
						  NULL,
						  false);
	pgmig_catalog_end(&access);
#undef ADD_QUERY
}

/* The checksum with which a revision is applied in this scope, or NULL. */
static char *
read_applied_checksum(const char *revision)
{
	Relation applied = open_table("applied", AccessShareLock);
	SysScanDesc scan = begin_applied_scan(applied, revision);
	HeapTuple tuple = systable_getnext(scan);
	char *checksum = NULL;

	if (HeapTupleIsValid(tuple))
		checksum = get_text(tuple, ANUM_APPLIED_CHECKSUM, applied);
	systable_endscan(scan);
	table_close(applied, AccessShareLock);
	return checksum;
}

/* Is a revision half-done in this scope? */
static bool
is_any_unfinished(void)
{
	Relation unfinished = open_table("unfinished", AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool found;

	ScanKeyInit(&key,
				ANUM_UNFINISHED_SCOPE,
				BTEqualStrategyNumber,
				F_TEXTEQ,
				CStringGetTextDatum(pgmig_scope));
	scan = begin_key_scan(unfinished, &key, 1);
	found = HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(unfinished, AccessShareLock);
	return found;
}

/*
 * Is there a revision of that id, applied in this scope, and nothing half-done
 * there?  To be answered early in a session, and so without a plan.
 */
bool
pgmig_catalog_is_applied(const char *revision)
{
	return !is_any_unfinished() && read_applied_checksum(revision) != NULL;
}

/*
 * The body to run, in the current memory context; NULL if the revision is
 * irreversible and downgrade is asked for.
 *
 * Sets *checksum to the recorded checksum of that body, and *applied_checksum
 * to the one with which the revision was applied (NULL if it is not).  At any
 * isolation level it is what is committed by now: a plan may be made from an
 * older snapshot, but no other body than the present one is to run.
 */
char *
pgmig_catalog_read_body(const char *revision, bool downgrade, char **checksum,
						char **applied_checksum)
{
	Relation table = open_table("revision", AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;
	char *body;

	ScanKeyInit(&key,
				ANUM_REVISION_REVISION,
				BTEqualStrategyNumber,
				F_TEXTEQ,
				CStringGetTextDatum(revision));
	scan = begin_key_scan(table, &key, 1);
	tuple = systable_getnext(scan);
	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("revision \"%s\" does not exist", revision),
				 errhint("It was removed in the meantime; try again.")));
	body =
		get_text(tuple,
				 downgrade ? ANUM_REVISION_DOWNGRADE : ANUM_REVISION_UPGRADE,
				 table);
	*checksum = get_text(tuple,
						 downgrade ? ANUM_REVISION_DOWNGRADE_CHECKSUM
								   : ANUM_REVISION_UPGRADE_CHECKSUM,
						 table);
	systable_endscan(scan);
	table_close(table, AccessShareLock);
	*applied_checksum = read_applied_checksum(revision);
	return body;
}
