/*-------------------------------------------------------------------------
 *
 * snapshot.c
 *	  Snapshots as jsonb.
 *
 *	{"format": 1,
 *	 "schemas": ["public"],		or null: all
 *	 "objects": {"table": {"public.events": {
 *		"owner": "app", ...,
 *		"parent": {"kind": "identity"},
 *		"depends": {"schema": ["public"], ...}}}}}
 *
 * What an object depends on follows from its definition; it is there for who
 * wants to create or drop it, and does not count when snapshots are compared.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* Order of objects (SchemaObject **): by kind, then by identity. */
int
pgmig_schema_order(const void *a, const void *b)
{
	const SchemaObject *first = *(SchemaObject *const *) a;
	const SchemaObject *second = *(SchemaObject *const *) b;

	if (first->order != second->order)
		return first->order < second->order ? -1 : 1;
	return strcmp(first->identity, second->identity);
}

/* Order of properties: by name. */
int
pgmig_schema_property_order(const ListCell *a, const ListCell *b)
{
	return strcmp(((SchemaProperty *) lfirst(a))->name,
				  ((SchemaProperty *) lfirst(b))->name);
}

/*
 * Make sure that the objects, which are in order, have identities of their
 * own.
 */
void
pgmig_schema_check_unique(const SchemaSnapshot *snapshot)
{
	for (int i = 1; i < snapshot->count; i++)
		if (pgmig_schema_order(&snapshot->objects[i - 1],
							   &snapshot->objects[i]) == 0)
			elog(ERROR,
				 "there are two objects %s %s",
				 snapshot->objects[i]->kind->name,
				 snapshot->objects[i]->identity);
}

/* The property of an object with this name, or NULL. */
const SchemaProperty *
pgmig_schema_property(const SchemaObject *object, const char *name)
{
	ListCell *lc;

	foreach(lc, object->properties)
		if (strcmp(((SchemaProperty *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	return NULL;
}

static void
push_text(JsonbInState *state, JsonbIteratorToken token, const char *text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, text);
	value.val.string.len = strlen(text);
	pushJsonbValue(state, token, &value);
}

/* The objects in a list, which are in order, by kind. */
static void
push_depends(JsonbInState *state, const List *depends)
{
	const ObjectKind *kind = NULL;
	ListCell *lc;

	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, depends)
	{
		SchemaObject *object = lfirst(lc);

		if (object->kind != kind)
		{
			if (kind != NULL)
				pushJsonbValue(state, WJB_END_ARRAY, NULL);
			kind = object->kind;
			push_text(state, WJB_KEY, kind->name);
			pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
		}
		push_text(state, WJB_ELEM, object->identity);
	}
	if (kind != NULL)
		pushJsonbValue(state, WJB_END_ARRAY, NULL);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_object(JsonbInState *state, const SchemaObject *object)
{
	ListCell *lc;

	push_text(state, WJB_KEY, object->identity);
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, object->properties)
	{
		SchemaProperty *property = lfirst(lc);

		push_text(state, WJB_KEY, property->name);
		pushJsonbValue(state, WJB_VALUE, &property->value);
	}
	if (object->parent != NULL)
	{
		push_text(state, WJB_KEY, "parent");
		pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		push_text(state, WJB_KEY, object->parent->kind->name);
		push_text(state, WJB_VALUE, object->parent->identity);
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	}
	if (object->depends != NIL)
	{
		push_text(state, WJB_KEY, "depends");
		push_depends(state, object->depends);
	}
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_objects(JsonbInState *state, const SchemaSnapshot *snapshot)
{
	const ObjectKind *kind = NULL;

	push_text(state, WJB_KEY, "objects");
	pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
	for (int i = 0; i < snapshot->count; i++)
	{
		const SchemaObject *object = snapshot->objects[i];

		if (object->kind != kind)
		{
			if (kind != NULL)
				pushJsonbValue(state, WJB_END_OBJECT, NULL);
			kind = object->kind;
			push_text(state, WJB_KEY, kind->name);
			pushJsonbValue(state, WJB_BEGIN_OBJECT, NULL);
		}
		push_object(state, object);
	}
	if (kind != NULL)
		pushJsonbValue(state, WJB_END_OBJECT, NULL);
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
}

static void
push_schemas(JsonbInState *state, const List *schemas)
{
	JsonbValue null = {.type = jbvNull};
	ListCell *lc;

	push_text(state, WJB_KEY, "schemas");
	if (schemas == NIL)
	{
		pushJsonbValue(state, WJB_VALUE, &null);
		return;
	}
	pushJsonbValue(state, WJB_BEGIN_ARRAY, NULL);
	foreach(lc, schemas)
		push_text(state, WJB_ELEM, lfirst(lc));
	pushJsonbValue(state, WJB_END_ARRAY, NULL);
}

/*
 * A snapshot as jsonb.
 */
Jsonb *
pgmig_schema_to_jsonb(const SchemaSnapshot *snapshot)
{
	JsonbInState state = {0};
	JsonbValue format;

	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	push_text(&state, WJB_KEY, "format");
	format.type = jbvNumeric;
	format.val.numeric = int64_to_numeric(PGMIG_SNAPSHOT_FORMAT);
	pushJsonbValue(&state, WJB_VALUE, &format);
	push_schemas(&state, snapshot->schemas);
	push_objects(&state, snapshot);
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return JsonbValueToJsonb(state.result);
}

pg_noreturn static void
report_no_snapshot(const char *argument, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("argument \"%s\" is no snapshot", argument),
			 errdetail_internal("%s", detail),
			 errhint("Use what pgmig_snapshot() returns, as it is.")));
}

/* The member of an object with this key, or NULL. */
static JsonbValue *
get_member(JsonbContainer *container, const char *key)
{
	return getKeyJsonValueFromContainer(container, key, strlen(key), NULL);
}

/* The members of a container that is to be an object. */
static JsonbContainer *
expect_object(const JsonbValue *value, const char *argument, const char *what)
{
	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsObject(value->val.binary.data))
		report_no_snapshot(argument,
						   psprintf("\"%s\" is not an object.", what));
	return value->val.binary.data;
}

static char *
copy_string(const JsonbValue *value)
{
	return pnstrdup(value->val.string.val, value->val.string.len);
}

/* An object by kind and identity; NULL if it is not in the snapshot. */
SchemaObject *
pgmig_schema_find(const SchemaSnapshot *snapshot, const ObjectKind *kind,
				  const char *identity)
{
	SchemaObject key = {.kind = kind, .identity = identity};
	SchemaObject *wanted = &key;
	SchemaObject **found;

	key.order = pgmig_schema_kind_order(kind);
	found = bsearch(&wanted,
					snapshot->objects,
					snapshot->count,
					sizeof(SchemaObject *),
					pgmig_schema_order);
	return found == NULL ? NULL : *found;
}

/* Add what an object refers to: a name, or several of them, for each kind. */
static List *
read_references(const SchemaSnapshot *snapshot, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	const ObjectKind *kind = NULL;
	List *objects = NIL;
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, false)) != WJB_DONE)
	{
		SchemaObject *object;

		if (token == WJB_KEY)
			kind = pgmig_schema_kind_by_name(value.val.string.val,
											 value.val.string.len);
		if ((token != WJB_VALUE && token != WJB_ELEM) || kind == NULL ||
			value.type != jbvString)
			continue;
		object = pgmig_schema_find(snapshot, kind, copy_string(&value));
		if (object != NULL)
			objects = lappend(objects, object);
	}
	return objects;
}

static void
read_properties(SchemaObject *object, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	JsonbIteratorToken token;
	JsonbValue value;
	char *name = NULL;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			name = copy_string(&value);
		else if (token == WJB_VALUE && strcmp(name, "parent") != 0 &&
				 strcmp(name, "depends") != 0)
			pgmig_schema_add_property(object, name, &value);
	}
	list_sort(object->properties, pgmig_schema_property_order);
}

/* Read the objects of a kind. */
static List *
read_kind(const ObjectKind *kind, JsonbContainer *container,
		  const char *argument, List *objects)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	int order = pgmig_schema_kind_order(kind);
	SchemaObject *object = NULL;
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			object = palloc0(sizeof(SchemaObject));
			object->kind = kind;
			object->order = order;
			object->identity = copy_string(&value);
			object->described = true;
			objects = lappend(objects, object);
		}
		else if (token == WJB_VALUE)
			read_properties(object,
							expect_object(&value, argument, object->identity));
	}
	return objects;
}

static List *
read_objects(JsonbContainer *container, const char *argument)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	const ObjectKind *kind = NULL;
	List *objects = NIL;
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			kind = pgmig_schema_kind_by_name(value.val.string.val,
											 value.val.string.len);
			if (kind == NULL)
				report_no_snapshot(argument,
								   psprintf("It has objects of a kind \"%s\".",
											copy_string(&value)));
		}
		else if (token == WJB_VALUE)
			objects = read_kind(kind,
								expect_object(&value, argument, kind->name),
								argument,
								objects);
	}
	return objects;
}

/* Set parent and depends of all objects. */
static void
link_objects(const SchemaSnapshot *snapshot, JsonbContainer *kinds)
{
	for (int i = 0; i < snapshot->count; i++)
	{
		SchemaObject *object = snapshot->objects[i];
		JsonbValue *kind = get_member(kinds, object->kind->name);
		JsonbValue *members =
			get_member(kind->val.binary.data, object->identity);
		JsonbValue *parent = get_member(members->val.binary.data, "parent");
		JsonbValue *depends = get_member(members->val.binary.data, "depends");

		if (parent != NULL && parent->type == jbvBinary)
		{
			List *found = read_references(snapshot, parent->val.binary.data);

			object->parent = found == NIL ? NULL : linitial(found);
		}
		if (depends != NULL && depends->type == jbvBinary)
			object->depends =
				read_references(snapshot, depends->val.binary.data);
	}
}

static List *
read_schemas(const JsonbValue *value, const char *argument)
{
	List *schemas = NIL;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue element;

	if (value != NULL && value->type == jbvNull)
		return NIL;
	if (value == NULL || value->type != jbvBinary ||
		!JsonContainerIsArray(value->val.binary.data))
		report_no_snapshot(argument, "\"schemas\" is not a list.");
	iterator = JsonbIteratorInit(value->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &element, false)) != WJB_DONE)
		if (token == WJB_ELEM && element.type == jbvString)
			schemas = lappend(schemas, copy_string(&element));
	return schemas;
}

/* Refuse what is no snapshot, or has a form that we do not know. */
static void
check_format(JsonbContainer *root, const char *argument)
{
	JsonbValue *format;
	char *text;

	if (!JsonContainerIsObject(root))
		report_no_snapshot(argument, "It is not an object.");
	format = get_member(root, "format");
	if (format == NULL || format->type != jbvNumeric)
		report_no_snapshot(argument, "It has no \"format\".");
	text = pgmig_schema_value_text(format);
	if (strcmp(text, psprintf("%d", PGMIG_SNAPSHOT_FORMAT)) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("argument \"%s\" is a snapshot of format %s",
						argument,
						text),
				 errdetail("This version of pgmig reads format %d.",
						   PGMIG_SNAPSHOT_FORMAT),
				 errhint(
					 "Take both snapshots with the same version of pgmig.")));
}

/*
 * The snapshot that jsonb stands for, which must outlive it.
 *
 * argument is the name of the SQL function's argument, for errors: 22023 for
 * what is no snapshot, 0A000 for one of another format.
 */
SchemaSnapshot *
pgmig_schema_from_jsonb(Jsonb *jsonb, const char *argument)
{
	SchemaSnapshot *snapshot = palloc0(sizeof(SchemaSnapshot));
	JsonbContainer *kinds;
	List *objects;
	ListCell *lc;

	check_format(&jsonb->root, argument);
	snapshot->schemas =
		read_schemas(get_member(&jsonb->root, "schemas"), argument);
	kinds = expect_object(get_member(&jsonb->root, "objects"),
						  argument,
						  "objects");
	objects = read_objects(kinds, argument);
	snapshot->objects =
		palloc(sizeof(SchemaObject *) * Max(list_length(objects), 1));
	foreach(lc, objects)
		snapshot->objects[snapshot->count++] = lfirst(lc);
	qsort(snapshot->objects,
		  snapshot->count,
		  sizeof(SchemaObject *),
		  pgmig_schema_order);
	link_objects(snapshot, kinds);
	return snapshot;
}

/* Append the elements of an array, or the members of an object. */
static void
append_container(StringInfo text, JsonbContainer *container)
{
	JsonbIterator *iterator = JsonbIteratorInit(container);
	bool first = true;
	JsonbIteratorToken token;
	JsonbValue value;

	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY || token == WJB_ELEM)
		{
			if (!first)
				appendStringInfoString(text, ", ");
			first = false;
		}
		if (token == WJB_KEY)
			appendStringInfo(text, "%s: ", copy_string(&value));
		if (token == WJB_VALUE || token == WJB_ELEM)
			appendStringInfoString(text, pgmig_schema_value_text(&value));
	}
}

/*
 * A value as people read it: no quotes or brackets.
 */
char *
pgmig_schema_value_text(const JsonbValue *value)
{
	StringInfoData text;

	switch (value->type)
	{
		case jbvNull:
			return pstrdup("null");
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvString:
			return copy_string(value);
		case jbvNumeric:
			return DatumGetCString(
				DirectFunctionCall1(numeric_out,
									NumericGetDatum(value->val.numeric)));
		default:
			initStringInfo(&text);
			append_container(&text, value->val.binary.data);
			return text.data;
	}
}
