/*-------------------------------------------------------------------------
 *
 * kind_table.c
 *	  What tables consist of: columns, constraints, indexes, triggers, rules
 *	  and policies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "catalog/pg_rewrite.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_trigger.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* How a trigger or rule fires, unless it is as usual. */
#define ENABLED(column)                                                       \
	"CASE " column " WHEN 'D' THEN 'disabled' WHEN 'R' THEN 'replica'"        \
	" WHEN 'A' THEN 'always' END AS enabled"

/* clang-format off */
const ObjectKind pgmig_schema_table_kinds[] = {
	{
		.name = "column",
		.catalog = RelationRelationId,
		.parent = RelationRelationId,
		.identity = IDENTITY_MEMBER,
		.grants = OBJECT_COLUMN,
		.listed = "columns",
		.key = "a.attrelid",
		.query =
			"SELECT a.attrelid, a.attnum::integer, a.attrelid, a.attname,"
			" format_type(a.atttypid, a.atttypmod) AS type,"
			" CASE WHEN a.attcollation <> t.typcollation"
			" THEN a.attcollation::regcollation::text END AS collation,"
			" CASE WHEN a.attgenerated = ''"
			" THEN pg_get_expr(d.adbin, d.adrelid) END AS default,"
			" CASE a.attgenerated WHEN 's' THEN 'stored'"
			" WHEN 'v' THEN 'virtual' END AS generated,"
			" CASE WHEN a.attgenerated <> ''"
			" THEN pg_get_expr(d.adbin, d.adrelid) END AS expression,"
			" CASE a.attidentity WHEN 'a' THEN 'always'"
			" WHEN 'd' THEN 'by default' END AS identity,"
			" a.attnotnull AS not_null,"
			SQL_NOT_NULL_PROPERTIES
			" CASE WHEN a.attstorage <> t.typstorage"
			" AND c.relkind NOT IN ('v', 'c')"
			" THEN CASE a.attstorage WHEN 'p' THEN 'plain'"
			" WHEN 'e' THEN 'external' WHEN 'm' THEN 'main'"
			" ELSE 'extended' END END AS storage,"
			" CASE a.attcompression WHEN 'p' THEN 'pglz'"
			" WHEN 'l' THEN 'lz4' END AS compression,"
			" CASE WHEN a.attstattarget >= 0"
			" THEN a.attstattarget::integer END AS statistics,"
			" CASE WHEN a.attoptions[1] NOT LIKE 'pg\\_attver=%'"
			" OR array_length(a.attoptions, 1) > 1 THEN"
			" (SELECT jsonb_object_agg(option_name, option_value)"
			" FROM pg_options_to_table(a.attoptions)"
			/* Minor releases of 2026 keep a number there, not to be seen. */
			" WHERE option_name <> 'pg_attver') END AS options,"
			" CASE WHEN a.attfdwoptions IS NOT NULL THEN"
			" (SELECT jsonb_object_agg(option_name, option_value)"
			" FROM pg_options_to_table(a.attfdwoptions)) END"
			" AS server_options,"
			" NOT a.attislocal AS inherited,"
			" a.attacl AS grants"
			" FROM pg_attribute a"
			" JOIN pg_class c ON c.oid = a.attrelid"
			" JOIN pg_type t ON t.oid = a.atttypid"
			" LEFT JOIN pg_attrdef d"
			" ON d.adrelid = a.attrelid AND d.adnum = a.attnum"
			SQL_NOT_NULL_JOIN
			" WHERE $range"
			" AND a.attnum > 0 AND NOT a.attisdropped"
			" AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c')",
	},
	{
		.name = "constraint",
		.catalog = ConstraintRelationId,
		.parent = RelationRelationId,
		.identity = IDENTITY_ON,
		.key = "oid",
		.within = "conrelid",
		.query =
			"SELECT oid, 0, conrelid, conname,"
			" CASE contype WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique'"
			" WHEN 'f' THEN 'foreign key' WHEN 'x' THEN 'exclude'"
			" ELSE 'check' END AS type,"
			/* A dump has no validity of what is inherited. */
			" CASE WHEN conislocal OR convalidated"
			" THEN pg_get_constraintdef(oid) ELSE regexp_replace("
			"pg_get_constraintdef(oid), ' NOT VALID$', '') END AS definition,"
			" conkey AS columns,"
			/* Foreign keys: as after ALTER TABLE ... DISABLE TRIGGER ALL. */
			" CASE WHEN contype = 'f' THEN EXISTS (SELECT FROM pg_trigger g"
			" WHERE g.tgconstraint = pg_constraint.oid AND g.tgisinternal"
			" AND g.tgenabled <> 'O') END AS triggers_disabled,"
			" NOT conislocal OR conparentid <> 0 AS inherited,"
			" CASE WHEN conparentid <> 0 THEN (SELECT quote_ident(p.conname)"
			" || ' on ' || p.conrelid::regclass FROM pg_constraint p"
			" WHERE p.oid = pg_constraint.conparentid) END AS partition_of"
			" FROM pg_constraint"
			" WHERE $range AND conrelid <> 0"
			" AND contype IN ('c', 'f', 'p', 'u', 'x')"
			/* Of a foreign key's parts, each server has others. */
			" AND (contype <> 'f' OR conparentid = 0)",
	},
	{
		.name = "index",
		.catalog = RelationRelationId,
		.parent = RelationRelationId,
		.identity = IDENTITY_SIBLING,
		.key = "i.indexrelid",
		.within = "i.indrelid",
		.query =
			"SELECT i.indexrelid, 0, i.indrelid, c.relname,"
			" CASE WHEN k.oid IS NULL"
			" THEN pg_get_indexdef(i.indexrelid) END AS definition,"
			" CASE WHEN k.oid IS NOT NULL AND c.reloptions IS NOT NULL THEN"
			" (SELECT jsonb_object_agg(option_name, option_value)"
			" FROM pg_options_to_table(c.reloptions)) END AS options,"
			" s.spcname AS tablespace,"
			" NOT i.indisvalid AND c.relkind = 'i' AS invalid,"
			" NOT i.indisvalid AND c.relkind = 'I' AS incomplete,"
			" i.indisclustered AS clustered,"
			" i.indisreplident AS replica_identity,"
			" CASE WHEN i.indexprs IS NOT NULL THEN"
			" (SELECT jsonb_object_agg(a.attnum, a.attstattarget)"
			" FROM pg_attribute a WHERE a.attrelid = i.indexrelid"
			" AND a.attstattarget >= 0) END AS statistics,"
			" p.inhparent::regclass::text AS partition_of"
			" FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
			" LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid"
			" AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')"
			" LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace"
			" LEFT JOIN pg_inherits p ON p.inhrelid = i.indexrelid"
			" WHERE $range"
			" AND c.relnamespace <> " CppAsString2(PG_TOAST_NAMESPACE),
	},
	{
		.name = "trigger",
		.catalog = TriggerRelationId,
		.parent = RelationRelationId,
		.identity = IDENTITY_ON,
		.key = "oid",
		.within = "tgrelid",
		.query =
			"SELECT oid, 0, tgrelid, tgname,"
			" pg_get_triggerdef(oid) AS definition,"
			ENABLED("tgenabled") ","
			" tgparentid <> 0 AS inherited"
			" FROM pg_trigger"
			" WHERE $range AND NOT tgisinternal",
	},
	{
		.name = "rule",
		.catalog = RewriteRelationId,
		.parent = RelationRelationId,
		.identity = IDENTITY_ON,
		.key = "oid",
		.within = "ev_class",
		.query =
			"SELECT oid, 0, ev_class, rulename,"
			" pg_get_ruledef(oid) AS definition,"
			ENABLED("ev_enabled")
			" FROM pg_rewrite"
			" WHERE $range"
			" AND (rulename <> '_RETURN' OR ev_type <> '1')",
	},
	{
		.name = "policy",
		.catalog = PolicyRelationId,
		.parent = RelationRelationId,
		.identity = IDENTITY_ON,
		.key = "oid",
		.within = "polrelid",
		.query =
			"SELECT oid, 0, polrelid, polname,"
			" CASE polcmd WHEN 'r' THEN 'select' WHEN 'a' THEN 'insert'"
			" WHEN 'w' THEN 'update' WHEN 'd' THEN 'delete'"
			" ELSE 'all' END AS command,"
			" NOT polpermissive AS restrictive,"
			" (SELECT jsonb_agg(CASE WHEN r = 0 THEN 'public'"
			" ELSE pg_get_userbyid(r)::text END"
			" ORDER BY CASE WHEN r = 0 THEN 'public'"
			" ELSE pg_get_userbyid(r)::text END COLLATE \"C\")"
			" FROM unnest(polroles) r) AS roles,"
			" pg_get_expr(polqual, polrelid) AS using,"
			" pg_get_expr(polwithcheck, polrelid) AS check"
			" FROM pg_policy WHERE $range",
	},
	{
		.name = "statistics",
		.catalog = StatisticExtRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "oid",
		.query =
			"SELECT oid, 0, stxnamespace, stxname,"
			" stxowner AS owner,"
			" pg_get_statisticsobjdef(oid) AS definition,"
			" CASE WHEN stxstattarget >= 0"
			" THEN stxstattarget::integer END AS target"
			" FROM pg_statistic_ext WHERE $range",
	},
	{0},
};
/* clang-format on */
