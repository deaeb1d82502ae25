/*-------------------------------------------------------------------------
 *
 * depend.c
 *	  What is said of objects in catalogs of its own: dependencies, comments
 *	  and security labels.
 *
 * Dependencies are between objects that a snapshot describes.  One of what is
 * only a part of such an object, as the rule of a view or the row type of a
 * table, is the whole's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/pg_amop.h"
#include "catalog/pg_amproc.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_description.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_publication_namespace.h"
#include "catalog/pg_publication_rel.h"
#include "catalog/pg_seclabel.h"
#include "catalog/pg_type.h"
#include "commands/comment.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* Parts of parts are few. */
#define MAX_DEPTH 8

static HTAB *
make_table(const char *name, Size entry)
{
	HASHCTL control = {
		.keysize = sizeof(ObjectAddress),
		.entrysize = entry,
		.hcxt = CurrentMemoryContext,
	};

	return hash_create(name,
					   1024,
					   &control,
					   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* Note that an object is a part of another one. */
static void
add_internal(SchemaReader *reader, const ObjectAddress *object,
			 const ObjectAddress *whole)
{
	bool found;
	InternalEntry *entry =
		hash_search(reader->internal, object, HASH_ENTER, &found);

	if (!found)
		entry->whole = *whole;
}

/* Note a row of pg_attrdef: a default is a part of its column. */
void
pgmig_schema_add_default(SchemaReader *reader, HeapTuple tuple)
{
	Form_pg_attrdef form = (Form_pg_attrdef) GETSTRUCT(tuple);
	ObjectAddress object;
	ObjectAddress column;

	ObjectAddressSet(object, AttrDefaultRelationId, form->oid);
	ObjectAddressSubSet(column, RelationRelationId, form->adrelid, form->adnum);
	add_internal(reader, &object, &column);
}

static void
read_defaults(SchemaReader *reader)
{
	Relation defaults = table_open(AttrDefaultRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(defaults,
										  InvalidOid,
										  false,
										  GetActiveSnapshot(),
										  0,
										  NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		pgmig_schema_add_default(reader, tuple);
	systable_endscan(scan);
	table_close(defaults, AccessShareLock);
}

/* Is it of what a publication or an operator family lists? */
static bool
is_entry(const DependRow *row)
{
	Oid of = row->reference.classId;
	Oid entry = row->object.classId;

	if (row->type != DEPENDENCY_AUTO)
		return false;
	if (of == PublicationRelationId)
		return entry == PublicationRelRelationId ||
			   entry == PublicationNamespaceRelationId;
	return of == OperatorFamilyRelationId &&
		   (entry == AccessMethodOperatorRelationId ||
			entry == AccessMethodProcedureRelationId);
}

/* Note a row of pg_depend. */
void
pgmig_schema_add_row(SchemaReader *reader, HeapTuple tuple)
{
	Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
	DependRow *row;

	CHECK_FOR_INTERRUPTS();
	if (reader->ndepends == reader->depends_room)
	{
		reader->depends_room *= 2;
		reader->depends =
			repalloc_huge(reader->depends,
						  sizeof(DependRow) * reader->depends_room);
	}
	row = &reader->depends[reader->ndepends++];
	ObjectAddressSubSet(row->object,
						form->classid,
						form->objid,
						form->objsubid);
	ObjectAddressSubSet(row->reference,
						form->refclassid,
						form->refobjid,
						form->refobjsubid);
	row->type = form->deptype;
	if (row->type == DEPENDENCY_EXTENSION)
		(void) hash_search(reader->members, &row->object, HASH_ENTER, NULL);
	else if (row->type == DEPENDENCY_INTERNAL || is_entry(row))
		add_internal(reader, &row->object, &row->reference);
}

/*
 * Read pg_depend, as of the active snapshot; if schemas are selected, only what
 * is about objects in them.
 */
void
pgmig_schema_read_depends(SchemaReader *reader)
{
	Relation depend;
	SysScanDesc scan;
	HeapTuple tuple;

	reader->depends_room = 1024;
	reader->depends = palloc(sizeof(DependRow) * reader->depends_room);
	reader->members = make_table("pgmig members", sizeof(ObjectAddress));
	reader->internal = make_table("pgmig parts", sizeof(InternalEntry));
	reader->objects = make_table("pgmig objects", sizeof(ReaderEntry));
	if (reader->selection->only != NIL)
	{
		pgmig_schema_select(reader);
		return;
	}
	read_defaults(reader);
	depend = table_open(DependRelationId, AccessShareLock);
	scan = systable_beginscan(depend,
							  InvalidOid,
							  false,
							  GetActiveSnapshot(),
							  0,
							  NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
		pgmig_schema_add_row(reader, tuple);
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
}

/* Does an object belong to an extension? */
bool
pgmig_schema_is_member(SchemaReader *reader, const ObjectAddress *address)
{
	return hash_search(reader->members, address, HASH_FIND, NULL) != NULL;
}

/* Is an object a part of another one? */
bool
pgmig_schema_is_internal(SchemaReader *reader, const ObjectAddress *address)
{
	return hash_search(reader->internal, address, HASH_FIND, NULL) != NULL;
}

/*
 * The composite type that a relation with this address makes up, or NULL.
 */
SchemaObject *
pgmig_schema_composite(SchemaReader *reader, const ObjectAddress *address)
{
	InternalEntry *entry =
		hash_search(reader->internal, address, HASH_FIND, NULL);

	if (entry == NULL || entry->whole.classId != TypeRelationId)
		return NULL;
	return pgmig_schema_lookup(reader, &entry->whole);
}

/*
 * The object that an address is, or is a part of; NULL if it is not described.
 */
static SchemaObject *
resolve(SchemaReader *reader, ObjectAddress address)
{
	for (int depth = 0; depth < MAX_DEPTH; depth++)
	{
		SchemaObject *object = pgmig_schema_lookup(reader, &address);
		InternalEntry *entry;

		if (object != NULL)
			return object->described ? object : NULL;
		entry = hash_search(reader->internal, &address, HASH_FIND, NULL);
		if (entry != NULL)
			address = entry->whole;
		else if (address.objectSubId != 0)
			address.objectSubId = 0;
		else
			return NULL;
	}
	return NULL;
}

/* An object that is dropped along with an extension. */
typedef struct ExtensionUse
{
	SchemaObject *object;
	char *extension;
} ExtensionUse;

static int
order_uses(const ListCell *a, const ListCell *b)
{
	const ExtensionUse *first = lfirst(a);
	const ExtensionUse *second = lfirst(b);

	if (first->object != second->object)
		return first->object < second->object ? -1 : 1;
	return strcmp(first->extension, second->extension);
}

/* Add to objects the extensions that they are dropped with, in order. */
static void
add_extensions(List *uses)
{
	const ExtensionUse *last = NULL;
	List *names = NIL;
	ListCell *lc;

	list_sort(uses, order_uses);
	foreach(lc, uses)
	{
		const ExtensionUse *use = lfirst(lc);

		if (last != NULL && use->object != last->object)
			names = NIL;
		else if (last != NULL && strcmp(use->extension, last->extension) == 0)
			continue;
		last = use;
		names = lappend(names, use->extension);
		pgmig_schema_add_list(use->object, "depends_on_extensions", names);
	}
}

static int
order_depends(const ListCell *a, const ListCell *b)
{
	return pgmig_schema_order(&a->ptr_value, &b->ptr_value);
}

/* In order, and each but once. */
static void
sort_depends(SchemaObject *object)
{
	SchemaObject *last = NULL;
	List *unique = NIL;
	ListCell *lc;

	list_sort(object->depends, order_depends);
	foreach(lc, object->depends)
	{
		if (lfirst(lc) != last)
			unique = lappend(unique, lfirst(lc));
		last = lfirst(lc);
	}
	list_free(object->depends);
	object->depends = unique;
}

/*
 * Add to all objects what they depend on.
 *
 * What is a part of another described object has that as its parent.
 */
void
pgmig_schema_add_depends(SchemaReader *reader)
{
	List *uses = NIL;
	ListCell *lc;

	for (int i = 0; i < reader->ndepends; i++)
	{
		DependRow *row = &reader->depends[i];
		SchemaObject *object;
		SchemaObject *reference;

		if (row->type == DEPENDENCY_EXTENSION)
			continue;
		object = resolve(reader, row->object);
		if (object == NULL)
			continue;
		reference = resolve(reader, row->reference);
		if (reference == NULL || reference == object)
			continue;
		if (row->type == DEPENDENCY_INTERNAL &&
			object->address.objectId == row->object.objectId)
			object->parent = reference;
		if (row->type == DEPENDENCY_AUTO_EXTENSION)
		{
			ExtensionUse *use = palloc(sizeof(ExtensionUse));

			use->object = object;
			use->extension = unconstify(char *, reference->identity);
			uses = lappend(uses, use);
		}
		object->depends = lappend(object->depends, reference);
	}
	add_extensions(uses);
	foreach(lc, reader->described)
		sort_depends(lfirst(lc));
}

/*
 * The object with this class, OID and number if it is described, or NULL.
 */
static SchemaObject *
find(SchemaReader *reader, Oid class, Oid oid, int32 part)
{
	ObjectAddress address;
	SchemaObject *object;

	ObjectAddressSubSet(address, class, oid, part);
	object = pgmig_schema_lookup(reader, &address);
	return object != NULL && object->described ? object : NULL;
}

/* The comment that initdb gives schema public says nothing. */
static bool
is_default_comment(const SchemaObject *object, const char *comment)
{
	return object->address.classId == NamespaceRelationId &&
		   strcmp(object->identity, "public") == 0 &&
		   strcmp(comment, "standard public schema") == 0;
}

static void
add_comment(SchemaObject *object, const char *comment)
{
	if (!is_default_comment(object, comment))
		pgmig_schema_add_text(object, "comment", comment);
}

/* Read all comments that there are. */
static void
read_comments(SchemaReader *reader)
{
	Relation description = table_open(DescriptionRelationId, AccessShareLock);
	SysScanDesc scan = systable_beginscan(description,
										  InvalidOid,
										  false,
										  GetActiveSnapshot(),
										  0,
										  NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_description form = (Form_pg_description) GETSTRUCT(tuple);
		SchemaObject *object;
		bool isnull;

		/* Most are on what initdb has made, few of which is described. */
		if (form->objoid < FirstNormalObjectId &&
			form->classoid == ProcedureRelationId)
			continue;
		object = find(reader, form->classoid, form->objoid, form->objsubid);
		if (object != NULL)
			add_comment(object,
						TextDatumGetCString(
							heap_getattr(tuple,
										 Anum_pg_description_description,
										 RelationGetDescr(description),
										 &isnull)));
	}
	systable_endscan(scan);
	table_close(description, AccessShareLock);
}

/*
 * Add to all objects their comments.
 */
void
pgmig_schema_add_comments(SchemaReader *reader)
{
	ListCell *lc;

	if (reader->selection->only == NIL)
	{
		read_comments(reader);
		return;
	}
	foreach(lc, reader->described)
	{
		SchemaObject *object = lfirst(lc);
		char *comment = GetComment(object->address.objectId,
								   object->address.classId,
								   object->address.objectSubId);

		if (comment != NULL)
			add_comment(object, comment);
	}
}

/*
 * Add to all objects their security labels, as "label of provider".
 */
void
pgmig_schema_add_labels(SchemaReader *reader)
{
	Relation labels = table_open(SecLabelRelationId, AccessShareLock);
	TupleDesc columns = RelationGetDescr(labels);
	SysScanDesc scan = systable_beginscan(labels,
										  InvalidOid,
										  false,
										  GetActiveSnapshot(),
										  0,
										  NULL);
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		FormData_pg_seclabel *form = (FormData_pg_seclabel *) GETSTRUCT(tuple);
		SchemaObject *object =
			find(reader, form->classoid, form->objoid, form->objsubid);
		Datum provider;
		Datum label;
		bool isnull;

		if (object == NULL)
			continue;
		provider =
			heap_getattr(tuple, Anum_pg_seclabel_provider, columns, &isnull);
		label = heap_getattr(tuple, Anum_pg_seclabel_label, columns, &isnull);
		pgmig_schema_add_text(object,
							  psprintf("security_label %s",
									   TextDatumGetCString(provider)),
							  TextDatumGetCString(label));
	}
	systable_endscan(scan);
	table_close(labels, AccessShareLock);
}
