/*-------------------------------------------------------------------------
 *
 * parse.c
 *	  Revision documents: from text to revisions.
 *
 * One pass of the server's scanner over the whole document finds the lines
 * that structure it; what is between them are bodies, which are checked as
 * their end is found.  Time is linear in the length of the document.
 *
 * The result is in the caller's context; all else is freed on the way.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "utils/memutils.h"

#include "document_internal.h"
#include "errors.h"

typedef struct DocumentParse
{
	SourceText source;
	bool check_bodies;
	TokenScan scan;
	ErrorData *scan_error; /* the scanner's, in the document's last part */

	/* Of the part since the last structuring line */
	int part;        /* its start */
	int first_token; /* or -1 */
	int last_token;  /* end of the last one, or part */

	/* Of the revision that is being read */
	RevisionDocument *current;
	int header;         /* its start */
	RevisionBody *body; /* of its section that is being read, or NULL */

	int counted; /* lines are counted up to this offset */
	int line;    /* and this one, from 1, is there */
	List *documents;
} DocumentParse;

static void
begin_part(DocumentParse *parse, int offset)
{
	parse->part = offset;
	parse->first_token = -1;
	parse->last_token = offset;
}

/*
 * Offset of the next structuring line, or -1 at the end of the document or
 * when the scanner gave up (parse->scan_error).
 */
static int
next_mark(DocumentParse *parse)
{
	TokenScan *scan = &parse->scan;
	MemoryContext cxt = CurrentMemoryContext;
	volatile int mark = -1;

	PG_TRY();
	{
		while (mark < 0 && pgmig_scan_next(scan))
		{
			if (pgmig_scan_at_mark(scan))
				mark = scan->start;
			else
			{
				if (parse->first_token < 0)
					parse->first_token = scan->start;
				parse->last_token = scan->end;
			}
		}
	}
	PG_CATCH();
	{
		if (!pgmig_scan_is_mistake(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		parse->scan_error = CopyErrorData();
		FlushErrorState();
		mark = -1;
	}
	PG_END_TRY();
	return mark;
}

/*
 * Start of the header that has a Revision ID at this offset: the first of the
 * lines above it that are comments.  Only a scan can tell whether some of
 * these are rather inside, or the end of, a block comment.
 */
static int
find_header(DocumentParse *parse, int key_line)
{
	const char *text = parse->source.text;
	int start = key_line;
	StringInfoData buf;
	TokenScan scan;
	int copied;

	while (start > parse->last_token)
	{
		int line = pgmig_line_previous(text, start);

		if (line < parse->last_token || !pgmig_line_is_comment(text + line))
			break;
		start = line;
	}

	/* A semicolon before each line is seen where a comment begins. */
	initStringInfo(&buf);
	appendBinaryStringInfo(&buf,
						   text + parse->last_token,
						   start - parse->last_token);
	for (int line = start; line < key_line;)
	{
		int next = pgmig_line_next(text, line);

		appendStringInfoChar(&buf, ';');
		appendBinaryStringInfo(&buf, text + line, next - line);
		line = next;
	}
	pgmig_scan_begin(&scan, buf.data);
	copied = pgmig_scan_next(&scan) ? scan.start : buf.len;
	pgmig_scan_end(&scan);
	pfree(buf.data);

	copied -= start - parse->last_token;
	while (copied > 0)
	{
		int next = pgmig_line_next(text, start);

		copied -= next - start + 1;
		start = next;
	}
	return start;
}

/*
 * Check a body that begins so many bytes behind the line of the section.
 */
static void
check_body(DocumentParse *parse, RevisionBody *body, int start)
{
	SourceText *source = &parse->source;

	source->offset = parse->part + start;
	source->name =
		psprintf("%s of revision \"%s\"",
				 parse->body == &parse->current->upgrade ? "upgrade"
														 : "downgrade",
				 parse->current->revision);
	pgmig_body_check_part(body, source);
	source->offset = 0;
	source->name = NULL;
}

/*
 * Read the body that ends at this offset, or make sure that there is nothing
 * where there cannot be anything.
 */
static void
end_part(DocumentParse *parse, int end)
{
	RevisionBody *body = parse->body;
	int start;

	if (body != NULL)
	{
		body->sql = pgmig_line_trim_body(parse->source.text + parse->part,
										 end - parse->part,
										 &start);
		if (parse->check_bodies)
			check_body(parse, body, start);
		parse->body = NULL;
	}
	else if (parse->first_token >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("text before the first section of revision \"%s\"",
						parse->current->revision),
				 errhint(
					 "The SQL of a revision comes after a line \"-- pgmig: upgrade\" or \"-- pgmig: downgrade\"."),
				 pgmig_position_at(&parse->source, parse->first_token)));
}

/*
 * Finish the revision that ends at this offset, if there is one.
 */
static void
end_revision(DocumentParse *parse, int end)
{
	RevisionDocument *document = parse->current;

	if (document == NULL)
		return;
	end_part(parse, end);
	if (document->upgrade.sql == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("revision \"%s\" has no upgrade section",
						document->revision),
				 errhint(
					 "Add a line \"-- pgmig: upgrade\"; the section may be empty."),
				 pgmig_position_at(&parse->source, parse->header)));
	parse->documents = lappend(parse->documents, document);
	parse->current = NULL;
}

/*
 * The document may not begin with anything but a header.
 */
static void
check_beginning(DocumentParse *parse, int header)
{
	int start = (int) strspn(parse->source.text, " \t\f\r\n");

	if (start >= header)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
			 errmsg("text before the first header"),
			 errhint(
				 "The header is one run of comment lines, without a blank line, from the message to the last key."),
			 pgmig_position_at(&parse->source, start)));
}

static void
begin_revision(DocumentParse *parse, int key_line)
{
	const char *text = parse->source.text;
	int start = find_header(parse, key_line);
	int end = key_line;
	const char *value;
	RevisionDocument *document;

	if (parse->documents == NIL && parse->current == NULL)
		check_beginning(parse, start);
	end_revision(parse, start);

	while (pgmig_line_is_comment(text + end) &&
		   !pgmig_header_is_section(text + end, &value))
		end = pgmig_line_next(text, end);

	document = palloc0(sizeof(RevisionDocument));
	document->upgrade.transactional = true;
	document->downgrade.transactional = true;
	document->source = parse->source.source;
	parse->line += pgmig_line_count(text, parse->counted, key_line);
	parse->counted = key_line;
	document->line = parse->line;
	parse->current = document;
	parse->header = start;
	pgmig_header_read(&parse->source, start, end, document);
	begin_part(parse, end);
}

/*
 * Which body does the section line begin?
 */
static RevisionBody *
read_section(DocumentParse *parse, int line, const char *value, int length)
{
	RevisionDocument *document = parse->current;
	char *words = pgmig_line_trim(value, length);
	size_t first = strcspn(words, " \t\f");
	const char *rest = words + first + strspn(words + first, " \t\f");
	RevisionBody *body = NULL;

	if (first == strlen("upgrade") &&
		pg_strncasecmp(words, "upgrade", first) == 0)
		body = &document->upgrade;
	else if (first == strlen("downgrade") &&
			 pg_strncasecmp(words, "downgrade", first) == 0)
		body = &document->downgrade;
	if (body == NULL ||
		(rest[0] != '\0' && pg_strcasecmp(rest, "no-transaction") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("unrecognized section \"%s\"",
						pgmig_line_clip(words, strlen(words))),
				 errhint(
					 "The section lines are \"-- pgmig: upgrade\" and \"-- pgmig: downgrade\", each with or without \"no-transaction\" at its end."),
				 pgmig_position_at(&parse->source, line)));
	if (body->sql != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("revision \"%s\" has two %s sections",
						document->revision,
						body == &document->upgrade ? "upgrade" : "downgrade"),
				 errhint(
					 "If another revision begins above this line, its header lacks a line \"-- Revision ID: ...\"."),
				 pgmig_position_at(&parse->source, line)));
	body->transactional = rest[0] == '\0';
	pfree(words);
	return body;
}

static void
begin_section(DocumentParse *parse, int line)
{
	const char *text = parse->source.text;
	const char *value;
	RevisionBody *body;

	if (parse->current == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("section before the first header"),
				 errhint(
					 "The header above the sections needs a line \"-- Revision ID: ...\"."),
				 pgmig_position_at(&parse->source, line)));
	end_part(parse, line);

	(void) pgmig_header_is_section(text + line, &value);
	body = read_section(parse, line, value, (int) strcspn(value, "\r\n"));
	body->sql = "";
	parse->body = body;
	begin_part(parse, pgmig_line_next(text, line));
}

/*
 * The scanner gave up.  A mistake before that place, such as a quote too
 * many, may have led it astray: the grammar finds it if there is one.
 */
static void
report_scan_error(DocumentParse *parse)
{
	RevisionBody rest = {0};

	if (parse->body != NULL && parse->check_bodies)
	{
		rest.sql = unconstify(char *, parse->source.text + parse->part);
		check_body(parse, &rest, 0);
	}
	pgmig_position_rethrow(parse->scan_error);
}

static void
read_document(DocumentParse *parse)
{
	const char *text = parse->source.text;
	const char *value;
	int mark;

	begin_part(parse, 0);
	while ((mark = next_mark(parse)) >= 0)
	{
		if (pgmig_header_is_section(text + mark, &value))
			begin_section(parse, mark);
		else
			begin_revision(parse, mark);
	}
	if (parse->scan_error != NULL)
		report_scan_error(parse);
	if (parse->current == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
				 errmsg("no revision found"),
				 errhint(
					 "A revision begins with a header: comment lines with a message and a line \"-- Revision ID: ...\".")));
	end_revision(parse, (int) strlen(text));
}

List *
pgmig_document_read(const char *text, const char *source, bool check_bodies)
{
	DocumentParse parse = {0};
	int nest_level = pgmig_scan_enter(WARNING, true);

	/* A byte order mark */
	if (GetDatabaseEncoding() == PG_UTF8 &&
		strncmp(text, "\xEF\xBB\xBF", 3) == 0)
		text += 3;

	parse.source.text = text;
	parse.source.source = source;
	parse.source.document = true;
	parse.check_bodies = check_bodies;
	parse.line = 1;
	pgmig_position_push(&parse.source);
	pgmig_scan_begin(&parse.scan, text);
	pgmig_scan_mark_lines(&parse.scan);
	read_document(&parse);
	pgmig_scan_end(&parse.scan);
	pgmig_position_pop(&parse.source);

	pgmig_scan_leave(nest_level);
	return parse.documents;
}

List *
pgmig_document_parse(const char *text, const char *source)
{
	return pgmig_document_read(text, source, true);
}
