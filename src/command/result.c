/*-------------------------------------------------------------------------
 *
 * result.c
 *	  Result columns and rows of the SQL functions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/builtins.h"
#include "utils/tuplestore.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"

/* The ids of nodes as text[]. */
Datum
pgmig_command_node_names(GraphNode **nodes, int count)
{
	Datum *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(nodes[i]->id);
	return pgmig_catalog_array(elements, count, TEXTOID);
}

/* A text, or null for NULL. */
Datum
pgmig_command_text(const char *text, bool *isnull)
{
	*isnull = text == NULL;
	return text == NULL ? (Datum) 0 : CStringGetTextDatum(text);
}

/* Add a row to the result of a function that has called InitMaterializedSRF. */
void
pgmig_command_put(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}
