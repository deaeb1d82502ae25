/*-------------------------------------------------------------------------
 *
 * draw_text.c
 *	  The graph as a picture of lines and words.
 *
 * The lines are drawn first; the words are added when their width is known.
 * No line is wider than LINE_COLUMNS unless the lines and an id take more;
 * what does not fit is cut off, the message first.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"

#include "graph/draw.h"

/* psql puts a blank on either side of a value, which makes 100 columns. */
#define LINE_COLUMNS 98

/* Ids start in one column, unless the lines take more than so many. */
#define ALIGNED_LINE_COLUMNS 24

/* Messages start in one column, unless what is before takes more. */
#define ALIGNED_WORD_COLUMNS 32

/* If there is no room for so much of a message, leave it out. */
#define MIN_MESSAGE_COLUMNS 8

/* Where the words go. */
typedef struct TextLayout
{
	bool utf8;
	bool *current;    /* by node->index: a current revision */
	int line_columns; /* of the lines */
	int word_columns; /* of the words before the message */
} TextLayout;

/*
 * Append text without anything in it that would disturb the picture or the
 * terminal.
 */
static void
append_printable(StringInfo buf, const char *text)
{
	int rest = strlen(text);

	while (rest > 0)
	{
		int length = pg_mbcharcliplen(text, rest, 1);

		if (pg_dsplen(text) >= 0)
			appendBinaryStringInfo(buf, text, length);
		else if (*text == '\n')
			appendStringInfoString(buf, "\\n");
		else if (*text == '\t')
			appendStringInfoString(buf, "\\t");
		else
			appendStringInfoChar(buf, '?');
		text += length;
		rest -= length;
	}
}

/* How many columns printable text takes. */
static int
count_columns(const char *text)
{
	int rest = strlen(text);
	int columns = 0;

	while (rest > 0)
	{
		int length = pg_mbcharcliplen(text, rest, 1);

		columns += pg_dsplen(text);
		text += length;
		rest -= length;
	}
	return columns;
}

/* Append what fits into so many columns, with a sign if that is not all. */
static void
append_clipped(StringInfo buf, const char *text, int columns, const char *cut)
{
	int rest = strlen(text);

	if (count_columns(text) <= columns)
	{
		appendStringInfoString(buf, text);
		return;
	}
	columns -= count_columns(cut);
	while (rest > 0 && pg_dsplen(text) <= columns)
	{
		int length = pg_mbcharcliplen(text, rest, 1);

		appendBinaryStringInfo(buf, text, length);
		columns -= pg_dsplen(text);
		text += length;
		rest -= length;
	}
	while (buf->len > 0 && buf->data[buf->len - 1] == ' ')
		buf->data[--buf->len] = '\0';
	appendStringInfoString(buf, cut);
}

/* Begin a mark in brackets, or go on with the next. */
static void
append_mark(StringInfo buf, bool *first, const char *mark)
{
	appendStringInfo(buf, "%s%s", *first ? " (" : ", ", mark);
	*first = false;
}

/* The words of a revision that come before its message. */
static char *
describe_node(TextLayout *layout, GraphNode *node)
{
	StringInfoData buf;
	bool first = true;
	ListCell *lc;
	int i;

	initStringInfo(&buf);
	append_printable(&buf, node->id);
	foreach(lc, node->labels)
	{
		bool first_label = foreach_current_index(lc) == 0;

		appendStringInfoString(&buf, first_label ? " [" : ", ");
		append_printable(&buf, lfirst(lc));
	}
	if (node->labels != NIL)
		appendStringInfoChar(&buf, ']');
	if (node->nchildren == 0)
		append_mark(&buf, &first, "head");
	if (layout->current[node->index])
		append_mark(&buf, &first, "current");
	if (node->nparents == 0)
		append_mark(&buf, &first, "base");
	for (i = 0; i < node->ndeps; i++)
	{
		append_mark(&buf, &first, i == 0 ? "needs " : "");
		append_printable(&buf, node->deps[i]->id);
	}
	if (!first)
		appendStringInfoChar(&buf, ')');
	return buf.data;
}

/* A row of the picture with its words. */
static char *
write_row(TextLayout *layout, DrawRow *row, const char *words)
{
	const char *cut = pgmig_draw_glyph(DRAW_CUT, layout->utf8);
	int indent = Max(layout->line_columns, row->columns) + 2;
	int room = LINE_COLUMNS - indent;
	int columns = count_columns(words);
	StringInfoData line;
	StringInfoData message;

	initStringInfo(&line);
	appendStringInfoString(&line, row->lines);
	appendStringInfoSpaces(&line, indent - row->columns);

	/* The id is never cut, whatever it takes. */
	append_clipped(&line, words, Max(room, count_columns(row->node->id)), cut);

	initStringInfo(&message);
	append_printable(&message, row->node->message);
	room -= Max(columns, layout->word_columns) + 2;
	if (message.len > 0 && room >= MIN_MESSAGE_COLUMNS)
	{
		appendStringInfoSpaces(&line,
							   Max(layout->word_columns - columns, 0) + 2);
		append_clipped(&line, message.data, room, cut);
	}
	pfree(message.data);
	return line.data;
}

/* Words for every revision, by node->index; sets the columns of the layout. */
static char **
lay_out(TextLayout *layout, List *rows, int count)
{
	char **words = palloc0(sizeof(char *) * Max(count, 1));
	ListCell *lc;

	foreach(lc, rows)
	{
		DrawRow *row = lfirst(lc);
		int columns;

		CHECK_FOR_INTERRUPTS();
		if (row->columns <= ALIGNED_LINE_COLUMNS)
			layout->line_columns = Max(layout->line_columns, row->columns);
		if (row->node == NULL)
			continue;
		words[row->node->index] = describe_node(layout, row->node);
		columns = count_columns(words[row->node->index]);
		if (columns <= ALIGNED_WORD_COLUMNS)
			layout->word_columns = Max(layout->word_columns, columns);
	}
	return words;
}

/* How many revisions are applied, and how each kind is drawn. */
static char *
write_legend(TextLayout *layout, GraphNode **order, int count)
{
	int applied = 0;
	int i;

	for (i = 0; i < count; i++)
		if (order[i]->applied)
			applied++;
	return psprintf("%d applied (%s), %d not applied (%s)",
					applied,
					pgmig_draw_glyph(DRAW_APPLIED, layout->utf8),
					count - applied,
					pgmig_draw_glyph(DRAW_UNAPPLIED, layout->utf8));
}

List *
pgmig_draw_text(Graph *graph)
{
	int count = list_length(graph->all);
	GraphNode **order;
	TextLayout layout = {0};
	List *current = pgmig_graph_current(graph);
	List *rows;
	List *lines = NIL;
	char **words;
	ListCell *lc;

	if (count == 0)
		return NIL;
	order = pgmig_draw_order(graph);

	/* A client that cannot take the characters would get an error. */
	layout.utf8 = GetDatabaseEncoding() == PG_UTF8 &&
				  pg_get_client_encoding() == PG_UTF8;
	layout.current = palloc0(sizeof(bool) * count);
	foreach(lc, current)
		layout.current[((GraphNode *) lfirst(lc))->index] = true;

	rows = pgmig_draw_rows(order, count, layout.utf8);
	words = lay_out(&layout, rows, count);
	foreach(lc, rows)
	{
		DrawRow *row = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		if (row->node == NULL)
			lines = lappend(lines, row->lines);
		else
		{
			char *row_words = words[row->node->index];

			lines = lappend(lines, write_row(&layout, row, row_words));
			pfree(row_words);
			pfree(row->lines);
		}
	}
	return lappend(lines, write_legend(&layout, order, count));
}
