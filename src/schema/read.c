/*-------------------------------------------------------------------------
 *
 * read.c
 *	  Reading the schema from the catalogs.
 *
 * Everything is read as of the active snapshot.  The server's functions that
 * print definitions look at what is there by now; the caller takes care that
 * this is the same (see src/run/observe.c).
 *
 * Names and definitions must not depend on the session: its settings that
 * they depend on are set meanwhile as pg_dump sets them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/transam.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"

#include "compat.h"
#include "schema/schema_internal.h"
#include "setting.h"

/* Columns of a query that are no properties. */
#define COLUMN_OID 0
#define COLUMN_PART 1
#define COLUMN_PARENT 2
#define COLUMN_NAME 3
#define FIRST_PROPERTY 4

/* A row of a query. */
typedef struct Row
{
	TupleDesc columns;
	const char **names; /* of the columns, as long as the objects live */
	Datum *values;
	bool *nulls;
} Row;

/* The plans of the queries of all kinds, kept for the session. */
static SPIPlanPtr *plans = NULL;

/* Settings that change how the server writes names and definitions. */
static const char *const settings[][2] = {
	{"bytea_output", "hex"},
	{"DateStyle", "ISO, MDY"},
	{"extra_float_digits", "1"},
	{"IntervalStyle", "postgres"},
	{"jit", "off"},
	{"lc_monetary", "C"},
	{"quote_all_identifiers", "off"},
	{"standard_conforming_strings", "on"},
	{"TimeZone", "UTC"},
	{"xmlbinary", "base64"},
};

/* The object with this address, or NULL. */
SchemaObject *
pgmig_schema_lookup(SchemaReader *reader, const ObjectAddress *address)
{
	ReaderEntry *entry =
		hash_search(reader->objects, address, HASH_FIND, NULL);

	return entry == NULL ? NULL : entry->object;
}

static bool
is_column(const Row *row, int number, const char *name)
{
	return strcmp(NameStr(TupleDescAttr(row->columns, number)->attname),
				  name) == 0;
}

/* The value of a column of this name, or null. */
static Datum
get_column(const Row *row, const char *name, bool *isnull)
{
	for (int i = FIRST_PROPERTY; i < row->columns->natts; i++)
		if (is_column(row, i, name))
		{
			*isnull = row->nulls[i];
			return row->values[i];
		}
	*isnull = true;
	return (Datum) 0;
}

/* Names of the columns of a table, from their numbers. */
static List *
column_names(SchemaReader *reader, Oid table, ArrayType *numbers)
{
	List *names = NIL;
	Datum *elements;
	int count;

	deconstruct_array(numbers,
					  INT2OID,
					  sizeof(int16),
					  true,
					  TYPALIGN_SHORT,
					  &elements,
					  NULL,
					  &count);
	for (int i = 0; i < count; i++)
	{
		char *name = get_attname(table, DatumGetInt16(elements[i]), true);

		names = lappend(names, name == NULL ? "?" : name);
	}
	return names;
}

static void
add_grants(SchemaObject *object, const Row *row, Acl *acl)
{
	bool isnull;
	Datum initial = get_column(row, "initial", &isnull);
	Jsonb *grants = pgmig_schema_grants(acl,
										isnull ? NULL : DatumGetAclP(initial),
										object->kind->grants,
										object->owner);
	JsonbValue value;

	if (grants == NULL)
		return;
	pgmig_schema_set_binary(&value, grants);
	pgmig_schema_add_property(object, "grants", &value);
}

static void
add_number(SchemaObject *object, const char *name, int64 number)
{
	JsonbValue value;

	value.type = jbvNumeric;
	value.val.numeric = int64_to_numeric(number);
	pgmig_schema_add_property(object, name, &value);
}

/* Add the property that a column, which is not null, stands for. */
static void
add_column(SchemaReader *reader, SchemaObject *object, const Row *row, int i)
{
	Form_pg_attribute column = TupleDescAttr(row->columns, i);
	const char *name = row->names[i];
	Datum datum = row->values[i];
	JsonbValue value;

	switch (column->atttypid)
	{
		case BOOLOID:
			value.type = jbvBool;
			value.val.boolean = true;
			if (DatumGetBool(datum))
				pgmig_schema_add_property(object, name, &value);
			break;
		case INT4OID:
			add_number(object, name, DatumGetInt32(datum));
			break;
		case INT8OID:
			add_number(object, name, DatumGetInt64(datum));
			break;
		case OIDOID:
			value.val.string.val =
				GetUserNameFromId(DatumGetObjectId(datum), true);
			pgmig_schema_add_text(object,
								  name,
								  value.val.string.val == NULL
									  ? "dropped role"
									  : value.val.string.val);
			break;
		case INT2ARRAYOID:
			pgmig_schema_add_list(object,
								  name,
								  column_names(reader,
											   object->parent->address.objectId,
											   DatumGetArrayTypeP(datum)));
			break;
		case ACLITEMARRAYOID:
			add_grants(object, row, DatumGetAclP(datum));
			break;
		case JSONBOID:
			pgmig_schema_set_binary(&value, DatumGetJsonbP(datum));
			pgmig_schema_add_property(object, name, &value);
			break;
		case NAMEOID:
			pgmig_schema_add_text(object,
								  name,
								  pstrdup(NameStr(*DatumGetName(datum))));
			break;
		case TEXTOID:
			pgmig_schema_add_text(object, name, TextDatumGetCString(datum));
			break;
		default:
			elog(ERROR,
				 "kind \"%s\": property \"%s\" has a type that is not known",
				 object->kind->name,
				 name);
	}
}

static void
add_columns(SchemaReader *reader, SchemaObject *object, const Row *row)
{
	bool isnull;
	Datum owner = get_column(row, "owner", &isnull);

	if (!isnull)
		object->owner = DatumGetObjectId(owner);
	else if (object->parent != NULL)
		object->owner = object->parent->owner;
	for (int i = FIRST_PROPERTY; i < row->columns->natts; i++)
		if (!row->nulls[i] && !is_column(row, i, "initial") &&
			!is_column(row, i, "signature") &&
			!(object->kind->system && is_column(row, i, "owner")))
			add_column(reader, object, row, i);
}

/* The identity of an object with this name. */
static const char *
make_identity(const SchemaObject *object, const char *name,
			  const char *signature)
{
	const SchemaObject *parent = object->parent;

	switch (object->kind->identity)
	{
		case IDENTITY_NAME:
			return quote_identifier(name);
		case IDENTITY_QUALIFIED:
		case IDENTITY_SIBLING:
			return psprintf("%s%s",
							quote_qualified_identifier(parent->schema, name),
							signature);
		case IDENTITY_MEMBER:
			return psprintf("%s.%s", parent->identity, quote_identifier(name));
		case IDENTITY_ON:
			return psprintf("%s on %s",
							quote_identifier(name),
							parent->identity);
		case IDENTITY_GIVEN:
			return name;
	}
	return name;
}

static bool
contains(const List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
		if (strcmp(lfirst(lc), name) == 0)
			return true;
	return false;
}

/* Are the objects of a schema not to be read? */
static bool
is_left_out(const SchemaReader *reader, const char *schema)
{
	const SchemaSelection *selection = reader->selection;

	return contains(selection->except, schema) ||
		   (selection->only != NIL && !contains(selection->only, schema));
}

/*
 * Is an object of a row described?  Sets *parent to what it is in or a part
 * of, NULL for nothing.
 */
static bool
is_wanted(SchemaReader *reader, const ObjectKind *kind,
		  const ObjectAddress *address, const char *name, Oid parent_oid,
		  SchemaObject **parent)
{
	*parent = NULL;
	if (kind->system)
		return reader->selection->only == NIL;
	if (kind->catalog == NamespaceRelationId)
		return !is_left_out(reader, name);
	if (pgmig_schema_is_member(reader, address))
		return false;
	if (kind->skip_internal && pgmig_schema_is_internal(reader, address))
		return false;
	if (OidIsValid(kind->parent) || OidIsValid(parent_oid))
	{
		ObjectAddress of;

		ObjectAddressSet(of,
						 OidIsValid(kind->parent) ? kind->parent
												  : NamespaceRelationId,
						 parent_oid);
		*parent = pgmig_schema_lookup(reader, &of);
		if (*parent == NULL)
			*parent = pgmig_schema_composite(reader, &of);
		return *parent != NULL;
	}
	return reader->selection->only == NIL;
}

static SchemaObject *
make_object(SchemaReader *reader, const ObjectKind *kind, int order,
			const ObjectAddress *address)
{
	SchemaObject *object = palloc0(sizeof(SchemaObject));
	bool found;
	ReaderEntry *entry;

	object->kind = kind;
	object->order = order;
	object->address = *address;
	object->described = true;
	if (kind->system)
		return object;
	entry = hash_search(reader->objects, address, HASH_ENTER, &found);
	entry->object = object;
	return object;
}

static const char *
row_name(const Row *row)
{
	Datum name = row->values[COLUMN_NAME];

	if (TupleDescAttr(row->columns, COLUMN_NAME)->atttypid == NAMEOID)
		return pstrdup(NameStr(*DatumGetName(name)));
	return TextDatumGetCString(name);
}

static void
add_listed(SchemaObject *parent, int number, const char *name)
{
	ListedPart *part = palloc(sizeof(ListedPart));

	part->number = number;
	part->name = name;
	parent->listed = lappend(parent->listed, part);
}

static int
order_listed(const ListCell *a, const ListCell *b)
{
	return ((ListedPart *) lfirst(a))->number -
		   ((ListedPart *) lfirst(b))->number;
}

/* The property that names the parts of an object in their order. */
static void
add_list_of_parts(SchemaObject *object)
{
	List *names = NIL;
	ListCell *lc;

	list_sort(object->listed, order_listed);
	foreach(lc, object->listed)
		names = lappend(names,
						unconstify(char *, ((ListedPart *) lfirst(lc))->name));
	pgmig_schema_add_list(object, "columns", names);
}

/* Make an object of a row. */
static void
read_row(SchemaReader *reader, const ObjectKind *kind, int order,
		 const Row *row)
{
	ObjectAddress address;
	SchemaObject *object;
	SchemaObject *parent;
	Datum signature;
	const char *name = row_name(row);
	const char *identity;
	bool isnull;

	ObjectAddressSubSet(address,
						kind->catalog,
						DatumGetObjectId(row->values[COLUMN_OID]),
						DatumGetInt32(row->values[COLUMN_PART]));
	if (!is_wanted(reader,
				   kind,
				   &address,
				   name,
				   DatumGetObjectId(row->values[COLUMN_PARENT]),
				   &parent))
		return;
	object = make_object(reader, kind, order, &address);
	object->parent = parent;
	if (kind->catalog == NamespaceRelationId)
		object->schema = name;
	else if (parent != NULL)
		object->schema = parent->schema;
	signature = get_column(row, "signature", &isnull);
	MemoryContextSwitchTo(reader->row_cxt);
	identity = make_identity(object,
							 name,
							 isnull ? "" : TextDatumGetCString(signature));
	MemoryContextSwitchTo(reader->cxt);
	object->identity = pstrdup(identity);
	MemoryContextReset(reader->row_cxt);
	if (kind->catalog == NamespaceRelationId &&
		pgmig_schema_is_member(reader, &address))
	{
		object->described = false;
		return;
	}
	reader->described = lappend(reader->described, object);
	add_columns(reader, object, row);
	if (kind->describe != NULL)
		kind->describe(object);
	if (kind->listed != NULL)
		add_listed(parent, address.objectSubId, name);
}

/* The query of a kind with a condition in place of "$range". */
static char *
fill_in(const ObjectKind *kind, const char *condition)
{
	const char *place = strstr(kind->query, "$range");

	return psprintf("%.*s%s%s",
					(int) (place - kind->query),
					kind->query,
					condition,
					place + strlen("$range"));
}

/* The first OID that an object of a kind can have. */
static Oid
first_oid(const ObjectKind *kind)
{
	return kind->from_initdb ? 1 : FirstNormalObjectId;
}

/* That the OID is in a range: the planner makes more of what it can see. */
static char *
in_range(const ObjectKind *kind, Oid low, Oid high)
{
	return psprintf("%s BETWEEN '%u'::oid AND '%u'::oid", kind->key, low, high);
}

/* That it is of what is in the selected schemas: the parameter. */
static char *
in_schemas(const ObjectKind *kind)
{
	return psprintf("%s = ANY ($1)",
					kind->within != NULL ? kind->within : kind->key);
}

static SPIPlanPtr
make_plan(const char *query, int parameters)
{
	Oid types[] = {OIDARRAYOID};
	SPIPlanPtr plan =
		SPI_prepare_cursor(query, parameters, types, CURSOR_OPT_GENERIC_PLAN);

	if (plan == NULL)
		elog(ERROR,
			 "could not prepare \"%s\": %s",
			 query,
			 SPI_result_code_string(SPI_result));
	return plan;
}

/*
 * The plan that reads all objects of a kind, or those in the selected schemas;
 * kept for the session.
 */
static SPIPlanPtr
prepare(int order, bool selected)
{
	const ObjectKind *kind = pgmig_schema_kind(order);
	int count = pgmig_schema_kind_count();
	SPIPlanPtr *plan;

	if (plans == NULL)
		plans = MemoryContextAllocZero(TopMemoryContext,
									   sizeof(SPIPlanPtr) * count * 2);
	plan = &plans[selected ? count + order : order];
	if (*plan == NULL)
	{
		SPIPlanPtr made =
			selected
				? make_plan(fill_in(kind, in_schemas(kind)), 1)
				: make_plan(fill_in(kind,
									in_range(kind, first_oid(kind), OID_MAX)),
							0);

		SPI_keepplan(made);
		*plan = made;
	}
	return *plan;
}

/* Objects of a kind, with OIDs from low to high. */
typedef struct Range
{
	SchemaReader *reader;
	int order;
	Oid low;
	Oid high;
} Range;

/* Run the query of a range. */
static int
execute_range(const Range *range)
{
	const ObjectKind *kind = pgmig_schema_kind(range->order);
	bool selected = range->reader->selection->only != NIL;
	Datum values[1];
	SPIPlanPtr plan;
	char *condition;

	if (selected)
		values[0] = pgmig_schema_selected(range->reader, kind);
	if (range->low == first_oid(kind) && range->high == OID_MAX)
		plan = prepare(range->order, selected);
	else
	{
		condition = in_range(kind, range->low, range->high);
		if (selected)
			condition = psprintf("%s AND %s", condition, in_schemas(kind));
		plan = make_plan(fill_in(kind, condition), selected ? 1 : 0);
	}
	return SPI_execute_plan(plan, values, NULL, true, 0);
}

/* Read the objects in a range. */
static void
read_range(void *arg)
{
	Range *range = arg;
	const ObjectKind *kind = pgmig_schema_kind(range->order);
	SPITupleTable *table;
	Row row;
	int code;

	SPI_connect();
	code = execute_range(range);
	if (code != SPI_OK_SELECT)
		elog(ERROR,
			 "could not read kind \"%s\": %s",
			 kind->name,
			 SPI_result_code_string(code));
	MemoryContextSwitchTo(range->reader->cxt);
	table = SPI_tuptable;
	row.columns = table->tupdesc;
	row.values = palloc(sizeof(Datum) * row.columns->natts);
	row.nulls = palloc(sizeof(bool) * row.columns->natts);
	row.names = palloc(sizeof(char *) * row.columns->natts);
	for (int i = 0; i < row.columns->natts; i++)
		row.names[i] =
			pstrdup(NameStr(TupleDescAttr(row.columns, i)->attname));
	for (uint64 i = 0; i < table->numvals; i++)
	{
		CHECK_FOR_INTERRUPTS();
		heap_deform_tuple(table->vals[i], row.columns, row.values, row.nulls);
		read_row(range->reader, kind, range->order, &row);
	}
	SPI_finish();
	MemoryContextSwitchTo(range->reader->cxt);
}

/* Forget the objects that were read after so many. */
static void
forget(SchemaReader *reader, int count)
{
	while (list_length(reader->described) > count)
	{
		SchemaObject *object = llast(reader->described);

		if (!object->kind->system)
			(void) hash_search(reader->objects,
							   &object->address,
							   HASH_REMOVE,
							   NULL);
		if (object->kind->listed != NULL)
			object->parent->listed = NIL;
		reader->described = list_delete_last(reader->described);
	}
}

/* An address whose identity is asked for. */
typedef struct IdentityRequest
{
	ObjectAddress address;
	char *identity;
} IdentityRequest;

static void
get_identity(void *arg)
{
	IdentityRequest *request = arg;

	request->identity = getObjectIdentity(&request->address, true);
}

/* Describe an object that cannot be read. */
static void
add_broken(const Range *range, const ErrorData *error)
{
	SchemaReader *reader = range->reader;
	const ObjectKind *kind = pgmig_schema_kind(range->order);
	IdentityRequest request = {0};
	SchemaObject *object;

	ObjectAddressSet(request.address, kind->catalog, range->low);
	if (pgmig_schema_is_member(reader, &request.address))
		return;
	/* It may be gone by now, which is no fault of it. */
	if (reader->selection->attempt(get_identity, &request) == NULL &&
		request.identity == NULL)
		return;
	object = make_object(reader, kind, range->order, &request.address);
	object->identity = request.identity != NULL
						   ? request.identity
						   : psprintf("with OID %u", range->low);
	pgmig_schema_add_text(object,
						  "broken",
						  unpack_sql_state(error->sqlerrcode));
	reader->described = lappend(reader->described, object);
	ereport(WARNING,
			(errcode(error->sqlerrcode),
			 errmsg("%s %s cannot be read", kind->name, object->identity),
			 errdetail("The server reports: %s.", error->message),
			 errhint("Repair it, or drop it.")));
}

/* Raise an error that does not come from the objects in a range. */
static void
check_query(const Range *range)
{
	Range none = *range;
	ErrorData *error;

	none.low = 1;
	none.high = 0;
	error = range->reader->selection->attempt(read_range, &none);
	if (error != NULL)
		ReThrowError(error);
}

/*
 * Read the objects in a range, and find those that cannot be read by halving
 * it.
 */
static void
search_range(Range *range)
{
	SchemaReader *reader = range->reader;
	int count = list_length(reader->described);
	ErrorData *error = reader->selection->attempt(read_range, range);
	Range half = *range;

	if (error == NULL)
		return;
	forget(reader, count);
	if (range->high == OID_MAX && range->low != range->high)
		check_query(range);
	if (range->low == range->high)
	{
		add_broken(range, error);
		return;
	}
	half.high = range->low + (range->high - range->low) / 2;
	search_range(&half);
	half.low = half.high + 1;
	half.high = range->high;
	search_range(&half);
}

static void
read_kinds(SchemaReader *reader)
{
	Range range = {.reader = reader, .high = OID_MAX};

	for (range.order = 0; range.order < pgmig_schema_kind_count();
		 range.order++)
	{
		const ObjectKind *kind = pgmig_schema_kind(range.order);

		if (pgmig_schema_has_none(reader, kind))
			continue;
		range.low = first_oid(kind);
		if (reader->selection->attempt == NULL)
			read_range(&range);
		else
			search_range(&range);
	}
}

/* What has no rights of its own to show is not described. */
static bool
is_empty(const SchemaObject *object)
{
	return object->kind->system && object->properties == NIL;
}

/* The objects, complete and in order. */
static SchemaSnapshot *
finish(SchemaReader *reader)
{
	SchemaSnapshot *snapshot = palloc0(sizeof(SchemaSnapshot));
	ListCell *lc;

	snapshot->schemas = reader->selection->only;
	snapshot->objects = palloc(sizeof(SchemaObject *) *
							   Max(list_length(reader->described), 1));
	foreach(lc, reader->described)
	{
		SchemaObject *object = lfirst(lc);

		if (is_empty(object))
			continue;
		if (object->listed != NIL)
			add_list_of_parts(object);
		if (object->parent != NULL &&
			object->parent->kind->catalog == NamespaceRelationId)
			object->parent = NULL;
		list_sort(object->properties, pgmig_schema_property_order);
		snapshot->objects[snapshot->count++] = object;
	}
	qsort(snapshot->objects,
		  snapshot->count,
		  sizeof(SchemaObject *),
		  pgmig_schema_order);
	pgmig_schema_check_unique(snapshot);
	return snapshot;
}

/* Refuse a schema that is not there. */
static void
check_schemas(const SchemaSelection *selection)
{
	ListCell *lc;

	foreach(lc, selection->only)
	{
		const char *schema = lfirst(lc);

		if (!OidIsValid(get_namespace_oid(schema, true)))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_SCHEMA),
					 errmsg("schema \"%s\" does not exist", schema),
					 errhint(
						 "Name schemas as pg_namespace has them, without quotes.")));
	}
}

/*
 * Read the objects of the database, or of some schemas, as of the active
 * snapshot.
 *
 * The result is in the current memory context.  A schema of selection->only
 * that does not exist is an error (3F000).
 */
SchemaSnapshot *
pgmig_schema_read(const SchemaSelection *selection)
{
	SchemaReader reader = {.selection = selection,
						   .cxt = CurrentMemoryContext};
	SchemaSnapshot *snapshot;
	int guc_level;

	reader.row_cxt = AllocSetContextCreate(CurrentMemoryContext,
										   "pgmig object",
										   ALLOCSET_SMALL_SIZES);
	check_schemas(selection);
	guc_level = NewGUCNestLevel();
	RestrictSearchPath();
	for (int i = 0; i < lengthof(settings); i++)
		pgmig_set_option(settings[i][0], settings[i][1], GUC_ACTION_SAVE);
	pgmig_schema_read_depends(&reader);
	read_kinds(&reader);
	AtEOXact_GUC(false, guc_level);
	pgmig_schema_add_comments(&reader);
	pgmig_schema_add_labels(&reader);
	pgmig_schema_add_depends(&reader);
	snapshot = finish(&reader);
	hash_destroy(reader.objects);
	hash_destroy(reader.internal);
	hash_destroy(reader.members);
	pfree(reader.depends);
	MemoryContextDelete(reader.row_cxt);
	return snapshot;
}
