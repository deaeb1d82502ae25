/*-------------------------------------------------------------------------
 *
 * resolve.c
 *	  What the user decides about a half-done revision.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fmgr.h"
#include "utils/builtins.h"

#include "errors.h"
#include "run/run.h"
#include "run/target.h"

/* The half-done revision, which has to be this one. */
static UnfinishedRevision *
find_unfinished(const char *revision)
{
	UnfinishedRevision *unfinished =
		pgmig_catalog_read_unfinished(pgmig_scope);

	if (unfinished == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("revision \"%s\" is not half-done", revision),
				 errhint("No revision is; pgmig_status() would show it.")));
	if (strcmp(unfinished->revision, revision) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("revision \"%s\" is not half-done", revision),
				 errhint("Revision \"%s\" is.", unfinished->revision)));
	return unfinished;
}

/*
 * The statements that are not done yet, at least one, and the body.
 */
static List *
rest_of_body(const UnfinishedRevision *unfinished, char **sql)
{
	char *checksum;
	char *applied;
	List *statements;

	*sql = pgmig_catalog_read_body(unfinished->revision,
								   unfinished->downgrade,
								   &checksum,
								   &applied);
	statements = *sql == NULL ? NIL : pgmig_body_split(*sql);
	if (list_length(unfinished->done) >= list_length(statements))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("all statements of revision \"%s\" are done",
						unfinished->revision),
				 errhint("CALL pgmig_%s_stepwise() completes it.",
						 unfinished->downgrade ? "downgrade" : "upgrade")));
	return list_copy_tail(statements, list_length(unfinished->done));
}

/* Count the next statement as done. */
static char *
skip_statement(const UnfinishedRevision *unfinished)
{
	char *sql;
	List *rest = rest_of_body(unfinished, &sql);
	int done = list_length(unfinished->done) + 1;

	pgmig_catalog_advance_unfinished(pgmig_scope,
									 pgmig_run_statement_checksum(sql,
																  linitial(
																	  rest)),
									 unfinished->settings);
	return list_length(rest) > 1 ? psprintf("statement %d of %d runs next",
											done + 1,
											done + list_length(rest) - 1)
								 : pstrdup("all statements are done");
}

/* Name the index that nobody will drop now. */
static void
report_left(const UnfinishedRevision *unfinished)
{
	char *index = unfinished->left_by == NULL
					  ? NULL
					  : pgmig_run_left_index(unfinished->left_by);

	if (index != NULL)
		ereport(WARNING,
				(errmsg("invalid index %s is left", index),
				 errhint("Drop it with DROP INDEX CONCURRENTLY %s.", index)));
}

PG_FUNCTION_INFO_V1(pgmig_resolve);

/*
 * pgmig_resolve(revision text, resolution text): decide about a half-done
 * revision: its next statement is "done", or is to "run again", or "forget"
 * that the revision is half-done.
 *
 * Returns what comes next.
 */
Datum
pgmig_resolve(PG_FUNCTION_ARGS)
{
	char *revision = pgmig_run_optional(fcinfo, 0);
	char *resolution = pgmig_run_optional(fcinfo, 1);
	UnfinishedRevision *unfinished;
	char *sql;
	char *next;

	if (revision == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("revision must not be null"),
				 errhint("pgmig_status() shows the half-done revision.")));
	if (resolution == NULL || (strcmp(resolution, "done") != 0 &&
							   strcmp(resolution, "run again") != 0 &&
							   strcmp(resolution, "forget") != 0))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid resolution: \"%s\"",
						resolution == NULL ? "" : resolution),
				 errhint("Use \"done\", \"run again\" or \"forget\".")));
	pgmig_catalog_prepare_write("pgmig_resolve()");
	pgmig_catalog_lock();
	pgmig_catalog_check_snapshot();
	unfinished = find_unfinished(revision);
	if (strcmp(resolution, "forget") == 0)
	{
		report_left(unfinished);
		pgmig_catalog_remove_unfinished(pgmig_scope);
		next = psprintf("the revision counts as %s",
						unfinished->downgrade ? "applied" : "not applied");
	}
	else if (strcmp(resolution, "done") == 0)
	{
		report_left(unfinished);
		next = skip_statement(unfinished);
	}
	else
	{
		(void) rest_of_body(unfinished, &sql);
		pgmig_catalog_start_unfinished(pgmig_scope,
									   unfinished->run,
									   false,
									   unfinished->left_by);
		next = psprintf("statement %d runs again",
						list_length(unfinished->done) + 1);
	}
	PG_RETURN_TEXT_P(cstring_to_text(next));
}
