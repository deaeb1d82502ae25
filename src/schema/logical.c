/*-------------------------------------------------------------------------
 *
 * logical.c
 *	  Snapshots without what makes no difference to who uses the schema: the
 *	  order of a table's columns, and names of constraints that the server
 *	  has chosen.
 *
 * A constraint with such a name goes by its definition, and so does its index.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "commands/defrem.h"
#include "utils/builtins.h"
#include "utils/varlena.h"

#include "errors.h"
#include "schema/schema_internal.h"

/*
 * The mode with this name: strict or logical.
 */
SchemaMode
pgmig_schema_mode(const char *name)
{
	if (strcmp(name, "strict") == 0)
		return SCHEMA_STRICT;
	if (strcmp(name, "logical") == 0)
		return SCHEMA_LOGICAL;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("mode \"%s\" is not known", name),
			 errhint("Use \"strict\" or \"logical\".")));
}

/* The last part of a qualified name, without quotes. */
static char *
bare_name(const char *identity)
{
	List *names;

	if (!SplitIdentifierString(pstrdup(identity), '.', &names) || names == NIL)
		return pstrdup(identity);
	return llast(names);
}

/* The name of what has the identity "name on parent". */
static char *
name_on_parent(const SchemaObject *object)
{
	int length = strlen(object->identity) - strlen(" on ") -
				 strlen(object->parent->identity);

	return bare_name(pnstrdup(object->identity, Max(length, 0)));
}

/* Names, with underscores in between. */
static char *
join_names(const List *names)
{
	StringInfoData text;
	ListCell *lc;

	initStringInfo(&text);
	foreach(lc, names)
		appendStringInfo(&text,
						 "%s%s",
						 text.len > 0 ? "_" : "",
						 (char *) lfirst(lc));
	return text.data;
}

/* The name that the server gives a constraint, with this number at its end. */
static char *
automatic_name(const SchemaObject *constraint, const char *number)
{
	const SchemaProperty *type = pgmig_schema_property(constraint, "type");
	List *names = pgmig_schema_texts(constraint, "columns");
	char *table = bare_name(constraint->parent->identity);
	char *columns = join_names(names);
	char *kind = type == NULL ? "" : pgmig_schema_value_text(&type->value);
	const char *label;

	if (strcmp(kind, "primary key") == 0)
	{
		columns = NULL;
		label = "pkey";
	}
	else if (strcmp(kind, "unique") == 0)
		label = "key";
	else if (strcmp(kind, "foreign key") == 0)
		label = "fkey";
	else if (strcmp(kind, "exclude") == 0)
		label = "excl";
	else
	{
		/* It has the column in its name if it is about one. */
		if (list_length(names) != 1)
			columns = NULL;
		label = "check";
	}
	return makeObjectName(table, columns, psprintf("%s%s", label, number));
}

static bool
has_automatic_name(const SchemaObject *constraint)
{
	char *name;
	char *number;

	if (constraint->parent == NULL)
		return false;
	name = name_on_parent(constraint);
	number = name + strlen(name);
	while (number > name && number[-1] >= '0' && number[-1] <= '9')
		number--;
	return strcmp(name, automatic_name(constraint, number)) == 0;
}

static SchemaObject *
without(const SchemaObject *object, const char *property)
{
	SchemaObject *copy = palloc(sizeof(SchemaObject));
	ListCell *lc;

	*copy = *object;
	copy->properties = NIL;
	foreach(lc, object->properties)
		if (strcmp(((SchemaProperty *) lfirst(lc))->name, property) != 0)
			copy->properties = lappend(copy->properties, lfirst(lc));
	return copy;
}

/* A constraint under its definition. */
static SchemaObject *
rename_constraint(const SchemaObject *constraint)
{
	const SchemaProperty *definition =
		pgmig_schema_property(constraint, "definition");
	SchemaObject *copy = palloc(sizeof(SchemaObject));

	*copy = *constraint;
	copy->identity =
		psprintf("(%s) on %s",
				 definition == NULL
					 ? "?"
					 : pgmig_schema_value_text(&definition->value),
				 constraint->parent->identity);
	return copy;
}

/* An object as it is compared. */
static SchemaObject *
make_logical(SchemaObject *object)
{
	const char *kind = object->kind->name;

	if (strcmp(kind, "table") == 0 || strcmp(kind, "foreign table") == 0)
		return without(object, "columns");
	if (object->kind->catalog == ConstraintRelationId &&
		object->kind->parent == RelationRelationId &&
		has_automatic_name(object))
		return rename_constraint(object);
	if (strcmp(kind, "index") == 0 && object->parent != NULL &&
		object->parent->kind->catalog == ConstraintRelationId &&
		has_automatic_name(object->parent))
	{
		object = without(object, "partition_of");
		object->identity =
			psprintf("index of %s",
					 rename_constraint(object->parent)->identity);
		return object;
	}
	return object;
}

/*
 * A snapshot without differences that do not count in mode logical.  It shares
 * what is the same.
 */
SchemaSnapshot *
pgmig_schema_logical(const SchemaSnapshot *snapshot)
{
	SchemaSnapshot *logical = palloc(sizeof(SchemaSnapshot));
	const char *last = NULL;
	int same = 1;

	*logical = *snapshot;
	logical->objects =
		palloc(sizeof(SchemaObject *) * Max(snapshot->count, 1));
	for (int i = 0; i < snapshot->count; i++)
		logical->objects[i] = make_logical(snapshot->objects[i]);
	qsort(logical->objects,
		  logical->count,
		  sizeof(SchemaObject *),
		  pgmig_schema_order);
	/* Two constraints can have one definition. */
	for (int i = 0; i < logical->count; i++)
	{
		SchemaObject *object = logical->objects[i];

		same = last != NULL && strcmp(last, object->identity) == 0 &&
					   object->kind == logical->objects[i - 1]->kind
				   ? same + 1
				   : 1;
		last = object->identity;
		if (same > 1)
			object->identity = psprintf("%s, %d", object->identity, same);
	}
	return logical;
}
