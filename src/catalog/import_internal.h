/*-------------------------------------------------------------------------
 *
 * import_internal.h
 *	  What the two parts of a load share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_IMPORT_INTERNAL_H
#define PGMIG_IMPORT_INTERNAL_H

#include "catalog/pgmig_catalog.h"

/* Where a document of a load stands. */
typedef struct PendingRevision
{
	RevisionDocument *document;
	List *dependencies; /* of char *, ids */
	bool has_children;  /* in the same load */
	ImportAction action;
} PendingRevision;

/* import_write.c */
extern void pgmig_catalog_write_documents(List *pendings);

#endif /* PGMIG_IMPORT_INTERNAL_H */
