/*-------------------------------------------------------------------------
 *
 * command.h
 *	  What the SQL functions that show and write revisions share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_COMMAND_H
#define PGMIG_COMMAND_H

#include "fmgr.h"

#include "catalog/pgmig_catalog.h"
#include "graph/graph.h"
#include "schema/schema.h"

/* result.c */
extern Datum pgmig_command_node_names(GraphNode **nodes, int count);
extern Datum pgmig_command_text(const char *text, bool *isnull);
extern void pgmig_command_put(FunctionCallInfo fcinfo, Datum *values,
							  bool *nulls);

/* changed_by.c */
extern List *pgmig_command_changed_by(List *differences, TimestampTz since);

/* consequence.c */
extern List *pgmig_command_drop_consequences(const List *differences);

/* show.c */
extern StoredRevision *pgmig_command_read_revision(const char *revision);

#endif /* PGMIG_COMMAND_H */
