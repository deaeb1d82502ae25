/*-------------------------------------------------------------------------
 *
 * position.c
 *	  Errors in a text: line, caret and context.
 *
 * The text goes out as the internal query of the error, so that psql prints
 * the line and a caret as it does for a file, whatever the user's own query
 * was.  See script_error_callback() in the server's extension.c.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "document_internal.h"

/* After more text than this, only the lines around the error are shown. */
#define QUERY_LENGTH (4 * 1024)
/* So many lines and bytes are kept on either side of it. */
#define QUERY_LINES 3
#define QUERY_BYTES 512
/* A longer message, which quotes a whole literal, is cut. */
#define MESSAGE_LENGTH 300

/*
 * Byte offset of the character with that number, from 0.
 */
static int
character_offset(const char *text, int characters)
{
	const char *p = text;

	while (characters-- > 0 && *p != '\0')
		p += pg_mblen(p);
	return (int) (p - text);
}

/*
 * Start of the lines to show, not much more than QUERY_BYTES before offset.
 */
static int
excerpt_start(const char *text, int offset)
{
	int start = offset;
	int line_start;
	int lines = 0;

	while (start > 0 && offset - start < QUERY_BYTES)
	{
		if (text[start - 1] == '\n' && lines++ == QUERY_LINES)
			return start;
		start--;
	}

	/* Within a long line: begin with a whole character. */
	line_start = start;
	while (line_start > 0 && text[line_start - 1] != '\n')
		line_start--;
	return line_start + pgmig_line_clip_length(text + line_start,
											   start - line_start,
											   start - line_start);
}

static int
excerpt_end(const char *text, int offset)
{
	int end = offset;
	int lines = 0;

	while (text[end] != '\0' && end - offset < QUERY_BYTES)
	{
		if (text[end] == '\n' && lines++ == QUERY_LINES)
			return end;
		end++;
	}
	return offset +
		   pgmig_line_clip_length(text + offset, end - offset, end - offset);
}

/*
 * The text is shown from its start, so that its lines have their numbers, to
 * some lines behind the error.
 */
void
pgmig_body_error_position(const char *text, int offset)
{
	int start = offset > QUERY_LENGTH ? excerpt_start(text, offset) : 0;
	int end = excerpt_end(text, offset);

	errposition(0);
	internalerrposition(pg_mbstrlen_with_len(text + start, offset - start) +
						1);
	internalerrquery(pnstrdup(text + start, end - start));
}

static void
report_position(void *arg)
{
	SourceText *source = (SourceText *) arg;
	int position = geterrposition();
	int offset = source->offset;
	int line;
	const char *separator = source->name != NULL ? ", " : "";
	const char *name = source->name != NULL ? source->name : "";

	if (position > 0 || source->fallback >= 0)
	{
		if (position > 0)
			offset += character_offset(source->text + offset, position - 1);
		else
			offset = source->fallback;
		source->reported = offset;
		pgmig_body_error_position(source->text, offset);
	}

	line = pgmig_line_count(source->text, 0, offset) + 1;
	if (!source->document)
		errcontext("%s, line %d", name, line);
	else if (source->source == NULL)
		errcontext("revision document, line %d%s%s", line, separator, name);
	else
		errcontext("revision document \"%s\", line %d%s%s",
				   source->source,
				   line,
				   separator,
				   name);
}

/*
 * The other fields are the caller's to set; the part may change in between.
 */
void
pgmig_position_push(SourceText *source)
{
	source->fallback = -1;
	source->reported = -1;
	source->callback.callback = report_position;
	source->callback.arg = source;
	source->callback.previous = error_context_stack;
	error_context_stack = &source->callback;
}

void
pgmig_position_pop(SourceText *source)
{
	error_context_stack = source->callback.previous;
}

int
pgmig_position_at(const SourceText *source, int offset)
{
	return errposition(
		pg_mbstrlen_with_len(source->text + source->offset, offset) + 1);
}

/*
 * The parser quotes the offending token, which is all of the rest of the
 * document after a quote that is not closed.
 */
void
pgmig_position_rethrow(ErrorData *error)
{
	int length = (int) strcspn(error->message, "\r\n");

	if (length > MESSAGE_LENGTH)
		length =
			pgmig_line_clip_length(error->message, length, MESSAGE_LENGTH);
	if (error->message[length] != '\0')
		error->message = psprintf("%.*s...\"", length, error->message);
	ReThrowError(error);
}
