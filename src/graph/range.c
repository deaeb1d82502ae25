/*-------------------------------------------------------------------------
 *
 * range.c
 *	  Ranges of the history: "start:end".
 *
 * An empty start is base, an empty end all heads.  A negative start counts
 * down from the heads.  "current" on either side stands for the rows.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "errors.h"
#include "graph/graph.h"
#include "graph/walk.h"

/* Where a range starts. */
typedef struct RangeStart
{
	List *nodes;       /* of GraphNode * */
	bool base;         /* it starts at base, or at base as well */
	GraphNode *branch; /* limits the ends to those of this branch ... */
	const char *label; /* ... by this label, if it is one */
} RangeStart;

bool
pgmig_range_split(const char *range, char **start, char **end)
{
	char *copy = pstrdup(range);
	char *colon = strchr(copy, ':');

	if (colon == NULL)
		return false;
	if (strchr(colon + 1, ':') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid range: \"%s\"", range),
				 errdetail("It has more than one \":\"."),
				 errhint("Write \"start:end\", \"start:\" or \":end\".")));
	*colon = '\0';
	*start = copy;
	*end = colon + 1;
	return true;
}

/*
 * So many steps below each head; no lower than base.
 */
static void
start_below_heads(Graph *graph, const Target *target, RangeStart *start)
{
	List *heads = pgmig_graph_real_heads(graph);
	ListCell *lc;

	heads = pgmig_target_heads_of_branch(graph, heads, start->branch);
	foreach(lc, heads)
	{
		WalkEnd end = pgmig_step_down(graph, target, lfirst(lc));

		if (end.node == NULL)
			start->base = true;
		else
			start->nodes = list_append_unique_ptr(start->nodes, end.node);
	}
}

static RangeStart
resolve_start(Graph *graph, const char *text)
{
	RangeStart start = {NIL, false, NULL, NULL};
	Target *target;

	if (pgmig_target_is_current(text))
		start.nodes = pgmig_graph_rows(graph);
	else if (*text != '\0')
	{
		target = pgmig_target_parse(text);
		start.branch = pgmig_target_branch(graph, target);
		if (target->offset != NULL && target->symbol == NULL &&
			target->steps < 0)
			start_below_heads(graph, target, &start);
		else
			start.nodes = pgmig_target_resolve_parsed(graph, target);
		if (start.branch != NULL)
		{
			List *labels = pgmig_graph_labels(graph, start.branch);
			ListCell *lc;

			foreach(lc, labels)
			{
				if (strcmp(lfirst(lc), target->branch) == 0)
					start.label = lfirst(lc);
			}
			/* A revision stands for its branch if it has just one. */
			if (start.label == NULL && list_length(labels) == 1)
				start.label = linitial(labels);
		}
	}
	if (start.nodes == NIL)
		start.base = true;
	return start;
}

/*
 * Those of the nodes that belong to the branch of the start.
 */
static List *
limit_to_branch(Graph *graph, List *nodes, const RangeStart *start)
{
	List *result = NIL;
	uint32 lineage = 0;
	ListCell *lc;
	ListCell *lc2;

	if (start->branch == NULL)
		return nodes;
	if (start->label == NULL)
		lineage = pgmig_graph_mark_lineage(graph, start->branch);
	foreach(lc, nodes)
	{
		GraphNode *node = lfirst(lc);
		bool member = start->label == NULL && node->mark == lineage;

		if (start->label != NULL)
		{
			foreach(lc2, pgmig_graph_labels(graph, node))
				member |= strcmp(lfirst(lc2), start->label) == 0;
		}
		if (member)
			result = lappend(result, node);
	}
	return result;
}

static List *
resolve_end(Graph *graph, const char *text, const RangeStart *start)
{
	List *nodes;

	if (pgmig_target_is_current(text))
		nodes = pgmig_graph_rows(graph);
	else if (*text == '\0')
		nodes = pgmig_graph_real_heads(graph);
	else
		nodes = pgmig_step_upgrade(graph,
								   pgmig_target_parse(text),
								   start->nodes,
								   true);
	return limit_to_branch(graph, nodes, start);
}

/*
 * What is at or below the ends and not below the starts; if there are starts,
 * only what descends from them over children.
 */
static List *
list_range(Graph *graph, const RangeStart *start, List *ends,
		   const char *range)
{
	List *needed = pgmig_graph_collect_below(graph, ends);
	List *nodes;
	List *between;
	List *wanted;
	uint32 mark = pgmig_graph_mark_nodes(graph, needed);
	ListCell *lc;

	foreach(lc, start->nodes)
	{
		GraphNode *node = lfirst(lc);

		if (node->mark != mark)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_NOT_AN_ANCESTOR),
					 errmsg("range \"%s\" is not a path from a revision up to one of its descendants",
							range),
					 errdetail("Revision \"%s\" is not at or below the end of the range.",
							   node->id),
					 errhint(
						 "Name two revisions of one line of descent, the older one first.")));
	}
	nodes = pgmig_graph_collect_below(graph, start->nodes);
	mark = pgmig_graph_mark_nodes(graph, nodes);
	nodes = pgmig_graph_select_marked(needed, mark, false);
	nodes = list_concat(nodes, start->nodes);
	if (start->base)
		return pgmig_sort(graph, nodes, NIL, false);

	mark = pgmig_graph_mark_descendants(graph, start->nodes);
	wanted = pgmig_graph_select_marked(nodes, mark, true);
	between = pgmig_graph_select_marked(nodes, mark, false);
	return pgmig_sort(graph, wanted, between, false);
}

List *
pgmig_range_history(Graph *graph, const char *range)
{
	char *start_text = "";
	char *end_text = "";
	RangeStart start;
	List *ends;

	if (range != NULL && *range != '\0' &&
		!pgmig_range_split(range, &start_text, &end_text))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid range: \"%s\"", range),
				 errdetail("It has no \":\"."),
				 errhint("Write \"start:end\", \"start:\" or \":end\".")));
	start = resolve_start(graph, start_text);
	ends = resolve_end(graph, end_text, &start);
	pgmig_graph_check_overlap(graph, start.nodes);
	if (*end_text != '\0' && strcmp(end_text, "heads") != 0)
		pgmig_graph_check_overlap(graph, ends);
	return list_range(graph, &start, ends, range);
}
