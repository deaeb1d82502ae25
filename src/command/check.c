/*-------------------------------------------------------------------------
 *
 * check.c
 *	  Is the database as the migrations have left it?  pgmig_check(), and
 *	  pgmig_accept() for what is to stay otherwise.
 *
 * Reads the schema as the caller, the catalogue as its owner.  Changes
 * nothing, but for pgmig_accept(), which adds a run to the log.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "command/command.h"
#include "errors.h"
#include "guard/guard.h"
#include "run/run.h"
#include "run/target.h"
#include "schema/schema.h"

/* So many findings are in the detail of an error. */
#define FINDINGS_IN_DETAIL 10

/* ... with so many bytes of a value. */
#define VALUE_IN_DETAIL 60

/* A row of pgmig_check(). */
typedef struct Finding
{
	const char *check;
	const char *kind;
	const char *identity;
	const char *property;
	const char *expected;
	const char *found;
	const char *changed_by;
	const char *hint;
} Finding;

static Finding *
add_finding(List **findings, const char *check, const char *hint)
{
	Finding *finding = palloc0(sizeof(Finding));

	finding->check = check;
	finding->hint = hint;
	*findings = lappend(*findings, finding);
	return finding;
}

/* Revisions that are not applied. */
static void
check_pending(List **findings, Graph *graph)
{
	ListCell *lc;

	foreach(lc, pgmig_plan_upgrade(graph, list_make1("heads")))
	{
		GraphNode *node = lfirst(lc);
		Finding *finding =
			add_finding(findings,
						"pending",
						"SELECT pgmig_upgrade('heads'), or CALL pgmig_upgrade_stepwise('heads').");

		finding->kind = "revision";
		finding->identity = node->id;
		finding->expected = "applied";
		finding->found = "not applied";
	}
}

/* Several heads, of which pgmig_upgrade('head') would not know which. */
static void
check_heads(List **findings, Graph *graph)
{
	List *heads = pgmig_graph_version_heads(graph);
	ListCell *lc;

	if (list_length(heads) < 2)
		return;
	foreach(lc, heads)
	{
		Finding *finding =
			add_finding(findings,
						"heads",
						"SELECT pgmig_merge(), if these branches are not meant to stay apart.");

		finding->kind = "revision";
		finding->identity = ((GraphNode *) lfirst(lc))->id;
		finding->expected = "one head";
		finding->found = psprintf("%d heads", list_length(heads));
	}
}

/* Bodies that are not what was loaded, or not what was applied. */
static void
check_checksums(List **findings)
{
	ListCell *lc;

	foreach(lc, pgmig_catalog_changed_bodies())
	{
		ChangedBody *body = lfirst(lc);
		Finding *finding =
			add_finding(findings,
						"checksum",
						body->applied
							? "Put the upgrade back that was applied, or accept the present one: take the revision out and in again with pgmig_stamp()."
							: "Load the revision's document again.");

		finding->kind = "revision";
		finding->identity = body->revision;
		finding->property = body->downgrade ? "downgrade" : "upgrade";
		finding->expected = body->expected;
		finding->found = body->found;
	}
}

/* A revision that is half-done. */
static void
check_unfinished(List **findings)
{
	UnfinishedRevision *unfinished =
		pgmig_catalog_read_unfinished(pgmig_scope);
	Finding *finding;

	if (unfinished == NULL)
		return;
	finding =
		add_finding(findings,
					"unfinished",
					unfinished->downgrade
						? "CALL pgmig_downgrade_stepwise() with the same target goes on; see pgmig_status() and pgmig_resolve()."
						: "CALL pgmig_upgrade_stepwise() with the same target goes on; see pgmig_status() and pgmig_resolve().");
	finding->kind = "revision";
	finding->identity = unfinished->revision;
	finding->property = unfinished->downgrade ? "downgrade" : "upgrade";
	finding->expected = "finished";
	finding->found = psprintf(list_length(unfinished->done) == 1
								  ? "half-done: %d statement"
								  : "half-done: %d statements",
							  list_length(unfinished->done));
}

/* A guard that was restored from a dump, without its event triggers. */
static void
check_guard(List **findings)
{
	GuardState state = pgmig_guard_state();
	Finding *finding;

	if (strcmp(state.mode, state.in_force) == 0)
		return;
	finding = add_finding(findings,
						  "guard",
						  psprintf("SELECT pgmig_guard('%s').", state.mode));
	finding->expected = state.mode;
	finding->found = state.in_force;
}

/* The name, without quotes, that a text begins with. */
static char *
first_name(const char *text)
{
	StringInfoData name;

	initStringInfo(&name);
	if (*text != '"')
		appendBinaryStringInfo(&name, text, strcspn(text, ". "));
	else
		for (text++; *text != '\0' && (*text != '"' || *++text == '"'); text++)
			appendStringInfoChar(&name, *text);
	return name.data;
}

/* The schema that an object is in, or is; NULL for none. */
static char *
schema_of(const SchemaObject *object)
{
	static const char in_schema[] = " in schema ";
	const char *kind;
	const char *place;

	while (object->parent != NULL)
		object = object->parent;
	kind = pgmig_schema_kind_name(object->kind);
	if (strcmp(kind, "default privileges") == 0)
	{
		place = strstr(object->identity, in_schema);
		return place == NULL ? NULL : first_name(place + strlen(in_schema));
	}
	/* What is in no schema has a name and nothing more, or a cast's. */
	if (strcmp(kind, "schema") != 0 && strchr(object->identity, '.') == NULL)
		return NULL;
	return first_name(object->identity);
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *) a, *(char *const *) b);
}

/*
 * Leave out what is in a schema that has become a scope since: it is that
 * one's.
 */
static void
leave_out_scopes(SchemaSnapshot *expected)
{
	List *scopes = pgmig_scope[0] == '\0' ? pgmig_catalog_scopes() : NIL;
	char **names = palloc(sizeof(char *) * Max(list_length(scopes), 1));
	MemoryContext cxt;
	int count = 0;
	ListCell *lc;

	if (scopes == NIL)
		return;
	foreach(lc, scopes)
		names[count++] = lfirst(lc);
	qsort(names, count, sizeof(char *), compare_names);
	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"pgmig name",
								ALLOCSET_SMALL_SIZES);
	count = 0;
	for (int i = 0; i < expected->count; i++)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);
		char *schema = schema_of(expected->objects[i]);

		if (schema == NULL || bsearch(&schema,
									  names,
									  list_length(scopes),
									  sizeof(char *),
									  compare_names) == NULL)
			expected->objects[count++] = expected->objects[i];
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	expected->count = count;
}

static void
add_difference(List **findings, const SchemaDifference *difference,
			   const char *changed_by)
{
	Finding *finding =
		add_finding(findings,
					"drift",
					"Make it a revision or undo it; or SELECT pgmig_accept('reason').");

	finding->kind = pgmig_schema_kind_name(difference->kind);
	finding->identity = difference->identity;
	finding->property = difference->property;
	finding->expected =
		difference->before == NULL ? "not there" : difference->a;
	finding->found = difference->after == NULL ? "not there" : difference->b;
	finding->changed_by = changed_by;
}

static void
add_differences(List **findings, const RecordedRun *run,
				SchemaSnapshot *expected)
{
	SchemaSnapshot *found = pgmig_run_read_scope();
	List *differences;
	ListCell *difference;
	ListCell *changed_by;

	leave_out_scopes(expected);
	/* Of several scopes that have nothing, one record is kept. */
	expected->schemas = found->schemas;
	differences =
		pgmig_command_drop_consequences(pgmig_schema_compare(expected, found));
	forboth(difference,
			differences,
			changed_by,
			pgmig_command_changed_by(differences, run->ended_at))
		add_difference(findings, lfirst(difference), lfirst(changed_by));
}

/* The schema that the last run has left is not known. */
static void
add_unrecorded(List **findings, const RecordedRun *run)
{
	Finding *finding =
		add_finding(findings,
					"snapshot",
					"Compare the schema by other means, then SELECT pgmig_accept('reason').");

	finding->kind = "run";
	finding->expected = "a record of the schema at its end";
	if (run == NULL)
		finding->found = "no run in the log";
	else
	{
		finding->identity = psprintf("%lld", (long long) run->run);
		finding->found =
			run->fingerprint == NULL ? "none was made" : "it was deleted";
	}
}

/* Differences between the schema and what the last run has left. */
static void
check_drift(List **findings, bool is_applied)
{
	RecordedRun *run = pgmig_catalog_recorded_run(NULL);
	Finding *finding;

	if (run == NULL)
	{
		if (is_applied)
			add_unrecorded(findings, NULL);
	}
	else if (strcmp(run->outcome, "running") == 0)
	{
		finding =
			add_finding(findings,
						"run",
						"Wait for its end, see pgmig_progress(); if its process is gone, start again what is pending, or SELECT pgmig_accept('reason').");
		finding->kind = "run";
		finding->identity = psprintf("%lld", (long long) run->run);
		finding->expected = "at its end";
		finding->found = "at work, or its process is gone";
	}
	else if (run->snapshot == NULL)
		add_unrecorded(findings, run);
	else
		add_differences(findings,
						run,
						pgmig_schema_from_jsonb(run->snapshot,
												"pgmig.snapshot"));
}

static List *
find_all(void)
{
	List *findings = NIL;
	bool is_applied;
	Graph *graph;

	pgmig_catalog_push_snapshot();
	graph = pgmig_catalog_graph();
	is_applied = pgmig_graph_current(graph) != NIL;
	check_pending(&findings, graph);
	check_heads(&findings, graph);
	check_checksums(&findings);
	check_unfinished(&findings);
	PopActiveSnapshot();
	check_guard(&findings);
	check_drift(&findings, is_applied);
	return findings;
}

/* The beginning of a value. */
static char *
clip(const char *value)
{
	if (value == NULL)
		return "none";
	return pnstrdup(value,
					pg_mbcliplen(value, strlen(value), VALUE_IN_DETAIL));
}

/* A finding as a line of an error's detail. */
static void
append_finding(StringInfo text, const Finding *finding)
{
	appendStringInfo(text, "%s%s:", text->len > 0 ? "\n" : "", finding->check);
	if (finding->kind != NULL)
		appendStringInfo(text, " %s", finding->kind);
	if (finding->identity != NULL)
		appendStringInfo(text, " %s", finding->identity);
	if (finding->property != NULL)
		appendStringInfo(text, ", %s", finding->property);
	if (finding->expected != NULL || finding->found != NULL)
		appendStringInfo(text,
						 " (expected: %s; found: %s)",
						 clip(finding->expected),
						 clip(finding->found));
}

pg_noreturn static void
report_findings(const List *findings)
{
	StringInfoData text;
	ListCell *lc;

	initStringInfo(&text);
	foreach(lc, findings)
	{
		if (foreach_current_index(lc) == FINDINGS_IN_DETAIL)
		{
			appendStringInfo(&text,
							 "\n... and %d more",
							 list_length(findings) - FINDINGS_IN_DETAIL);
			break;
		}
		append_finding(&text, lfirst(lc));
	}
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_DRIFT),
			 errmsg("the database is not as its migrations have left it"),
			 errdetail_internal("%s", text.data),
			 errhint(
				 "SELECT * FROM pgmig_check() says what to do about each.")));
}

PG_FUNCTION_INFO_V1(pgmig_check);

/*
 * pgmig_check(raise boolean): what is not as it should be, a row each, with
 * what to do about it; no row means that all is well.
 *
 * With raise, findings are an error (MG017) instead.
 */
Datum
pgmig_check(PG_FUNCTION_ARGS)
{
	bool raise = !PG_ARGISNULL(0) && PG_GETARG_BOOL(0);
	List *findings;
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	findings = find_all();
	if (raise && findings != NIL)
		report_findings(findings);
	foreach(lc, findings)
	{
		Finding *finding = lfirst(lc);
		Datum values[8];
		bool nulls[8];

		values[0] = pgmig_command_text(finding->check, &nulls[0]);
		values[1] = pgmig_command_text(finding->kind, &nulls[1]);
		values[2] = pgmig_command_text(finding->identity, &nulls[2]);
		values[3] = pgmig_command_text(finding->property, &nulls[3]);
		values[4] = pgmig_command_text(finding->expected, &nulls[4]);
		values[5] = pgmig_command_text(finding->found, &nulls[5]);
		values[6] = pgmig_command_text(finding->changed_by, &nulls[6]);
		values[7] = pgmig_command_text(finding->hint, &nulls[7]);
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_accept);

/*
 * pgmig_accept(reason text): record the present schema as the expected one.
 *
 * Returns the number of the run that stands for it in the log, whose tag is
 * the reason.
 */
Datum
pgmig_accept(PG_FUNCTION_ARGS)
{
	char *reason = pgmig_run_optional(fcinfo, 0);
	int64 run;

	if (reason == NULL || strspn(reason, " \t\r\n") == strlen(reason))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("pgmig_accept() needs a reason"),
				 errhint(
					 "Say why the schema is to stay as it is; pgmig_log() shows it.")));
	pgmig_catalog_prepare_write("pgmig_accept()");
	pgmig_catalog_lock();
	pgmig_catalog_check_snapshot();
	run = pgmig_catalog_next_run();
	pgmig_catalog_start_run(run, "accept", "", reason, "transaction");
	(void) pgmig_run_store_schema(run);
	pgmig_catalog_finish_run(run);
	PG_RETURN_INT64(run);
}

PG_FUNCTION_INFO_V1(pgmig_recorded);

/*
 * pgmig_recorded(run bigint): the schema as a run of this scope has left it,
 * null: the last run.  Null if it was not recorded.
 */
Datum
pgmig_recorded(PG_FUNCTION_ARGS)
{
	int64 number = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);
	RecordedRun *run =
		pgmig_catalog_recorded_run(PG_ARGISNULL(0) ? NULL : &number);

	if (run == NULL && !PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("run %lld does not exist", (long long) number),
				 errhint("pgmig_log() shows the runs of this scope.")));
	if (run == NULL || run->snapshot == NULL)
		PG_RETURN_NULL();
	PG_RETURN_JSONB_P(run->snapshot);
}
