/*-------------------------------------------------------------------------
 *
 * schema.h
 *	  Snapshots of the schema: read, written, compared.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_SCHEMA_H
#define PGMIG_SCHEMA_H

#include "catalog/objectaddress.h"
#include "nodes/pg_list.h"
#include "utils/jsonb.h"

/* Version of the form that a snapshot has as jsonb. */
#define PGMIG_SNAPSHOT_FORMAT 1

/* Hexadecimal digits of a fingerprint. */
#define PGMIG_FINGERPRINT_LENGTH 64

/* A kind of object; see schema_internal.h. */
typedef struct ObjectKind ObjectKind;

/* What is said of an object. */
typedef struct SchemaProperty
{
	const char *name;
	JsonbValue value; /* a scalar, or jbvBinary */
} SchemaProperty;

/* An object of a schema. */
typedef struct SchemaObject
{
	const ObjectKind *kind;
	int order;                   /* place of the kind among all */
	const char *identity;        /* unique within its kind */
	struct SchemaObject *parent; /* that it is a part of, or NULL */
	List *properties;            /* of SchemaProperty *, by name */
	List *depends;               /* of SchemaObject *, in order */

	/* While it is read from the catalogs: */
	ObjectAddress address;
	const char *schema; /* name of its schema, or NULL */
	Oid owner;
	bool described; /* false: it only contains others */
	List *listed;   /* of ListedPart *, parts that have an order */
} SchemaObject;

/* The objects of a database, or of some of its schemas. */
typedef struct SchemaSnapshot
{
	List *schemas; /* of char *, in order; NIL: all */
	int count;
	SchemaObject **objects; /* in the order of their kinds, and identities */
} SchemaSnapshot;

/* Which objects are read. */
typedef struct SchemaSelection
{
	List *only;   /* of char *, schemas; NIL: the whole database */
	List *except; /* of char *, schemas that are left out */

	/*
	 * How to do what may fail and is to be undone then: returns the error, or
	 * NULL.  Without it, an object that cannot be read is an error.
	 */
	ErrorData *(*attempt)(void (*work)(void *arg), void *arg);
} SchemaSelection;

typedef enum SchemaMode
{
	SCHEMA_STRICT,
	SCHEMA_LOGICAL,
} SchemaMode;

/* A difference of two snapshots. */
typedef struct SchemaDifference
{
	const char *change; /* added, removed or changed */
	const ObjectKind *kind;
	const SchemaObject *before; /* NULL: added */
	const SchemaObject *after;  /* NULL: removed */
	const char *identity;
	const char *property; /* NULL: the object as a whole */
	const char *a;        /* readable, or NULL */
	const char *b;
} SchemaDifference;

/* read.c */
extern SchemaSnapshot *pgmig_schema_read(const SchemaSelection *selection);

/* snapshot.c */
extern Jsonb *pgmig_schema_to_jsonb(const SchemaSnapshot *snapshot);
extern SchemaSnapshot *pgmig_schema_from_jsonb(Jsonb *jsonb,
											   const char *argument);

/* property.c */
extern SchemaProperty *pgmig_schema_property(const SchemaObject *object,
											 const char *name);
extern List *pgmig_schema_texts(const SchemaObject *object, const char *name);
extern char *pgmig_schema_value_text(const JsonbValue *value);

/* logical.c */
extern SchemaMode pgmig_schema_mode(const char *name);
extern SchemaSnapshot *pgmig_schema_logical(const SchemaSnapshot *snapshot);

/* fingerprint.c */
extern void pgmig_schema_fingerprint(const SchemaSnapshot *snapshot,
									 char *fingerprint);

/* compare.c */
extern List *pgmig_schema_compare(const SchemaSnapshot *a,
								  const SchemaSnapshot *b);

/* kind.c */
extern const char *pgmig_schema_kind_name(const ObjectKind *kind);

#endif /* PGMIG_SCHEMA_H */
