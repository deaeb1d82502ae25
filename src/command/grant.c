/*-------------------------------------------------------------------------
 *
 * grant.c
 *	  Privileges by kind of user.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "executor/spi.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
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

static const GrantKind reader = {
	"reader",
	{"pgmig_check(boolean)",
	 "pgmig_guard_log()",
	 "pgmig_recorded(bigint)",
	 NULL},
};

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
	 "pgmig_verify(text, boolean, text)",
	 "pgmig_check(boolean)",
	 "pgmig_accept(text)",
	 "pgmig_recorded(bigint)",
	 NULL},
};

/* Gets what all the others get, too, and may grant it. */
static const GrantKind administrator = {
	"administrator",
	{"pgmig_grant(name, text)",
	 "pgmig_revoke(name)",
	 "pgmig_guard(text)",
	 NULL},
};

static const GrantKind *const kinds[] = {
	&reader,
	&author,
	&runner,
	&administrator,
};

/* What is given or taken, ready for a GRANT or a REVOKE */
typedef struct Change
{
	const char *verb;   /* GRANT or REVOKE */
	const char *schema; /* the extension's */
	const char *rest;   /* TO or FROM the role, and how */
} Change;

static void
change(const Change *this, const char *what)
{
	pgmig_catalog_execute_ddl(
		psprintf("%s %s %s", this->verb, what, this->rest));
}

/* The extension's objects may be those of an older version. */
static bool
is_there(const char *routine)
{
	static CatalogQuery query = {
		.sql = "SELECT WHERE to_regprocedure($1) IS NOT NULL",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	Datum values[1];

	values[0] = CStringGetTextDatum(routine);
	return pgmig_catalog_execute(&query, values, NULL, false) > 0;
}

static void
change_execute(const Change *this, const GrantKind *kind)
{
	for (int i = 0; kind->routines[i] != NULL; i++)
	{
		char *routine = psprintf("%s.%s", this->schema, kind->routines[i]);

		if (is_there(routine))
			change(this, psprintf("EXECUTE ON ROUTINE %s", routine));
	}
}

static void
change_kind(const Change *this, const GrantKind *kind)
{
	change_execute(this, &anyone);
	if (kind != &administrator)
		change_execute(this, kind);
	else
	{
		for (int i = 0; i < lengthof(kinds); i++)
			change_execute(this, kinds[i]);
		change(this, "INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA pgmig");
		change(this, "SELECT, UPDATE, USAGE ON ALL SEQUENCES IN SCHEMA pgmig");
	}
	if (kind == &reader || kind == &administrator)
	{
		change(this, "USAGE ON SCHEMA pgmig");
		change(this, "SELECT ON ALL TABLES IN SCHEMA pgmig");
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

/*
 * Only who could pass on this function decides about the rights of others.
 *
 * Returns the extension's schema.
 */
static Oid
check_administrator(FunctionCallInfo fcinfo, const char *function)
{
	Oid oid = fcinfo->flinfo->fn_oid;

	if (object_aclcheck(ProcedureRelationId,
						oid,
						GetUserId(),
						ACL_GRANT_OPTION_FOR(ACL_EXECUTE)) != ACLCHECK_OK)
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to change who may use pgmig"),
				 errdetail("EXECUTE on %s was not granted to \"%s\" with grant option.",
						   function,
						   GetUserNameFromId(GetUserId(), false)),
				 errhint(
					 "An administrator can, such as who created the extension.")));
	return get_func_namespace(oid);
}

/* The role that is named, which may be PUBLIC. */
static const char *
role_named(FunctionCallInfo fcinfo, Oid *role)
{
	const char *name = NameStr(*PG_GETARG_NAME(0));

	*role = get_role_oid_or_public(name);
	return quote_identifier(name);
}

PG_FUNCTION_INFO_V1(pgmig_grant);

/*
 * pgmig_grant(role name, kind text): give a role what a reader, an author, a
 * runner or an administrator needs.
 *
 * For administrators.  The grants are made as the owner of the tables, so that
 * a dump does not depend on who made them; the owner has everything.
 */
Datum
pgmig_grant(PG_FUNCTION_ARGS)
{
	CatalogAccess access;
	Change this = {.verb = "GRANT"};
	const GrantKind *kind;
	const char *name;
	Oid namespace;
	Oid role;
	bool uses_schema;

	if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role and kind must not be null"),
				 errhint(
					 "Name a role, and \"reader\", \"author\", \"runner\" or \"administrator\".")));
	kind = kind_named(text_to_cstring(PG_GETARG_TEXT_PP(1)));
	name = role_named(fcinfo, &role);
	namespace = check_administrator(fcinfo, "pgmig_grant(name, text)");
	if (role == pgmig_catalog_owner())
		PG_RETURN_VOID();
	this.schema = quote_identifier(get_namespace_name(namespace));
	this.rest = psprintf("TO %s%s",
						 name,
						 kind == &administrator ? " WITH GRANT OPTION" : "");
	uses_schema =
		object_aclcheck(NamespaceRelationId, namespace, role, ACL_USAGE) ==
		ACLCHECK_OK;
	pgmig_catalog_begin(&access);
	change_kind(&this, kind);
	pgmig_catalog_end(&access);

	/*
	 * The schema may be somebody else's.  The scripts of the extension run as
	 * a superuser: they do not give away what is his.
	 */
	if (!uses_schema && !creating_extension)
	{
		this.rest = psprintf("TO %s", name);
		SPI_connect();
		change(&this, psprintf("USAGE ON SCHEMA %s", this.schema));
		SPI_finish();
	}
	PG_RETURN_VOID();
}

PG_FUNCTION_INFO_V1(pgmig_revoke);

/*
 * pgmig_revoke(role name): take back from a role all that pgmig_grant() gives.
 *
 * For administrators.  What the role has given others with pgmig_grant() stays,
 * what it has given with GRANT goes.  The rights of the owner of the tables
 * stay, and so does USAGE on the extension's schema, where other things may be.
 */
Datum
pgmig_revoke(PG_FUNCTION_ARGS)
{
	CatalogAccess access;
	Change this = {.verb = "REVOKE"};
	const char *name;
	Oid namespace;
	Oid role;

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("role must not be null"),
				 errhint("Name a role.")));
	name = role_named(fcinfo, &role);
	namespace = check_administrator(fcinfo, "pgmig_revoke(name)");
	if (role == pgmig_catalog_owner())
		PG_RETURN_VOID();
	this.schema = quote_identifier(get_namespace_name(namespace));
	this.rest = psprintf("FROM %s CASCADE", name);
	pgmig_catalog_begin(&access);
	change_kind(&this, &administrator);
	pgmig_catalog_end(&access);
	PG_RETURN_VOID();
}
