/*-------------------------------------------------------------------------
 *
 * not_null.c
 *	  Names of NOT NULL constraints that the server has chosen.
 *
 * Newer servers give a NOT NULL a name, older ones do not.  One that was
 * chosen by the server is no property, so that a schema is the same on all of
 * them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

#include "compat.h"
#include "schema/schema_internal.h"

#define NAME_PROPERTY "not_null_name"

/* Is this the name that the server makes from these, or with a number? */
static bool
is_automatic(const char *name, const char *first, const char *second)
{
	const char *number = name + strlen(name);

	while (number > name && number[-1] >= '0' && number[-1] <= '9')
		number--;
	return strcmp(name,
				  makeObjectName(first,
								 second,
								 psprintf("not_null%s", number))) == 0;
}

static void
drop_automatic_name(SchemaObject *object, const char *first,
					const char *second)
{
	ListCell *lc;

	if (first == NULL)
		return;
	foreach(lc, object->properties)
	{
		SchemaProperty *property = lfirst(lc);

		if (strcmp(property->name, NAME_PROPERTY) != 0)
			continue;
		if (is_automatic(pgmig_schema_value_text(&property->value),
						 first,
						 second))
			object->properties =
				foreach_delete_current(object->properties, lc);
		return;
	}
}

/*
 * Take an automatic name from a column's properties.
 */
void
pgmig_schema_describe_column(SchemaObject *object)
{
	const ObjectAddress *address = &object->address;

	if (pgmig_schema_property(object, NAME_PROPERTY) == NULL)
		return;
	drop_automatic_name(object,
						get_rel_name(address->objectId),
						get_attname(address->objectId,
									address->objectSubId,
									true));
}

/*
 * Take an automatic name from a domain's properties.
 */
void
pgmig_schema_describe_domain(SchemaObject *object)
{
	HeapTuple tuple;

	if (pgmig_schema_property(object, NAME_PROPERTY) == NULL)
		return;
	tuple =
		SearchSysCache1(TYPEOID, ObjectIdGetDatum(object->address.objectId));
	if (!HeapTupleIsValid(tuple))
		return;
	drop_automatic_name(object,
						NameStr(((Form_pg_type) GETSTRUCT(tuple))->typname),
						NULL);
	ReleaseSysCache(tuple);
}
