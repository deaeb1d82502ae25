/*-------------------------------------------------------------------------
 *
 * compare.c
 *	  Differences of two snapshots.
 *
 * Works on snapshots only: it does not matter where they come from.  What an
 * added or removed object consists of is not told again.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "errors.h"
#include "schema/schema_internal.h"

/* Two snapshots, and what was found so far. */
typedef struct Comparison
{
	const SchemaSnapshot *a;
	const SchemaSnapshot *b;
	List *differences; /* of SchemaDifference * */
} Comparison;

static SchemaDifference *
add_difference(Comparison *comparison, const char *change,
			   const SchemaObject *before, const SchemaObject *after)
{
	const SchemaObject *object = after == NULL ? before : after;
	SchemaDifference *difference = palloc0(sizeof(SchemaDifference));

	difference->change = change;
	difference->kind = object->kind;
	difference->identity = object->identity;
	difference->before = before;
	difference->after = after;
	comparison->differences = lappend(comparison->differences, difference);
	return difference;
}

static void
add_change(Comparison *comparison, const SchemaObject *before,
		   const SchemaObject *after, const char *property, const char *a,
		   const char *b)
{
	SchemaDifference *difference =
		add_difference(comparison, "changed", before, after);

	difference->property = property;
	difference->a = a;
	difference->b = b;
}

/* All properties of an object in a line. */
static char *
summarize(const SchemaObject *object)
{
	StringInfoData text;
	ListCell *lc;

	initStringInfo(&text);
	foreach(lc, object->properties)
	{
		SchemaProperty *property = lfirst(lc);

		appendStringInfo(&text,
						 "%s%s: %s",
						 text.len > 0 ? "; " : "",
						 property->name,
						 pgmig_schema_value_text(&property->value));
	}
	return text.data;
}

static bool
is_equal(const JsonbValue *a, const JsonbValue *b)
{
	if (a->type != b->type)
		return false;
	if (a->type == jbvBinary)
		return a->val.binary.len == b->val.binary.len &&
			   memcmp(a->val.binary.data,
					  b->val.binary.data,
					  a->val.binary.len) == 0;
	if (a->type == jbvString)
		return a->val.string.len == b->val.string.len &&
			   memcmp(a->val.string.val,
					  b->val.string.val,
					  a->val.string.len) == 0;
	return strcmp(pgmig_schema_value_text(a), pgmig_schema_value_text(b)) == 0;
}

static bool
is_map(const JsonbValue *value)
{
	return value->type == jbvBinary &&
		   JsonContainerIsObject(value->val.binary.data);
}

/* The members of an object, as properties "name.key". */
static List *
members(const SchemaProperty *property)
{
	List *result = NIL;
	char *key = NULL;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (property == NULL || !is_map(&property->value))
		return NIL;
	iterator = JsonbIteratorInit(property->value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
			key = pnstrdup(value.val.string.val, value.val.string.len);
		else if (token == WJB_VALUE)
		{
			SchemaProperty *member = palloc(sizeof(SchemaProperty));

			member->name = psprintf("%s.%s", property->name, key);
			member->value = value;
			result = lappend(result, member);
		}
	}
	list_sort(result, pgmig_schema_property_order);
	return result;
}

/* The elements of an array that are in another one too. */
static char *
common_elements(const JsonbValue *array, const JsonbValue *other)
{
	StringInfoData text;
	JsonbIterator *iterator = JsonbIteratorInit(array->val.binary.data);
	JsonbIteratorToken token;
	JsonbValue value;

	initStringInfo(&text);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_ELEM &&
			findJsonbValueFromContainer(other->val.binary.data,
										JB_FARRAY,
										&value) != NULL)
			appendStringInfo(&text, "%s,", pgmig_schema_value_text(&value));
	return text.data;
}

/*
 * Do the columns of a table differ only in that some are there and some not?
 * Those are differences of their own.
 */
static bool
is_same_order(const SchemaProperty *a, const SchemaProperty *b)
{
	if (strcmp(a == NULL ? b->name : a->name, "columns") != 0)
		return false;
	if (a == NULL || b == NULL)
		return true;
	return a->value.type == jbvBinary && b->value.type == jbvBinary &&
		   JsonContainerIsArray(a->value.val.binary.data) &&
		   JsonContainerIsArray(b->value.val.binary.data) &&
		   strcmp(common_elements(&a->value, &b->value),
				  common_elements(&b->value, &a->value)) == 0;
}

/* Are the names in a list differences of their own, being objects? */
static bool
lists_objects(const SchemaObject *object)
{
	return pgmig_schema_property(object, "type") == NULL;
}

static void compare_properties(Comparison *comparison,
							   const SchemaObject *before,
							   const SchemaObject *after, const List *a,
							   const List *b);

/* Compare a property, which may be missing on one side. */
static void
compare_property(Comparison *comparison, const SchemaObject *before,
				 const SchemaObject *after, const SchemaProperty *a,
				 const SchemaProperty *b)
{
	if (a != NULL && b != NULL && is_equal(&a->value, &b->value))
		return;
	if ((a == NULL || is_map(&a->value)) && (b == NULL || is_map(&b->value)))
	{
		compare_properties(comparison, before, after, members(a), members(b));
		return;
	}
	if (lists_objects(after) && is_same_order(a, b))
		return;
	add_change(comparison,
			   before,
			   after,
			   a == NULL ? b->name : a->name,
			   a == NULL ? NULL : pgmig_schema_value_text(&a->value),
			   b == NULL ? NULL : pgmig_schema_value_text(&b->value));
}

/* Compare properties, which are in order. */
static void
compare_properties(Comparison *comparison, const SchemaObject *before,
				   const SchemaObject *after, const List *a, const List *b)
{
	int i = 0;
	int j = 0;

	check_stack_depth();
	while (i < list_length(a) || j < list_length(b))
	{
		const SchemaProperty *first =
			i < list_length(a) ? list_nth(a, i) : NULL;
		const SchemaProperty *second =
			j < list_length(b) ? list_nth(b, j) : NULL;
		int order = first == NULL    ? 1
					: second == NULL ? -1
									 : strcmp(first->name, second->name);

		compare_property(comparison,
						 before,
						 after,
						 order <= 0 ? first : NULL,
						 order >= 0 ? second : NULL);
		if (order <= 0)
			i++;
		if (order >= 0)
			j++;
	}
}

static bool
is_missing(const SchemaSnapshot *snapshot, const SchemaObject *object)
{
	return pgmig_schema_find(snapshot, object->kind, object->identity) == NULL;
}

/* Is a property what it is because of where an object is? */
static bool
is_of_place(const char *name)
{
	return strcmp(name, "definition") == 0 || strcmp(name, "inherited") == 0 ||
		   strcmp(name, "partition_of") == 0;
}

/* Has an object nothing that another one, which it comes from, has not? */
static bool
is_like(const SchemaObject *object, const SchemaObject *origin)
{
	const SchemaProperty *value = pgmig_schema_property(origin, "default");
	ListCell *lc;

	if (value != NULL && pgmig_schema_property(object, "default") == NULL)
		return false;
	foreach(lc, object->properties)
	{
		SchemaProperty *property = lfirst(lc);
		const SchemaProperty *same =
			pgmig_schema_property(origin, property->name);

		if (!is_of_place(property->name) &&
			(same == NULL || !is_equal(&property->value, &same->value)))
			return false;
	}
	return true;
}

/*
 * Does an object come from the one with this identity, which one snapshot has
 * and the other has not?
 */
static bool
comes_from(const SchemaSnapshot *one, const SchemaSnapshot *other,
		   const SchemaObject *object, const char *identity)
{
	SchemaObject *origin = pgmig_schema_find(one, object->kind, identity);

	return origin != NULL && is_missing(other, origin) &&
		   is_like(object, origin);
}

/* The identity that a part of a table would have in another table. */
static char *
identity_in(const SchemaObject *part, const char *table)
{
	const char *own = part->parent->identity;
	size_t length = strlen(own);

	if (strncmp(part->identity, own, length) == 0)
		return psprintf("%s%s", table, part->identity + length);
	return psprintf("%.*s%s",
					(int) (strlen(part->identity) - length),
					part->identity,
					table);
}

/*
 * Did an object that is only in one snapshot come, or go, along with another
 * one: as a part of it, or because its table inherits it?
 */
static bool
is_implied(const SchemaSnapshot *one, const SchemaSnapshot *other,
		   const SchemaObject *object)
{
	const SchemaObject *parent = object->parent;
	ListCell *lc;

	if (parent == NULL)
		return false;
	if (is_missing(other, parent))
		return true;
	foreach(lc, pgmig_schema_texts(object, "partition_of"))
		if (comes_from(one, other, object, lfirst(lc)))
			return true;
	if (pgmig_schema_property(object, "inherited") == NULL ||
		strlen(object->identity) < strlen(parent->identity))
		return false;
	foreach(lc,
			list_concat(pgmig_schema_texts(parent, "partition_of"),
						pgmig_schema_texts(parent, "inherits")))
		if (comes_from(one, other, object, identity_in(object, lfirst(lc))))
			return true;
	return false;
}

/* An object that only one of the snapshots has. */
static void
add_object(Comparison *comparison, const SchemaObject *before,
		   const SchemaObject *after)
{
	const SchemaObject *object = after == NULL ? before : after;
	SchemaDifference *difference;

	if (is_implied(after == NULL ? comparison->a : comparison->b,
				   after == NULL ? comparison->b : comparison->a,
				   object))
		return;
	difference = add_difference(comparison,
								after == NULL ? "removed" : "added",
								before,
								after);
	if (after == NULL)
		difference->a = summarize(before);
	else
		difference->b = summarize(after);
}

static void
check_selection(const SchemaSnapshot *a, const SchemaSnapshot *b)
{
	ListCell *first;
	ListCell *second;
	bool same = list_length(a->schemas) == list_length(b->schemas);

	forboth(first, a->schemas, second, b->schemas)
		same = same && strcmp(lfirst(first), lfirst(second)) == 0;
	if (!same)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the snapshots are of different schemas"),
				 errhint(
					 "Take both of the same schemas, or both of whole databases.")));
}

/*
 * The differences (SchemaDifference *) between two snapshots, by kind and
 * identity.  Snapshots of different schemas are an error (22023).
 */
List *
pgmig_schema_compare(const SchemaSnapshot *a, const SchemaSnapshot *b)
{
	Comparison comparison = {.a = a, .b = b};
	int i = 0;
	int j = 0;

	check_selection(a, b);
	while (i < a->count || j < b->count)
	{
		int order = i == a->count ? 1
					: j == b->count
						? -1
						: pgmig_schema_order(&a->objects[i], &b->objects[j]);

		CHECK_FOR_INTERRUPTS();
		if (order < 0)
			add_object(&comparison, a->objects[i++], NULL);
		else if (order > 0)
			add_object(&comparison, NULL, b->objects[j++]);
		else
		{
			compare_properties(&comparison,
							   a->objects[i],
							   b->objects[j],
							   a->objects[i]->properties,
							   b->objects[j]->properties);
			i++;
			j++;
		}
	}
	return comparison.differences;
}
