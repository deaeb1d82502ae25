/*-------------------------------------------------------------------------
 *
 * target.h
 *	  Arguments of SQL functions that take targets.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_RUN_TARGET_H
#define PGMIG_RUN_TARGET_H

#include "fmgr.h"
#include "nodes/pg_list.h"

extern char *pgmig_run_optional(FunctionCallInfo fcinfo, int argument);
extern char *pgmig_run_target(FunctionCallInfo fcinfo, int argument);
extern List *pgmig_run_targets(FunctionCallInfo fcinfo, int argument);
extern List *pgmig_run_text_array(FunctionCallInfo fcinfo, int argument);
extern bool pgmig_run_is_downgrade(FunctionCallInfo fcinfo, int argument);
extern char *pgmig_run_join_targets(List *targets);

#endif /* PGMIG_RUN_TARGET_H */
