/*-------------------------------------------------------------------------
 *
 * guard.h
 *	  DDL from outside of runs: recorded, refused or let through.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_GUARD_H
#define PGMIG_GUARD_H

#include "commands/event_trigger.h"
#include "nodes/parsenodes.h"

/*
 * What the guard is set to.  Both agree, except that a dump carries the mode
 * and not the state of the event triggers.
 */
typedef struct GuardState
{
	const char *mode;     /* off, log or deny, as recorded */
	const char *in_force; /* off, if its event triggers are not enabled */
} GuardState;

/* setting.c */
extern GuardState pgmig_guard_state(void);

/* statement.c */
extern bool pgmig_guard_is_permanent(Node *statement, char **object);
extern bool pgmig_guard_changes_schema(Node *statement);
extern bool pgmig_guard_updates_pgmig(Node *statement);
extern bool pgmig_guard_has_secret(Node *statement);

/* object.c */
extern List *pgmig_guard_changed_objects(const EventTriggerData *event);
extern List *pgmig_guard_dropped_objects(const EventTriggerData *event);

#endif /* PGMIG_GUARD_H */
