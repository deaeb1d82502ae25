/*-------------------------------------------------------------------------
 *
 * select.c
 *	  What is in some schemas, found without a look at the rest of a database.
 *
 * A database may have thousands of schemas of tenants.  pg_depend leads, by
 * its indexes, from a schema to what is in it, and from there to its parts.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "schema/schema_internal.h"

/* The objects of a catalog that are directly in the schemas. */
typedef struct SelectedObjects
{
	Oid catalog;
	List *oids;
	Datum array; /* the same as oid[], made when first needed, or 0 */
} SelectedObjects;

static SelectedObjects *
find_selected(SchemaReader *reader, Oid catalog)
{
	ListCell *lc;

	foreach(lc, reader->selected)
	{
		SelectedObjects *selected = lfirst(lc);

		if (selected->catalog == catalog)
			return selected;
	}
	return NULL;
}

static void
add_selected(SchemaReader *reader, Oid catalog, Oid oid)
{
	SelectedObjects *selected = find_selected(reader, catalog);

	if (selected == NULL)
	{
		selected = palloc0(sizeof(SelectedObjects));
		selected->catalog = catalog;
		reader->selected = lappend(reader->selected, selected);
	}
	selected->oids = lappend_oid(selected->oids, oid);
}

/*
 * The OIDs with which to look for objects of a kind, as oid[]; 0 if there are
 * none.
 */
Datum
pgmig_schema_selected(SchemaReader *reader, const ObjectKind *kind)
{
	SelectedObjects *selected;
	Datum *elements;
	int count = 0;
	ListCell *lc;

	if (kind->system)
		return (Datum) 0;
	selected = find_selected(reader,
							 kind->parent == RelationRelationId ||
									 kind->parent == TypeRelationId
								 ? kind->parent
								 : kind->catalog);
	if (selected == NULL)
		return (Datum) 0;
	if (selected->array != (Datum) 0)
		return selected->array;
	elements = palloc(sizeof(Datum) * list_length(selected->oids));
	foreach(lc, selected->oids)
		elements[count++] = ObjectIdGetDatum(lfirst_oid(lc));
	selected->array = PointerGetDatum(construct_array(elements,
													  count,
													  OIDOID,
													  sizeof(Oid),
													  true,
													  TYPALIGN_INT));
	return selected->array;
}

/* Look up rows of pg_depend, of an object or of what refers to it. */
static SysScanDesc
begin_scan(Relation depend, bool referring, Oid class, Oid oid)
{
	ScanKeyData keys[2];

	ScanKeyInit(&keys[0],
				referring ? Anum_pg_depend_refclassid : Anum_pg_depend_classid,
				BTEqualStrategyNumber,
				F_OIDEQ,
				ObjectIdGetDatum(class));
	ScanKeyInit(&keys[1],
				referring ? Anum_pg_depend_refobjid : Anum_pg_depend_objid,
				BTEqualStrategyNumber,
				F_OIDEQ,
				ObjectIdGetDatum(oid));
	return systable_beginscan(depend,
							  referring ? DependReferenceIndexId
										: DependDependerIndexId,
							  true,
							  GetActiveSnapshot(),
							  2,
							  keys);
}

/* Objects that were found, and are to be read. */
typedef struct Search
{
	SchemaReader *reader;
	Relation depend;
	HTAB *seen;
	List *found; /* of ObjectAddress * */
} Search;

static void
add_found(Search *search, Oid class, Oid oid)
{
	ObjectAddress address;
	ObjectAddress *copy;
	bool seen;

	ObjectAddressSet(address, class, oid);
	(void) hash_search(search->seen, &address, HASH_ENTER, &seen);
	if (seen)
		return;
	copy = palloc(sizeof(ObjectAddress));
	*copy = address;
	search->found = lappend(search->found, copy);
}

/* What is directly in a schema. */
static void
find_members(Search *search, Oid schema)
{
	SysScanDesc scan =
		begin_scan(search->depend, true, NamespaceRelationId, schema);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->deptype == DEPENDENCY_EXTENSION)
			continue;
		add_selected(search->reader, form->classid, form->objid);
		add_found(search, form->classid, form->objid);
	}
	systable_endscan(scan);
}

/*
 * What goes when an object goes: its parts, and what is none but does no harm
 * when it is read.
 */
static void
find_parts(Search *search, const ObjectAddress *object)
{
	SysScanDesc scan =
		begin_scan(search->depend, true, object->classId, object->objectId);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);

		if (form->deptype == DEPENDENCY_NORMAL ||
			form->deptype == DEPENDENCY_EXTENSION)
			continue;
		/* The columns of a composite type are those of a relation. */
		if (object->classId == TypeRelationId &&
			form->classid == RelationRelationId &&
			form->deptype == DEPENDENCY_INTERNAL)
			add_selected(search->reader, form->classid, form->objid);
		add_found(search, form->classid, form->objid);
	}
	systable_endscan(scan);
}

/* Has an object of a class parts that are described? */
static bool
has_parts(Oid class)
{
	return class == RelationRelationId || class == TypeRelationId ||
		   class == ConstraintRelationId;
}

/* The defaults of a relation's columns. */
static void
read_defaults(SchemaReader *reader, Oid relation)
{
	Relation defaults = table_open(AttrDefaultRelationId, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	HeapTuple tuple;

	ScanKeyInit(&key,
				Anum_pg_attrdef_adrelid,
				BTEqualStrategyNumber,
				F_OIDEQ,
				ObjectIdGetDatum(relation));
	scan = systable_beginscan(defaults,
							  AttrDefaultIndexId,
							  true,
							  GetActiveSnapshot(),
							  1,
							  &key);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		pgmig_schema_add_default(reader, tuple);
	systable_endscan(scan);
	table_close(defaults, AccessShareLock);
}

/* Read what an object depends on. */
static void
read_object(SchemaReader *reader, Relation depend, Oid class, Oid oid)
{
	SysScanDesc scan = begin_scan(depend, false, class, oid);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		pgmig_schema_add_row(reader, tuple);
	systable_endscan(scan);
}

/*
 * Find what is in the selected schemas, and read what it depends on.
 */
void
pgmig_schema_select(SchemaReader *reader)
{
	HASHCTL control = {
		.keysize = sizeof(ObjectAddress),
		.entrysize = sizeof(ObjectAddress),
		.hcxt = CurrentMemoryContext,
	};
	Search search = {.reader = reader};
	ListCell *lc;

	search.depend = table_open(DependRelationId, AccessShareLock);
	search.seen = hash_create("pgmig selected",
							  1024,
							  &control,
							  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	foreach(lc, reader->selection->only)
	{
		Oid schema = get_namespace_oid(lfirst(lc), false);

		add_selected(reader, NamespaceRelationId, schema);
		add_found(&search, NamespaceRelationId, schema);
		find_members(&search, schema);
	}
	/* The list grows while it is read. */
	for (int i = 0; i < list_length(search.found); i++)
	{
		ObjectAddress *object = list_nth(search.found, i);

		read_object(reader, search.depend, object->classId, object->objectId);
		if (has_parts(object->classId))
			find_parts(&search, object);
		if (object->classId == RelationRelationId)
			read_defaults(reader, object->objectId);
	}
	hash_destroy(search.seen);
	table_close(search.depend, AccessShareLock);
}
