/*-------------------------------------------------------------------------
 *
 * standalone.c
 *	  Parts of the server in a program of their own, for the fuzzers.
 *
 * There is no shared memory, no transaction and no catalog; what needs one of
 * them crashes.  Memory contexts, settings, encodings and errors work as they
 * do in a backend.  What an input allocates is freed before the next one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"

#include "catalog/pg_authid.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"

#include "setting.h"
#include "standalone.h"

/* libFuzzer and the sanitizers look for these. */
extern int LLVMFuzzerInitialize(int *argc, char ***argv);
extern const char *__asan_default_options(void);
extern const char *__ubsan_default_options(void);

static MemoryContext input_context;
static ErrorData *last_error;

/* What the server frees at its end only is no leak. */
const char *
__asan_default_options(void)
{
	return "detect_leaks=0:detect_stack_use_after_return=0:handle_abort=1";
}

const char *
__ubsan_default_options(void)
{
	return "halt_on_error=1:print_stacktrace=1";
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void) set_stack_base();
	MemoryContextInit();
	InitializeGUCOptions();
	SetUserIdAndSecContext(BOOTSTRAP_SUPERUSERID, 0);
	SetDatabaseEncoding(PG_UTF8);
	fuzz_set("client_encoding", "UTF8");
	fuzz_set("max_stack_depth", "2MB");
	log_min_messages = FATAL;
	CurrentResourceOwner = ResourceOwnerCreate(NULL, "fuzz");
	TopTransactionContext = AllocSetContextCreate(TopMemoryContext,
												  "fuzz transaction",
												  ALLOCSET_DEFAULT_SIZES);
	CurTransactionContext = TopTransactionContext;
	input_context = AllocSetContextCreate(TopMemoryContext,
										  "fuzz input",
										  ALLOCSET_DEFAULT_SIZES);
	return 0;
}

void
fuzz_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fprintf(stderr, "FAILED: ");
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	abort();
}

char *
fuzz_begin(const uint8_t *data, size_t size)
{
	const char *text = (const char *) data;

	(void) set_stack_base();
	MemoryContextSwitchTo(input_context);
	MemoryContextReset(input_context);
	MemoryContextReset(TopTransactionContext);
	last_error = NULL;
	if (memchr(data, '\0', size) != NULL)
		return NULL;
	SetDatabaseEncoding(pg_verify_mbstr(PG_UTF8, text, (int) size, true)
							? PG_UTF8
							: PG_SQL_ASCII);
	return pnstrdup(text, size);
}

void
fuzz_set(const char *name, const char *value)
{
	pgmig_set_option(name, value, GUC_ACTION_SET);
}

const char *
fuzz_message(void)
{
	return last_error == NULL ? "no error" : last_error->message;
}

/* Nothing that is sent to a client may end within a character. */
static void
check_text(const char *kind, const char *text)
{
	if (text != NULL && !pg_verifymbstr(text, (int) strlen(text), true))
		fuzz_fail("the %s of an error is cut within a character: %s",
				  kind,
				  text);
}

static void
check_error(const ErrorData *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlerrcode);

	if (category == ERRCODE_TO_CATEGORY(ERRCODE_INTERNAL_ERROR))
		fuzz_fail("internal error %s: %s",
				  unpack_sql_state(error->sqlerrcode),
				  error->message);
	check_text("message", error->message);
	check_text("detail", error->detail);
	check_text("hint", error->hint);
	check_text("context", error->context);
	check_text("query", error->internalquery);
	if (error->internalquery != NULL &&
		error->internalpos > pg_mbstrlen(error->internalquery) + 1)
		fuzz_fail("the position of an error is behind its query: %s",
				  error->message);
}

/* Is all as it was before the call? */
static void
check_state(MemoryContext context)
{
	int level = NewGUCNestLevel();

	if (level != 2)
		fuzz_fail("a GUC nest level was left");
	AtEOXact_GUC(true, level);
	if (CurrentMemoryContext != context)
		fuzz_fail("another memory context was left");
	if (error_context_stack != NULL)
		fuzz_fail("an error context was left");
	if (PG_exception_stack != NULL)
		fuzz_fail("an exception handler was left");
}

int
fuzz_try(FuzzAction action, void *arg)
{
	MemoryContext context = CurrentMemoryContext;
	ErrorData *volatile error = NULL;

	AtStart_GUC();
	PG_TRY();
	{
		action(arg);
	}
	PG_CATCH();
	{
		MemoryContextSwitchTo(context);
		error = CopyErrorData();
		FlushErrorState();
	}
	PG_END_TRY();
	last_error = error;
	if (error == NULL)
		check_state(context);
	AtEOXact_GUC(error == NULL, 1);
	if (error == NULL)
		return 0;
	check_error(error);
	return error->sqlerrcode;
}
