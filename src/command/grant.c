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
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"

#include "command/command.h"
#include "compat.h"
#include "errors.h"

/*
 * What kinds of roles get: functions and procedures to be executed, up to a
 * NULL.
 */
typedef struct GrantKind
{
	const char *name;
	const char *routines[16];
} GrantKind;

/* Every kind gets these. */
static const GrantKind anyone = {
	"anyone",
	{"pgmig_export(text)",
	 "pgmig_show(text)",
	 "pgmig_upgrade_sql(text)",
	 "pgmig_downgrade_sql(text)",
	 "pgmig_stamp_sql(text)",
	 NULL},
};

static const GrantKind reader = {"reader", {NULL}};

static const GrantKind author = {
	"author",
	{"pgmig_load(text)",
	 "pgmig_import(text, text)",
	 "pgmig_revision(text, text, text, boolean, text, text[], text, text, boolean)",
	 "pgmig_merge(text[], text, text, text, boolean)",
	 "pgmig_edit(text, text, text)",
	 "pgmig_remove(text)",
	 NULL},
};

static const GrantKind runner = {
	"runner",
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
	 NULL},
};

/* Gets what all the others get, too, and may grant it. */
static const GrantKind administrator = {
	"administrator",
	{"pgmig_grant(name, text)", NULL},
};

static const GrantKind *const kinds[] = {
	&reader,
	&author,
	&runner,
	&administrator,
};

/* The extension's schema, the role and a clause, ready for a GRANT */
typedef struct Grantee
{
	const char *schema;
	const char *role;
	const char *option;
} Grantee;

static void
grant(const Grantee *grantee, const char *what)
{
	pgmig_catalog_execute_text(
		psprintf("GRANT %s TO %s%s", what, grantee->role, grantee->option));
}

static void
grant_execute(const Grantee *grantee, const GrantKind *kind)
{
	for (int i = 0; kind->routines[i] != NULL; i++)
		grant(grantee,
			  psprintf("EXECUTE ON ROUTINE %s.%s",
					   grantee->schema,
					   kind->routines[i]));
}

static void
grant_kind(const Grantee *grantee, const GrantKind *kind)
{
	grant_execute(grantee, &anyone);
	if (kind != &administrator)
		grant_execute(grantee, kind);
	else
	{
		for (int i = 0; i < lengthof(kinds); i++)
			grant_execute(grantee, kinds[i]);
		grant(grantee, "INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgmig");
		grant(grantee,
			  "SELECT, UPDATE, USAGE ON ALL SEQUENCES IN SCHEMA pgmig");
	}
	if (kind == &reader || kind == &administrator)
	{
		grant(grantee, "USAGE ON SCHEMA pgmig");
		grant(grantee, "SELECT ON ALL TABLES IN SCHEMA pgmig");
	}
}

static const GrantKind *
kind_named(const char *name)
{
	for (int i = 0; i < lengthof(kinds); i++)
	{
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("invalid kind of role: \"%s\"", name),
			 errhint(
				 "Use \"reader\", \"author\", \"runner\" or \"administrator\".")));
}

PG_FUNCTION_INFO_V1(pgmig_grant);

/*
 * pgmig_grant(role name, kind text): give a role what a reader, an author, a
 * runner or an administrator needs.
 *
 * Runs GRANT with the rights of the caller.  The owner of the tables has
 * everything.
 */
Datum
pgmig_grant(PG_FUNCTION_ARGS)
{
	Oid namespace = get_func_namespace(fcinfo->flinfo->fn_oid);
	Grantee grantee = {.option = ""};
	const GrantKind *kind;
	Oid role;
	int guc_level;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role and kind must not be null"),
				 errhint(
					 "Name a role, and \"reader\", \"author\", \"runner\" or \"administrator\".")));
	kind = kind_named(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	role = get_role_oid_or_public(NameStr(*PG_GETARG_NAME(0)));
	if (role == pgmig_catalog_owner())
		PG_RETURN_VOID();
	grantee.role = quote_identifier(NameStr(*PG_GETARG_NAME(0)));
	grantee.schema = quote_identifier(get_namespace_name(namespace));
	guc_level = NewGUCNestLevel();
	RestrictSearchPath();
	SPI_connect();
	/* The schema may be somebody else's. */
	if (object_aclcheck(NamespaceRelationId, namespace, role, ACL_USAGE) !=
		ACLCHECK_OK)
		grant(&grantee, psprintf("USAGE ON SCHEMA %s", grantee.schema));
	if (kind == &administrator)
		grantee.option = " WITH GRANT OPTION";
	grant_kind(&grantee, kind);
	SPI_finish();
	AtEOXact_GUC(false, guc_level);
	PG_RETURN_VOID();
}
