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
	SavedSettings *settings;
	SessionState *session;
	int first;     /* number of the statement with which this call begins */
	bool in_doubt; /* it had been started */
	bool started;  /* ... or another one by this call */
} StatementRun;

/* The one of this session. */
static StatementRun *current_run = NULL;

/* Does a statement only change the session? */
static bool
is_session_statement(const BodyStatement *statement)
{
	switch (nodeTag(statement->raw->stmt))
	{
		case T_VariableSetStmt:
		case T_PrepareStmt:
		case T_DeallocateStmt:
		case T_LoadStmt:
			return true;
		default:
			return false;
	}
}

/* Is a statement, as it is to run, a top-level command? */
static bool
is_top_level(const BodyRun *body, const BodyStatement *statement)
{
	if (statement->concurrently && !body->concurrently)
		return false;
	return statement->forbids != NULL || statement->may_forbid ||
		   statement->tag == CMDTAG_DO || statement->tag == CMDTAG_CALL;
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
				 errhint("Load the revision with that statement as it was; the statements after it may change. pgmig_resolve('%s', 'forget') begins anew.",
						 run->record->revision)));
	}
}

/* Record that the current statement is done, and commit. */
static void
record_done(StatementRun *run)
{
	run->record->done = run->body->statement;
	pgmig_catalog_advance_unfinished(run->scope,
									 statement_checksum(run->body,
														run->body->statement));
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
			 errhint("Find out, then SELECT pgmig_resolve('%s', 'done') or pgmig_resolve('%s', 'run again'), and start the run again.",
					 run->record->revision,
					 run->record->revision)));
}

/* Run a top-level command, or find that it is done. */
static void
run_top_level(StatementRun *run, bool again)
{
	const BodyStatement *statement = run->body->current;
	bool in_doubt =
		run->in_doubt && run->body->statement == run->first && again;
	char *replacement = NULL;
	ResumeAction action;

	if (in_doubt && pgmig_run_is_doubtful(statement))
		report_in_doubt(run);
	action = pgmig_run_examine(statement, again, &replacement);
	if (action == RESUME_DONE)
	{
		ereport(NOTICE,
				(errmsg("statement %d is done already: %s",
						run->body->statement,
						current_text(run))));
		record_done(run);
		return;
	}
	run->started = true;
	pgmig_catalog_start_unfinished(run->scope, run->step->run, true);
	pgmig_catalog_update_step(run->step->run, run->record, false);
	pgmig_run_commit();
	pgmig_run_statement(run->body,
						action == RESUME_REPLACE ? replacement : NULL,
						true);
	pgmig_run_begin();
	record_done(run);
}

/* One attempt at the current statement. */
static void
run_statement(void *arg, int attempt)
{
	StatementRun *run = arg;
	WalUsage wal = pgWalUsage;
	instr_time start;
	instr_time duration;

	INSTR_TIME_SET_CURRENT(start);
	run->record->statement = run->body->statement;
	run->record->line = run->body->current->line;
	if (is_top_level(run->body, run->body->current))
		run_top_level(run, attempt > 0 || run->body->statement == run->first);
	else
	{
		pgmig_run_statement(run->body, NULL, false);
		record_done(run);
	}
	INSTR_TIME_SET_CURRENT(duration);
	INSTR_TIME_SUBTRACT(duration, start);
	run->record->wal_bytes += pgWalUsage.wal_bytes - wal.wal_bytes;
	run->record->seconds += INSTR_TIME_GET_DOUBLE(duration);
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
									   unfinished->started);
	run->first = list_length(unfinished == NULL ? NIL : unfinished->done) + 1;
	run->in_doubt = unfinished != NULL && unfinished->started;
	run->record->done = run->first - 1;
	pgmig_catalog_start_step(run->step->run, run->record);
	run->session = pgmig_run_save_session(run->body->statements);
	run->settings = pgmig_run_save_settings();
	current_run = run;
	pgmig_run_set_body_settings(true);
	pgmig_run_commit();
	for (int number = 1; number < run->first; number++)
	{
		pgmig_run_go_to(run->body, number);
		if (!is_session_statement(run->body->current))
			continue;
		pgmig_run_begin();
		pgmig_run_statement(run->body, NULL, false);
		pgmig_run_commit();
	}
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
	pgmig_run_begin();
	sql = pgmig_run_read_body(step, &checksum);
	run->body = pgmig_run_begin_statements(step, sql, record);
	if (unfinished == NULL)
		ereport(NOTICE,
				(errmsg("Running %s %s",
						record->direction,
						pgmig_run_describe(step->node, step->downgrade))));
	else
	{
		check_done(run, unfinished);
		ereport(NOTICE,
				(errmsg("Resuming %s %s, at statement %d of %d",
						record->direction,
						pgmig_run_describe(step->node, step->downgrade),
						Min(list_length(unfinished->done) + 1,
							record->statements),
						record->statements)));
	}
	begin_run(run, unfinished);
	for (int number = run->first; number <= record->statements; number++)
	{
		pgmig_run_go_to(run->body, number);
		pgmig_run_attempts(step, run_statement, run);
	}
	run->body->current = NULL;
	pgmig_run_begin();
	pgmig_run_restore_session(run->session, run->body->statements);
	pgmig_run_restore_settings(run->settings);
	pgmig_run_apply_step(step, checksum);
	pgmig_catalog_remove_unfinished(run->scope);
	pgmig_catalog_update_step(step->run, record, true);
	pgmig_run_commit();
	current_run = NULL;
}

/*
 * After an error, in a new transaction: put the session back to what it was
 * before the body, and note that its statement did not finish.  The error
 * gets a hint unless it has one.  Returns false if no such body ran.
 */
bool
pgmig_run_leave_statements(ErrorData *error)
{
	StatementRun *run = current_run;

	if (run == NULL)
		return false;
	current_run = NULL;
	if (run->body->current != NULL)
		run->record->done = Max(run->body->statement, run->first) - 1;
	if (error->hint == NULL)
		error->hint =
			psprintf("What was done before stays done. When the cause is gone, CALL pgmig_%s_stepwise() continues with this statement; pgmig_edit() can change what is not done yet.",
					 run->record->direction);
	pgmig_run_begin();
	pgmig_run_restore_session(run->session, run->body->statements);
	pgmig_run_restore_settings(run->settings);
	if (run->started)
		pgmig_catalog_start_unfinished(run->scope, run->step->run, false);
	pgmig_run_commit();
	return true;
}
