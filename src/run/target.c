/*-------------------------------------------------------------------------
 *
 * target.c
 *	  Arguments of SQL functions that take targets.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "lib/stringinfo.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "run/target.h"

#define TARGET_HINT                                                           \
	"Use a revision id, \"head\", \"heads\", \"base\", \"+1\", \"-1\" or "    \
	"\"label@head\", for example."

/* A text argument, NULL for a null. */
char *
pgmig_run_optional(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return NULL;
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* A text argument that is a target; errors out on a null. */
char *
pgmig_run_target(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("target must not be null"),
				 errhint(TARGET_HINT)));
	return text_to_cstring(PG_GETARG_TEXT_PP(argument));
}

/* A text[] argument as a list of char *; NIL for a null. */
List *
pgmig_run_text_array(FunctionCallInfo fcinfo, int argument)
{
	List *result = NIL;
	Datum *elements;
	bool *nulls;
	int count;

	if (PG_ARGISNULL(argument))
		return NIL;
	deconstruct_array(PG_GETARG_ARRAYTYPE_P(argument),
					  TEXTOID,
					  -1,
					  false,
					  TYPALIGN_INT,
					  &elements,
					  &nulls,
					  &count);
	for (int i = 0; i < count; i++)
	{
		if (nulls[i])
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
					 errmsg("array must not contain nulls"),
					 errhint("Leave the element out.")));
		result = lappend(result, TextDatumGetCString(elements[i]));
	}
	return result;
}

/* A text[] argument of targets, at least one. */
List *
pgmig_run_targets(FunctionCallInfo fcinfo, int argument)
{
	List *targets = pgmig_run_text_array(fcinfo, argument);

	if (targets == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("at least one target is needed"),
				 errhint(TARGET_HINT)));
	return targets;
}

/* Is this the direction of a downgrade?  Errors out on what is none. */
bool
pgmig_run_is_downgrade(FunctionCallInfo fcinfo, int argument)
{
	char *direction = pgmig_run_optional(fcinfo, argument);

	if (direction != NULL && strcmp(direction, "downgrade") == 0)
		return true;
	if (direction == NULL || strcmp(direction, "upgrade") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid direction: \"%s\"",
						direction == NULL ? "" : direction),
				 errhint("Use \"upgrade\" or \"downgrade\".")));
	return false;
}

/* Targets as the log shows them. */
char *
pgmig_run_join_targets(List *targets)
{
	StringInfoData buffer;
	ListCell *lc;

	initStringInfo(&buffer);
	foreach(lc, targets)
		appendStringInfo(&buffer,
						 "%s%s",
						 lc == list_head(targets) ? "" : ", ",
						 (char *) lfirst(lc));
	return buffer.data;
}
