/*-------------------------------------------------------------------------
 *
 * document_internal.h
 *	  What the files of document/ share with each other.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_DOCUMENT_INTERNAL_H
#define PGMIG_DOCUMENT_INTERNAL_H

#include "compat.h"
#include "document.h"
#include "parser/scanner.h"

/*
 * A text that errors are reported against, as an error context.
 *
 * errposition() and the positions that the server's parser reports count from
 * the part at hand; the callback turns them into positions of the whole text.
 */
typedef struct SourceText
{
	const char *text;   /* the whole text */
	const char *source; /* its file, or NULL */
	bool document;      /* a revision document rather than a body */
	const char *name;   /* the part at hand, such as "upgrade of revision
						 * \"x\"", or NULL */
	int offset;         /* byte offset of that part in text */
	int fallback;       /* byte offset, in text, of what an error without a
						 * position is about, or -1 */
	int reported;       /* byte offset, in text, of the last error that had a
						 * position */
	ErrorContextCallback callback;
} SourceText;

/* A pass over the tokens of a text by the server's scanner. */
typedef struct TokenScan
{
	const char *text;
	int start;          /* byte offset of the current token */
	int end;            /* byte offset of its end */
	int token;          /* its code, see parser/scanner.h */
	core_YYSTYPE value; /* its value, until the next one is read */
	core_yy_extra_type extra;
	core_yyscan_t scanner;
	MemoryContext cxt;    /* the scanner's buffers */
	MemoryContext tokens; /* values of recent tokens */
	Size allocated;       /* about how much is in tokens */
} TokenScan;

/* A line of a document that gives it its structure. */
typedef enum HeaderKey
{
	HEADER_REVISION_ID,
	HEADER_REVISES,
	HEADER_CREATE_DATE,
	HEADER_BRANCH_LABELS,
	HEADER_DEPENDS_ON,
	HEADER_NO_KEY,
} HeaderKey;

#define HEADER_NKEYS HEADER_NO_KEY

/* line.c */
/* Offset of the end of the line that contains offset: of its terminator. */
extern int pgmig_line_end(const char *text, int offset);
/* Offset of the line after that: behind the terminator. */
extern int pgmig_line_next(const char *text, int offset);
/* Offset of the start of the line before the one that starts at offset. */
extern int pgmig_line_previous(const char *text, int offset);
/* Number of line ends between two offsets. */
extern int pgmig_line_count(const char *text, int from, int to);
extern bool pgmig_line_is_comment(const char *line);
/* A copy of a piece of text without blanks at its ends. */
extern char *pgmig_line_trim(const char *text, int length);
/* A copy without leading blank lines and trailing white space. */
extern char *pgmig_line_trim_body(const char *text, int length, int *start);
/* Length of a piece of text cut to at most limit bytes, in whole characters. */
extern int pgmig_line_clip_length(const char *text, int length, int limit);
/* A copy of a piece of text, shortened if it is too long for a message. */
extern char *pgmig_line_clip(const char *text, int length);

/* position.c */
extern void pgmig_position_push(SourceText *source);
extern void pgmig_position_pop(SourceText *source);
/* For ereport: the error is at this byte offset of the part at hand. */
extern int pgmig_position_at(const SourceText *source, int offset);
/* Throw a copied error again, its message cut to a sane length. */
pg_noreturn extern void pgmig_position_rethrow(ErrorData *error);

/* scan.c */
/* Settings under which document texts are scanned and parsed; undone by
 * pgmig_scan_leave() or the end of the transaction. */
extern int pgmig_scan_enter(int message_level, bool dates);
extern void pgmig_scan_leave(int nest_level);
extern void pgmig_scan_begin(TokenScan *scan, const char *text);
/* Make every line that would structure a document a token of its own; the
 * values of literals may differ then. */
extern void pgmig_scan_mark_lines(TokenScan *scan);
extern bool pgmig_scan_next(TokenScan *scan);
extern void pgmig_scan_end(TokenScan *scan);
/* Is the current token such a line? */
extern bool pgmig_scan_at_mark(const TokenScan *scan);
/* Is the current token this keyword or unquoted identifier (lower case)? */
extern bool pgmig_scan_at_word(const TokenScan *scan, const char *word);

/* Does the SQLSTATE say that the text is wrong, not that we were stopped? */
extern bool pgmig_scan_is_mistake(int sqlstate);

/* header.c */
extern HeaderKey pgmig_header_key(const char *line, const char **value);
/* Does the line start "-- pgmig:"?  Sets what follows. */
extern bool pgmig_header_is_section(const char *line, const char **value);
/* Fill in what the header between these offsets says. */
extern void pgmig_header_read(SourceText *source, int start, int end,
							  RevisionDocument *document);
extern const char *pgmig_header_key_name(HeaderKey key);

/* parse.c */
/* As pgmig_document_parse(), with or without a check of the bodies. */
extern List *pgmig_document_read(const char *text, const char *source,
								 bool check_bodies);

/* body.c */
/* Check every statement of a body that is a part of a pushed text, and fill in
 * its nstatements and checksum. */
extern void pgmig_body_check_part(RevisionBody *body, SourceText *source);
/* Throw an error if a line of the body would structure a document. */
extern void pgmig_body_check_lines(const char *sql, const char *name);

/* block.c */
/* Fill in what the statement has to do with transaction blocks. */
extern void pgmig_block_classify(BodyStatement *statement);

/* checksum.c */
typedef struct TokenDigest TokenDigest;

extern TokenDigest *pgmig_checksum_begin(void);
extern void pgmig_checksum_add(TokenDigest *digest, const TokenScan *scan);
extern void pgmig_checksum_end(TokenDigest *digest,
							   char checksum[PGMIG_CHECKSUM_LENGTH + 1]);

#endif /* PGMIG_DOCUMENT_INTERNAL_H */
