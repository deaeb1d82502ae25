/*-------------------------------------------------------------------------
 *
 * property.c
 *	  What is said of an object: values by name.
 *
 * A value is a scalar or jbvBinary, as it would be in a jsonb, whether it was
 * read from the catalogs or from a snapshot.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* Order of properties: by name. */
int
pgmig_schema_property_order(const ListCell *a, const ListCell *b)
{
	return strcmp(((SchemaProperty *) lfirst(a))->name,
				  ((SchemaProperty *) lfirst(b))->name);
}

/* The property of an object with this name, or NULL. */
SchemaProperty *
pgmig_schema_property(const SchemaObject *object, const char *name)
{
	ListCell *lc;

	foreach(lc, object->properties)
		if (strcmp(((SchemaProperty *) lfirst(lc))->name, name) == 0)
			return lfirst(lc);
	return NULL;
}

/* Add a property.  name lives as long as the object does. */
void
pgmig_schema_add_property(SchemaObject *object, const char *name,
						  JsonbValue *value)
{
	SchemaProperty *property = palloc(sizeof(SchemaProperty));

	property->name = name;
	property->value = *value;
	object->properties = lappend(object->properties, property);
}

/* Likewise a text. */
void
pgmig_schema_add_text(SchemaObject *object, const char *name,
					  const char *value)
{
	JsonbValue property;

	property.type = jbvString;
	property.val.string.val = unconstify(char *, value);
	property.val.string.len = strlen(value);
	pgmig_schema_add_property(object, name, &property);
}

/* Set a value to what is not larger than need be. */
void
pgmig_schema_set_binary(JsonbValue *value, const Jsonb *built)
{
	Jsonb *jsonb = palloc(VARSIZE(built));

	memcpy(jsonb, built, VARSIZE(built));
	value->type = jbvBinary;
	value->val.binary.data = &jsonb->root;
	value->val.binary.len = VARSIZE(jsonb) - VARHDRSZ;
}

/* Push a text, as a key, a value or an element. */
void
pgmig_schema_push_text(JsonbInState *state, JsonbIteratorToken token,
					   const char *text)
{
	JsonbValue value;

	value.type = jbvString;
	value.val.string.val = unconstify(char *, text);
	value.val.string.len = strlen(text);
	pushJsonbValue(state, token, &value);
}

/* Add a list of texts (char *), in place of one of the same name. */
void
pgmig_schema_add_list(SchemaObject *object, const char *name, List *texts)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig list",
											  ALLOCSET_SMALL_SIZES);
	MemoryContext old;
	Jsonb *built;
	JsonbInState state = {0};
	JsonbValue value;
	ListCell *lc;

	foreach(lc, object->properties)
		if (strcmp(((SchemaProperty *) lfirst(lc))->name, name) == 0)
			object->properties =
				foreach_delete_current(object->properties, lc);
	old = MemoryContextSwitchTo(cxt);
	pushJsonbValue(&state, WJB_BEGIN_ARRAY, NULL);
	foreach(lc, texts)
		pgmig_schema_push_text(&state, WJB_ELEM, lfirst(lc));
	pushJsonbValue(&state, WJB_END_ARRAY, NULL);
	built = JsonbValueToJsonb(state.result);
	MemoryContextSwitchTo(old);
	pgmig_schema_set_binary(&value, built);
	MemoryContextDelete(cxt);
	pgmig_schema_add_property(object, name, &value);
}

/*
 * The texts (char *) of a property that is one, or a list of them; NIL if there
 * is none.
 */
List *
pgmig_schema_texts(const SchemaObject *object, const char *name)
{
	const SchemaProperty *property = pgmig_schema_property(object, name);
	List *texts = NIL;
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;

	if (property == NULL)
		return NIL;
	if (property->value.type != jbvBinary)
		return list_make1(pgmig_schema_value_text(&property->value));
	iterator = JsonbIteratorInit(property->value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
		if (token == WJB_ELEM)
			texts = lappend(texts, pgmig_schema_value_text(&value));
	return texts;
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
			appendStringInfo(text,
							 "%s: ",
							 pnstrdup(value.val.string.val,
									  value.val.string.len));
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

	check_stack_depth();
	switch (value->type)
	{
		case jbvNull:
			return pstrdup("null");
		case jbvBool:
			return pstrdup(value->val.boolean ? "true" : "false");
		case jbvString:
			return pnstrdup(value->val.string.val, value->val.string.len);
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
