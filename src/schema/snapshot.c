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

#include "miscadmin.h"
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

/*
 * Room for the jsonb of a snapshot before it is written.  It is counted first:
 * there are hundreds of thousands of small objects and lists, none of which
 * may waste any.
 */
typedef struct Room
{
	JsonbPair *pairs;     /* the next free one */
	JsonbValue *elements; /* likewise */
	Size npairs;
	Size nelements;
} Room;

static void
set_text(JsonbValue *value, const char *text)
{
	value->type = jbvString;
	value->val.string.val = unconstify(char *, text);
	value->val.string.len = strlen(text);
}

/* The order that keys have in jsonb: by length, then by bytes. */
static int
order_pairs(const void *a, const void *b)
{
	const JsonbValue *first = &((const JsonbPair *) a)->key;
	const JsonbValue *second = &((const JsonbPair *) b)->key;

	if (first->val.string.len != second->val.string.len)
		return first->val.string.len < second->val.string.len ? -1 : 1;
	return memcmp(first->val.string.val,
				  second->val.string.val,
				  first->val.string.len);
}

/* Make a value an object of so many pairs, for which there is room. */
static JsonbPair *
begin_pairs(Room *room, JsonbValue *value, int count)
{
	value->type = jbvObject;
	value->val.object.nPairs = count;
	value->val.object.pairs = room->pairs;
	room->pairs += count;
	return value->val.object.pairs;
}

static void
end_pairs(JsonbValue *value)
{
	qsort(value->val.object.pairs,
		  value->val.object.nPairs,
		  sizeof(JsonbPair),
		  order_pairs);
}

/* A value as a tree: only trees can be parts of what is written. */
static void
set_tree(JsonbValue *value, const JsonbValue *from)
{
	JsonbInState state = {0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue part;

	*value = *from;
	if (from->type != jbvBinary)
		return;
	iterator = JsonbIteratorInit(from->val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &part, false)) != WJB_DONE)
		pushJsonbValue(&state, token, token < WJB_BEGIN_ARRAY ? &part : NULL);
	*value = *state.result;
}

/* How many of the objects in a list, which are in order, are of a kind? */
static int
count_kind(const List *objects, int first)
{
	const ObjectKind *kind = ((SchemaObject *) list_nth(objects, first))->kind;
	int count = 1;

	while (first + count < list_length(objects) &&
		   ((SchemaObject *) list_nth(objects, first + count))->kind == kind)
		count++;
	return count;
}

static int
count_kinds(const List *objects)
{
	int count = 0;

	for (int i = 0; i < list_length(objects); i += count_kind(objects, i))
		count++;
	return count;
}

/* The objects in a list, which are in order, by kind. */
static void
set_depends(Room *room, JsonbValue *value, const List *depends)
{
	JsonbPair *pair = begin_pairs(room, value, count_kinds(depends));
	int count;

	for (int i = 0; i < list_length(depends); i += count)
	{
		SchemaObject *first = list_nth(depends, i);

		count = count_kind(depends, i);
		set_text(&pair->key, first->kind->name);
		pair->value.type = jbvArray;
		pair->value.val.array.nElems = count;
		pair->value.val.array.rawScalar = false;
		pair->value.val.array.elems = room->elements;
		for (int j = 0; j < count; j++)
			set_text(room->elements++,
					 ((SchemaObject *) list_nth(depends, i + j))->identity);
		pair++;
	}
	end_pairs(value);
}

static void
set_object(Room *room, JsonbValue *value, const SchemaObject *object)
{
	JsonbPair *pair =
		begin_pairs(room,
					value,
					list_length(object->properties) +
						(object->parent != NULL) + (object->depends != NIL));
	ListCell *lc;

	foreach(lc, object->properties)
	{
		SchemaProperty *property = lfirst(lc);

		set_text(&pair->key, property->name);
		set_tree(&pair->value, &property->value);
		pair++;
	}
	if (object->parent != NULL)
	{
		JsonbPair *parent = begin_pairs(room, &pair->value, 1);

		set_text(&pair->key, "parent");
		set_text(&parent->key, object->parent->kind->name);
		set_text(&parent->value, object->parent->identity);
		pair++;
	}
	if (object->depends != NIL)
	{
		set_text(&pair->key, "depends");
		set_depends(room, &pair->value, object->depends);
	}
	end_pairs(value);
}

/* The number of objects from the first one on that are of its kind. */
static int
count_objects(const SchemaSnapshot *snapshot, int first)
{
	int count = 1;

	while (first + count < snapshot->count &&
		   snapshot->objects[first + count]->kind ==
			   snapshot->objects[first]->kind)
		count++;
	return count;
}

static void
set_objects(Room *room, JsonbValue *value, const SchemaSnapshot *snapshot)
{
	int kinds = 0;
	JsonbPair *pair;
	int count;

	for (int i = 0; i < snapshot->count; i += count_objects(snapshot, i))
		kinds++;
	pair = begin_pairs(room, value, kinds);
	for (int i = 0; i < snapshot->count; i += count)
	{
		JsonbPair *member;

		count = count_objects(snapshot, i);
		set_text(&pair->key, snapshot->objects[i]->kind->name);
		member = begin_pairs(room, &pair->value, count);
		for (int j = 0; j < count; j++)
		{
			set_text(&member->key, snapshot->objects[i + j]->identity);
			set_object(room, &member->value, snapshot->objects[i + j]);
			member++;
		}
		end_pairs(&pair->value);
		pair++;
	}
	end_pairs(value);
}

static void
set_schemas(Room *room, JsonbValue *value, const List *schemas)
{
	ListCell *lc;

	value->type = jbvNull;
	if (schemas == NIL)
		return;
	value->type = jbvArray;
	value->val.array.nElems = list_length(schemas);
	value->val.array.rawScalar = false;
	value->val.array.elems = room->elements;
	foreach(lc, schemas)
		set_text(room->elements++, lfirst(lc));
}

/* Make room for all of a snapshot. */
static void
make_room(Room *room, const SchemaSnapshot *snapshot)
{
	room->npairs = 3;
	room->nelements = list_length(snapshot->schemas);
	for (int i = 0; i < snapshot->count; i++)
	{
		const SchemaObject *object = snapshot->objects[i];

		/* Itself, perhaps its kind, and what set_object() needs. */
		room->npairs += 2 + list_length(object->properties) + 3 +
						count_kinds(object->depends);
		room->nelements += list_length(object->depends);
	}
	room->pairs =
		palloc_extended(sizeof(JsonbPair) * room->npairs, MCXT_ALLOC_HUGE);
	room->elements =
		palloc_extended(sizeof(JsonbValue) * Max(room->nelements, 1),
						MCXT_ALLOC_HUGE);
}

/*
 * A snapshot as jsonb.
 */
Jsonb *
pgmig_schema_to_jsonb(const SchemaSnapshot *snapshot)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig jsonb",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	Room room;
	JsonbValue root;
	JsonbPair *pair;
	Jsonb *jsonb;

	make_room(&room, snapshot);
	pair = begin_pairs(&room, &root, 3);
	set_text(&pair[0].key, "format");
	pair[0].value.type = jbvNumeric;
	pair[0].value.val.numeric = int64_to_numeric(PGMIG_SNAPSHOT_FORMAT);
	set_text(&pair[1].key, "objects");
	set_objects(&room, &pair[1].value, snapshot);
	set_text(&pair[2].key, "schemas");
	set_schemas(&room, &pair[2].value, snapshot->schemas);
	MemoryContextSwitchTo(old);
	jsonb = JsonbValueToJsonb(&root);
	MemoryContextDelete(cxt);
	return jsonb;
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
