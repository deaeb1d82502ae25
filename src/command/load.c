/*-------------------------------------------------------------------------
 *
 * load.c
 *	  Revision documents in and out: load, import, export.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <dirent.h>
#include <sys/stat.h>

#include "catalog/pg_authid.h"
#include "commands/extension.h"
#include "fmgr.h"
#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "storage/fd.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/memutils.h"

#include "catalog/pgmig_catalog.h"
#include "command/command.h"
#include "compat.h"
#include "document/document.h"
#include "errors.h"
#include "run/target.h"

#define IMPORT_COLUMNS 2

static void
file_error_callback(void *arg)
{
	errcontext("file \"%s\"", (const char *) arg);
}

/*
 * Load documents; the result of the function is what was added or replaced.
 */
static void
import(FunctionCallInfo fcinfo, List *documents)
{
	ImportAction *actions = pgmig_catalog_import(documents);
	int i = 0;
	ListCell *lc;

	foreach(lc, documents)
	{
		RevisionDocument *document = lfirst(lc);
		ImportAction action = actions[i++];
		Datum values[IMPORT_COLUMNS];
		bool nulls[IMPORT_COLUMNS] = {false};

		if (action == IMPORT_UNCHANGED)
			continue;
		values[0] = CStringGetTextDatum(document->revision);
		values[1] =
			CStringGetTextDatum(action == IMPORT_ADDED ? "added" : "replaced");
		pgmig_command_put(fcinfo, values, nulls);
	}
}

PG_FUNCTION_INFO_V1(pgmig_import);

/*
 * pgmig_import(document text, source text): load the revisions of a document.
 *
 * Returns (revision, action) for what was added or replaced.
 */
Datum
pgmig_import(PG_FUNCTION_ARGS)
{
	char *source = pgmig_run_optional(fcinfo, 1);

	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("document must not be null"),
				 errhint("Pass the text of one or more revision documents.")));
	InitMaterializedSRF(fcinfo, 0);
	import(fcinfo,
		   pgmig_document_parse(text_to_cstring(PG_GETARG_TEXT_PP(0)),
								source));
	return (Datum) 0;
}

/*
 * The directory that has extension/pgmig.control: the first one in
 * extension_control_path, in which $system is SHAREDIR; else SHAREDIR.
 */
static char *
share_directory(void)
{
	const char *const macro = "$system";
	char share[MAXPGPATH];
	const char *rest = Extension_control_path;

	get_share_path(my_exec_path, share);
	while (*rest != '\0')
	{
		const char *separator = first_path_var_separator(rest);
		size_t length = separator ? separator - rest : strlen(rest);
		char *path = pnstrdup(rest, length);
		struct stat status;

		if (strncmp(path, macro, strlen(macro)) == 0)
			path = psprintf("%s%s", share, path + strlen(macro));
		if (is_absolute_path(path) &&
			stat(psprintf("%s/extension/pgmig.control", path), &status) == 0)
			return path;
		rest += length + (separator != NULL);
	}
	return pstrdup(share);
}

/*
 * The directory as an absolute path.  A relative one is below pgmig/ beside
 * the directory of the control file, and stays there, but for symbolic links:
 * whoever can make one in that directory decides where it leads.
 */
static char *
resolve_directory(const char *directory)
{
	char *path = pstrdup(directory);

	canonicalize_path(path);
	if (path[0] == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("directory must not be empty"),
				 errhint(
					 "Use \"migrations\" for SHAREDIR/pgmig/migrations, or an absolute path.")));
	if (is_absolute_path(path))
		return path;
	if (path_contains_parent_reference(path))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("directory \"%s\" is outside of SHAREDIR/pgmig",
						directory),
				 errhint("Use a path without \"..\", or an absolute path.")));
	return psprintf("%s/pgmig/%s", share_directory(), path);
}

static int
compare_names(const ListCell *a, const ListCell *b)
{
	return strcmp(lfirst(a), lfirst(b));
}

/* Names of the documents in a directory, sorted. */
static List *
list_documents(const char *path)
{
	List *names = NIL;
	DIR *dir = AllocateDir(path);
	/* To the server these are internal errors. */
	bool misnamed = dir == NULL && (errno == ENAMETOOLONG || errno == ELOOP);
	struct dirent *entry;

	if (dir == NULL)
		ereport(ERROR,
				(misnamed ? errcode(ERRCODE_INVALID_PARAMETER_VALUE)
						  : errcode_for_file_access(),
				 errmsg("could not open directory \"%s\": %m", path),
				 errhint(
					 "The directory is on the server and holds revision documents, files whose names end in \".sql\".")));
	while ((entry = ReadDir(dir, path)) != NULL)
	{
		size_t length = strlen(entry->d_name);

		if (entry->d_name[0] != '.' && length > 4 &&
			strcmp(entry->d_name + length - 4, ".sql") == 0)
			names = lappend(names, pstrdup(entry->d_name));
	}
	FreeDir(dir);
	if (names == NIL)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("directory \"%s\" has no revision documents", path),
				 errhint(
					 "Revision documents are files whose names end in \".sql\".")));
	list_sort(names, compare_names);
	return names;
}

/*
 * The text of a file, which is in UTF-8, in the encoding of the database.
 */
static char *
read_file(const char *path)
{
	FILE *file;
	struct stat status;
	char *bytes;
	char *text;
	size_t length;

	/* Before it is opened: that would wait for the writer of a pipe. */
	if (stat(path, &status) == 0 && !S_ISREG(status.st_mode))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("\"%s\" is not a regular file", path),
				 errhint(
					 "Only revision documents may have names that end in \".sql\".")));
	file = AllocateFile(path, PG_BINARY_R);
	if (file == NULL || fstat(fileno(file), &status) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not open file \"%s\": %m", path),
				 errhint(
					 "The operating system user of the server needs to read it.")));
	if (status.st_size >= MaxAllocSize)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("file \"%s\" is too large", path),
				 errdetail("A document has to be smaller than %zu bytes.",
						   MaxAllocSize),
				 errhint("Split it into several files.")));
	bytes = palloc(status.st_size + 1);
	length = fread(bytes, 1, status.st_size, file);
	if (ferror(file))
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not read file \"%s\": %m", path),
				 errhint("Check the file system, and try again.")));
	FreeFile(file);
	bytes[length] = '\0';
	if (memchr(bytes, '\0', length) != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("file \"%s\" contains a null byte", path),
				 errhint("Revision documents are text in UTF-8.")));
	text = pg_any_to_server(bytes, length, PG_UTF8);
	if (text != bytes)
		pfree(bytes);
	return text;
}

PG_FUNCTION_INFO_V1(pgmig_load);

/*
 * pgmig_load(directory text): load the documents of a directory of the
 * server, all or nothing.
 *
 * Returns (revision, action) for what was added or replaced.  For members of
 * pg_read_server_files.
 */
Datum
pgmig_load(PG_FUNCTION_ARGS)
{
	List *documents = NIL;
	char *path;
	ListCell *lc;

	if (!has_privs_of_role(GetUserId(), ROLE_PG_READ_SERVER_FILES))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("permission denied to read files of the server"),
				 errdetail(
					 "Only members of role \"pg_read_server_files\" may use pgmig_load()."),
				 errhint(
					 "Use pgmig_import() with the text of the documents.")));
	if (PG_ARGISNULL(0))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("directory must not be null"),
				 errhint(
					 "Use \"migrations\" for SHAREDIR/pgmig/migrations, or an absolute path.")));
	path = resolve_directory(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	InitMaterializedSRF(fcinfo, 0);
	foreach(lc, list_documents(path))
	{
		char *name = lfirst(lc);
		char *file = psprintf("%s/%s", path, name);
		ErrorContextCallback callback;
		char *text;

		CHECK_FOR_INTERRUPTS();
		callback.callback = file_error_callback;
		callback.arg = file;
		callback.previous = error_context_stack;
		error_context_stack = &callback;
		text = read_file(file);
		error_context_stack = callback.previous;
		documents = list_concat(documents, pgmig_document_parse(text, name));
		pfree(text);
	}
	import(fcinfo, documents);
	return (Datum) 0;
}

PG_FUNCTION_INFO_V1(pgmig_export);

/*
 * pgmig_export(range text): revisions as one document, in load order.
 *
 * The range is a history range, or a target; NULL means all.
 */
Datum
pgmig_export(PG_FUNCTION_ARGS)
{
	Graph *graph = pgmig_catalog_graph();
	char *range = pgmig_run_optional(fcinfo, 0);
	MemoryContext cxt;
	StringInfoData document;
	List *nodes;
	ListCell *lc;

	if (range != NULL && strchr(range, ':') == NULL)
		nodes = list_copy(pgmig_target_resolve(graph, range));
	else
		nodes = list_copy(pgmig_range_history(graph, range));
	foreach(lc, nodes)
		pgmig_graph_expand(graph, lfirst(lc));
	pgmig_graph_by_load_order(nodes);
	initStringInfo(&document);
	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"pgmig export",
								ALLOCSET_DEFAULT_SIZES);
	foreach(lc, nodes)
	{
		MemoryContext old = MemoryContextSwitchTo(cxt);
		StoredRevision *stored =
			pgmig_command_read_revision(((GraphNode *) lfirst(lc))->id);

		CHECK_FOR_INTERRUPTS();
		if (document.len > 0)
			appendStringInfoChar(&document, '\n');
		appendStringInfoString(&document,
							   pgmig_document_write(&stored->document));
		MemoryContextSwitchTo(old);
		MemoryContextReset(cxt);
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(document.data, document.len));
}
