/*-------------------------------------------------------------------------
 *
 * target.c
 *	  What a target names: ids, prefixes, labels, symbols.
 *
 *	  target := [ branch "@" ] symbol | [ branch "@" ] [ symbol ] ( "+" | "-" ) digits
 *	  symbol := "head" | "heads" | "base" | id | label | prefix
 *	  branch := label | id | prefix
 *
 * No name holds one of the characters that the grammar uses, see
 * pgmig_target_invalid_id(); so a target can be taken apart before anything
 * is looked up.  Steps up and down are in step.c.
 *
 * Results live in the current memory context.  Takes no locks.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/formatting.h"
#include "utils/varlena.h"

#include "errors.h"
#include "graph/graph.h"
#include "graph/walk.h"

/* Longest id or label, in bytes. */
#define MAX_NAME_LENGTH 255

/* Shorter names do not count as completions of a prefix. */
#define MIN_COMPLETION 4

/* So many names an error lists. */
#define NAMES_LISTED 10

/* So many names are compared to find one that the user may have meant. */
#define SIMILAR_COMPARED 200

static const char *const symbols[] = {"head", "heads", "base", "current"};

static void
report_malformed(const char *text, const char *detail)
{
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid target: \"%s\"", text),
			 errdetail("%s", detail),
			 errhint(
				 "A target is a revision id or the start of one, a label, \"head\", \"heads\", \"base\", a number of steps such as \"+1\" or \"-1\", or one of these within a branch, such as \"branch@head\".")));
}

Target *
pgmig_target_parse(const char *text)
{
	Target *target = palloc0(sizeof(Target));
	char *rest = pstrdup(text);
	char *at = strchr(rest, '@');
	int sign;

	target->text = text;
	if (*text == '\0')
		report_malformed(text, "It is empty.");
	if (strchr(text, ':') != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("a range is not allowed here: \"%s\"", text),
				 errhint(
					 "Name one target. Ranges are for the history and for SQL scripts.")));
	if (at != NULL)
	{
		*at = '\0';
		target->branch = rest;
		rest = at + 1;
		if (strchr(rest, '@') != NULL)
			report_malformed(text, "It has more than one \"@\".");
		if (*target->branch == '\0')
			report_malformed(text, "There is no branch before \"@\".");
		if (strpbrk(target->branch, "+-") != NULL)
			report_malformed(text, "The steps belong after \"@\".");
		if (*rest == '\0')
			report_malformed(text, "There is nothing after \"@\".");
	}
	sign = strcspn(rest, "+-");
	if (rest[sign] != '\0')
	{
		char *digits = rest + sign + 1;

		target->offset = pstrdup(rest + sign);
		for (char *digit = digits; *digit != '\0'; digit++)
		{
			if (*digit < '0' || *digit > '9')
				report_malformed(text,
								 "The number of steps must be at its end.");
			target->steps = Min(target->steps, (PG_INT32_MAX - 9) / 10);
			target->steps = target->steps * 10 + (*digit - '0');
		}
		if (*digits == '\0')
			report_malformed(text,
							 "There is no number of steps after the sign.");
		if (rest[sign] == '-')
			target->steps = -target->steps;
		rest[sign] = '\0';
	}
	if (*rest != '\0')
		target->symbol = rest;
	return target;
}

static bool
is_symbol(const char *name)
{
	for (int i = 0; i < lengthof(symbols); i++)
	{
		if (strcmp(name, symbols[i]) == 0)
			return true;
	}
	return false;
}

/*
 * Can other be meant by name?  Lowers *limit so that the next one has to be
 * more alike.
 */
static bool
is_closer(const char *name, const char *other, int *limit)
{
	int distance = varstr_levenshtein_less_equal(name,
												 strlen(name),
												 other,
												 strlen(other),
												 1,
												 1,
												 1,
												 *limit,
												 true);

	if (distance > *limit)
		return false;
	*limit = distance - 1;
	return true;
}

/*
 * The name most like this one, or NULL if there is none that could be meant.
 */
static const char *
find_similar(Graph *graph, const char *name)
{
	const char *best = NULL;
	const char *lower;
	int length = strlen(name);
	int limit = Min(3, pg_mbstrlen(name) / 2);

	if (length > MAX_NAME_LENGTH)
		return NULL;
	lower = asc_tolower(name, length);
	if (is_symbol(lower) || graph->source->find(graph, lower) != NULL)
		return lower;
	/* The mistake is rather at the end than at the beginning. */
	for (int part = 2; part <= 8 && best == NULL; part *= 2)
	{
		int bytes = pg_mbcharcliplen(name, length, pg_mbstrlen(name) / part);
		List *names;
		ListCell *lc;

		if (bytes == 0)
			break;
		names = graph->source->find_prefix(graph,
										   pnstrdup(name, bytes),
										   SIMILAR_COMPARED);
		foreach(lc, names)
		{
			const char *other = lfirst(lc);

			if (is_closer(name, other, &limit))
				best = other;
		}
	}
	if (best == NULL)
	{
		for (int i = 0; i < lengthof(symbols); i++)
		{
			if (strcmp(symbols[i], "current") != 0 &&
				is_closer(name, symbols[i], &limit))
				best = symbols[i];
		}
	}
	return best;
}

/*
 * Report that no revision has this name.  kind is "revision" or "branch".
 */
static void
report_undefined(Graph *graph, const char *kind, const char *name)
{
	const char *similar;

	if (is_symbol(name))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("%s \"%s\" does not exist", kind, name),
				 strcmp(name, "current") == 0
					 ? errhint(
						   "\"current\" has a meaning in pgmig_show(), in the history and as the start of a script only; pgmig_current() lists what it stands for.")
					 : errhint("\"%s\" goes after the \"@\"; the branch before it is a label or a revision.",
							   name)));
	similar = find_similar(graph, name);
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_OBJECT),
			 errmsg("%s \"%s\" does not exist", kind, name),
			 similar != NULL ? errhint("Perhaps you meant \"%s\".", similar)
			 : name[0] == '{'
				 ? errhint("Several targets are an array: ARRAY['a', 'b'].")
				 : errhint(
					   "pgmig_history() lists the revisions that are loaded; load missing ones with pgmig_load() or pgmig_import().")));
}

char *
pgmig_target_list_names(List *names)
{
	StringInfoData buf;
	int count = 0;
	ListCell *lc;

	initStringInfo(&buf);
	foreach(lc, names)
	{
		if (count == NAMES_LISTED)
		{
			appendStringInfo(&buf, " and others");
			break;
		}
		appendStringInfo(&buf,
						 "%s\"%s\"",
						 count++ > 0 ? ", " : "",
						 (char *) lfirst(lc));
	}
	return buf.data;
}

char *
pgmig_target_list_nodes(List *nodes)
{
	List *names = NIL;
	ListCell *lc;

	foreach(lc, nodes)
		names =
			lappend(names, unconstify(char *, ((GraphNode *) lfirst(lc))->id));
	return pgmig_target_list_names(names);
}

/*
 * The only name that starts with prefix, or NULL if there is none; within the
 * lineage of a branch, if there is one.
 *
 * Two names of the same revision are two.
 */
static GraphNode *
find_by_prefix(Graph *graph, const char *prefix, GraphNode *branch)
{
	uint32 lineage = 0;
	List *matches = NIL;
	int limit = 4 * NAMES_LISTED;

	for (;; limit *= 16)
	{
		List *names = graph->source->find_prefix(graph, prefix, limit);
		ListCell *lc;

		/* Most names are no start of another one. */
		if (names == NIL)
			return NULL;
		if (branch != NULL && lineage == 0)
			lineage = pgmig_graph_mark_lineage(graph, branch);
		list_free(matches);
		matches = NIL;
		foreach(lc, names)
		{
			if (pg_mbstrlen(lfirst(lc)) < MIN_COMPLETION)
				continue;
			if (branch != NULL &&
				graph->source->find(graph, lfirst(lc))->mark != lineage)
				continue;
			matches = lappend(matches, lfirst(lc));
		}
		if (list_length(matches) > NAMES_LISTED ||
			list_length(names) < limit || limit > PG_INT32_MAX / 16)
			break;
	}
	if (list_length(matches) > 1)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_AMBIGUOUS),
				 errmsg("several revisions or labels start with \"%s\"",
						prefix),
				 errdetail("These are %s.", pgmig_target_list_names(matches)),
				 errhint("Write more of the name.")));
	return matches == NIL ? NULL
						  : graph->source->find(graph, linitial(matches));
}

/*
 * The revision of that name, which must be in the lineage of branch, if there
 * is one.
 */
static GraphNode *
find_revision(Graph *graph, const char *name, const char *kind,
			  GraphNode *branch, const char *branch_name)
{
	GraphNode *node = graph->source->find(graph, name);
	uint32 lineage;

	if (node == NULL)
		node = find_by_prefix(graph, name, branch);
	if (node == NULL)
		report_undefined(graph, kind, name);
	pgmig_graph_expand(graph, node);
	if (branch == NULL)
		return node;

	lineage = pgmig_graph_mark_lineage(graph, branch);
	if (node->mark != lineage)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_NOT_AN_ANCESTOR),
				 errmsg("revision \"%s\" is not in branch \"%s\"",
						node->id,
						branch_name),
				 errdetail("It is neither above nor below revision \"%s\".",
						   branch->id),
				 errhint("Leave out \"%s@\", or name a revision of that branch.",
						 branch_name)));
	return pgmig_graph_expand(graph, node);
}

GraphNode *
pgmig_target_branch(Graph *graph, const Target *target)
{
	if (target->branch == NULL)
		return NULL;
	return find_revision(graph, target->branch, "branch", NULL, NULL);
}

List *
pgmig_target_heads_of_branch(Graph *graph, List *heads, GraphNode *branch)
{
	uint32 mark;

	if (branch == NULL)
		return heads;
	mark = pgmig_graph_mark_descendants(graph, list_make1(branch));
	return pgmig_graph_select_marked(heads, mark, true);
}

static void
report_several_heads(const Target *target, List *heads)
{
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_MULTIPLE_HEADS),
			 errmsg("there are several heads for target \"%s\"", target->text),
			 errdetail("These are %s.", pgmig_target_list_nodes(heads)),
			 strcmp(target->symbol, "heads") == 0
				 ? errhint(
					   "Only one revision can be named here; name one of these.")
				 : errhint(
					   "Name one of these, choose a branch as in \"branch@head\", say \"heads\" where several are allowed, or merge them with pgmig_merge().")));
}

static List *
resolve_symbol(Graph *graph, const Target *target, GraphNode *branch)
{
	const char *symbol = target->symbol;

	if (strcmp(symbol, "base") == 0)
		return NIL;
	if (strcmp(symbol, "heads") == 0 && branch == NULL)
		return pgmig_graph_real_heads(graph);
	if (strcmp(symbol, "heads") == 0 || strcmp(symbol, "head") == 0)
	{
		List *heads = pgmig_graph_version_heads(graph);

		/* Below an only head lies everything. */
		if (list_length(heads) > 1)
			heads = pgmig_target_heads_of_branch(graph, heads, branch);
		if (list_length(heads) > 1 && strcmp(symbol, "head") == 0)
			report_several_heads(target, heads);
		return heads;
	}
	return list_make1(
		find_revision(graph, symbol, "revision", branch, target->branch));
}

/*
 * -N counts from all heads.  One that is N steps above base stands for
 * nothing, as base does.
 */
static List *
resolve_below_heads(Graph *graph, const Target *target)
{
	List *result = NIL;
	ListCell *lc;

	foreach(lc,
			pgmig_target_heads_of_branch(graph,
										 pgmig_graph_real_heads(graph),
										 pgmig_target_branch(graph, target)))
	{
		WalkEnd end = pgmig_step_down(graph, target, lfirst(lc));

		pgmig_step_check(target, end);
		if (end.node != NULL)
			result = list_append_unique_ptr(result, end.node);
	}
	return result;
}

List *
pgmig_target_resolve_parsed(Graph *graph, const Target *target)
{
	if (target->offset == NULL)
		return resolve_symbol(graph,
							  target,
							  pgmig_target_branch(graph, target));
	if (target->symbol != NULL || target->steps >= 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("relative target \"%s\" is not allowed here",
						target->text),
				 errhint(
					 "Name the revision. Only \"-N\" and \"branch@-N\" work everywhere: so many steps below the heads.")));
	return resolve_below_heads(graph, target);
}

GraphNode *
pgmig_target_resolve_symbol(Graph *graph, const Target *target,
							bool within_branch)
{
	List *nodes;

	nodes = resolve_symbol(graph,
						   target,
						   within_branch ? pgmig_target_branch(graph, target)
										 : NULL);
	if (list_length(nodes) > 1)
		report_several_heads(target, nodes);
	return nodes == NIL ? NULL : linitial(nodes);
}

bool
pgmig_target_is_current(const char *text)
{
	return strcmp(text, "current") == 0;
}

/*
 * "current" stands for the rows, as in Alembic's show and edit.
 */
List *
pgmig_target_resolve(Graph *graph, const char *target)
{
	if (pgmig_target_is_current(target))
		return pgmig_graph_rows(graph);
	return pgmig_target_resolve_parsed(graph, pgmig_target_parse(target));
}

GraphNode *
pgmig_target_resolve_one(Graph *graph, const char *target)
{
	Target *parsed = pgmig_target_parse(target);

	if (parsed->offset != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("relative target \"%s\" is not allowed here", target),
				 errhint("Name the revision.")));
	return pgmig_target_resolve_symbol(graph, parsed, true);
}

List *
pgmig_target_resolve_parents(Graph *graph, List *targets, bool splice)
{
	List *parents = NIL;
	ListCell *lc;
	ListCell *lc2;

	foreach(lc, targets)
	{
		Target *target = pgmig_target_parse(lfirst(lc));

		foreach(lc2, pgmig_target_resolve_parsed(graph, target))
		{
			GraphNode *node = lfirst(lc2);

			if (list_member_ptr(parents, node))
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("revision \"%s\" is named twice", node->id),
						 errhint("Name every parent once.")));
			parents = lappend(parents, pgmig_graph_expand(graph, node));
			if (node->nchildren > 0 && !splice)
				ereport(ERROR,
						(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
						 errmsg("revision \"%s\" is not a head", node->id),
						 errdetail("Revision \"%s\" is above it.",
								   node->children[0]->id),
						 errhint(
							 "Start from a head, or say splice => true to start a new branch here.")));
		}
	}
	return parents;
}

/*
 * Quotes, semicolons, capitals and characters beyond ASCII are allowed.
 */
const char *
pgmig_target_invalid_id(const char *id)
{
	if (*id == '\0')
		return "it is empty";
	if (strlen(id) > MAX_NAME_LENGTH)
		return "it is longer than 255 bytes";
	if (is_symbol(id))
		return "the word has a meaning of its own in targets";
	for (const char *c = id; *c != '\0'; c++)
	{
		if (strchr("@+-:", *c) != NULL)
			return "\"@\", \"+\", \"-\" and \":\" have a meaning in targets";
		if (*c == ',')
			return "it contains a comma";
		if (*c == ' ' || (*c >= '\t' && *c <= '\r'))
			return "it contains white space";
		if ((unsigned char) *c < ' ' || *c == '\x7f')
			return "it contains a control character";
	}
	return NULL;
}
