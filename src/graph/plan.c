/*-------------------------------------------------------------------------
 *
 * plan.c
 *	  Which revisions a run applies, reverts or stamps, and in which order.
 *
 * The applied set is closed under parents and dependencies before and after
 * every plan.
 *
 * A plan reads what it will run and the revisions next to that.  Results live
 * in the current memory context.  Takes no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "errors.h"
#include "graph/graph.h"
#include "graph/walk.h"

/*
 * Whatever the targets need and is not applied.
 */
List *
pgmig_plan_upgrade(Graph *graph, List *targets)
{
	List *nodes = NIL;
	bool heads = true;
	ListCell *lc;

	foreach(lc, targets)
	{
		Target *target = pgmig_target_parse(lfirst(lc));
		List *rows = NIL;

		if (target->offset != NULL && target->symbol == NULL)
			rows = pgmig_graph_rows(graph);
		nodes =
			list_concat(nodes, pgmig_step_upgrade(graph, target, rows, false));
		heads = heads && strcmp(target->text, "heads") == 0;
	}
	/* No head is above another one. */
	if (!heads)
		pgmig_graph_check_overlap(graph, nodes);
	return pgmig_sort(graph,
					  pgmig_graph_collect_pending(graph, nodes),
					  NIL,
					  true);
}

/*
 * Down from the only applied revision, or the only one of the branch, from
 * which a target without a symbol counts.
 */
static GraphNode *
find_start(Graph *graph, const Target *target, GraphNode *branch)
{
	List *starts = pgmig_graph_rows(graph);

	if (branch != NULL)
	{
		uint32 lineage = pgmig_graph_mark_lineage(graph, branch);

		starts = pgmig_graph_select_marked(starts, lineage, true);
		/* If others depend on the branch, it has no row of its own. */
		if (starts == NIL)
		{
			starts = pgmig_graph_current(graph);
			lineage = pgmig_graph_mark_lineage(graph, branch);
			starts = pgmig_graph_select_marked(starts, lineage, true);
		}
	}
	if (list_length(starts) > 1)
		pgmig_step_ambiguous_start(target, starts);
	if (starts == NIL)
		pgmig_step_no_start(target);
	return linitial(starts);
}

/*
 * The revision to go down to, NULL for base, and the branch that limits what
 * is reverted: the one that the target names, or else the one from which it
 * counts.
 */
static GraphNode *
resolve_downgrade(Graph *graph, const Target *target, GraphNode **branch)
{
	GraphNode *start;
	WalkEnd end;

	*branch = pgmig_target_branch(graph, target);
	if (target->offset == NULL)
		return pgmig_target_resolve_symbol(graph, target, true);

	if (target->symbol == NULL)
	{
		if (target->steps >= 0)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_OUT_OF_STEPS),
					 errmsg("relative target \"%s\" does not lead downwards",
							target->text),
					 errhint(
						 "Use \"-1\" and the like to downgrade, pgmig_upgrade() to go up.")));
		start = find_start(graph, target, *branch);
		if (*branch == NULL)
			*branch = start;
	}
	else
		start = pgmig_target_resolve_symbol(graph, target, target->steps < 0);
	if (target->steps < 0)
		end = pgmig_step_down(graph, target, start);
	else
		end = pgmig_step_up(graph, target, start, *branch);
	pgmig_step_check(target, end);
	return end.node;
}

/*
 * Those of the children of node that are ancestors of branch, or branch
 * itself.
 */
static List *
children_towards(Graph *graph, GraphNode *node, GraphNode *branch)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	List *stack = list_make1(branch);
	List *result = NIL;

	/* What is below node need not be looked at. */
	node->mark = mark;
	branch->mark = mark;
	while (stack != NIL)
	{
		GraphNode *next = llast(stack);

		CHECK_FOR_INTERRUPTS();
		stack = list_delete_last(stack);
		pgmig_graph_expand(graph, next);
		for (int i = 0; i < next->nparents; i++)
		{
			if (next->parents[i]->mark == mark)
				continue;
			next->parents[i]->mark = mark;
			stack = lappend(stack, next->parents[i]);
		}
	}
	for (int i = 0; i < node->nchildren; i++)
	{
		if (node->children[i]->mark == mark)
			result = lappend(result, node->children[i]);
	}
	return result;
}

/*
 * The lowest revisions to revert: the children of node, or if it is NULL, for
 * base, what the branch starts from.
 */
static List *
find_roots(Graph *graph, const Target *target, GraphNode *node,
		   GraphNode *branch)
{
	List *roots = NIL;

	if (node == NULL)
	{
		ListCell *lc;

		foreach(lc, pgmig_graph_collect_ancestors(graph, branch))
		{
			if (((GraphNode *) lfirst(lc))->nparents == 0)
				roots = lappend(roots, lfirst(lc));
		}
		return roots;
	}
	if (branch != NULL && node->nchildren > 1)
	{
		roots = children_towards(graph, node, branch);
		if (roots == NIL)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_NOT_AN_ANCESTOR),
					 errmsg("cannot downgrade to \"%s\"", target->text),
					 errdetail("Revision \"%s\" has several children, and revision \"%s\" is not at or above one of them.",
							   node->id,
							   branch->id),
					 errhint("Leave out the branch, or name one that starts above \"%s\".",
							 node->id)));
		return roots;
	}
	for (int i = 0; i < node->nchildren; i++)
		roots = lappend(roots, node->children[i]);
	return roots;
}

/*
 * The applied children of the target and whatever needs them, in any branch.
 */
List *
pgmig_plan_downgrade(Graph *graph, const char *text)
{
	Target *target = pgmig_target_parse(text);
	GraphNode *branch;
	GraphNode *node = resolve_downgrade(graph, target, &branch);
	List *nodes;

	if (node != NULL)
		pgmig_graph_expand(graph, node);
	if (node == NULL && branch == NULL)
		nodes = pgmig_graph_collect_below(graph, pgmig_graph_rows(graph));
	else
	{
		nodes = find_roots(graph, target, node, branch);
		nodes = pgmig_graph_collect_applied(graph, nodes);
	}
	if (node != NULL && !node->applied)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_NOT_AN_ANCESTOR),
				 errmsg("cannot downgrade to \"%s\"", target->text),
				 errdetail("Revision \"%s\" is not applied.", node->id),
				 errhint(
					 "pgmig_current() tells where the database stands; pgmig_upgrade() applies revisions.")));
	return pgmig_sort(graph, nodes, NIL, false);
}

void
pgmig_plan_assume(Graph *graph, const char *start)
{
	GraphNode *node;
	ListCell *lc;

	if (start == NULL || pgmig_target_is_current(start))
		return;
	node = pgmig_target_resolve_one(graph, start);
	pgmig_graph_complete(graph);
	foreach(lc, graph->all)
		((GraphNode *) lfirst(lc))->applied = false;
	if (node == NULL)
		return;
	foreach(lc, pgmig_graph_collect_below(graph, list_make1(node)))
		((GraphNode *) lfirst(lc))->applied = true;
}
