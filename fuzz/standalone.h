/*-------------------------------------------------------------------------
 *
 * standalone.h
 *	  Parts of the server in a program of their own, for the fuzzers.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_FUZZ_STANDALONE_H
#define PGMIG_FUZZ_STANDALONE_H

typedef void (*FuzzAction)(void *arg);

/*
 * The input as a text of the server, in a memory context that is the current
 * one until the next call; or NULL if no text of the server is like that.
 * Sets the database encoding: UTF8 if that is what the text is, or SQL_ASCII.
 */
extern char *fuzz_begin(const uint8_t *data, size_t size);
/*
 * Call action as a statement of its own.  Returns 0, or the SQLSTATE of the
 * error that it threw, the message of which is fuzz_message() until the next
 * call.  An internal error, or something left behind, ends the program.
 */
extern int fuzz_try(FuzzAction action, void *arg);
extern const char *fuzz_message(void);
/* A setting of the session. */
extern void fuzz_set(const char *name, const char *value);
/* End the program: something that must hold does not. */
pg_noreturn extern void fuzz_fail(const char *format, ...)
	pg_attribute_printf(1, 2);

#endif /* PGMIG_FUZZ_STANDALONE_H */
