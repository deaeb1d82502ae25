/*-------------------------------------------------------------------------
 *
 * walk.h
 *	  What the files that plan over the graph share.
 *
 * Marks: an algorithm that visits nodes draws a number from
 * pgmig_graph_new_mark() and stores it in the mark or mark2 of what it has
 * seen.  Numbers never come back, so nothing has to be cleared.  mark2 and
 * index belong to what runs for a moment without calling others, mark to
 * what its caller looks at afterwards.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_WALK_H
#define PGMIG_WALK_H

#include "compat.h"
#include "graph/graph.h"

/* A target, taken apart: [branch@][symbol][+N|-N] */
typedef struct Target
{
	const char *text;   /* as given */
	const char *branch; /* or NULL */
	const char *symbol; /* or NULL, only if relative */
	const char *offset; /* "+N" or "-N" as given, or NULL if not relative */
	int steps;          /* with the sign of offset */
} Target;

/* Where a walk has come to. */
typedef struct WalkEnd
{
	GraphNode *node; /* NULL: base */
	int steps;       /* steps taken */
	bool complete;   /* that is as many as were asked for */
} WalkEnd;

/* graph.c */
extern uint32 pgmig_graph_new_mark(Graph *graph);
/* Mark (GraphNode.mark) the nodes and their descendants over children. */
extern uint32 pgmig_graph_mark_descendants(Graph *graph, List *nodes);
/* Mark node, its ancestors and its descendants, dependencies ignored. */
extern uint32 pgmig_graph_mark_lineage(Graph *graph, GraphNode *node);
/* The starts and all below them, over parents and dependencies. */
extern List *pgmig_graph_collect_below(Graph *graph, List *starts);
/* A node and its ancestors over parents. */
extern List *pgmig_graph_collect_ancestors(Graph *graph, GraphNode *node);
/* The starts and all below them that are not applied. */
extern List *pgmig_graph_collect_pending(Graph *graph, List *starts);
/* The applied ones among the starts and all above, over children and
 * dependents. */
extern List *pgmig_graph_collect_applied(Graph *graph, List *starts);
extern uint32 pgmig_graph_mark_nodes(Graph *graph, List *nodes);
/* Those of the nodes that have the mark, or do not have it. */
extern List *pgmig_graph_select_marked(List *nodes, uint32 mark, bool marked);
/* Is a dependency of node, in Alembic's terms, a normalized one: does no
 * ancestor of node over parents have it too? */
extern bool pgmig_graph_is_normalized(Graph *graph, GraphNode *node,
									  GraphNode *dep);
/* Error if one of the nodes is above another. */
extern void pgmig_graph_check_overlap(Graph *graph, List *nodes);

/* sort.c */
extern List *pgmig_sort(Graph *graph, List *nodes, List *between,
						bool oldest_first);

/* target.c */
/* Names (char *) in quotes, with commas; not all, if there are many. */
extern char *pgmig_target_list_names(List *names);
/* Likewise the ids of nodes. */
extern char *pgmig_target_list_nodes(List *nodes);
extern Target *pgmig_target_parse(const char *text);
/* Of some heads, those of the branch, if it is not NULL. */
extern List *pgmig_target_heads_of_branch(Graph *graph, List *heads,
										  GraphNode *branch);
/* The revision that the target's branch names; NULL if it has none. */
extern GraphNode *pgmig_target_branch(Graph *graph, const Target *target);
/* The multi-valued rule. */
extern List *pgmig_target_resolve_parsed(Graph *graph, const Target *target);
/* The single-valued rule, for the symbol alone or within the branch. */
extern GraphNode *pgmig_target_resolve_symbol(Graph *graph,
											  const Target *target,
											  bool within_branch);
extern bool pgmig_target_is_current(const char *text);

/* step.c */
/* Walk steps over children, limited to the lineage of branch if there is one,
 * or over parents.  A start of NULL is base. */
extern WalkEnd pgmig_step_up(Graph *graph, const Target *target,
							 GraphNode *start, GraphNode *branch);
extern WalkEnd pgmig_step_down(Graph *graph, const Target *target,
							   GraphNode *start);
/* Error unless the walk is complete. */
extern void pgmig_step_check(const Target *target, WalkEnd end);
/* Error: there are several revisions from which the steps could count. */
pg_noreturn extern void pgmig_step_ambiguous_start(const Target *target,
												   List *nodes);
/* Error: there is none. */
pg_noreturn extern void pgmig_step_no_start(const Target *target);
/* What the target of an upgrade names, relative forms included; rows are the
 * heads from which it counts.  With cut, a walk that leads too far ends where
 * it can. */
extern List *pgmig_step_upgrade(Graph *graph, const Target *target, List *rows,
								bool cut);

#endif /* PGMIG_WALK_H */
