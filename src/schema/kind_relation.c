/*-------------------------------------------------------------------------
 *
 * kind_relation.c
 *	  Tables, foreign tables, views, materialized views and sequences.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_namespace.h"

#include "schema/schema_internal.h"

/* Storage parameters of a table, and of its TOAST table. */
#define RELATION_OPTIONS                                                      \
	" CASE WHEN c.reloptions IS NOT NULL OR x.reloptions IS NOT NULL THEN"    \
	" (SELECT jsonb_object_agg(name, option_value) FROM"                      \
	" (SELECT option_name AS name, option_value"                              \
	" FROM pg_options_to_table(c.reloptions)"                                 \
	" UNION ALL SELECT 'toast.' || option_name, option_value"                 \
	" FROM pg_options_to_table(x.reloptions)) o) END AS options,"

/* clang-format off */
const ObjectKind pgmig_schema_relation_kinds[] = {
	{
		.name = "sequence",
		.catalog = RelationRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_SEQUENCE,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.relnamespace, c.relname,"
			" c.relowner AS owner,"
			" format_type(s.seqtypid, NULL) AS type,"
			" s.seqstart AS start, s.seqincrement AS increment,"
			" s.seqmin AS minimum, s.seqmax AS maximum,"
			" s.seqcache AS cache, s.seqcycle AS cycle,"
			" c.relpersistence = 'u' AS unlogged,"
			" (SELECT d.refobjid::regclass || '.' || quote_ident(a.attname)"
			" FROM pg_depend d JOIN pg_attribute a"
			" ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid"
			" WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid"
			" AND d.objsubid = 0 AND d.refclassid = 'pg_class'::regclass"
			" AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')) AS owned_by,"
			" c.relacl AS grants"
			" FROM pg_class c JOIN pg_sequence s ON s.seqrelid = c.oid"
			" WHERE $range AND c.relkind = 'S'",
	},
	{
		.name = "table",
		.catalog = RelationRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TABLE,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.relnamespace, c.relname,"
			" c.relowner AS owner,"
			" CASE WHEN c.relkind = 'p'"
			" THEN pg_get_partkeydef(c.oid) END AS partition_key,"
			" CASE WHEN c.relispartition"
			" THEN pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,"
			" CASE WHEN c.relispartition THEN"
			" (SELECT i.inhparent::regclass::text FROM pg_inherits i"
			" WHERE i.inhrelid = c.oid) END AS partition_of,"
			" CASE WHEN c.relispartition THEN"
			" (SELECT i.inhdetachpending FROM pg_inherits i"
			" WHERE i.inhrelid = c.oid) END AS detach_pending,"
			" CASE WHEN NOT c.relispartition THEN"
			" (SELECT jsonb_agg(i.inhparent::regclass::text"
			" ORDER BY i.inhseqno) FROM pg_inherits i"
			" WHERE i.inhrelid = c.oid) END AS inherits,"
			" CASE WHEN c.reloftype <> 0"
			" THEN format_type(c.reloftype, NULL) END AS of_type,"
			" c.relpersistence = 'u' AS unlogged,"
			" CASE WHEN m.amname <> 'heap' THEN m.amname END AS access_method,"
			" s.spcname AS tablespace,"
			RELATION_OPTIONS
			" CASE c.relreplident WHEN 'n' THEN 'nothing'"
			" WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END"
			" AS replica_identity,"
			" c.relrowsecurity AS row_security,"
			" c.relforcerowsecurity AS force_row_security,"
			" c.relacl AS grants"
			" FROM pg_class c"
			" LEFT JOIN pg_class x ON x.oid = c.reltoastrelid"
			" LEFT JOIN pg_am m ON m.oid = c.relam"
			" LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace"
			" WHERE $range AND c.relkind IN ('r', 'p')",
	},
	{
		.name = "foreign table",
		.catalog = RelationRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TABLE,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.relnamespace, c.relname,"
			" c.relowner AS owner,"
			" s.srvname AS server,"
			" CASE WHEN f.ftoptions IS NOT NULL THEN"
			" (SELECT jsonb_object_agg(option_name, option_value)"
			" FROM pg_options_to_table(f.ftoptions)) END AS options,"
			" CASE WHEN c.relispartition"
			" THEN pg_get_expr(c.relpartbound, c.oid) END AS partition_bound,"
			" CASE WHEN c.relispartition THEN"
			" (SELECT i.inhparent::regclass::text FROM pg_inherits i"
			" WHERE i.inhrelid = c.oid) END AS partition_of,"
			" CASE WHEN NOT c.relispartition THEN"
			" (SELECT jsonb_agg(i.inhparent::regclass::text"
			" ORDER BY i.inhseqno) FROM pg_inherits i"
			" WHERE i.inhrelid = c.oid) END AS inherits,"
			" c.relacl AS grants"
			" FROM pg_class c"
			" LEFT JOIN pg_foreign_table f ON f.ftrelid = c.oid"
			" LEFT JOIN pg_foreign_server s ON s.oid = f.ftserver"
			" WHERE $range AND c.relkind = 'f'",
	},
	{
		.name = "view",
		.catalog = RelationRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TABLE,
		.describe = pgmig_schema_describe_view,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.relnamespace, c.relname,"
			" c.relowner AS owner,"
			" CASE WHEN c.reloptions IS NOT NULL THEN"
			" (SELECT jsonb_object_agg(option_name, option_value)"
			" FROM pg_options_to_table(c.reloptions)) END AS options,"
			" c.relacl AS grants"
			" FROM pg_class c"
			" WHERE $range AND c.relkind = 'v'",
	},
	{
		.name = "materialized view",
		.catalog = RelationRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_TABLE,
		.describe = pgmig_schema_describe_view,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.relnamespace, c.relname,"
			" c.relowner AS owner,"
			" CASE WHEN m.amname <> 'heap' THEN m.amname END AS access_method,"
			" s.spcname AS tablespace,"
			RELATION_OPTIONS
			" CASE c.relreplident WHEN 'n' THEN 'nothing'"
			" WHEN 'f' THEN 'full' WHEN 'i' THEN 'index' END"
			" AS replica_identity,"
			" c.relacl AS grants"
			" FROM pg_class c"
			" LEFT JOIN pg_class x ON x.oid = c.reltoastrelid"
			" LEFT JOIN pg_am m ON m.oid = c.relam"
			" LEFT JOIN pg_tablespace s ON s.oid = c.reltablespace"
			" WHERE $range AND c.relkind = 'm'",
	},
	{0},
};
/* clang-format on */
