/*-------------------------------------------------------------------------
 *
 * body.c
 *	  One body: its statements, through SPI, as the caller.
 *
 * A body runs in a GUC nest level of its own, which takes back every setting
 * and the role at its end.  Errors keep their SQLSTATE, message, detail and
 * hint, and get the place in the body.  Nothing outlives an error here but
 * the statement timer and the mark that a body runs, which are put back on
 * the way out.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/proc.h"
#include "tcop/tcopprot.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "compat.h"
#include "errors.h"
#include "run/run.h"
#include "setting.h"

static void
body_error_callback(void *arg)
{
	const BodyRun *body = arg;

	if (body->current == NULL)
		errcontext("pgmig %s of revision \"%s\", end of the body",
				   body->step->downgrade ? "downgrade" : "upgrade",
				   body->step->node->id);
	else
		errcontext("pgmig %s of revision \"%s\", statement %d of %d, line %d",
				   body->step->downgrade ? "downgrade" : "upgrade",
				   body->step->node->id,
				   body->statement,
				   list_length(body->statements),
				   body->current->line);
}

/*
 * Show the error as one of the body, at this position of the text of the
 * current statement, in characters from 1: psql prints the line of the body
 * and a caret.
 */
static void
set_position(const BodyRun *body, const char *text, int position)
{
	const char *p = text;

	while (--position > 0 && *p != '\0')
		p += pg_mblen(p);
	pgmig_body_error_position(body->sql,
							  body->current->location + (int) (p - text));
}

/*
 * Take out of the error's context that it came through SPI, where the
 * statement is quoted whole: the position says as much.
 */
static void
remove_statement_context(ErrorData *error, const char *text)
{
	char *line = psprintf(_("SQL statement \"%s\""), text);
	char *found;

	if (error->context == NULL)
		return;
	found = strstr(error->context, line);
	if (found != NULL && found[strlen(line)] == '\n')
		memmove(found,
				found + strlen(line) + 1,
				strlen(found + strlen(line) + 1) + 1);
}

/* Add what may help to an error of a statement. */
static void
add_advice(ErrorData *error)
{
	if (error->sqlerrcode == ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE)
		error->hint = pstrdup(
			"CALL pgmig_upgrade_stepwise() commits each revision. If the value is added and used in one section, mark it \"no-transaction\".");
	if (error->sqlerrcode == ERRCODE_INVALID_TRANSACTION_TERMINATION &&
		error->hint == NULL)
		error->hint = pstrdup(
			"The statement runs in a transaction of pgmig. If it has to commit, mark the section \"no-transaction\" and use CALL pgmig_upgrade_stepwise() or CALL pgmig_downgrade_stepwise().");
	pgmig_run_add_blockers(error);
}

/*
 * Take the error that is being handled, add what the runner knows, and throw
 * it on.
 *
 * An error without a position gets that of the statement; of a top-level
 * command, the query is the statement itself.  One with a position in a query of some function that the statement called keeps it;
 * the text tells these apart from positions in the statement.
 */
pg_noreturn static void
rethrow(const BodyRun *body, const char *text, bool top_level,
		MemoryContext cxt)
{
	ErrorData *error;

	MemoryContextSwitchTo(cxt);
	error = CopyErrorData();
	if (error->internalquery == NULL)
		set_position(body,
					 text,
					 top_level && error->cursorpos > 0 ? error->cursorpos : 1);
	else if (strcmp(error->internalquery, text) == 0)
		set_position(body, text, error->internalpos);
	error = CopyErrorData();
	FlushErrorState();
	remove_statement_context(error, text);
	add_advice(error);
	body->record->statement = body->statement;
	body->record->line = body->current->line;
	ReThrowError(error);
}

/*
 * Error out if the schema of the scope does not exist.
 */
void
pgmig_run_check_scope(void)
{
	if (pgmig_scope[0] != '\0' &&
		!OidIsValid(get_namespace_oid(pgmig_scope, true)))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_SCHEMA),
				 errmsg("schema \"%s\", the scope of the migration, does not exist",
						pgmig_scope),
				 errhint("Create the schema, or correct pgmig.scope.")));
}

/*
 * The lock timeout of a body, in ms, 0 for none: ours, unless the session has
 * a shorter one.
 */
int
pgmig_run_lock_timeout(void)
{
	if (pgmig_lock_timeout > 0 &&
		(LockTimeout == 0 || LockTimeout > pgmig_lock_timeout))
		return pgmig_lock_timeout;
	return LockTimeout;
}

/*
 * Set the settings under which bodies run: to the end of the current GUC nest
 * level, or for the session.
 */
void
pgmig_run_set_body_settings(bool session)
{
	GucAction action = session ? GUC_ACTION_SET : GUC_ACTION_SAVE;

	pgmig_run_check_scope();
	if (pgmig_scope[0] != '\0')
		pgmig_set_option("search_path",
						 psprintf("%s%s%s",
								  quote_identifier(pgmig_scope),
								  namespace_search_path[0] == '\0' ? "" : ", ",
								  namespace_search_path),
						 action);
	if (pgmig_run_lock_timeout() != LockTimeout)
		pgmig_set_option("lock_timeout",
						 psprintf("%d", pgmig_run_lock_timeout()),
						 action);
	/* Bodies were split and checked so when they were loaded. */
	pgmig_set_option("standard_conforming_strings", "on", action);
}

/*
 * Show the other sessions what runs.
 */
void
pgmig_run_report_activity(const BodyRun *body, const char *text)
{
	const RunStep *step = body->step;

	pgstat_report_activity(STATE_RUNNING,
						   psprintf("pgmig %s %d/%d %s %d/%d: %.*s",
									step->downgrade ? "downgrade" : "upgrade",
									step->step,
									step->steps,
									step->node->id,
									body->statement,
									list_length(body->statements),
									Min((int) strlen(text),
										pgstat_track_activity_query_size),
									text));
}

/* Run a statement through SPI, in the present transaction. */
static uint64
run_in_transaction(const char *text)
{
	SPIExecuteOptions options = {.dest = None_Receiver};
	int code = SPI_execute_extended(text, &options);

	if (code == SPI_ERROR_TRANSACTION)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg(
					 "transaction control is not allowed in a migration body"),
				 errhint("pgmig begins and commits transactions itself.")));
	if (code == SPI_ERROR_COPY)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg(
					 "COPY to or from the client is not allowed in a migration body"),
				 errhint("Use INSERT, or COPY with a file on the server.")));
	if (code < 0)
		elog(ERROR,
			 "could not execute a statement of a migration body: %s",
			 SPI_result_code_string(code));
	return SPI_processed;
}

/* Go to a statement, numbered from 1. */
void
pgmig_run_go_to(BodyRun *body, int number)
{
	body->current = list_nth(body->statements, number - 1);
	body->statement = number;
}

/* The text of the current statement as it is to run. */
static char *
statement_text(const BodyRun *body)
{
	const BodyStatement *statement = body->current;

	if (statement->concurrently && !body->concurrently)
		return pgmig_body_without_concurrently(body->sql, statement);
	return pnstrdup(body->sql + statement->location, statement->length);
}

/*
 * Run the current statement, or another text that takes its place; errors are
 * those of the body.
 */
static void
run_statement(BodyRun *body, const char *replacement, bool top_level)
{
	MemoryContext cxt = CurrentMemoryContext;
	TimestampTz timer = pgmig_run_start_timeout(pgmig_statement_timeout);
	const char *volatile text = "";

	pgmig_run_watch_locks();
	PG_TRY();
	{
		text = replacement == NULL ? statement_text(body) : replacement;
		pgmig_run_report_activity(body, text);
		body->record->rows +=
			top_level ? pgmig_run_top_level(text) : run_in_transaction(text);
		if (pgmig_catalog_relation(true) != body->catalogue)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_IN_BODY),
					 errmsg("a migration body cannot drop extension \"pgmig\""),
					 errhint("Drop the extension outside of a migration.")));
		pgmig_run_stop_timeout(timer);
		pgmig_run_unwatch_locks();
	}
	PG_CATCH();
	{
		pgmig_run_stop_timeout(timer);
		pgmig_run_unwatch_locks();
		rethrow(body, text, top_level, cxt);
	}
	PG_END_TRY();
}

/* Is the current statement not to run, since this is but a rehearsal? */
static bool
leave_out(BodyRun *body)
{
	const RunStep *step = body->step;
	MemoryContext old;

	if (!step->rehearsal || body->current->forbids == NULL ||
		body->current->concurrently)
		return false;
	old = MemoryContextSwitchTo(GetMemoryChunkContext(body->record));
	*step->left_out =
		lappend(*step->left_out, pstrdup(body->current->forbids));
	MemoryContextSwitchTo(old);
	return true;
}

static void
run_statements(BodyRun *body)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig statement",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;

	for (int i = 1; i <= list_length(body->statements); i++)
	{
		CHECK_FOR_INTERRUPTS();
		MemoryContextSwitchTo(cxt);
		pgmig_run_go_to(body, i);
		if (!leave_out(body))
			run_statement(body, NULL, false);
		body->record->done = i;
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	body->current = NULL;
	MemoryContextDelete(cxt);
}

static void
begin_body(BodyRun *body, const RunStep *step, const char *sql,
		   StepRecord *record)
{
	body->step = step;
	body->sql = sql;
	body->record = record;
	body->concurrently = pgmig_concurrently;
	body->catalogue = pgmig_catalog_relation(false);
	body->statements = pgmig_body_split(sql);
	record->statements = list_length(body->statements);
}

/*
 * From now on, errors are those of the current statement of a body; until
 * error_context_stack is put back to callback->previous.
 */
void
pgmig_run_push_context(BodyRun *body, ErrorContextCallback *callback)
{
	callback->callback = body_error_callback;
	callback->arg = body;
	callback->previous = error_context_stack;
	error_context_stack = callback;
}

/*
 * Run a body in the present transaction.
 *
 * Sets in record what its statements did.  Changes of settings and of the
 * role, and what else session.c lists, are undone at the end.
 */
void
pgmig_run_body(const RunStep *step, const char *sql, StepRecord *record)
{
	BodyRun body = {0};
	ErrorContextCallback callback;
	SessionState *session;
	int guc_level;

	guc_level = NewGUCNestLevel();
	pgmig_run_set_body_settings(false);
	begin_body(&body, step, sql, record);
	session = pgmig_run_save_session(body.statements);
	SPI_connect();
	pgmig_run_push_context(&body, &callback);
	pgmig_catalog_enter_body();
	PG_TRY();
	{
		run_statements(&body);
		pgmig_run_restore_session(session, body.statements);
	}
	PG_CATCH();
	{
		/* Prepared statements are not undone with the transaction. */
		pgmig_run_drop_prepared(body.statements, body.statement - 1);
		pgmig_catalog_leave_body();
		pgstat_report_activity(STATE_RUNNING, debug_query_string);
		PG_RE_THROW();
	}
	PG_END_TRY();
	pgmig_catalog_leave_body();
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	error_context_stack = callback.previous;
	SPI_finish();
	AtEOXact_GUC(false, guc_level);
}

/*
 * Prepare to run the statements of a body one by one, with
 * pgmig_run_statement(), in transactions of their own.
 */
BodyRun *
pgmig_run_begin_statements(const RunStep *step, const char *sql,
						   StepRecord *record)
{
	BodyRun *body = palloc0(sizeof(BodyRun));

	begin_body(body, step, sql, record);
	return body;
}

/*
 * Run the current statement of such a body, or another text in its place: in
 * the present transaction, which has an active snapshot, or as a top-level
 * command, with no active snapshot.  The caller has pushed the context of the
 * body.
 *
 * What it leaves in the session is for the caller to undo at the end of the
 * body.
 */
void
pgmig_run_statement(BodyRun *body, const char *replacement, bool top_level)
{
	if (!top_level)
		SPI_connect();
	pgmig_catalog_enter_body();
	PG_TRY();
	{
		run_statement(body, replacement, top_level);
		if (!top_level && pgmig_run_changes_rows(body->current))
			pgmig_run_fire_deferred();
	}
	PG_FINALLY();
	{
		pgmig_catalog_leave_body();
		pgstat_report_activity(STATE_RUNNING, debug_query_string);
	}
	PG_END_TRY();
	if (!top_level)
		SPI_finish();
}
