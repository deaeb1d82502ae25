/*-------------------------------------------------------------------------
 *
 * kind_type.c
 *	  Types of all sorts, and collations.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_type.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* A function of a type, unless it has none. */
#define FUNCTION(column, name)                                                \
	" CASE WHEN " column "::oid <> 0"                                         \
	" THEN " column "::oid::regprocedure::text END AS " name ","

/* clang-format off */
const ObjectKind pgmig_schema_type_kinds[] = {
	{
		.name = "collation",
		.catalog = CollationRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.collnamespace, c.collname,"
			" c.collowner AS owner,"
			" CASE c.collprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin'"
			" WHEN 'd' THEN 'default' ELSE 'libc' END AS provider,"
			" NOT c.collisdeterministic AS nondeterministic,"
			" c.collcollate AS lc_collate, c.collctype AS lc_ctype,"
			" c." SQL_COLLLOCALE " AS locale,"
			" to_jsonb(c) ->> 'collicurules' AS rules"
			" FROM pg_collation c WHERE $range"
			" AND c.collencoding IN (-1, (SELECT encoding FROM pg_database"
			" WHERE datname = current_database()))",
	},
	{
		.name = "enum",
		.catalog = TypeRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TYPE,
		.key = "t.oid",
		.query =
			"SELECT t.oid, 0, t.typnamespace, t.typname,"
			" t.typowner AS owner,"
			" (SELECT jsonb_agg(e.enumlabel ORDER BY e.enumsortorder)"
			" FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels,"
			" t.typacl AS grants"
			" FROM pg_type t"
			" WHERE $range AND t.typtype = 'e'",
	},
	{
		.name = "base type",
		.catalog = TypeRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TYPE,
		.key = "t.oid",
		.query =
			"SELECT t.oid, 0, t.typnamespace, t.typname,"
			" t.typowner AS owner,"
			" NOT t.typisdefined AS shell,"
			FUNCTION("t.typinput", "input")
			FUNCTION("t.typoutput", "output")
			FUNCTION("t.typreceive", "receive")
			FUNCTION("t.typsend", "send")
			FUNCTION("t.typmodin", "typmod_in")
			FUNCTION("t.typmodout", "typmod_out")
			FUNCTION("t.typanalyze", "analyze")
			FUNCTION("t.typsubscript", "subscript")
			" t.typlen::integer AS length, t.typbyval AS by_value,"
			" CASE t.typalign WHEN 'c' THEN 'char' WHEN 's' THEN 'int2'"
			" WHEN 'i' THEN 'int4' ELSE 'double' END AS alignment,"
			" CASE t.typstorage WHEN 'p' THEN 'plain'"
			" WHEN 'e' THEN 'external' WHEN 'm' THEN 'main'"
			" ELSE 'extended' END AS storage,"
			" t.typcategory::text AS category,"
			" t.typispreferred AS preferred, t.typdelim::text AS delimiter,"
			" coalesce(t.typdefault, pg_get_expr(t.typdefaultbin, 0))"
			" AS default,"
			" CASE WHEN t.typelem <> 0"
			" THEN format_type(t.typelem, NULL) END AS element,"
			" t.typcollation <> 0 AS collatable,"
			" t.typacl AS grants"
			" FROM pg_type t WHERE $range"
			" AND (t.typtype = 'b' OR t.typtype = 'p')"
			" AND NOT EXISTS (SELECT FROM pg_type a"
			" WHERE a.oid = t.typelem AND a.typarray = t.oid)",
	},
	{
		.name = "range type",
		.catalog = TypeRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TYPE,
		.key = "t.oid",
		.query =
			"SELECT t.oid, 0, t.typnamespace, t.typname,"
			" t.typowner AS owner,"
			" format_type(r.rngsubtype, NULL) AS subtype,"
			" (SELECT quote_ident(n.nspname) || '.' || quote_ident(o.opcname)"
			" FROM pg_opclass o JOIN pg_namespace n"
			" ON n.oid = o.opcnamespace"
			" WHERE o.oid = r.rngsubopc AND NOT o.opcdefault) AS opclass,"
			" CASE WHEN r.rngcollation <> s.typcollation"
			" THEN r.rngcollation::regcollation::text END AS collation,"
			FUNCTION("r.rngcanonical", "canonical")
			FUNCTION("r.rngsubdiff", "subtype_diff")
			" format_type(r.rngmultitypid, NULL) AS multirange,"
			" t.typacl AS grants"
			" FROM pg_type t JOIN pg_range r ON r.rngtypid = t.oid"
			" JOIN pg_type s ON s.oid = r.rngsubtype"
			" WHERE $range AND t.typtype = 'r'",
	},
	{
		.name = "domain",
		.catalog = TypeRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TYPE,
		.key = "t.oid",
		.query =
			"SELECT t.oid, 0, t.typnamespace, t.typname,"
			" t.typowner AS owner,"
			" format_type(t.typbasetype, t.typtypmod) AS type,"
			" CASE WHEN t.typcollation <> b.typcollation"
			" THEN t.typcollation::regcollation::text END AS collation,"
			" coalesce(pg_get_expr(t.typdefaultbin, 0), t.typdefault)"
			" AS default,"
			" t.typnotnull AS not_null,"
			" (SELECT n.conname FROM pg_constraint n"
			" WHERE n.contypid = t.oid AND n.contype = 'n'"
			" AND n.conname !~ '_not_null[0-9]*$') AS not_null_name,"
			" t.typacl AS grants"
			" FROM pg_type t JOIN pg_type b ON b.oid = t.typbasetype"
			" WHERE $range AND t.typtype = 'd'",
	},
	{
		.name = "domain constraint",
		.catalog = ConstraintRelationId,
		.parent = TypeRelationId,
		.identity = IDENTITY_ON,
		.key = "oid",
		.within = "contypid",
		.query =
			"SELECT oid, 0, contypid, conname,"
			" pg_get_constraintdef(oid) AS definition"
			" FROM pg_constraint"
			" WHERE $range AND contypid <> 0"
			" AND contype = 'c'",
	},
	{
		/* Its attributes are columns of a relation that is a part of it. */
		.name = "composite type",
		.catalog = TypeRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TYPE,
		.key = "t.oid",
		.query =
			"SELECT t.oid, 0, t.typnamespace, t.typname,"
			" t.typowner AS owner,"
			" t.typacl AS grants"
			" FROM pg_type t JOIN pg_class c ON c.oid = t.typrelid"
			" WHERE $range AND t.typtype = 'c'"
			" AND c.relkind = 'c'",
	},
	{0},
};
/* clang-format on */
