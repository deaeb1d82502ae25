/*-------------------------------------------------------------------------
 *
 * contents.h
 *	  What tables and sequences hold.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_CONTENTS_H
#define PGMIG_CONTENTS_H

#include "run/run.h"

/* Numbers are as text: they are only compared and shown. */
typedef struct ColumnContents
{
	const char *name;
	const char *values; /* that are not null */
	const char *hash;
} ColumnContents;

typedef struct TableContents
{
	const char *identity;
	const char *rows;
	const char *hash; /* of whole rows */
	List *columns;    /* of ColumnContents * */
} TableContents;

typedef struct SequenceContents
{
	Oid oid;
	const char *identity; /* unless it is only to be put back */
	bool is_descending;   /* likewise */
	bool locked;          /* no other session can draw from it */
	int64 last_value;
	bool is_called;
} SequenceContents;

/* contents.c */
extern List *pgmig_run_read_contents(const SchemaSnapshot *snapshot);
extern TableContents *pgmig_run_find_table(const List *tables,
										   const char *identity);
extern ColumnContents *pgmig_run_find_column(const TableContents *table,
											 const char *name);
extern List *pgmig_run_read_sequences(bool lock);
extern List *pgmig_run_read_values(const SchemaSnapshot *snapshot);
extern SequenceContents *pgmig_run_find_value(const List *values,
											  const char *identity);
extern int pgmig_run_restore_sequences(const List *sequences,
									   const List *before, bool unlock);

#endif /* PGMIG_CONTENTS_H */
