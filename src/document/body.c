/*-------------------------------------------------------------------------
 *
 * body.c
 *	  Bodies of revisions: check them and split them into statements.
 *
 * The server's grammar says what the statements are, its scanner where their
 * tokens are.  Neither needs a catalog, a snapshot or a lock.  Positions are
 * byte offsets of the body.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/memutils.h"

#include "document_internal.h"
#include "errors.h"

#define PSQL_HINT                                                             \
	"The SQL of a revision is run by the server, which does not know the commands of psql."

/*
 * Parse the body.  A mistake in it does not throw an error: the result is NIL
 * then and *error is set.
 */
static List *
parse_body(const char *sql, ErrorData **error)
{
	MemoryContext cxt = CurrentMemoryContext;
	List *volatile statements = NIL;

	*error = NULL;
	PG_TRY();
	{
		statements = raw_parser(sql, RAW_PARSE_DEFAULT);
	}
	PG_CATCH();
	{
		if (!pgmig_scan_is_mistake(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		*error = CopyErrorData();
		FlushErrorState();
		statements = NIL;
	}
	PG_END_TRY();
	return statements;
}

/* State of a search for COPY ... FROM STDIN. */
typedef enum CopySearch
{
	COPY_START,     /* at the start of a statement */
	COPY_OTHER,     /* in another statement */
	COPY_COPY,      /* in a COPY */
	COPY_DIRECTION, /* behind FROM or TO in a COPY */
	COPY_FOUND,
} CopySearch;

static CopySearch
search_copy(CopySearch state, const TokenScan *scan)
{
	if (scan->token == ';')
		return COPY_START;
	if (state == COPY_START)
		return pgmig_scan_at_word(scan, "copy") ? COPY_COPY : COPY_OTHER;
	if (state == COPY_OTHER)
		return COPY_OTHER;
	if (state == COPY_DIRECTION && (pgmig_scan_at_word(scan, "stdin") ||
									pgmig_scan_at_word(scan, "stdout")))
		return COPY_FOUND;
	if (pgmig_scan_at_word(scan, "from") || pgmig_scan_at_word(scan, "to"))
		return COPY_DIRECTION;
	return COPY_COPY;
}

/*
 * Offset of a COPY from or to the client before what the parser did not
 * understand, which is then most likely its data; or -1.  Sets *in_literal if
 * the parser failed within a token.
 */
static int
find_copy(const char *sql, int failed, bool *in_literal)
{
	MemoryContext cxt = CurrentMemoryContext;
	char *before = pnstrdup(sql, failed);
	volatile int found = -1;

	*in_literal = false;
	PG_TRY();
	{
		CopySearch state = COPY_START;
		int start = 0;
		TokenScan scan;

		pgmig_scan_begin(&scan, before);
		while (state != COPY_FOUND && pgmig_scan_next(&scan))
		{
			if (state == COPY_START)
				start = scan.start;
			state = search_copy(state, &scan);
		}
		pgmig_scan_end(&scan);
		if (state == COPY_FOUND)
			found = start;
	}
	PG_CATCH();
	{
		/* A literal that is now not closed */
		if (!pgmig_scan_is_mistake(geterrcode()))
			PG_RE_THROW();
		MemoryContextSwitchTo(cxt);
		FlushErrorState();
		*in_literal = true;
	}
	PG_END_TRY();
	return found;
}

static void
refuse_copy(const SourceText *source, int offset)
{
	ereport(ERROR,
			(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
			 errmsg(
				 "COPY FROM STDIN and COPY TO STDOUT cannot be used in a revision"),
			 errhint(
				 "Use INSERT, or COPY with a file or program on the server."),
			 pgmig_position_at(source, offset)));
}

/*
 * Throw the parser's error, or a clearer one where the reason is known.
 */
static void
report_mistake(const SourceText *source, const char *sql, ErrorData *error)
{
	int failed = source->reported - source->offset;
	int copy;
	bool in_literal;

	if (source->reported < 0)
		pgmig_position_rethrow(error);

	copy = find_copy(sql, failed, &in_literal);
	if (copy >= 0)
		refuse_copy(source, copy);
	if (in_literal)
		pgmig_position_rethrow(error);
	if (sql[failed] == '\\')
	{
		int length = 1 + (int) strcspn(sql + failed + 1, " \t\r\n\f;\\'\"");

		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("psql command \"%s\" in a revision",
						pgmig_line_clip(sql + failed, length)),
				 errhint(PSQL_HINT),
				 pgmig_position_at(source, failed)));
	}
	if (GetDatabaseEncoding() == PG_UTF8 &&
		strncmp(sql + failed, "\xEF\xBB\xBF", 3) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_SYNTAX_ERROR),
				 errmsg("byte order mark inside a document"),
				 errhint(
					 "Save the files without a byte order mark before they are joined."),
				 pgmig_position_at(source, failed)));
	pgmig_position_rethrow(error);
}

static void
check_parameter(const SourceText *source, const BodyStatement *statement,
				const TokenScan *scan)
{
	const char *token = scan->text + scan->start;

	if (token[0] != '$' || token[1] < '0' || token[1] > '9')
		return;
	if (statement != NULL && (IsA(statement->raw->stmt, CreateFunctionStmt) ||
							  IsA(statement->raw->stmt, PrepareStmt)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_UNDEFINED_PARAMETER),
			 errmsg("there is no parameter %.*s",
					scan->end - scan->start,
					token),
			 errhint("The statements of a revision run without parameters."),
			 pgmig_position_at(source, scan->start)));
}

static BodyStatement *
make_statement(RawStmt *raw, int location, int line)
{
	BodyStatement *statement = palloc(sizeof(BodyStatement));

	statement->raw = raw;
	statement->tag = CreateCommandTag(raw->stmt);
	statement->location = location;
	statement->length = 0;
	statement->line = line;
	pgmig_block_classify(statement);
	return statement;
}

/*
 * Walk over the tokens: find the first and the last of each statement, which
 * RawStmt does not tell (up to 17 it begins with white space and comments),
 * feed the checksum, and refuse tokens that cannot be; the latter two are
 * left out if digest or source is NULL.
 */
static List *
walk_tokens(const char *sql, List *raws, TokenDigest *digest,
			SourceText *source)
{
	List *statements = NIL;
	BodyStatement *current = NULL;
	ListCell *next = list_head(raws);
	int end = 0;     /* of the current statement */
	int counted = 0; /* lines are counted up to this offset */
	int line = 1;
	TokenScan scan;

	pgmig_scan_begin(&scan, sql);
	while (pgmig_scan_next(&scan))
	{
		if (digest != NULL)
			pgmig_checksum_add(digest, &scan);

		if (scan.start >= end && next != NULL &&
			scan.start >= lfirst_node(RawStmt, next)->stmt_location)
		{
			RawStmt *raw = lfirst_node(RawStmt, next);

			line += pgmig_line_count(sql, counted, scan.start);
			counted = scan.start;
			if (source != NULL)
				source->fallback = source->offset + scan.start;
			current = make_statement(raw, scan.start, line);
			if (source != NULL)
				source->fallback = -1;
			statements = lappend(statements, current);
			end = raw->stmt_len > 0 ? raw->stmt_location + raw->stmt_len
									: INT_MAX;
			next = lnext(raws, next);
		}
		if (current != NULL && scan.start < end)
			current->length = scan.end - current->location;
		if (source != NULL)
			check_parameter(source, current, &scan);
	}
	pgmig_scan_end(&scan);
	return statements;
}

static bool
is_prepared(const TransactionStmt *stmt)
{
	return stmt->kind == TRANS_STMT_COMMIT_PREPARED ||
		   stmt->kind == TRANS_STMT_ROLLBACK_PREPARED;
}

static void
check_statement(const SourceText *source, const BodyStatement *statement,
				bool transactional)
{
	Node *node = statement->raw->stmt;

	if (IsA(node, TransactionStmt) && !is_prepared((TransactionStmt *) node))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("%s cannot be used in a revision",
						GetCommandTagName(statement->tag)),
				 errhint(
					 "Remove the statement: pgmig begins and commits transactions itself."),
				 pgmig_position_at(source, statement->location)));

	if (IsA(node, CopyStmt))
	{
		CopyStmt *stmt = (CopyStmt *) node;

		if (stmt->filename == NULL && !stmt->is_program)
			refuse_copy(source, statement->location);
	}

	if (statement->forbids != NULL && transactional)
		ereport(ERROR,
				(errcode(ERRCODE_ACTIVE_SQL_TRANSACTION),
				 errmsg("%s cannot run inside a transaction block",
						statement->forbids),
				 errhint("Mark the section: \"-- pgmig: %s no-transaction\", or transactional => false for pgmig_revision().",
						 strncmp(source->name, "downgrade", 9) == 0
							 ? "downgrade"
							 : "upgrade"),
				 pgmig_position_at(source, statement->location)));
}

void
pgmig_body_check_part(RevisionBody *body, SourceText *source)
{
	MemoryContext cxt;
	MemoryContext old;
	TokenDigest *digest;
	List *raws;
	List *statements;
	ListCell *lc;
	ErrorData *error;

	cxt = AllocSetContextCreate(CurrentMemoryContext,
								"pgmig body check",
								ALLOCSET_DEFAULT_SIZES);
	old = MemoryContextSwitchTo(cxt);

	source->reported = -1;
	raws = parse_body(body->sql, &error);
	if (error != NULL)
		report_mistake(source, body->sql, error);

	digest = pgmig_checksum_begin();
	statements = walk_tokens(body->sql, raws, digest, source);
	pgmig_checksum_end(digest, body->checksum);
	foreach(lc, statements)
		check_statement(source, lfirst(lc), body->transactional);
	body->nstatements = list_length(statements);

	MemoryContextSwitchTo(old);
	MemoryContextDelete(cxt);
}

/*
 * Refuse a body with a line that would begin something else where it stands
 * in a document.
 */
static void
check_lines(SourceText *source)
{
	TokenScan scan;

	pgmig_scan_begin(&scan, source->text);
	pgmig_scan_mark_lines(&scan);
	while (pgmig_scan_next(&scan))
	{
		if (pgmig_scan_at_mark(&scan))
			ereport(ERROR,
					(errcode(ERRCODE_PGMIG_INVALID_DOCUMENT),
					 errmsg(
						 "the body contains a line that begins another section or revision"),
					 errhint(
						 "Put a blank before \"--\" if the line is a comment."),
					 pgmig_position_at(source, scan.start)));
	}
	pgmig_scan_end(&scan);
}

void
pgmig_body_check_lines(const char *sql, const char *name)
{
	SourceText source = {0};
	int nest_level = pgmig_scan_enter(WARNING, false);

	source.text = sql;
	source.name = name;
	pgmig_position_push(&source);
	check_lines(&source);
	pgmig_position_pop(&source);
	pgmig_scan_leave(nest_level);
}

/*
 * The body has been checked when it was loaded.
 */
List *
pgmig_body_split(const char *sql)
{
	int nest_level = pgmig_scan_enter(ERROR, false);
	List *statements;

	statements =
		walk_tokens(sql, raw_parser(sql, RAW_PARSE_DEFAULT), NULL, NULL);
	pgmig_scan_leave(nest_level);
	return statements;
}

void
pgmig_body_checksum(const char *sql, char checksum[PGMIG_CHECKSUM_LENGTH + 1])
{
	int nest_level = pgmig_scan_enter(ERROR, false);
	TokenDigest *digest = pgmig_checksum_begin();

	(void) walk_tokens(sql, NIL, digest, NULL);
	pgmig_checksum_end(digest, checksum);
	pgmig_scan_leave(nest_level);
}
