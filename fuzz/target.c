/*-------------------------------------------------------------------------
 *
 * target.c
 *	  Fuzzer of the targets, ranges and plans of src/graph.
 *
 * The first byte of an input chooses a graph, the second what is applied, the
 * others are targets, one a line.  Every operation is tried with them, twice:
 * with nodes that are read when a walk comes to them, and with all of them
 * read before.  Both ways
 *	- the result is the same, or the same error, and no internal one,
 *	- a plan changes what it should change, in an order in which nothing is
 *	  applied without what it needs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "graph/graph.h"
#include "graph/walk.h"
#include "standalone.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_NODES 24
#define MAX_LABELS 6

/* Names that are easily taken for one another, or for something else. */
static const char *const ids[] = {
	"1975ea83b712",
	"ae1027a6acf",
	"ae1027a6acfe",
	"27c6a30d7c24",
	"27c6a30d7c24b",
	"27c6b",
	"a",
	"ab",
	"abc",
	"abcd",
	"abcde",
	"abcdef",
	"abcdefg",
	"base1",
	"Head",
	"headless",
	"currents",
	"none",
	"\xc3\xa4\xc3\xb6\xc3\xbc",
	"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f",
	"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e\xe3\x81\xae",
	"o'clock",
	"\"quoted\"",
	"back\\slash",
	"semi;colon",
	"100%",
	"%s%n",
	"_",
	"{heads}",
	"$1",
};

/* None of them is an id. */
static const char *const labels[] = {
	"shop",
	"sho",
	"shopping",
	"billing",
	"abcdx",
	"\xc3\xa4\xc3\xb6",
};

StaticAssertDecl(lengthof(ids) >= MAX_NODES, "every node has a name");
StaticAssertDecl(lengthof(labels) == MAX_LABELS, "every label has a name");

/* A revision of the graph; nodes are numbered so that parents come first. */
typedef struct SpecNode
{
	const char *id;
	uint32 parents; /* sets of numbers */
	uint32 deps;
	int load_order;
	bool applied;
} SpecNode;

typedef struct Spec
{
	uint64 random;
	int count;
	SpecNode nodes[MAX_NODES];
	int by_load_order[MAX_NODES];
	int carrier[MAX_LABELS]; /* number of the node with the label, or -1 */
} Spec;

typedef struct Work Work;

typedef struct Operation
{
	const char *name;
	void (*run)(Work *work);
} Operation;

struct Work
{
	Spec *spec;
	Graph *graph;
	GraphSource source;
	List *targets; /* of char * */
	const char *first;
	const Operation *operation;
	StringInfo result;
};

/* --- The graph ---------------------------------------------------------- */

/* A number below limit, from the seed of the graph. */
static int
draw(Spec *spec, int limit)
{
	uint64 x = (spec->random += UINT64CONST(0x9E3779B97F4A7C15));

	x = (x ^ (x >> 30)) * UINT64CONST(0xBF58476D1CE4E5B9);
	x = (x ^ (x >> 27)) * UINT64CONST(0x94D049BB133111EB);
	return (int) ((x ^ (x >> 31)) % limit);
}

static void
shuffle(Spec *spec, int *numbers, int count)
{
	for (int i = 0; i < count; i++)
		numbers[i] = i;
	for (int i = count - 1; i > 0; i--)
	{
		int j = draw(spec, i + 1);
		int number = numbers[i];

		numbers[i] = numbers[j];
		numbers[j] = number;
	}
}

/* Some of the nodes before this one; the last ones more often. */
static uint32
draw_below(Spec *spec, int node, int count)
{
	uint32 set = 0;

	while (node > 0 && count-- > 0)
		set |= 1U << (node - 1 - draw(spec, 1 + draw(spec, node)));
	return set;
}

/*
 * Seeds below 64 make small graphs, where anything is soon reached.  With an
 * odd seed revisions are loaded in any order, else parents first.
 */
static void
make_graph(Spec *spec, uint8 seed)
{
	int names[lengthof(ids)];

	spec->random = seed;
	spec->count = seed < 64 ? seed / 8 : 4 + draw(spec, MAX_NODES - 3);
	shuffle(spec, names, lengthof(ids));
	shuffle(spec, spec->by_load_order, spec->count);
	for (int i = 0; i < spec->count; i++)
	{
		SpecNode *node = &spec->nodes[i];
		int kind = draw(spec, 8);

		if (seed % 2 == 0)
			spec->by_load_order[i] = i;
		spec->nodes[spec->by_load_order[i]].load_order = i;
		node->id = ids[names[i]];
		node->parents = draw_below(spec, i, kind == 0 ? 0 : kind < 6 ? 1 : 3);
		node->deps = draw_below(spec, i, draw(spec, 4) == 0 ? 2 : 0);
	}
	for (int i = 0; i < MAX_LABELS; i++)
	{
		spec->carrier[i] = -1;
		if (spec->count > 0 && draw(spec, 2) == 0)
			spec->carrier[i] = draw(spec, spec->count);
	}
}

/*
 * Nothing, everything, or some revisions and all they need.
 */
static void
make_applied(Spec *spec, uint8 seed)
{
	spec->random = UINT64CONST(0x100) + seed;
	for (int i = spec->count - 1; i >= 0; i--)
	{
		SpecNode *node = &spec->nodes[i];

		if (seed % 8 == 1 || (seed % 8 != 0 && draw(spec, 4) == 0))
			node->applied = true;
		for (int j = 0; j < i && node->applied; j++)
		{
			if ((node->parents | node->deps) & (1U << j))
				spec->nodes[j].applied = true;
		}
	}
}

static int
find_number(const Spec *spec, const char *id)
{
	for (int i = 0; i < spec->count; i++)
	{
		if (strcmp(spec->nodes[i].id, id) == 0)
			return i;
	}
	fuzz_fail("no revision has the id \"%s\"", id);
}

/* Bits of nodes that have this one among their parents, or dependencies. */
static uint32
find_above(const Spec *spec, int number, bool deps)
{
	uint32 set = 0;

	for (int i = 0; i < spec->count; i++)
	{
		uint32 below = deps ? spec->nodes[i].deps : spec->nodes[i].parents;

		if (below & (1U << number))
			set |= 1U << i;
	}
	return set;
}

/* --- The graph's source ------------------------------------------------- */

static Spec *
graph_spec(Graph *graph)
{
	return (Spec *) graph->source->arg;
}

/* The nodes of a set, in load order. */
static GraphNode **
make_nodes(Graph *graph, uint32 set, int *count)
{
	Spec *spec = graph_spec(graph);
	GraphNode **nodes = palloc(sizeof(GraphNode *) * MAX_NODES);

	*count = 0;
	for (int i = 0; i < spec->count; i++)
	{
		int number = spec->by_load_order[i];

		if (set & (1U << number))
			nodes[(*count)++] =
				pgmig_graph_node(graph, spec->nodes[number].id);
	}
	return nodes;
}

static void
load(Graph *graph, GraphNode *node)
{
	Spec *spec = graph_spec(graph);
	int number = find_number(spec, node->id);
	SpecNode *from = &spec->nodes[number];
	MemoryContext old = MemoryContextSwitchTo(graph->cxt);

	node->load_order = from->load_order;
	node->message = "message";
	node->parents = make_nodes(graph, from->parents, &node->nparents);
	node->deps = make_nodes(graph, from->deps, &node->ndeps);
	node->children =
		make_nodes(graph, find_above(spec, number, false), &node->nchildren);
	node->dependents =
		make_nodes(graph, find_above(spec, number, true), &node->ndependents);
	for (int i = 0; i < MAX_LABELS; i++)
	{
		if (spec->carrier[i] == number)
			node->labels = lappend(node->labels, pstrdup(labels[i]));
	}
	node->applied = from->applied;
	node->upgrade_transactional = true;
	node->downgrade_transactional = true;
	node->loaded = true;
	MemoryContextSwitchTo(old);
}

static void
load_all(Graph *graph)
{
	Spec *spec = graph_spec(graph);

	for (int i = 0; i < spec->count; i++)
	{
		GraphNode *node = pgmig_graph_node(graph, spec->nodes[i].id);

		if (!node->loaded)
			load(graph, node);
	}
}

static GraphNode *
find(Graph *graph, const char *name)
{
	Spec *spec = graph_spec(graph);

	for (int i = 0; i < spec->count; i++)
	{
		if (strcmp(spec->nodes[i].id, name) == 0)
			return pgmig_graph_node(graph, name);
	}
	for (int i = 0; i < MAX_LABELS; i++)
	{
		if (strcmp(labels[i], name) == 0 && spec->carrier[i] >= 0)
			return pgmig_graph_node(graph, spec->nodes[spec->carrier[i]].id);
	}
	return NULL;
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

static List *
find_prefix(Graph *graph, const char *prefix, int limit)
{
	Spec *spec = graph_spec(graph);
	List *names = NIL;

	for (int i = 0; i < spec->count; i++)
	{
		if (strncmp(spec->nodes[i].id, prefix, strlen(prefix)) == 0)
			names = lappend(names, pstrdup(spec->nodes[i].id));
	}
	for (int i = 0; i < MAX_LABELS; i++)
	{
		if (spec->carrier[i] >= 0 &&
			strncmp(labels[i], prefix, strlen(prefix)) == 0)
			names = lappend(names, pstrdup(labels[i]));
	}
	list_sort(names, compare_names);
	return list_truncate(names, limit);
}

static List *
heads(Graph *graph)
{
	Spec *spec = graph_spec(graph);
	List *nodes = NIL;

	for (int i = 0; i < spec->count; i++)
	{
		int number = spec->by_load_order[i];

		if (find_above(spec, number, false) == 0)
			nodes = lappend(nodes,
							pgmig_graph_node(graph, spec->nodes[number].id));
	}
	return nodes;
}

static Graph *
make_source(Work *work)
{
	work->source.load = load;
	work->source.load_all = load_all;
	work->source.find = find;
	work->source.find_prefix = find_prefix;
	work->source.heads = heads;
	work->source.arg = work->spec;
	return pgmig_graph_create(CurrentMemoryContext, &work->source);
}

/* --- Results ------------------------------------------------------------ */

/* Add the ids to the result; returns the set of their numbers. */
static uint32
put_nodes(Work *work, List *nodes)
{
	uint32 set = 0;
	ListCell *lc;

	appendStringInfoChar(work->result, '|');
	foreach(lc, nodes)
	{
		const char *id = ((GraphNode *) lfirst(lc))->id;
		uint32 bit = 1U << find_number(work->spec, id);

		if (set & bit)
			fuzz_fail("revision \"%s\" is there twice", id);
		set |= bit;
		appendStringInfo(work->result, " %s", id);
	}
	return set;
}

static uint32
applied_set(const Spec *spec)
{
	uint32 set = 0;

	for (int i = 0; i < spec->count; i++)
	{
		if (spec->nodes[i].applied)
			set |= 1U << i;
	}
	return set;
}

static void
check_closed(Work *work, uint32 applied, const char *when)
{
	for (int i = 0; i < work->spec->count; i++)
	{
		SpecNode *node = &work->spec->nodes[i];

		if ((applied & (1U << i)) && ((node->parents | node->deps) & ~applied))
			fuzz_fail("%s: \"%s\" is applied without what it needs",
					  when,
					  node->id);
	}
}

/*
 * Walk the plan: whatever is applied stays closed, and every step does
 * something.
 */
static uint32
check_plan(Work *work, List *plan, uint32 applied, bool up)
{
	ListCell *lc;

	foreach(lc, plan)
	{
		const char *id = ((GraphNode *) lfirst(lc))->id;
		uint32 bit = 1U << find_number(work->spec, id);

		if (((applied & bit) != 0) == up)
			fuzz_fail("the step of \"%s\" changes nothing", id);
		applied ^= bit;
		check_closed(work, applied, up ? "upgrade" : "downgrade");
	}
	(void) put_nodes(work, plan);
	return applied;
}

/* --- Operations --------------------------------------------------------- */

static void
upgrade(Work *work)
{
	List *plan = pgmig_plan_upgrade(work->graph, work->targets);

	(void) check_plan(work, plan, applied_set(work->spec), true);
}

static void
downgrade(Work *work)
{
	List *plan = pgmig_plan_downgrade(work->graph, work->first);

	(void) check_plan(work, plan, applied_set(work->spec), false);
}

static void
stamp(Work *work)
{
	StampPlan *plan = pgmig_plan_stamp(work->graph, work->targets);
	uint32 applied = applied_set(work->spec);
	uint32 add = put_nodes(work, plan->add);
	uint32 remove = put_nodes(work, plan->remove);

	if ((add & applied) != 0 || (remove & ~applied) != 0)
		fuzz_fail("a stamp changes nothing");
	check_closed(work, (applied | add) & ~remove, "stamp");
}

static void
history(Work *work)
{
	List *nodes = pgmig_range_history(work->graph, work->first);
	uint32 seen = 0;
	ListCell *lc;

	(void) put_nodes(work, nodes);
	foreach(lc, nodes)
	{
		int number = find_number(work->spec, ((GraphNode *) lfirst(lc))->id);

		if (find_above(work->spec, number, false) & ~seen)
		{
			uint32 above = find_above(work->spec, number, false) & ~seen;
			ListCell *rest;

			for_each_cell(rest, nodes, lc)
			{
				GraphNode *node = lfirst(rest);

				if (above & (1U << find_number(work->spec, node->id)))
					fuzz_fail("a history has \"%s\" before its child",
							  work->spec->nodes[number].id);
			}
		}
		seen |= 1U << number;
	}
}

/* As a script does, for a range or a target. */
static void
script(Work *work, bool up)
{
	uint32 applied = applied_set(work->spec);
	char *start;
	char *end;

	if (pgmig_range_split(work->first, &start, &end))
	{
		pgmig_plan_assume(work->graph, start);
		if (!pgmig_target_is_current(start))
		{
			ListCell *lc;

			applied = 0;
			foreach(lc, work->graph->all)
			{
				GraphNode *node = lfirst(lc);

				if (node->applied)
					applied |= 1U << find_number(work->spec, node->id);
			}
			check_closed(work, applied, "start of a script");
		}
	}
	else
		end = unconstify(char *, work->first);
	if (up)
		(void) check_plan(work,
						  pgmig_plan_upgrade(work->graph, list_make1(end)),
						  applied,
						  true);
	else
		(void) check_plan(work,
						  pgmig_plan_downgrade(work->graph, end),
						  applied,
						  false);
}

static void
script_up(Work *work)
{
	script(work, true);
}

static void
script_down(Work *work)
{
	script(work, false);
}

static void
resolve(Work *work)
{
	(void) put_nodes(work, pgmig_target_resolve(work->graph, work->first));
}

static void
resolve_one(Work *work)
{
	GraphNode *node = pgmig_target_resolve_one(work->graph, work->first);

	(void) put_nodes(work, node == NULL ? NIL : list_make1(node));
}

static void
resolve_heads(Work *work)
{
	(void) put_nodes(work,
					 pgmig_target_resolve_parents(work->graph,
												  work->targets,
												  false));
}

static void
resolve_parents(Work *work)
{
	(void) put_nodes(work,
					 pgmig_target_resolve_parents(work->graph,
												  work->targets,
												  true));
}

static void
name(Work *work)
{
	Target *target;

	if (pgmig_target_invalid_id(work->first) != NULL)
		return;
	target = pgmig_target_parse(work->first);
	if (target->branch != NULL || target->offset != NULL ||
		target->symbol == NULL || strcmp(target->symbol, work->first) != 0)
		fuzz_fail("a name is a target that is no name");
}

static void
drawing(Work *work)
{
	ListCell *lc;

	foreach(lc, pgmig_draw(work->graph, work->first))
		appendStringInfoString(work->result, lfirst(lc));
}

static const Operation operations[] = {
	{"upgrade", upgrade},
	{"downgrade", downgrade},
	{"stamp", stamp},
	{"history", history},
	{"script up", script_up},
	{"script down", script_down},
	{"resolve", resolve},
	{"resolve one", resolve_one},
	{"resolve heads", resolve_heads},
	{"resolve parents", resolve_parents},
	{"name", name},
	{"drawing", drawing},
};

/* --- All of it ---------------------------------------------------------- */

static void
run_operation(void *arg)
{
	Work *work = arg;

	work->operation->run(work);
}

/* What an operation says, with the graph read before or on the way. */
static char *
try_operation(Work *work, bool complete)
{
	StringInfoData result;
	int state;

	initStringInfo(&result);
	work->result = &result;
	work->graph = make_source(work);
	if (complete)
		pgmig_graph_complete(work->graph);
	state = fuzz_try(run_operation, work);
	if (state == 0)
		return result.data;
	return psprintf("%s: %s", unpack_sql_state(state), fuzz_message());
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Spec spec = {0};
	Work work = {.spec = &spec};
	char *text;

	if (size < 2)
		return 0;
	text = fuzz_begin(data + 2, size - 2);
	if (text == NULL)
		return 0;
	make_graph(&spec, data[0]);
	make_applied(&spec, data[1]);
	work.first = pstrdup(text);
	work.first = strtok(unconstify(char *, work.first), "\n");
	if (work.first == NULL)
		work.first = "";
	for (char *line = strtok(text, "\n"); line != NULL;
		 line = strtok(NULL, "\n"))
		work.targets = lappend(work.targets, line);

	for (int i = 0; i < lengthof(operations); i++)
	{
		char *on_the_way;
		char *before;

		work.operation = &operations[i];
		on_the_way = try_operation(&work, false);
		before = try_operation(&work, true);
		if (strcmp(on_the_way, before) != 0)
			fuzz_fail("%s: \"%s\" if nodes are read on the way, \"%s\" if before",
					  operations[i].name,
					  on_the_way,
					  before);
	}
	return 0;
}
