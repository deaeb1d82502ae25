/*-------------------------------------------------------------------------
 *
 * grant.c
 *	  Privileges by kind of user.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "executor/spi.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "command/command.h"
#include "compat.h"
#include "errors.h"

/*
 * What a kind of role gets, besides USAGE of the extension's schema and the
 * functions that show bodies.
 */
typedef struct GrantKind
{
	const char *name;
	const char *routines[16]; /* to be executed, up to a NULL */
} GrantKind;

static const char *const body_functions[] = {
	"pgmig_export(text)",
	"pgmig_show(text)",
	"pgmig_upgrade_sql(text)",
	"pgmig_downgrade_sql(text)",
	"pgmig_stamp_sql(text)",
};

static const GrantKind kinds[] = {
	{"reader", {NULL}},
	{"author",
	 {"pgmig_load(text)",
	  "pgmig_import(text, text)",
	  "pgmig_revision(text, text, text, boolean, text, text[], text, text, boolean)",
	  "pgmig_merge(text[], text, text, text, boolean)",
	  "pgmig_edit(text, text, text)",
	  "pgmig_remove(text)",
	  NULL}},
	{"runner",
	 {"pgmig_upgrade(text, text)",
	  "pgmig_upgrade(text[], text)",
	  "pgmig_downgrade(text, text)",
	  "pgmig_stamp(text, boolean, text)",
	  "pgmig_stamp(text[], boolean, text)",
	  "pgmig_upgrade_stepwise(text, text)",
	  "pgmig_downgrade_stepwise(text, text)",
	  "pgmig_resolve(text, text)",
	  "pgmig_start(text, text, text)",
	  "pgmig_wait(bigint, interval, text)",
	  "pgmig_cancel(bigint)",
	  NULL}},
};

static void
grant_execute(const char *schema, const char *routine, const char *role)
{
	pgmig_catalog_execute_text(psprintf("GRANT EXECUTE ON ROUTINE %s.%s TO %s",
										schema,
										routine,
										role));
}

PG_FUNCTION_INFO_V1(pgmig_grant);

/*
 * pgmig_grant(role name, kind text): give a role what a reader, an author or
 * a runner needs.
 *
 * Runs GRANT with the rights of the caller.
 */
Datum
pgmig_grant(PG_FUNCTION_ARGS)
{
	const char *role;
	char *name;
	const char *schema = quote_identifier(
		get_namespace_name(get_func_namespace(fcinfo->flinfo->fn_oid)));
	const GrantKind *kind = NULL;
	int guc_level;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role and kind must not be null"),
				 errhint(
					 "Name a role, and \"reader\", \"author\" or \"runner\".")));
	role = quote_identifier(NameStr(*PG_GETARG_NAME(0)));
	name = text_to_cstring(PG_GETARG_TEXT_PP(1));
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kinds[i].name, name) == 0)
			kind = &kinds[i];
	}
	if (kind == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid kind of role: \"%s\"", name),
				 errhint("Use \"reader\", \"author\" or \"runner\".")));
	guc_level = NewGUCNestLevel();
	RestrictSearchPath();
	SPI_connect();
	pgmig_catalog_execute_text(
		psprintf("GRANT USAGE ON SCHEMA %s TO %s", schema, role));
	if (strcmp(name, "reader") == 0)
	{
		pgmig_catalog_execute_text(
			psprintf("GRANT USAGE ON SCHEMA pgmig TO %s", role));
		pgmig_catalog_execute_text(
			psprintf("GRANT SELECT ON ALL TABLES IN SCHEMA pgmig TO %s",
					 role));
	}
	for (int i = 0; i < lengthof(body_functions); i++)
		grant_execute(schema, body_functions[i], role);
	for (int i = 0; kind->routines[i] != NULL; i++)
		grant_execute(schema, kind->routines[i], role);
	SPI_finish();
	AtEOXact_GUC(false, guc_level);
	PG_RETURN_VOID();
}
