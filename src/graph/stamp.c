/*-------------------------------------------------------------------------
 *
 * stamp.c
 *	  What stamping changes in the applied set.
 *
 * The rows afterwards are Alembic's: the destinations take the place of the
 * rows that are related to what was named, see find_dropped_rows().
 *
 * What becomes of the revisions that have no row is for us to say, as Alembic
 * does not store them.  Everything below the new rows is applied.  A row that
 * goes takes its ancestors over parents with it, and what needs one of these;
 * but what a dropped revision merely depended on belongs to another branch
 * and stays, with all below it.  Plain "base" drops everything.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "errors.h"
#include "graph/graph.h"
#include "graph/walk.h"

typedef struct StampTargets
{
	List *destinations; /* of GraphNode *, without duplicates */
	List *related;      /* of GraphNode *: rows in the lineage of one of these,
						 * dependencies included, make way */
	bool everything;    /* ... or all rows do */
} StampTargets;

static StampTargets
resolve_targets(Graph *graph, List *targets)
{
	StampTargets result = {NIL, NIL, false};
	ListCell *lc;

	foreach(lc, targets)
	{
		Target *target = pgmig_target_parse(lfirst(lc));
		GraphNode *branch = pgmig_target_branch(graph, target);
		List *nodes = pgmig_target_resolve_parsed(graph, target);

		if (branch == NULL && nodes == NIL)
			result.everything = true;
		if (branch != NULL)
			result.related = lappend(result.related, branch);
		result.related = list_concat(result.related, nodes);
		result.destinations =
			list_concat_unique_ptr(result.destinations, nodes);
	}
	return result;
}

/*
 * Mark what is right below the nodes.
 */
static void
mark_below(List *nodes, uint32 mark)
{
	ListCell *lc;

	foreach(lc, nodes)
	{
		GraphNode *node = lfirst(lc);

		for (int i = 0; i < node->nparents; i++)
			node->parents[i]->mark = mark;
		for (int i = 0; i < node->ndeps; i++)
			node->deps[i]->mark = mark;
	}
}

/*
 * Those of the rows that are below or above one of the nodes, or one of them,
 * dependencies included.
 *
 * What is above an applied revision and below a row is applied, what is below
 * a pending revision and above a row is pending; so the walks end at the
 * border of the applied set.
 */
static List *
find_related(Graph *graph, List *rows, List *nodes)
{
	List *up = pgmig_graph_collect_applied(graph, nodes);
	List *down = pgmig_graph_collect_pending(graph, nodes);
	uint32 mark = pgmig_graph_mark_nodes(graph, up);

	mark_below(down, mark);
	return pgmig_graph_select_marked(rows, mark, true);
}

/*
 * The rows that make way for the destinations.
 *
 * A destination that is one of the rows changes nothing, and neither does one
 * that has nothing to do with them; it is added.  If there is another one, all
 * rows go that are related to anything that was named.
 */
static List *
find_dropped_rows(Graph *graph, List *rows, const StampTargets *targets)
{
	List *related = rows;
	List *moving;
	uint32 mark;

	if (!targets->everything)
		related = find_related(graph, rows, targets->related);
	if (targets->destinations == NIL)
		return related;

	mark = pgmig_graph_mark_nodes(graph, related);
	moving = pgmig_graph_select_marked(targets->destinations, mark, false);
	if (find_related(graph, related, moving) == NIL)
		return NIL;
	mark = pgmig_graph_mark_nodes(graph, targets->destinations);
	return pgmig_graph_select_marked(related, mark, false);
}

/*
 * The applied revisions that stay out of the result: ancestors over parents of
 * the dropped rows, as far as they are not kept, and all that need one of
 * those.
 */
static List *
collect_dropped(Graph *graph, List *dropped_rows, List *kept)
{
	uint32 mark = pgmig_graph_mark_nodes(graph, kept);
	List *stack = list_copy(dropped_rows);
	List *seeds = NIL;

	while (stack != NIL)
	{
		GraphNode *node = llast(stack);

		CHECK_FOR_INTERRUPTS();
		stack = list_delete_last(stack);
		if (node->mark == mark)
			continue;
		node->mark = mark;
		pgmig_graph_expand(graph, node);
		seeds = lappend(seeds, node);
		for (int i = 0; i < node->nparents; i++)
			stack = lappend(stack, node->parents[i]);
	}
	return pgmig_graph_collect_applied(graph, seeds);
}

StampPlan *
pgmig_plan_stamp(Graph *graph, List *texts)
{
	StampPlan *plan = palloc0(sizeof(StampPlan));
	StampTargets targets = resolve_targets(graph, texts);
	List *rows = pgmig_graph_rows(graph);
	List *dropped_rows = find_dropped_rows(graph, rows, &targets);
	List *add = pgmig_graph_collect_pending(graph, targets.destinations);
	List *remove = NIL;
	uint32 mark = pgmig_graph_new_mark(graph);

	/* A row right below what is to be applied is only covered. */
	mark_below(add, mark);
	dropped_rows = pgmig_graph_select_marked(dropped_rows, mark, false);
	if (targets.everything && targets.destinations == NIL)
		remove = pgmig_graph_collect_below(graph, rows);
	else if (dropped_rows != NIL)
	{
		List *kept;

		mark = pgmig_graph_mark_nodes(graph, dropped_rows);
		kept = pgmig_graph_select_marked(rows, mark, false);
		kept = list_concat(kept, targets.destinations);
		kept = pgmig_graph_collect_below(graph, kept);
		remove = collect_dropped(graph, dropped_rows, kept);
	}
	plan->add = pgmig_sort(graph, add, NIL, true);
	plan->remove = pgmig_sort(graph, remove, NIL, false);
	return plan;
}
