/*-------------------------------------------------------------------------
 *
 * import.c
 *	  Loading revisions and their edges: the checks.
 *
 * A load is checked against the catalogue before its first row is written,
 * so that errors name the document; the triggers of trigger.c check what only
 * the whole graph can tell (cycles).  What was applied does not change: the
 * tokens of the upgrade body, the parents and the dependencies.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/pg_type.h"
#include "common/hashfn.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

#include "catalog/import_internal.h"
#include "catalog/pgmig_catalog.h"
#include "errors.h"

/* By revision id or label, in a load. */
typedef struct PendingName
{
	const char *name; /* hash key */
	PendingRevision *revision;
	bool is_label;
} PendingName;

static uint32
hash_name(const void *key, Size size)
{
	const char *name = *(const char *const *) key;

	return hash_bytes((const unsigned char *) name, strlen(name));
}

static int
match_name(const void *a, const void *b, Size size)
{
	return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Says where a document comes from, in the errors of a load. */
static int
errcontext_document(const RevisionDocument *document)
{
	if (document->source != NULL)
		errcontext("revision document \"%s\", line %d",
				   document->source,
				   document->line);
	else
		errcontext("revision document, line %d", document->line);
	return 0;
}

static bool
equal_text(const char *a, const char *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return strcmp(a, b) == 0;
}

static bool
equal_texts(List *a, List *b)
{
	ListCell *la;
	ListCell *lb;

	if (list_length(a) != list_length(b))
		return false;
	forboth(la, a, lb, b)
	{
		if (strcmp(lfirst(la), lfirst(lb)) != 0)
			return false;
	}
	return true;
}

static bool
equal_bodies(const RevisionBody *a, const RevisionBody *b)
{
	return equal_text(a->sql, b->sql) &&
		   (a->sql == NULL || a->transactional == b->transactional);
}

static bool
equal_documents(const RevisionDocument *a, const RevisionDocument *b)
{
	return equal_text(a->message, b->message) &&
		   equal_text(a->long_message, b->long_message) &&
		   a->has_created_at == b->has_created_at &&
		   (!a->has_created_at || a->created_at == b->created_at) &&
		   equal_texts(a->parents, b->parents) &&
		   equal_texts(a->depends_on, b->depends_on) &&
		   equal_texts(a->labels, b->labels) &&
		   equal_bodies(&a->upgrade, &b->upgrade) &&
		   equal_bodies(&a->downgrade, &b->downgrade);
}

/* Join names for a message: "a, b", or "none". */
static char *
join_names(List *names)
{
	StringInfoData buffer;
	ListCell *lc;

	if (names == NIL)
		return pstrdup("none");
	initStringInfo(&buffer);
	foreach(lc, names)
	{
		if (lc != list_head(names))
			appendStringInfoString(&buffer, ", ");
		appendStringInfoString(&buffer, lfirst(lc));
	}
	return buffer.data;
}

/*
 * Refuse a document that changes what was applied of its revision.
 */
static void
check_applied(const PendingRevision *pending, const StoredRevision *stored)
{
	const RevisionDocument *document = pending->document;
	const char *what;
	List *recorded;
	List *declared;

	if (strcmp(document->upgrade.checksum,
			   stored->document.upgrade.checksum) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_CHECKSUM_MISMATCH),
				 errmsg("upgrade of revision \"%s\" was changed after it was applied",
						document->revision),
				 errdetail("The recorded checksum is %s, the document has %s.%s",
						   stored->document.upgrade.checksum,
						   document->upgrade.checksum,
						   stored->applied
							   ? ""
							   : " It is applied in another scope."),
				 errhint(
					 "Put the change into a new revision, or downgrade below this one before loading it."),
				 errcontext_document(document)));
	what = "Revises";
	recorded = stored->document.parents;
	declared = document->parents;
	if (equal_texts(recorded, declared))
	{
		what = "Depends On";
		recorded = stored->dependencies;
		declared = pending->dependencies;
	}
	if (!equal_texts(recorded, declared))
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_APPLIED),
				 errmsg("\"%s\" of revision \"%s\" was changed after it was applied",
						what,
						document->revision),
				 errdetail("It was applied with: %s; the document has: %s.",
						   join_names(recorded),
						   join_names(declared)),
				 errhint(
					 "Add new revisions above the applied ones, or downgrade below this one before loading it."),
				 errcontext_document(document)));
}

/* Does the catalogue have this revision, for the active snapshot or now? */
static bool
revision_exists(const char *revision, bool in_snapshot)
{
	static CatalogQuery query = {
		.sql = "SELECT 1 FROM pgmig.revision WHERE revision = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	Datum values[1];

	values[0] = CStringGetTextDatum(revision);
	return pgmig_catalog_execute(&query, values, NULL, in_snapshot) > 0;
}

/* The revision that carries a label, in the current context, or NULL. */
static char *
label_revision(const char *label)
{
	static CatalogQuery query = {
		.sql = "SELECT revision FROM pgmig.branch_label WHERE label = $1",
		.nargs = 1,
		.argtypes = {TEXTOID},
	};
	Datum values[1];

	values[0] = CStringGetTextDatum(label);
	if (pgmig_catalog_execute(&query, values, NULL, false) == 0)
		return NULL;
	return pgmig_catalog_text(0, 1);
}

static PendingName *
find_name(HTAB *names, const char *name)
{
	return hash_search(names, &name, HASH_FIND, NULL);
}

static void
add_name(HTAB *names, const char *name, PendingRevision *pending, bool label)
{
	PendingName *entry;
	bool found;

	entry = hash_search(names, &name, HASH_ENTER, &found);
	if (found && !label && !entry->is_label)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("revision \"%s\" appears more than once", name),
				 errhint("Give one of them another Revision ID."),
				 errcontext_document(pending->document)));
	if (found)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("branch label \"%s\" of revision \"%s\" is used already",
						name,
						label ? pending->document->revision
							  : entry->revision->document->revision),
				 errdetail("Revision \"%s\" has that name.",
						   label ? entry->revision->document->revision
								 : pending->document->revision),
				 errhint("Choose another branch label."),
				 errcontext_document(pending->document)));
	entry->revision = pending;
	entry->is_label = label;
}

/*
 * Check the labels and the id of a document against the catalogue.
 *
 * A revision of the same load that gives a label up is taken into account.
 */
static void
check_names(HTAB *names, PendingRevision *pending)
{
	RevisionDocument *document = pending->document;
	char *holder;
	ListCell *lc;

	holder = label_revision(document->revision);
	if (holder != NULL && find_name(names, holder) == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_DUPLICATE_OBJECT),
				 errmsg("revision id \"%s\" is used as a branch label already",
						document->revision),
				 errdetail("Revision \"%s\" carries the label.", holder),
				 errhint("Choose another Revision ID."),
				 errcontext_document(document)));
	foreach(lc, document->labels)
	{
		const char *label = lfirst(lc);

		holder = label_revision(label);
		if (holder != NULL && find_name(names, holder) != NULL)
			holder = NULL; /* loaded anew, checked in the load */
		if (holder == NULL && revision_exists(label, false))
			holder = pstrdup(label);
		if (holder != NULL)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("branch label \"%s\" of revision \"%s\" is used already",
							label,
							document->revision),
					 errdetail("Revision \"%s\" has that name.", holder),
					 errhint("Choose another branch label."),
					 errcontext_document(document)));
	}
}

/* Refuse a name that is in the list already. */
static void
check_twice(const PendingRevision *pending, List *names, const char *name)
{
	ListCell *lc;

	foreach(lc, names)
	{
		if (strcmp(lfirst(lc), name) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_DUPLICATE_OBJECT),
					 errmsg("revision \"%s\" names revision \"%s\" twice",
							pending->document->revision,
							name),
					 errhint("Name each parent and each dependency once."),
					 errcontext_document(pending->document)));
	}
}

/*
 * Check the parents of a document and resolve what it depends on.
 */
static void
check_edges(HTAB *names, PendingRevision *pending)
{
	RevisionDocument *document = pending->document;
	List *parents = NIL;
	ListCell *lc;

	foreach(lc, document->parents)
	{
		const char *parent = lfirst(lc);
		PendingName *entry = find_name(names, parent);

		check_twice(pending, parents, parent);
		parents = lappend(parents, lfirst(lc));

		if (strcmp(parent, document->revision) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_CYCLE),
					 errmsg("revision \"%s\" revises itself", parent),
					 errhint(
						 "Name its parents in Revises, or nothing for a base."),
					 errcontext_document(document)));
		if (entry != NULL && !entry->is_label)
			entry->revision->has_children = true;
		else if (!revision_exists(parent, false))
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("revision \"%s\", parent of revision \"%s\", does not exist",
							parent,
							document->revision),
					 errhint(
						 "Load the parent in the same document or before, or correct Revises."),
					 errcontext_document(document)));
	}
	foreach(lc, document->depends_on)
	{
		const char *declared = lfirst(lc);
		PendingName *entry = find_name(names, declared);
		const char *dependency;

		if (entry != NULL)
			dependency = entry->revision->document->revision;
		else if (revision_exists(declared, false))
			dependency = declared;
		else
			dependency = label_revision(declared);
		if (dependency == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_UNDEFINED_OBJECT),
					 errmsg("revision or branch label \"%s\", on which revision \"%s\" depends, does not exist",
							declared,
							document->revision),
					 errhint(
						 "Load it in the same document or before, or correct Depends On."),
					 errcontext_document(document)));
		check_twice(pending, pending->dependencies, dependency);
		if (strcmp(dependency, document->revision) == 0)
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_CYCLE),
					 errmsg("revision \"%s\" depends on itself", dependency),
					 errhint("Remove \"%s\" from Depends On.", declared),
					 errcontext_document(document)));
		pending->dependencies =
			lappend(pending->dependencies, pstrdup(dependency));
	}
}

/*
 * Compare the documents with the catalogue.  Returns true if all are there
 * unchanged.
 */
static bool
compare_with_catalogue(List *pendings)
{
	MemoryContext cxt = AllocSetContextCreate(CurrentMemoryContext,
											  "pgmig comparison",
											  ALLOCSET_DEFAULT_SIZES);
	bool unchanged = true;
	ListCell *lc;

	foreach(lc, pendings)
	{
		PendingRevision *pending = lfirst(lc);
		MemoryContext old = MemoryContextSwitchTo(cxt);
		StoredRevision *stored =
			pgmig_catalog_read_revision(pending->document->revision);

		CHECK_FOR_INTERRUPTS();
		if (stored == NULL)
			pending->action = IMPORT_ADDED;
		else if (equal_documents(&stored->document, pending->document))
			pending->action = IMPORT_UNCHANGED;
		else
			pending->action = IMPORT_REPLACED;
		unchanged = unchanged && pending->action == IMPORT_UNCHANGED;
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	MemoryContextDelete(cxt);
	return unchanged;
}

/*
 * Refuse to take a label from a revision on which others, that are not in the
 * load, depend by that name.
 */
static void
check_lost_labels(HTAB *names, const PendingRevision *pending,
				  const StoredRevision *stored)
{
	static CatalogQuery query = {
		.sql = "SELECT revision FROM pgmig.revision_dependency"
			   " WHERE dependency = $1 AND declared = $2 ORDER BY revision",
		.nargs = 2,
		.argtypes = {TEXTOID, TEXTOID},
	};
	ListCell *lc;

	foreach(lc, stored->document.labels)
	{
		const char *label = lfirst(lc);
		PendingName *entry = find_name(names, label);
		Datum values[2];
		uint64 count;

		if (entry != NULL && entry->is_label && entry->revision == pending)
			continue;
		values[0] = CStringGetTextDatum(pending->document->revision);
		values[1] = CStringGetTextDatum(label);
		count = pgmig_catalog_execute(&query, values, NULL, false);
		for (uint64 row = 0; row < count; row++)
		{
			char *revision = pgmig_catalog_text(row, 1);

			entry = find_name(names, revision);
			if (entry != NULL && !entry->is_label)
				continue;
			ereport(ERROR,
					(errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
					 errmsg("revision \"%s\" cannot lose branch label \"%s\"",
							pending->document->revision,
							label),
					 errdetail("Revision \"%s\" depends on it by that name.",
							   revision),
					 errhint("Load the two in the same document."),
					 errcontext_document(pending->document)));
		}
	}
}

/*
 * Check what changes in revisions that are there: what is applied, in any
 * scope, stays as it was.
 *
 * A document that is there unchanged is to be replaced nevertheless if a
 * label on which it depends is another revision's now.
 */
static void
check_replaced(HTAB *names, List *pendings)
{
	ListCell *lc;

	foreach(lc, pendings)
	{
		PendingRevision *pending = lfirst(lc);
		StoredRevision *stored;

		if (pending->action == IMPORT_ADDED ||
			(pending->action == IMPORT_UNCHANGED &&
			 pending->dependencies == NIL))
			continue;
		stored = pgmig_catalog_read_revision(pending->document->revision);

		/* Who deletes rows without the triggers does not wait for us. */
		if (stored == NULL)
			ereport(ERROR,
					(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
					 errmsg(
						 "could not serialize access due to a concurrent load"),
					 errdetail("Revision \"%s\" was removed during this one.",
							   pending->document->revision),
					 errhint("Try the transaction again.")));
		if (pending->action == IMPORT_UNCHANGED)
		{
			if (equal_texts(pending->dependencies, stored->dependencies))
				continue;
			pending->action = IMPORT_REPLACED;
		}
		if (stored->applied_anywhere)
			check_applied(pending, stored);
		check_lost_labels(names, pending, stored);
	}
}

/*
 * At REPEATABLE READ and above: error out if another session has added a
 * revision of this load since the transaction took its snapshot.  (What it
 * changed meanwhile, the server refuses to change again.)
 */
static void
check_added(const PendingRevision *pending)
{
	bool exists;

	if (pending->action != IMPORT_ADDED || !IsolationUsesXactSnapshot())
		return;
	PushActiveSnapshot(GetLatestSnapshot());
	exists = revision_exists(pending->document->revision, true);
	PopActiveSnapshot();
	if (exists)
		ereport(ERROR,
				(errcode(ERRCODE_T_R_SERIALIZATION_FAILURE),
				 errmsg("could not serialize access due to a concurrent load"),
				 errdetail("Revision \"%s\" was added after this transaction had taken its snapshot.",
						   pending->document->revision),
				 errhint("Try the transaction again.")));
}

/*
 * Load documents (RevisionDocument *) whose bodies are checked.
 *
 * All or nothing.  Returns what was done with each, in the order of the list.
 * Waits for other writers unless everything is there unchanged.
 */
ImportAction *
pgmig_catalog_import(List *documents)
{
	ImportAction *actions =
		palloc(sizeof(ImportAction) * Max(list_length(documents), 1));
	List *pendings = NIL;
	HASHCTL control = {0};
	HTAB *names;
	CatalogAccess access;
	ListCell *lc;
	int count = 0;

	control.keysize = sizeof(char *);
	control.entrysize = sizeof(PendingName);
	control.hash = hash_name;
	control.match = match_name;
	control.hcxt = CurrentMemoryContext;
	names =
		hash_create("pgmig names",
					256,
					&control,
					HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
	foreach(lc, documents)
	{
		PendingRevision *pending = palloc0(sizeof(PendingRevision));

		pending->document = lfirst(lc);
		pendings = lappend(pendings, pending);
		add_name(names, pending->document->revision, pending, false);
	}
	foreach(lc, pendings)
	{
		PendingRevision *pending = lfirst(lc);
		ListCell *label;

		foreach(label, pending->document->labels)
			add_name(names, lfirst(label), pending, true);
	}
	if (!compare_with_catalogue(pendings))
	{
		pgmig_catalog_prepare_write("pgmig_import()");
		pgmig_catalog_lock();
		pgmig_catalog_check_snapshot();
		(void) compare_with_catalogue(pendings);
		pgmig_catalog_begin(&access);
		foreach(lc, pendings)
		{
			check_added(lfirst(lc));
			check_names(names, lfirst(lc));
			check_edges(names, lfirst(lc));
		}
		check_replaced(names, pendings);
		pgmig_catalog_write_documents(pendings);
		pgmig_catalog_end(&access);
	}
	foreach(lc, pendings)
		actions[count++] = ((PendingRevision *) lfirst(lc))->action;
	hash_destroy(names);
	return actions;
}
