/*-------------------------------------------------------------------------
 *
 * document.h
 *	  Revision documents: parse, check, write; bodies and their statements.
 *
 * Works on text and plain structs; reads no table.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_DOCUMENT_H
#define PGMIG_DOCUMENT_H

#include "datatype/timestamp.h"
#include "nodes/parsenodes.h"
#include "nodes/pg_list.h"
#include "tcop/cmdtag.h"

/* Hexadecimal SHA-256. */
#define PGMIG_CHECKSUM_LENGTH 64

/* One direction of a revision. */
typedef struct RevisionBody
{
	char *sql;          /* NULL: there is no such section */
	bool transactional; /* not marked "no-transaction" */
	int nstatements;    /* number of statements */
	char checksum[PGMIG_CHECKSUM_LENGTH + 1]; /* over the tokens of sql */
} RevisionBody;

typedef struct RevisionDocument
{
	char *revision;
	char *message;      /* first line */
	char *long_message; /* the lines after it, or NULL */
	List *parents;      /* of char *, as declared */
	List *depends_on;   /* of char *, as declared: ids or labels */
	List *labels;       /* of char * */
	bool has_created_at;
	TimestampTz created_at;
	RevisionBody upgrade;
	RevisionBody downgrade;
	const char *source; /* name of the file, or NULL */
	int line;           /* line of its "Revision ID" in the source, from 1 */
} RevisionDocument;

/* One statement of a body. */
typedef struct BodyStatement
{
	RawStmt *raw;
	CommandTag tag;
	int location;        /* byte offset of its first token in the body */
	int length;          /* bytes, without the semicolon */
	int line;            /* line of the body on which it starts, from 1 */
	const char *forbids; /* what forbids a transaction block, such as "CREATE
						  * INDEX CONCURRENTLY", or NULL */
	bool concurrently;   /* ... and would not without CONCURRENTLY */
	bool may_forbid; /* whether it does depends on what it is about: REINDEX
						  * or CLUSTER of a relation that may be partitioned, DROP
						  * SUBSCRIPTION */
} BodyStatement;

/* parse.c */
/* All revisions of a document, in its order; parsed and checked whole. */
extern List *pgmig_document_parse(const char *text, const char *source);

/* write.c */
extern char *pgmig_document_write(const RevisionDocument *document);

/* body.c */
/* Statements (BodyStatement *) of a body. */
extern List *pgmig_body_split(const char *sql);
/* Checksum over the tokens of the server's scanner. */
extern void pgmig_body_checksum(const char *sql,
								char checksum[PGMIG_CHECKSUM_LENGTH + 1]);
/* block.c */
/* The text of a statement, from its location on, with its CONCURRENTLY blanked
 * out, so that positions stay; only for statements that say concurrently. */
extern char *pgmig_body_without_concurrently(const char *sql,
											 const BodyStatement *statement);

/* position.c */
/*
 * For error context callbacks and handlers: report the current error at this
 * byte offset of text, as psql would for a file: LINE and caret.
 */
extern void pgmig_body_error_position(const char *text, int offset);

#endif /* PGMIG_DOCUMENT_H */
