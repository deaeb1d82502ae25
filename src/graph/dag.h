/*-------------------------------------------------------------------------
 *
 * dag.h
 *	  Acyclic graphs over numbers, and who is above whom in them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_DAG_H
#define PGMIG_DAG_H

/* See dag.c. */
typedef struct DagRank
{
	int level; /* longest path from the bottom */
	int first; /* the ranks of its own subtree are above this one ... */
	int rank;  /* ... up to this one */
	int low;   /* lowest rank that it reaches upwards */
} DagRank;

typedef struct Dag
{
	int count;        /* nodes are numbered from 0 */
	int edges;        /* number of edges */
	int *below_start; /* what is below node i: below[below_start[i]] ... */
	int *below;       /* ... below[below_start[i + 1] - 1], in order */
	int *above_start; /* likewise */
	int *above;
	DagRank *ranks; /* NULL: not indexed yet */
	uint32 *seen;   /* by node, for walks: see pgmig_dag_new_walk() */
	uint32 last_seen;
	int *stack; /* for walks: room for every node */
} Dag;

typedef enum DagAnswer
{
	DAG_NO,
	DAG_YES,
	DAG_UNKNOWN
} DagAnswer;

/* An array of count + 1 numbers. */
extern int *pgmig_dag_numbers(int count, int value);
/* A graph without edges, in the current memory context. */
extern Dag *pgmig_dag_create(int count, int max_edges);
/* To be called for all nodes in turn: add what is below the next one. */
extern void pgmig_dag_add_below(Dag *dag, int below);
extern void pgmig_dag_next_node(Dag *dag, int node);
/* To be called when all edges are there. */
extern void pgmig_dag_finish(Dag *dag);
/* A number to put into seen. */
extern uint32 pgmig_dag_new_walk(Dag *dag);
/* Make questions cheap. */
extern void pgmig_dag_index(Dag *dag);
/*
 * Is lower below upper, directly or not?  Gives up when budget steps are
 * used.  Nodes that were seen in this walk are known not to be above lower;
 * more of them are added.  After DAG_YES or DAG_UNKNOWN the walk is over.
 */
extern DagAnswer pgmig_dag_is_below(Dag *dag, int lower, int upper,
									uint32 walk, int *budget);

#endif /* PGMIG_DAG_H */
