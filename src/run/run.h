/*-------------------------------------------------------------------------
 *
 * run.h
 *	  Running plans.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_RUN_H
#define PGMIG_RUN_H

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "document/document.h"
#include "fmgr.h"
#include "schema/schema.h"
#include "storage/lock.h"

/* GUCs, see pgmig.c */
extern bool pgmig_concurrently;
extern int pgmig_lock_timeout;
extern int pgmig_statement_timeout;
extern int pgmig_lock_retries;
extern bool pgmig_notify;
extern bool pgmig_snapshots;

/* What a call asks for. */
typedef struct RunRequest
{
	List *targets; /* of char * */
	const char *tag;
	bool downgrade;
} RunRequest;

/* A step of a plan that runs. */
typedef struct RunStep
{
	int64 run;
	int step; /* from 1 */
	int steps;
	GraphNode *node;
	bool downgrade;
	bool rehearsal;  /* statements that forbid a transaction are left out */
	List **left_out; /* ... and what forbids it collected here, char * */
} RunStep;

/* A body that runs. */
typedef struct BodyRun
{
	const RunStep *step;
	const char *sql;
	List *statements; /* of BodyStatement */
	const BodyStatement *current;
	bool concurrently;  /* pgmig.concurrently of the call */
	Oid catalogue;      /* table pgmig.revision */
	int statement;      /* number of the current one, from 1 */
	StepRecord *record; /* rows so far; on failure, the statement */
} BodyRun;

/* What a session had before a body ran. */
typedef struct SessionState SessionState;
typedef struct SavedSettings SavedSettings;

/* A part of a step that can be tried again. */
typedef void (*RunPart)(void *arg, int attempt);

/* What is to be done with a statement that may have been started before. */
typedef enum ResumeAction
{
	RESUME_RUN,     /* run it, again if need be */
	RESUME_DONE,    /* it is done */
	RESUME_REPLACE, /* run another one, which finishes it */
} ResumeAction;

/* step.c */
extern char *pgmig_run_read_body(const RunStep *step, char **checksum);
extern void pgmig_run_step(const RunStep *step, StepRecord *record);
extern void pgmig_run_begin_record(const RunStep *step, StepRecord *record);
extern void pgmig_run_apply_step(const RunStep *step, const char *checksum);
extern char *pgmig_run_describe(GraphNode *node, bool downgrade);
pg_noreturn extern void pgmig_run_report_irreversible(const char *id);

/* transactional.c */
extern List *pgmig_run_make_plan(const RunRequest *request,
								 Graph **graph_used);
extern void pgmig_run_check_reversible(List *plan);

/* body.c */
extern void pgmig_run_check_scope(void);
extern int pgmig_run_lock_timeout(void);
extern void pgmig_run_set_body_settings(bool session);
extern void pgmig_run_body(const RunStep *step, const char *sql,
						   StepRecord *record);
extern BodyRun *pgmig_run_begin_statements(const RunStep *step,
										   const char *sql,
										   StepRecord *record);
extern void pgmig_run_report_activity(const BodyRun *body, const char *text);
extern void pgmig_run_go_to(BodyRun *body, int number);
extern void pgmig_run_push_context(BodyRun *body,
								   ErrorContextCallback *callback);
extern void pgmig_run_statement(BodyRun *body, const char *replacement,
								bool top_level);

/* blocker.c */
extern void pgmig_run_watch_locks(void);
extern void pgmig_run_unwatch_locks(void);
extern char *pgmig_run_describe_holders(const LOCKTAG *tag, LOCKMODE mode);
extern void pgmig_run_add_blockers(ErrorData *error);
extern char *pgmig_run_describe_backends(const int *pids, int count);

/* session.c */
extern bool pgmig_run_may_open_cursor(const BodyStatement *statement);
extern SessionState *pgmig_run_save_session(List *statements);
extern void pgmig_run_restore_session(SessionState *state, List *statements);

extern void pgmig_run_fire_deferred(void);
extern void pgmig_run_drop_prepared(List *statements, int count);
extern bool pgmig_run_changes_rows(const BodyStatement *statement);

/* settings.c */
extern SavedSettings *pgmig_run_save_settings(void);
extern List *pgmig_run_changed_settings(const SavedSettings *saved,
										List *named);
extern void pgmig_run_repeat_settings(List *changed);
extern void pgmig_run_restore_settings(const SavedSettings *saved);

/* timeout.c */
extern TimestampTz pgmig_run_start_timeout(int milliseconds);
extern void pgmig_run_stop_timeout(TimestampTz saved);

/* transaction.c */
extern void pgmig_run_check_procedure(FunctionCallInfo fcinfo,
									  const char *procedure);
extern void pgmig_run_leave_transaction(void);
extern void pgmig_run_begin(void);
extern void pgmig_run_commit(void);
extern ErrorData *pgmig_run_recover(MemoryContext cxt);
extern uint64 pgmig_run_top_level(const char *sql);

/* retry.c */
extern void pgmig_run_begin_attempt(const RunStep *step);
extern void pgmig_run_finish_step(const RunStep *step);
extern void pgmig_run_attempts(const RunStep *step, const StepRecord *record,
							   RunPart part, void *arg);

/* resume.c */
extern ResumeAction pgmig_run_examine(const BodyRun *body, bool again,
									  bool in_doubt, char **replacement);
extern void pgmig_run_clear_left(const BodyRun *body, const char *sql);
extern char *pgmig_run_left_index(const char *sql);
extern bool pgmig_run_is_doubtful(const BodyStatement *statement);

/* statements.c */
extern void pgmig_run_statements(const RunStep *step, StepRecord *record,
								 UnfinishedRevision *unfinished);
extern char *pgmig_run_statement_checksum(const char *sql,
										  const BodyStatement *statement);
extern bool pgmig_run_leave_statements(ErrorData *error);
extern void pgmig_run_forget_statements(void);

/* observe.c */
extern ErrorData *pgmig_run_attempt(void (*work)(void *arg), void *arg);
extern ErrorData *pgmig_run_rehearse(void (*work)(void *arg), void *arg);
extern SchemaSnapshot *pgmig_run_read_schema(List *only, List *except);

/* record.c */
extern SchemaSnapshot *pgmig_run_read_scope(void);
extern char *pgmig_run_store_schema(int64 run);
extern void pgmig_run_record_schema(int64 run, bool failed);

#endif /* PGMIG_RUN_H */
