/*-------------------------------------------------------------------------
 *
 * document.c
 *	  Fuzzer of src/document: any text as a revision document.
 *
 * A text is refused with an error that is not an internal one, or
 *	- it means the same whatever the session has set,
 *	- what is written of each revision, and of all of them together, is read
 *	  as what was written, with the same checksums,
 *	- each body is split into the number of statements that was counted, and
 *	  each of these is one statement by itself.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"

#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"
#include "parser/parser.h"

#include "document/document.h"
#include "standalone.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A setting that must not matter, and its default. */
typedef struct Setting
{
	const char *name;
	const char *usual;
	const char *other;
} Setting;

static const Setting settings[] = {
	{"standard_conforming_strings", "on", "off"},
	{"escape_string_warning", "on", "off"},
	{"timezone", "GMT", "<+0530>-05:30"},
	{"datestyle", "ISO, MDY", "SQL, DMY"},
	{"client_min_messages", "notice", "error"},
};

/* Arguments and results of the actions. */
typedef struct Work
{
	const char *text;
	List *documents;
	const RevisionDocument *document;
	char *written;
	const RevisionBody *body;
	List *statements;
	const BodyStatement *statement;
	char checksum[PGMIG_CHECKSUM_LENGTH + 1];
	List *raws;
} Work;

static void
parse(void *arg)
{
	Work *work = arg;

	work->documents = pgmig_document_parse(work->text, "fuzz");
}

static void
write_document(void *arg)
{
	Work *work = arg;

	work->written = pgmig_document_write(work->document);
}

static void
split(void *arg)
{
	Work *work = arg;

	work->statements = pgmig_body_split(work->body->sql);
	pgmig_body_checksum(work->body->sql, work->checksum);
}

static void
parse_statement(void *arg)
{
	Work *work = arg;

	work->raws = raw_parser(work->text, RAW_PARSE_DEFAULT);
}

static void
remove_concurrently(void *arg)
{
	Work *work = arg;

	work->text =
		pgmig_body_without_concurrently(work->body->sql, work->statement);
}

/* Call what must not throw an error. */
static void
must(const char *what, FuzzAction action, Work *work)
{
	int state = fuzz_try(action, work);

	if (state != 0)
		fuzz_fail("%s: %s %s", what, unpack_sql_state(state), fuzz_message());
}

static void
check_text(const char *what, const char *a, const char *b)
{
	if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
		fuzz_fail("%s differs: \"%s\" and \"%s\"",
				  what,
				  a == NULL ? "(null)" : a,
				  b == NULL ? "(null)" : b);
}

static void
check_names(const char *what, List *a, List *b)
{
	ListCell *la;
	ListCell *lb;

	if (list_length(a) != list_length(b))
		fuzz_fail("number of %s differs", what);
	forboth(la, a, lb, b)
		check_text(what, lfirst(la), lfirst(lb));
}

static void
check_body(const RevisionBody *a, const RevisionBody *b)
{
	check_text("body", a->sql, b->sql);
	if (a->sql == NULL)
		return;
	check_text("checksum", a->checksum, b->checksum);
	if (a->transactional != b->transactional)
		fuzz_fail("no-transaction differs");
	if (a->nstatements != b->nstatements)
		fuzz_fail("number of statements differs");
}

static void
check_equal(const RevisionDocument *a, const RevisionDocument *b)
{
	check_text("revision", a->revision, b->revision);
	check_text("message", a->message, b->message);
	check_text("long message", a->long_message, b->long_message);
	check_names("parents", a->parents, b->parents);
	check_names("dependencies", a->depends_on, b->depends_on);
	check_names("labels", a->labels, b->labels);
	if (a->has_created_at != b->has_created_at ||
		(a->has_created_at && a->created_at != b->created_at))
		fuzz_fail("date differs");
	check_body(&a->upgrade, &b->upgrade);
	check_body(&a->downgrade, &b->downgrade);
}

static void
check_all_equal(List *a, List *b)
{
	ListCell *la;
	ListCell *lb;

	if (list_length(a) != list_length(b))
		fuzz_fail("number of revisions differs: %d and %d",
				  list_length(a),
				  list_length(b));
	forboth(la, a, lb, b)
		check_equal(lfirst(la), lfirst(lb));
}

/*
 * Read the text in a session with other settings.
 */
static void
check_settings(const char *text, int state, List *documents)
{
	Work work = {.text = text};
	int other_state;

	for (int i = 0; i < lengthof(settings); i++)
		fuzz_set(settings[i].name, settings[i].other);
	other_state = fuzz_try(parse, &work);
	for (int i = 0; i < lengthof(settings); i++)
		fuzz_set(settings[i].name, settings[i].usual);
	if (state != other_state)
		fuzz_fail("with other settings: %s", fuzz_message());
	if (state == 0)
		check_all_equal(documents, work.documents);
}

/*
 * Cut a statement out of its body.
 */
static void
check_statement(const RevisionBody *body, const BodyStatement *statement)
{
	Work work = {.body = body, .statement = statement};
	char *text;

	if (statement->location < 0 || statement->length <= 0 ||
		statement->location + statement->length > strlen(body->sql))
		fuzz_fail("a statement is not in its body");
	text = pnstrdup(body->sql + statement->location, statement->length);
	work.text = text;
	must("a statement by itself", parse_statement, &work);
	if (list_length(work.raws) != 1 ||
		nodeTag(linitial_node(RawStmt, work.raws)->stmt) !=
			nodeTag(statement->raw->stmt))
		fuzz_fail("a statement is another one by itself: %s", text);
	if (!statement->concurrently)
		return;
	if (statement->forbids == NULL)
		fuzz_fail("a concurrent statement forbids nothing: %s", text);

	switch (fuzz_try(remove_concurrently, &work))
	{
		case 0:
			if (strlen(work.text) != statement->length)
				fuzz_fail(
					"a statement has another length without CONCURRENTLY");
			break;
		case ERRCODE_FEATURE_NOT_SUPPORTED:
			break;
		default:
			fuzz_fail("without CONCURRENTLY: %s", fuzz_message());
	}
}

static void
check_split(const RevisionBody *body)
{
	Work work = {.body = body};
	ListCell *lc;

	if (body->sql == NULL)
		return;
	must("splitting a body", split, &work);
	check_text("checksum of a body", body->checksum, work.checksum);
	if (list_length(work.statements) != body->nstatements)
		fuzz_fail("number of statements differs");
	foreach(lc, work.statements)
		check_statement(body, lfirst(lc));
}

/*
 * Write the revisions, one by one and then together, and read them.
 */
static void
check_round_trip(List *documents)
{
	StringInfoData all;
	Work work = {0};
	ListCell *lc;

	initStringInfo(&all);
	foreach(lc, documents)
	{
		const RevisionDocument *document = lfirst(lc);

		work.document = document;
		must("writing", write_document, &work);
		work.text = work.written;
		must("reading what was written", parse, &work);
		if (list_length(work.documents) != 1)
			fuzz_fail("a revision is read as several");
		check_equal(document, linitial(work.documents));

		if (all.len > 0)
			appendStringInfoChar(&all, '\n');
		appendStringInfoString(&all, work.text);
		work.document = linitial(work.documents);
		must("writing again", write_document, &work);
		check_text("document", work.text, work.written);
		check_split(&document->upgrade);
		check_split(&document->downgrade);
	}
	work.text = all.data;
	must("reading all that was written", parse, &work);
	check_all_equal(documents, work.documents);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	Work work = {.text = fuzz_begin(data, size)};
	int state;

	if (work.text == NULL)
		return 0;
	state = fuzz_try(parse, &work);
	check_settings(work.text, state, work.documents);
	if (state == 0)
		check_round_trip(work.documents);
	return 0;
}
