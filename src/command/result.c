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
#include "utils/array.h"
#include "utils/builtins.h"

#include "command/command.h"

static Datum
make_array(Datum *elements, int count)
{
	return PointerGetDatum(
		construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

/* A list of char * as text[]. */
Datum
pgmig_command_names(List *names)
{
	Datum *elements = palloc(sizeof(Datum) * Max(list_length(names), 1));
	int count = 0;
	ListCell *lc;

	foreach(lc, names)
		elements[count++] = CStringGetTextDatum(lfirst(lc));
	return make_array(elements, count);
}

/* The ids of nodes as text[]. */
Datum
pgmig_command_node_names(GraphNode **nodes, int count)
{
	Datum *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(nodes[i]->id);
	return make_array(elements, count);
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
