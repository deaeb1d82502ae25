/*-------------------------------------------------------------------------
 *
 * line.c
 *	  Lines and pieces of text.
 *
 * A line ends with LF, CR LF or CR, as for the server's scanner, which ends a
 * comment at any of them, and as for the line numbers that psql prints.
 * Blanks, tabs, form feeds and the characters of line ends are single bytes
 * below 0x40 and thus never a part of a multi-byte character of a server
 * encoding.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "mb/pg_wchar.h"

#include "document_internal.h"

/* More of a text than this is not shown in a message. */
#define CLIP_LENGTH 100

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\f';
}

static bool
is_space(char c)
{
	return is_blank(c) || c == '\n' || c == '\r';
}

int
pgmig_line_end(const char *text, int offset)
{
	return offset + (int) strcspn(text + offset, "\r\n");
}

int
pgmig_line_next(const char *text, int offset)
{
	int end = pgmig_line_end(text, offset);

	if (text[end] == '\r' && text[end + 1] == '\n')
		return end + 2;
	return text[end] == '\0' ? end : end + 1;
}

/*
 * The line at offset must not be the first.
 */
int
pgmig_line_previous(const char *text, int offset)
{
	int start = offset - 1;

	if (start > 0 && text[start] == '\n' && text[start - 1] == '\r')
		start--;
	while (start > 0 && text[start - 1] != '\n' && text[start - 1] != '\r')
		start--;
	return start;
}

/*
 * Neither offset may be inside a CR LF.
 */
int
pgmig_line_count(const char *text, int from, int to)
{
	int lines = 0;

	for (int i = from; i < to; i++)
	{
		if (text[i] == '\n' || (text[i] == '\r' && text[i + 1] != '\n'))
			lines++;
	}
	return lines;
}

bool
pgmig_line_is_comment(const char *line)
{
	return line[0] == '-' && line[1] == '-';
}

char *
pgmig_line_trim(const char *text, int length)
{
	while (length > 0 && is_space(text[length - 1]))
		length--;
	while (length > 0 && is_space(text[0]))
	{
		text++;
		length--;
	}
	return pnstrdup(text, length);
}

/*
 * The indentation of the first line that is not blank is kept.  Sets *start
 * to where in text the copy begins.
 */
char *
pgmig_line_trim_body(const char *text, int length, int *start)
{
	*start = 0;
	while (length > 0 && is_space(text[length - 1]))
		length--;
	for (int i = 0; i < length && is_space(text[i]); i++)
	{
		if (!is_blank(text[i]))
			*start = i + 1;
	}
	return pnstrdup(text + *start, length - *start);
}

/*
 * In SQL_ASCII the server knows no characters, but the client may.
 */
int
pgmig_line_clip_length(const char *text, int length, int limit)
{
	int clipped = pg_mbcliplen(text, length, limit);

	if (GetDatabaseEncoding() == PG_SQL_ASCII)
	{
		while (clipped > 0 && IS_HIGHBIT_SET(text[clipped]))
			clipped--;
	}
	return clipped;
}

char *
pgmig_line_clip(const char *text, int length)
{
	if (length <= CLIP_LENGTH)
		return pnstrdup(text, length);
	return psprintf("%.*s...",
					pgmig_line_clip_length(text, length, CLIP_LENGTH),
					text);
}
