/*-------------------------------------------------------------------------
 *
 * step.c
 *	  Relative targets: so many steps up or down.
 *
 * Up from a revision are its children, up from base all revisions without
 * parents.  Down are the parents, down from those without any is base, and
 * down from base are the heads.  More than one choice is an error that names
 * them.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "errors.h"
#include "graph/graph.h"
#include "graph/walk.h"

/* So many ways out an error names. */
#define CHOICES_NAMED 5

/*
 * The target within the branch of each node, such as "a@+1" or "b@+1".
 */
static char *
list_alternatives(const Target *target, List *nodes)
{
	StringInfoData buf;
	int count = 0;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, nodes)
	{
		GraphNode *node = lfirst(lc);

		if (count == CHOICES_NAMED)
			break;
		appendStringInfo(&buf,
						 "%s\"%s@%s%s\"",
						 count++ > 0 ? " or " : "",
						 node->labels != NIL ? (char *) linitial(node->labels)
											 : node->id,
						 target->symbol != NULL ? target->symbol : "",
						 target->offset);
	}
	return buf.data;
}

void
pgmig_step_ambiguous_start(const Target *target, List *nodes)
{
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_AMBIGUOUS),
			 errmsg("relative target \"%s\" is ambiguous", target->text),
			 errdetail("It could count from each of %s.",
					   pgmig_target_list_nodes(nodes)),
			 errhint("Choose a branch: %s.",
					 list_alternatives(target, nodes))));
}

void
pgmig_step_no_start(const Target *target)
{
	if (target->branch != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_OUT_OF_STEPS),
				 errmsg("relative target \"%s\" leads too far", target->text),
				 errdetail("None of the current revisions is in branch \"%s\".",
						   target->branch),
				 errhint("pgmig_current() tells where the database stands.")));
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_OUT_OF_STEPS),
			 errmsg("relative target \"%s\" leads too far", target->text),
			 errdetail("No revision is applied."),
			 errhint(
				 "There is nothing to downgrade; pgmig_upgrade() applies revisions.")));
}

static void
report_ambiguous_step(const Target *target, WalkEnd end, List *choices,
					  bool up)
{
	const char *place =
		end.node != NULL ? psprintf("revision \"%s\"", end.node->id) : "base";

	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_AMBIGUOUS),
			 errmsg("relative target \"%s\" is ambiguous", target->text),
			 errdetail("Step %d from %s could lead to each of %s.",
					   end.steps + 1,
					   place,
					   pgmig_target_list_nodes(choices)),
			 up ? errhint("Choose a branch: %s.",
						  list_alternatives(target, choices))
			 : end.steps == 0
				 ? errhint(
					   "Name the revision to go to: only what is above it is undone.")
				 : errhint(
					   "Name the revision to go to, or a number of steps that ends before.")));
}

void
pgmig_step_check(const Target *target, WalkEnd end)
{
	const char *place =
		end.node != NULL ? psprintf("revision \"%s\"", end.node->id) : "base";

	if (end.complete)
		return;
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_OUT_OF_STEPS),
			 errmsg("relative target \"%s\" leads too far", target->text),
			 errdetail("The walk ends after %d of %s steps, at %s.",
					   end.steps,
					   target->offset + 1,
					   place),
			 end.steps > 0
				 ? errhint("Use at most \"%c%d\", or name a revision.",
						   target->offset[0],
						   end.steps)
				 : errhint("Name a revision instead.")));
}

/* Take the only one of the choices, which is not base. */
static void
take_step(const Target *target, WalkEnd *end, List *choices, bool up)
{
	if (list_length(choices) > 1)
		report_ambiguous_step(target, *end, choices, up);
	end->node = linitial(choices);
	end->steps++;
	list_free(choices);
}

WalkEnd
pgmig_step_up(Graph *graph, const Target *target, GraphNode *start,
			  GraphNode *branch)
{
	WalkEnd end = {start, 0, false};
	uint32 lineage = 0;

	if (branch != NULL)
		lineage = pgmig_graph_mark_lineage(graph, branch);
	while (end.steps < abs(target->steps))
	{
		List *choices = NIL;
		List *next = NIL;
		ListCell *lc;

		CHECK_FOR_INTERRUPTS();
		if (end.node == NULL)
			next = pgmig_graph_bases(graph);
		else
		{
			pgmig_graph_expand(graph, end.node);
			for (int i = 0; i < end.node->nchildren; i++)
				next = lappend(next, end.node->children[i]);
		}
		foreach(lc, next)
		{
			GraphNode *node = lfirst(lc);

			if (branch == NULL || node->mark == lineage)
				choices = lappend(choices, pgmig_graph_expand(graph, node));
		}
		list_free(next);
		if (choices == NIL)
			return end;
		take_step(target, &end, choices, true);
	}
	end.complete = true;
	return end;
}

WalkEnd
pgmig_step_down(Graph *graph, const Target *target, GraphNode *start)
{
	WalkEnd end = {start, 0, false};

	while (end.steps < abs(target->steps))
	{
		List *choices = NIL;

		CHECK_FOR_INTERRUPTS();
		if (end.node != NULL)
		{
			pgmig_graph_expand(graph, end.node);
			for (int i = 0; i < end.node->nparents; i++)
				choices = lappend(choices, end.node->parents[i]);
		}
		else if (end.steps == 0)
			choices = pgmig_graph_version_heads(graph);
		else
			return end;
		if (choices != NIL)
			take_step(target, &end, choices, false);
		else if (end.node != NULL)
		{
			end.node = NULL;
			end.steps++;
		}
		else
			return end;
	}
	end.complete = true;
	return end;
}

/*
 * Where the branch stands: the highest of the revisions that are at or below
 * the rows and in the branch.  Highest means that no other one has it as a
 * parent or as a normalized dependency.
 */
static List *
find_tips(Graph *graph, List *rows, GraphNode *branch)
{
	List *below = pgmig_graph_collect_below(graph, rows);
	uint32 lineage = pgmig_graph_mark_lineage(graph, branch);
	List *members = NIL;
	List *tips = NIL;
	ListCell *lc;

	foreach(lc, below)
	{
		GraphNode *node = lfirst(lc);

		node->count = 0;
		if (node->mark == lineage)
			members = lappend(members, node);
	}
	foreach(lc, members)
	{
		GraphNode *node = lfirst(lc);

		for (int i = 0; i < node->nparents; i++)
			node->parents[i]->count = 1;
		for (int i = 0; i < node->ndeps; i++)
		{
			if (node->deps[i]->mark == lineage && node->deps[i]->count == 0 &&
				pgmig_graph_is_normalized(graph, node, node->deps[i]))
				node->deps[i]->count = 1;
		}
	}
	foreach(lc, members)
	{
		if (((GraphNode *) lfirst(lc))->count == 0)
			tips = lappend(tips, lfirst(lc));
	}
	pgmig_graph_by_load_order(tips);
	return tips;
}

/*
 * From where "+N" and "branch@+N" count.  NULL is base.
 */
static GraphNode *
find_start(Graph *graph, const Target *target, List *rows, GraphNode *branch)
{
	List *starts = rows;
	uint32 lineage;

	if (branch != NULL)
	{
		lineage = pgmig_graph_mark_lineage(graph, branch);
		starts = pgmig_graph_select_marked(rows, lineage, true);
		if (starts == NIL)
			starts = find_tips(graph, rows, branch);
	}
	if (list_length(starts) > 1)
		pgmig_step_ambiguous_start(target, starts);
	return starts == NIL ? NULL : linitial(starts);
}

List *
pgmig_step_upgrade(Graph *graph, const Target *target, List *rows, bool cut)
{
	GraphNode *branch;
	GraphNode *start;
	WalkEnd end;

	if (target->offset == NULL)
		return pgmig_target_resolve_parsed(graph, target);

	branch = pgmig_target_branch(graph, target);
	if (target->symbol == NULL && target->steps <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_OUT_OF_STEPS),
				 errmsg("relative target \"%s\" does not lead upwards",
						target->text),
				 errhint(
					 "Use \"+1\" and the like to upgrade, pgmig_downgrade() to go down.")));
	if (target->steps > 0)
	{
		start = target->symbol != NULL
					? pgmig_target_resolve_symbol(graph, target, false)
					: find_start(graph, target, rows, branch);
		end = pgmig_step_up(graph, target, start, branch);
	}
	else
	{
		start = pgmig_target_resolve_symbol(graph, target, true);
		end = pgmig_step_down(graph, target, start);
		if (end.node == NULL && end.complete && end.steps > 0 && !cut)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_OUT_OF_STEPS),
					 errmsg("relative target \"%s\" leads to base",
							target->text),
					 errhint(
						 "Use pgmig_downgrade() to go there, or fewer steps.")));
	}
	if (!cut)
		pgmig_step_check(target, end);
	return end.node == NULL ? NIL : list_make1(end.node);
}
