/*-------------------------------------------------------------------------
 *
 * changed_by.c
 *	  Who made a difference: the statement in the guard's log that it is most
 *	  likely from.
 *
 * The log has the object that a statement names: of ALTER TABLE that is the
 * table, whatever it does to columns and constraints.  So a statement about
 * the object itself goes before one about the table it is a part of, one that
 * mentions its name before others, and a later one before an earlier one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include <ctype.h>

#include "command/command.h"

/* How well a statement fits; these are added up. */
#define MENTIONED 1
#define PART 2
#define EXACT 4
#define SPECIFIC 8

/* A difference, and what is known of it so far. */
typedef struct Search
{
	const SchemaDifference *difference;
	char *name; /* of the object, without those of what it is in */
	char *property;
	int score;
	char *description; /* of the statement that fits best, or NULL */
} Search;

typedef struct Searches
{
	List *searches; /* of Search * */
	MemoryContext cxt;
} Searches;

static bool
is_word(char c)
{
	return isalnum((unsigned char) c) || c == '_' || IS_HIGHBIT_SET(c);
}

/* The next character of an identity in which the server may differ from us. */
static const char *
skip(const char *start, const char *p)
{
	static const char schema[] = "pg_catalog.";

	if (*p == ' ' && p > start && p[-1] == ',')
		p++;
	if (strncmp(p, schema, strlen(schema)) == 0 &&
		(p == start || !is_word(p[-1])))
		p += strlen(schema);
	return p;
}

/*
 * Are these identities of the same object?  The server leaves blanks out, and
 * names the schema of its own types.
 */
static bool
is_same_identity(const char *a, const char *b)
{
	const char *p = a;
	const char *q = b;

	for (;;)
	{
		p = skip(a, p);
		q = skip(b, q);
		if (*p != *q)
			return false;
		if (*p == '\0')
			return true;
		p++;
		q++;
	}
}

static bool
begins_with(const char *text, const char *start)
{
	return strncmp(text, start, strlen(start)) == 0;
}

static bool
ends_with(const char *text, const char *end)
{
	size_t length = strlen(text);

	return length >= strlen(end) &&
		   strcmp(text + length - strlen(end), end) == 0;
}

/* Is this what the server calls objects of a kind? */
static bool
is_kind(const char *type, const char *kind)
{
	if (strcmp(type, kind) == 0)
		return true;
	if (strcmp(type, "type") == 0)
		return strcmp(kind, "enum") == 0 || strcmp(kind, "domain") == 0 ||
			   ends_with(kind, " type");
	if (strcmp(kind, "column") == 0 || strcmp(kind, "constraint") == 0)
		return ends_with(type, kind);
	return (strcmp(type, "default acl") == 0 &&
			strcmp(kind, "default privileges") == 0) ||
		   (strcmp(type, "statistics object") == 0 &&
			strcmp(kind, "statistics") == 0);
}

/* Does the log name this object, or a part that is no object of ours? */
static bool
is_object(const GuardedChange *change, const SchemaObject *object)
{
	const char *kind = pgmig_schema_kind_name(object->kind);
	const char *on = strstr(object->identity, " on ");

	if (change->object_type == NULL || change->identity == NULL)
		return false;
	if (is_kind(change->object_type, kind))
		return is_same_identity(change->identity, object->identity) ||
			   (on != NULL && strcmp(kind, "user mapping") == 0 &&
				is_same_identity(change->identity,
								 psprintf("%.*s on server %s",
										  (int) (on - object->identity),
										  object->identity,
										  on + strlen(" on "))));
	/* "public.t in publication p", "operator 1 (...) of public.f USING ..." */
	return (begins_with(change->object_type, kind) &&
			ends_with(change->identity,
					  psprintf(" in publication %s", object->identity))) ||
		   (ends_with(change->object_type, " of access method") &&
			begins_with(kind, "operator ") &&
			ends_with(change->identity, psprintf(" of %s", object->identity)));
}

/* Does a text have this word, in capitals or not? */
static bool
has_word(const char *text, const char *word)
{
	size_t length = strlen(word);

	if (text == NULL || length == 0)
		return false;
	for (const char *p = text; *p != '\0'; p++)
		if (pg_strncasecmp(p, word, length) == 0 && !is_word(p[length]) &&
			(p == text || !is_word(p[-1])))
			return true;
	return false;
}

/* The last name in an identity, as it is without quotes. */
static char *
last_name(const char *identity)
{
	char *name = palloc(strlen(identity) + 1);
	char *end = name;
	bool quoted = false;

	for (const char *p = identity; *p != '\0'; p++)
	{
		if (*p == '"')
		{
			if (quoted && p[1] == '"')
				*end++ = *p++;
			else
				quoted = !quoted;
		}
		else if (!quoted && *p == '.')
			end = name;
		else if (!quoted && (*p == ' ' || *p == '('))
			break;
		else
			*end++ = *p;
	}
	*end = '\0';
	return name;
}

/* Can a kind of statement make a difference, and is it the usual one? */
static bool
is_about(const SchemaDifference *difference, const char *tag, bool *specific)
{
	static const char *const special[][2] = {
		{"COMMENT", "comment"},
		{"GRANT", "grants"},
		{"REVOKE", "grants"},
		{"SECURITY LABEL", "security_labels"},
	};

	*specific = (difference->before == NULL && begins_with(tag, "CREATE ")) ||
				(difference->after == NULL && begins_with(tag, "DROP "));
	for (int i = 0; i < lengthof(special); i++)
	{
		if (strcmp(tag, special[i][0]) != 0)
			continue;
		*specific = difference->property != NULL &&
					begins_with(difference->property, special[i][1]);
		return *specific;
	}
	return true;
}

/* Is it the old name of an object that a statement renames or moves? */
static bool
is_old_name(const GuardedChange *change, const Search *search)
{
	const SchemaDifference *difference = search->difference;

	return difference->after == NULL && change->object_type != NULL &&
		   begins_with(change->tag, "ALTER ") &&
		   is_kind(change->object_type,
				   pgmig_schema_kind_name(difference->kind)) &&
		   has_word(change->statement, search->name) &&
		   (has_word(change->statement, "rename") ||
			has_word(change->statement, "schema"));
}

/* Does it take rights from a role, without a word about the objects? */
static bool
is_disowned(const GuardedChange *change, const Search *search)
{
	const char *property = search->difference->property;

	return property != NULL && change->object_type != NULL &&
		   strcmp(change->object_type, "role") == 0 &&
		   begins_with(property, "grants.") &&
		   strcmp(property + strlen("grants."), change->identity) == 0;
}

/* Is it about the table, or about a column of it? */
static bool
is_table(const GuardedChange *change, const SchemaObject *table)
{
	size_t length = strlen(table->identity);

	return is_object(change, table) ||
		   (change->object_type != NULL && change->identity != NULL &&
			ends_with(change->object_type, " column") &&
			begins_with(change->identity, table->identity) &&
			change->identity[length] == '.');
}

/*
 * Is it about what the property names, as ALTER TABLE of a partition's parent
 * is?
 */
static bool
is_value(const GuardedChange *change, const Search *search)
{
	const SchemaDifference *difference = search->difference;

	return difference->property != NULL && change->identity != NULL &&
		   has_word(change->statement, search->name) &&
		   ((difference->a != NULL &&
			 strcmp(change->identity, difference->a) == 0) ||
			(difference->b != NULL &&
			 strcmp(change->identity, difference->b) == 0));
}

/* Does a text have one of these words? */
static bool
has_any_word(const char *text, const char *const *words)
{
	for (; *words != NULL; words++)
		if (has_word(text, *words))
			return true;
	return false;
}

/* Does a text have a name in a list that is a property of an object? */
static bool
has_listed_word(const char *text, const SchemaObject *object,
				const char *property)
{
	const SchemaProperty *list = pgmig_schema_property(object, property);
	char *names;

	if (list == NULL)
		return false;
	names = pstrdup(pgmig_schema_value_text(&list->value));
	for (char *name = strtok(names, ", "); name != NULL;
		 name = strtok(NULL, ", "))
		if (has_word(text, name))
			return true;
	return false;
}

/*
 * Is a part of a table, which is different, what a statement about the table
 * is about?
 *
 * Of the call of a function that contains the statement, one cannot know.
 */
static bool
is_about_part(const GuardedChange *change, const Search *search)
{
	static const char *const constraints[] = {"constraint",
											  "check",
											  "unique",
											  "primary",
											  "foreign",
											  "references",
											  "exclude",
											  NULL};
	const SchemaDifference *difference = search->difference;
	const SchemaObject *object =
		difference->before != NULL ? difference->before : difference->after;
	const char *kind = pgmig_schema_kind_name(difference->kind);
	const char *statement = change->statement;
	const char *verb_end = strchr(change->tag, ' ');

	if (statement == NULL || verb_end == NULL ||
		!has_word(statement, pnstrdup(change->tag, verb_end - change->tag)) ||
		!has_word(statement, strrchr(change->tag, ' ') + 1))
		return true;
	if (has_word(statement, search->name))
		return true;
	if (strcmp(kind, "trigger") == 0)
		return has_word(statement, kind);
	if (strcmp(kind, "constraint") == 0 &&
		(has_any_word(statement, constraints) ||
		 has_listed_word(statement, object, "columns")))
		return true;
	/* A column that it has renamed. */
	return ends_with(change->object_type, " column") &&
		   has_word(difference->b, last_name(change->identity));
}

/* How well a statement fits a difference; 0: it does not. */
static int
get_score(const GuardedChange *change, const Search *search)
{
	const SchemaDifference *difference = search->difference;
	const SchemaObject *object =
		difference->after != NULL ? difference->after : difference->before;
	bool specific;
	int score = 0;

	if (!is_about(difference, change->tag, &specific))
		return 0;
	if (is_object(change, object) || is_old_name(change, search))
		score = EXACT;
	else if (is_value(change, search))
		score = PART;
	while (score == 0 && (object = object->parent) != NULL)
		if (is_table(change, object) && is_about_part(change, search))
			score = PART;
	if (score == 0)
		return is_disowned(change, search) ? MENTIONED : 0;
	if (has_word(change->statement, search->name) ||
		has_word(change->statement, search->property))
		score += MENTIONED;
	return score + (specific ? SPECIFIC : 0);
}

/* Look at a statement, after those that are later. */
static void
consider(const GuardedChange *change, void *arg)
{
	Searches *searches = arg;
	ListCell *lc;

	CHECK_FOR_INTERRUPTS();
	foreach(lc, searches->searches)
	{
		Search *search = lfirst(lc);
		int score = get_score(change, search);

		if (score <= search->score)
			continue;
		search->score = score;
		search->description =
			MemoryContextStrdup(searches->cxt, change->description);
	}
}

/*
 * For each difference (SchemaDifference *), the statement that it is from:
 * who, when, how, in a line; NULL if the guard has seen none since then.
 */
List *
pgmig_command_changed_by(List *differences, TimestampTz since)
{
	Searches searches = {.cxt = CurrentMemoryContext};
	List *descriptions = NIL;
	ListCell *lc;

	if (differences == NIL)
		return NIL;
	foreach(lc, differences)
	{
		Search *search = palloc0(sizeof(Search));
		const SchemaDifference *difference = lfirst(lc);

		search->difference = difference;
		search->name = last_name(difference->identity);
		search->property = difference->property == NULL
							   ? ""
							   : last_name(difference->property);
		searches.searches = lappend(searches.searches, search);
	}
	pgmig_catalog_guarded_since(since, consider, &searches);
	foreach(lc, searches.searches)
		descriptions =
			lappend(descriptions, ((Search *) lfirst(lc))->description);
	return descriptions;
}
