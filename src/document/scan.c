/*-------------------------------------------------------------------------
 *
 * scan.c
 *	  A text's tokens, as the server's scanner sees them.
 *
 * Everything that depends on where quotes, dollar quotes and comments begin
 * and end is decided here, by the server.  The end of a token is found as
 * pg_stat_statements finds it: flex leaves a zero byte behind it.
 *
 * Lines that structure a document are comments to the scanner.  To see them
 * as tokens, pgmig_scan_mark_lines() turns "-- " at the start of such a line
 * into ";--" in the scanner's own copy: a semicolon and a comment outside
 * quotes and comments, and nothing that could end what it is in elsewhere.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/guc.h"
#include "utils/memutils.h"

#include "document_internal.h"
#include "setting.h"

/* Values of tokens are freed when they take about that much. */
#define TOKENS_SIZE (64 * 1024)

static bool
option_is(const char *name, const char *value)
{
	const char *current = GetConfigOption(name, true, false);

	return current == NULL || strcmp(current, value) == 0;
}

/*
 * Backslashes in literals are taken as they are, whatever the session has
 * set.  Messages below message_level are not sent: the scanner says that a
 * name will be truncated, once for every time that the text is scanned.  With
 * dates, a date without a time zone means the same in every session.
 *
 * Returns -1 if nothing had to be set.
 */
int
pgmig_scan_enter(int message_level, bool dates)
{
	bool conforming = option_is("standard_conforming_strings", "on");
	bool quiet = client_min_messages >= message_level;
	bool zone = !dates || option_is("timezone", "GMT");
	int nest_level;

	if (conforming && quiet && zone)
		return -1;
	nest_level = NewGUCNestLevel();
	if (!conforming)
		pgmig_set_option("standard_conforming_strings", "on", GUC_ACTION_SAVE);
	if (!quiet)
		pgmig_set_option("client_min_messages",
						 message_level == ERROR ? "error" : "warning",
						 GUC_ACTION_SAVE);
	if (!zone)
		pgmig_set_option("timezone", "GMT", GUC_ACTION_SAVE);
	return nest_level;
}

void
pgmig_scan_leave(int nest_level)
{
	if (nest_level >= 0)
		AtEOXact_GUC(true, nest_level);
}

/*
 * The scan lives in contexts of its own below the current one, and text must
 * stay as long.  Call within pgmig_scan_enter().
 */
void
pgmig_scan_begin(TokenScan *scan, const char *text)
{
	MemoryContext old;

	scan->text = text;
	scan->start = 0;
	scan->end = 0;
	scan->token = 0;
	scan->allocated = 0;
	scan->cxt = AllocSetContextCreate(CurrentMemoryContext,
									  "pgmig scan",
									  ALLOCSET_SMALL_SIZES);
	scan->tokens = AllocSetContextCreate(scan->cxt,
										 "pgmig scan tokens",
										 ALLOCSET_SMALL_SIZES);
	old = MemoryContextSwitchTo(scan->cxt);
	scan->scanner =
		scanner_init(text, &scan->extra, &ScanKeywords, ScanKeywordTokens);
	MemoryContextSwitchTo(old);
}

void
pgmig_scan_mark_lines(TokenScan *scan)
{
	int line = 0;

	while (scan->text[line] != '\0')
	{
		const char *start = scan->text + line;
		const char *value;

		if (pgmig_line_is_comment(start) &&
			(pgmig_header_is_section(start, &value) ||
			 pgmig_header_key(start, &value) == HEADER_REVISION_ID))
			memcpy(scan->extra.scanbuf + line, ";--", 3);
		line = pgmig_line_next(scan->text, line);
	}
}

/*
 * Read the next token; false at the end of the text.
 */
bool
pgmig_scan_next(TokenScan *scan)
{
	MemoryContext old;

	CHECK_FOR_INTERRUPTS();
	if (scan->allocated > TOKENS_SIZE)
	{
		MemoryContextReset(scan->tokens);
		scan->allocated = 0;
	}
	old = MemoryContextSwitchTo(scan->tokens);
	scan->token = core_yylex(&scan->value, &scan->start, scan->scanner);
	MemoryContextSwitchTo(old);
	if (scan->token == 0)
		return false;
	scan->end = scan->start + (int) strlen(scan->extra.scanbuf + scan->start);
	scan->allocated += scan->end - scan->start + sizeof(void *) * 4;
	return true;
}

void
pgmig_scan_end(TokenScan *scan)
{
	MemoryContextDelete(scan->cxt);
}

bool
pgmig_scan_at_mark(const TokenScan *scan)
{
	return scan->token == ';' && scan->text[scan->start] == '-';
}

bool
pgmig_scan_at_word(const TokenScan *scan, const char *word)
{
	int length = scan->end - scan->start;

	return length == (int) strlen(word) &&
		   pg_strncasecmp(scan->text + scan->start, word, length) == 0;
}

bool
pgmig_scan_is_mistake(int sqlstate)
{
	int category = ERRCODE_TO_CATEGORY(sqlstate);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_SYNTAX_ERROR) ||
		   category == ERRCODE_TO_CATEGORY(ERRCODE_DATA_EXCEPTION);
}
