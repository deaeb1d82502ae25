/*-------------------------------------------------------------------------
 *
 * kind_database.c
 *	  Schemas, extensions, languages and access methods: what other objects
 *	  are in or made with.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_am.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"

#include "schema/schema_internal.h"

/* clang-format off */
const ObjectKind pgmig_schema_database_kinds[] = {
	{
		.name = "schema",
		.catalog = NamespaceRelationId,
		.identity = IDENTITY_NAME,
		.grants = OBJECT_SCHEMA,
		.from_initdb = true,
		.key = "n.oid",
		.query =
			"SELECT n.oid, 0, 0, n.nspname,"
			" n.nspowner AS owner,"
			" (SELECT p.initprivs FROM pg_init_privs p"
			" WHERE p.classoid = 'pg_namespace'::regclass"
			" AND p.objoid = n.oid AND n.nspname = 'public') AS initial,"
			/* It has a comment from the start. */
			" CASE WHEN n.nspname = 'public' AND NOT EXISTS"
			" (SELECT FROM pg_description c WHERE c.objoid = n.oid"
			" AND c.classoid = 'pg_namespace'::regclass AND c.objsubid = 0)"
			" THEN '' END AS comment,"
			" n.nspacl AS grants"
			" FROM pg_namespace n"
			" WHERE $range"
			" AND n.nspname NOT LIKE 'pg\\_%'"
			" AND n.nspname NOT IN ('information_schema', 'pgmig')",
	},
	{
		.name = "extension",
		.catalog = ExtensionRelationId,
		.identity = IDENTITY_NAME,
		.from_initdb = true,
		.key = "e.oid",
		.query =
			"SELECT e.oid, 0, 0, e.extname,"
			" e.extversion AS version,"
			" n.nspname AS schema"
			" FROM pg_extension e JOIN pg_namespace n"
			" ON n.oid = e.extnamespace"
			" WHERE $range AND e.extname <> 'pgmig'",
	},
	{
		.name = "language",
		.catalog = LanguageRelationId,
		.identity = IDENTITY_NAME,
		.grants = OBJECT_LANGUAGE,
		.key = "l.oid",
		.query =
			"SELECT l.oid, 0, 0, l.lanname,"
			" l.lanowner AS owner,"
			" l.lanpltrusted AS trusted,"
			" NULLIF(l.lanplcallfoid, 0)::regprocedure::text AS handler,"
			" NULLIF(l.laninline, 0)::regprocedure::text AS inline,"
			" NULLIF(l.lanvalidator, 0)::regprocedure::text AS validator,"
			" l.lanacl AS grants"
			" FROM pg_language l WHERE $range",
	},
	{
		.name = "access method",
		.catalog = AccessMethodRelationId,
		.identity = IDENTITY_NAME,
		.key = "a.oid",
		.query =
			"SELECT a.oid, 0, 0, a.amname,"
			" a.amhandler::oid::regprocedure::text AS handler,"
			" CASE a.amtype WHEN 'i' THEN 'index' ELSE 'table' END AS type"
			" FROM pg_am a WHERE $range",
	},
	{0},
};
/* clang-format on */
