/*-------------------------------------------------------------------------
 *
 * resume.c
 *	  What is left of a statement that may have been started before.
 *
 * A top-level command commits in its middle, so a crash or an error can leave
 * a part of it.  The record that it is done is committed together with the
 * last part, for every command but those that work outside of transactions:
 * so a command without that record was not finished, and the catalogs tell
 * how to go on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_index.h"
#include "catalog/pg_type.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "nodes/makefuncs.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/ruleutils.h"
#include "utils/syscache.h"

#include "compat.h"
#include "errors.h"
#include "run/run.h"

/* Name of the table that stands in for another one */
#define STAND_IN "pgmig_stand_in"

/*
 * OIDs that a query gives, whose parameters are OIDs.
 */
static List *
query_oids(const char *sql, int nargs, Oid first, Oid second)
{
	MemoryContext cxt = CurrentMemoryContext;
	Oid types[2] = {OIDOID, OIDOID};
	Datum values[2];
	List *result = NIL;

	int guc_level = NewGUCNestLevel();

	RestrictSearchPath();
	values[0] = ObjectIdGetDatum(first);
	values[1] = ObjectIdGetDatum(second);
	SPI_connect();
	if (SPI_execute_with_args(sql, nargs, types, values, NULL, true, 0) < 0)
		elog(ERROR, "could not execute \"%s\"", sql);
	MemoryContextSwitchTo(cxt);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		bool isnull;
		Datum value = pgmig_catalog_datum(row, 1, &isnull);

		result = lappend_oid(result, DatumGetObjectId(value));
	}
	SPI_finish();
	AtEOXact_GUC(false, guc_level);
	return result;
}

static char *
qualified_name(Oid relation)
{
	return quote_qualified_identifier(get_namespace_name(
										  get_rel_namespace(relation)),
									  get_rel_name(relation));
}

static void
drop_error_callback(void *arg)
{
	errcontext("dropping invalid index %s, which an earlier attempt left",
			   (const char *) arg);
}

/*
 * Drop an index that a command about this table left.
 *
 * If somebody works on the table so that it cannot be ours, that is a lock
 * timeout.
 */
static void
drop_left_index(const BodyRun *body, Oid table, Oid index)
{
	MemoryContext cxt = CurrentMemoryContext;
	char *name = qualified_name(index);
	char *sql = psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s", name);
	ErrorContextCallback callback;
	LOCKTAG tag;

	SET_LOCKTAG_RELATION(tag, MyDatabaseId, table);
	if (!ConditionalLockRelationOid(table, ShareUpdateExclusiveLock))
	{
		char *holders =
			pgmig_run_describe_holders(&tag, ShareUpdateExclusiveLock);

		ereport(ERROR,
				(errcode(ERRCODE_LOCK_NOT_AVAILABLE),
				 errmsg("could not drop invalid index %s, which an earlier attempt left",
						name),
				 errdetail("Another session works on its table.%s%s",
						   holders == NULL ? "" : "\n",
						   holders == NULL ? "" : holders),
				 errhint("Try again when that has ended.")));
	}
	ereport(NOTICE,
			(errmsg("dropping invalid index %s, which an earlier attempt left",
					name)));
	pgmig_run_commit();
	callback.callback = drop_error_callback;
	callback.arg = name;
	callback.previous = error_context_stack;
	error_context_stack = &callback;
	pgmig_run_report_activity(body, sql);
	pgmig_run_watch_locks();
	pgmig_catalog_enter_ddl();
	PG_TRY();
	{
		(void) pgmig_run_top_level(sql);
		pgmig_catalog_leave_ddl();
		pgmig_run_unwatch_locks();
	}
	PG_CATCH();
	{
		ErrorData *error;

		pgmig_catalog_leave_ddl();
		pgmig_run_unwatch_locks();
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		pgmig_run_add_blockers(error);
		ReThrowError(error);
	}
	PG_END_TRY();
	error_context_stack = callback.previous;
	pgstat_report_activity(STATE_RUNNING, debug_query_string);
	pgmig_run_commit();
	pgmig_run_begin();
}

static bool
is_valid(Oid index)
{
	HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool valid = HeapTupleIsValid(tuple) &&
				 ((Form_pg_index) GETSTRUCT(tuple))->indisvalid;

	if (HeapTupleIsValid(tuple))
		ReleaseSysCache(tuple);
	return valid;
}

/* What makes an index besides its name and its table: unique or not, and all
 * from the access method on. */
static char *
definition(Oid index)
{
	Oid table = IndexGetRelation(index, false);
	char *text = pg_get_indexdef_string(index);
	HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(index));
	bool unique;
	char *head;

	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for index %u", index);
	unique = ((Form_pg_index) GETSTRUCT(tuple))->indisunique;
	ReleaseSysCache(tuple);
	head = psprintf("CREATE %sINDEX %s ON %s",
					unique ? "UNIQUE " : "",
					quote_identifier(get_rel_name(index)),
					quote_qualified_identifier(get_namespace_name_or_temp(
												   get_rel_namespace(table)),
											   get_rel_name(table)));
	if (strncmp(text, head, strlen(head)) != 0)
		elog(ERROR, "unexpected definition of an index: %s", text);
	return psprintf("%s%s", unique ? "UNIQUE" : "", text + strlen(head));
}

/* Make an index as the statement says, on an empty table like its own. */
static char *
stand_in_definition(const IndexStmt *stmt, Oid table)
{
	IndexStmt *copy = copyObject(unconstify(IndexStmt *, stmt));
	PlannedStmt *wrapper = makeNode(PlannedStmt);
	Oid stand_in;
	List *indexes;
	Relation relation;
	char *result;

	SPI_connect();
	if (SPI_execute(psprintf("CREATE TEMPORARY TABLE " STAND_IN " (LIKE %s)",
							 qualified_name(table)),
					false,
					0) < 0)
		elog(ERROR, "could not create a table");
	SPI_finish();
	CommandCounterIncrement();
	copy->relation = makeRangeVar("pg_temp", STAND_IN, -1);
	copy->concurrent = false;
	copy->if_not_exists = false;
	copy->idxname = NULL;
	wrapper->commandType = CMD_UTILITY;
	wrapper->utilityStmt = (Node *) copy;
	wrapper->stmt_location = -1;
	ProcessUtility(wrapper,
				   "",
				   false,
				   PROCESS_UTILITY_SUBCOMMAND,
				   NULL,
				   NULL,
				   None_Receiver,
				   NULL);
	CommandCounterIncrement();
	stand_in = RangeVarGetRelid(copy->relation, NoLock, false);
	relation = RelationIdGetRelation(stand_in);
	indexes = RelationGetIndexList(relation);
	RelationClose(relation);
	if (list_length(indexes) != 1)
		elog(ERROR, "unexpected number of indexes");
	result = definition(linitial_oid(indexes));
	return result;
}

/*
 * What the definition of the index would be that a statement makes, NULL if
 * that cannot be told.
 */
static char *
wanted_definition(const IndexStmt *stmt, Oid table)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	char *volatile result = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		result = stand_in_definition(stmt, table);
		MemoryContextSwitchTo(cxt);
		result = pstrdup(result);
	}
	PG_CATCH();
	{
		int sqlstate = geterrcode();

		if (sqlstate == ERRCODE_QUERY_CANCELED ||
			sqlstate == ERRCODE_OUT_OF_MEMORY)
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		FlushErrorState();
		result = NULL;
	}
	PG_END_TRY();
	RollbackAndReleaseCurrentSubTransaction();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return result;
}

/*
 * The invalid index without a given name that a statement left, if any.  It
 * may be half dropped.
 */
static Oid
find_left_index(const IndexStmt *stmt, Oid table)
{
	char *wanted = wanted_definition(stmt, table);
	ListCell *lc;

	if (wanted == NULL)
		return InvalidOid;
	foreach(lc,
			query_oids("SELECT i.indexrelid"
					   " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c"
					   " ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
					   " WHERE i.indrelid OPERATOR(pg_catalog.=) $1"
					   " AND NOT i.indisvalid"
					   " AND c.relkind OPERATOR(pg_catalog.=) 'i'",
					   1,
					   table,
					   InvalidOid))
	{
		if (strcmp(definition(lfirst_oid(lc)), wanted) == 0)
			return lfirst_oid(lc);
	}
	return InvalidOid;
}

/* The index that has the name which a statement gives, on its table. */
static Oid
named_index(const IndexStmt *stmt, Oid table)
{
	Oid index = get_relname_relid(stmt->idxname, get_rel_namespace(table));

	if (!OidIsValid(index) || get_rel_relkind(index) != RELKIND_INDEX ||
		IndexGetRelation(index, false) != table)
		return InvalidOid;
	return index;
}

/* The invalid index that a statement left, if any. */
static Oid
left_index(const IndexStmt *stmt, Oid table)
{
	Oid index;

	if (!OidIsValid(table))
		return InvalidOid;
	if (stmt->idxname == NULL)
		return find_left_index(stmt, table);
	index = named_index(stmt, table);
	return OidIsValid(index) && !is_valid(index) ? index : InvalidOid;
}

static ResumeAction
examine_create_index(const BodyRun *body, const IndexStmt *stmt, bool again)
{
	Oid table = RangeVarGetRelid(stmt->relation, NoLock, true);
	Oid index;
	char *wanted;

	if (!OidIsValid(table) ||
		(!again && (stmt->idxname == NULL || !stmt->if_not_exists)))
		return RESUME_RUN;
	if (stmt->idxname == NULL)
	{
		index = find_left_index(stmt, table);
		if (OidIsValid(index))
			drop_left_index(body, table, index);
		return RESUME_RUN;
	}
	index = named_index(stmt, table);
	if (!OidIsValid(index))
		return RESUME_RUN;
	if (!again && !is_valid(index))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("index \"%s\" exists, but is invalid", stmt->idxname),
				 errdetail(
					 "IF NOT EXISTS would take it for what the statement makes."),
				 errhint("Drop it with DROP INDEX CONCURRENTLY %s.",
						 qualified_name(index))));
	if (!again)
		return RESUME_RUN;
	if (!is_valid(index))
	{
		drop_left_index(body, table, index);
		return RESUME_RUN;
	}
	wanted = wanted_definition(stmt, table);
	return wanted != NULL && strcmp(definition(index), wanted) == 0
			   ? RESUME_DONE
			   : RESUME_RUN;
}

/* What a DROP INDEX CONCURRENTLY left that did not finish is still there. */
static ResumeAction
examine_drop_index(const DropStmt *stmt, bool in_doubt)
{
	RangeVar *name = makeRangeVarFromNameList(linitial(stmt->objects));

	if (in_doubt && !OidIsValid(RangeVarGetRelid(name, NoLock, true)))
		return RESUME_DONE;
	return RESUME_RUN;
}

static ResumeAction
examine_detach(const AlterTableStmt *stmt, const AlterTableCmd *cmd,
			   bool in_doubt, char **replacement)
{
	RangeVar *name = castNode(PartitionCmd, cmd->def)->name;
	Oid parent = RangeVarGetRelid(stmt->relation, NoLock, true);
	Oid partition = RangeVarGetRelid(name, NoLock, true);

	if (!OidIsValid(parent) || !OidIsValid(partition))
		return RESUME_RUN;
	if (query_oids("SELECT inhrelid FROM pg_catalog.pg_inherits"
				   " WHERE inhparent OPERATOR(pg_catalog.=) $1"
				   " AND inhrelid OPERATOR(pg_catalog.=) $2",
				   2,
				   parent,
				   partition) == NIL)
		return in_doubt ? RESUME_DONE : RESUME_RUN;
	if (query_oids("SELECT inhrelid FROM pg_catalog.pg_inherits"
				   " WHERE inhdetachpending"
				   " AND inhparent OPERATOR(pg_catalog.=) $1"
				   " AND inhrelid OPERATOR(pg_catalog.=) $2",
				   2,
				   parent,
				   partition) == NIL)
		return RESUME_RUN;
	ereport(NOTICE,
			(errmsg("finishing to detach partition %s, which an earlier attempt began",
					qualified_name(partition))));
	*replacement = psprintf("ALTER TABLE %s DETACH PARTITION %s FINALIZE",
							qualified_name(parent),
							qualified_name(partition));
	return RESUME_REPLACE;
}

static ResumeAction
examine_alter_table(const AlterTableStmt *stmt, bool again, bool in_doubt,
					char **replacement)
{
	ListCell *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (again && cmd->subtype == AT_DetachPartition)
			return examine_detach(stmt, cmd, in_doubt, replacement);
	}
	return RESUME_RUN;
}

/*
 * Drop the transient indexes that a REINDEX CONCURRENTLY left: of the table
 * that it is about, or in its schema, or all that the role may drop.
 */
static void
drop_transient_indexes(const BodyRun *body, const ReindexStmt *stmt)
{
	Oid table = InvalidOid;
	Oid schema = InvalidOid;
	ListCell *lc;

	if (stmt->kind == REINDEX_OBJECT_SCHEMA)
	{
		schema = get_namespace_oid(stmt->name, true);
		if (!OidIsValid(schema))
			return;
	}
	if (stmt->relation != NULL)
	{
		table = RangeVarGetRelid(stmt->relation, NoLock, true);
		if (stmt->kind == REINDEX_OBJECT_INDEX && OidIsValid(table))
			table = IndexGetRelation(table, true);
		if (!OidIsValid(table))
			return;
	}
	foreach(lc,
			query_oids("SELECT i.indexrelid"
					   " FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c"
					   " ON c.oid OPERATOR(pg_catalog.=) i.indexrelid"
					   " WHERE NOT i.indisvalid AND c.relkind OPERATOR(pg_catalog.=) 'i'"
					   " AND c.relname OPERATOR(pg_catalog.~) '_cc(new|old)[0-9]*$'"
					   " AND pg_catalog.pg_has_role(c.relowner, 'USAGE')"
					   " AND EXISTS (SELECT FROM pg_catalog.pg_class t"
					   " WHERE (t.oid OPERATOR(pg_catalog.=) i.indrelid"
					   " OR t.reltoastrelid OPERATOR(pg_catalog.=) i.indrelid)"
					   " AND ($1 OPERATOR(pg_catalog.=) 0"
					   " OR t.oid OPERATOR(pg_catalog.=) $1"
					   " OR t.oid OPERATOR(pg_catalog.=) ANY"
					   " (SELECT p.relid FROM pg_catalog.pg_partition_tree($1) p))"
					   " AND ($2 OPERATOR(pg_catalog.=) 0"
					   " OR t.relnamespace OPERATOR(pg_catalog.=) $2))"
					   " ORDER BY c.relname",
					   2,
					   table,
					   schema))
	{
		Oid index = lfirst_oid(lc);

		drop_left_index(body, IndexGetRelation(index, false), index);
	}
}

static bool
reindexes_concurrently(const BodyStatement *statement)
{
	return statement->forbids != NULL &&
		   strcmp(statement->forbids, "REINDEX CONCURRENTLY") == 0;
}

/* A prepared transaction that is gone was committed or rolled back. */
static ResumeAction
examine_prepared(const TransactionStmt *stmt, bool in_doubt)
{
	char *sql = psprintf("SELECT 0::pg_catalog.oid"
						 " FROM pg_catalog.pg_prepared_xacts"
						 " WHERE gid OPERATOR(pg_catalog.=) %s"
						 " AND database OPERATOR(pg_catalog.=)"
						 " pg_catalog.current_database()",
						 quote_literal_cstr(stmt->gid));

	return in_doubt && query_oids(sql, 0, InvalidOid, InvalidOid) == NIL
			   ? RESUME_DONE
			   : RESUME_RUN;
}

/*
 * Find out what is to be done with the current statement, a top-level command,
 * and clear away what an earlier attempt left.
 *
 * again: it may have been started before.  in_doubt: it was, and nothing is
 * known of how it ended; what is gone then was its doing.  Sets *replacement for
 * RESUME_REPLACE.  The caller is in a transaction of its own, with an active
 * snapshot and the settings of the body; it can be another one afterwards.
 */
ResumeAction
pgmig_run_examine(const BodyRun *body, bool again, bool in_doubt,
				  char **replacement)
{
	const BodyStatement *statement = body->current;
	Node *node = statement->raw->stmt;

	switch (nodeTag(node))
	{
		case T_IndexStmt:
			return examine_create_index(body,
										castNode(IndexStmt, node),
										again);
		case T_DropStmt:
			return examine_drop_index(castNode(DropStmt, node), in_doubt);
		case T_AlterTableStmt:
			return examine_alter_table(castNode(AlterTableStmt, node),
									   again,
									   in_doubt,
									   replacement);
		case T_ReindexStmt:
			if (again && reindexes_concurrently(statement))
				drop_transient_indexes(body, castNode(ReindexStmt, node));
			return RESUME_RUN;
		case T_TransactionStmt:
			return examine_prepared(castNode(TransactionStmt, node), in_doubt);
		default:
			return RESUME_RUN;
	}
}

/*
 * A statement that pgmig.unfinished has.  The text can be anything that was
 * written to the table directly.
 */
static const BodyStatement *
recorded_statement(const char *sql)
{
	List *statements = pgmig_body_split(sql);

	if (list_length(statements) != 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("left_by in table pgmig.unfinished is not a statement"),
				 errhint("Set it to null.")));
	return linitial(statements);
}

/*
 * Clear away what a statement left that is not in the body any more.
 *
 * The caller is in a transaction of its own, as for pgmig_run_examine().
 */
void
pgmig_run_clear_left(const BodyRun *body, const char *sql)
{
	const BodyStatement *statement = recorded_statement(sql);
	Node *node = statement->raw->stmt;

	if (IsA(node, IndexStmt))
	{
		IndexStmt *stmt = castNode(IndexStmt, node);
		Oid table = RangeVarGetRelid(stmt->relation, NoLock, true);
		Oid index = left_index(stmt, table);

		if (OidIsValid(index))
			drop_left_index(body, table, index);
	}
	else if (reindexes_concurrently(statement))
		drop_transient_indexes(body, castNode(ReindexStmt, node));
}

/*
 * Name of the invalid index that a statement left, or NULL.
 */
char *
pgmig_run_left_index(const char *sql)
{
	Node *node = recorded_statement(sql)->raw->stmt;
	Oid index = InvalidOid;

	if (IsA(node, IndexStmt))
	{
		IndexStmt *stmt = castNode(IndexStmt, node);

		index =
			left_index(stmt, RangeVarGetRelid(stmt->relation, NoLock, true));
	}
	return OidIsValid(index) ? qualified_name(index) : NULL;
}

/*
 * Is there no telling whether a statement that was started was carried out?
 * These change the publisher, which knows nothing of our commit.
 */
bool
pgmig_run_is_doubtful(const BodyStatement *statement)
{
	Node *node = statement->raw->stmt;

	return IsA(node, CreateSubscriptionStmt) ||
		   IsA(node, AlterSubscriptionStmt) || IsA(node, DropSubscriptionStmt);
}
