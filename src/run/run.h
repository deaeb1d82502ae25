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
#include "document/document.h"

/* GUCs, see pgmig.c */
extern bool pgmig_concurrently;
extern int pgmig_lock_timeout;
extern int pgmig_statement_timeout;

/* A step of a plan that runs. */
typedef struct RunStep
{
	int64 run;
	int step; /* from 1 */
	int steps;
	GraphNode *node;
	bool downgrade;
} RunStep;

/* A body that runs. */
typedef struct BodyRun
{
	const RunStep *step;
	const char *sql;
	List *statements; /* of BodyStatement */
	const BodyStatement *current;
	bool concurrently; /* pgmig.concurrently of the call */
	Oid catalogue;     /* table pgmig.revision */
	int statement;     /* number of the current one, from 1 */
	int64 rows;        /* so far */
} BodyRun;

/* What a session had before a body ran. */
typedef struct SessionState SessionState;

/* step.c */
extern void pgmig_run_step(const RunStep *step, StepRecord *record);
extern char *pgmig_run_describe(GraphNode *node, bool downgrade);

/* transactional.c */
extern void pgmig_run_check_reversible(List *plan);

/* body.c */
extern void pgmig_run_check_scope(void);
extern int64 pgmig_run_body(const RunStep *step, const char *sql, int *count);

/* session.c */
extern bool pgmig_run_may_open_cursor(const BodyStatement *statement);
extern SessionState *pgmig_run_save_session(List *statements);
extern void pgmig_run_restore_session(SessionState *state, List *statements);

extern void pgmig_run_drop_prepared(List *statements, int count);
extern bool pgmig_run_changes_rows(const BodyStatement *statement);

/* timeout.c */
extern TimestampTz pgmig_run_start_timeout(int milliseconds);
extern void pgmig_run_stop_timeout(TimestampTz saved);

#endif /* PGMIG_RUN_H */
