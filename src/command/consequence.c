/*-------------------------------------------------------------------------
 *
 * consequence.c
 *	  Differences that only follow from another one, so that a change is one
 *	  finding of pgmig_check(), or few.
 *
 * A change of a column goes on to the tables that inherit it, one of a table's
 * owner to the sequences of its columns; all parts of a partition know that
 * they are one; and what refers to an object has its new name.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "command/command.h"

static bool
is_equal(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* The text of a property, NULL if there is none. */
static char *
get_text(const SchemaObject *object, const char *name)
{
	const SchemaProperty *property = pgmig_schema_property(object, name);

	return property == NULL ? NULL : pgmig_schema_value_text(&property->value);
}

/* Is there such a difference of the object with this identity? */
static bool
has_same(const List *differences, const char *kind, const char *identity,
		 const SchemaDifference *difference)
{
	ListCell *lc;

	foreach(lc, differences)
	{
		SchemaDifference *other = lfirst(lc);

		if (strcmp(other->identity, identity) == 0 &&
			strcmp(pgmig_schema_kind_name(other->kind), kind) == 0 &&
			strcmp(other->change, difference->change) == 0 &&
			is_equal(other->property, difference->property) &&
			(difference->property == NULL ||
			 (is_equal(other->a, difference->a) &&
			  is_equal(other->b, difference->b))))
			return true;
	}
	return false;
}

/* Is it a change of a column, which the table that it is inherited from has? */
static bool
is_inherited(const SchemaDifference *difference, const List *all)
{
	const SchemaObject *column = difference->after;
	char *table;

	if (difference->property == NULL || column->parent == NULL)
		return false;
	table = get_text(column->parent, "partition_of");
	if (table == NULL)
		table = get_text(column->parent, "inherits");
	return table != NULL &&
		   has_same(all,
					"column",
					psprintf("%s%s",
							 table,
							 column->identity +
								 strlen(column->parent->identity)),
					difference);
}

/*
 * Is it a change of a sequence that comes with the column that owns it, or
 * with that one's table?
 */
static bool
is_of_owner(const SchemaDifference *difference, const List *all)
{
	const SchemaObject *sequence =
		difference->after != NULL ? difference->after : difference->before;
	char *column = get_text(sequence, "owned_by");

	if (column == NULL || (difference->property != NULL &&
						   strcmp(difference->property, "owner") != 0))
		return false;
	if (has_same(all, "column", column, difference))
		return true;
	for (char *p = column + strlen(column) - 1; p > column; p--)
		if (*p == '.' &&
			has_same(all, "table", pnstrdup(column, p - column), difference))
			return true;
	return false;
}

/* Is there another value of a property before and after? */
static bool
is_other(const SchemaObject *before, const SchemaObject *after,
		 const char *property)
{
	return !is_equal(get_text(before, property), get_text(after, property));
}

/*
 * Is it what is different of any part of a table that was made a partition or
 * is one no more?  The table itself tells.
 */
static bool
is_of_partition(const SchemaDifference *difference)
{
	const SchemaObject *before = difference->before;
	const SchemaObject *after = difference->after;

	if (difference->property == NULL)
		return false;
	if (strcmp(difference->property, "partition_bound") != 0)
	{
		if (strcmp(difference->property, "inherited") != 0 &&
			(before->parent == NULL ||
			 strcmp(difference->property, "partition_of") != 0))
			return false;
		before = before->parent;
		after = after->parent;
	}
	return before != NULL && after != NULL &&
		   (is_other(before, after, "partition_of") ||
			is_other(before, after, "inherits"));
}

/* Is b what a becomes by putting one name in the place of another? */
static bool
is_replaced(const char *a, const char *b, const char *name, const char *other)
{
	const char *p;

	while ((p = strstr(a, name)) != NULL)
	{
		if (strncmp(a, b, p - a) != 0 ||
			strncmp(b + (p - a), other, strlen(other)) != 0)
			return false;
		b += (p - a) + strlen(other);
		a = p + strlen(name);
	}
	return strcmp(a, b) == 0;
}

/*
 * Is the only difference the name of an object that is removed, and of one of
 * its kind that is added?  So it was renamed, and what refers to it follows.
 */
static bool
is_of_renamed(const SchemaDifference *difference, const List *all)
{
	ListCell *from;
	ListCell *to;

	if (difference->a == NULL || difference->b == NULL ||
		difference->property == NULL)
		return false;
	foreach(from, all)
	{
		SchemaDifference *removed = lfirst(from);

		if (removed->after != NULL ||
			strstr(difference->a, removed->identity) == NULL)
			continue;
		foreach(to, all)
		{
			SchemaDifference *added = lfirst(to);

			if (added->before == NULL && added->kind == removed->kind &&
				is_replaced(difference->a,
							difference->b,
							removed->identity,
							added->identity))
				return true;
		}
	}
	return false;
}

/*
 * The differences (SchemaDifference *) that do not come with another one.
 */
List *
pgmig_command_drop_consequences(const List *differences)
{
	List *own = NIL;
	ListCell *lc;

	foreach(lc, differences)
	{
		SchemaDifference *difference = lfirst(lc);
		const char *kind = pgmig_schema_kind_name(difference->kind);

		CHECK_FOR_INTERRUPTS();
		if ((strcmp(kind, "column") == 0 &&
			 is_inherited(difference, differences)) ||
			(strcmp(kind, "sequence") == 0 &&
			 is_of_owner(difference, differences)) ||
			is_of_partition(difference) ||
			is_of_renamed(difference, differences))
			continue;
		own = lappend(own, difference);
	}
	return own;
}
