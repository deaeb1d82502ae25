/*-------------------------------------------------------------------------
 *
 * access.c
 *	  How the catalogue is reached.
 *
 * Every query on schema pgmig runs between pgmig_catalog_begin() and
 * pgmig_catalog_end(): as the owner of the catalogue, with search_path set to
 * pg_catalog, so that no object of a user can take the place of one of ours.
 * An error in between is undone by the (sub)transaction's abort: the server
 * restores user, settings and SPI stack there.
 *
 * Plans are kept for the session.  They are generic from the start: the
 * queries look up keys, and planning one costs more than running it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "access/xlog.h"
#include "catalog/dependency.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "storage/lmgr.h"
#include "tcop/utility.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"
#include "utils/syscache.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "errors.h"
#include "setting.h"

/* So many rows of a large result are in memory. */
#define ROWS_AT_ONCE 1000

/* A migration body is running in this backend. */
static bool in_body = false;

/* A statement that pgmig itself has composed is. */
static bool in_own_ddl = false;

pg_noreturn static void
report_not_installed(void)
{
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_TABLE),
			 errmsg("extension \"pgmig\" is not installed in this database"),
			 errhint("Use CREATE EXTENSION pgmig.")));
}

/*
 * OID of table pgmig.revision, which stands for the catalogue as a whole.
 *
 * If there is none, InvalidOid or an error.
 */
Oid
pgmig_catalog_relation(bool missing_ok)
{
	Oid schema = get_namespace_oid("pgmig", true);
	Oid relation = InvalidOid;

	if (OidIsValid(schema))
		relation = get_relname_relid("revision", schema);
	if (!OidIsValid(relation) && !missing_ok)
		report_not_installed();
	return relation;
}

/* Does a table belong to extension pgmig? */
static bool
is_member(Oid relation)
{
	Oid extension = getExtensionOfObject(RelationRelationId, relation);

	return OidIsValid(extension) &&
		   extension == get_extension_oid("pgmig", true);
}

/*
 * The same table, and from now on to the end of the transaction the catalogue
 * is the extension's.
 *
 * Who owns the extension, or its schema, is no superuser, can drop it while we
 * run, and put tables or views of his own in the place of ours.  The lock
 * keeps him from it; a table that is locked, has the name and is a member of
 * the extension is ours, and so are all others in its schema, where nobody
 * else may create any.
 */
Oid
pgmig_catalog_hold(void)
{
	static Oid known_member = InvalidOid;
	Oid relation = pgmig_catalog_relation(false);

	for (;;)
	{
		Oid locked = relation;

		LockRelationOid(locked, AccessShareLock);
		relation = pgmig_catalog_relation(false);
		if (relation == locked)
			break;
		UnlockRelationOid(locked, AccessShareLock);
	}
	if (relation != known_member)
	{
		if (!is_member(relation))
			report_not_installed();
		known_member = relation;
	}
	return relation;
}

/*
 * The owner of the catalogue, as whom it is written.
 */
Oid
pgmig_catalog_owner(void)
{
	HeapTuple tuple;
	Oid owner;

	tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(pgmig_catalog_hold()));
	if (!HeapTupleIsValid(tuple))
		elog(ERROR, "cache lookup failed for table pgmig.revision");
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

/*
 * Begin a visit to the catalogue.
 *
 * Switches to the memory context of a new SPI connection; access->caller is
 * the context to leave results in.
 */
void
pgmig_catalog_begin(CatalogAccess *access)
{
	Oid owner = pgmig_catalog_owner();

	access->caller = CurrentMemoryContext;
	/* A body can make its transaction read-only; our records are not it. */
	access->read_only = XactReadOnly;
	XactReadOnly = XactReadOnly && RecoveryInProgress();
	GetUserIdAndSecContext(&access->userid, &access->sec_context);
	SetUserIdAndSecContext(owner,
						   access->sec_context | SECURITY_LOCAL_USERID_CHANGE);
	access->guc_level = NewGUCNestLevel();
	RestrictSearchPath();
	/* The triggers are to fire whatever the caller pretends to be. */
	if (SessionReplicationRole != SESSION_REPLICATION_ROLE_ORIGIN)
		(void) set_config_option("session_replication_role",
								 "origin",
								 PGC_SUSET,
								 PGC_S_SESSION,
								 GUC_ACTION_SAVE,
								 true,
								 0,
								 false);
	/* A plan is kept while its tables grow, and they may start empty. */
	pgmig_set_option("enable_seqscan", "off", GUC_ACTION_SAVE);
	pgmig_set_option("jit", "off", GUC_ACTION_SAVE);
	if (SPI_connect() != SPI_OK_CONNECT)
		elog(ERROR, "SPI_connect failed");
}

/*
 * End a visit: the caller's rights, settings and memory context are back.
 */
void
pgmig_catalog_end(CatalogAccess *access)
{
	SPI_finish();
	AtEOXact_GUC(false, access->guc_level);
	SetUserIdAndSecContext(access->userid, access->sec_context);
	XactReadOnly = access->read_only;
	MemoryContextSwitchTo(access->caller);
}

/* The plan of a query, made when it is first used. */
static SPIPlanPtr
prepare(CatalogQuery *query)
{
	if (query->plan == NULL)
	{
		SPIPlanPtr plan = SPI_prepare_cursor(query->sql,
											 query->nargs,
											 query->argtypes,
											 CURSOR_OPT_GENERIC_PLAN);

		if (plan == NULL)
			elog(ERROR,
				 "could not prepare \"%s\": %s",
				 query->sql,
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		query->plan = plan;
	}
	return query->plan;
}

/*
 * Run a query; its rows are in SPI_tuptable until the visit ends or the next
 * query runs.
 *
 * values has query->nargs members, nulls likewise ('n' for a null) or is
 * NULL.  With read_only, the query sees what the caller's statement sees,
 * otherwise all that is committed or done before it.  Returns the number of
 * rows.
 */
uint64
pgmig_catalog_execute(CatalogQuery *query, Datum *values, const char *nulls,
					  bool read_only)
{
	int code = SPI_execute_plan(prepare(query), values, nulls, read_only, 0);

	if (code < 0)
		elog(ERROR,
			 "could not execute \"%s\": %s",
			 query->sql,
			 SPI_result_code_string(code));
	return SPI_processed;
}

/*
 * Run a statement that is not worth a plan for the session.  Returns the
 * number of rows.
 */
uint64
pgmig_catalog_execute_text(const char *sql)
{
	int code = SPI_execute(sql, false, 0);

	if (code < 0)
		elog(ERROR,
			 "could not execute \"%s\": %s",
			 sql,
			 SPI_result_code_string(code));
	return SPI_processed;
}

/*
 * Run DDL of pgmig's own, in a visit or another SPI connection.
 */
void
pgmig_catalog_execute_ddl(const char *sql)
{
	pgmig_catalog_enter_ddl();
	PG_TRY();
	{
		(void) pgmig_catalog_execute_text(sql);
	}
	PG_FINALLY();
	{
		pgmig_catalog_leave_ddl();
	}
	PG_END_TRY();
}

/*
 * Run a query whose rows may be many, with the active snapshot.
 *
 * Each is row rows->row of the current result, after pgmig_catalog_next().
 */
void
pgmig_catalog_open(CatalogRows *rows, CatalogQuery *query, Datum *values)
{
	rows->portal = SPI_cursor_open(NULL, prepare(query), values, NULL, true);
	rows->row = 0;
	rows->count = 0;
}

/*
 * Go to the next row.  Returns false, and closes the query, after the last.
 */
bool
pgmig_catalog_next(CatalogRows *rows)
{
	if (rows->row + 1 < rows->count)
	{
		rows->row++;
		return true;
	}
	CHECK_FOR_INTERRUPTS();
	if (rows->count > 0)
		SPI_freetuptable(SPI_tuptable);
	SPI_cursor_fetch(rows->portal, true, ROWS_AT_ONCE);
	rows->row = 0;
	rows->count = SPI_processed;
	if (rows->count > 0)
		return true;
	SPI_cursor_close(rows->portal);
	return false;
}

/*
 * Make the active snapshot one that sees all that is committed or done by
 * now, at any isolation level.  The caller pops it with PopActiveSnapshot().
 */
void
pgmig_catalog_push_snapshot(void)
{
	CommandCounterIncrement();
	PushActiveSnapshot(GetLatestSnapshot());
}

/*
 * A column of the current result, numbered from 1.  By-reference values are
 * those of the result and end with it.
 */
Datum
pgmig_catalog_datum(uint64 row, int column, bool *isnull)
{
	return SPI_getbinval(SPI_tuptable->vals[row],
						 SPI_tuptable->tupdesc,
						 column,
						 isnull);
}

/*
 * A text column of the current result, in the current memory context; NULL
 * for a null.
 */
char *
pgmig_catalog_text(uint64 row, int column)
{
	bool isnull;
	Datum value = pgmig_catalog_datum(row, column, &isnull);

	return isnull ? NULL : TextDatumGetCString(value);
}

/*
 * A text[] column of the current result as a list of char *, in the current
 * memory context.
 */
List *
pgmig_catalog_text_list(uint64 row, int column)
{
	List *result = NIL;
	bool isnull;
	Datum value = pgmig_catalog_datum(row, column, &isnull);
	Datum *elements;
	int count;

	if (isnull)
		return NIL;
	deconstruct_array(DatumGetArrayTypeP(value),
					  TEXTOID,
					  -1,
					  false,
					  TYPALIGN_INT,
					  &elements,
					  NULL,
					  &count);
	for (int i = 0; i < count; i++)
		result = lappend(result, TextDatumGetCString(elements[i]));
	return result;
}

/*
 * An array of elements that are not null, as an argument of a query.
 */
Datum
pgmig_catalog_array(Datum *elements, int count, Oid type)
{
	int16 length;
	bool by_value;
	char align;

	get_typlenbyvalalign(type, &length, &by_value, &align);
	return PointerGetDatum(
		construct_array(elements, count, type, length, by_value, align));
}

/*
 * A list of char * as text[].
 */
Datum
pgmig_catalog_text_array(List *texts)
{
	Datum *elements = palloc(sizeof(Datum) * Max(list_length(texts), 1));
	int count = 0;
	ListCell *lc;

	foreach(lc, texts)
		elements[count++] = CStringGetTextDatum(lfirst(lc));
	return pgmig_catalog_array(elements, count, TEXTOID);
}

/*
 * Note that a migration body starts, and ends, in this backend.  In between,
 * the catalogue cannot be changed.
 */
void
pgmig_catalog_enter_body(void)
{
	in_body = true;
}

void
pgmig_catalog_leave_body(void)
{
	in_body = false;
}

/*
 * Note that DDL of pgmig's own starts, and ends, in this backend.
 */
void
pgmig_catalog_enter_ddl(void)
{
	in_own_ddl = true;
}

void
pgmig_catalog_leave_ddl(void)
{
	in_own_ddl = false;
}

/*
 * Is what runs in this backend a migration body, or DDL of pgmig's own?
 */
bool
pgmig_catalog_is_at_work(void)
{
	return in_body || in_own_ddl;
}

/*
 * Errors out within a migration body.
 *
 * function is the name of the SQL function, for the message.
 */
void
pgmig_catalog_refuse_in_body(const char *function)
{
	if (in_body)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_IN_BODY),
				 errmsg("%s cannot be used in a migration body", function),
				 errhint(
					 "Call it outside of migrations. The order of revisions belongs into their headers, as Revises and Depends On.")));
}

/*
 * Errors out where the catalogue cannot be changed: within a migration body,
 * in a read-only transaction, on a standby.
 *
 * function is the name of the SQL function, for the message.
 */
void
pgmig_catalog_prepare_write(const char *function)
{
	pgmig_catalog_refuse_in_body(function);
	PreventCommandIfReadOnly(function);
}

/*
 * Refuse a call of a trigger function that is no trigger's.
 */
void
pgmig_catalog_check_trigger(FunctionCallInfo fcinfo, const char *function)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by trigger manager",
						function),
				 errhint("It is for the triggers on the tables of pgmig.")));
}

PG_FUNCTION_INFO_V1(pgmig_trigger_guard);

/*
 * BEFORE trigger, for each statement, on every table of schema pgmig: a
 * migration body does not touch them.
 */
Datum
pgmig_trigger_guard(PG_FUNCTION_ARGS)
{
	pgmig_catalog_check_trigger(fcinfo, "pgmig_trigger_guard");
	if (in_body)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_IN_BODY),
				 errmsg(
					 "a migration body cannot change the tables of schema \"pgmig\""),
				 errhint(
					 "Use pgmig_stamp() outside of a migration to correct what is recorded.")));
	return PointerGetDatum(NULL);
}
