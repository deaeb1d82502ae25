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

/* What stands beside the lines; by node->index. */
typedef struct TextLayout
{
	bool utf8;
	bool *current;    /* a current revision */
	char **words;     /* id, labels, marks */
	char **notes;     /* goes below the words, or NULL */
	int line_columns; /* of the lines */
	int word_columns; /* of the words */
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

/* The revisions without which this one cannot be applied. */
static void
append_needs(StringInfo buf, GraphNode *node)
{
	int i;

	for (i = 0; i < node->ndeps; i++)
	{
		appendStringInfoString(buf, i == 0 ? "needs " : ", ");
		append_printable(buf, node->deps[i]->id);
	}
}

/* A copy that takes no more memory than it needs. */
static char *
keep_string(StringInfo buf)
{
	char *result = pstrdup(buf->data);

	pfree(buf->data);
	return result;
}

/*
 * Set the words of a revision, and its note: dependencies that take too much
 * stand below.
 */
static void
describe_node(TextLayout *layout, GraphNode *node)
{
	StringInfoData words;
	StringInfoData needs;
	bool first = true;
	ListCell *lc;

	initStringInfo(&words);
	initStringInfo(&needs);
	append_printable(&words, node->id);
	foreach(lc, node->labels)
	{
		bool first_label = foreach_current_index(lc) == 0;

		appendStringInfoString(&words, first_label ? " [" : ", ");
		append_printable(&words, lfirst(lc));
	}
	if (node->labels != NIL)
		appendStringInfoChar(&words, ']');
	if (node->nchildren == 0)
		append_mark(&words, &first, "head");
	if (layout->current[node->index])
		append_mark(&words, &first, "current");
	if (node->nparents == 0)
		append_mark(&words, &first, "base");

	append_needs(&needs, node);
	if (needs.len > 0 &&
		count_columns(words.data) + 3 + count_columns(needs.data) <=
			ALIGNED_WORD_COLUMNS)
		append_mark(&words, &first, needs.data);
	else if (needs.len > 0)
		layout->notes[node->index] = pstrdup(needs.data);
	pfree(needs.data);
	if (!first)
		appendStringInfoChar(&words, ')');
	layout->words[node->index] = keep_string(&words);
}

/* Decide what to write where, except for the messages. */
static TextLayout *
create_layout(GraphNode **order, int count, List *current)
{
	TextLayout *layout = palloc0(sizeof(TextLayout));
	ListCell *lc;
	int i;

	/* A client that cannot take the characters would get an error. */
	layout->utf8 = GetDatabaseEncoding() == PG_UTF8 &&
				   pg_get_client_encoding() == PG_UTF8;
	layout->current = palloc0(sizeof(bool) * count);
	foreach(lc, current)
		layout->current[((GraphNode *) lfirst(lc))->index] = true;
	layout->words = palloc0(sizeof(char *) * count);
	layout->notes = palloc0(sizeof(char *) * count);
	for (i = 0; i < count; i++)
	{
		int columns;

		CHECK_FOR_INTERRUPTS();
		describe_node(layout, order[i]);
		columns = count_columns(layout->words[i]);
		if (columns <= ALIGNED_WORD_COLUMNS)
			layout->word_columns = Max(layout->word_columns, columns);
	}
	return layout;
}

/* Append the message of a revision, if there is room for it. */
static void
append_message(TextLayout *layout, StringInfo line, GraphNode *node, int room)
{
	const char *cut = pgmig_draw_glyph(DRAW_CUT, layout->utf8);
	int columns = count_columns(layout->words[node->index]);
	int indent = Max(layout->word_columns - columns, 0) + 2;
	StringInfoData message;

	room -= columns + indent;
	if (node->message[0] == '\0' || room < MIN_MESSAGE_COLUMNS)
		return;
	initStringInfo(&message);
	append_printable(&message, node->message);
	appendStringInfoSpaces(line, indent);
	append_clipped(line, message.data, room, cut);
	pfree(message.data);
}

/* A row of the picture with its words. */
static char *
write_row(TextLayout *layout, DrawRow *row)
{
	const char *cut = pgmig_draw_glyph(DRAW_CUT, layout->utf8);
	int indent = Max(layout->line_columns, row->columns) + 2;
	int room = LINE_COLUMNS - indent;
	StringInfoData line;

	if (row->node == NULL && row->note == NULL)
		return row->lines;
	initStringInfo(&line);
	appendStringInfoString(&line, row->lines);
	appendStringInfoSpaces(&line, indent - row->columns);
	if (row->node != NULL)
	{
		const char *words = layout->words[row->node->index];
		/* The id is never cut, whatever it takes. */
		int id_columns = count_columns(row->node->id) + count_columns(cut);

		append_clipped(&line, words, Max(room, id_columns), cut);
		append_message(layout, &line, row->node, room);
	}
	else
	{
		appendStringInfoSpaces(&line, 2);
		append_clipped(&line,
					   row->note,
					   Max(room - 2, MIN_MESSAGE_COLUMNS),
					   cut);
	}
	return keep_string(&line);
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
	List *current = pgmig_graph_current(graph);
	GraphNode **order;
	TextLayout *layout;
	List *rows;
	List *lines = NIL;
	ListCell *lc;

	if (count == 0)
		return NIL;
	order = pgmig_draw_order(graph);
	layout = create_layout(order, count, current);
	rows = pgmig_draw_rows(order, count, layout->notes, layout->utf8);
	foreach(lc, rows)
	{
		DrawRow *row = lfirst(lc);

		if (row->columns <= ALIGNED_LINE_COLUMNS)
			layout->line_columns = Max(layout->line_columns, row->columns);
	}
	foreach(lc, rows)
	{
		CHECK_FOR_INTERRUPTS();
		lines = lappend(lines, write_row(layout, lfirst(lc)));
	}
	return lappend(lines, write_legend(layout, order, count));
}
