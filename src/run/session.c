/*-------------------------------------------------------------------------
 *
 * session.c
 *	  What a body leaves behind in the session is undone at its end.
 *
 * Settings and the role go with the GUC nest level of body.c.  Here go what
 * has no such level: temporary objects, cursors, prepared statements, and
 * constraints that wait for the end of the transaction.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_namespace.h"
#include "commands/prepare.h"
#include "commands/trigger.h"
#include "miscadmin.h"
#include "nodes/makefuncs.h"
#include "nodes/value.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/lsyscache.h"
#include "utils/portal.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "compat.h"
#include "run/run.h"

struct SessionState
{
	ObjectAddresses *temporary; /* objects in the temporary schema, or NULL */
	bool watch_cursors;         /* the body may open some */
	List *cursors;              /* of char *, names of the open ones */
};

/*
 * Objects in this session's temporary schema, NULL if it has none yet; but
 * not those that are in the other set.
 */
static ObjectAddresses *
temporary_objects(const ObjectAddresses *except)
{
	Oid schema;
	Oid toast_schema;
	ObjectAddresses *result;
	Relation depend;
	SysScanDesc scan;
	ScanKeyData keys[2];
	HeapTuple tuple;

	GetTempNamespaceState(&schema, &toast_schema);
	if (!OidIsValid(schema))
		return NULL;
	result = new_object_addresses();
	depend = table_open(DependRelationId, AccessShareLock);
	ScanKeyInit(&keys[0],
				Anum_pg_depend_refclassid,
				BTEqualStrategyNumber,
				F_OIDEQ,
				ObjectIdGetDatum(NamespaceRelationId));
	ScanKeyInit(&keys[1],
				Anum_pg_depend_refobjid,
				BTEqualStrategyNumber,
				F_OIDEQ,
				ObjectIdGetDatum(schema));
	scan =
		systable_beginscan(depend, DependReferenceIndexId, true, NULL, 2, keys);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_depend form = (Form_pg_depend) GETSTRUCT(tuple);
		ObjectAddress object;

		ObjectAddressSubSet(object, form->classid, form->objid, form->objsubid);
		if (except == NULL || !object_address_present(&object, except))
			add_exact_object_address(&object, result);
	}
	systable_endscan(scan);
	table_close(depend, AccessShareLock);
	return result;
}

/*
 * Can a statement leave a cursor open?  Functions do if they open one and do
 * not close it.
 */
bool
pgmig_run_may_open_cursor(const BodyStatement *statement)
{
	switch (statement->tag)
	{
		case CMDTAG_CALL:
		case CMDTAG_DECLARE_CURSOR:
		case CMDTAG_DO:
		case CMDTAG_EXECUTE:
		case CMDTAG_SELECT:
			return true;
		default:
			return false;
	}
}

/* Names of the open cursors of this session. */
static List *
open_cursors(void)
{
	static CatalogQuery query = {.sql = "SELECT name FROM pg_cursors"};
	CatalogAccess access;
	List *names = NIL;
	uint64 count;

	pgmig_catalog_begin(&access);
	count = pgmig_catalog_execute(&query, NULL, NULL, false);
	MemoryContextSwitchTo(access.caller);
	for (uint64 row = 0; row < count; row++)
		names = lappend(names, makeString(pgmig_catalog_text(row, 1)));
	pgmig_catalog_end(&access);
	return names;
}

/* Close the cursors that were not open before the body. */
static void
close_cursors(const SessionState *state)
{
	ListCell *lc;

	foreach(lc, open_cursors())
	{
		Portal portal = GetPortalByName(strVal(lfirst(lc)));

		if (PortalIsValid(portal) && !list_member(state->cursors, lfirst(lc)))
			PortalDrop(portal, false);
	}
}

/* May the current role name what is in a schema? */
static bool
may_use_schema(Oid schema)
{
	return object_aclcheck(NamespaceRelationId,
						   schema,
						   GetUserId(),
						   ACL_USAGE) == ACLCHECK_OK;
}

/*
 * Is there any deferrable constraint?  Adds the names (RangeVar *) of those
 * that are initially immediate to *immediate, as far as the current role can
 * name them.
 */
static bool
find_deferrable(List **immediate)
{
	Relation constraints = table_open(ConstraintRelationId, AccessShareLock);
	SysScanDesc scan =
		systable_beginscan(constraints, InvalidOid, false, NULL, 0, NULL);
	bool found = false;
	HeapTuple tuple;

	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_constraint form = (Form_pg_constraint) GETSTRUCT(tuple);

		if (!form->condeferrable || isOtherTempNamespace(form->connamespace))
			continue;
		found = true;
		if (form->condeferred || !may_use_schema(form->connamespace))
			continue;
		*immediate =
			lappend(*immediate,
					makeRangeVar(get_namespace_name(form->connamespace),
								 pstrdup(NameStr(form->conname)),
								 -1));
	}
	systable_endscan(scan);
	table_close(constraints, AccessShareLock);
	return found;
}

/* SET CONSTRAINTS; NIL means ALL. */
static void
set_constraints(List *constraints, bool deferred)
{
	ConstraintsSetStmt *statement = makeNode(ConstraintsSetStmt);

	statement->constraints = constraints;
	statement->deferred = deferred;
	AfterTriggerSetState(statement);
	CommandCounterIncrement();
}

/*
 * Fire what deferred constraints have to check, so that a violation is an
 * error of this body and so that the next one finds no pending events; then
 * put the constraints back to what they were declared.
 *
 * Triggers can fire at each of these commands: they run as the caller does.
 *
 * There is no command for the latter.  "All deferred", with those that are
 * initially immediate named, is the same, but for constraints that a later
 * body of the transaction adds: these are checked at the end of that body.
 */
static void
check_deferred_constraints(void)
{
	List *immediate = NIL;

	if (!find_deferrable(&immediate))
		return;
	set_constraints(NIL, false);
	set_constraints(NIL, true);
	if (immediate != NIL)
		set_constraints(immediate, false);
}

/*
 * Fire what deferred constraints and triggers have to do, in the last of the
 * body's commands in a transaction.
 */
void
pgmig_run_fire_deferred(void)
{
	set_constraints(NIL, false);
}

/*
 * Can a statement have queued an event of a deferred constraint?
 */
bool
pgmig_run_changes_rows(const BodyStatement *statement)
{
	switch (statement->tag)
	{
		case CMDTAG_INSERT:
		case CMDTAG_UPDATE:
		case CMDTAG_DELETE:
		case CMDTAG_MERGE:
		case CMDTAG_SELECT:
		case CMDTAG_COPY:
		case CMDTAG_CREATE_EXTENSION:
		case CMDTAG_CREATE_TABLE_AS:
		case CMDTAG_DO:
		case CMDTAG_CALL:
		case CMDTAG_EXECUTE:
		case CMDTAG_EXPLAIN:
		case CMDTAG_FETCH:
		case CMDTAG_MOVE:
		case CMDTAG_SET_CONSTRAINTS:
			return true;
		default:
			return false;
	}
}

/*
 * Note what there is before a body of these statements runs.
 */
SessionState *
pgmig_run_save_session(List *statements)
{
	SessionState *state = palloc0(sizeof(SessionState));
	ListCell *lc;

	state->temporary = temporary_objects(NULL);
	foreach(lc, statements)
		state->watch_cursors =
			state->watch_cursors || pgmig_run_may_open_cursor(lfirst(lc));
	if (state->watch_cursors)
		state->cursors = open_cursors();
	return state;
}

/*
 * Drop what the first statements of a body, so many of them, have prepared.
 */
void
pgmig_run_drop_prepared(List *statements, int count)
{
	ListCell *lc;

	foreach(lc, statements)
	{
		PrepareStmt *prepare =
			(PrepareStmt *) ((BodyStatement *) lfirst(lc))->raw->stmt;

		if (foreach_current_index(lc) >= count)
			break;
		if (IsA(prepare, PrepareStmt))
			DropPreparedStatement(prepare->name, false);
	}
}

/*
 * Undo what a body has left in the session: call it at the end of the body,
 * still with the body's settings.
 */
void
pgmig_run_restore_session(SessionState *state, List *statements)
{
	ObjectAddresses *left;
	bool rows = false;
	ListCell *lc;

	foreach(lc, statements)
		rows = rows || pgmig_run_changes_rows(lfirst(lc));
	pgmig_run_drop_prepared(statements, list_length(statements));
	if (state->watch_cursors)
		close_cursors(state);
	if (rows)
		check_deferred_constraints();
	left = temporary_objects(state->temporary);
	if (left != NULL)
	{
		performMultipleDeletions(left,
								 DROP_CASCADE,
								 PERFORM_DELETION_INTERNAL |
									 PERFORM_DELETION_QUIETLY);
		CommandCounterIncrement();
		free_object_addresses(left);
	}
}
