/*-------------------------------------------------------------------------
 *
 * observe.c
 *	  Reading the schema while others may change it.
 *
 * The catalogs are read as of one snapshot, but the server prints definitions
 * as of now.  So the schema is read again if any session has committed a
 * change meanwhile, which shows in the count of invalidation messages; this
 * needs no lock on tables.  A server on which something is always changed
 * makes do with the last reading, less what is gone when it ends.
 *
 * What cannot be read at all is described as broken.
 *
 * It is read in a subtransaction that is rolled back: the locks that the
 * server takes to print views and rules are given back at once.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xact.h"
#include "miscadmin.h"
#include "storage/sinval.h"
#include "utils/inval.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timestamp.h"

#include "run/run.h"

/* So often the schema is read before something is taken to be broken. */
#define ATTEMPTS 4

/*
 * It is not read again, if nothing was missing, after so many milliseconds: a
 * large schema takes long to read, and something always happens meanwhile.
 */
#define AGAIN_UNTIL 1000

/* A reading, and its result. */
typedef struct Reading
{
	SchemaSelection selection;
	MemoryContext cxt; /* for the result */
	SchemaSnapshot *snapshot;
} Reading;

/* Do something in a subtransaction, and keep it if it succeeds and is to be. */
static ErrorData *
run_subtransaction(void (*work)(void *arg), void *arg, bool keep)
{
	MemoryContext cxt = CurrentMemoryContext;
	ResourceOwner owner = CurrentResourceOwner;
	ErrorData *volatile error = NULL;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(cxt);
	PG_TRY();
	{
		work(arg);
		if (keep)
			ReleaseCurrentSubTransaction();
		else
			RollbackAndReleaseCurrentSubTransaction();
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(cxt);
		error = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
	}
	PG_END_TRY();
	MemoryContextSwitchTo(cxt);
	CurrentResourceOwner = owner;
	return error;
}

/*
 * Do what may fail, and undo it then.  Returns the error, in the memory
 * context of the caller, or NULL.
 */
ErrorData *
pgmig_run_attempt(void (*work)(void *arg), void *arg)
{
	return run_subtransaction(work, arg, true);
}

/*
 * Do something and undo it in any case.  Returns the error or NULL, likewise.
 */
ErrorData *
pgmig_run_rehearse(void (*work)(void *arg), void *arg)
{
	return run_subtransaction(work, arg, false);
}

static void
read_schema(void *arg)
{
	Reading *reading = arg;
	MemoryContext old = MemoryContextSwitchTo(reading->cxt);

	reading->snapshot = pgmig_schema_read(&reading->selection);
	MemoryContextSwitchTo(old);
}

/* Take out of a snapshot what is gone by now, with all of its parts. */
static void
drop_gone(void *arg)
{
	SchemaSnapshot *snapshot = arg;
	int count = 0;

	for (int i = 0; i < snapshot->count; i++)
	{
		SchemaObject *object = snapshot->objects[i];

		CHECK_FOR_INTERRUPTS();
		object->described =
			(object->parent == NULL || object->parent->described) &&
			getObjectIdentity(&object->address, true) != NULL;
	}
	for (int i = 0; i < snapshot->count; i++)
		if (snapshot->objects[i]->described)
			snapshot->objects[count++] = snapshot->objects[i];
	snapshot->count = count;
}

/* Is an error what the disappearance of an object leads to? */
static bool
may_be_gone(const ErrorData *error)
{
	switch (error->sqlerrcode)
	{
		case ERRCODE_INTERNAL_ERROR:
		case ERRCODE_UNDEFINED_COLUMN:
		case ERRCODE_UNDEFINED_FUNCTION:
		case ERRCODE_UNDEFINED_OBJECT:
		case ERRCODE_UNDEFINED_TABLE:
			return true;
		default:
			return false;
	}
}

pg_noreturn static void
rethrow(ErrorData *error)
{
	if (error->sqlerrcode == ERRCODE_INSUFFICIENT_PRIVILEGE &&
		error->hint == NULL)
		error->hint =
			"A snapshot describes all objects or none: let a role take it that may read the system catalogs.";
	ReThrowError(error);
}

/*
 * Do what may fail on an object that cannot be read.  Any other error, such as
 * a cancel, is thrown on.
 */
static ErrorData *
attempt_to_read(void (*work)(void *arg), void *arg)
{
	ErrorData *error = run_subtransaction(work, arg, true);

	if (error != NULL && !may_be_gone(error))
		ReThrowError(error);
	return error;
}

/* A snapshot without what is gone by now. */
static SchemaSnapshot *
remaining(SchemaSnapshot *snapshot)
{
	ErrorData *error = run_subtransaction(drop_gone, snapshot, false);

	if (error != NULL)
		rethrow(error);
	return snapshot;
}

/*
 * The schema by now: of the whole database but the schemas in except, or of
 * those in only.
 *
 * Both are lists of char *.  The result is in the current memory context.
 */
SchemaSnapshot *
pgmig_run_read_schema(List *only, List *except)
{
	Reading reading = {
		.selection = {.only = only, .except = except},
		.cxt = CurrentMemoryContext,
	};
	TimestampTz start = GetCurrentTimestamp();
	ErrorData *error;

	for (int attempt = 0; attempt < ATTEMPTS; attempt++)
	{
		uint64 messages;

		CHECK_FOR_INTERRUPTS();
		AcceptInvalidationMessages();
		messages = SharedInvalidMessageCounter;
		pgmig_catalog_push_snapshot();
		error = run_subtransaction(read_schema, &reading, false);
		PopActiveSnapshot();
		AcceptInvalidationMessages();
		if (error != NULL && !may_be_gone(error))
			rethrow(error);
		if (error != NULL)
			continue;
		if (messages == SharedInvalidMessageCounter)
			return reading.snapshot;
		if (attempt == ATTEMPTS - 1 ||
			TimestampDifferenceExceeds(start,
									   GetCurrentTimestamp(),
									   AGAIN_UNTIL))
			return remaining(reading.snapshot);
	}
	reading.selection.attempt = attempt_to_read;
	pgmig_catalog_push_snapshot();
	error = run_subtransaction(read_schema, &reading, false);
	PopActiveSnapshot();
	if (error != NULL)
		rethrow(error);
	return remaining(reading.snapshot);
}
