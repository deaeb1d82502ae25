/*-------------------------------------------------------------------------
 *
 * record.c
 *	  The schema as a run leaves it is recorded: what is expected from then on.
 *
 * With a scope, that is the scope's schema.  Without, it is the database, but
 * for the schemas that are scopes of their own.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/trigger.h"
#include "utils/memutils.h"
#include "utils/rel.h"

#include "run/run.h"
#include "setting.h"

/*
 * So long, in milliseconds, does a run wait at its end for a lock that another
 * session has on what a view reads.  It may have locks of its own that others
 * wait for, and should be gone before it is taken for a part of a deadlock.
 */
#define RECORD_LOCK_TIMEOUT "500"

/*
 * The schema by now, as far as it is of this scope.
 *
 * A scope can be stamped before its schema is there, or lose it: then nothing
 * is in it.
 */
SchemaSnapshot *
pgmig_run_read_scope(void)
{
	SchemaSnapshot *empty;

	if (pgmig_scope[0] == '\0')
		return pgmig_run_read_schema(NIL, pgmig_catalog_scopes());
	if (OidIsValid(get_namespace_oid(pgmig_scope, true)))
		return pgmig_run_read_schema(list_make1(pgmig_scope), NIL);
	empty = palloc0(sizeof(SchemaSnapshot));
	empty->schemas = list_make1(pgmig_scope);
	empty->objects = palloc(sizeof(SchemaObject *));
	return empty;
}

/*
 * Record the schema by now as what a run has left.  Returns its fingerprint.
 */
char *
pgmig_run_store_schema(int64 run)
{
	SchemaSnapshot *snapshot = pgmig_run_read_scope();
	char *fingerprint = palloc(PGMIG_FINGERPRINT_LENGTH + 1);

	pgmig_schema_fingerprint(snapshot, fingerprint);
	pgmig_catalog_store_snapshot(run,
								 fingerprint,
								 pgmig_schema_to_jsonb(snapshot));
	return fingerprint;
}

static void
store(void *arg)
{
	(void) pgmig_run_store_schema(*(int64 *) arg);
}

/*
 * Record the schema at the end of a run, unless that is turned off.
 *
 * A run that has done its work does not fail because of it: there is a
 * warning, and pgmig_check() tells.  But a cancel is an error, unless the run
 * has failed, which is to be recorded.
 */
void
pgmig_run_record_schema(int64 run, bool failed)
{
	MemoryContext cxt;
	MemoryContext old;
	ErrorData *error;
	int guc_level;

	if (!pgmig_snapshots || !pgmig_catalog_has_snapshots())
		return;
	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"pgmig recording",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);
	guc_level = NewGUCNestLevel();
	pgmig_set_option("lock_timeout", RECORD_LOCK_TIMEOUT, GUC_ACTION_SAVE);
	error = pgmig_run_attempt(store, &run);
	AtEOXact_GUC(false, guc_level);
	if (error != NULL && !failed &&
		(error->sqlerrcode == ERRCODE_QUERY_CANCELED ||
		 error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN))
		ReThrowError(error);
	if (error != NULL)
		ereport(WARNING,
				(errcode(error->sqlerrcode),
				 errmsg("could not record the schema at the end of the run: %s",
						error->message),
				 errhint(
					 "What the run has done stays. Use pgmig_accept() to record the schema.")));
	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

PG_FUNCTION_INFO_V1(pgmig_trigger_record);

/*
 * AFTER UPDATE trigger, for each row, on pgmig.run: the script of
 * pgmig_upgrade_sql() and its like, which calls no function of ours, ends a
 * run.
 */
Datum
pgmig_trigger_record(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	TupleDesc columns;
	HeapTuple row;
	char *scope;
	int64 run;
	bool isnull;
	int guc_level;

	pgmig_catalog_check_trigger(fcinfo, "pgmig_trigger_record");
	columns = RelationGetDescr(trigger->tg_relation);
	row = trigger->tg_newtuple;
	run = DatumGetInt64(
		SPI_getbinval(row, columns, SPI_fnumber(columns, "run"), &isnull));
	scope = SPI_getvalue(row, columns, SPI_fnumber(columns, "scope"));
	guc_level = NewGUCNestLevel();
	pgmig_set_option("pgmig.scope", scope, GUC_ACTION_SAVE);
	pgmig_run_record_schema(run, false);
	AtEOXact_GUC(false, guc_level);
	return PointerGetDatum(NULL);
}
