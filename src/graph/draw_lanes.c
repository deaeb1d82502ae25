/*-------------------------------------------------------------------------
 *
 * draw_lanes.c
 *	  The lines between the revisions of a drawing, made of characters.
 *
 * One row a revision, and rows between them where lines meet.  A lane is a
 * column of the picture; it is free, or stands for the revision to which its
 * line leads down.  A line leaves a revision in the revision's own row, to
 * the side and down, so that it never starts at another line.  Lines to the
 * same revision are joined at once, into the leftmost of them, in a row
 * between; or in the revision's own row if that is next.  So a line that
 * touches another from the side always comes from above, and lines that only
 * cross do not touch.
 *
 * The cost follows the number of characters drawn.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "miscadmin.h"

#include "graph/draw.h"

/* Nobody can follow more lanes than this, and they fill the memory. */
#define MAX_LANES 500

static const char *const ascii_glyphs[DRAW_GLYPHS] = {
	" ",
	"|",
	"-",
	"|",
	"'",
	".",
	".",
	".",
	"*",
	"o",
	"...",
};

static const char *const utf8_glyphs[DRAW_GLYPHS] = {
	" ",
	"\342\224\202", /* U+2502 light vertical */
	"\342\224\200", /* U+2500 light horizontal */
	"\342\224\234", /* U+251C light vertical and right */
	"\342\225\257", /* U+256F light arc up and left */
	"\342\225\256", /* U+256E light arc down and left */
	"\342\225\255", /* U+256D light arc down and right */
	"\342\224\254", /* U+252C light down and horizontal */
	"\342\227\217", /* U+25CF black circle */
	"\342\227\213", /* U+25CB white circle */
	"\342\200\246", /* U+2026 horizontal ellipsis */
};

/* Where one of the lines that leave a merge leads to. */
typedef struct Fork
{
	GraphNode *node;
	bool is_new; /* no lane leads there yet */
	int lane;    /* the lane that does, or else that of the merge */
	int ordinal;
} Fork;

/* Two lanes to the same revision. */
typedef struct Join
{
	int left;
	int right;
} Join;

typedef struct Picture
{
	bool utf8;
	List *rows;                  /* of DrawRow * */
	GraphNode *lanes[MAX_LANES]; /* where each leads to, or NULL */
	int nlanes;                  /* those after are free */
	int *lane_of;                /* by node->index: a lane to there, or -1 */
	int ended;                   /* where the last row has a base, or -1 */
	List *joins;                 /* of Join *, all apart, by right lane */
	const char *note;            /* for the next row without a node */

	/* The row in the making: the lanes, and whether a bar follows them. */
	int ncells; /* those after are blank */
	DrawGlyph cells[MAX_LANES];
	bool bars[MAX_LANES];
} Picture;

const char *
pgmig_draw_glyph(DrawGlyph glyph, bool utf8)
{
	return utf8 ? utf8_glyphs[glyph] : ascii_glyphs[glyph];
}

static void
draw_cell(Picture *picture, int lane, DrawGlyph cell)
{
	picture->cells[lane] = cell;
	picture->ncells = Max(picture->ncells, lane + 1);
}

/* Begin a row in which every line goes on. */
static void
begin_row(Picture *picture)
{
	int i;

	for (i = 0; i < picture->ncells; i++)
	{
		picture->cells[i] = DRAW_BLANK;
		picture->bars[i] = false;
	}
	picture->ncells = 0;
	for (i = 0; i < picture->nlanes; i++)
		if (picture->lanes[i] != NULL)
			draw_cell(picture, i, DRAW_LINE);
}

/* A bar between two cells, behind the lines that it crosses. */
static void
draw_bar(Picture *picture, int left, int right)
{
	int i;

	for (i = left; i < right; i++)
	{
		picture->bars[i] = true;
		if (i > left && picture->cells[i] == DRAW_BLANK)
			draw_cell(picture, i, DRAW_BAR);
	}
}

static void
append_glyph(Picture *picture, StringInfo buf, DrawGlyph glyph)
{
	appendStringInfoString(buf, pgmig_draw_glyph(glyph, picture->utf8));
}

static void
end_row(Picture *picture, GraphNode *node)
{
	DrawRow *row = palloc(sizeof(DrawRow));
	StringInfoData lines;
	int i;

	initStringInfo(&lines);
	for (i = 0; i < picture->ncells; i++)
	{
		DrawGlyph bar = picture->bars[i] ? DRAW_BAR : DRAW_BLANK;

		append_glyph(picture, &lines, picture->cells[i]);
		if (i < picture->ncells - 1)
			append_glyph(picture, &lines, bar);
	}
	row->node = node;
	row->note = NULL;
	if (node == NULL)
	{
		row->note = picture->note;
		picture->note = NULL;
	}
	row->lines = pstrdup(lines.data);
	row->columns = Max(2 * picture->ncells - 1, 0);
	pfree(lines.data);
	picture->rows = lappend(picture->rows, row);
	picture->ended = -1;
}

static void
set_lane(Picture *picture, int lane, GraphNode *node)
{
	picture->lanes[lane] = node;
	picture->nlanes = Max(picture->nlanes, lane + 1);
	while (picture->nlanes > 0 && picture->lanes[picture->nlanes - 1] == NULL)
		picture->nlanes--;
}

/*
 * Draw the joins in as few rows as possible, but not those at "next", which
 * can do it in its own row.
 */
static void
draw_joins(Picture *picture, const GraphNode *next)
{
	int drawn;

	do
	{
		List *rest = NIL;
		int busy = -1;
		ListCell *lc;

		drawn = 0;
		begin_row(picture);
		foreach(lc, picture->joins)
		{
			Join *join = lfirst(lc);

			if (join->left <= busy || picture->lanes[join->left] == next)
			{
				rest = lappend(rest, join);
				continue;
			}
			draw_bar(picture, join->left, join->right);
			draw_cell(picture, join->left, DRAW_JOINED);
			draw_cell(picture, join->right, DRAW_JOINS);
			set_lane(picture, join->right, NULL);
			busy = join->right;
			drawn++;
		}
		picture->joins = rest;
		if (drawn > 0)
			end_row(picture, NULL);
	} while (drawn > 0);
}

static int
compare_joins(const ListCell *a, const ListCell *b)
{
	const Join *left = lfirst(a);
	const Join *right = lfirst(b);

	return left->right - right->right;
}

/* Let a lane lead to node, which may make a join necessary. */
static void
lead_to(Picture *picture, int lane, GraphNode *node)
{
	int *other = &picture->lane_of[node->index];

	set_lane(picture, lane, node);
	if (*other >= 0)
	{
		Join *join = palloc(sizeof(Join));

		join->left = Min(lane, *other);
		join->right = Max(lane, *other);
		picture->joins = lappend(picture->joins, join);
		*other = join->left;
	}
	else
		*other = lane;
}

static void
report_too_wide(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
			 errmsg("graph is too wide to be drawn as text"),
			 errdetail("More than %d lines would run side by side.",
					   MAX_LANES),
			 errhint("Use the format \"dot\" or \"mermaid\".")));
}

static void
draw_empty_row(Picture *picture)
{
	begin_row(picture);
	end_row(picture, NULL);
}

/*
 * Find a lane for a head, not straight below a base, which would look like
 * its child: an empty row comes between if need be, and in any case between
 * two histories.
 */
static int
find_lane_for_head(Picture *picture)
{
	int ended = picture->ended;
	int i;

	if (picture->nlanes == 0)
	{
		if (picture->rows != NIL)
			draw_empty_row(picture);
		return 0;
	}
	for (i = 0; i < picture->nlanes; i++)
		if (picture->lanes[i] == NULL && i != ended)
			return i;
	if (ended >= 0)
	{
		draw_empty_row(picture);
		return ended;
	}
	if (picture->nlanes == MAX_LANES)
		report_too_wide();
	return picture->nlanes;
}

static int
compare_lanes(const void *a, const void *b)
{
	return *(const int *) a - *(const int *) b;
}

/*
 * Find "count" lanes for the lines from a revision, its own being the first
 * of them: the nearest that are free.  Sorts them by place.
 */
static int *
find_lanes_for_parents(Picture *picture, int own, int count)
{
	int *lanes = palloc(sizeof(int) * count);
	int n = 0;
	int left = own - 1;
	int right = own + 1;

	lanes[n++] = own;
	while (n < count && (left >= 0 || right < MAX_LANES))
	{
		bool right_is_near =
			right < picture->nlanes && right - own <= own - left;

		if (right_is_near || left < 0)
		{
			if (picture->lanes[right] == NULL)
				lanes[n++] = right;
			right++;
		}
		else
		{
			if (picture->lanes[left] == NULL)
				lanes[n++] = left;
			left--;
		}
	}
	if (n < count)
		report_too_wide();
	qsort(lanes, count, sizeof(int), compare_lanes);
	return lanes;
}

static int
compare_forks(const void *a, const void *b)
{
	const Fork *left = a;
	const Fork *right = b;

	if (left->lane != right->lane)
		return left->lane - right->lane;
	return left->ordinal - right->ordinal;
}

/*
 * Draw the lines that leave a merge at "own", and let them lead to its
 * parents: those to which lines on the left lead already get the lanes on the
 * left, and so on, which avoids crossings; apart from that, the first parent
 * comes straight below.
 */
static void
draw_forks(Picture *picture, GraphNode *node, int own)
{
	int count = node->nparents;
	int *lanes = find_lanes_for_parents(picture, own, count);
	Fork *forks = palloc(sizeof(Fork) * count);
	int first_new = -1;
	int i;

	for (i = 0; i < count; i++)
	{
		int lane = picture->lane_of[node->parents[i]->index];

		forks[i].node = node->parents[i];
		forks[i].is_new = lane < 0;
		forks[i].lane = lane < 0 ? own : lane;
		forks[i].ordinal = i;
	}
	qsort(forks, count, sizeof(Fork), compare_forks);

	draw_bar(picture, lanes[0], lanes[count - 1]);
	for (i = 0; i < count; i++)
	{
		if (forks[i].is_new && first_new < 0)
			first_new = i;
		if (lanes[i] == own)
		{
			if (forks[i].is_new)
			{
				Fork swap = forks[first_new];

				forks[first_new] = forks[i];
				forks[i] = swap;
			}
		}
		else if (i == 0)
			draw_cell(picture, lanes[i], DRAW_FORK_LEFT);
		else if (i == count - 1)
			draw_cell(picture, lanes[i], DRAW_FORK_RIGHT);
		else
			draw_cell(picture, lanes[i], DRAW_FORK);
	}
	for (i = 0; i < count; i++)
		lead_to(picture, lanes[i], forks[i].node);
	pfree(forks);
	pfree(lanes);
}

/*
 * Draw the row of a revision, and the rows between it and the next one: for
 * joins, or at least for its note.
 */
static void
draw_node(Picture *picture, GraphNode *node, const GraphNode *next,
		  const char *note)
{
	int own = picture->lane_of[node->index];

	if (own < 0)
		own = find_lane_for_head(picture);
	begin_row(picture);
	draw_cell(picture, own, node->applied ? DRAW_APPLIED : DRAW_UNAPPLIED);
	if (picture->joins != NIL)
	{
		Join *join = linitial(picture->joins);

		Assert(list_length(picture->joins) == 1 && join->left == own);
		draw_bar(picture, own, join->right);
		draw_cell(picture, join->right, DRAW_JOINS);
		set_lane(picture, join->right, NULL);
		picture->joins = NIL;
	}
	set_lane(picture, own, NULL);
	if (node->nparents == 1)
		lead_to(picture, own, node->parents[0]);
	else if (node->nparents > 1)
		draw_forks(picture, node, own);
	end_row(picture, node);
	if (node->nparents == 0)
		picture->ended = own;

	/* A row has no room for lines that arrive and lines that leave. */
	if (next != NULL && next->nparents > 1)
		next = NULL;
	list_sort(picture->joins, compare_joins);
	picture->note = note;
	draw_joins(picture, next);
	if (picture->note != NULL)
		draw_empty_row(picture);
}

List *
pgmig_draw_rows(GraphNode **order, int count, char **notes, bool utf8)
{
	Picture *picture = palloc0(sizeof(Picture));
	int i;

	picture->utf8 = utf8;
	picture->lane_of = palloc(sizeof(int) * Max(count, 1));
	for (i = 0; i < count; i++)
		picture->lane_of[i] = -1;
	picture->ended = -1;
	for (i = 0; i < count; i++)
	{
		GraphNode *next = i + 1 < count ? order[i + 1] : NULL;

		CHECK_FOR_INTERRUPTS();
		draw_node(picture, order[i], next, notes[i]);
	}
	return picture->rows;
}
