/*-------------------------------------------------------------------------
 *
 * draw_order.c
 *	  The order of the revisions in a drawing, from top to bottom.
 *
 * Children stand above their parents.  Below a revision come its parents, one
 * branch at a time; a branch that ends at a revision which other branches
 * start from is followed by those.  So few lines run side by side, and a side
 * branch stands close to where it starts.  Histories that have nothing in
 * common stand one below the other, the one with the newest revision on top.
 * The same graph in the same load order always gives the same drawing.
 *
 * Dependencies do not count here.  The cost is linear in the size of the
 * graph, but for sorting the children of a branch point.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"

#include "graph/draw.h"

/* What the search for an order knows about a node; found by node->index. */
typedef struct OrderNode
{
	GraphNode *node;
	int depth;      /* longest way down to a base */
	int height;     /* longest way up to a head */
	int group;      /* another node of the same history, see find_group */
	int waiting;    /* children that are not placed yet */
	bool placed;    /* has its place in the order */
	bool reached;   /* a child has its place */
	int next_child; /* children before this one are placed */
	GraphNode **children; /* tallest first; NULL until needed */
} OrderNode;

/* Nodes that are not connected to any other. */
typedef struct History
{
	int64 newest;     /* its latest load order */
	GraphNode *start; /* the head with the longest way down */
} History;

typedef struct OrderState
{
	int count;
	OrderNode *nodes; /* in load order */
	GraphNode **result;
	int nresult;
	GraphNode **ready; /* stack: all children placed */
	int nready;
	GraphNode **wanted; /* stack: needed before the rest can go on */
	int nwanted;
	int max_wanted;
} OrderState;

static int
compare_tallest(const void *a, const void *b)
{
	const GraphNode *left = *(GraphNode *const *) a;
	const GraphNode *right = *(GraphNode *const *) b;

	if (left->level != right->level)
		return left->level > right->level ? -1 : 1;
	if (left->load_order != right->load_order)
		return left->load_order > right->load_order ? -1 : 1;
	return 0;
}

static int
compare_newest(const void *a, const void *b)
{
	const History *left = a;
	const History *right = b;

	if (left->newest != right->newest)
		return left->newest > right->newest ? -1 : 1;
	return 0;
}

/* The last comes next: what opens fewer lines, then what is newer. */
static int
compare_ready(const void *a, const void *b)
{
	const GraphNode *left = *(GraphNode *const *) a;
	const GraphNode *right = *(GraphNode *const *) b;

	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	if (left->load_order != right->load_order)
		return left->load_order < right->load_order ? -1 : 1;
	return 0;
}

static OrderNode *
order_node(OrderState *state, GraphNode *node)
{
	return &state->nodes[node->index];
}

static OrderState *
create_state(Graph *graph)
{
	OrderState *state = palloc0(sizeof(OrderState));
	int edges = 0;
	ListCell *lc;

	state->count = list_length(graph->all);
	state->nodes = palloc0(sizeof(OrderNode) * Max(state->count, 1));
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);
		int i = foreach_current_index(lc);

		node->index = i;
		state->nodes[i].node = node;
		state->nodes[i].group = i;
		state->nodes[i].waiting = node->nchildren;
		edges += node->nparents;
	}
	state->result = palloc(sizeof(GraphNode *) * Max(state->count, 1));
	state->ready = palloc(sizeof(GraphNode *) * Max(state->count, 1));

	/* A node is pushed when a child is placed, or on behalf of a parent. */
	state->max_wanted = Max(edges * 2, 1);
	state->wanted = palloc(sizeof(GraphNode *) * state->max_wanted);
	return state;
}

/*
 * Set depth and height of every node.
 *
 * Uses state->result for the queue.
 */
static void
measure_paths(Graph *graph, OrderState *state)
{
	GraphNode **queue = state->result;
	int *unseen = palloc(sizeof(int) * Max(state->count, 1));
	int nqueue = 0;
	int i;
	int j;

	for (i = 0; i < state->count; i++)
	{
		unseen[i] = state->nodes[i].node->nparents;
		if (unseen[i] == 0)
			queue[nqueue++] = state->nodes[i].node;
	}
	for (i = 0; i < nqueue; i++)
	{
		OrderNode *parent = order_node(state, queue[i]);

		CHECK_FOR_INTERRUPTS();
		for (j = 0; j < queue[i]->nchildren; j++)
		{
			GraphNode *child = queue[i]->children[j];
			OrderNode *order = order_node(state, child);

			order->depth = Max(order->depth, parent->depth + 1);
			if (--unseen[child->index] == 0)
				queue[nqueue++] = child;
		}
	}
	if (nqueue < state->count)
	{
		pgmig_graph_check_acyclic(graph, graph->all);
		elog(ERROR, "parents and children in the graph do not agree");
	}

	for (i = nqueue - 1; i >= 0; i--)
	{
		OrderNode *child = order_node(state, queue[i]);

		queue[i]->level = child->height;
		for (j = 0; j < queue[i]->nparents; j++)
		{
			OrderNode *order = order_node(state, queue[i]->parents[j]);

			order->height = Max(order->height, child->height + 1);
		}
	}
	pfree(unseen);
}

/* The node that stands for all that are connected to node i. */
static int
find_group(OrderState *state, int i)
{
	OrderNode *nodes = state->nodes;

	while (nodes[i].group != i)
	{
		nodes[i].group = nodes[nodes[i].group].group;
		i = nodes[i].group;
	}
	return i;
}

/*
 * The unconnected histories of the graph, the one that was added to last
 * first.
 */
static History *
find_histories(OrderState *state, int *count)
{
	History *histories;
	int i;
	int j;
	int n = 0;

	for (i = 0; i < state->count; i++)
	{
		GraphNode *node = state->nodes[i].node;

		CHECK_FOR_INTERRUPTS();
		for (j = 0; j < node->nparents; j++)
		{
			int a = find_group(state, i);
			int b = find_group(state, node->parents[j]->index);

			state->nodes[Max(a, b)].group = Min(a, b);
		}
	}

	histories = palloc0(sizeof(History) * Max(state->count, 1));
	for (i = 0; i < state->count; i++)
	{
		GraphNode *node = state->nodes[i].node;
		History *history = &histories[find_group(state, i)];

		history->newest = Max(history->newest, node->load_order);
		if (node->nchildren == 0 &&
			(history->start == NULL ||
			 order_node(state, history->start)->depth <=
				 state->nodes[i].depth))
			history->start = node;
	}
	for (i = 0; i < state->count; i++)
		if (histories[i].start != NULL)
			histories[n++] = histories[i];
	qsort(histories, n, sizeof(History), compare_newest);
	*count = n;
	return histories;
}

/* How many more lines run side by side below node than above it. */
static int
count_new_lines(OrderState *state, GraphNode *node)
{
	int count = -1;
	int i;

	for (i = 0; i < node->nparents; i++)
		if (!order_node(state, node->parents[i])->reached)
			count++;
	return count;
}

static void
push_wanted(OrderState *state, GraphNode *node)
{
	Assert(state->nwanted < state->max_wanted);
	state->wanted[state->nwanted++] = node;
}

/* Give a node the next place, and see what it makes ready. */
static void
place(OrderState *state, GraphNode *node)
{
	int bottom = state->nready;
	int i;

	order_node(state, node)->placed = true;
	state->result[state->nresult++] = node;
	for (i = 0; i < node->nparents; i++)
	{
		OrderNode *parent = order_node(state, node->parents[i]);

		parent->waiting--;
		if (parent->waiting > 0 && !parent->reached)
			push_wanted(state, parent->node);
		parent->reached = true;
	}
	for (i = 0; i < node->nparents; i++)
	{
		GraphNode *parent = node->parents[i];

		if (order_node(state, parent)->waiting > 0)
			continue;
		parent->count = count_new_lines(state, parent);
		state->ready[state->nready++] = parent;
	}
	qsort(state->ready + bottom,
		  state->nready - bottom,
		  sizeof(GraphNode *),
		  compare_ready);
}

/*
 * Nothing is ready: every line waits for a branch that has not begun.  Go up
 * from what was wanted last to the head of such a branch.  Returns NULL if
 * nothing is wanted any more.
 */
static GraphNode *
find_waited_for_head(OrderState *state)
{
	while (state->nwanted > 0)
	{
		GraphNode *node = state->wanted[state->nwanted - 1];
		OrderNode *order = order_node(state, node);

		CHECK_FOR_INTERRUPTS();
		if (order->placed)
		{
			state->nwanted--;
			continue;
		}
		if (node->nchildren == 0)
			return node;
		if (order->children == NULL)
		{
			Size size = sizeof(GraphNode *) * node->nchildren;

			order->children = palloc(size);
			memcpy(order->children, node->children, size);
			qsort(order->children,
				  node->nchildren,
				  sizeof(GraphNode *),
				  compare_tallest);
		}
		while (order_node(state, order->children[order->next_child])->placed)
			order->next_child++;
		push_wanted(state, order->children[order->next_child]);
	}
	return NULL;
}

GraphNode **
pgmig_draw_order(Graph *graph)
{
	OrderState *state = create_state(graph);
	History *histories;
	int nhistories;
	int next_history = 0;
	int i;

	measure_paths(graph, state);
	histories = find_histories(state, &nhistories);
	while (state->nresult < state->count)
	{
		GraphNode *node;

		CHECK_FOR_INTERRUPTS();
		if (state->nready > 0)
			node = state->ready[--state->nready];
		else
			node = find_waited_for_head(state);
		if (node == NULL)
			node = histories[next_history++].start;
		place(state, node);
	}
	for (i = 0; i < state->count; i++)
		state->result[i]->index = i;
	return state->result;
}
