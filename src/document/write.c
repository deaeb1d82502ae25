/*-------------------------------------------------------------------------
 *
 * write.c
 *	  Revision documents: from a revision to text.
 *
 * What is written is read back and compared before it is returned, so that a
 * document never says anything else than the revision it was made from.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/datetime.h"
#include "utils/timestamp.h"

#include "document_internal.h"
#include "errors.h"

/*
 * Append a line of the message, refusing one that would be read as something
 * else.
 */
static void
write_message_line(StringInfo buf, const RevisionDocument *document,
				   const char *text)
{
	int start = buf->len;
	const char *value;

	appendStringInfoString(buf, text[0] == '\0' ? "--" : "-- ");
	appendStringInfoString(buf, text);
	if (pgmig_header_key(buf->data + start, &value) != HEADER_NO_KEY ||
		pgmig_header_is_section(buf->data + start, &value))
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("the message of revision \"%s\" has a line \"%s\", which would be read as a part of the header",
						document->revision,
						pgmig_line_clip(text, strlen(text))),
				 errhint("Choose other words for the message.")));
	appendStringInfoChar(buf, '\n');
}

static void
write_message(StringInfo buf, const RevisionDocument *document)
{
	char *message =
		document->message == NULL
			? ""
			: pgmig_line_trim(document->message, strlen(document->message));

	if (message[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("revision \"%s\" has no message", document->revision),
				 errhint("Say in one line what the revision does.")));
	if (strpbrk(message, "\r\n") != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("the message of revision \"%s\" has several lines",
						document->revision),
				 errhint("Say in one line what the revision does.")));
	write_message_line(buf, document, message);
}

static void
write_long_message(StringInfo buf, const RevisionDocument *document)
{
	const char *text = document->long_message;
	int length = text == NULL ? 0 : (int) strlen(text);
	int unused;
	char *lines =
		pgmig_line_trim_body(length == 0 ? "" : text, length, &unused);

	if (lines[0] == '\0')
		return;
	appendStringInfoString(buf, "--\n");
	for (int line = 0; lines[line] != '\0';
		 line = pgmig_line_next(lines, line))
	{
		int end = pgmig_line_end(lines, line);

		while (end > line && strchr(" \t\f", lines[end - 1]) != NULL)
			end--;
		write_message_line(buf, document, pnstrdup(lines + line, end - line));
	}
}

static void
write_key(StringInfo buf, HeaderKey key, const char *value)
{
	appendStringInfo(buf,
					 value[0] == '\0' ? "-- %s:\n" : "-- %s: %s\n",
					 pgmig_header_key_name(key),
					 value);
}

static void
write_names(StringInfo buf, HeaderKey key, List *names)
{
	StringInfoData value;
	ListCell *lc;

	initStringInfo(&value);
	foreach(lc, names)
		appendStringInfo(&value,
						 "%s%s",
						 value.len > 0 ? ", " : "",
						 (char *) lfirst(lc));
	write_key(buf, key, value.data);
}

static void
write_create_date(StringInfo buf, TimestampTz created_at)
{
	struct pg_tm tm;
	fsec_t fsec;
	char text[MAXDATELEN + 1];

	if (TIMESTAMP_NOT_FINITE(created_at) ||
		timestamp2tm(created_at, NULL, &tm, &fsec, NULL, NULL) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_DATETIME_VALUE_OUT_OF_RANGE),
				 errmsg("timestamp out of range"),
				 errhint("Load the revision with another Create Date.")));
	tm.tm_isdst = 0;
	EncodeDateTime(&tm, fsec, true, 0, NULL, USE_ISO_DATES, text);
	write_key(buf, HEADER_CREATE_DATE, text);
}

static void
write_section(StringInfo buf, const char *name, const RevisionBody *body)
{
	int unused;
	char *sql = body->sql == NULL
					? ""
					: pgmig_line_trim_body(body->sql,
										   (int) strlen(body->sql),
										   &unused);

	appendStringInfo(buf,
					 "\n-- pgmig: %s%s\n",
					 name,
					 body->transactional ? "" : " no-transaction");
	appendStringInfoString(buf, sql);
	if (sql[0] != '\0')
		appendStringInfoChar(buf, '\n');
}

static char *
compose(const RevisionDocument *document)
{
	StringInfoData buf;

	initStringInfo(&buf);
	write_message(&buf, document);
	write_long_message(&buf, document);
	appendStringInfoString(&buf, "--\n");
	write_key(&buf, HEADER_REVISION_ID, document->revision);
	write_names(&buf, HEADER_REVISES, document->parents);
	if (document->has_created_at)
		write_create_date(&buf, document->created_at);
	if (document->labels != NIL)
		write_names(&buf, HEADER_BRANCH_LABELS, document->labels);
	if (document->depends_on != NIL)
		write_names(&buf, HEADER_DEPENDS_ON, document->depends_on);
	write_section(&buf, "upgrade", &document->upgrade);
	if (document->downgrade.sql != NULL)
		write_section(&buf, "downgrade", &document->downgrade);
	return buf.data;
}

static void
check_lines(const RevisionDocument *document, const RevisionBody *body,
			const char *direction)
{
	if (body->sql != NULL)
		pgmig_body_check_lines(body->sql,
							   psprintf("%s of revision \"%s\"",
										direction,
										document->revision));
}

/*
 * Does the text say what the revision is, and nothing else?
 */
static bool
reads_back(const char *text, const RevisionDocument *document)
{
	List *documents = pgmig_document_read(text, NULL, false);
	RevisionDocument *copy = linitial(documents);

	return list_length(documents) == 1 &&
		   list_length(copy->parents) == list_length(document->parents) &&
		   list_length(copy->labels) == list_length(document->labels) &&
		   list_length(copy->depends_on) ==
			   list_length(document->depends_on) &&
		   strcmp(compose(copy), text) == 0;
}

/*
 * The bodies are written without leading blank lines and trailing white
 * space.  Throws an error if the revision cannot be written so that it is
 * read again as it is: a message or a body has lines with a meaning of their
 * own, a name is not one, a quote is not closed.
 */
char *
pgmig_document_write(const RevisionDocument *document)
{
	int nest_level = pgmig_scan_enter(WARNING, true);
	char *text;

	check_lines(document, &document->upgrade, "upgrade");
	check_lines(document, &document->downgrade, "downgrade");
	text = compose(document);
	if (!reads_back(text, document))
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("the header of revision \"%s\" would be read as something else",
						document->revision),
				 errhint(
					 "\"None\" and \"<base>\" in a header mean that there is no name.")));
	pgmig_scan_leave(nest_level);
	return text;
}
