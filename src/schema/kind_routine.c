/*-------------------------------------------------------------------------
 *
 * kind_routine.c
 *	  Functions, procedures, aggregates, and what is made of them: operators
 *	  and their classes and families, casts, transforms, conversions.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/pg_cast.h"
#include "catalog/pg_conversion.h"
#include "catalog/pg_language.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_transform.h"

#include "schema/schema_internal.h"

/* What all routines have. */
#define ROUTINE                                                               \
	"SELECT p.oid, 0, p.pronamespace, p.proname,"                             \
	" '(' || oidvectortypes(p.proargtypes) || ')' AS signature,"              \
	" p.proowner AS owner, p.proacl AS grants,"                               \
	" pg_get_function_arguments(p.oid) AS arguments,"                         \
	" CASE p.provolatile WHEN 'i' THEN 'immutable' WHEN 's' THEN 'stable'"    \
	" ELSE 'volatile' END AS volatility,"                                     \
	" p.proisstrict AS strict,"                                               \
	" p.proleakproof AS leakproof,"                                           \
	" p.prosecdef AS security_definer,"                                       \
	" CASE p.proparallel WHEN 's' THEN 'safe' WHEN 'r' THEN 'restricted'"     \
	" ELSE 'unsafe' END AS parallel,"

#define FUNCTION_PROPERTIES                                                   \
	ROUTINE                                                                   \
	" coalesce(l.lanname, 'none') AS language,"                               \
	" pg_get_function_result(p.oid) AS returns,"                              \
	" p.prokind = 'w' AS window,"                                             \
	" CASE WHEN p.procost <> CASE WHEN l.lanname IN ('c', 'internal')"        \
	" THEN 1 ELSE 100 END THEN p.procost::text END AS cost,"                  \
	" CASE WHEN p.prorows <> CASE WHEN p.proretset THEN 1000 ELSE 0 END"      \
	" THEN p.prorows::text END AS rows,"                                      \
	" CASE WHEN p.prosupport::oid <> 0"                                       \
	" THEN p.prosupport::oid::regprocedure::text END AS support,"             \
	" (SELECT jsonb_object_agg(option_name, option_value)"                    \
	" FROM pg_options_to_table(p.proconfig)) AS settings,"                    \
	" (SELECT jsonb_agg(format_type(t, NULL))"                                \
	" FROM unnest(p.protrftypes) t) AS transforms,"                           \
	" pg_get_function_sqlbody(p.oid) AS sql_body,"                            \
	" CASE WHEN p.prosqlbody IS NULL THEN p.prosrc END AS body,"              \
	" p.probin AS library"                                                    \
	" FROM pg_proc p LEFT JOIN pg_language l ON l.oid = p.prolang"

#define OPERATOR(column) column "::oid::regoperator::text"

#define OPERATOR_OR_NULL(column, name)                                        \
	" CASE WHEN " column "::oid <> 0 THEN " OPERATOR(column) " END"           \
															 " AS " name

/* Operators and functions that belong to a class, or loosely to a family. */
#define MEMBERS(catalog, oid, dependency)                                     \
	" (SELECT jsonb_object_agg(m.name, m.value) FROM"                         \
	" (SELECT 'operator ' || o.amopstrategy || ' ('"                          \
	" || format_type(o.amoplefttype, NULL) || ', '"                           \
	" || format_type(o.amoprighttype, NULL) || ')' AS name,"                  \
	" o.amopopr::regoperator::text || CASE WHEN o.amopsortfamily <> 0"        \
	" THEN ' for order by ' || (SELECT quote_ident(n.nspname) || '.'"         \
	" || quote_ident(f.opfname) FROM pg_opfamily f JOIN pg_namespace n"       \
	" ON n.oid = f.opfnamespace WHERE f.oid = o.amopsortfamily)"              \
	" ELSE '' END AS value"                                                   \
	" FROM pg_depend d JOIN pg_amop o ON o.oid = d.objid"                     \
	" WHERE d.classid = 'pg_amop'::regclass"                                  \
	" AND d.refclassid = '" catalog "'::regclass AND d.refobjid = " oid       \
	" AND d.deptype = '" dependency "'"                                       \
	" UNION ALL SELECT 'function ' || q.amprocnum || ' ('"                    \
	" || format_type(q.amproclefttype, NULL) || ', '"                         \
	" || format_type(q.amprocrighttype, NULL) || ')',"                        \
	" q.amproc::oid::regprocedure::text"                                      \
	" FROM pg_depend d JOIN pg_amproc q ON q.oid = d.objid"                   \
	" WHERE d.classid = 'pg_amproc'::regclass"                                \
	" AND d.refclassid = '" catalog "'::regclass AND d.refobjid = " oid       \
	" AND d.deptype = '" dependency "') m) AS members"

/* What a final function does to its argument. */
#define MODIFY(column)                                                        \
	"CASE " column " WHEN 'r' THEN 'read only' WHEN 's' THEN 'shareable'"     \
	" ELSE 'read-write' END"

/* clang-format off */
const ObjectKind pgmig_schema_routine_kinds[] = {
	{
		.name = "function",
		.catalog = ProcedureRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_FUNCTION,
		.skip_internal = true,
		.describe = pgmig_schema_describe_routine,
		.key = "p.oid",
		.query =
			FUNCTION_PROPERTIES
			" WHERE $range AND p.prokind IN ('f', 'w')",
	},
	{
		.name = "procedure",
		.catalog = ProcedureRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_FUNCTION,
		.describe = pgmig_schema_describe_routine,
		.key = "p.oid",
		.query =
			FUNCTION_PROPERTIES
			" WHERE $range AND p.prokind = 'p'",
	},
	{
		.name = "aggregate",
		.catalog = ProcedureRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.grants = OBJECT_FUNCTION,
		.key = "p.oid",
		.query =
			ROUTINE
			" pg_get_function_result(p.oid) AS returns,"
			" CASE a.aggkind WHEN 'o' THEN 'ordered-set'"
			" WHEN 'h' THEN 'hypothetical-set' END AS aggregate_kind,"
			" a.aggnumdirectargs::integer AS direct_arguments,"
			" a.aggtransfn::oid::regprocedure::text AS transition_function,"
			" format_type(a.aggtranstype, NULL) AS transition_type,"
			" NULLIF(a.aggtransspace, 0) AS transition_space,"
			" a.agginitval AS initial_value,"
			" NULLIF(a.aggfinalfn::oid, 0)::regprocedure::text"
			" AS final_function,"
			" a.aggfinalextra AS final_extra,"
			" " MODIFY("a.aggfinalmodify") " AS final_modify,"
			" NULLIF(a.aggcombinefn::oid, 0)::regprocedure::text"
			" AS combine_function,"
			" NULLIF(a.aggserialfn::oid, 0)::regprocedure::text"
			" AS serial_function,"
			" NULLIF(a.aggdeserialfn::oid, 0)::regprocedure::text"
			" AS deserial_function,"
			" NULLIF(a.aggmtransfn::oid, 0)::regprocedure::text"
			" AS moving_transition_function,"
			" NULLIF(a.aggminvtransfn::oid, 0)::regprocedure::text"
			" AS moving_inverse_function,"
			" NULLIF(a.aggmfinalfn::oid, 0)::regprocedure::text"
			" AS moving_final_function,"
			" CASE WHEN a.aggmtranstype <> 0"
			" THEN format_type(a.aggmtranstype, NULL) END"
			" AS moving_transition_type,"
			" NULLIF(a.aggmtransspace, 0) AS moving_transition_space,"
			" a.aggminitval AS moving_initial_value,"
			" a.aggmfinalextra AS moving_final_extra,"
			" CASE WHEN a.aggmtranstype <> 0"
			" THEN " MODIFY("a.aggmfinalmodify") " END AS moving_final_modify,"
			OPERATOR_OR_NULL("a.aggsortop", "sort_operator")
			" FROM pg_proc p JOIN pg_aggregate a ON a.aggfnoid = p.oid"
			" WHERE $range AND p.prokind = 'a'",
	},
	{
		/* Those without a function are shells that others have made. */
		.name = "operator",
		.catalog = OperatorRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_GIVEN,
		.key = "o.oid",
		.query =
			"SELECT o.oid, 0, o.oprnamespace, quote_ident(n.nspname) || '.'"
			" || o.oprname || '(' || CASE WHEN o.oprleft = 0 THEN 'NONE'"
			" ELSE format_type(o.oprleft, NULL) END || ', '"
			" || CASE WHEN o.oprright = 0 THEN 'NONE'"
			" ELSE format_type(o.oprright, NULL) END || ')',"
			" o.oprowner AS owner,"
			" o.oprcode::oid::regprocedure::text AS function,"
			OPERATOR_OR_NULL("o.oprcom", "commutator") ","
			OPERATOR_OR_NULL("o.oprnegate", "negator") ","
			" NULLIF(o.oprrest::oid, 0)::regprocedure::text AS restrict,"
			" NULLIF(o.oprjoin::oid, 0)::regprocedure::text AS join,"
			" o.oprcanhash AS hashes, o.oprcanmerge AS merges"
			" FROM pg_operator o JOIN pg_namespace n"
			" ON n.oid = o.oprnamespace"
			" WHERE $range AND o.oprcode::oid <> 0",
	},
	{
		.name = "operator family",
		.catalog = OperatorFamilyRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "f.oid",
		.query =
			"SELECT f.oid, 0, f.opfnamespace, f.opfname,"
			" ' USING ' || quote_ident(m.amname) AS signature,"
			" f.opfowner AS owner,"
			MEMBERS("pg_opfamily", "f.oid", "a")
			" FROM pg_opfamily f JOIN pg_am m ON m.oid = f.opfmethod"
			" WHERE $range",
	},
	{
		.name = "operator class",
		.catalog = OperatorClassRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "c.oid",
		.query =
			"SELECT c.oid, 0, c.opcnamespace, c.opcname,"
			" ' USING ' || quote_ident(m.amname) AS signature,"
			" c.opcowner AS owner,"
			" format_type(c.opcintype, NULL) AS type,"
			" c.opcdefault AS default,"
			" CASE WHEN c.opckeytype <> 0"
			" THEN format_type(c.opckeytype, NULL) END AS storage,"
			" quote_ident(n.nspname) || '.' || quote_ident(f.opfname)"
			" AS family,"
			MEMBERS("pg_opclass", "c.oid", "i")
			" FROM pg_opclass c JOIN pg_am m ON m.oid = c.opcmethod"
			" JOIN pg_opfamily f ON f.oid = c.opcfamily"
			" JOIN pg_namespace n ON n.oid = f.opfnamespace"
			" WHERE $range",
	},
	{
		.name = "cast",
		.catalog = CastRelationId,
		.identity = IDENTITY_GIVEN,
		.key = "oid",
		.query =
			"SELECT oid, 0, 0, '(' || format_type(castsource, NULL) || ' AS '"
			" || format_type(casttarget, NULL) || ')',"
			" NULLIF(castfunc, 0)::regprocedure::text AS function,"
			" CASE castcontext WHEN 'a' THEN 'assignment'"
			" WHEN 'i' THEN 'implicit' END AS context,"
			" CASE castmethod WHEN 'b' THEN 'binary' WHEN 'i' THEN 'inout'"
			" END AS method"
			" FROM pg_cast WHERE $range",
	},
	{
		.name = "transform",
		.catalog = TransformRelationId,
		.identity = IDENTITY_GIVEN,
		.key = "f.oid",
		.query =
			"SELECT f.oid, 0, 0, 'for ' || format_type(f.trftype, NULL)"
			" || ' language ' || quote_ident(l.lanname),"
			" NULLIF(f.trffromsql::oid, 0)::regprocedure::text AS from_sql,"
			" NULLIF(f.trftosql::oid, 0)::regprocedure::text AS to_sql"
			" FROM pg_transform f JOIN pg_language l ON l.oid = f.trflang"
			" WHERE $range",
	},
	{
		.name = "conversion",
		.catalog = ConversionRelationId,
		.parent = NamespaceRelationId,
		.identity = IDENTITY_QUALIFIED,
		.key = "oid",
		.query =
			"SELECT oid, 0, connamespace, conname,"
			" conowner AS owner,"
			" pg_encoding_to_char(conforencoding) AS source,"
			" pg_encoding_to_char(contoencoding) AS destination,"
			" conproc::oid::regprocedure::text AS function,"
			" condefault AS default"
			" FROM pg_conversion WHERE $range",
	},
	{0},
};
/* clang-format on */
