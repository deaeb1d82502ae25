/*-------------------------------------------------------------------------
 *
 * snapshot.c
 *	  SQL functions that take, fingerprint and compare snapshots.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "funcapi.h"
#include "utils/builtins.h"

#include "command/command.h"
#include "errors.h"
#include "run/run.h"
#include "run/target.h"

static int
order_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* The schemas that an argument names, in order and each once; NIL for null. */
static List *
get_schemas(FunctionCallInfo fcinfo, int argument)
{
	List *schemas;

	if (PG_ARGISNULL(argument))
		return NIL;
	schemas = pgmig_run_text_array(fcinfo, argument);
	if (schemas == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("argument \"schemas\" names no schema"),
				 errhint("Leave it out for all schemas of the database.")));
	list_sort(schemas, order_names);
	for (int i = list_length(schemas) - 1; i > 0; i--)
		if (strcmp(list_nth(schemas, i), list_nth(schemas, i - 1)) == 0)
			schemas = list_delete_nth_cell(schemas, i);
	return schemas;
}

/* The snapshot that an argument is, as it counts in a mode. */
static SchemaSnapshot *
get_snapshot(FunctionCallInfo fcinfo, int argument, const char *name,
			 SchemaMode mode)
{
	SchemaSnapshot *snapshot;

	if (PG_ARGISNULL(argument))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("argument \"%s\" must not be null", name),
				 errhint("Give what pgmig_snapshot() returns.")));
	snapshot = pgmig_schema_from_jsonb(PG_GETARG_JSONB_P(argument), name);
	return mode == SCHEMA_LOGICAL ? pgmig_schema_logical(snapshot) : snapshot;
}

static SchemaMode
get_mode(FunctionCallInfo fcinfo, int argument)
{
	if (PG_ARGISNULL(argument))
		return SCHEMA_STRICT;
	return pgmig_schema_mode(text_to_cstring(PG_GETARG_TEXT_PP(argument)));
}

PG_FUNCTION_INFO_V1(pgmig_snapshot);

/*
 * pgmig_snapshot(schemas text[]): the objects of these schemas, or of the
 * database, as jsonb.
 *
 * Errors: 3F000 for a schema that does not exist, 42501 if the caller may not
 * read a catalog.
 */
Datum
pgmig_snapshot(PG_FUNCTION_ARGS)
{
	List *schemas = get_schemas(fcinfo, 0);

	PG_RETURN_JSONB_P(
		pgmig_schema_to_jsonb(pgmig_run_read_schema(schemas, NIL)));
}

static Datum
fingerprint(const SchemaSnapshot *snapshot)
{
	char result[PGMIG_FINGERPRINT_LENGTH + 1];

	pgmig_schema_fingerprint(snapshot, result);
	return CStringGetTextDatum(result);
}

PG_FUNCTION_INFO_V1(pgmig_fingerprint);

/*
 * pgmig_fingerprint(mode text, schemas text[]): SHA-256, in hexadecimal, of
 * what pgmig_snapshot(schemas) would return.
 */
Datum
pgmig_fingerprint(PG_FUNCTION_ARGS)
{
	SchemaMode mode = get_mode(fcinfo, 0);
	SchemaSnapshot *snapshot =
		pgmig_run_read_schema(get_schemas(fcinfo, 1), NIL);

	if (mode == SCHEMA_LOGICAL)
		snapshot = pgmig_schema_logical(snapshot);
	return fingerprint(snapshot);
}

PG_FUNCTION_INFO_V1(pgmig_fingerprint_of);

/*
 * pgmig_fingerprint(snapshot jsonb, mode text): likewise of a snapshot.
 */
Datum
pgmig_fingerprint_of(PG_FUNCTION_ARGS)
{
	return fingerprint(
		get_snapshot(fcinfo, 0, "snapshot", get_mode(fcinfo, 1)));
}

PG_FUNCTION_INFO_V1(pgmig_compare);

/*
 * pgmig_compare(a jsonb, b jsonb, mode text): a row for each difference of two
 * snapshots.
 *
 * Errors: 22023 for what is no snapshot or one of other schemas, 0A000 for one
 * of another format.
 */
Datum
pgmig_compare(PG_FUNCTION_ARGS)
{
	SchemaMode mode = get_mode(fcinfo, 2);
	SchemaSnapshot *a = get_snapshot(fcinfo, 0, "a", mode);
	SchemaSnapshot *b = get_snapshot(fcinfo, 1, "b", mode);
	ListCell *lc;

	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, pgmig_schema_compare(a, b))
	{
		SchemaDifference *difference = lfirst(lc);
		Datum values[6];
		bool nulls[6];

		values[0] = pgmig_command_text(difference->change, &nulls[0]);
		values[1] =
			pgmig_command_text(pgmig_schema_kind_name(difference->kind),
							   &nulls[1]);
		values[2] = pgmig_command_text(difference->identity, &nulls[2]);
		values[3] = pgmig_command_text(difference->property, &nulls[3]);
		values[4] = pgmig_command_text(difference->a, &nulls[4]);
		values[5] = pgmig_command_text(difference->b, &nulls[5]);
		pgmig_command_put(fcinfo, values, nulls);
	}
	return (Datum) 0;
}
