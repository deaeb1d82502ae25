/*-------------------------------------------------------------------------
 *
 * trigger.c
 *	  Triggers that keep the catalogue sound, whoever writes to it.
 *
 * The invariants: the graph has no cycle; what is applied is closed under
 * parents and dependencies, in each scope, and was applied with the body that
 * is recorded; has_children says what it says; no label is the id of a
 * revision; what is named as a revision is there.  Each trigger checks what
 * its statement can have broken, whatever the order in which tables are
 * filled, so that a restore passes.  That is why these are no foreign keys:
 * pg_restore with several jobs fills the tables of an extension in any order.
 *
 * What two sessions write at once must not break together what neither breaks
 * alone: direct SQL waits for the lock of exclusion.c where it matters.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "storage/lmgr.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/snapmgr.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "errors.h"

/*
 * Wait for other writers, unless this is a script of pgmig_upgrade_sql(),
 * whose lock on the table keeps them away already.
 */
static void
lock_out_writers(void)
{
	Relation run =
		table_open(get_relname_relid("run", get_namespace_oid("pgmig", false)),
				   AccessShareLock);
	bool locked = CheckRelationLockedByMe(run, ShareRowExclusiveLock, true);

	table_close(run, NoLock);
	if (!locked)
		pgmig_catalog_lock();
}

static void
begin_trigger(CatalogAccess *access, FunctionCallInfo fcinfo, const char *name)
{
	pgmig_catalog_check_trigger(fcinfo, name);
	pgmig_catalog_begin(access);
	SPI_register_trigger_data((TriggerData *) fcinfo->context);
}

pg_noreturn static void
report_not_closed(uint64 row)
{
	char *revision = pgmig_catalog_text(row, 1);
	char *needed = pgmig_catalog_text(row, 2);
	char *scope = pgmig_catalog_text(row, 3);

	if (scope[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_NOT_CLOSED),
				 errmsg("revision \"%s\" cannot be applied without revision \"%s\"",
						revision,
						needed),
				 errhint(
					 "Use pgmig_upgrade(), pgmig_downgrade() or pgmig_stamp(), which keep what is applied complete.")));
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_NOT_CLOSED),
			 errmsg("revision \"%s\" cannot be applied without revision \"%s\" in scope \"%s\"",
					revision,
					needed,
					scope),
			 errhint(
				 "Use pgmig_upgrade(), pgmig_downgrade() or pgmig_stamp(), which keep what is applied complete.")));
}

/*
 * Is there no revision?  Then the tables that refer to revisions are being
 * restored before them, and what they refer to cannot be checked.
 */
static bool
no_revisions(void)
{
	return pgmig_catalog_execute_text("SELECT FROM pgmig.revision LIMIT 1") ==
		   0;
}

pg_noreturn static void
report_missing(const char *revision)
{
	ereport(ERROR,
			(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
			 errmsg("revision \"%s\" does not exist", revision),
			 errhint("Load it first, with pgmig_import() or pgmig_load().")));
}

PG_FUNCTION_INFO_V1(pgmig_trigger_edges);

/*
 * AFTER trigger, for each statement, on revision_parent and
 * revision_dependency.
 */
Datum
pgmig_trigger_edges(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	CatalogAccess access;
	bool is_parent;
	List *names = NIL;

	begin_trigger(&access, fcinfo, "pgmig_trigger_edges");
	lock_out_writers();
	is_parent = strcmp(RelationGetRelationName(trigger->tg_relation),
					   "revision_parent") == 0;
	if (TRIGGER_FIRED_BY_TRUNCATE(trigger->tg_event))
		pgmig_catalog_execute_text(
			"UPDATE pgmig.revision SET has_children = false"
			" WHERE has_children");
	if (is_parent && trigger->tg_oldtable != NULL)
		pgmig_catalog_execute_text(
			"UPDATE pgmig.revision r SET has_children = false"
			" FROM (SELECT DISTINCT parent FROM old_rows) o"
			" WHERE r.revision = o.parent AND r.has_children"
			" AND NOT EXISTS (SELECT FROM pgmig.revision_parent p"
			" WHERE p.parent = o.parent)");
	if (trigger->tg_newtable == NULL)
	{
		pgmig_catalog_end(&access);
		return PointerGetDatum(NULL);
	}
	if (no_revisions())
	{
		pgmig_catalog_end(&access);
		return PointerGetDatum(NULL);
	}
	if (pgmig_catalog_execute_text(
			is_parent ? "SELECT e.needed FROM new_rows n,"
						" LATERAL (VALUES (n.revision), (n.parent))"
						" e (needed)"
						" WHERE NOT EXISTS (SELECT FROM pgmig.revision r"
						" WHERE r.revision = e.needed)"
					  : "SELECT e.needed FROM new_rows n,"
						" LATERAL (VALUES (n.revision), (n.dependency))"
						" e (needed)"
						" WHERE NOT EXISTS (SELECT FROM pgmig.revision r"
						" WHERE r.revision = e.needed)") > 0)
		report_missing(pgmig_catalog_text(0, 1));
	if (is_parent)
		pgmig_catalog_execute_text(
			"UPDATE pgmig.revision r SET has_children = true"
			" FROM (SELECT DISTINCT parent FROM new_rows) n"
			" WHERE r.revision = n.parent AND NOT r.has_children");
	if (pgmig_catalog_execute_text(
			is_parent ? "SELECT n.revision, n.parent, a.scope"
						" FROM new_rows n JOIN pgmig.applied a"
						" ON a.revision = n.revision"
						" WHERE NOT EXISTS (SELECT FROM pgmig.applied b"
						" WHERE b.revision = n.parent AND b.scope = a.scope)"
					  : "SELECT n.revision, n.dependency, a.scope"
						" FROM new_rows n JOIN pgmig.applied a"
						" ON a.revision = n.revision"
						" WHERE NOT EXISTS (SELECT FROM pgmig.applied b"
						" WHERE b.revision = n.dependency"
						" AND b.scope = a.scope)") > 0)
		report_not_closed(0);
	pgmig_catalog_execute_text("SELECT DISTINCT revision FROM new_rows");
	for (uint64 row = 0; row < SPI_processed; row++)
		names = lappend(names, pgmig_catalog_text(row, 1));
	if (names != NIL)
	{
		Graph *graph = pgmig_catalog_graph();
		List *nodes = NIL;
		ListCell *lc;

		foreach(lc, names)
			nodes = lappend(nodes, pgmig_graph_node(graph, lfirst(lc)));
		pgmig_catalog_push_snapshot();
		pgmig_graph_check_acyclic(graph, nodes);
		PopActiveSnapshot();
	}
	pgmig_catalog_end(&access);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(pgmig_trigger_applied);

/*
 * AFTER trigger, for each statement, on applied.
 */
Datum
pgmig_trigger_applied(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	CatalogAccess access;

	begin_trigger(&access, fcinfo, "pgmig_trigger_applied");
	lock_out_writers();
	if (trigger->tg_newtable != NULL && !no_revisions())
	{
		if (pgmig_catalog_execute_text(
				"SELECT n.revision FROM new_rows n"
				" WHERE NOT EXISTS (SELECT FROM pgmig.revision r"
				" WHERE r.revision = n.revision)") > 0)
			report_missing(pgmig_catalog_text(0, 1));
		if (pgmig_catalog_execute_text(
				"SELECT n.revision, e.needed, n.scope FROM new_rows n,"
				" LATERAL (SELECT p.parent FROM pgmig.revision_parent p"
				" WHERE p.revision = n.revision"
				" UNION ALL"
				" SELECT d.dependency FROM pgmig.revision_dependency d"
				" WHERE d.revision = n.revision) e (needed)"
				" WHERE NOT EXISTS (SELECT FROM pgmig.applied a"
				" WHERE a.revision = e.needed AND a.scope = n.scope)") > 0)
			report_not_closed(0);
		if (pgmig_catalog_execute_text(
				"SELECT n.revision, r.upgrade_checksum, n.checksum"
				" FROM new_rows n JOIN pgmig.revision r"
				" ON r.revision = n.revision"
				" WHERE r.upgrade_checksum <> n.checksum") > 0)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_CHECKSUM_MISMATCH),
					 errmsg("upgrade of revision \"%s\" is not the one that was applied",
							pgmig_catalog_text(0, 1)),
					 errdetail("The catalogue has checksum %s, what was applied has %s.",
							   pgmig_catalog_text(0, 2),
							   pgmig_catalog_text(0, 3)),
					 errhint(
						 "Make the script again from the present catalogue.")));
	}
	if (trigger->tg_oldtable != NULL &&
		pgmig_catalog_execute_text(
			"SELECT e.revision, o.revision, o.scope FROM old_rows o,"
			" LATERAL (SELECT p.revision FROM pgmig.revision_parent p"
			" WHERE p.parent = o.revision"
			" UNION ALL"
			" SELECT d.revision FROM pgmig.revision_dependency d"
			" WHERE d.dependency = o.revision) e"
			" WHERE EXISTS (SELECT FROM pgmig.applied a"
			" WHERE a.revision = e.revision AND a.scope = o.scope)"
			" AND NOT EXISTS (SELECT FROM pgmig.applied a"
			" WHERE a.revision = o.revision AND a.scope = o.scope)") > 0)
		report_not_closed(0);
	pgmig_catalog_end(&access);
	return PointerGetDatum(NULL);
}

/*
 * A column of the new row, in the current memory context.  No column that is
 * asked for can be null.
 */
static char *
new_value(const TriggerData *trigger, const char *column)
{
	HeapTuple tuple = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event)
						  ? trigger->tg_newtuple
						  : trigger->tg_trigtuple;
	TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);

	return SPI_getvalue(tuple, descriptor, SPI_fnumber(descriptor, column));
}

/* Does a query for one name find something? */
static bool
finds(CatalogQuery *query, const char *name)
{
	Datum values[1];

	values[0] = CStringGetTextDatum(name);
	return pgmig_catalog_execute(query, values, NULL, false) > 0;
}

/* Refuse to rename a revision to which something refers. */
static void
check_renamed(const TriggerData *trigger)
{
	static CatalogQuery query = {
		.sql = "SELECT FROM pgmig.revision_parent"
			   " WHERE revision = $1 OR parent = $1"
			   " UNION ALL SELECT FROM pgmig.revision_dependency"
			   " WHERE revision = $1 OR dependency = $1"
			   " UNION ALL SELECT FROM pgmig.branch_label WHERE revision = $1"
			   " UNION ALL SELECT FROM pgmig.unfinished WHERE revision = $1"
			   " UNION ALL SELECT FROM pgmig.applied WHERE revision = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	TupleDesc descriptor = RelationGetDescr(trigger->tg_relation);
	char *name = SPI_getvalue(trigger->tg_trigtuple,
							  descriptor,
							  SPI_fnumber(descriptor, "revision"));

	if (finds(&query, name))
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("the id of revision \"%s\" cannot change", name),
				 errdetail(
					 "It has parents, children, dependencies or labels, or is applied or half-done."),
				 errhint("Make a new revision.")));
}

PG_FUNCTION_INFO_V1(pgmig_trigger_name);

/*
 * AFTER trigger, for each row, on revision and branch_label: an id and a
 * label are not the same, and a label belongs to a revision.
 */
Datum
pgmig_trigger_name(PG_FUNCTION_ARGS)
{
	static CatalogQuery labels = {
		.sql = "SELECT FROM pgmig.branch_label WHERE label = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	static CatalogQuery ids = {
		.sql = "SELECT FROM pgmig.revision WHERE revision = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	CatalogAccess access;
	bool is_label;
	char *name;

	begin_trigger(&access, fcinfo, "pgmig_trigger_name");
	lock_out_writers();
	is_label = strcmp(RelationGetRelationName(trigger->tg_relation),
					  "branch_label") == 0;
	name = new_value(trigger, is_label ? "label" : "revision");
	if (finds(is_label ? &ids : &labels, name))
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("\"%s\" cannot be both a revision id and a branch label",
						name),
				 errhint("Choose another name.")));
	name = new_value(trigger, "revision");
	if (is_label && !finds(&ids, name) && !no_revisions())
		report_missing(name);
	if (!is_label && TRIGGER_FIRED_BY_UPDATE(trigger->tg_event))
		check_renamed(trigger);
	pgmig_catalog_end(&access);
	return PointerGetDatum(NULL);
}

/*
 * Revisions are deleted: others that need them must not be left, and what
 * belongs to them goes along.
 */
static void
delete_with_revisions(void)
{
	if (pgmig_catalog_execute_text(
			"SELECT o.revision, n.revision FROM old_rows o"
			" JOIN (SELECT parent, revision FROM pgmig.revision_parent"
			" UNION ALL"
			" SELECT dependency, revision FROM pgmig.revision_dependency)"
			" n (needed, revision) ON n.needed = o.revision"
			" JOIN pgmig.revision r ON r.revision = n.revision") > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("revision \"%s\" cannot be deleted because revision \"%s\" needs it",
						pgmig_catalog_text(0, 1),
						pgmig_catalog_text(0, 2)),
				 errhint("Delete that one first.")));
	if (pgmig_catalog_execute_text(
			"SELECT o.revision FROM old_rows o"
			" JOIN pgmig.applied a ON a.revision = o.revision") > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("revision \"%s\" cannot be deleted because it is applied",
						pgmig_catalog_text(0, 1)),
				 errhint("Downgrade below it first.")));
	if (pgmig_catalog_execute_text(
			"SELECT o.revision FROM old_rows o"
			" JOIN pgmig.unfinished u ON u.revision = o.revision") > 0)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_UNFINISHED),
				 errmsg("revision \"%s\" cannot be deleted because it is half-done",
						pgmig_catalog_text(0, 1)),
				 errhint(
					 "Finish it with CALL pgmig_upgrade_stepwise(), or use pgmig_resolve().")));
	pgmig_catalog_execute_text(
		"DELETE FROM pgmig.revision_parent p USING old_rows o"
		" WHERE p.revision = o.revision");
	pgmig_catalog_execute_text(
		"DELETE FROM pgmig.revision_dependency d USING old_rows o"
		" WHERE d.revision = o.revision");
	pgmig_catalog_execute_text(
		"DELETE FROM pgmig.branch_label l USING old_rows o"
		" WHERE l.revision = o.revision");
}

PG_FUNCTION_INFO_V1(pgmig_trigger_references);

/*
 * AFTER trigger, for each statement that deletes or truncates, on revision
 * and run.
 */
Datum
pgmig_trigger_references(PG_FUNCTION_ARGS)
{
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	CatalogAccess access;
	bool is_run;

	begin_trigger(&access, fcinfo, "pgmig_trigger_references");
	lock_out_writers();
	is_run = strcmp(RelationGetRelationName(trigger->tg_relation), "run") == 0;
	if (is_run && trigger->tg_oldtable != NULL)
	{
		pgmig_catalog_execute_text(
			"DELETE FROM pgmig.run_step s USING old_rows o"
			" WHERE s.run = o.run");
		pgmig_catalog_execute_text(
			"DELETE FROM pgmig.run_message m USING old_rows o"
			" WHERE m.run = o.run");
	}
	else if (is_run)
	{
		pgmig_catalog_execute_text("DELETE FROM pgmig.run_step");
		pgmig_catalog_execute_text("DELETE FROM pgmig.run_message");
	}
	else if (trigger->tg_oldtable != NULL)
		delete_with_revisions();
	else if (pgmig_catalog_execute_text(
				 "SELECT FROM pgmig.revision_parent"
				 " UNION ALL SELECT FROM pgmig.revision_dependency"
				 " UNION ALL SELECT FROM pgmig.branch_label"
				 " UNION ALL SELECT FROM pgmig.unfinished"
				 " UNION ALL SELECT FROM pgmig.applied") > 0)
		ereport(ERROR,
				(errcode(ERRCODE_FOREIGN_KEY_VIOLATION),
				 errmsg("cannot truncate table \"revision\" alone"),
				 errhint(
					 "Truncate revision_parent, revision_dependency, branch_label, unfinished and applied in the same command.")));
	pgmig_catalog_end(&access);
	return PointerGetDatum(NULL);
}

PG_FUNCTION_INFO_V1(pgmig_trigger_checksum);

/*
 * AFTER trigger, for each row, on revision: the upgrade of an applied revision
 * stays the one that was applied.
 */
Datum
pgmig_trigger_checksum(PG_FUNCTION_ARGS)
{
	static CatalogQuery query = {
		.sql = "SELECT checksum FROM pgmig.applied"
			   " WHERE revision = $1 AND checksum <> $2 LIMIT 1",
		.nargs = 2,
		.argtypes = {TEXTOID, TEXTOID},
	};
	TriggerData *trigger = (TriggerData *) fcinfo->context;
	CatalogAccess access;
	Datum values[2];
	char *revision;
	char *checksum;

	begin_trigger(&access, fcinfo, "pgmig_trigger_checksum");
	lock_out_writers();
	revision = new_value(trigger, "revision");
	checksum = new_value(trigger, "upgrade_checksum");
	values[0] = CStringGetTextDatum(revision);
	values[1] = CStringGetTextDatum(checksum);
	if (pgmig_catalog_execute(&query, values, NULL, false) > 0)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_CHECKSUM_MISMATCH),
				 errmsg("upgrade of revision \"%s\" cannot change because it is applied",
						revision),
				 errdetail("It was applied with checksum %s, the new one is %s.",
						   pgmig_catalog_text(0, 1),
						   checksum),
				 errhint(
					 "Put the change into a new revision, or downgrade below this one first.")));
	pgmig_catalog_end(&access);
	return PointerGetDatum(NULL);
}
