/*-------------------------------------------------------------------------
 *
 * dag.c
 *	  Acyclic graphs over numbers, and who is above whom in them.
 *
 * The index answers most questions in constant time.  A depth-first walk from
 * the bottom upwards ranks the nodes in the order in which it leaves them.
 * What lies in a node's subtree of that walk is above it for sure; what has a
 * higher rank, reaches a rank that the node does not reach, or is on no higher
 * level, is not.  Graphs of revisions are mostly trees, for which this is all;
 * otherwise one has to walk, and the same tells where not to.
 *
 * No walk recurses.  Everything lives in the memory context in which the graph
 * was created.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/memutils.h"

#include "graph/dag.h"

int *
pgmig_dag_numbers(int count, int value)
{
	int *numbers = MemoryContextAllocHuge(CurrentMemoryContext,
										  sizeof(int) * ((Size) count + 1));

	for (int i = 0; i <= count; i++)
		numbers[i] = value;
	return numbers;
}

Dag *
pgmig_dag_create(int count, int max_edges)
{
	Dag *dag = palloc0(sizeof(Dag));

	dag->count = count;
	dag->below_start = pgmig_dag_numbers(count, 0);
	dag->below = pgmig_dag_numbers(max_edges, 0);
	dag->seen = (uint32 *) pgmig_dag_numbers(count, 0);
	dag->stack = pgmig_dag_numbers(count, 0);
	return dag;
}

void
pgmig_dag_next_node(Dag *dag, int node)
{
	dag->below_start[node] = dag->edges;
}

void
pgmig_dag_add_below(Dag *dag, int below)
{
	dag->below[dag->edges++] = below;
}

void
pgmig_dag_finish(Dag *dag)
{
	int *fill = pgmig_dag_numbers(dag->count, 0);

	dag->below_start[dag->count] = dag->edges;
	dag->above_start = pgmig_dag_numbers(dag->count, 0);
	dag->above = pgmig_dag_numbers(dag->edges, 0);
	for (int k = 0; k < dag->edges; k++)
		dag->above_start[dag->below[k] + 1]++;
	for (int i = 0; i < dag->count; i++)
	{
		dag->above_start[i + 1] += dag->above_start[i];
		fill[i] = dag->above_start[i];
	}
	for (int i = 0; i < dag->count; i++)
	{
		for (int k = dag->below_start[i]; k < dag->below_start[i + 1]; k++)
			dag->above[fill[dag->below[k]]++] = i;
	}
	pfree(fill);
}

uint32
pgmig_dag_new_walk(Dag *dag)
{
	return ++dag->last_seen;
}

static void
compute_levels(Dag *dag)
{
	int *waiting = pgmig_dag_numbers(dag->count, 0);
	int depth = 0;

	for (int i = 0; i < dag->count; i++)
	{
		dag->ranks[i].level = 0;
		waiting[i] = dag->below_start[i + 1] - dag->below_start[i];
		if (waiting[i] == 0)
			dag->stack[depth++] = i;
	}
	while (depth > 0)
	{
		int node = dag->stack[--depth];
		int level = dag->ranks[node].level + 1;

		CHECK_FOR_INTERRUPTS();
		for (int k = dag->above_start[node]; k < dag->above_start[node + 1];
			 k++)
		{
			int above = dag->above[k];

			dag->ranks[above].level = Max(dag->ranks[above].level, level);
			if (--waiting[above] == 0)
				dag->stack[depth++] = above;
		}
	}
	pfree(waiting);
}

/*
 * Rank what is above a bottom node.  cursor is, for each node, the neighbour
 * above that comes next, or -1 if the walk has not come to the node.
 */
static void
rank_nodes(Dag *dag, int start, int *cursor, int *last_rank)
{
	int depth = 0;

	dag->stack[depth++] = start;
	while (depth > 0)
	{
		int node = dag->stack[depth - 1];
		DagRank *rank = &dag->ranks[node];

		CHECK_FOR_INTERRUPTS();
		if (cursor[node] < 0)
		{
			cursor[node] = dag->above_start[node];
			rank->first = *last_rank;
			rank->low = PG_INT32_MAX;
		}
		while (cursor[node] < dag->above_start[node + 1])
		{
			int above = dag->above[cursor[node]];

			if (cursor[above] < 0)
			{
				dag->stack[depth++] = above;
				break;
			}
			/* The walk has left it: in a graph without cycles it must have. */
			rank->low = Min(rank->low, dag->ranks[above].low);
			cursor[node]++;
		}
		if (cursor[node] == dag->above_start[node + 1])
		{
			rank->rank = ++*last_rank;
			rank->low = Min(rank->low, rank->rank);
			depth--;
		}
	}
}

void
pgmig_dag_index(Dag *dag)
{
	int *cursor;
	int last_rank = 0;

	if (dag->ranks != NULL)
		return;
	dag->ranks =
		MemoryContextAllocHuge(CurrentMemoryContext,
							   sizeof(DagRank) * ((Size) dag->count + 1));
	compute_levels(dag);
	cursor = pgmig_dag_numbers(dag->count, -1);
	for (int i = 0; i < dag->count; i++)
	{
		if (dag->below_start[i] == dag->below_start[i + 1])
			rank_nodes(dag, i, cursor, &last_rank);
	}
	pfree(cursor);
}

/*
 * What the index knows.
 */
static inline DagAnswer
look_up(const Dag *dag, int lower, int upper)
{
	const DagRank *low;
	const DagRank *up;

	if (lower == upper)
		return DAG_YES;
	if (dag->ranks == NULL)
		return DAG_UNKNOWN;
	low = &dag->ranks[lower];
	up = &dag->ranks[upper];
	if (up->rank > low->rank || up->low < low->low || up->level <= low->level)
		return DAG_NO;
	return up->rank > low->first ? DAG_YES : DAG_UNKNOWN;
}

DagAnswer
pgmig_dag_is_below(Dag *dag, int lower, int upper, uint32 walk, int *budget)
{
	DagAnswer answer = look_up(dag, lower, upper);
	int depth = 0;

	if (answer != DAG_UNKNOWN)
		return answer;
	if (dag->seen[upper] == walk)
		return DAG_NO;
	dag->seen[upper] = walk;
	dag->stack[depth++] = upper;
	while (depth > 0)
	{
		int node = dag->stack[--depth];

		CHECK_FOR_INTERRUPTS();
		for (int k = dag->below_start[node]; k < dag->below_start[node + 1];
			 k++)
		{
			int below = dag->below[k];

			if ((*budget)-- <= 0)
				return DAG_UNKNOWN;
			if (dag->seen[below] == walk)
				continue;
			answer = look_up(dag, lower, below);
			if (answer == DAG_YES)
				return DAG_YES;
			dag->seen[below] = walk;
			if (answer == DAG_UNKNOWN)
				dag->stack[depth++] = below;
		}
	}
	return DAG_NO;
}
