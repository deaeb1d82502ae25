/*-------------------------------------------------------------------------
 *
 * statements.c
 *	  Bodies that do not run in one transaction: statement by statement.
 *
 * Each statement has a transaction of its own, or, if it forbids one, is a
 * top-level command; DO and CALL are top-level commands, too, so that they
 * can commit.  That a statement is done is recorded in pgmig.unfinished, in
 * the same transaction as the last thing that it did.  A run that is
 * interrupted, however, leaves a row from which the next one continues.
 *
 * What a body sets is set for the session while it lasts, and is put back at
 * its end.  If the run fails, pgmig_run_leave_statements() does so.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "executor/instrument.h"
#include "miscadmin.h"
#include "portability/instr_time.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "errors.h"
#include "run/run.h"
#include "run/worker.h"

/* A body that runs so. */
typedef struct StatementRun
{
	const RunStep *step;
	char *scope; /* the body could change the setting */
	BodyRun *body;
	StepRecord *record;
	SavedSettings *settings; /* of the caller */
	SavedSettings *base;     /* with which the body begins */
	List *changed;           /* of char *, settings that it has changed */
	SessionState *session;
	bool resumed;
	int first;        /* number of the statement with which this call begins */
	bool in_doubt;    /* it had been started, and how it ended is not known */
	bool again;       /* it may have left something */
	bool started;     /* this call has started a top-level command */
	char *left_by;    /* a statement that may have left something and is not in
					   * the body any more, or NULL */
	char *left_index; /* invalid index that is left after an error, or NULL */
	WalUsage wal;     /* before the current statement */
	instr_time start; /* likewise */
} StatementRun;

/* The one of this session. */
static StatementRun *current_run = NULL;

/*
 * Is a statement, as it is to run, a top-level command?  SET LOCAL is one so
 * that the server warns that it has no effect.
 */
static bool
is_top_level(const BodyRun *body, const BodyStatement *statement)
{
	Node *node = statement->raw->stmt;

	if (statement->concurrently && !body->concurrently)
		return false;
	return statement->forbids != NULL || statement->may_forbid ||
		   statement->tag == CMDTAG_DO || statement->tag == CMDTAG_CALL ||
		   (IsA(node, VariableSetStmt) &&
			((VariableSetStmt *) node)->is_local);
}

/*
 * Checksum over the tokens of one statement of a body.
 */
char *
pgmig_run_statement_checksum(const char *sql, const BodyStatement *statement)
{
	char *checksum = palloc(PGMIG_CHECKSUM_LENGTH + 1);

	pgmig_body_checksum(pnstrdup(sql + statement->location, statement->length),
						checksum);
	return checksum;
}

static char *
statement_checksum(const BodyRun *body, int number)
{
	return pgmig_run_statement_checksum(body->sql,
										list_nth(body->statements,
												 number - 1));
}

/*
 * Refuse to continue a body whose statements that are done are not those that
 * were run.
 */
static void
check_done(const StatementRun *run, const UnfinishedRevision *unfinished)
{
	int number = 0;
	ListCell *lc;

	foreach(lc, unfinished->done)
	{
		number++;
		if (number <= list_length(run->body->statements) &&
			strcmp(lfirst(lc), statement_checksum(run->body, number)) == 0)
			continue;
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_CHECKSUM_MISMATCH),
				 errmsg("%s of revision \"%s\" was changed in what is already done",
						run->record->direction,
						run->record->revision),
				 errdetail("Statement %d is done, and is another one now.",
						   number),
				 errhint("Load the revision with that statement as it was; the statements after it may change. pgmig_resolve(%s, 'forget') begins anew.",
						 quote_literal_cstr(run->record->revision))));
	}
}

/* Add what the current statement has cost so far to the record. */
static void
add_cost(StatementRun *run)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	run->record->wal_bytes += pgWalUsage.wal_bytes - run->wal.wal_bytes;
	run->wal = pgWalUsage;
	INSTR_TIME_SUBTRACT(now, run->start);
	run->record->seconds += INSTR_TIME_GET_DOUBLE(now);
	INSTR_TIME_SET_CURRENT(run->start);
}

/* Record that the current statement is done, and commit. */
static void
record_done(StatementRun *run)
{
	Node *node = run->body->current->raw->stmt;

	/* A SET to what the session has already counts, too. */
	if (IsA(node, VariableSetStmt) && ((VariableSetStmt *) node)->name != NULL)
		run->changed = lappend(run->changed, ((VariableSetStmt *) node)->name);
	run->changed = pgmig_run_changed_settings(run->base, run->changed);
	add_cost(run);
	run->record->done = run->body->statement;
	pgmig_catalog_advance_unfinished(run->scope,
									 statement_checksum(run->body,
														run->body->statement),
									 run->changed);
	pgmig_catalog_update_step(run->step->run, run->record, false);
	pgmig_worker_keep_messages(run->step->run);
	pgmig_run_commit();
}

/* The current statement as it stands in the body. */
static char *
current_text(const StatementRun *run)
{
	const BodyStatement *statement = run->body->current;

	return pnstrdup(run->body->sql + statement->location, statement->length);
}

static void
report_in_doubt(const StatementRun *run)
{
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_IN_DOUBT),
			 errmsg("it is in doubt whether statement %d of %s of revision \"%s\" was carried out",
					run->body->statement,
					run->record->direction,
					run->record->revision),
			 errdetail("The run was interrupted after it had started: %s",
					   current_text(run)),
			 errhint("Find out, then SELECT pgmig_resolve(%s, 'done') or pgmig_resolve(%s, 'run again'), and start the run again.",
					 quote_literal_cstr(run->record->revision),
					 quote_literal_cstr(run->record->revision))));
}

/*
 * Run a top-level command, or find that it is done; also what would be one if
 * CONCURRENTLY were not taken out.
 */
static void
run_top_level(StatementRun *run, bool top_level, int attempt)
{
	const BodyStatement *statement = run->body->current;
	bool in_doubt =
		run->in_doubt && run->body->statement == run->first && attempt == 0;
	bool again = attempt > 0 || in_doubt ||
				 (run->again && run->body->statement == run->first);
	char *replacement = NULL;
	ResumeAction action;

	if (in_doubt && pgmig_run_is_doubtful(statement))
		report_in_doubt(run);
	action = pgmig_run_examine(run->body, again, in_doubt, &replacement);
	if (action == RESUME_DONE)
	{
		ereport(NOTICE,
				(errmsg("statement %d is done already: %s",
						run->body->statement,
						current_text(run))));
		record_done(run);
		return;
	}
	if (top_level)
	{
		run->started = true;
		pgmig_catalog_start_unfinished(run->scope,
									   run->step->run,
									   true,
									   current_text(run));
		pgmig_catalog_update_step(run->step->run, run->record, false);
		pgmig_run_commit();
	}
	pgmig_run_statement(run->body,
						action == RESUME_REPLACE ? replacement : NULL,
						top_level);
	if (top_level)
		pgmig_run_begin();
	record_done(run);
}

/* One attempt at the current statement. */
static void
run_statement(void *arg, int attempt)
{
	StatementRun *run = arg;
	bool top_level = is_top_level(run->body, run->body->current);
	ErrorContextCallback callback;

	pgmig_run_push_context(run->body, &callback);
	run->wal = pgWalUsage;
	INSTR_TIME_SET_CURRENT(run->start);
	run->record->statement = run->body->statement;
	run->record->line = run->body->current->line;
	if (top_level || run->body->current->concurrently)
		run_top_level(run, top_level, attempt);
	else
	{
		pgmig_run_statement(run->body, NULL, false);
		record_done(run);
	}
	add_cost(run);
	error_context_stack = callback.previous;
}

/* Refuse, before anything runs, what cannot run so. */
static void
check_statements(const StatementRun *run)
{
	ErrorContextCallback callback;

	pgmig_run_push_context(run->body, &callback);
	for (int number = run->first; number <= run->record->statements; number++)
	{
		Node *node;

		pgmig_run_go_to(run->body, number);
		node = run->body->current->raw->stmt;
		if (IsA(node, DiscardStmt) &&
			((DiscardStmt *) node)->target == DISCARD_ALL)
			ereport(ERROR,
					(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
					 errmsg("DISCARD ALL cannot be used in a stepwise run"),
					 errdetail(
						 "It would release the lock of the run and discard what the caller has in the session."),
					 errhint(
						 "Take it out: what a body sets is undone at its end anyway.")));
	}
	run->body->current = NULL;
	error_context_stack = callback.previous;
}

/*
 * Begin the body: its record, its settings, and what the statements that are
 * done have set.
 */
static void
begin_run(StatementRun *run, const UnfinishedRevision *unfinished)
{
	if (unfinished == NULL)
		pgmig_catalog_add_unfinished(run->scope,
									 run->record->revision,
									 run->step->downgrade,
									 run->step->run);
	else
		pgmig_catalog_start_unfinished(run->scope,
									   run->step->run,
									   unfinished->started,
									   unfinished->left_by);
	pgmig_catalog_start_step(run->step->run, run->record);
	run->session = pgmig_run_save_session(run->body->statements);
	run->settings = pgmig_run_save_settings();
	current_run = run;
	pgmig_run_set_body_settings(true);
	run->base = pgmig_run_save_settings();
	pgmig_run_commit();
	if (unfinished != NULL && unfinished->settings != NIL)
	{
		run->changed = unfinished->settings;
		pgmig_run_begin();
		pgmig_run_repeat_settings(unfinished->settings);
		pgmig_run_commit();
	}
}

/*
 * Is the next statement the one that did not finish?  Version 1.0 of the
 * extension does not know which one that was.
 */
static bool
is_same_statement(const StatementRun *run, const char *left_by)
{
	char checksum[PGMIG_CHECKSUM_LENGTH + 1];

	if (left_by == NULL)
		return true;
	if (run->first > run->record->statements)
		return false;
	pgmig_body_checksum(left_by, checksum);
	return strcmp(checksum, statement_checksum(run->body, run->first)) == 0;
}

/* Clear away what a statement left that is another one now. */
static void
clear_left(void *arg, int attempt)
{
	StatementRun *run = arg;
	ErrorContextCallback callback;

	pgmig_run_push_context(run->body, &callback);
	INSTR_TIME_SET_CURRENT(run->start);
	pgmig_run_clear_left(run->body, run->left_by);
	pgmig_catalog_start_unfinished(run->scope, run->step->run, false, NULL);
	pgmig_run_commit();
	error_context_stack = callback.previous;
}

/* The statements that this call has run. */
static List *
statements_run(const StatementRun *run)
{
	List *statements =
		list_truncate(list_copy(run->body->statements), run->record->done);

	return list_copy_tail(statements, run->first - 1);
}

/* Say what is about to happen. */
static void
report_begin(const StatementRun *run)
{
	const StepRecord *record = run->record;
	char *description =
		pgmig_run_describe(run->step->node, run->step->downgrade);

	if (!run->resumed)
		ereport(NOTICE,
				(errmsg("Running %s %s", record->direction, description)));
	else if (run->first > record->statements)
		ereport(NOTICE,
				(errmsg("Resuming %s %s, all statements are done",
						record->direction,
						description)));
	else
		ereport(NOTICE,
				(errmsg("Resuming %s %s, at statement %d of %d",
						record->direction,
						description,
						run->first,
						record->statements)));
}

/*
 * Take a step statement by statement, in transactions of their own.
 *
 * unfinished is what an earlier run has left of this step, or NULL.  To be
 * called in a new transaction, which has no snapshot.  The current memory
 * context outlives transactions.
 */
void
pgmig_run_statements(const RunStep *step, StepRecord *record,
					 UnfinishedRevision *unfinished)
{
	StatementRun *run = palloc0(sizeof(StatementRun));
	char *checksum;
	char *sql;

	pgmig_run_begin_record(step, record);
	run->step = step;
	run->record = record;
	run->scope = pstrdup(pgmig_scope);
	pgmig_run_begin_attempt(step);
	sql = pgmig_run_read_body(step, &checksum);
	run->body = pgmig_run_begin_statements(step, sql, record);
	run->resumed = unfinished != NULL;
	run->first = list_length(run->resumed ? unfinished->done : NIL) + 1;
	record->done = run->first - 1;
	if (run->resumed)
	{
		bool same = is_same_statement(run, unfinished->left_by);

		check_done(run, unfinished);
		run->in_doubt = unfinished->started && same;
		run->again = unfinished->left_by != NULL && same;
		run->left_by = same ? NULL : unfinished->left_by;
	}
	check_statements(run);
	report_begin(run);
	begin_run(run, unfinished);
	if (run->first <= record->statements)
		pgmig_run_go_to(run->body, run->first);
	if (run->left_by != NULL)
		pgmig_run_attempts(step, record, clear_left, run);
	for (int number = run->first; number <= record->statements; number++)
	{
		pgmig_run_go_to(run->body, number);
		pgmig_run_attempts(step, record, run_statement, run);
	}
	run->body->current = NULL;
	pgmig_run_begin_attempt(step);
	pgmig_run_restore_session(run->session, statements_run(run));
	pgmig_run_restore_settings(run->settings);
	pgmig_run_apply_step(step, checksum);
	pgmig_catalog_remove_unfinished(run->scope);
	pgmig_catalog_update_step(step->run, record, true);
	pgmig_run_finish_step(step);
	pgmig_run_commit();
	current_run = NULL;
}

/* Add to an error what is left, and what to do next. */
static void
add_hint(const StatementRun *run, ErrorData *error)
{
	const char *index = "";
	char *hint;

	if (run->left_index != NULL &&
		error->sqlerrcode == ERRCODE_DUPLICATE_TABLE)
		index =
			psprintf(" Invalid index %s is in the way; drop it with DROP INDEX CONCURRENTLY %s.",
					 run->left_index,
					 run->left_index);
	else if (run->left_index != NULL)
		index =
			psprintf(" Invalid index %s is left, which the next call drops.",
					 run->left_index);
	hint =
		psprintf("What was done before stays done.%s When the cause is gone, CALL pgmig_%s_stepwise() continues with this statement; pgmig_edit() can change what is not done yet.",
				 index,
				 run->record->direction);

	error->hint =
		error->hint == NULL ? hint : psprintf("%s %s", error->hint, hint);
}

/*
 * Does an error tell that a statement has left nothing?  These are raised
 * before it does anything.
 */
static bool
left_nothing(int sqlstate)
{
	return sqlstate == ERRCODE_DUPLICATE_TABLE ||
		   sqlstate == ERRCODE_DUPLICATE_OBJECT ||
		   sqlstate == ERRCODE_UNDEFINED_TABLE ||
		   sqlstate == ERRCODE_UNDEFINED_OBJECT ||
		   sqlstate == ERRCODE_INSUFFICIENT_PRIVILEGE;
}

/*
 * Note that the statement did not finish, and whether it may have left
 * something; and if nothing was done, that the revision is not half-done.
 */
static void
record_stop(const StatementRun *run, int sqlstate)
{
	const BodyStatement *statement = run->body->current;

	if (run->record->done == 0 && !run->started && !run->resumed)
		pgmig_catalog_remove_unfinished(run->scope);
	else if (run->started && statement != NULL &&
			 (left_nothing(sqlstate) || pgmig_run_is_doubtful(statement)))
		pgmig_catalog_start_unfinished(run->scope,
									   run->step->run,
									   false,
									   sqlstate == ERRCODE_DUPLICATE_TABLE
										   ? NULL
										   : current_text(run));
}

/* Look for the invalid index that the statement has left, if it has a name. */
static void
find_left_index(StatementRun *run)
{
	MemoryContext cxt = CurrentMemoryContext;
	const BodyStatement *statement = run->body->current;

	if (!run->started || statement == NULL ||
		!IsA(statement->raw->stmt, IndexStmt) ||
		((IndexStmt *) statement->raw->stmt)->idxname == NULL)
		return;
	HOLD_INTERRUPTS();
	pgmig_run_begin();
	MemoryContextSwitchTo(cxt);
	run->left_index = pgmig_run_left_index(current_text(run));
	pgmig_run_commit();
	MemoryContextSwitchTo(cxt);
	RESUME_INTERRUPTS();
}

/*
 * After an error, in a new transaction: put the session back to what it was
 * before the body, and note that its statement did not finish.  The error
 * gets a hint.  Returns false if no such body ran.
 */
bool
pgmig_run_leave_statements(ErrorData *error)
{
	StatementRun *run = current_run;

	if (run == NULL)
		return false;
	current_run = NULL;
	if (run->body->current != NULL)
		run->record->done = run->body->statement - 1;
	find_left_index(run);
	if ((run->record->done > 0 || run->started || run->resumed) &&
		error->sqlerrcode != ERRCODE_PGMIG_IN_DOUBT)
		add_hint(run, error);
	HOLD_INTERRUPTS();
	pgmig_run_begin();
	pgmig_run_restore_settings(run->settings);
	pgmig_run_commit();
	RESUME_INTERRUPTS();
	pgmig_run_begin();
	pgmig_run_restore_session(run->session, statements_run(run));
	pgmig_run_commit();
	pgmig_run_begin();
	record_stop(run, error->sqlerrcode);
	pgmig_run_commit();
	return true;
}

/*
 * Forget a body that an error of another kind has ended.
 */
void
pgmig_run_forget_statements(void)
{
	current_run = NULL;
}
