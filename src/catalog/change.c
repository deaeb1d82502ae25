/*-------------------------------------------------------------------------
 *
 * change.c
 *	  Has the catalogue changed since?
 *
 * For who keeps in backend-local memory what follows from the graph, the
 * applied sets and what is half-done.  Whoever is about to write one of the
 * tables below sends an invalidation message to all backends, once a
 * transaction: triggers do so, and applied.c where it writes without any.  The
 * messages go out after the commit has become visible, on a standby when it is
 * replayed, and not at all after a rollback.  So what was read after the last
 * message is up to date.
 *
 * The message is on the sequence of run numbers.  One on a table would let
 * every session plan anew what it has planned on that.  Messages on the tables
 * themselves come from the server, when they are altered, truncated or
 * dropped, and count, too.
 *
 * Asking costs no lock and no look at a table: a long transaction that asks
 * does not keep an ALTER EXTENSION waiting.  The protection of
 * pgmig_catalog_hold() is not needed for it either.  Whoever puts objects of
 * his own in the place of our tables has to drop these first, which is a
 * change; the tables are then looked at again, under that protection.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/table.h"
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "commands/trigger.h"
#include "utils/inval.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

#include "catalog/pgmig_catalog.h"

/* The first one stands for all of them in messages. */
static const char *const relations[] = {
	"run_run_seq",
	"revision",
	"revision_parent",
	"revision_dependency",
	"branch_label",
	"unfinished",
	"applied",
};

static Oid relation_oids[lengthof(relations)];

/* Goes up with every change that may have happened. */
static uint64 generation = 1;

/* The tables have been looked at since the last one; do all tell of changes? */
static bool looked = false;
static bool all_tell = false;

/* This transaction has changed something, first in that subtransaction. */
static SubTransactionId changed_in = InvalidSubTransactionId;

/* CacheRegisterRelcacheCallback */
static void
relation_changed(Datum arg, Oid relation)
{
	bool ours = relation == InvalidOid;

	for (int i = 0; i < lengthof(relation_oids) && !ours; i++)
		ours = relation == relation_oids[i];
	if (!ours)
		return;
	generation++;
	looked = false;
}

static void
end_transaction(XactEvent event, void *arg)
{
	if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT ||
		event == XACT_EVENT_PREPARE)
		changed_in = InvalidSubTransactionId;
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId subtransaction,
				   SubTransactionId parent, void *arg)
{
	if (subtransaction != changed_in)
		return;
	if (event == SUBXACT_EVENT_COMMIT_SUB)
		changed_in = parent;
	else if (event == SUBXACT_EVENT_ABORT_SUB)
		changed_in = InvalidSubTransactionId;
}

static void
register_callbacks(void)
{
	static bool registered = false;

	if (registered)
		return;
	registered = true;
	CacheRegisterRelcacheCallback(relation_changed, (Datum) 0);
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}

/*
 * Note that this transaction is about to write a table.
 *
 * A message that was sent in a subtransaction is lost with it, as what that
 * has written is.
 */
void
pgmig_catalog_note_change(Relation table)
{
	Oid relation;

	if (changed_in != InvalidSubTransactionId)
		return;
	register_callbacks();
	relation = get_relname_relid(relations[0], RelationGetNamespace(table));
	if (OidIsValid(relation))
		CacheInvalidateRelcacheByRelid(relation);
	changed_in = GetCurrentSubTransactionId();
}

/*
 * Does a table tell of all changes, those of logical replication included?
 *
 * That of version 1.0 does not, until the extension is updated, nor does one
 * whose triggers were disabled; enabled again by ALL, as pg_restore
 * --disable-triggers does, they are not what they were.
 */
static bool
tells(Oid relation)
{
	Relation table = table_open(relation, AccessShareLock);
	TriggerDesc *triggers = table->trigdesc;
	bool statements = false;
	bool rows = false;

	for (int i = 0; triggers != NULL && i < triggers->numtriggers; i++)
	{
		Trigger *trigger = &triggers->triggers[i];

		if (strcmp(trigger->tgname, "changed") == 0)
			statements = trigger->tgenabled == TRIGGER_FIRES_ALWAYS;
		else if (strcmp(trigger->tgname, "changed_replicated") == 0)
			rows = trigger->tgenabled == TRIGGER_FIRES_ON_REPLICA;
	}
	table_close(table, AccessShareLock);
	return statements && rows;
}

/* Look at the tables: which they are, and whether all of them tell. */
static void
look(void)
{
	Oid schema = get_rel_namespace(pgmig_catalog_hold());
	uint64 before;

	for (int i = 0; i < lengthof(relations); i++)
		relation_oids[i] = get_relname_relid(relations[i], schema);
	before = generation;
	all_tell = true;
	for (int i = 1; i < lengthof(relations) && all_tell; i++)
		all_tell = tells(relation_oids[i]);
	looked = generation == before;
}

/*
 * A number that is another one if anything has changed since.
 *
 * What is concluded from a snapshot that is taken after a call holds as long as
 * further calls have the same result.  0 if nothing can be concluded: in a
 * transaction that has changed something itself, or if not all changes are
 * told of.
 */
uint64
pgmig_catalog_generation(void)
{
	AcceptInvalidationMessages();
	if (changed_in != InvalidSubTransactionId)
		return 0;
	register_callbacks();
	if (!looked)
		look();
	return looked && all_tell ? generation : 0;
}

PG_FUNCTION_INFO_V1(pgmig_trigger_changed);

/*
 * BEFORE trigger, for each statement, on the tables whose changes are told
 * of: what a statement has written is not seen, by a function that it calls,
 * before it is known that there may be something.
 *
 * AFTER trigger, for each row, for logical replication, which has no
 * statements.
 */
Datum
pgmig_trigger_changed(PG_FUNCTION_ARGS)
{
	pgmig_catalog_check_trigger(fcinfo, "pgmig_trigger_changed");
	pgmig_catalog_note_change(((TriggerData *) fcinfo->context)->tg_relation);
	return PointerGetDatum(NULL);
}
