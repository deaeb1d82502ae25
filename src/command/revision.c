/*-------------------------------------------------------------------------
 *
 * revision.c
 *	  Making and changing revisions: revision, merge, edit, remove.
 *
 * A new revision is written as a document and goes through the same checks as
 * one that is loaded.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "fmgr.h"
#include "utils/builtins.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"
#include "document/document.h"
#include "errors.h"
#include "run/target.h"

/* Bytes of a generated revision id, two hexadecimal digits each. */
#define GENERATED_ID_BYTES 6

/* An id that no revision has: 12 random hexadecimal digits. */
static char *
generate_id(void)
{
	unsigned char bytes[GENERATED_ID_BYTES];
	char *id = palloc(GENERATED_ID_BYTES * 2 + 1);

	do
	{
		if (!pg_strong_random(bytes, sizeof(bytes)))
			ereport(ERROR,
					(errcode(ERRCODE_INTERNAL_ERROR),
					 errmsg("could not generate a revision id"),
					 errhint("Give one with rev_id.")));
		hex_encode((char *) bytes, sizeof(bytes), id);
		id[GENERATED_ID_BYTES * 2] = '\0';
	} while (pgmig_catalog_read_revision(id) != NULL);
	return id;
}

/*
 * Check, load and return a document.
 *
 * It is parsed from its own text, so that what is returned is what a later
 * load of that text gives.
 */
static Datum
load_document(const RevisionDocument *document)
{
	char *text = pgmig_document_write(document);

	(void) pgmig_catalog_import(pgmig_document_parse(text, document->source));
	return CStringGetTextDatum(text);
}

/* The message in its two parts; one is made from the parents if there is none. */
static void
set_message(RevisionDocument *document, const char *message)
{
	const char *end;

	if (message == NULL)
		message =
			psprintf("merge %s", pgmig_run_join_targets(document->parents));
	end = strchr(message, '\n');
	if (end == NULL)
		document->message = pstrdup(message);
	else
	{
		document->message = pnstrdup(message, end - message);
		document->long_message = pstrdup(end + 1);
	}
}

/* Refuse what cannot be the name of a revision or a label; kind says which. */
static void
check_name(const char *kind, const char *name)
{
	const char *reason = pgmig_target_invalid_id(name);

	if (reason != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("invalid %s \"%s\": %s", kind, name, reason),
				 errhint("Use letters, digits and underscores.")));
}

/* Make a revision; message, rev_id, branch_label and downgrade may be NULL. */
static Datum
make_revision(const char *message, const char *rev_id, List *targets,
			  bool splice, const char *branch_label, List *depends_on,
			  const char *upgrade, const char *downgrade, bool transactional)
{
	Graph *graph = pgmig_catalog_graph();
	RevisionDocument document = {0};
	ListCell *lc;

	if (rev_id != NULL)
		check_name("revision id", rev_id);
	if (branch_label != NULL)
		check_name("branch label", branch_label);
	pgmig_catalog_prepare_write("pgmig_revision()");
	pgmig_catalog_lock();
	pgmig_catalog_push_snapshot();
	if (rev_id != NULL && pgmig_catalog_read_revision(rev_id) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("revision \"%s\" already exists", rev_id),
				 errhint(
					 "Choose another id, or leave rev_id out to have one made.")));
	document.revision = rev_id == NULL ? generate_id() : pstrdup(rev_id);
	foreach(lc, pgmig_target_resolve_parents(graph, targets, splice))
		document.parents =
			lappend(document.parents,
					unconstify(char *, ((GraphNode *) lfirst(lc))->id));
	set_message(&document, message);
	foreach(lc, depends_on)
	{
		const char *target = lfirst(lc);
		GraphNode *node = pgmig_target_resolve_one(graph, target);
		bool is_label = false;
		ListCell *label;

		if (node == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("\"%s\" names no revision to depend on", target),
					 errhint(
						 "Give the id or the branch label of a revision.")));
		foreach(label, pgmig_graph_expand(graph, node)->labels)
			is_label = is_label || strcmp(lfirst(label), target) == 0;
		document.depends_on =
			lappend(document.depends_on,
					is_label ? pstrdup(target) : pstrdup(node->id));
	}
	if (branch_label != NULL)
		document.labels = list_make1(pstrdup(branch_label));
	document.has_created_at = true;
	document.created_at = GetCurrentTransactionStartTimestamp();
	document.upgrade.sql = pstrdup(upgrade == NULL ? "" : upgrade);
	document.upgrade.transactional = transactional;
	document.downgrade.sql = downgrade == NULL ? NULL : pstrdup(downgrade);
	document.downgrade.transactional = transactional;
	PopActiveSnapshot();
	return load_document(&document);
}

/* A boolean argument; null counts as its default. */
static bool
optional_bool(FunctionCallInfo fcinfo, int argument, bool otherwise)
{
	return PG_ARGISNULL(argument) ? otherwise : PG_GETARG_BOOL(argument);
}

PG_FUNCTION_INFO_V1(pgmig_revision);

/*
 * pgmig_revision(message, rev_id, head, splice, branch_label, depends_on,
 * upgrade, downgrade, transactional): make a revision.
 *
 * Returns its document.  downgrade NULL makes it irreversible.
 */
Datum
pgmig_revision(PG_FUNCTION_ARGS)
{
	char *message = pgmig_run_optional(fcinfo, 0);
	char *head = pgmig_run_optional(fcinfo, 2);
	char *upgrade = pgmig_run_optional(fcinfo, 6);

	if (message == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("message must not be null"),
				 errhint("Say in one line what the revision does.")));
	if (upgrade == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("upgrade must not be null"),
				 errhint(
					 "Use an empty string for an upgrade that does nothing.")));
	return make_revision(message,
						 pgmig_run_optional(fcinfo, 1),
						 list_make1(head == NULL ? "head" : head),
						 optional_bool(fcinfo, 3, false),
						 pgmig_run_optional(fcinfo, 4),
						 pgmig_run_text_array(fcinfo, 5),
						 upgrade,
						 pgmig_run_optional(fcinfo, 7),
						 optional_bool(fcinfo, 8, true));
}

/*
 * Refuse to merge the heads where there is only one: somebody else has.
 *
 * A parent that is named may be the only one, as in Alembic.
 */
static void
check_several_heads(List *targets)
{
	List *heads;

	if (list_length(targets) != 1 || strcmp(linitial(targets), "heads") != 0)
		return;
	pgmig_catalog_push_snapshot();
	heads =
		pgmig_target_resolve_parents(pgmig_catalog_graph(), targets, false);
	PopActiveSnapshot();
	if (list_length(heads) == 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("there is nothing to merge"),
				 errdetail("Revision \"%s\" is the only head.",
						   ((GraphNode *) linitial(heads))->id),
				 errhint(
					 "Name the revisions to be merged, or add one with pgmig_revision().")));
}

PG_FUNCTION_INFO_V1(pgmig_merge);

/*
 * pgmig_merge(revisions, message, branch_label, rev_id, splice): make a
 * revision whose parents are the given ones.
 *
 * Returns its document.
 */
Datum
pgmig_merge(PG_FUNCTION_ARGS)
{
	List *targets = pgmig_run_targets(fcinfo, 0);

	pgmig_catalog_prepare_write("pgmig_merge()");
	check_several_heads(targets);
	return make_revision(pgmig_run_optional(fcinfo, 1),
						 pgmig_run_optional(fcinfo, 3),
						 targets,
						 optional_bool(fcinfo, 4, false),
						 pgmig_run_optional(fcinfo, 2),
						 NIL,
						 "",
						 "",
						 true);
}

/* The one stored revision that a target names. */
static StoredRevision *
find_revision(const char *target)
{
	GraphNode *node;

	pgmig_catalog_push_snapshot();
	node = pgmig_target_resolve_one(pgmig_catalog_graph(), target);
	PopActiveSnapshot();
	if (node == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("\"%s\" names no revision", target),
				 errhint("Give the id of a revision.")));
	return pgmig_command_read_revision(node->id);
}

static void
check_not_applied(const StoredRevision *stored, const char *verb,
				  const char *otherwise)
{
	if (stored->applied_anywhere)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_APPLIED),
				 errmsg("cannot %s revision \"%s\" because it is applied",
						verb,
						stored->document.revision),
				 stored->applied
					 ? 0
					 : errdetail("It is applied in another scope."),
				 errhint("Downgrade below it first%s.", otherwise)));
}

PG_FUNCTION_INFO_V1(pgmig_edit);

/*
 * pgmig_edit(revision, upgrade, downgrade): replace bodies of a revision; the
 * upgrade only if it is not applied.  NULL keeps a body.
 *
 * Returns its document.
 */
Datum
pgmig_edit(PG_FUNCTION_ARGS)
{
	char *target = pgmig_run_target(fcinfo, 0);
	char *upgrade = pgmig_run_optional(fcinfo, 1);
	char *downgrade = pgmig_run_optional(fcinfo, 2);
	StoredRevision *stored;

	pgmig_catalog_prepare_write("pgmig_edit()");
	pgmig_catalog_lock();
	pgmig_catalog_check_snapshot();
	stored = find_revision(target);
	if (upgrade != NULL)
	{
		check_not_applied(stored,
						  "edit the upgrade of",
						  ", or put the change into a new revision");
		stored->document.upgrade.sql = upgrade;
	}
	if (downgrade != NULL)
		stored->document.downgrade.sql = downgrade;
	return load_document(&stored->document);
}

PG_FUNCTION_INFO_V1(pgmig_remove);

/*
 * pgmig_remove(revision): remove a revision that is not applied and that no
 * other needs.
 *
 * Returns its document, from which pgmig_import() would make it again.
 */
Datum
pgmig_remove(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	char *target = pgmig_run_target(fcinfo, 0);
	StoredRevision *stored;
	GraphNode *node;

	pgmig_catalog_prepare_write("pgmig_remove()");
	pgmig_catalog_lock();
	pgmig_catalog_check_snapshot();
	stored = find_revision(target);
	check_not_applied(stored, "remove", "");
	node = pgmig_graph_node(graph, stored->document.revision);
	pgmig_catalog_push_snapshot();
	pgmig_graph_expand(graph, node);
	PopActiveSnapshot();
	if (node->nchildren + node->ndependents > 0)
		ereport(ERROR,
				(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
				 errmsg("cannot remove revision \"%s\" because others need it",
						node->id),
				 errdetail("Revision \"%s\" %s it.",
						   node->nchildren > 0 ? node->children[0]->id
											   : node->dependents[0]->id,
						   node->nchildren > 0 ? "revises" : "depends on"),
				 errhint("Remove that one first.")));
	pgmig_catalog_remove(node->id);
	return CStringGetTextDatum(pgmig_document_write(&stored->document));
}
