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

/*
 * Take the error that is being handled, add what the runner knows, and throw
 * it on.
 *
 * An error without a position gets that of the statement.  One with a
 * position in a query of some function that the statement called keeps it;
 * the text tells these apart from positions in the statement.
 */
pg_noreturn static void
rethrow(const BodyRun *body, const char *text, MemoryContext cxt)
{
	ErrorData *error;

	MemoryContextSwitchTo(cxt);
	error = CopyErrorData();
	if (error->internalquery == NULL)
		set_position(body, text, 1);
	else if (strcmp(error->internalquery, text) == 0)
		set_position(body, text, error->internalpos);
	error = CopyErrorData();
	FlushErrorState();
	remove_statement_context(error, text);
	if (error->sqlerrcode == ERRCODE_UNSAFE_NEW_ENUM_VALUE_USAGE)
		error->hint = pstrdup(
			"Upgrade to the revision that adds the value, commit, and then upgrade further.");
	if (error->sqlerrcode == ERRCODE_INVALID_TRANSACTION_TERMINATION &&
		error->hint == NULL)
		error->hint = pstrdup(
			"The revision runs in the transaction of its caller. If it has to commit, mark its section \"no-transaction\" and run it with the script of pgmig_upgrade_sql() or pgmig_downgrade_sql().");
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

/* The settings under which bodies run. */
static void
set_body_settings(void)
{
	pgmig_run_check_scope();
	if (pgmig_scope[0] != '\0')
		pgmig_set_option("search_path",
						 psprintf("%s%s%s",
								  quote_identifier(pgmig_scope),
								  namespace_search_path[0] == '\0' ? "" : ", ",
								  namespace_search_path));
	/* A shorter one of the session stays in force. */
	if (pgmig_lock_timeout > 0 &&
		(LockTimeout == 0 || LockTimeout > pgmig_lock_timeout))
		pgmig_set_option("lock_timeout", psprintf("%d", pgmig_lock_timeout));
	/* Bodies were split and checked so when they were loaded. */
	pgmig_set_option("standard_conforming_strings", "on");
}

/* Show the other sessions what runs. */
static void
report_activity(const BodyRun *body, const char *text)
{
	const RunStep *step = body->step;

	pgstat_report_activity(STATE_RUNNING,
						   psprintf("pgmig %s %d/%d %s: %.*s",
									step->downgrade ? "downgrade" : "upgrade",
									step->step,
									step->steps,
									step->node->id,
									Min((int) strlen(text),
										pgstat_track_activity_query_size),
									text));
}

static void
run_statement(BodyRun *body, const char *text)
{
	SPIExecuteOptions options = {.dest = None_Receiver};
	int code;

	report_activity(body, text);
	code = SPI_execute_extended(text, &options);
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
	body->rows += SPI_processed;
	if (pgmig_catalog_relation(true) != body->catalogue)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_IN_BODY),
				 errmsg("a migration body cannot drop extension \"pgmig\""),
				 errhint("Drop the extension outside of a migration.")));
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

static void
run_statements(BodyRun *body)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig statement",
											  ALLOCSET_DEFAULT_SIZES);
	MemoryContext old = CurrentMemoryContext;
	ListCell *lc;

	foreach(lc, body->statements)
	{
		char *volatile text = "";
		volatile TimestampTz timer;

		CHECK_FOR_INTERRUPTS();
		body->current = lfirst(lc);
		body->statement++;
		MemoryContextSwitchTo(cxt);
		timer = pgmig_run_start_timeout(pgmig_statement_timeout);
		PG_TRY();
		{
			text = statement_text(body);
			run_statement(body, text);
			pgmig_run_stop_timeout(timer);
		}
		PG_CATCH();
		{
			pgmig_run_stop_timeout(timer);
			rethrow(body, text, cxt);
		}
		PG_END_TRY();
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	body->current = NULL;
	MemoryContextDelete(cxt);
}

/*
 * Run a body in the caller's transaction.
 *
 * Returns the number of rows that its statements processed, and sets *count
 * to the number of statements.  Changes of settings and of the role, and what
 * else session.c lists, are undone at the end.
 */
int64
pgmig_run_body(const RunStep *step, const char *sql, int *count)
{
	BodyRun body = {0};
	ErrorContextCallback callback;
	SessionState *session;
	int guc_level;

	body.step = step;
	body.sql = sql;
	body.concurrently = pgmig_concurrently;
	body.catalogue = pgmig_catalog_relation(false);
	callback.callback = body_error_callback;
	callback.arg = &body;
	callback.previous = error_context_stack;
	guc_level = NewGUCNestLevel();
	set_body_settings();
	body.statements = pgmig_body_split(sql);
	session = pgmig_run_save_session(body.statements);
	SPI_connect();
	error_context_stack = &callback;
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
	*count = list_length(body.statements);
	return body.rows;
}
