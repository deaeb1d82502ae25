/*-------------------------------------------------------------------------
 *
 * source.c
 *	  The revision graph's rows, for src/graph.
 *
 * All rows are read with the active snapshot, so that they agree with one
 * another.  A caller that changes what is applied pushes a new one, see
 * pgmig_catalog_push_snapshot().
 *
 * A graph starts empty and reads a revision when a walk comes to it.  A walk
 * that comes to many of them is served by reading the whole graph at once,
 * which is cheaper by then.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"

/*
 * Reading a revision alone costs about as much as reading this many of them
 * in one scan.  A walk may spend on single reads what the scan would cost.
 */
#define SCAN_ADVANTAGE 50
#define MIN_SINGLE_READS 16

typedef struct CatalogSource
{
	GraphSource source;
	int64 reads; /* revisions read one by one */
	int64 limit; /* ... before all are read; 0 if not known yet */
} CatalogSource;

/* What both ways of reading share: the columns of a revision itself. */
#define NODE_COLUMNS                                                          \
	"r.load_order, r.message, r.upgrade_transactional, "                      \
	"r.downgrade_transactional, r.upgrade_statements, r.downgrade_statements"

static void
read_node_columns(Graph *graph, GraphNode *node, uint64 row, int column)
{
	bool isnull;
	Datum value;

	node->load_order =
		DatumGetInt64(pgmig_catalog_datum(row, column, &isnull));
	node->message = pgmig_catalog_text(row, column + 1);
	node->upgrade_transactional =
		DatumGetBool(pgmig_catalog_datum(row, column + 2, &isnull));
	node->downgrade_transactional =
		DatumGetBool(pgmig_catalog_datum(row, column + 3, &isnull));
	node->upgrade_statements =
		DatumGetInt32(pgmig_catalog_datum(row, column + 4, &isnull));
	value = pgmig_catalog_datum(row, column + 5, &isnull);
	node->downgrade_statements = isnull ? -1 : DatumGetInt32(value);
	node->loaded = true;
}

static void
read_applied_at(GraphNode *node, uint64 row, int column)
{
	bool isnull;
	Datum value = pgmig_catalog_datum(row, column, &isnull);

	node->applied = !isnull;
	node->applied_at = isnull ? 0 : DatumGetTimestampTz(value);
}

/* The nodes that a text[] column names. */
static void
read_neighbours(Graph *graph, uint64 row, int column, int *count,
				GraphNode ***nodes)
{
	List *ids = pgmig_catalog_text_list(row, column);
	ListCell *lc;

	*count = 0;
	*nodes = NULL;
	if (ids == NIL)
		return;
	*nodes = palloc(sizeof(GraphNode *) * list_length(ids));
	foreach(lc, ids)
		(*nodes)[(*count)++] = pgmig_graph_node(graph, lfirst(lc));
	list_free_deep(ids);
}

/* How many single reads are worth the scan of all revisions. */
static int64
single_reads(void)
{
	static CatalogQuery query = {
		.sql = "SELECT coalesce(max(load_order), 0) FROM pgmig.revision",
	};
	CatalogAccess access;
	int64 revisions;
	bool isnull;

	pgmig_catalog_begin(&access);
	pgmig_catalog_execute(&query, NULL, NULL, true);
	revisions = DatumGetInt64(pgmig_catalog_datum(0, 1, &isnull));
	pgmig_catalog_end(&access);
	return MIN_SINGLE_READS + revisions / SCAN_ADVANTAGE;
}

static void load_all(Graph *graph);

/*
 * GraphSource.load
 */
static void
load(Graph *graph, GraphNode *node)
{
	static CatalogQuery query = {
		.sql = "SELECT " NODE_COLUMNS ", "
			   "ARRAY(SELECT p.parent FROM pgmig.revision_parent p"
			   " WHERE p.revision = r.revision ORDER BY p.ordinal), "
			   "ARRAY(SELECT d.dependency FROM pgmig.revision_dependency d"
			   " WHERE d.revision = r.revision ORDER BY d.ordinal), "
			   "ARRAY(SELECT p.revision FROM pgmig.revision_parent p"
			   " JOIN pgmig.revision c ON c.revision = p.revision"
			   " WHERE p.parent = r.revision ORDER BY c.load_order), "
			   "ARRAY(SELECT d.revision FROM pgmig.revision_dependency d"
			   " JOIN pgmig.revision c ON c.revision = d.revision"
			   " WHERE d.dependency = r.revision ORDER BY c.load_order), "
			   "ARRAY(SELECT l.label FROM pgmig.branch_label l"
			   " WHERE l.revision = r.revision ORDER BY l.ordinal), "
			   "(SELECT a.applied_at FROM pgmig.applied a"
			   " WHERE a.revision = r.revision AND a.scope = $1)"
			   " FROM pgmig.revision r WHERE r.revision = $2",
		.nargs = 2,
		.argtypes = {TEXTOID, TEXTOID},
	};
	CatalogSource *self = (CatalogSource *) graph->source->arg;
	CatalogAccess access;
	Datum values[2];

	if (++self->reads > MIN_SINGLE_READS && self->limit == 0)
		self->limit = single_reads();
	if (self->limit > 0 && self->reads > self->limit)
	{
		load_all(graph);
		return;
	}
	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(pgmig_scope);
	values[1] = CStringGetTextDatum(node->id);
	if (pgmig_catalog_execute(&query, values, NULL, true) == 0)
		elog(ERROR, "revision \"%s\" is not in the catalogue", node->id);
	MemoryContextSwitchTo(graph->cxt);
	read_node_columns(graph, node, 0, 1);
	read_neighbours(graph, 0, 7, &node->nparents, &node->parents);
	read_neighbours(graph, 0, 8, &node->ndeps, &node->deps);
	read_neighbours(graph, 0, 9, &node->nchildren, &node->children);
	read_neighbours(graph, 0, 10, &node->ndependents, &node->dependents);
	node->labels = pgmig_catalog_text_list(0, 11);
	read_applied_at(node, 0, 12);
	pgmig_catalog_end(&access);
}

static GraphNode **
allocate_nodes(Graph *graph, int count)
{
	if (count == 0)
		return NULL;
	return MemoryContextAlloc(graph->cxt, sizeof(GraphNode *) * count);
}

/*
 * The node of that id, which has been read: in the middle of a restore, other
 * tables may be there before the revisions.
 */
static GraphNode *
loaded_node(Graph *graph, const char *id)
{
	GraphNode *node = pgmig_graph_node(graph, id);

	if (!node->loaded)
		elog(ERROR, "revision \"%s\" is not in the catalogue", id);
	return node;
}

/*
 * Read all edges of one kind: fills in the lower and the upper neighbours of
 * every node.  The offsets are those of the count and of the array in
 * GraphNode.
 */
static void
load_edges(Graph *graph, CatalogQuery *query, size_t down_count, size_t down,
		   size_t up_count, size_t up)
{
#define COUNT(node, offset) (*(int *) ((char *) (node) + (offset)))
#define NODES(node, offset) (*(GraphNode ***) ((char *) (node) + (offset)))
	CatalogRows rows;
	GraphNode **ends;
	uint64 allocated = 1024;
	uint64 count = 0;
	ListCell *lc;

	ends = palloc(allocated * 2 * sizeof(GraphNode *));
	pgmig_catalog_open(&rows, query, NULL);
	while (pgmig_catalog_next(&rows))
	{
		if (count == allocated)
		{
			allocated *= 2;
			ends = repalloc_huge(ends, allocated * 2 * sizeof(GraphNode *));
		}
		for (int i = 0; i < 2; i++)
		{
			char *id = pgmig_catalog_text(rows.row, i + 1);

			ends[count * 2 + i] = loaded_node(graph, id);
			pfree(id);
		}
		COUNT(ends[count * 2], down_count)++;
		COUNT(ends[count * 2 + 1], up_count)++;
		count++;
	}
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);

		NODES(node, down) = allocate_nodes(graph, COUNT(node, down_count));
		NODES(node, up) = allocate_nodes(graph, COUNT(node, up_count));
		COUNT(node, down_count) = 0;
		COUNT(node, up_count) = 0;
	}
	/* The rows of one lower end come in the order of their ordinals. */
	for (uint64 row = 0; row < count; row++)
	{
		GraphNode *lower = ends[row * 2];

		NODES(lower, down)[COUNT(lower, down_count)++] = ends[row * 2 + 1];
	}
	/* Upper neighbours are to be in load order, as graph->all is. */
	foreach(lc, graph->all)
	{
		GraphNode *node = lfirst(lc);

		for (int i = 0; i < COUNT(node, down_count); i++)
		{
			GraphNode *other = NODES(node, down)[i];

			NODES(other, up)[COUNT(other, up_count)++] = node;
		}
	}
	pfree(ends);
#undef COUNT
#undef NODES
}

/* Read every revision; fills graph->all in load order. */
static void
load_nodes(Graph *graph)
{
	static CatalogQuery query = {
		.sql = "SELECT r.revision, " NODE_COLUMNS
			   " FROM pgmig.revision r ORDER BY r.load_order",
	};
	CatalogRows rows;

	pgmig_catalog_open(&rows, &query, NULL);
	while (pgmig_catalog_next(&rows))
	{
		char *id = pgmig_catalog_text(rows.row, 1);
		GraphNode *node = pgmig_graph_node(graph, id);
		MemoryContext old = MemoryContextSwitchTo(graph->cxt);

		node->nparents = node->ndeps = 0;
		node->nchildren = node->ndependents = 0;
		node->labels = NIL;
		node->applied = false;
		read_node_columns(graph, node, rows.row, 2);
		graph->all = lappend(graph->all, node);
		MemoryContextSwitchTo(old);
		pfree(id);
	}
}

/* Read what is applied in this scope. */
static void
load_applied(Graph *graph)
{
	static CatalogQuery query = {
		.sql = "SELECT revision, applied_at FROM pgmig.applied"
			   " WHERE scope = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	CatalogRows rows;
	Datum values[1];

	values[0] = CStringGetTextDatum(pgmig_scope);
	pgmig_catalog_open(&rows, &query, values);
	while (pgmig_catalog_next(&rows))
	{
		char *id = pgmig_catalog_text(rows.row, 1);

		read_applied_at(loaded_node(graph, id), rows.row, 2);
		pfree(id);
	}
}

/* Read the branch labels. */
static void
load_labels(Graph *graph)
{
	static CatalogQuery query = {
		.sql = "SELECT revision, label FROM pgmig.branch_label"
			   " ORDER BY revision, ordinal",
	};
	CatalogRows rows;

	pgmig_catalog_open(&rows, &query, NULL);
	while (pgmig_catalog_next(&rows))
	{
		char *id = pgmig_catalog_text(rows.row, 1);
		GraphNode *node = loaded_node(graph, id);
		MemoryContext old = MemoryContextSwitchTo(graph->cxt);

		node->labels = lappend(node->labels, pgmig_catalog_text(rows.row, 2));
		MemoryContextSwitchTo(old);
		pfree(id);
	}
}

/*
 * GraphSource.load_all
 */
static void
load_all(Graph *graph)
{
	static CatalogQuery parents = {
		.sql = "SELECT revision, parent FROM pgmig.revision_parent"
			   " ORDER BY revision, ordinal",
	};
	static CatalogQuery dependencies = {
		.sql = "SELECT revision, dependency FROM pgmig.revision_dependency"
			   " ORDER BY revision, ordinal",
	};
	CatalogAccess access;

	if (graph->complete)
		return;
	pgmig_catalog_begin(&access);
	load_nodes(graph);
	load_applied(graph);
	load_edges(graph,
			   &parents,
			   offsetof(GraphNode, nparents),
			   offsetof(GraphNode, parents),
			   offsetof(GraphNode, nchildren),
			   offsetof(GraphNode, children));
	load_edges(graph,
			   &dependencies,
			   offsetof(GraphNode, ndeps),
			   offsetof(GraphNode, deps),
			   offsetof(GraphNode, ndependents),
			   offsetof(GraphNode, dependents));
	load_labels(graph);
	graph->complete = true;
	pgmig_catalog_end(&access);
}

/*
 * The nodes that a query with one column of ids names, in the current memory
 * context.
 */
static List *
read_nodes(Graph *graph, CatalogQuery *query, Datum *values)
{
	List *result = NIL;
	CatalogAccess access;
	uint64 count;

	pgmig_catalog_begin(&access);
	count = pgmig_catalog_execute(query, values, NULL, true);
	MemoryContextSwitchTo(access.caller);
	for (uint64 row = 0; row < count; row++)
		result = lappend(result,
						 pgmig_graph_node(graph, pgmig_catalog_text(row, 1)));
	pgmig_catalog_end(&access);
	return result;
}

/*
 * GraphSource.find
 */
static GraphNode *
find(Graph *graph, const char *name)
{
	static CatalogQuery query = {
		.sql =
			"SELECT r.revision FROM pgmig.revision r WHERE r.revision = $1"
			" UNION ALL"
			" SELECT l.revision FROM pgmig.branch_label l WHERE l.label = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	Datum values[1];
	List *found;

	values[0] = CStringGetTextDatum(name);
	found = read_nodes(graph, &query, values);
	return found == NIL ? NULL : linitial(found);
}

/*
 * GraphSource.find_prefix
 *
 * Planned anew each time: the planner turns the prefix into an index range,
 * which it cannot do for a parameter of a generic plan.
 */
static List *
find_prefix(Graph *graph, const char *prefix, int limit)
{
	CatalogAccess access;
	Oid types[2] = {TEXTOID, INT4OID};
	Datum values[2];
	List *result = NIL;

	pgmig_catalog_begin(&access);
	values[0] = CStringGetTextDatum(prefix);
	values[1] = Int32GetDatum(limit);
	if (SPI_execute_with_args("SELECT name FROM ("
							  "SELECT r.revision FROM pgmig.revision r"
							  " WHERE r.revision ^@ $1"
							  " UNION ALL "
							  "SELECT l.label FROM pgmig.branch_label l"
							  " WHERE l.label ^@ $1) found (name)"
							  " ORDER BY name LIMIT $2",
							  2,
							  types,
							  values,
							  NULL,
							  true,
							  0) != SPI_OK_SELECT)
		elog(ERROR, "could not look up a prefix");
	MemoryContextSwitchTo(access.caller);
	for (uint64 row = 0; row < SPI_processed; row++)
		result = lappend(result, pgmig_catalog_text(row, 1));
	pgmig_catalog_end(&access);
	return result;
}

/*
 * GraphSource.heads
 */
static List *
heads(Graph *graph)
{
	static CatalogQuery query = {
		.sql = "SELECT revision FROM pgmig.revision WHERE NOT has_children"
			   " ORDER BY load_order",
	};

	return read_nodes(graph, &query, NULL);
}

/*
 * GraphSource.labelled
 */
static List *
labelled(Graph *graph)
{
	static CatalogQuery query = {
		.sql = "SELECT r.revision FROM (SELECT DISTINCT l.revision"
			   " FROM pgmig.branch_label l) b"
			   " JOIN pgmig.revision r ON r.revision = b.revision"
			   " ORDER BY r.load_order",
	};

	return read_nodes(graph, &query, NULL);
}

/*
 * The revision graph with what is applied in the current scope, in the
 * current memory context.
 */
Graph *
pgmig_catalog_graph(void)
{
	CatalogSource *self = palloc0(sizeof(CatalogSource));

	self->source.load = load;
	self->source.load_all = load_all;
	self->source.find = find;
	self->source.find_prefix = find_prefix;
	self->source.heads = heads;
	self->source.labelled = labelled;
	self->source.arg = self;
	return pgmig_graph_create(CurrentMemoryContext, &self->source);
}
