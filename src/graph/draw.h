/*-------------------------------------------------------------------------
 *
 * draw.h
 *	  What the files that draw the graph share.
 *
 * All of them allocate in the current memory context.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_DRAW_H
#define PGMIG_DRAW_H

#include "graph/graph.h"

/* What drawings are made of. */
typedef enum DrawGlyph
{
	DRAW_BLANK,
	DRAW_LINE,       /* from above to below */
	DRAW_BAR,        /* from left to right */
	DRAW_JOINED,     /* a line, and one that joins it from the right */
	DRAW_JOINS,      /* from above to the left */
	DRAW_FORK_RIGHT, /* from the left to below */
	DRAW_FORK_LEFT,  /* from the right to below */
	DRAW_FORK,       /* from left to right, and to below */
	DRAW_APPLIED,    /* a revision */
	DRAW_UNAPPLIED,  /* likewise */
	DRAW_CUT,        /* stands for words that were cut off */
} DrawGlyph;

#define DRAW_GLYPHS (DRAW_CUT + 1)

/* A row of a drawing, without its words. */
typedef struct DrawRow
{
	GraphNode *node;  /* NULL: only lines */
	const char *note; /* if only lines: note of the node above, or NULL */
	char *lines;
	int columns;
} DrawRow;

/* draw_order.c */
/*
 * All nodes of a complete graph from top to bottom, children above their
 * parents; node->index becomes the place in the array.
 */
extern GraphNode **pgmig_draw_order(Graph *graph);

/* draw_lanes.c */
extern const char *pgmig_draw_glyph(DrawGlyph glyph, bool utf8);
/*
 * Rows (DrawRow *) for the nodes in this order.  Nodes that have a note, by
 * node->index, get a row for it.
 */
extern List *pgmig_draw_rows(GraphNode **order, int count, char **notes,
							 bool utf8);

/* draw_text.c */
extern List *pgmig_draw_text(Graph *graph);

#endif /* PGMIG_DRAW_H */
