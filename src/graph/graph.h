/*-------------------------------------------------------------------------
 *
 * graph.h
 *	  The revision graph: nodes, targets, plans, ranges.
 *
 * Plain structs only: no SPI, no relations, no transactions.  The rows come
 * from a GraphSource, a node at a time, so that what a command reads follows
 * what it walks over and not the size of the catalogue.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_GRAPH_H
#define PGMIG_GRAPH_H

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef struct Graph Graph;
typedef struct GraphNode GraphNode;

struct GraphNode
{
	const char *id; /* revision id */
	bool loaded;  /* the fields down to "downgrade_statements" are filled in */
	bool applied; /* in the applied set of the current scope */
	int64 load_order;    /* position in load order, the only tie-breaker */
	const char *message; /* first line, may be "" */
	int nparents;        /* in document order */
	GraphNode **parents;
	int ndeps; /* in declared order, labels resolved, no duplicates */
	GraphNode **deps;
	int nchildren; /* in load order */
	GraphNode **children;
	int ndependents; /* in load order */
	GraphNode **dependents;
	List *labels; /* of char *, the labels that this revision carries */
	TimestampTz applied_at; /* if applied */
	bool upgrade_transactional;
	bool downgrade_transactional;
	int upgrade_statements;   /* number of statements */
	int downgrade_statements; /* likewise, or -1: irreversible */

	/* Labels that apply to it, inherited ones too: see pgmig_graph_labels(). */
	List *branch_labels;

	/* Work space of the algorithms in graph/, see walk.h. */
	uint32 mark;
	uint32 mark2;
	int level;
	int index;
	int count;
};

/*
 * Where a graph's rows come from.
 *
 * Every function may create nodes with pgmig_graph_node(); the nodes are
 * unloaded ("stubs") until load() or load_all() has filled them in.
 */
typedef struct GraphSource
{
	/* Fill in the node, whose neighbours may be stubs. */
	void (*load)(Graph *graph, GraphNode *node);
	/* Fill in every node of the graph. */
	void (*load_all)(Graph *graph);
	/* The revision with this id, or which carries this label, or NULL. */
	GraphNode *(*find)(Graph *graph, const char *name);
	/* Names (char *: ids and labels, sorted) that start with prefix; at most
	 * limit of them. */
	List *(*find_prefix)(Graph *graph, const char *prefix, int limit);
	/* Revisions without children (version heads), in load order. */
	List *(*heads)(Graph *graph);
	/* Revisions that carry labels, in load order.  May be NULL: then the
	 * whole graph is read to find them. */
	List *(*labelled)(Graph *graph);
	void *arg; /* for the source's own use */
} GraphSource;

struct Graph
{
	MemoryContext cxt; /* holds the graph and its nodes */
	const GraphSource *source;
	struct NodeTable *nodes; /* by id */
	bool complete;           /* load_all() has been called */
	List *all;               /* of GraphNode *, in load order; once complete */
	uint32 last_mark;        /* see GraphNode.mark */
	bool labels_spread;      /* branch_labels of the nodes are filled in */
};

/* graph.c */
extern Graph *pgmig_graph_create(MemoryContext cxt, const GraphSource *source);
/* The node of that id, created as a stub if it is not there yet. */
extern GraphNode *pgmig_graph_node(Graph *graph, const char *id);
/* Make sure that node is loaded; returns it. */
extern GraphNode *pgmig_graph_expand(Graph *graph, GraphNode *node);
/* Make sure that everything is loaded, graph->all included. */
extern void pgmig_graph_complete(Graph *graph);
/* Sort a list of loaded nodes by load order. */
extern void pgmig_graph_by_load_order(List *nodes);
/* Version heads (no children), load order. */
extern List *pgmig_graph_version_heads(Graph *graph);
/* Real heads (no children and no dependents), load order. */
extern List *pgmig_graph_real_heads(Graph *graph);
/* Revisions without parents, load order. */
extern List *pgmig_graph_bases(Graph *graph);
/* Rows of alembic_version: maximal elements of the applied set over parents
 * and dependencies, load order. */
extern List *pgmig_graph_rows(Graph *graph);
/* What Alembic's "current" shows: applied, without an applied child. */
extern List *pgmig_graph_current(Graph *graph);
/* The labels (char *, sorted) that apply to a revision: those it carries and
 * those it inherits. */
extern List *pgmig_graph_labels(Graph *graph, GraphNode *node);
/* ereport(ERROR) with one cycle, in order, if a node of the list is on one or
 * below one. */
extern void pgmig_graph_check_acyclic(Graph *graph, List *nodes);

/* target.c */
/* The revisions that an upgrade/stamp/show/... target names (the
 * multi-valued rule; empty for base).  "current" stands for the rows. */
extern List *pgmig_target_resolve(Graph *graph, const char *target);
/* The one revision that a target names, or NULL for base. */
extern GraphNode *pgmig_target_resolve_one(Graph *graph, const char *target);
/* The revisions from which a new one starts (--head of revision, arguments of
 * merge): resolved, without duplicates; each must be a version head unless
 * splice. */
extern List *pgmig_target_resolve_parents(Graph *graph, List *targets,
										  bool splice);
/* Is text not allowed as a revision id?  Returns the reason, or NULL. */
extern const char *pgmig_target_invalid_id(const char *id);

/* plan.c: every list is in the order in which the steps run */
extern List *pgmig_plan_upgrade(Graph *graph, List *targets /* of char * */);
extern List *pgmig_plan_downgrade(Graph *graph, const char *target);
/*
 * For scripts (a:b): plan as if exactly "start" and all below it were
 * applied (start NULL: as the database stands).  Changes the applied flags of
 * the graph, which afterwards serves only this plan.
 */
extern void pgmig_plan_assume(Graph *graph, const char *start);

/* stamp.c */
typedef struct StampPlan
{
	List *add;    /* of GraphNode *, parents first */
	List *remove; /* of GraphNode *, children first */
} StampPlan;
extern StampPlan *pgmig_plan_stamp(Graph *graph,
								   List *targets /* of char * */);

/* range.c: revisions of a history range, newest first, as Alembic lists them */
extern List *pgmig_range_history(Graph *graph, const char *range);
/* Split "a:b" at its one colon.  Returns false if there is none. */
extern bool pgmig_range_split(const char *range, char **start, char **end);

/* draw.c: the graph as lines of text (List of char *), format is text, dot or
 * mermaid */
extern List *pgmig_draw(Graph *graph, const char *format);

#endif /* PGMIG_GRAPH_H */
