/*-------------------------------------------------------------------------
 *
 * require.c
 *	  Is applied what an application needs?
 *
 * To be asked by every connection, and often.  Answers are kept, for the
 * backend, for as long as the catalogue has not changed, see change.c: one
 * that is kept is given without a look at any table, and without a lock.
 *
 * Answers are about what is committed or done by now, at any isolation level.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "errors.h"
#include "run/target.h"

/* So many answers are kept, of so many bytes of scope and target. */
#define MAX_ANSWERS 1024
#define MAX_ANSWER_LENGTH 600

/* So many current revisions an error lists. */
#define CURRENT_LISTED 10

typedef struct Question
{
	const char *scope;
	const char *target;
} Question;

typedef struct Answer
{
	Question question;
	bool yes;
	uint32 hash;
	char status;
} Answer;

static uint32
hash_question(Question question)
{
	return hash_combine(hash_bytes((const unsigned char *) question.scope,
								   strlen(question.scope)),
						hash_bytes((const unsigned char *) question.target,
								   strlen(question.target)));
}

#define SH_PREFIX answers
#define SH_ELEMENT_TYPE Answer
#define SH_KEY_TYPE Question
#define SH_KEY question
#define SH_HASH_KEY(table, key) hash_question(key)
#define SH_EQUAL(table, a, b)                                                 \
	(strcmp(a.scope, b.scope) == 0 && strcmp(a.target, b.target) == 0)
#define SH_SCOPE static inline
#define SH_STORE_HASH
#define SH_GET_HASH(table, a) (a)->hash
#define SH_DECLARE
#define SH_DEFINE
#include "lib/simplehash.h"

/* Answers of one generation of the catalogue, in a context of their own */
static answers_hash *answers = NULL;
static MemoryContext answers_cxt = NULL;
static uint64 answers_generation = 0;

static void
keep_answer(Question question, bool yes)
{
	Answer *answer;
	bool found;

	if (strlen(question.scope) + strlen(question.target) > MAX_ANSWER_LENGTH)
		return;
	if (answers_cxt == NULL)
		answers_cxt = AllocSetContextCreate(TopMemoryContext,
											"pgmig answers",
											ALLOCSET_SMALL_SIZES);
	if (answers == NULL || answers->members >= MAX_ANSWERS)
	{
		answers = NULL;
		MemoryContextReset(answers_cxt);
		answers = answers_create(answers_cxt, 16, NULL);
	}
	question.scope = MemoryContextStrdup(answers_cxt, question.scope);
	question.target = MemoryContextStrdup(answers_cxt, question.target);
	answer = answers_insert(answers, question, &found);
	answer->yes = yes;
}

/* The answer that is kept, or NULL. */
static Answer *
find_answer(Question question, uint64 generation)
{
	if (answers_generation != generation)
	{
		answers = NULL;
		if (answers_cxt != NULL)
			MemoryContextReset(answers_cxt);
		answers_generation = generation;
	}
	return answers == NULL ? NULL : answers_lookup(answers, question);
}

static const char *
describe_current(Graph *graph)
{
	StringInfoData buffer;
	int count = 0;
	ListCell *lc;

	initStringInfo(&buffer);
	foreach(lc, pgmig_graph_current(graph))
	{
		GraphNode *node = lfirst(lc);

		if (++count > CURRENT_LISTED)
		{
			appendStringInfoString(&buffer, ", ...");
			break;
		}
		appendStringInfo(&buffer, "%s%s", count == 1 ? "" : ", ", node->id);
	}
	return count == 0 ? "none" : buffer.data;
}

/* What to do next; to be called in an ereport(). */
static int
hint_at_upgrade(const char *target, const UnfinishedRevision *unfinished)
{
	const char *direction;

	if (unfinished == NULL)
		return errhint("Use SELECT pgmig_upgrade(%s).",
					   quote_literal_cstr(target));
	direction = unfinished->downgrade ? "downgrade" : "upgrade";
	return errhint("First finish the half-done %s of revision \"%s\", with CALL pgmig_%s_stepwise(%s).",
				   direction,
				   unfinished->revision,
				   direction,
				   unfinished->downgrade
					   ? "..."
					   : quote_literal_cstr(unfinished->revision));
}

pg_noreturn static void
report_not_applied(Graph *graph, const char *target, const char *revision,
				   const UnfinishedRevision *unfinished)
{
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_NOT_APPLIED),
			 pgmig_scope[0] == '\0'
				 ? errmsg("revision \"%s\" is not applied", revision)
				 : errmsg("revision \"%s\" is not applied in scope \"%s\"",
						  revision,
						  pgmig_scope),
			 errdetail("Current: %s.", describe_current(graph)),
			 hint_at_upgrade(target, unfinished)));
}

pg_noreturn static void
report_half_done(Graph *graph, const char *target,
				 const UnfinishedRevision *unfinished)
{
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_NOT_APPLIED),
			 errmsg("%s of revision \"%s\" is half-done",
					unfinished->downgrade ? "downgrade" : "upgrade",
					unfinished->revision),
			 errdetail("Current: %s.", describe_current(graph)),
			 hint_at_upgrade(target, unfinished)));
}

static bool
is_heads(const char *target)
{
	return strcmp(target, "heads") == 0;
}

/* The revisions that a target names; NIL for the heads of an empty graph. */
static List *
resolve(Graph *graph, const char *target)
{
	GraphNode *node;

	if (is_heads(target))
		return pgmig_graph_version_heads(graph);
	node = pgmig_target_resolve_one(graph, target);
	if (node == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("target \"%s\" names no revision", target),
				 errhint(
					 "Name the revision that is needed, or \"heads\" for all that there are.")));
	return list_make1(node);
}

/*
 * Find out whether the revisions that a target names are applied in this
 * scope, and none of them is half undone.  With report, errors out if not.
 */
static bool
examine(const char *target, bool report)
{
	UnfinishedRevision *unfinished;
	GraphNode *node = NULL;
	Graph *graph;
	ListCell *lc;

	/* The whole id is the usual case. */
	CommandCounterIncrement();
	if (pgmig_catalog_is_applied(target))
		return true;

	/*
	 * What is half-done is read first, with a snapshot of its own: then there
	 * was a moment at which both were so, as a downgrade that starts in
	 * between has found its revision applied.
	 */
	unfinished = pgmig_catalog_read_unfinished(pgmig_scope);
	pgmig_catalog_push_snapshot();
	graph = pgmig_catalog_graph();
	foreach(lc, resolve(graph, target))
	{
		node = pgmig_graph_expand(graph, lfirst(lc));
		if (node->applied)
			continue;
		if (report)
			report_not_applied(graph, target, node->id, unfinished);
		PopActiveSnapshot();
		return false;
	}
	/* Of what is applied, only a downgrade can be half-done. */
	if (unfinished != NULL && !is_heads(target) &&
		!(unfinished->downgrade &&
		  strcmp(unfinished->revision, node->id) == 0))
		unfinished = NULL;
	if (unfinished != NULL && report)
		report_half_done(graph, target, unfinished);
	PopActiveSnapshot();
	return unfinished == NULL;
}

/*
 * The same, from what is kept if possible.
 */
static bool
is_applied(const char *target, bool report)
{
	Question question = {.scope = pgmig_scope, .target = target};
	uint64 generation = pgmig_catalog_generation();
	Answer *answer =
		generation == 0 ? NULL : find_answer(question, generation);
	bool yes;

	/* An error is to say what is so by now. */
	if (answer != NULL && (answer->yes || !report))
		return answer->yes;
	yes = examine(target, report);
	/* If something has changed meanwhile, the next call finds no answer. */
	if (generation != 0)
		keep_answer(question, yes);
	return yes;
}

PG_FUNCTION_INFO_V1(pgmig_require);

/*
 * pgmig_require(revision text): errors out unless it is applied.
 */
Datum
pgmig_require(PG_FUNCTION_ARGS)
{
	const char *target = pgmig_run_target(fcinfo, 0);

	(void) is_applied(strcmp(target, "head") == 0 ? "heads" : target, true);
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(pgmig_is_at_head);

/*
 * pgmig_is_at_head(): is everything applied that is loaded, and nothing
 * half-done?
 */
Datum
pgmig_is_at_head(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(is_applied("heads", false));
}
