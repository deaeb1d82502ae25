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

#include "catalog/pg_namespace.h"
#include "nodes/parsenodes.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "storage/sinvaladt.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/relcache.h"

#if PG_VERSION_NUM < 150001 || PG_VERSION_NUM >= 200000
#error "pgmig supports PostgreSQL 15 to 19"
#endif

/* 18: a keyword that comes first, where C11 has it */
#if PG_VERSION_NUM < 180000
#define pg_noreturn pg_attribute_noreturn()
#endif

/* 18: a deferrable primary key on request only */
#if PG_VERSION_NUM < 180000
#define RelationGetPrimaryKeyIndex(relation, deferrable_ok)                   \
	RelationGetPrimaryKeyIndex(relation)
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
	Assert(classid == NamespaceRelationId);
	return pg_namespace_aclcheck(objectid, roleid, mode);
}
#endif

/*
 * The backend that runs a transaction, or NULL if there is none: the
 * transaction may be a prepared one.
 *
 * 17: backend ids became process numbers
 */
static inline PGPROC *
VirtualTransactionIdGetProc(VirtualTransactionId vxid)
{
#if PG_VERSION_NUM < 170000
	PGPROC *proc = BackendIdGetProc(vxid.backendId);

	return proc != NULL && proc->lxid == vxid.localTransactionId ? proc : NULL;
#else
	PGPROC *proc = ProcNumberGetProc(vxid.procNumber);

	return proc != NULL && proc->vxid.lxid == vxid.localTransactionId ? proc
																	  : NULL;
#endif
}

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

#endif /* PGMIG_COMPAT_H */
