/*-------------------------------------------------------------------------
 *
 * draw.c
 *	  The graph as text, for Graphviz or for Mermaid.
 *
 * Graphviz and Mermaid get the revisions in load order and place them
 * themselves; arrows lead from a revision to those that come after it.
 * Names and messages may hold anything, so all of them are quoted and what
 * either language would take for its own is escaped.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "graph/draw.h"

/* Where applied revisions are filled in. */
#define APPLIED_COLOR "#d5e8d4"

/*
 * Append text for a quoted string of Graphviz.
 *
 * In a label, backslashes begin escapes and ampersands HTML entities.  A name
 * keeps its backslashes doubled, which is how Graphviz reads it back.
 */
static void
append_dot(StringInfo buf, const char *text, bool label)
{
	for (; *text; text++)
	{
		if (*text == '\n')
			appendStringInfoString(buf, "\\n");
		else if (*text == '&' && label)
			appendStringInfoString(buf, "&amp;");
		else if (*text == '"' || *text == '\\')
			appendStringInfo(buf, "\\%c", *text);
		else if ((unsigned char) *text < ' ' || *text == '\177')
			appendStringInfoChar(buf, ' ');
		else
			appendStringInfoChar(buf, *text);
	}
}

static bool
is_plain(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
		   (c >= 'a' && c <= 'z');
}

/*
 * Append text for a quoted label of Mermaid.
 *
 * Mermaid looks for directives, styles and Markdown in labels too, so that
 * all ASCII punctuation goes in as entities, except inside a word.
 */
static void
append_mermaid(StringInfo buf, const char *text)
{
	const char *p;

	for (p = text; *p; p++)
	{
		bool in_word = p > text && is_plain(p[-1]) && is_plain(p[1]);

		if (*p == '\n')
			appendStringInfoString(buf, "<br/>");
		else if ((unsigned char) *p <= ' ' || *p == '\177')
			appendStringInfoChar(buf, ' ');
		else if (is_plain(*p) || IS_HIGHBIT_SET(*p) || *p == ',' ||
				 (in_word && strchr("_-.", *p) != NULL))
			appendStringInfoChar(buf, *p);
		else
			appendStringInfo(buf, "#%d;", *p);
	}
}

/* What a node shows: its id, labels and message, a line each. */
static char *
describe_node(GraphNode *node)
{
	StringInfoData buf;
	ListCell *lc;

	initStringInfo(&buf);
	appendStringInfoString(&buf, node->id);
	foreach(lc, node->labels)
		appendStringInfo(&buf,
						 "%s%s",
						 foreach_current_index(lc) == 0 ? "\n[" : ", ",
						 (char *) lfirst(lc));
	if (node->labels != NIL)
		appendStringInfoChar(&buf, ']');
	if (node->message[0] != '\0')
		appendStringInfo(&buf, "\n%s", node->message);
	return buf.data;
}

/* Append a line to the result and empty the buffer. */
static List *
add_line(List *lines, StringInfo buf)
{
	lines = lappend(lines, pstrdup(buf->data));
	resetStringInfo(buf);
	return lines;
}

static void
append_dot_node(StringInfo buf, GraphNode *node)
{
	bool head = node->nchildren == 0;
	char *label = describe_node(node);

	appendStringInfoString(buf, "    \"");
	append_dot(buf, node->id, false);
	appendStringInfoString(buf, "\" [label=\"");
	append_dot(buf, label, true);
	appendStringInfoChar(buf, '"');
	if (node->applied || head)
		appendStringInfo(buf,
						 ", style=\"rounded%s%s\"",
						 node->applied ? ",filled" : "",
						 head ? ",bold" : "");
	appendStringInfoString(buf, "];");
	pfree(label);
}

static void
append_dot_arrow(StringInfo buf, GraphNode *from, GraphNode *to,
				 bool dependency)
{
	appendStringInfoString(buf, "    \"");
	append_dot(buf, from->id, false);
	appendStringInfoString(buf, "\" -> \"");
	append_dot(buf, to->id, false);
	appendStringInfo(buf, "\"%s;", dependency ? " [style=dashed]" : "");
}

static List *
draw_dot(Graph *graph)
{
	List *lines = NIL;
	StringInfoData buf;
	ListCell *lc;
	int i;

	lines = lappend(lines, "digraph pgmig {");
	lines = lappend(lines, "    rankdir=BT;");
	lines = lappend(lines,
					"    node [shape=box, style=rounded, "
					"fillcolor=\"" APPLIED_COLOR "\"];");
	initStringInfo(&buf);
	foreach(lc, graph->all)
	{
		CHECK_FOR_INTERRUPTS();
		append_dot_node(&buf, lfirst(lc));
		lines = add_line(lines, &buf);
	}
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		for (i = 0; i < node->nparents; i++)
		{
			append_dot_arrow(&buf, node->parents[i], node, false);
			lines = add_line(lines, &buf);
		}
		for (i = 0; i < node->ndeps; i++)
		{
			append_dot_arrow(&buf, node->deps[i], node, true);
			lines = add_line(lines, &buf);
		}
	}
	return lappend(lines, "}");
}

/* A node's name is "n" and its place in load order. */
static void
append_mermaid_node(StringInfo buf, GraphNode *node)
{
	char *label = describe_node(node);

	appendStringInfo(buf, "    n%d[\"", node->index);
	append_mermaid(buf, label);
	appendStringInfoString(buf, "\"]");
	if (node->applied)
		appendStringInfoString(buf, ":::applied");
	pfree(label);
}

static void
append_mermaid_arrow(StringInfo buf, GraphNode *from, GraphNode *to,
					 const char *arrow)
{
	appendStringInfo(buf, "    n%d %s n%d", from->index, arrow, to->index);
}

static List *
draw_mermaid(Graph *graph)
{
	List *lines = NIL;
	StringInfoData buf;
	ListCell *lc;
	int i;

	lines = lappend(lines, "graph BT");
	lines = lappend(lines,
					"    classDef applied fill:" APPLIED_COLOR ",color:#000");
	lines = lappend(lines, "    classDef head stroke-width:3px");
	initStringInfo(&buf);
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		node->index = foreach_current_index(lc) + 1;
		append_mermaid_node(&buf, node);
		lines = add_line(lines, &buf);
		if (node->nchildren == 0)
		{
			appendStringInfo(&buf, "    class n%d head", node->index);
			lines = add_line(lines, &buf);
		}
	}
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);

		CHECK_FOR_INTERRUPTS();
		for (i = 0; i < node->nparents; i++)
		{
			append_mermaid_arrow(&buf, node->parents[i], node, "-->");
			lines = add_line(lines, &buf);
		}
		for (i = 0; i < node->ndeps; i++)
		{
			append_mermaid_arrow(&buf, node->deps[i], node, "-.->");
			lines = add_line(lines, &buf);
		}
	}
	return lines;
}

List *
pgmig_draw(Graph *graph, const char *format)
{
	bool text = strcmp(format, "text") == 0;
	bool dot = strcmp(format, "dot") == 0;
	bool mermaid = strcmp(format, "mermaid") == 0;

	if (!text && !dot && !mermaid)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unrecognized graph format \"%s\"", format),
				 errhint("Use \"text\", \"dot\" or \"mermaid\".")));

	pgmig_graph_complete(graph);
	if (dot)
		return draw_dot(graph);
	if (mermaid)
		return draw_mermaid(graph);
	return pgmig_draw_text(graph);
}
