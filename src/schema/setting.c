/*-------------------------------------------------------------------------
 *
 * setting.c
 *	  Settings of functions and options of dictionaries, whose text in the
 *	  catalogs depends on the session that wrote them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "nodes/parsenodes.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/varlena.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* Set a property to an object that is complete. */
static void
set_result(SchemaProperty *property, JsonbInState *state)
{
	pushJsonbValue(state, WJB_END_OBJECT, NULL);
	pgmig_schema_set_binary(&property->value,
							JsonbValueToJsonb(state->result));
}

/* The value of a setting; names in a list have quotes only where needed. */
static char *
requote(const char *name, char *value)
{
	StringInfoData text;
	List *names;
	ListCell *lc;

	if ((GetConfigOptionFlags(name, true) & GUC_LIST_QUOTE) == 0 ||
		!SplitGUCList(pstrdup(value), ',', &names))
		return value;
	initStringInfo(&text);
	foreach(lc, names)
		appendStringInfo(&text,
						 "%s%s",
						 text.len > 0 ? ", " : "",
						 quote_identifier(lfirst(lc)));
	return text.data;
}

/*
 * Write the settings of a function or procedure in one way.
 */
void
pgmig_schema_describe_routine(SchemaObject *object)
{
	SchemaProperty *settings = pgmig_schema_property(object, "settings");
	JsonbInState state = {0};
	JsonbIterator *iterator;
	JsonbIteratorToken token;
	JsonbValue value;
	char *name = NULL;

	if (settings == NULL)
		return;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	iterator = JsonbIteratorInit(settings->value.val.binary.data);
	while ((token = JsonbIteratorNext(&iterator, &value, true)) != WJB_DONE)
	{
		if (token == WJB_KEY)
		{
			name = pgmig_schema_value_text(&value);
			pgmig_schema_push_text(&state, WJB_KEY, name);
		}
		else if (token == WJB_VALUE)
			pgmig_schema_push_text(&state,
								   WJB_VALUE,
								   requote(name,
										   pgmig_schema_value_text(&value)));
	}
	set_result(settings, &state);
}

/*
 * Make an object of the options of a text search dictionary.
 */
void
pgmig_schema_describe_dictionary(SchemaObject *object)
{
	SchemaProperty *options = pgmig_schema_property(object, "options");
	JsonbInState state = {0};
	ListCell *lc;

	if (options == NULL)
		return;
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc,
			deserialize_deflist(
				CStringGetTextDatum(pgmig_schema_value_text(&options->value))))
	{
		DefElem *option = lfirst(lc);

		pgmig_schema_push_text(&state, WJB_KEY, option->defname);
		pgmig_schema_push_text(&state, WJB_VALUE, defGetString(option));
	}
	set_result(options, &state);
}
