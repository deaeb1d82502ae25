/*-------------------------------------------------------------------------
 *
 * verify.c
 *	  Proof that each revision can be taken back: pgmig_verify().
 *
 * Walks a plan in a subtransaction that is rolled back at the end.  Each
 * revision is run, and then, in a subtransaction of its own, run back and
 * run again; the schema and the rows of all tables are compared with what
 * they were.  So what one revision breaks does not show at the next ones.
 *
 * What is found is kept in the memory context of the call, which no rollback
 * touches.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/dbcommands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/backend_status.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/tuplestore.h"

#include "compat.h"
#include "errors.h"
#include "run/contents.h"
#include "run/run.h"
#include "run/target.h"
#include "setting.h"

#define CHECK_UPGRADE "upgrade"
#define CHECK_DOWNGRADE "downgrade"
#define CHECK_AGAIN "upgrade again"
#define OUTCOME_OK "ok"
#define OUTCOME_DIFFERS "differs"
#define OUTCOME_FAILED "failed"
#define OUTCOME_LOSES "loses"
#define OUTCOME_NOT_REHEARSED "not rehearsed"

/* A row of the result. */
typedef struct Finding
{
	const char *revision;
	const char *check;
	const char *outcome;
	const char *kind;
	const char *identity;
	const char *property;
	const char *expected;
	const char *found;
	const char *message;
} Finding;

/* The schema and the rows at one point. */
typedef struct State
{
	MemoryContext cxt; /* that has it all */
	SchemaSnapshot *schema;
	List *contents;  /* of TableContents * */
	List *sequences; /* of SequenceContents *, to be put back */
	List *values;    /* likewise, of those in schema, in its order */
} State;

/* A rehearsal. */
typedef struct Rehearsal
{
	MemoryContext cxt;   /* for what outlives the subtransactions */
	MemoryContext proof; /* for the proof of one revision */
	List *plan;          /* of GraphNode * */
	bool downgrade;      /* the plan is of a downgrade */
	List *findings;      /* of Finding * */
	GraphNode *node;     /* the revision at work */
	RunStep step;
	StepRecord *record;
	State *before; /* it, in the plan's direction */
	State *after;
	List *sequences; /* of SequenceContents *, as they were */
	bool others;     /* other sessions may draw from sequences */
	bool incomplete; /* something of the revision was left out */
	bool left_out;   /* ... in the step that was tried last */
	bool stopped;    /* nothing more can be run */
} Rehearsal;

/* A step of a rehearsal that is tried. */
typedef struct Trial
{
	Rehearsal *rehearsal;
	bool downgrade;
	List *left_out; /* of char * */
} Trial;

static Finding *
add_finding(Rehearsal *rehearsal, const char *check, const char *outcome)
{
	MemoryContext old = MemoryContextSwitchTo(rehearsal->cxt);
	Finding *finding = palloc0(sizeof(Finding));

	finding->revision = rehearsal->node->id;
	finding->check = check;
	finding->outcome = outcome;
	rehearsal->findings = lappend(rehearsal->findings, finding);
	MemoryContextSwitchTo(old);
	return finding;
}

/* A text that a finding can have. */
static char *
keep(const Rehearsal *rehearsal, const char *text)
{
	return text == NULL ? NULL : MemoryContextStrdup(rehearsal->cxt, text);
}

static void
add_message(Rehearsal *rehearsal, const char *check, const char *outcome,
			const char *message)
{
	add_finding(rehearsal, check, outcome)->message = keep(rehearsal, message);
}

static void
read_rows(void *arg)
{
	State *state = arg;

	MemoryContextSwitchTo(state->cxt);
	state->contents = pgmig_run_read_contents(state->schema);
}

/*
 * The schema and the rows by now, in a context of its own.  Keeps no locks:
 * there may be more tables than locks.
 */
static State *
read_state(MemoryContext parent)
{
	MemoryContext cxt =
		AllocSetContextCreate(parent, "pgmig state", ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = MemoryContextSwitchTo(cxt);
	State *state = palloc(sizeof(State));
	ErrorData *error;

	state->cxt = cxt;
	state->schema = pgmig_run_read_schema(NIL, NIL);
	error = pgmig_run_rehearse(read_rows, state);
	if (error != NULL)
		ReThrowError(error);
	state->sequences = pgmig_run_read_sequences(false);
	state->values = pgmig_run_read_values(state->schema);
	MemoryContextSwitchTo(old);
	return state;
}

/* The state after a step that was tried; the one before if it did nothing. */
static State *
state_after(Rehearsal *rehearsal, MemoryContext parent, State *before)
{
	return rehearsal->record->statements == 0 ? before : read_state(parent);
}

/* Run the revision at work in one direction. */
static void
run_trial(void *arg)
{
	Trial *trial = arg;
	Rehearsal *rehearsal = trial->rehearsal;
	RunStep step = rehearsal->step;

	step.node = rehearsal->node;
	step.downgrade = trial->downgrade;
	step.rehearsal = true;
	step.left_out = &trial->left_out;
	pgmig_run_step(&step, rehearsal->record);
}

/* Does an error come from this being but a rehearsal, in one transaction? */
static bool
is_of_rehearsal(const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_ACTIVE_SQL_TRANSACTION:
		case ERRCODE_INVALID_TRANSACTION_TERMINATION:
		case ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE:
			return true;
		default:
			return false;
	}
}

static char *
describe_error(const Rehearsal *rehearsal, const ErrorData *error)
{
	StringInfoData text;

	initStringInfo(&text);
	appendStringInfo(&text,
					 "%s (SQLSTATE %s)",
					 error->message,
					 unpack_sql_state(error->sqlerrcode));
	if (rehearsal->record->statement > 0)
		appendStringInfo(&text,
						 ", statement %d, line %d",
						 rehearsal->record->statement,
						 rehearsal->record->line);
	return text.data;
}

/*
 * Run the revision at work in one direction, and tell of what did not run.
 *
 * Returns whether it ran; otherwise it is undone.  An error after something
 * was left out may come from that.
 */
static bool
try_step(Rehearsal *rehearsal, bool downgrade, const char *check)
{
	Trial trial = {.rehearsal = rehearsal, .downgrade = downgrade};
	ErrorData *error;
	ListCell *lc;

	memset(rehearsal->record, 0, sizeof(StepRecord));
	error = pgmig_run_attempt(run_trial, &trial);
	if (error != NULL && error->sqlerrcode == ERRCODE_QUERY_CANCELED)
		ReThrowError(error);
	foreach(lc, trial.left_out)
		add_message(rehearsal,
					check,
					OUTCOME_NOT_REHEARSED,
					psprintf("%s cannot run inside a transaction block, and was left out.",
							 (char *) lfirst(lc)));
	rehearsal->left_out = trial.left_out != NIL;
	rehearsal->incomplete = rehearsal->incomplete || rehearsal->left_out;
	if (error == NULL)
		return true;
	add_message(rehearsal,
				check,
				is_of_rehearsal(error) || rehearsal->incomplete
					? OUTCOME_NOT_REHEARSED
					: OUTCOME_FAILED,
				describe_error(rehearsal, error));
	return false;
}

/*
 * Tell that a check has found nothing: it is ok, unless something of the
 * revision was left out.
 */
static void
add_ok(Rehearsal *rehearsal, const char *check, const char *message)
{
	if (!rehearsal->incomplete)
		add_message(rehearsal, check, OUTCOME_OK, message);
	else if (!rehearsal->left_out)
		add_message(rehearsal,
					check,
					OUTCOME_NOT_REHEARSED,
					"Nothing differs, but something of the revision was left out.");
}

/* Name the tables whose columns have another order. */
static char *
describe_order(const List *differences)
{
	StringInfoData text;
	ListCell *lc;

	initStringInfo(&text);
	foreach(lc, differences)
	{
		SchemaDifference *difference = lfirst(lc);

		appendStringInfo(&text,
						 "%s%s of %s %s",
						 text.len > 0 ? ", " : "Equal but for ",
						 difference->property == NULL ? "the name"
						 : strcmp(difference->property, "columns") == 0
							 ? "the order of columns"
							 : difference->property,
						 pgmig_schema_kind_name(difference->kind),
						 difference->identity);
	}
	appendStringInfoChar(&text, '.');
	return text.data;
}

/* Compare two schemas.  Returns whether they are equal. */
static bool
compare_schemas(Rehearsal *rehearsal, const char *check,
				const SchemaSnapshot *expected, const SchemaSnapshot *found,
				char **message)
{
	List *strict = pgmig_schema_compare(expected, found);
	List *differences;
	ListCell *lc;

	*message = NULL;
	if (strict == NIL)
		return true;
	differences = pgmig_schema_compare(pgmig_schema_logical(expected),
									   pgmig_schema_logical(found));
	if (differences == NIL)
		*message = describe_order(strict);
	foreach(lc, differences)
	{
		SchemaDifference *difference = lfirst(lc);
		Finding *finding = add_finding(rehearsal, check, OUTCOME_DIFFERS);

		finding->kind = pgmig_schema_kind_name(difference->kind);
		finding->identity = keep(rehearsal, difference->identity);
		finding->property = keep(rehearsal, difference->property);
		finding->expected = keep(rehearsal, difference->a);
		finding->found = keep(rehearsal, difference->b);
		finding->message = difference->property != NULL ? NULL
						   : difference->before == NULL
							   ? "It is there, and was not before."
							   : "It is gone.";
	}
	return differences == NIL;
}

static void
add_rows(Rehearsal *rehearsal, const char *check, const char *outcome,
		 const TableContents *table, const char *property,
		 const char *expected, const char *found)
{
	Finding *finding = add_finding(rehearsal, check, outcome);

	finding->kind = "rows";
	finding->identity = keep(rehearsal, table->identity);
	finding->property = keep(rehearsal, property);
	finding->expected = keep(rehearsal, expected);
	finding->found = keep(rehearsal, found);
}

/*
 * Compare the rows of a table.  What was not there before the revision is
 * lost by taking it back; other differences are its fault.
 */
static bool
compare_table(Rehearsal *rehearsal, const char *check,
			  const TableContents *expected, const TableContents *found,
			  const TableContents *older)
{
	bool equal = true;
	bool columns = false;
	bool any_new = older == NULL;
	ListCell *lc;

	if (strcmp(expected->rows, found == NULL ? "0" : found->rows) != 0)
	{
		add_rows(rehearsal,
				 check,
				 older == NULL ? OUTCOME_LOSES : OUTCOME_DIFFERS,
				 expected,
				 NULL,
				 expected->rows,
				 found == NULL ? "0" : found->rows);
		return older == NULL;
	}
	if (found == NULL)
		return true;
	foreach(lc, expected->columns)
	{
		ColumnContents *column = lfirst(lc);
		ColumnContents *same = pgmig_run_find_column(found, column->name);
		bool is_new = older == NULL ||
					  pgmig_run_find_column(older, column->name) == NULL;

		any_new = any_new || is_new;
		if (same != NULL && strcmp(column->hash, same->hash) == 0)
			continue;
		columns = true;
		/* A column that is gone is a difference of the schema. */
		if (same == NULL)
			continue;
		add_rows(rehearsal,
				 check,
				 is_new ? OUTCOME_LOSES : OUTCOME_DIFFERS,
				 expected,
				 column->name,
				 psprintf("%s values", column->values),
				 strcmp(column->values, same->values) == 0
					 ? psprintf("%s values, others", same->values)
					 : psprintf("%s values", same->values));
		equal = equal && is_new;
	}
	if (columns || strcmp(expected->hash, found->hash) == 0 ||
		list_length(expected->columns) != list_length(found->columns))
		return equal;
	/* Of a column that is new, the values may be given to rows anew. */
	add_rows(rehearsal,
			 check,
			 any_new ? OUTCOME_LOSES : OUTCOME_DIFFERS,
			 expected,
			 NULL,
			 psprintf("%s rows", expected->rows),
			 psprintf("%s rows, with values in other rows", found->rows));
	return equal && any_new;
}

/*
 * Compare rows.  older are those before the revision, NULL if what it adds is
 * not to be told apart.
 */
static bool
compare_contents(Rehearsal *rehearsal, const char *check,
				 const State *expected, const State *found, const List *older)
{
	bool equal = true;
	ListCell *lc;

	foreach(lc, expected->contents)
	{
		TableContents *table = lfirst(lc);

		if (!compare_table(rehearsal,
						   check,
						   table,
						   pgmig_run_find_table(found->contents,
												table->identity),
						   pgmig_run_find_table(older, table->identity)))
			equal = false;
	}
	foreach(lc, found->contents)
	{
		TableContents *table = lfirst(lc);

		if (strcmp(table->rows, "0") == 0 ||
			pgmig_run_find_table(expected->contents, table->identity) != NULL)
			continue;
		add_rows(rehearsal,
				 check,
				 OUTCOME_DIFFERS,
				 table,
				 NULL,
				 "0",
				 table->rows);
		equal = false;
	}
	return equal;
}

/* The last value that a sequence has given. */
static char *
describe_value(const SequenceContents *sequence)
{
	if (!sequence->is_called)
		return psprintf("none, next %lld", (long long) sequence->last_value);
	return psprintf("%lld", (long long) sequence->last_value);
}

/* Does a sequence give values again that it has given? */
static bool
is_moved_back(const SequenceContents *expected, const SequenceContents *found)
{
	if (expected->last_value == found->last_value)
		return expected->is_called && !found->is_called;
	return expected->is_descending ? found->last_value > expected->last_value
								   : found->last_value < expected->last_value;
}

/* Compare sequences: values that were drawn are not to be drawn again. */
static bool
compare_sequences(Rehearsal *rehearsal, const char *check,
				  const State *expected, const State *found,
				  const State *older)
{
	bool equal = true;
	ListCell *lc;

	foreach(lc, expected->values)
	{
		SequenceContents *sequence = lfirst(lc);
		SequenceContents *now =
			pgmig_run_find_value(found->values, sequence->identity);
		bool is_new =
			pgmig_run_find_value(older->values, sequence->identity) == NULL;
		Finding *finding;

		if (now == NULL || !is_moved_back(sequence, now))
			continue;
		finding = add_finding(rehearsal,
							  check,
							  is_new ? OUTCOME_LOSES : OUTCOME_DIFFERS);
		finding->kind = "sequence";
		finding->identity = keep(rehearsal, sequence->identity);
		finding->property = "last_value";
		finding->expected = keep(rehearsal, describe_value(sequence));
		finding->found = keep(rehearsal, describe_value(now));
		equal = equal && is_new;
	}
	return equal;
}

/* Compare what is there with what should be there, and tell. */
static void
compare(Rehearsal *rehearsal, const char *check, const State *expected,
		const State *found, const State *older)
{
	MemoryContext old = MemoryContextSwitchTo(rehearsal->proof);
	int findings = list_length(rehearsal->findings);
	char *message;
	bool equal = compare_schemas(rehearsal,
								 check,
								 expected->schema,
								 found->schema,
								 &message);

	equal =
		compare_contents(rehearsal, check, expected, found, older->contents) &&
		equal;
	equal =
		compare_sequences(rehearsal, check, expected, found, older) && equal;
	/* What is lost has been told, and is no fault. */
	if (equal &&
		(message != NULL || list_length(rehearsal->findings) == findings))
		add_ok(rehearsal, check, message);
	MemoryContextSwitchTo(old);
}

/*
 * Run the upgrade of the revision at work again, which draws from sequences
 * what it drew the first time.
 */
static bool
try_again(Rehearsal *rehearsal, const State *state)
{
	if (!rehearsal->others)
		(void) pgmig_run_restore_sequences(state->sequences,
										   rehearsal->sequences,
										   false);
	return try_step(rehearsal, false, CHECK_AGAIN);
}

/* Back and forth again: an upgrade was just run, its downgrade is proved. */
static void
prove_upgrade(void *arg)
{
	Rehearsal *rehearsal = arg;
	State *back;

	if (!try_step(rehearsal, true, CHECK_DOWNGRADE))
		return;
	back = state_after(rehearsal, rehearsal->proof, rehearsal->after);
	compare(rehearsal,
			CHECK_DOWNGRADE,
			rehearsal->before,
			back,
			rehearsal->before);
	if (!try_again(rehearsal, rehearsal->before))
		return;
	compare(rehearsal,
			CHECK_AGAIN,
			rehearsal->after,
			state_after(rehearsal, rehearsal->proof, back),
			rehearsal->before);
}

/* Likewise from above: what is applied is taken back, and run again. */
static void
prove_downgrade(void *arg)
{
	Rehearsal *rehearsal = arg;
	State *back;

	if (!try_step(rehearsal, true, CHECK_DOWNGRADE))
		return;
	add_ok(rehearsal, CHECK_DOWNGRADE, NULL);
	back = state_after(rehearsal, rehearsal->proof, rehearsal->before);
	if (!try_step(rehearsal, false, CHECK_AGAIN))
		return;
	compare(rehearsal,
			CHECK_AGAIN,
			rehearsal->before,
			state_after(rehearsal, rehearsal->proof, back),
			back);
}

/* Prove the revision at work, and undo it. */
static void
prove(Rehearsal *rehearsal, void (*work)(void *arg))
{
	ErrorData *error;

	rehearsal->proof = AllocSetContextCreate(rehearsal->cxt,
											 "pgmig proof",
											 ALLOCSET_DEFAULT_SIZES);
	error = pgmig_run_rehearse(work, rehearsal);
	if (error != NULL)
		ReThrowError(error);
	MemoryContextDelete(rehearsal->proof);
}

/* The revision at work, forth, and back and forth once more. */
static void
verify_upgrade(Rehearsal *rehearsal)
{
	if (!try_step(rehearsal, false, CHECK_UPGRADE))
	{
		rehearsal->stopped = true;
		return;
	}
	add_ok(rehearsal, CHECK_UPGRADE, NULL);
	rehearsal->after =
		state_after(rehearsal, rehearsal->cxt, rehearsal->before);
	if (rehearsal->node->downgrade_statements >= 0)
		prove(rehearsal, prove_upgrade);
	else
		add_message(rehearsal,
					CHECK_DOWNGRADE,
					OUTCOME_NOT_REHEARSED,
					"It has no downgrade section: the revision is irreversible.");
}

/* The revision at work, back and forth, and then back. */
static void
verify_downgrade(Rehearsal *rehearsal)
{
	int findings;

	prove(rehearsal, prove_downgrade);
	findings = list_length(rehearsal->findings);
	rehearsal->stopped = !try_step(rehearsal, true, CHECK_DOWNGRADE);
	/* The first time has told of it. */
	rehearsal->findings = list_truncate(rehearsal->findings, findings);
	if (!rehearsal->stopped)
		rehearsal->after =
			state_after(rehearsal, rehearsal->cxt, rehearsal->before);
}

/* Walk the plan. */
static void
walk(void *arg)
{
	Rehearsal *rehearsal = arg;
	const char *last = NULL;
	ListCell *lc;

	rehearsal->step.steps = list_length(rehearsal->plan);
	rehearsal->before = read_state(rehearsal->cxt);
	foreach(lc, rehearsal->plan)
	{
		CHECK_FOR_INTERRUPTS();
		rehearsal->node = lfirst(lc);
		rehearsal->step.step++;
		rehearsal->incomplete = false;
		if (rehearsal->stopped)
		{
			add_message(rehearsal,
						rehearsal->downgrade ? CHECK_DOWNGRADE : CHECK_UPGRADE,
						OUTCOME_NOT_REHEARSED,
						psprintf("It comes after revision \"%s\", which did not run.",
								 last));
			continue;
		}
		if (rehearsal->downgrade)
			verify_downgrade(rehearsal);
		else
			verify_upgrade(rehearsal);
		last = rehearsal->node->id;
		if (rehearsal->stopped)
			continue;
		if (rehearsal->after != rehearsal->before)
			MemoryContextDelete(rehearsal->before->cxt);
		rehearsal->before = rehearsal->after;
	}
}

/* Sessions of other clients in this database that are at work. */
static int
count_active_sessions(void)
{
	int count = 0;

	pgstat_clear_backend_activity_snapshot();
	for (int i = 1; i <= pgstat_fetch_stat_numbackends(); i++)
	{
		LocalPgBackendStatus *entry = pgstat_get_local_beentry_by_index(i);
		PgBackendStatus *status = &entry->backendStatus;

		if (status->st_backendType == B_BACKEND &&
			status->st_procpid != MyProcPid &&
			status->st_databaseid == MyDatabaseId &&
			status->st_state != STATE_IDLE)
			count++;
	}
	return count;
}

static void
refuse_active_sessions(int count)
{
	if (count > 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_IN_USE),
				 errmsg_plural("database \"%s\" is in use by %d other session",
							   "database \"%s\" is in use by %d other sessions",
							   count,
							   get_database_name(MyDatabaseId),
							   count),
				 errdetail(
					 "A rehearsal takes the locks that the migrations take, and holds them to its end."),
				 errhint(
					 "Use a copy of the database, wait for the sessions to end, or call pgmig_verify() with force => true.")));
}

/*
 * Run the rehearsal, with sequences put back at its end.
 *
 * What other sessions have drawn from them must not be drawn again: they are
 * kept from it meanwhile, but with others that are active nothing is put back.
 */
static void
rehearse(Rehearsal *rehearsal)
{
	int guc_level = NewGUCNestLevel();
	ErrorData *error;
	int left;

	rehearsal->sequences = pgmig_run_read_sequences(!rehearsal->others);
	pgmig_set_option("client_min_messages", "warning", GUC_ACTION_SAVE);
	pgmig_set_option("pgmig.concurrently", "off", GUC_ACTION_SAVE);
	pgmig_set_option("pgmig.notify", "off", GUC_ACTION_SAVE);
	error = pgmig_run_rehearse(walk, rehearsal);
	AtEOXact_GUC(false, guc_level);
	left = pgmig_run_restore_sequences(rehearsal->sequences,
									   rehearsal->sequences,
									   true);
	if (error != NULL)
		ReThrowError(error);
	if (left > 0)
		ereport(NOTICE,
				(errmsg_plural("%d sequence was advanced and not put back",
							   "%d sequences were advanced and not put back",
							   left,
							   left),
				 errdetail("Other sessions may have drawn from them.")));
}

static void
put_findings(FunctionCallInfo fcinfo, const List *findings)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	ListCell *lc;

	foreach(lc, findings)
	{
		Finding *finding = lfirst(lc);
		const char *columns[] = {
			finding->revision,
			finding->check,
			finding->outcome,
			finding->kind,
			finding->identity,
			finding->property,
			finding->expected,
			finding->found,
			finding->message,
		};
		Datum values[lengthof(columns)];
		bool nulls[lengthof(columns)];

		for (int i = 0; i < lengthof(columns); i++)
		{
			nulls[i] = columns[i] == NULL;
			values[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(columns[i]);
		}
		tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(pgmig_verify);

/*
 * pgmig_verify(target text, force boolean, direction text): rehearse a run and
 * prove that each of its revisions can be taken back.
 *
 * One row a revision and check, or one for each difference.  Changes nothing.
 * Takes the locks that the run would take, to the end of the call.  Errors:
 * those of planning the run; 55006 if other sessions are active and force is
 * false.
 */
Datum
pgmig_verify(PG_FUNCTION_ARGS)
{
	RunRequest request = {0};
	Rehearsal rehearsal = {0};
	bool force = !PG_ARGISNULL(1) && PG_GETARG_BOOL(1);
	Graph *graph;
	int others;

	request.targets = list_make1(pgmig_run_target(fcinfo, 0));
	request.downgrade = pgmig_run_is_downgrade(fcinfo, 2);
	InitMaterializedSRF(fcinfo, 0);
	pgmig_catalog_prepare_write("pgmig_verify()");
	others = count_active_sessions();
	if (!force)
		refuse_active_sessions(others);
	pgmig_catalog_lock();
	pgmig_catalog_check_snapshot();
	pgmig_catalog_refuse_unfinished(pgmig_scope, false);
	pgmig_run_check_scope();
	rehearsal.cxt = CurrentMemoryContext;
	rehearsal.plan = pgmig_run_make_plan(&request, &graph);
	rehearsal.downgrade = request.downgrade;
	rehearsal.others = others > 0;
	if (rehearsal.downgrade)
		pgmig_run_check_reversible(rehearsal.plan);
	rehearsal.record = palloc0(sizeof(StepRecord));
	if (rehearsal.plan != NIL)
		rehearse(&rehearsal);
	put_findings(fcinfo, rehearsal.findings);
	return (Datum) 0;
}
