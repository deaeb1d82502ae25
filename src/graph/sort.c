/*-------------------------------------------------------------------------
 *
 * sort.c
 *	  The order of a plan: Alembic's.
 *
 * Newest first.  The walk keeps a list of slots, each with the revision that
 * it would emit next, and goes down in one slot as long as nothing in another
 * one still needs the revision that it has come to; then it continues in the
 * first slot that does.
 *
 * Alembic asks for every revision and every slot whether one is an ancestor
 * of the other.  Here, a revision is needed if a user of it (a child, or a
 * revision that depends on it) has not been emitted, which takes a counter.
 * Only the first slot that needs it has to be searched for; see
 * find_user_slot().
 *
 * The nodes are numbered, and all work is done on arrays by that number, in a
 * memory context of its own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "graph/dag.h"
#include "graph/graph.h"
#include "graph/walk.h"

/* Steps of the first attempt to find a slot, in either direction. */
#define FIRST_BUDGET 32

/* If not more revisions have a dependency, they are compared in pairs. */
#define MAX_PAIRED 16

typedef struct StepSort
{
	uint32 mark; /* GraphNode.mark of the nodes, index is their number */
	int count;   /* number of nodes */
	int wanted;  /* the first ones, which are to be emitted */
	GraphNode **nodes;
	Dag *lineage;    /* parents; NULL: not needed */
	Dag *uses;       /* parents, then normalized dependencies */
	bool *done;      /* emitted, or not wanted and not needed any more */
	int *users;      /* users that are not done */
	int *slot;       /* the node's slot, or -1 */
	int *not_before; /* no slot before this one needs the node */
	int *order;      /* what has been emitted */
	int *stack;      /* room for all nodes */

	int nslots;       /* dead ones included */
	int *slot_node;   /* node of a slot, or -1: dead */
	int *jumped_from; /* by slot: node that led the walk there, or -1 */
	int *next;        /* by slot: itself, or where to look for a live one */
	int *previous;    /* likewise, by slot + 1; 0 is the end */
} StepSort;

static void
number_nodes(StepSort *sort, Graph *graph, List *nodes, List *between)
{
	ListCell *lc;

	sort->mark = pgmig_graph_new_mark(graph);
	sort->wanted = list_length(nodes);
	sort->nodes =
		MemoryContextAllocHuge(CurrentMemoryContext,
							   sizeof(GraphNode *) *
								   (sort->wanted + list_length(between) + 1));
	foreach(lc, nodes)
		sort->nodes[sort->count++] = lfirst(lc);
	foreach(lc, between)
		sort->nodes[sort->count++] = lfirst(lc);
	for (int i = 0; i < sort->count; i++)
	{
		sort->nodes[i]->mark = sort->mark;
		sort->nodes[i]->index = i;
	}
}

/* The number of a node, or -1 if it is not among those to sort. */
static inline int
number_of(const StepSort *sort, const GraphNode *node)
{
	return node->mark == sort->mark ? node->index : -1;
}

/*
 * The graph over parents, and over dependencies if redundant is given: where
 * the place of a node's first dependency is, and which places to leave out.
 */
static Dag *
build_dag(const StepSort *sort, const int *places, const bool *redundant)
{
	Dag *dag;
	int edges = 0;

	for (int i = 0; i < sort->count; i++)
	{
		edges += sort->nodes[i]->nparents;
		if (redundant != NULL)
			edges += sort->nodes[i]->ndeps;
	}
	dag = pgmig_dag_create(sort->count, edges);
	for (int i = 0; i < sort->count; i++)
	{
		const GraphNode *node = sort->nodes[i];
		uint32 seen = pgmig_dag_new_walk(dag);
		int ndeps = redundant != NULL ? node->ndeps : 0;

		pgmig_dag_next_node(dag, i);
		for (int k = 0; k < node->nparents + ndeps; k++)
		{
			bool is_dep = k >= node->nparents;
			int below = number_of(sort,
								  is_dep ? node->deps[k - node->nparents]
										 : node->parents[k]);

			if (below < 0 || dag->seen[below] == seen)
				continue;
			if (is_dep && redundant[places[i] + k - node->nparents])
				continue;
			dag->seen[below] = seen;
			pgmig_dag_add_below(dag, below);
		}
	}
	pgmig_dag_finish(dag);
	return dag;
}

/*
 * Which of the users are above another one?  They are few: ask for each pair.
 */
static void
compare_users(StepSort *sort, const int *users, int count, bool *above)
{
	for (int i = 0; i < count; i++)
	{
		for (int j = 0; j < count && !above[i]; j++)
		{
			uint32 walk = pgmig_dag_new_walk(sort->lineage);
			int budget = PG_INT32_MAX;

			above[i] = i != j && pgmig_dag_is_below(sort->lineage,
													users[j],
													users[i],
													walk,
													&budget) == DAG_YES;
		}
	}
}

/*
 * Likewise for many users: walk up from all of them, not higher than the
 * highest.
 */
static void
walk_up_from_users(StepSort *sort, const int *users, int count, bool *above)
{
	Dag *dag = sort->lineage;
	uint32 walk = pgmig_dag_new_walk(dag);
	int depth = 0;
	int top = 0;

	/* A user may be reached from another one, and is walked from anyway. */
	for (int i = 0; i < count; i++)
		top = Max(top, dag->ranks[users[i]].level);
	for (int i = 0; i < count; i++)
	{
		dag->stack[depth++] = users[i];
		while (depth > 0)
		{
			int node = dag->stack[--depth];

			CHECK_FOR_INTERRUPTS();
			for (int k = dag->above_start[node];
				 k < dag->above_start[node + 1];
				 k++)
			{
				int next = dag->above[k];

				if (dag->seen[next] == walk || dag->ranks[next].level > top)
					continue;
				dag->seen[next] = walk;
				dag->stack[depth++] = next;
			}
		}
	}
	for (int i = 0; i < count; i++)
		above[i] = dag->seen[users[i]] == walk;
}

/*
 * A dependency is not normalized, and does not count, if an ancestor of the
 * revision over parents has it too.  Find such users of dep.
 */
static void
find_redundant(StepSort *sort, GraphNode *dep, const int *places,
			   bool *redundant)
{
	int *users = palloc(sizeof(int) * dep->ndependents);
	bool *above = palloc0(sizeof(bool) * dep->ndependents);
	int count = 0;

	for (int i = 0; i < dep->ndependents; i++)
	{
		int user = number_of(sort, dep->dependents[i]);

		if (user >= 0)
			users[count++] = user;
	}
	if (count > 1)
	{
		if (sort->lineage == NULL)
		{
			sort->lineage = build_dag(sort, NULL, NULL);
			pgmig_dag_index(sort->lineage);
		}
		if (count <= MAX_PAIRED)
			compare_users(sort, users, count, above);
		else
			walk_up_from_users(sort, users, count, above);
	}
	for (int i = 0; i < count; i++)
	{
		GraphNode *user = sort->nodes[users[i]];

		for (int k = 0; above[i] && k < user->ndeps; k++)
		{
			if (user->deps[k] == dep)
				redundant[places[users[i]] + k] = true;
		}
	}
	pfree(users);
	pfree(above);
}

static void
build_uses(StepSort *sort)
{
	int *places = pgmig_dag_numbers(sort->count, 0);
	bool *redundant;
	int ndeps = 0;

	for (int i = 0; i < sort->count; i++)
	{
		places[i] = ndeps;
		ndeps += sort->nodes[i]->ndeps;
	}
	redundant = palloc_extended(ndeps + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < sort->count; i++)
	{
		if (sort->nodes[i]->ndependents > 1)
			find_redundant(sort, sort->nodes[i], places, redundant);
	}
	sort->uses = build_dag(sort, places, redundant);
	for (int i = 0; i < sort->count; i++)
		sort->users[i] =
			sort->uses->above_start[i + 1] - sort->uses->above_start[i];
	pfree(redundant);
	pfree(places);
}

static void
append_slot(StepSort *sort, int node)
{
	int slot = sort->nslots++;

	sort->slot_node[slot] = node;
	sort->slot[node] = slot;
	sort->next[slot] = slot;
	sort->next[slot + 1] = slot + 1;
	sort->previous[slot + 1] = slot + 1;
}

static void
delete_slot(StepSort *sort, int slot)
{
	sort->slot_node[slot] = -1;
	sort->next[slot] = slot + 1;
	sort->previous[slot + 1] = slot;
}

/* Follow links, shortening them for the next time. */
static int
follow(int *links, int from)
{
	while (links[from] != from)
	{
		links[from] = links[links[from]];
		from = links[from];
	}
	return from;
}

/* The first live slot from there on; nslots if there is none. */
static inline int
live_slot(StepSort *sort, int slot)
{
	return follow(sort->next, slot);
}

/* The live slot before this one, or else the first. */
static int
slot_before(StepSort *sort, int slot)
{
	int before = follow(sort->previous, slot);

	return before > 0 ? before - 1 : live_slot(sort, 0);
}

/*
 * Count a node as done, and with it what was there only for its sake.
 */
static void
finish_node(StepSort *sort, int node)
{
	const Dag *uses = sort->uses;
	int depth = 0;

	sort->stack[depth++] = node;
	while (depth > 0)
	{
		node = sort->stack[--depth];
		sort->done[node] = true;
		for (int k = uses->below_start[node]; k < uses->below_start[node + 1];
			 k++)
		{
			int below = uses->below[k];

			if (--sort->users[below] == 0 && below >= sort->wanted)
				sort->stack[depth++] = below;
		}
	}
}

/*
 * Look upwards from node for slots that need it.  Returns false if that takes
 * more steps than budget.
 */
static bool
search_up(StepSort *sort, int node, int budget, int *slot)
{
	Dag *uses = sort->uses;
	uint32 walk = pgmig_dag_new_walk(uses);
	int first = live_slot(sort, sort->not_before[node]);
	int depth = 0;

	*slot = sort->nslots;
	sort->stack[depth++] = node;
	while (depth > 0)
	{
		int lower = sort->stack[--depth];

		for (int k = uses->above_start[lower];
			 k < uses->above_start[lower + 1];
			 k++)
		{
			int user = uses->above[k];

			if (budget-- <= 0)
				return false;
			if (sort->done[user] || uses->seen[user] == walk)
				continue;
			uses->seen[user] = walk;
			if (sort->slot[user] >= 0 && sort->slot[user] < *slot)
				*slot = sort->slot[user];
			if (*slot == first)
				return true;
			sort->stack[depth++] = user;
		}
	}
	return true;
}

/*
 * Look downwards from each slot in turn.  Returns false if that takes more
 * steps than budget.
 *
 * A slot that does not need the node never will: what a slot holds is replaced
 * by something below it.
 */
static bool
search_down(StepSort *sort, int node, int budget, int *slot)
{
	uint32 walk = pgmig_dag_new_walk(sort->uses);
	int *next = &sort->not_before[node];

	for (*next = live_slot(sort, *next); *next < sort->nslots;
		 *next = live_slot(sort, *next + 1))
	{
		DagAnswer answer;

		if (*next == sort->slot[node])
			continue;
		if (budget-- <= 0)
			return false;
		answer = pgmig_dag_is_below(sort->uses,
									node,
									sort->slot_node[*next],
									walk,
									&budget);
		if (answer == DAG_UNKNOWN)
			return false;
		if (answer == DAG_YES)
			break;
	}
	*slot = *next;
	return true;
}

/*
 * What needs the node also needs what is below it.  So if the walk came to the
 * node's slot from a node below, the slots that did not need that one need
 * not be looked at again.
 */
static void
inherit_not_before(StepSort *sort, int node)
{
	int below = sort->jumped_from[sort->slot[node]];
	int budget = 0;

	if (below >= 0 && sort->uses->ranks != NULL &&
		sort->not_before[below] > sort->not_before[node] &&
		pgmig_dag_is_below(sort->uses,
						   below,
						   node,
						   pgmig_dag_new_walk(sort->uses),
						   &budget) == DAG_YES)
		sort->not_before[node] = sort->not_before[below];
}

/*
 * The first slot that needs the node.
 *
 * There may be thousands of users above and few steps below, or the reverse.
 * Both ways are tried in turn, with a growing number of steps.
 */
static int
find_user_slot(StepSort *sort, int node)
{
	int slot;

	inherit_not_before(sort, node);
	for (int64 budget = FIRST_BUDGET;; budget *= 4)
	{
		int steps = Min(budget, PG_INT32_MAX);

		CHECK_FOR_INTERRUPTS();
		if (budget > FIRST_BUDGET)
			pgmig_dag_index(sort->uses);
		if (search_down(sort, node, steps, &slot) ||
			search_up(sort, node, steps, &slot))
			break;
	}
	if (slot >= sort->nslots)
		elog(ERROR, "no revision uses \"%s\"", sort->nodes[node]->id);
	sort->jumped_from[slot] = node;
	return slot;
}

/*
 * Open a slot for each wanted node that no wanted one uses.
 */
static void
open_slots(StepSort *sort)
{
	const Dag *uses = sort->uses;
	List *starts = NIL;
	ListCell *lc;

	for (int i = 0; i < sort->wanted; i++)
	{
		bool used = false;

		for (int k = uses->above_start[i]; k < uses->above_start[i + 1]; k++)
			used |= uses->above[k] < sort->wanted;
		if (!used)
			starts = lappend(starts, sort->nodes[i]);
	}
	pgmig_graph_by_load_order(starts);
	foreach(lc, starts)
		append_slot(sort, ((GraphNode *) lfirst(lc))->index);

	/* What is not wanted and has no users is done from the start. */
	for (int i = sort->wanted; i < sort->count; i++)
	{
		if (sort->users[i] == 0 && !sort->done[i])
			finish_node(sort, i);
	}
}

/*
 * Put into the slot what comes below its node, which has been emitted; the
 * rest gets slots at the end.  Returns the slot to continue with.
 */
static int
advance_slot(StepSort *sort, int slot, int node)
{
	const Dag *uses = sort->uses;
	bool replaced = false;

	sort->slot[node] = -1;
	for (int k = uses->below_start[node]; k < uses->below_start[node + 1]; k++)
	{
		int below = uses->below[k];

		if (below >= sort->wanted || sort->done[below] ||
			sort->slot[below] >= 0)
			continue;
		if (replaced)
			append_slot(sort, below);
		else
		{
			sort->slot_node[slot] = below;
			sort->slot[below] = slot;
			replaced = true;
		}
	}
	if (replaced)
		return slot;
	delete_slot(sort, slot);
	return slot_before(sort, slot);
}

/*
 * Fill sort->order.
 */
static void
emit_nodes(StepSort *sort)
{
	int slot = live_slot(sort, 0);
	int emitted = 0;
	int jumps = 0;

	while (slot < sort->nslots)
	{
		int node = sort->slot_node[slot];

		CHECK_FOR_INTERRUPTS();
		if (sort->users[node] > 0)
		{
			/* Each jump leads upwards. */
			if (++jumps > sort->nslots)
				elog(ERROR, "revisions form a cycle");
			slot = find_user_slot(sort, node);
			continue;
		}
		jumps = 0;
		sort->order[emitted++] = node;
		finish_node(sort, node);
		slot = advance_slot(sort, slot, node);
	}
	if (emitted < sort->wanted)
		elog(ERROR, "revisions form a cycle");
}

/*
 * StepSort revisions as Alembic does: newest first, or just the reverse.
 *
 * between are revisions that do not belong to the result but through which
 * members of it may be connected.  With them, every path from one member to
 * another must be complete.  All nodes must be loaded.
 *
 * Changes mark and index of the nodes.
 */
List *
pgmig_sort(Graph *graph, List *nodes, List *between, bool oldest_first)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig sort",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	StepSort *sort = palloc0(sizeof(StepSort));
	List *result = NIL;

	number_nodes(sort, graph, nodes, between);
	sort->users = pgmig_dag_numbers(sort->count, 0);
	sort->slot = pgmig_dag_numbers(sort->count, -1);
	sort->not_before = pgmig_dag_numbers(sort->count, 0);
	sort->order = pgmig_dag_numbers(sort->count, 0);
	sort->stack = pgmig_dag_numbers(sort->count, 0);
	sort->slot_node = pgmig_dag_numbers(sort->count, -1);
	sort->jumped_from = pgmig_dag_numbers(sort->count, -1);
	sort->next = pgmig_dag_numbers(sort->count, 0);
	sort->previous = pgmig_dag_numbers(sort->count, 0);
	sort->done =
		palloc_extended(sort->count + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	build_uses(sort);
	open_slots(sort);
	emit_nodes(sort);

	MemoryContextSwitchTo(old);
	for (int i = 0; i < sort->wanted; i++)
		result =
			lappend(result,
					sort->nodes[sort->order[oldest_first ? sort->wanted - 1 - i
														 : i]]);
	MemoryContextDelete(cxt);
	return result;
}
