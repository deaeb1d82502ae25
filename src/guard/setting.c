/*-------------------------------------------------------------------------
 *
 * setting.c
 *	  What the guard is set to.
 *
 * The mode is a row of pgmig.guard, which says what happens to a statement;
 * the event triggers are enabled while there is something to be done.  They
 * belong to the superuser who installed the extension, and are switched in
 * that role's name for an administrator.
 *
 * The row is written first: who does so at the same time waits there, while
 * two sessions that switch an event trigger at once would collide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/dependency.h"
#include "catalog/pg_event_trigger.h"
#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "commands/trigger.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/syscache.h"
#include "utils/tuplestore.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "errors.h"
#include "guard/guard.h"

/* An event trigger, and the weakest mode that needs it */
typedef struct GuardTrigger
{
	const char *name;
	bool for_log;
} GuardTrigger;

static const GuardTrigger triggers[] = {
	{"pgmig_guard_start", false},
	{"pgmig_guard_end", true},
	{"pgmig_guard_drop", true},
};

/* The row of an event trigger of ours, to be released, NULL if there is none. */
static HeapTuple
find_trigger(const GuardTrigger *trigger)
{
	HeapTuple tuple =
		SearchSysCache1(EVENTTRIGGERNAME, CStringGetDatum(trigger->name));
	Oid extension;

	if (!HeapTupleIsValid(tuple))
		return NULL;
	extension =
		getExtensionOfObject(EventTriggerRelationId,
							 ((Form_pg_event_trigger) GETSTRUCT(tuple))->oid);
	if (OidIsValid(extension) && extension == get_extension_oid("pgmig", true))
		return tuple;
	ReleaseSysCache(tuple);
	return NULL;
}

/* Does a mode need this event trigger? */
static bool
is_needed(const GuardTrigger *trigger, const char *mode)
{
	return strcmp(mode, "deny") == 0 ||
		   (trigger->for_log && strcmp(mode, "log") == 0);
}

/* Does it fire in a session like any other? */
static bool
is_enabled(const GuardTrigger *trigger)
{
	HeapTuple tuple = find_trigger(trigger);
	char enabled = TRIGGER_DISABLED;

	if (tuple != NULL)
	{
		enabled = ((Form_pg_event_trigger) GETSTRUCT(tuple))->evtenabled;
		ReleaseSysCache(tuple);
	}
	return enabled == TRIGGER_FIRES_ALWAYS ||
		   enabled == TRIGGER_FIRES_ON_ORIGIN;
}

/*
 * The mode that is recorded, and the one that is in force.
 */
GuardState
pgmig_guard_state(void)
{
	GuardState state;

	state.mode = pgmig_catalog_read_guard();
	state.in_force = state.mode;
	for (int i = 0; i < lengthof(triggers); i++)
	{
		if (is_needed(&triggers[i], state.mode) && !is_enabled(&triggers[i]))
			state.in_force = "off";
	}
	return state;
}

/* Switch an event trigger, as its owner. */
static void
switch_trigger(const GuardTrigger *trigger, const char *mode)
{
	char enabled =
		is_needed(trigger, mode) ? TRIGGER_FIRES_ALWAYS : TRIGGER_DISABLED;
	HeapTuple tuple = find_trigger(trigger);
	AlterEventTrigStmt *statement;
	char present;
	Oid owner;
	Oid userid;
	int sec_context;

	if (tuple == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("event trigger \"%s\" of extension \"pgmig\" does not exist",
						trigger->name),
				 errhint("A superuser has renamed it, and can name it back.")));
	present = ((Form_pg_event_trigger) GETSTRUCT(tuple))->evtenabled;
	owner = ((Form_pg_event_trigger) GETSTRUCT(tuple))->evtowner;
	ReleaseSysCache(tuple);
	if (present == enabled)
		return;
	statement = makeNode(AlterEventTrigStmt);
	statement->trigname = pstrdup(trigger->name);
	statement->tgenabled = enabled;
	GetUserIdAndSecContext(&userid, &sec_context);
	SetUserIdAndSecContext(owner, sec_context | SECURITY_LOCAL_USERID_CHANGE);
	AlterEventTrigger(statement);
	SetUserIdAndSecContext(userid, sec_context);
}

PG_FUNCTION_INFO_V1(pgmig_guard);

/*
 * pgmig_guard(mode text): set what happens to DDL from outside of runs, unless
 * mode is null; returns what is in force.
 *
 * For administrators.
 */
Datum
pgmig_guard(PG_FUNCTION_ARGS)
{
	char *mode;

	if (PG_ARGISNULL(0))
		PG_RETURN_TEXT_P(cstring_to_text(pgmig_guard_state().in_force));
	mode = text_to_cstring(PG_GETARG_TEXT_PP(0));
	if (strcmp(mode, "log") != 0 && strcmp(mode, "deny") != 0 &&
		strcmp(mode, "off") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid mode of the guard: \"%s\"", mode),
				 errhint("Use \"log\", \"deny\" or \"off\".")));
	pgmig_catalog_prepare_write("pgmig_guard()");
	pgmig_catalog_write_guard(mode);
	for (int i = 0; i < lengthof(triggers); i++)
		switch_trigger(&triggers[i], mode);
	CommandCounterIncrement();
	PG_RETURN_TEXT_P(cstring_to_text(pgmig_guard_state().in_force));
}

PG_FUNCTION_INFO_V1(pgmig_guard_log);

/*
 * pgmig_guard_log(): what the guard has recorded, newest first.
 */
Datum
pgmig_guard_log(PG_FUNCTION_ARGS)
{
	static CatalogQuery query = {
		.sql = "SELECT id, logged_at, role, session_role, client, application,"
			   " tag, object_type, identity, statement"
			   " FROM pgmig.guard_log ORDER BY id DESC",
	};
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;
	CatalogAccess access;
	CatalogRows rows;

	InitMaterializedSRF(fcinfo, 0);
	pgmig_catalog_begin(&access);
	pgmig_catalog_open(&rows, &query, NULL);
	while (pgmig_catalog_next(&rows))
		tuplestore_puttuple(result->setResult, SPI_tuptable->vals[rows.row]);
	pgmig_catalog_end(&access);
	return (Datum) 0;
}
