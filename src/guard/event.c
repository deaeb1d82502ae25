/*-------------------------------------------------------------------------
 *
 * event.c
 *	  The event triggers of the guard.
 *
 * DDL is from outside unless it is part of a migration body, is composed by
 * pgmig itself, or is in the script of an extension, whose command is judged
 * as a whole.  That is known from the state of this backend; no setting
 * comes into it.
 *
 * A statement that is refused is refused before it begins, that is before it
 * waits for a lock or commits anything, if its text says that it concerns more
 * than temporary objects.  If that cannot be told, it begins, and is judged
 * at its end by the objects themselves.
 *
 * Nothing of the caller's changes here: the catalogue is visited as its owner
 * and left again, and an error is the statement's.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/event_trigger.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "tcop/cmdtag.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "errors.h"
#include "guard/guard.h"

/*
 * The event, if it is for us, or NULL.
 *
 * While pg_upgrade fills a new cluster, it is not: the tables are empty.
 */
static EventTriggerData *
begin_event(FunctionCallInfo fcinfo, const char *function)
{
	if (!CALLED_AS_EVENT_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_EVENT_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("function \"%s\" was not called by event trigger manager",
						function),
				 errhint("It is for the event triggers of pgmig.")));
	if (pgmig_catalog_is_at_work() || creating_extension || IsBinaryUpgrade)
		return NULL;
	return (EventTriggerData *) fcinfo->context;
}

pg_noreturn static void
report_refused(const char *tag, const char *object)
{
	if (object == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_GUARDED),
				 errmsg("%s is refused outside of migrations", tag),
				 errdetail("The guard of pgmig is set to \"deny\"."),
				 errhint(
					 "Make it a revision, or have an administrator call pgmig_guard('log') or pgmig_guard('off').")));
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_GUARDED),
			 errmsg("%s is refused outside of migrations: %s", tag, object),
			 errdetail("The guard of pgmig is set to \"deny\"."),
			 errhint(
				 "Make it a revision, or have an administrator call pgmig_guard('log') or pgmig_guard('off').")));
}

/* Does an end of a statement concern the guard? */
static bool
is_of_concern(const EventTriggerData *event)
{
	return event != NULL && pgmig_guard_changes_schema(event->parsetree);
}

PG_FUNCTION_INFO_V1(pgmig_event_start);

/*
 * Event trigger on ddl_command_start: refuse what need not begin.
 */
Datum
pgmig_event_start(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = begin_event(fcinfo, "pgmig_event_start");
	char *object;

	if (is_of_concern(event) && !pgmig_guard_updates_pgmig(event->parsetree) &&
		pgmig_guard_is_permanent(event->parsetree, &object) &&
		strcmp(pgmig_catalog_read_guard(), "deny") == 0)
		report_refused(GetCommandTagName(event->tag), object);
	return PointerGetDatum(NULL);
}

/* Record or refuse what a statement did to these objects. */
static void
judge(const EventTriggerData *event, List *objects)
{
	const char *mode;

	if (objects == NIL)
		return;
	mode = pgmig_catalog_read_guard();
	if (strcmp(mode, "deny") == 0 &&
		!pgmig_guard_updates_pgmig(event->parsetree))
	{
		GuardedObject *object = linitial(objects);

		report_refused(GetCommandTagName(event->tag), object->identity);
	}
	if (strcmp(mode, "log") == 0)
		pgmig_catalog_log_guarded(objects,
								  pgmig_guard_has_secret(event->parsetree));
}

PG_FUNCTION_INFO_V1(pgmig_event_end);

/*
 * Event trigger on ddl_command_end: judge what was made and changed.
 */
Datum
pgmig_event_end(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = begin_event(fcinfo, "pgmig_event_end");

	if (is_of_concern(event))
		judge(event, pgmig_guard_changed_objects(event));
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(pgmig_event_drop);

/*
 * Event trigger on sql_drop: judge what was dropped.
 */
Datum
pgmig_event_drop(PG_FUNCTION_ARGS)
{
	EventTriggerData *event = begin_event(fcinfo, "pgmig_event_drop");

	if (is_of_concern(event))
		judge(event, pgmig_guard_dropped_objects(event));
	return PointerGetDatum(NULL);
}
