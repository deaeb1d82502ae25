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

#include "graph/graph.h"
#include "graph/walk.h"

/* Steps of the first attempt to find a slot, in either direction. */
#define FIRST_BUDGET 32

/* The neighbours of node i are items[start[i]] .. items[start[i + 1] - 1]. */
typedef struct Edges
{
	int *start;
	int *items;
} Edges;

/* What a node reaches upwards; see build_reach(). */
typedef struct Reach
{
	int first; /* the ranks of its subtree are above first ... */
	int rank;  /* ... up to its own */
	int low;   /* the lowest rank that it reaches */
} Reach;

typedef struct Sort
{
	uint32 mark; /* GraphNode.mark of the nodes, index is their number */
	int count;   /* number of nodes */
	int wanted;  /* the first ones, which are to be emitted */
	GraphNode **nodes;
	Edges down; /* parents, then normalized dependencies */
	Edges up;
	bool *done;      /* emitted, or not wanted and not needed any more */
	int *users;      /* users that are not done */
	int *slot;       /* the node's slot, or -1 */
	int *not_before; /* no slot before this one needs the node */
	int *level;      /* longest path from below; NULL: not computed */
	Reach *reach;    /* NULL: not computed */
	uint32 *seen;    /* marks of the searches */
	uint32 last_seen;
	int *stack; /* room for all nodes */
	int *order; /* what has been emitted */

	int nslots;     /* dead ones included */
	int *slot_node; /* node of a slot, or -1: dead */
	int *next;      /* by slot: itself, or where to look for a live one */
	int *previous;  /* likewise, by slot + 1; 0 is the end */
} Sort;

static void
number_nodes(Sort *sort, Graph *graph, List *nodes, List *between)
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

static int *
allocate_numbers(int count, int value)
{
	int *numbers = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(int) * ((Size) count + 1));

	for (int i = 0; i <= count; i++)
		numbers[i] = value;
	return numbers;
}

/* The number of a node, or -1 if it is not among those to sort. */
static inline int
number_of(const Sort *sort, const GraphNode *node)
{
	return node->mark == sort->mark ? node->index : -1;
}

static int
count_among(const Sort *sort, GraphNode **nodes, int count)
{
	int found = 0;

	for (int i = 0; i < count; i++)
	{
		if (number_of(sort, nodes[i]) >= 0)
			found++;
	}
	return found;
}

/*
 * The longest path from below to each node, bottom up.
 */
static void
compute_levels(Sort *sort)
{
	int *below;
	int depth = 0;

	if (sort->level != NULL)
		return;
	below = allocate_numbers(sort->count, 0);
	sort->level = allocate_numbers(sort->count, 0);
	for (int i = 0; i < sort->count; i++)
	{
		GraphNode *node = sort->nodes[i];

		below[i] = count_among(sort, node->parents, node->nparents) +
				   count_among(sort, node->deps, node->ndeps);
		if (below[i] == 0)
			sort->stack[depth++] = i;
	}
	while (depth > 0)
	{
		int i = sort->stack[--depth];
		GraphNode *node = sort->nodes[i];

		CHECK_FOR_INTERRUPTS();
		for (int k = 0; k < node->nchildren + node->ndependents; k++)
		{
			int user = number_of(sort,
								 k < node->nchildren
									 ? node->children[k]
									 : node->dependents[k - node->nchildren]);

			if (user < 0)
				continue;
			sort->level[user] = Max(sort->level[user], sort->level[i] + 1);
			if (--below[user] == 0)
				sort->stack[depth++] = user;
		}
	}
	pfree(below);
}

/*
 * A dependency is not normalized if an ancestor of the revision, over
 * parents, has it too.  Sets redundant for those of one dependency: start[i]
 * + k is the place of the k-th dependency of node i.
 */
static void
find_redundant_users(Sort *sort, GraphNode *dep, int *start, bool *redundant)
{
	uint32 seen = ++sort->last_seen;
	int depth = 0;
	int top = 0;

	for (int i = 0; i < dep->ndependents; i++)
	{
		int user = number_of(sort, dep->dependents[i]);

		if (user < 0)
			continue;
		top = Max(top, sort->level[user]);
		sort->stack[depth++] = user;
	}
	while (depth > 0)
	{
		GraphNode *node = sort->nodes[sort->stack[--depth]];

		CHECK_FOR_INTERRUPTS();
		for (int i = 0; i < node->nchildren; i++)
		{
			int child = number_of(sort, node->children[i]);
			bool user = false;

			if (child < 0 || sort->seen[child] == seen ||
				sort->level[child] > top)
				continue;
			sort->seen[child] = seen;
			for (int k = 0; k < node->children[i]->ndeps; k++)
			{
				if (node->children[i]->deps[k] == dep)
					redundant[start[child] + k] = user = true;
			}
			/* What is above another user is found from there. */
			if (!user)
				sort->stack[depth++] = child;
		}
	}
}

/*
 * Build the edges.
 */
static void
build_edges(Sort *sort)
{
	int *start = allocate_numbers(sort->count, 0);
	int *fill;
	bool *redundant;
	int total = 0;
	int ndeps = 0;

	for (int i = 0; i < sort->count; i++)
	{
		start[i] = ndeps;
		ndeps += sort->nodes[i]->ndeps;
		total += sort->nodes[i]->nparents + sort->nodes[i]->ndeps;
	}
	redundant = palloc_extended(ndeps + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	for (int i = 0; i < sort->count; i++)
	{
		GraphNode *node = sort->nodes[i];

		if (node->ndependents > 1 &&
			count_among(sort, node->dependents, node->ndependents) > 1)
		{
			compute_levels(sort);
			find_redundant_users(sort, node, start, redundant);
		}
	}

	sort->down.start = allocate_numbers(sort->count, 0);
	sort->down.items = allocate_numbers(total, 0);
	total = 0;
	for (int i = 0; i < sort->count; i++)
	{
		GraphNode *node = sort->nodes[i];
		uint32 seen = ++sort->last_seen;

		sort->down.start[i] = total;
		for (int k = 0; k < node->nparents + node->ndeps; k++)
		{
			bool is_dep = k >= node->nparents;
			int below = number_of(sort,
								  is_dep ? node->deps[k - node->nparents]
										 : node->parents[k]);

			if (below < 0 || sort->seen[below] == seen)
				continue;
			if (is_dep && redundant[start[i] + k - node->nparents])
				continue;
			sort->seen[below] = seen;
			sort->down.items[total++] = below;
			sort->users[below]++;
		}
	}
	sort->down.start[sort->count] = total;

	fill = start;
	sort->up.start = allocate_numbers(sort->count, 0);
	sort->up.items = allocate_numbers(total, 0);
	for (int i = 0; i < sort->count; i++)
	{
		fill[i] = sort->up.start[i];
		sort->up.start[i + 1] = sort->up.start[i] + sort->users[i];
	}
	for (int i = 0; i < sort->count; i++)
	{
		for (int k = sort->down.start[i]; k < sort->down.start[i + 1]; k++)
			sort->up.items[fill[sort->down.items[k]]++] = i;
	}
	pfree(redundant);
	pfree(fill);
}

static void
append_slot(Sort *sort, int node)
{
	int slot = sort->nslots++;

	sort->slot_node[slot] = node;
	sort->slot[node] = slot;
	sort->next[slot] = slot;
	sort->next[slot + 1] = slot + 1;
	sort->previous[slot + 1] = slot + 1;
}

static void
delete_slot(Sort *sort, int slot)
{
	sort->slot_node[slot] = -1;
	sort->next[slot] = slot + 1;
	sort->previous[slot + 1] = slot;
}

/* Follow links of which those in between are shortened. */
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
live_slot(Sort *sort, int slot)
{
	return follow(sort->next, slot);
}

/* The live slot before this one, or else the first. */
static int
slot_before(Sort *sort, int slot)
{
	int before = follow(sort->previous, slot);

	return before > 0 ? before - 1 : live_slot(sort, 0);
}

/*
 * Count a node as done, and with it what was there only for its sake.
 */
static void
finish_node(Sort *sort, int node)
{
	int depth = 0;

	sort->stack[depth++] = node;
	while (depth > 0)
	{
		node = sort->stack[--depth];
		sort->done[node] = true;
		for (int k = sort->down.start[node]; k < sort->down.start[node + 1];
			 k++)
		{
			int below = sort->down.items[k];

			if (--sort->users[below] == 0 && below >= sort->wanted)
				sort->stack[depth++] = below;
		}
	}
}

/*
 * Find out who reaches whom upwards, as far as it can be told in constant
 * time: depth first from below, giving ranks when leaving a node.  What lies
 * in the subtree of a node is reached for sure; what has a higher rank, or
 * reaches a rank that the node does not reach, is not.
 */
static void
build_reach(Sort *sort)
{
	int *cursor = allocate_numbers(sort->count, -1);
	int rank = 0;

	compute_levels(sort);
	sort->reach = MemoryContextAllocHuge(CurrentMemoryContext,
										 sizeof(Reach) * sort->count);
	for (int i = 0; i < sort->count; i++)
	{
		int depth = 0;

		if (sort->down.start[i] < sort->down.start[i + 1])
			continue;
		sort->stack[depth++] = i;
		while (depth > 0)
		{
			int node = sort->stack[depth - 1];
			Reach *reach = &sort->reach[node];

			CHECK_FOR_INTERRUPTS();
			if (cursor[node] < 0)
			{
				cursor[node] = sort->up.start[node];
				reach->first = rank;
				reach->low = PG_INT32_MAX;
			}
			else
			{
				/* back from this one */
				int user = sort->up.items[cursor[node]++];

				reach->low = Min(reach->low, sort->reach[user].low);
			}
			while (cursor[node] < sort->up.start[node + 1] &&
				   cursor[sort->up.items[cursor[node]]] >= 0)
			{
				int user = sort->up.items[cursor[node]++];

				reach->low = Min(reach->low, sort->reach[user].low);
			}
			if (cursor[node] < sort->up.start[node + 1])
				sort->stack[depth++] = sort->up.items[cursor[node]];
			else
			{
				reach->rank = ++rank;
				reach->low = Min(reach->low, rank);
				depth--;
			}
		}
	}
	pfree(cursor);
}

typedef enum Answer
{
	ANSWER_NO,
	ANSWER_YES,
	ANSWER_MAYBE
} Answer;

/* Does upper need lower, directly or not? */
static inline Answer
needs(const Sort *sort, int upper, int lower)
{
	const Reach *up;
	const Reach *low;

	if (upper == lower)
		return ANSWER_YES;
	if (sort->reach == NULL)
		return ANSWER_MAYBE;
	up = &sort->reach[upper];
	low = &sort->reach[lower];
	if (up->rank > low->rank || up->low < low->low ||
		sort->level[upper] <= sort->level[lower])
		return ANSWER_NO;
	return up->rank > low->first ? ANSWER_YES : ANSWER_MAYBE;
}

/*
 * Look upwards from node for slots that need it.  Returns false if that takes
 * more steps than budget.
 */
static bool
search_up(Sort *sort, int node, int budget, int *slot)
{
	uint32 seen = ++sort->last_seen;
	int first = live_slot(sort, sort->not_before[node]);
	int depth = 0;

	*slot = sort->nslots;
	sort->stack[depth++] = node;
	while (depth > 0)
	{
		int lower = sort->stack[--depth];

		for (int k = sort->up.start[lower]; k < sort->up.start[lower + 1]; k++)
		{
			int user = sort->up.items[k];

			if (budget-- == 0)
				return false;
			if (sort->done[user] || sort->seen[user] == seen)
				continue;
			sort->seen[user] = seen;
			if (sort->slot[user] >= 0 && sort->slot[user] < *slot)
				*slot = sort->slot[user];
			if (*slot == first)
				return true;
			sort->stack[depth++] = user;
		}
	}
	Assert(*slot < sort->nslots);
	return true;
}

/*
 * Does upper need lower?  Nodes that were seen do not.  Returns ANSWER_MAYBE
 * if it takes more steps than budget to find out.
 */
static Answer
search_below(Sort *sort, int upper, int lower, uint32 seen, int *budget)
{
	Answer answer = needs(sort, upper, lower);
	int depth = 0;

	if (answer != ANSWER_MAYBE)
		return answer;
	if (sort->seen[upper] == seen)
		return ANSWER_NO;
	sort->seen[upper] = seen;
	sort->stack[depth++] = upper;
	while (depth > 0)
	{
		int node = sort->stack[--depth];

		for (int k = sort->down.start[node]; k < sort->down.start[node + 1];
			 k++)
		{
			int below = sort->down.items[k];

			if ((*budget)-- <= 0)
				return ANSWER_MAYBE;
			if (sort->seen[below] == seen)
				continue;
			answer = needs(sort, below, lower);
			if (answer == ANSWER_YES)
				return ANSWER_YES;
			sort->seen[below] = seen;
			if (answer == ANSWER_MAYBE)
				sort->stack[depth++] = below;
		}
	}
	return ANSWER_NO;
}

/*
 * Look downwards from each slot in turn.  Returns false if that takes more
 * steps than budget.
 *
 * A slot that does not need the node never will: what a slot holds is replaced
 * by something below it.
 */
static bool
search_down(Sort *sort, int node, int budget, int *slot)
{
	uint32 seen = ++sort->last_seen;
	int *next = &sort->not_before[node];

	for (*next = live_slot(sort, *next); *next < sort->nslots;
		 *next = live_slot(sort, *next + 1))
	{
		Answer answer;

		if (*next == sort->slot[node])
			continue;
		if (budget-- <= 0)
			return false;
		answer =
			search_below(sort, sort->slot_node[*next], node, seen, &budget);
		if (answer == ANSWER_MAYBE)
			return false;
		if (answer == ANSWER_YES)
		{
			*slot = *next;
			return true;
		}
	}
	elog(ERROR,
		 "revision \"%s\" is not needed by what is to be sorted before it",
		 sort->nodes[node]->id);
}

/*
 * The first slot that needs the node.
 *
 * There may be thousands of users above and few steps below, or the reverse.
 * Both ways are tried in turn, with a growing number of steps.
 */
static int
find_user_slot(Sort *sort, int node)
{
	int slot;

	for (int64 budget = FIRST_BUDGET;; budget *= 4)
	{
		CHECK_FOR_INTERRUPTS();
		if (budget > FIRST_BUDGET && sort->reach == NULL)
			build_reach(sort);
		budget = Min(budget, PG_INT32_MAX / 4);
		if (search_up(sort, node, budget, &slot) ||
			search_down(sort, node, budget, &slot))
			return slot;
	}
}

/*
 * Open a slot for each wanted node that no wanted one uses.
 */
static void
open_slots(Sort *sort)
{
	List *starts = NIL;
	ListCell *lc;

	for (int i = 0; i < sort->wanted; i++)
	{
		bool used = false;

		for (int k = sort->up.start[i]; k < sort->up.start[i + 1]; k++)
			used |= sort->up.items[k] < sort->wanted;
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
advance_slot(Sort *sort, int slot, int node)
{
	bool replaced = false;

	sort->slot[node] = -1;
	for (int k = sort->down.start[node]; k < sort->down.start[node + 1]; k++)
	{
		int below = sort->down.items[k];

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
emit_nodes(Sort *sort)
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
	Assert(emitted == sort->wanted);
}

/*
 * Sort revisions as Alembic does: newest first, or just the reverse.
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
	Sort *sort = palloc0(sizeof(Sort));
	List *result = NIL;

	number_nodes(sort, graph, nodes, between);
	sort->users = allocate_numbers(sort->count, 0);
	sort->slot = allocate_numbers(sort->count, -1);
	sort->not_before = allocate_numbers(sort->count, 0);
	sort->seen = (uint32 *) allocate_numbers(sort->count, 0);
	sort->stack = allocate_numbers(sort->count, 0);
	sort->order = allocate_numbers(sort->count, 0);
	sort->slot_node = allocate_numbers(sort->count, -1);
	sort->next = allocate_numbers(sort->count, 0);
	sort->previous = allocate_numbers(sort->count, 0);
	sort->done =
		palloc_extended(sort->count + 1, MCXT_ALLOC_HUGE | MCXT_ALLOC_ZERO);
	build_edges(sort);
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
