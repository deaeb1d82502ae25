/*-------------------------------------------------------------------------
 *
 * header.c
 *	  Headers of revisions: comment lines with a message and keys.
 *
 * The lines before the first key are the message; from the first key on,
 * every line that is not blank is a key that is known here.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

#include "document_internal.h"
#include "errors.h"
#include "graph/graph.h"

static const char *const key_names[HEADER_NKEYS] = {
	"Revision ID",
	"Revises",
	"Create Date",
	"Branch Labels",
	"Depends On",
};

/* A header as far as it has been read. */
typedef struct HeaderReader
{
	SourceText *source;
	RevisionDocument *document;
	bool seen[HEADER_NKEYS];
	bool in_keys; /* past the message */
	StringInfoData long_message;
	int blank_lines; /* at the end of the long message so far */
} HeaderReader;

static const char *
skip_blanks(const char *text)
{
	while (*text == ' ' || *text == '\t' || *text == '\f')
		text++;
	return text;
}

const char *
pgmig_header_key_name(HeaderKey key)
{
	return key_names[key];
}

/*
 * The key of a line that starts with --; sets *value to what follows it, up
 * to the end of the line.
 */
HeaderKey
pgmig_header_key(const char *line, const char **value)
{
	const char *start = skip_blanks(line + 2);

	for (int key = 0; key < HEADER_NKEYS; key++)
	{
		size_t length = strlen(key_names[key]);
		const char *end;

		if (pg_strncasecmp(start, key_names[key], length) != 0)
			continue;
		end = skip_blanks(start + length);
		if (*end != ':')
			continue;
		*value = end + 1;
		return (HeaderKey) key;
	}
	return HEADER_NO_KEY;
}

bool
pgmig_header_is_section(const char *line, const char **value)
{
	const char *start = skip_blanks(line + 2);

	if (pg_strncasecmp(start, "pgmig:", 6) != 0)
		return false;
	*value = start + 6;
	return true;
}

/*
 * Throw an error if the name cannot be one of a revision or a label.
 */
static void
check_name(HeaderReader *reader, HeaderKey key, const char *name, int offset)
{
	const char *reason = pgmig_target_invalid_id(name);

	if (reason == NULL)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
			 errmsg("invalid name \"%s\" in header key \"%s\": %s",
					pgmig_line_clip(name, strlen(name)),
					key_names[key],
					reason),
			 key == HEADER_REVISION_ID
				 ? errhint("Use letters, digits and \"_\".")
				 : errhint(
					   "Use letters, digits and \"_\"; several names are separated by commas."),
			 pgmig_position_at(reader->source, offset)));
}

/*
 * The names, separated by commas, between two offsets.
 */
static List *
read_names(HeaderReader *reader, HeaderKey key, int offset, int end)
{
	const char *text = reader->source->text;
	char *whole = pgmig_line_trim(text + offset, end - offset);
	List *names = NIL;

	if (whole[0] == '\0' || strcmp(whole, "None") == 0 ||
		(key == HEADER_REVISES && strcmp(whole, "<base>") == 0))
		return NIL;

	for (;;)
	{
		int length = 0;
		char *name;

		offset = (int) (skip_blanks(text + offset) - text);
		while (offset + length < end && text[offset + length] != ',')
			length++;
		name = pgmig_line_trim(text + offset, length);
		check_name(reader, key, name, offset);
		names = lappend(names, name);
		if (offset + length >= end)
			return names;
		offset += length + 1;
	}
}

/*
 * Does the text begin with a date as in ISO 8601?  Words such as "now", whose
 * meaning changes, do not.
 */
static bool
starts_with_date(const char *text)
{
	size_t year = strspn(text, "0123456789");

	return year >= 4 && text[year] == '-' &&
		   strspn(text + year + 1, "0123456789") == 2 &&
		   text[year + 3] == '-' && strspn(text + year + 4, "0123456789") == 2;
}

/*
 * The caller has set the time zone for dates that name none.
 */
static void
read_create_date(HeaderReader *reader, int offset, int end)
{
	const char *text = reader->source->text;
	char *value = pgmig_line_trim(text + offset, end - offset);

	offset = (int) (skip_blanks(text + offset) - text);
	if (!starts_with_date(value))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_DATETIME_FORMAT),
				 errmsg("invalid Create Date \"%s\"",
						pgmig_line_clip(value, strlen(value))),
				 errhint(
					 "Write a date such as 2025-12-28 10:00:00+00, or leave the line out."),
				 pgmig_position_at(reader->source, offset)));

	reader->source->fallback = offset;
	reader->document->created_at =
		DatumGetTimestampTz(DirectFunctionCall3(timestamptz_in,
												CStringGetDatum(value),
												ObjectIdGetDatum(InvalidOid),
												Int32GetDatum(-1)));
	reader->source->fallback = -1;
	reader->document->has_created_at = true;
}

static void
read_key(HeaderReader *reader, HeaderKey key, int line, int offset, int end)
{
	RevisionDocument *document = reader->document;
	const char *text = reader->source->text;

	if (reader->seen[key])
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("duplicate header key \"%s\"", key_names[key]),
				 errhint(
					 "A blank line separates the comments of a body from the header of the next revision."),
				 pgmig_position_at(reader->source, line)));
	reader->seen[key] = true;
	reader->in_keys = true;

	switch (key)
	{
		case HEADER_REVISION_ID:
			document->revision = pgmig_line_trim(text + offset, end - offset);
			check_name(reader,
					   key,
					   document->revision,
					   (int) (skip_blanks(text + offset) - text));
			break;
		case HEADER_REVISES:
			document->parents = read_names(reader, key, offset, end);
			break;
		case HEADER_CREATE_DATE:
			if (skip_blanks(text + offset) < text + end)
				read_create_date(reader, offset, end);
			break;
		case HEADER_BRANCH_LABELS:
			document->labels = read_names(reader, key, offset, end);
			break;
		case HEADER_DEPENDS_ON:
			document->depends_on = read_names(reader, key, offset, end);
			break;
		case HEADER_NO_KEY:
			break;
	}
}

/*
 * A line of the message; the first that is not blank is the short one.
 */
static void
read_message(HeaderReader *reader, int offset, int end)
{
	const char *text = reader->source->text;
	RevisionDocument *document = reader->document;
	char *trimmed = pgmig_line_trim(text + offset, end - offset);

	if (trimmed[0] == '\0')
		reader->blank_lines++;
	else if (document->message == NULL)
		document->message = trimmed;
	else
	{
		StringInfo buf = &reader->long_message;

		if (buf->len > 0)
		{
			for (int i = 0; i <= reader->blank_lines; i++)
				appendStringInfoChar(buf, '\n');
		}
		reader->blank_lines = 0;
		if (text[offset] == ' ')
			offset++;
		/* Blanks before the text are its indentation. */
		appendBinaryStringInfo(buf,
							   text + offset,
							   skip_blanks(text + offset) - (text + offset));
		appendStringInfoString(buf, trimmed);
	}
}

static void
read_line(HeaderReader *reader, int line)
{
	const char *text = reader->source->text;
	int end = pgmig_line_end(text, line);
	const char *value;
	HeaderKey key = pgmig_header_key(text + line, &value);
	const char *content = skip_blanks(text + line + 2);

	if (key != HEADER_NO_KEY)
		read_key(reader, key, line, (int) (value - text), end);
	else if (!reader->in_keys)
		read_message(reader, line + 2, end);
	else if (content < text + end)
	{
		int length = (int) strcspn(content, ":\r\n");

		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("unrecognized header key \"%s\"",
						pgmig_line_clip(content, length)),
				 errhint(
					 "The keys are \"Revision ID\", \"Revises\", \"Create Date\", \"Branch Labels\" and \"Depends On\"; the message comes before them."),
				 pgmig_position_at(reader->source, (int) (content - text))));
	}
}

/*
 * There is a "Revision ID" line among the lines between the offsets.
 */
void
pgmig_header_read(SourceText *source, int start, int end,
				  RevisionDocument *document)
{
	HeaderReader reader = {0};

	reader.source = source;
	reader.document = document;
	initStringInfo(&reader.long_message);
	for (int line = start; line < end;
		 line = pgmig_line_next(source->text, line))
		read_line(&reader, line);

	if (document->message == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("revision \"%s\" has no message", document->revision),
				 errhint(
					 "Above the keys, the header needs a line that says what the revision does, and in a document of several files a line end before it."),
				 pgmig_position_at(source, start)));
	if (reader.long_message.len > 0)
		document->long_message = reader.long_message.data;
	else
		pfree(reader.long_message.data);
}
