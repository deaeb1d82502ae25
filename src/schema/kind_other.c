/*-------------------------------------------------------------------------
 *
 * kind_other.c
 *	  Text search, foreign data, replication, event triggers and default
 *	  privileges.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_class.h"
#include "catalog/pg_default_acl.h"
#include "catalog/pg_event_trigger.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_publication.h"
#include "catalog/pg_subscription.h"
#include "catalog/pg_ts_config.h"
#include "catalog/pg_ts_dict.h"
#include "catalog/pg_ts_parser.h"
#include "catalog/pg_ts_template.h"
#include "catalog/pg_type.h"
#include "catalog/pg_user_mapping.h"

#include "compat.h"
#include "schema/schema_internal.h"

#define OPTIONS(column)                                                       \
	" (SELECT jsonb_object_agg(option_name, option_value)"                    \
	" FROM pg_options_to_table(" column ")) AS options"

/* The qualified name of an object in a schema. */
#define QUALIFIED(alias, prefix)                                              \
	"(SELECT quote_ident(s.nspname) || '.'"                                   \
	" || quote_ident(" alias "." prefix "name) FROM pg_namespace s"           \
	" WHERE s.oid = " alias "." prefix "namespace)"

/* Has initdb, or an extension but pgmig, made it? */
#define OF_SYSTEM(catalog, oid)                                               \
	"(" oid " < 16384 AND " oid " <> 2200 OR EXISTS (SELECT FROM pg_depend d" \
	" JOIN pg_extension e ON e.oid = d.refobjid"                              \
	" WHERE d.classid = '" catalog "'::regclass AND d.objid = " oid           \
	" AND d.objsubid = 0 AND d.refclassid = 'pg_extension'::regclass"         \
	" AND d.deptype = 'e' AND e.extname <> 'pgmig'))"

/*
 * Rights on what initdb or an extension has made, where they are not as these
 * have left them.  Nearly all rows are in the range: it is not to be looked up
 * in an index.
 */
#define SYSTEM(kind, class, type, from, title, whose, acl, only)              \
	{                                                                         \
		.name = kind, .catalog = class, .identity = IDENTITY_GIVEN,           \
		.grants = type, .from_initdb = true, .system = true, .key = "o.oid",  \
		.query =                                                              \
			"SELECT o.oid, 0, 0, " title ", i.initprivs AS initial, " whose   \
			" AS owner, " acl " AS grants FROM " from " o"                    \
			" LEFT JOIN pg_init_privs i ON i.classoid = '" from "'::regclass" \
			" AND i.objoid = o.oid AND i.objsubid = 0"                        \
			" WHERE " acl " IS NOT NULL"                                      \
			" AND ($range) IS TRUE"                                           \
			" AND " acl " IS DISTINCT FROM i.initprivs"                       \
			" AND " OF_SYSTEM(from, "o.oid") only,                            \
	}

/* pg_dump does not look into the information schema. */
#define NOT_INFORMATION_SCHEMA(column)                                        \
	" AND " column " NOT IN (SELECT oid FROM pg_namespace"                    \
	" WHERE nspname = 'information_schema')"

/* clang-format off */
const ObjectKind pgmig_schema_other_kinds[] = {
	{
		.name = "text search parser",
		.catalog = TSParserRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "oid",
		.query =
			"SELECT oid, 0, prsnamespace, prsname,"
			" prsstart::oid::regprocedure::text AS start,"
			" prstoken::oid::regprocedure::text AS gettoken,"
			" prsend::oid::regprocedure::text AS end,"
			" prslextype::oid::regprocedure::text AS lextypes,"
			" NULLIF(prsheadline::oid, 0)::regprocedure::text AS headline"
			" FROM pg_ts_parser WHERE $range",
	},
	{
		.name = "text search template",
		.catalog = TSTemplateRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "oid",
		.query =
			"SELECT oid, 0, tmplnamespace, tmplname,"
			" NULLIF(tmplinit::oid, 0)::regprocedure::text AS init,"
			" tmpllexize::oid::regprocedure::text AS lexize"
			" FROM pg_ts_template WHERE $range",
	},
	{
		.name = "text search dictionary",
		.catalog = TSDictionaryRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.describe = pgmig_schema_describe_dictionary,
		.key = "d.oid",
		.query =
			"SELECT d.oid, 0, d.dictnamespace, d.dictname,"
			" d.dictowner AS owner,"
			" " QUALIFIED("t", "tmpl") " AS template,"
			" d.dictinitoption AS options"
			" FROM pg_ts_dict d JOIN pg_ts_template t"
			" ON t.oid = d.dicttemplate"
			" WHERE $range",
	},
	{
		.name = "text search configuration",
		.catalog = TSConfigRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.cfgnamespace, c.cfgname,"
			" c.cfgowner AS owner,"
			" " QUALIFIED("p", "prs") " AS parser,"
			" (SELECT jsonb_object_agg(coalesce(k.alias,"
			" 'token ' || m.maptokentype), m.dicts)"
			" FROM (SELECT maptokentype, string_agg(mapdict::regdictionary"
			"::text, ', ' ORDER BY mapseqno) AS dicts"
			" FROM pg_ts_config_map WHERE mapcfg = c.oid"
			" GROUP BY maptokentype) m"
			" LEFT JOIN ts_token_type(c.cfgparser) k"
			" ON k.tokid = m.maptokentype) AS mapping"
			" FROM pg_ts_config c JOIN pg_ts_parser p ON p.oid = c.cfgparser"
			" WHERE $range",
	},
	{
		.name = "foreign-data wrapper",
		.catalog = ForeignDataWrapperRelationId,
		.identity = IDENTITY_NAME,
		.grants = OBJECT_FDW,
		.key = "oid",
		.query =
			"SELECT oid, 0, 0, fdwname,"
			" fdwowner AS owner,"
			" NULLIF(fdwhandler, 0)::regprocedure::text AS handler,"
			" NULLIF(fdwvalidator, 0)::regprocedure::text AS validator,"
			" NULLIF((to_jsonb(w) ->> 'fdwconnection')::oid, 0)"
			"::regprocedure::text AS connection,"
			OPTIONS("fdwoptions") ","
			" fdwacl AS grants"
			" FROM pg_foreign_data_wrapper w WHERE $range",
	},
	{
		.name = "server",
		.catalog = ForeignServerRelationId,
		.identity = IDENTITY_NAME,
		.grants = OBJECT_FOREIGN_SERVER,
		.key = "s.oid",
		.query =
			"SELECT s.oid, 0, 0, s.srvname,"
			" s.srvowner AS owner,"
			" w.fdwname AS wrapper,"
			" s.srvtype AS type, s.srvversion AS version,"
			OPTIONS("s.srvoptions") ","
			" s.srvacl AS grants"
			" FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w"
			" ON w.oid = s.srvfdw WHERE $range",
	},
	{
		/* Their options are secrets. */
		.name = "user mapping",
		.catalog = UserMappingRelationId,
		.parent = ForeignServerRelationId,
		.identity = IDENTITY_ON,
		.key = "umid",
		.query =
			"SELECT umid, 0, srvid,"
			" CASE WHEN umuser = 0 THEN 'public' ELSE usename END"
			" FROM pg_user_mappings WHERE $range",
	},
	{
		.name = "publication",
		.catalog = PublicationRelationId,
		.identity = IDENTITY_NAME,
		.key = "p.oid",
		.query =
			"SELECT p.oid, 0, 0, p.pubname,"
			" p.pubowner AS owner,"
			" p.puballtables AS all_tables,"
			" (to_jsonb(p) ->> 'puballsequences')::boolean AS all_sequences,"
			" concat_ws(', ', CASE WHEN pubinsert THEN 'insert' END,"
			" CASE WHEN pubupdate THEN 'update' END,"
			" CASE WHEN pubdelete THEN 'delete' END,"
			" CASE WHEN pubtruncate THEN 'truncate' END) AS publish,"
			" p.pubviaroot AS via_root,"
			" CASE to_jsonb(p) ->> 'pubgencols' WHEN 's' THEN 'stored' END"
			" AS generated_columns,"
			" (SELECT jsonb_object_agg(r.prrelid::regclass,"
			" CASE WHEN (to_jsonb(r) ->> 'prexcept')::boolean"
			" THEN 'except' ELSE coalesce(NULLIF(concat_ws(' ',"
			" '(' || (SELECT string_agg(quote_ident(a.attname), ', '"
			" ORDER BY k.n) FROM unnest(r.prattrs) WITH ORDINALITY k (num, n)"
			" JOIN pg_attribute a ON a.attrelid = r.prrelid"
			" AND a.attnum = k.num) || ')',"
			" 'WHERE ' || pg_get_expr(r.prqual, r.prrelid)), ''), 'all') END)"
			" FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS tables,"
			" (SELECT jsonb_agg(n.nspname ORDER BY n.nspname)"
			" FROM pg_publication_namespace s JOIN pg_namespace n"
			" ON n.oid = s.pnnspid WHERE s.pnpubid = p.oid) AS schemas"
			" FROM pg_publication p WHERE $range",
	},
	{
		/* Without its connection string, which holds a password. */
		.name = "subscription",
		.catalog = SubscriptionRelationId,
		.identity = IDENTITY_NAME,
		.key = "s.oid",
		.query =
			"SELECT s.oid, 0, 0, s.subname,"
			" s.subowner AS owner,"
			" NOT s.subenabled AS disabled,"
			" s.subslotname AS slot,"
			" s.subbinary AS binary,"
			" s.substream::text NOT IN ('f', 'false') AS streaming,"
			" s.subtwophasestate <> 'd' AS two_phase,"
			" s.subdisableonerr AS disable_on_error,"
			" NULLIF(s.subsynccommit, 'off') AS synchronous_commit,"
			SQL_SUBSCRIPTION_PROPERTIES
			" (SELECT jsonb_agg(p ORDER BY p COLLATE \"C\")"
			" FROM unnest(s.subpublications) p) AS publications"
			" FROM pg_subscription s JOIN pg_database d ON d.oid = s.subdbid"
			" WHERE d.datname = current_database()"
			" AND $range",
	},
	{
		.name = "event trigger",
		.catalog = EventTriggerRelationId,
		.identity = IDENTITY_NAME,
		.key = "oid",
		.query =
			"SELECT oid, 0, 0, evtname,"
			" evtowner AS owner,"
			" evtevent AS event,"
			" evtfoid::oid::regprocedure::text AS function,"
			" CASE evtenabled WHEN 'D' THEN 'disabled'"
			" WHEN 'R' THEN 'replica' WHEN 'A' THEN 'always' END AS enabled,"
			" (SELECT jsonb_agg(t ORDER BY t COLLATE \"C\")"
			" FROM unnest(evttags) t) AS tags"
			" FROM pg_event_trigger WHERE $range",
	},
	{
		.name = "default privileges",
		.catalog = DefaultAclRelationId,
		.identity = IDENTITY_GIVEN,
		.key = "d.oid",
		.query =
			"SELECT d.oid, 0, d.defaclnamespace,"
			" concat_ws(' ', 'for role',"
			" quote_ident(pg_get_userbyid(d.defaclrole)),"
			" 'in schema ' || quote_ident(n.nspname), 'on',"
			" CASE d.defaclobjtype WHEN 'r' THEN 'tables'"
			" WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions'"
			" WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'"
			" ELSE 'large objects' END),"
			" d.defaclrole AS owner,"
			" CASE WHEN d.defaclnamespace = 0 THEN acldefault("
			"CASE d.defaclobjtype WHEN 'S' THEN 's'"
			" ELSE d.defaclobjtype END, d.defaclrole)"
			" ELSE '{}'::aclitem[] END AS initial,"
			" d.defaclacl AS grants"
			" FROM pg_default_acl d LEFT JOIN pg_namespace n"
			" ON n.oid = d.defaclnamespace"
			" WHERE $range",
	},
	SYSTEM("system schema", NamespaceRelationId, OBJECT_SCHEMA,
		   "pg_namespace", "o.nspname", "o.nspowner", "o.nspacl",
		   NOT_INFORMATION_SCHEMA("o.oid")),
	SYSTEM("system relation", RelationRelationId, OBJECT_TABLE,
		   "pg_class", "o.oid::regclass::text", "o.relowner", "o.relacl",
		   NOT_INFORMATION_SCHEMA("o.relnamespace")),
	SYSTEM("system function", ProcedureRelationId, OBJECT_FUNCTION,
		   "pg_proc", "o.oid::regprocedure::text", "o.proowner", "o.proacl",
		   NOT_INFORMATION_SCHEMA("o.pronamespace")),
	SYSTEM("system type", TypeRelationId, OBJECT_TYPE,
		   "pg_type", "format_type(o.oid, NULL)", "o.typowner", "o.typacl",
		   NOT_INFORMATION_SCHEMA("o.typnamespace")),
	SYSTEM("system language", LanguageRelationId, OBJECT_LANGUAGE,
		   "pg_language", "o.lanname", "o.lanowner", "o.lanacl", ""),
	SYSTEM("system foreign-data wrapper", ForeignDataWrapperRelationId,
		   OBJECT_FDW, "pg_foreign_data_wrapper", "o.fdwname", "o.fdwowner",
		   "o.fdwacl", ""),
	{
		.name = "system column",
		.catalog = RelationRelationId,
		.identity = IDENTITY_GIVEN,
		.grants = OBJECT_COLUMN,
		.from_initdb = true,
		.system = true,
		.key = "a.attrelid",
		.query =
			"SELECT a.attrelid, a.attnum::integer, 0,"
			" a.attrelid::regclass || '.' || quote_ident(a.attname),"
			" i.initprivs AS initial, c.relowner AS owner,"
			" a.attacl AS grants"
			" FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid"
			" LEFT JOIN pg_init_privs i"
			" ON i.classoid = 'pg_class'::regclass AND i.objoid = a.attrelid"
			" AND i.objsubid = a.attnum"
			" WHERE a.attacl IS NOT NULL"
			" AND ($range) IS TRUE"
			" AND a.attacl IS DISTINCT FROM i.initprivs"
			" AND " OF_SYSTEM("pg_class", "c.oid"),
	},
	{0},
};
/* clang-format on */
