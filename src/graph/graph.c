/*-------------------------------------------------------------------------
 *
 * graph.c
 *	  The revision graph: nodes, heads, rows, lineages, cycles.
 *
 * Nodes are made when something names them and read when a walk comes to
 * them.  The applied set is closed under parents and dependencies, so a walk
 * down from the heads ends at the first applied revision: what it reads is
 * what is pending.  No walk recurses; chains may be long.
 *
 * All nodes live in graph->cxt; deleting it frees the graph.  Takes no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "lib/stringinfo.h"
#include "miscadmin.h"
#include "utils/memutils.h"

#include "errors.h"
#include "graph/graph.h"
#include "graph/walk.h"

typedef struct NodeTableEntry
{
	const char *id;
	GraphNode *node;
	uint32 hash;
	char status;
} NodeTableEntry;

#define SH_PREFIX node_table
#define SH_ELEMENT_TYPE NodeTableEntry
#define SH_KEY_TYPE const char *
#define SH_KEY id
#define SH_HASH_KEY(table, key)                                               \
	hash_bytes((const unsigned char *) (key), strlen(key))
#define SH_EQUAL(table, a, b) (strcmp(a, b) == 0)
#define SH_STORE_HASH
#define SH_GET_HASH(table, entry) (entry)->hash
#define SH_SCOPE static inline
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

struct NodeTable
{
	node_table_hash *hash;
};

/* At most so many revisions of a cycle are printed. */
#define CYCLE_PRINTED 20

/*
 * An empty graph, to be filled from source.
 */
Graph *
pgmig_graph_create(MemoryContext cxt, const GraphSource *source)
{
	Graph *graph = MemoryContextAllocZero(cxt, sizeof(Graph));

	graph->cxt = cxt;
	graph->source = source;
	graph->nodes = MemoryContextAlloc(cxt, sizeof(struct NodeTable));
	graph->nodes->hash = node_table_create(cxt, 64, NULL);
	return graph;
}

GraphNode *
pgmig_graph_node(Graph *graph, const char *id)
{
	NodeTableEntry *entry;
	bool found;

	entry = node_table_lookup(graph->nodes->hash, id);
	if (entry != NULL)
		return entry->node;

	id = MemoryContextStrdup(graph->cxt, id);
	entry = node_table_insert(graph->nodes->hash, id, &found);
	entry->node = MemoryContextAllocZero(graph->cxt, sizeof(GraphNode));
	entry->node->id = id;
	return entry->node;
}

GraphNode *
pgmig_graph_expand(Graph *graph, GraphNode *node)
{
	if (!node->loaded)
	{
		CHECK_FOR_INTERRUPTS();
		graph->source->load(graph, node);
		Assert(node->loaded);
	}
	return node;
}

/*
 * The source may have read everything on its own account already, and may
 * leave graph->all to us.
 */
void
pgmig_graph_complete(Graph *graph)
{
	node_table_iterator iterator;
	NodeTableEntry *entry;
	MemoryContext old;

	if (!graph->complete)
	{
		graph->source->load_all(graph);
		graph->complete = true;
	}
	if (graph->all != NIL)
		return;

	old = MemoryContextSwitchTo(graph->cxt);
	node_table_start_iterate(graph->nodes->hash, &iterator);
	while ((entry = node_table_iterate(graph->nodes->hash, &iterator)) != NULL)
		graph->all = lappend(graph->all, entry->node);
	MemoryContextSwitchTo(old);
	pgmig_graph_by_load_order(graph->all);
}

uint32
pgmig_graph_new_mark(Graph *graph)
{
	return ++graph->last_mark;
}

static int
compare_load_order(const ListCell *a, const ListCell *b)
{
	int64 x = ((GraphNode *) lfirst(a))->load_order;
	int64 y = ((GraphNode *) lfirst(b))->load_order;

	return (x > y) - (x < y);
}

void
pgmig_graph_by_load_order(List *nodes)
{
	list_sort(nodes, compare_load_order);
}

List *
pgmig_graph_version_heads(Graph *graph)
{
	List *heads = graph->source->heads(graph);
	ListCell *lc;

	foreach(lc, heads)
		pgmig_graph_expand(graph, lfirst(lc));
	return heads;
}

List *
pgmig_graph_real_heads(Graph *graph)
{
	List *heads = NIL;
	ListCell *lc;

	foreach(lc, pgmig_graph_version_heads(graph))
	{
		GraphNode *node = lfirst(lc);

		if (node->ndependents == 0)
			heads = lappend(heads, node);
	}
	return heads;
}

List *
pgmig_graph_bases(Graph *graph)
{
	List *bases = NIL;
	ListCell *lc;

	pgmig_graph_complete(graph);
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);

		if (node->nparents == 0)
			bases = lappend(bases, node);
	}
	return bases;
}

static bool
any_applied(Graph *graph, GraphNode **nodes, int count)
{
	for (int i = 0; i < count; i++)
	{
		if (pgmig_graph_expand(graph, nodes[i])->applied)
			return true;
	}
	return false;
}

/*
 * An applied revision without an applied child is a head, or all its children
 * are pending; and pending revisions lead up to a head through pending ones.
 */
List *
pgmig_graph_current(Graph *graph)
{
	List *current = NIL;
	List *stack = list_copy(pgmig_graph_version_heads(graph));
	uint32 mark = pgmig_graph_new_mark(graph);

	while (stack != NIL)
	{
		GraphNode *node = llast(stack);

		CHECK_FOR_INTERRUPTS();
		stack = list_delete_last(stack);
		if (node->mark == mark)
			continue;
		node->mark = mark;
		pgmig_graph_expand(graph, node);
		if (!node->applied)
		{
			for (int i = 0; i < node->nparents; i++)
			{
				if (node->parents[i]->mark != mark)
					stack = lappend(stack, node->parents[i]);
			}
		}
		else if (!any_applied(graph, node->children, node->nchildren))
			current = lappend(current, node);
	}
	pgmig_graph_by_load_order(current);
	return current;
}

List *
pgmig_graph_rows(Graph *graph)
{
	List *rows = NIL;
	ListCell *lc;

	foreach(lc, pgmig_graph_current(graph))
	{
		GraphNode *node = lfirst(lc);

		if (!any_applied(graph, node->dependents, node->ndependents))
			rows = lappend(rows, node);
	}
	return rows;
}

/*
 * Give the mark to node and to all it reaches over parents or over children.
 */
static void
spread_mark(Graph *graph, GraphNode *node, uint32 mark, bool up)
{
	List *stack = list_make1(node);

	while (stack != NIL)
	{
		GraphNode *next = llast(stack);
		int count;
		GraphNode **nodes;

		CHECK_FOR_INTERRUPTS();
		stack = list_delete_last(stack);
		next->mark = mark;
		pgmig_graph_expand(graph, next);
		count = up ? next->nchildren : next->nparents;
		nodes = up ? next->children : next->parents;
		for (int i = 0; i < count; i++)
		{
			if (nodes[i]->mark != mark)
			{
				nodes[i]->mark = mark;
				stack = lappend(stack, nodes[i]);
			}
		}
	}
}

uint32
pgmig_graph_mark_descendants(Graph *graph, List *nodes)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	ListCell *lc;

	foreach(lc, nodes)
		spread_mark(graph, lfirst(lc), mark, true);
	return mark;
}

/*
 * No ancestor is a descendant, so the two walks do not meet.
 */
uint32
pgmig_graph_mark_lineage(Graph *graph, GraphNode *node)
{
	uint32 mark = pgmig_graph_new_mark(graph);

	spread_mark(graph, node, mark, false);
	spread_mark(graph, node, mark, true);
	return mark;
}

/*
 * Add the neighbours that do not have the mark to a stack.
 */
static List *
push_unmarked(List *stack, GraphNode **nodes, int count, uint32 mark)
{
	for (int i = 0; i < count; i++)
	{
		if (nodes[i]->mark == mark)
			continue;
		nodes[i]->mark = mark;
		stack = lappend(stack, nodes[i]);
	}
	return stack;
}

/*
 * Both collections go through what they collect only.
 */
static List *
collect(Graph *graph, List *starts, bool up, bool all, bool applied)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	List *result = NIL;
	List *stack = NIL;
	ListCell *lc;

	foreach(lc, starts)
	{
		GraphNode *node = lfirst(lc);

		stack = push_unmarked(stack, &node, 1, mark);
	}
	while (stack != NIL)
	{
		GraphNode *node = llast(stack);

		CHECK_FOR_INTERRUPTS();
		stack = list_delete_last(stack);
		pgmig_graph_expand(graph, node);
		if (!all && node->applied != applied)
			continue;
		result = lappend(result, node);
		stack = push_unmarked(stack,
							  up ? node->children : node->parents,
							  up ? node->nchildren : node->nparents,
							  mark);
		stack = push_unmarked(stack,
							  up ? node->dependents : node->deps,
							  up ? node->ndependents : node->ndeps,
							  mark);
	}
	return result;
}

List *
pgmig_graph_collect_below(Graph *graph, List *starts)
{
	return collect(graph, starts, false, true, false);
}

List *
pgmig_graph_collect_ancestors(Graph *graph, GraphNode *node)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	List *result = list_make1(node);

	node->mark = mark;
	for (int i = 0; i < list_length(result); i++)
	{
		CHECK_FOR_INTERRUPTS();
		node = pgmig_graph_expand(graph, list_nth(result, i));
		result = push_unmarked(result, node->parents, node->nparents, mark);
	}
	return result;
}

List *
pgmig_graph_collect_pending(Graph *graph, List *starts)
{
	return collect(graph, starts, false, false, false);
}

List *
pgmig_graph_collect_applied(Graph *graph, List *starts)
{
	return collect(graph, starts, true, false, true);
}

uint32
pgmig_graph_mark_nodes(Graph *graph, List *nodes)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	ListCell *lc;

	foreach(lc, nodes)
		((GraphNode *) lfirst(lc))->mark = mark;
	return mark;
}

List *
pgmig_graph_select_marked(List *nodes, uint32 mark, bool marked)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc, nodes)
	{
		if ((((GraphNode *) lfirst(lc))->mark == mark) == marked)
			result = lappend(result, lfirst(lc));
	}
	return result;
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* Give labels to a node that may have them already. */
static void
add_labels(GraphNode *node, List *labels)
{
	ListCell *lc;

	foreach(lc, labels)
	{
		/* A label belongs to one revision, so its address tells. */
		node->branch_labels =
			list_append_unique_ptr(node->branch_labels, lfirst(lc));
	}
}

/* A child may also depend on its parent, and is one user then. */
static bool
has_several_users(const GraphNode *node)
{
	if (node->nchildren == 1 && node->ndependents == 1)
		return node->children[0] != node->dependents[0];
	return node->nchildren + node->ndependents > 1;
}

/*
 * A label goes up to all descendants over children.  It also goes down, but
 * only from a plain chain: from the last descendant through parents as long
 * as no revision in between has two users or two parents.
 */
static void
spread_labels(Graph *graph, GraphNode *start)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	List *stack = list_make1(start);
	List *labels = start->labels;
	GraphNode *last = NULL;

	start->mark = mark;
	while (stack != NIL)
	{
		GraphNode *node = llast(stack);

		CHECK_FOR_INTERRUPTS();
		stack = list_delete_last(stack);
		add_labels(pgmig_graph_expand(graph, node), labels);
		last = node;
		for (int i = 0; i < node->nchildren; i++)
		{
			if (node->children[i]->mark == mark)
				continue;
			node->children[i]->mark = mark;
			stack = lappend(stack, node->children[i]);
		}
	}
	mark = pgmig_graph_new_mark(graph);
	while (!has_several_users(last) && last->nparents < 2)
	{
		CHECK_FOR_INTERRUPTS();
		if (last->mark == mark)
			elog(ERROR, "revisions form a cycle");
		last->mark = mark;
		add_labels(last, labels);
		if (last->nparents == 0)
			break;
		last = pgmig_graph_expand(graph, last->parents[0]);
	}
}

/*
 * All labels are spread at the first call.
 */
List *
pgmig_graph_labels(Graph *graph, GraphNode *node)
{
	if (!graph->labels_spread)
	{
		MemoryContext old = MemoryContextSwitchTo(graph->cxt);
		List *labelled;
		ListCell *lc;

		if (graph->source->labelled != NULL)
			labelled = graph->source->labelled(graph);
		else
		{
			pgmig_graph_complete(graph);
			labelled = graph->all;
		}
		foreach(lc, labelled)
		{
			if (pgmig_graph_expand(graph, lfirst(lc))->labels != NIL)
				spread_labels(graph, lfirst(lc));
		}
		graph->labels_spread = true;
		MemoryContextSwitchTo(old);
	}
	list_sort(node->branch_labels, compare_names);
	return node->branch_labels;
}

bool
pgmig_graph_is_normalized(Graph *graph, GraphNode *node, GraphNode *dep)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	List *stack = NIL;

	pgmig_graph_expand(graph, dep);
	if (dep->ndependents < 2)
		return true;
	stack = lappend(stack, pgmig_graph_expand(graph, node));
	while (stack != NIL)
	{
		GraphNode *next = llast(stack);

		CHECK_FOR_INTERRUPTS();
		stack = list_delete_last(stack);
		for (int i = 0; i < next->nparents; i++)
		{
			GraphNode *parent = pgmig_graph_expand(graph, next->parents[i]);

			if (parent->mark2 == mark)
				continue;
			parent->mark2 = mark;
			for (int j = 0; j < parent->ndeps; j++)
			{
				if (parent->deps[j] == dep)
				{
					list_free(stack);
					return false;
				}
			}
			stack = lappend(stack, parent);
		}
	}
	return true;
}

/*
 * The walk goes through applied revisions too: a request is refused or not
 * whatever the state of the database.
 */
void
pgmig_graph_check_overlap(Graph *graph, List *nodes)
{
	uint32 requested;
	uint32 seen;
	ListCell *lc;

	if (list_length(nodes) < 2)
		return;
	requested = pgmig_graph_new_mark(graph);
	seen = pgmig_graph_new_mark(graph);
	foreach(lc, nodes)
		((GraphNode *) lfirst(lc))->mark = requested;

	foreach(lc, nodes)
	{
		GraphNode *top = lfirst(lc);
		List *stack = list_make1(top);

		while (stack != NIL)
		{
			GraphNode *node = llast(stack);

			CHECK_FOR_INTERRUPTS();
			stack = list_delete_last(stack);
			if (node != top && node->mark == requested)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("requested revision \"%s\" overlaps with requested revision \"%s\"",
								top->id,
								node->id),
						 errdetail("Revision \"%s\" is below \"%s\".",
								   node->id,
								   top->id),
						 errhint("Name \"%s\" only, which includes \"%s\".",
								 top->id,
								 node->id)));
			if (node->mark2 == seen)
				continue;
			node->mark2 = seen;
			pgmig_graph_expand(graph, node);
			for (int i = 0; i < node->nparents; i++)
				stack = lappend(stack, node->parents[i]);
			for (int i = 0; i < node->ndeps; i++)
				stack = lappend(stack, node->deps[i]);
		}
	}
}

/*
 * Report the cycle that closes between the last node of path and an earlier
 * one.
 */
static void
report_cycle(List *path, GraphNode *start)
{
	StringInfoData buf;
	int first = list_length(path) - 1;
	int length;

	while (list_nth(path, first) != start)
		first--;
	length = list_length(path) - first;

	initStringInfo(&buf);
	for (int i = 0; i < length; i++)
	{
		if (i == CYCLE_PRINTED && length > CYCLE_PRINTED + 1)
		{
			appendStringInfo(&buf, "(%d more) -> ", length - i - 1);
			i = length - 1;
		}
		appendStringInfo(&buf,
						 "%s -> ",
						 ((GraphNode *) list_nth(path, first + i))->id);
	}
	appendStringInfoString(&buf, start->id);
	if (length == 1)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_CYCLE),
				 errmsg("revision \"%s\" comes before itself: %s",
						start->id,
						buf.data),
				 errhint(
					 "Take the revision out of its own \"Revises\" and \"Depends On\".")));
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_CYCLE),
			 errmsg("revisions form a cycle: %s", buf.data),
			 errhint(
				 "Take one of the links out of the \"Revises\" or \"Depends On\" of its right-hand revision.")));
}

/*
 * Depth first over children and dependents.  path holds the nodes that are
 * being visited (mark), from the start upwards; finished ones have mark2.
 * node->index is the next neighbour to look at.
 */
void
pgmig_graph_check_acyclic(Graph *graph, List *nodes)
{
	uint32 mark = pgmig_graph_new_mark(graph);
	ListCell *lc;

	foreach(lc, nodes)
	{
		GraphNode *node = lfirst(lc);
		List *path = NIL;

		if (node->mark == mark)
			continue;
		node->mark = mark;
		node->index = 0;
		path = list_make1(pgmig_graph_expand(graph, node));
		while (path != NIL)
		{
			GraphNode *next;

			CHECK_FOR_INTERRUPTS();
			node = llast(path);
			if (node->index == node->nchildren + node->ndependents)
			{
				node->mark2 = mark;
				path = list_delete_last(path);
				continue;
			}
			next = node->index < node->nchildren
					   ? node->children[node->index]
					   : node->dependents[node->index - node->nchildren];
			node->index++;
			if (next->mark2 == mark)
				continue;
			if (next->mark == mark)
				report_cycle(path, next);
			next->mark = mark;
			next->index = 0;
			path = lappend(path, pgmig_graph_expand(graph, next));
		}
	}
}
