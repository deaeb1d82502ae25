/*-------------------------------------------------------------------------
 *
 * skip.c
 *	  Kinds that need not be read because there are no objects of them.
 *
 * Most databases have no objects of most kinds, and reading few of many rows
 * takes the longer part of a small snapshot.  A look at an index, or at the
 * null bitmaps of a catalog's rows, is much cheaper than a query.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_attribute.h"
#include "catalog/pg_class.h"
#include "catalog/pg_init_privs.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
#include "utils/hsearch.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* The privileges that an object of initdb or an extension started with. */
typedef struct InitialGrants
{
	ObjectAddress address;
	Acl *acl;
} InitialGrants;

/* Catalogs nearly all of whose rows are looked at for the system's kinds. */
typedef struct SystemCatalog
{
	Oid catalog;
	bool columns; /* of pg_attribute */
	AttrNumber oid;
	AttrNumber acl;
	AttrNumber schema;
} SystemCatalog;

static const SystemCatalog system_catalogs[] = {
	{ProcedureRelationId,
	 false,
	 Anum_pg_proc_oid,
	 Anum_pg_proc_proacl,
	 Anum_pg_proc_pronamespace},
	{TypeRelationId,
	 false,
	 Anum_pg_type_oid,
	 Anum_pg_type_typacl,
	 Anum_pg_type_typnamespace},
	{RelationRelationId,
	 false,
	 Anum_pg_class_oid,
	 Anum_pg_class_relacl,
	 Anum_pg_class_relnamespace},
	{RelationRelationId,
	 true,
	 Anum_pg_attribute_attrelid,
	 Anum_pg_attribute_attacl,
	 InvalidAttrNumber},
};

/* Has a catalog no row with an OID that a user's object can have? */
static bool
has_only_system_rows(Oid catalog)
{
	Relation relation = table_open(catalog, AccessShareLock);
	ScanKeyData key;
	SysScanDesc scan;
	bool none;

	ScanKeyInit(&key,
				get_object_attnum_oid(catalog),
				BTGreaterEqualStrategyNumber,
				F_OIDGE,
				ObjectIdGetDatum(FirstNormalObjectId));
	scan = systable_beginscan(relation,
							  get_object_oid_index(catalog),
							  true,
							  GetActiveSnapshot(),
							  1,
							  &key);
	none = !HeapTupleIsValid(systable_getnext(scan));
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return none;
}

/* Read pg_init_privs. */
static void
read_initial(SchemaReader *reader)
{
	HASHCTL control = {
		.keysize = sizeof(ObjectAddress),
		.entrysize = sizeof(InitialGrants),
		.hcxt = CurrentMemoryContext,
	};
	Relation relation = table_open(InitPrivsRelationId, AccessShareLock);
	SysScanDesc scan;
	HeapTuple tuple;

	reader->initial = hash_create("pgmig initial grants",
								  256,
								  &control,
								  HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	scan = systable_beginscan(relation,
							  InvalidOid,
							  false,
							  GetActiveSnapshot(),
							  0,
							  NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_init_privs form = (Form_pg_init_privs) GETSTRUCT(tuple);
		ObjectAddress address;
		InitialGrants *entry;
		bool isnull;

		ObjectAddressSubSet(address,
							form->classoid,
							form->objoid,
							form->objsubid);
		entry = hash_search(reader->initial, &address, HASH_ENTER, NULL);
		entry->acl =
			DatumGetAclPCopy(heap_getattr(tuple,
										  Anum_pg_init_privs_initprivs,
										  RelationGetDescr(relation),
										  &isnull));
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
}

/* Is a row of the information schema, which is not looked at? */
static bool
is_of_information_schema(const SystemCatalog *catalog, TupleDesc columns,
						 HeapTuple tuple)
{
	bool isnull;

	return catalog->schema != InvalidAttrNumber &&
		   DatumGetObjectId(
			   heap_getattr(tuple, catalog->schema, columns, &isnull)) ==
			   get_namespace_oid("information_schema", true);
}

/* Are the privileges of a row what they started as, or those of a user's? */
static bool
is_as_ever(SchemaReader *reader, const SystemCatalog *catalog,
		   TupleDesc columns, HeapTuple tuple)
{
	ObjectAddress address;
	InitialGrants *initial;
	bool isnull;
	Acl *acl;

	ObjectAddressSet(address,
					 catalog->catalog,
					 DatumGetObjectId(
						 heap_getattr(tuple, catalog->oid, columns, &isnull)));
	if (address.objectId >= FirstNormalObjectId &&
		!pgmig_schema_is_member(reader, &address))
		return true;
	if (catalog->columns)
		address.objectSubId = ((Form_pg_attribute) GETSTRUCT(tuple))->attnum;
	initial = hash_search(reader->initial, &address, HASH_FIND, NULL);
	if (initial == NULL)
		return is_of_information_schema(catalog, columns, tuple);
	acl = DatumGetAclP(heap_getattr(tuple, catalog->acl, columns, &isnull));
	return VARSIZE(acl) == VARSIZE(initial->acl) &&
		   memcmp(acl, initial->acl, VARSIZE(acl)) == 0;
}

/* Is there nothing in a catalog whose privileges were changed? */
static bool
has_initial_grants(SchemaReader *reader, const SystemCatalog *catalog)
{
	Relation relation =
		table_open(catalog->columns ? AttributeRelationId : catalog->catalog,
				   AccessShareLock);
	bool as_ever = true;
	SysScanDesc scan;
	HeapTuple tuple;

	if (reader->initial == NULL)
		read_initial(reader);
	scan = systable_beginscan(relation,
							  InvalidOid,
							  false,
							  GetActiveSnapshot(),
							  0,
							  NULL);
	while (as_ever && HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		CHECK_FOR_INTERRUPTS();
		if (!heap_attisnull(tuple, catalog->acl, RelationGetDescr(relation)))
			as_ever =
				is_as_ever(reader, catalog, RelationGetDescr(relation), tuple);
	}
	systable_endscan(scan);
	table_close(relation, AccessShareLock);
	return as_ever;
}

/*
 * Are there certainly no objects of a kind?
 */
bool
pgmig_schema_has_none(SchemaReader *reader, const ObjectKind *kind)
{
	if (reader->selection->only != NIL)
		return pgmig_schema_selected(reader, kind) == (Datum) 0;
	if (kind->system)
	{
		for (int i = 0; i < lengthof(system_catalogs); i++)
			if (system_catalogs[i].catalog == kind->catalog &&
				system_catalogs[i].columns == (kind->grants == OBJECT_COLUMN))
				return has_initial_grants(reader, &system_catalogs[i]);
		return false;
	}
	return !kind->from_initdb && kind->listed == NULL &&
		   is_objectclass_supported(kind->catalog) &&
		   OidIsValid(get_object_oid_index(kind->catalog)) &&
		   has_only_system_rows(kind->catalog);
}
