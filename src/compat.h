/*-------------------------------------------------------------------------
 *
 * compat.h
 *	  Differences between the supported server versions.
 *
 * The only place that looks at PG_VERSION_NUM.  Older servers get the newest
 * server's names.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_COMPAT_H
#define PGMIG_COMPAT_H

#include "access/xact.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "nodes/parsenodes.h"
#include "storage/lock.h"
#include "tcop/pquery.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/guc_tables.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"

#if PG_VERSION_NUM < 150001 || PG_VERSION_NUM >= 200000
#error "pgmig supports PostgreSQL 15 to 19"
#endif

/* 18: a keyword that comes first, where C11 has it */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 18: the magic block has name and version */
#if PG_VERSION_NUM < 180000
#define PG_MODULE_MAGIC_EXT(...) PG_MODULE_MAGIC
#endif

/* 18: a deferrable primary key on request only */
#if PG_VERSION_NUM < 180000
#define RelationGetPrimaryKeyIndex(relation, deferrable_ok)                   \
	RelationGetPrimaryKeyIndex(relation)
#endif

/* 18: extensions outside of SHAREDIR */
#if PG_VERSION_NUM < 180000
#define Extension_control_path "$system"
#endif

/* 17: maintenance commands run with a restricted search_path */
#if PG_VERSION_NUM < 170000
static inline void
RestrictSearchPath(void)
{
	(void) set_config_option("search_path",
							 "pg_catalog, pg_temp",
							 PGC_USERSET,
							 PGC_S_SESSION,
							 GUC_ACTION_SAVE,
							 true,
							 0,
							 false);
}
#endif

/* 16: one function for the privileges of all kinds of objects */
#if PG_VERSION_NUM < 160000
static inline AclResult
object_aclcheck(Oid classid, Oid objectid, Oid roleid, AclMode mode)
{
	Assert(classid == NamespaceRelationId || classid == ProcedureRelationId);
	if (classid == NamespaceRelationId)
		return pg_namespace_aclcheck(objectid, roleid, mode);
	return pg_proc_aclcheck(objectid, roleid, mode);
}
#endif

/* 17: the lock, or any stronger one */
#if PG_VERSION_NUM < 170000
static inline bool
LockHeldByMe_compat(const LOCKTAG *tag, LOCKMODE mode)
{
	return LockHeldByMe(tag, mode);
}
#define LockHeldByMe(tag, mode, orstronger) LockHeldByMe_compat(tag, mode)
#endif

/* 18: a portal always runs once */
#if PG_VERSION_NUM < 180000
#define PortalRun(portal, count, top_level, dest, altdest, completion)        \
	PortalRun(portal, count, top_level, true, dest, altdest, completion)
#endif

/* 16: the settings and their number in one call */
#if PG_VERSION_NUM < 160000
static inline struct config_generic **
get_guc_variables_compat(int *count)
{
	*count = GetNumConfigOptions();
	return get_guc_variables();
}
#define get_guc_variables(count) get_guc_variables_compat(count)
#endif

/* 16: says how it looks for the entry */
#if PG_VERSION_NUM < 160000
#define pgstat_get_local_beentry_by_index(index)                              \
	pgstat_fetch_stat_local_beentry(index)
#endif

/* 15.2: a command that is not the first of a pipeline */
#ifndef XACT_FLAGS_PIPELINING
#define XACT_FLAGS_PIPELINING 0
#endif

/* 19: flags in one argument; 16: whether only summarizing indexes are updated */
#if PG_VERSION_NUM < 160000
#define ExecInsertIndexTuples(result, estate, flags, slot, arbiters, conflict) \
	ExecInsertIndexTuples(result,                                              \
						  slot,                                                \
						  estate,                                              \
						  false,                                               \
						  false,                                               \
						  conflict,                                            \
						  arbiters)
#elif PG_VERSION_NUM < 190000
#define ExecInsertIndexTuples(result, estate, flags, slot, arbiters, conflict) \
	ExecInsertIndexTuples(result,                                              \
						  slot,                                                \
						  estate,                                              \
						  false,                                               \
						  false,                                               \
						  conflict,                                            \
						  arbiters,                                            \
						  false)
#endif

/* 19: CLUSTER is a kind of REPACK */
#if PG_VERSION_NUM < 190000
#define T_RepackStmt T_ClusterStmt
typedef ClusterStmt RepackStmt;
#endif

/* 19: what a jsonb is built in is one struct */
#if PG_VERSION_NUM < 190000
typedef struct JsonbInState
{
	JsonbValue *result;
	JsonbParseState *parseState;
} JsonbInState;

static inline void
pushJsonbValue_compat(JsonbInState *state, JsonbIteratorToken token,
					  JsonbValue *value)
{
	state->result = pushJsonbValue(&state->parseState, token, value);
}
#define pushJsonbValue(state, token, value)                                   \
	pushJsonbValue_compat(state, token, value)
#endif

/* 17: a privilege more on tables */
#if PG_VERSION_NUM < 170000
#define ACL_MAINTAIN 0
#endif

/* 16: the query of a view has no entries for OLD and NEW */
#if PG_VERSION_NUM < 160000
#define VIEW_RULE_ENTRIES 2
#else
#define VIEW_RULE_ENTRIES 0
#endif

/* 17: one column for the locale of all providers */
#if PG_VERSION_NUM < 170000
#define SQL_COLLLOCALE "colliculocale"
#else
#define SQL_COLLLOCALE "colllocale"
#endif

/*
 * 18: NOT NULL is a constraint.  Its name counts if somebody has chosen it, for
 * this column or for its parent's: with that of the server, the same schema
 * would be another one on older servers.
 */
#if PG_VERSION_NUM < 180000
#define SQL_NOT_NULL_PROPERTIES ""
#define SQL_NOT_NULL_JOIN ""
#else
#define SQL_NOT_NULL_PROPERTIES                                               \
	" CASE WHEN nn.conname !~ '_not_null[0-9]*$'"                             \
	" AND NOT EXISTS (SELECT FROM pg_inherits ni JOIN pg_constraint np"       \
	" ON np.conrelid = ni.inhparent AND np.contype = 'n'"                     \
	" AND np.conname = nn.conname WHERE ni.inhrelid = a.attrelid)"            \
	" THEN nn.conname END AS not_null_name,"                                  \
	" nn.connoinherit AS not_null_no_inherit,"                                \
	" NOT nn.convalidated AS not_null_unvalidated,"                           \
	" nn.conislocal AND nn.coninhcount > 0 AS not_null_local,"                \
	" nd.description AS not_null_comment,"
#define SQL_NOT_NULL_JOIN                                                     \
	" LEFT JOIN pg_constraint nn ON nn.conrelid = a.attrelid"                 \
	" AND nn.contype = 'n' AND nn.conkey[1] = a.attnum"                       \
	" LEFT JOIN pg_description nd ON nd.objoid = nn.oid"                      \
	" AND nd.classoid = 'pg_constraint'::regclass AND nd.objsubid = 0"
#endif

/* 16, 17, 19: more options of subscriptions */
#if PG_VERSION_NUM < 160000
#define SQL_SUBSCRIPTION_PROPERTIES ""
#else
#define SQL_SUBSCRIPTION_PROPERTIES_16                                        \
	" s.substream::text = 'p' AS streaming_parallel,"                         \
	" NOT s.subpasswordrequired AS password_not_required,"                    \
	" s.subrunasowner AS run_as_owner,"                                       \
	" NULLIF(s.suborigin, 'any') AS origin,"
#if PG_VERSION_NUM < 170000
#define SQL_SUBSCRIPTION_PROPERTIES SQL_SUBSCRIPTION_PROPERTIES_16
#elif PG_VERSION_NUM < 190000
#define SQL_SUBSCRIPTION_PROPERTIES                                           \
	SQL_SUBSCRIPTION_PROPERTIES_16 " s.subfailover AS failover,"
#else
#define SQL_SUBSCRIPTION_PROPERTIES                                           \
	SQL_SUBSCRIPTION_PROPERTIES_16                                            \
	" s.subfailover AS failover,"                                             \
	" s.subretaindeadtuples AS retain_dead_tuples,"                           \
	" NULLIF(s.submaxretention, 0) AS max_retention_duration,"                \
	" NULLIF(s.subwalrcvtimeout, '-1') AS wal_receiver_timeout,"              \
	" (SELECT srvname FROM pg_foreign_server"                                 \
	" WHERE oid = s.subserver) AS server,"
#endif
#endif

/* 16: a walker has a type; before, it is a function that C23 takes for one
 * without arguments */
#if PG_VERSION_NUM < 160000
#define raw_expression_tree_walker(node, walker, context)                     \
	raw_expression_tree_walker(node, (void *) (walker), context)
#endif

#endif /* PGMIG_COMPAT_H */
