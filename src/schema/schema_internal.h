/*-------------------------------------------------------------------------
 *
 * schema_internal.h
 *	  Kinds of objects, and how they are read.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_SCHEMA_INTERNAL_H
#define PGMIG_SCHEMA_INTERNAL_H

#include "access/htup.h"
#include "nodes/parsenodes.h"
#include "utils/acl.h"
#include "utils/hsearch.h"

#include "compat.h"
#include "schema/schema.h"

/* How the identity of an object is made from its name. */
typedef enum IdentityForm
{
	IDENTITY_NAME,      /* name */
	IDENTITY_QUALIFIED, /* schema.name, its parent being the schema */
	IDENTITY_SIBLING,   /* schema.name, the schema being its parent's */
	IDENTITY_MEMBER,    /* parent.name */
	IDENTITY_ON,        /* name on parent */
	IDENTITY_GIVEN,     /* the query gives it as the name */
} IdentityForm;

/*
 * A kind of object.
 *
 * In the query, "$range" stands for a condition: that key, an OID, is in a
 * range, or that within, the OID of what is directly in a schema (NULL: key),
 * is one of some.  It gives rows that begin with: OID, number of the part or 0,
 * OID of the parent or 0, name.  Each further column is a property of its name;
 * nulls and false are left out.  The type of the column decides:
 *
 *	oid			a role, by name; "owner" is also whose default rights count
 *	smallint[]	numbers of columns of the parent, by name
 *	aclitem[]	grants; "initial" are those to compare with
 *	jsonb, boolean, integer, bigint, text, name: as they are
 *
 * A column "signature" belongs to the identity.
 */
struct ObjectKind
{
	const char *name;
	Oid catalog; /* in which it has its OID */
	Oid parent;  /* ... and its parent has, or 0 */
	IdentityForm identity;
	ObjectType grants;  /* whose default rights it has */
	const char *listed; /* property of the parent with the order of parts */
	bool from_initdb;   /* there may be some that initdb has made */
	bool skip_internal; /* some are parts of other objects */
	bool system;        /* only the grants of what is not the user's */
	void (*describe)(SchemaObject *object);
	const char *key;
	const char *within;
	const char *query;
};

/* A part of an object that is in the list of its parts. */
typedef struct ListedPart
{
	int number;
	const char *name;
} ListedPart;

/* A catalog whose rows are no objects of their own, or none of a schema. */
typedef struct LeftOutCatalog
{
	const char *catalog;
	const char *reason;
} LeftOutCatalog;

/* The objects that are being read, and what they refer to. */
typedef struct SchemaReader
{
	const SchemaSelection *selection;
	HTAB *objects;  /* ReaderEntry by address */
	HTAB *internal; /* InternalEntry: what is a part of something else */
	HTAB *members;  /* addresses of members of extensions */
	HTAB *initial;  /* InitialGrants by address, made when first needed */
	List *selected; /* of SelectedObjects *, only if schemas are selected */
	struct DependRow *depends;
	int ndepends;
	int depends_room;
	List *described;       /* of SchemaObject * */
	MemoryContext cxt;     /* for the objects */
	MemoryContext row_cxt; /* for what is forgotten with a row */
} SchemaReader;

/* A row of pg_depend. */
typedef struct DependRow
{
	ObjectAddress object;
	ObjectAddress reference;
	char type;
} DependRow;

typedef struct ReaderEntry
{
	ObjectAddress address;
	SchemaObject *object;
} ReaderEntry;

typedef struct InternalEntry
{
	ObjectAddress address;
	ObjectAddress whole;
} InternalEntry;

/* kind_*.c; each ends with a kind that has no name */
extern const ObjectKind pgmig_schema_database_kinds[];
extern const ObjectKind pgmig_schema_type_kinds[];
extern const ObjectKind pgmig_schema_routine_kinds[];
extern const ObjectKind pgmig_schema_relation_kinds[];
extern const ObjectKind pgmig_schema_table_kinds[];
extern const ObjectKind pgmig_schema_other_kinds[];

/* kind.c */
extern int pgmig_schema_kind_count(void);
extern const ObjectKind *pgmig_schema_kind(int number);
extern const ObjectKind *pgmig_schema_kind_by_name(const char *name,
												   int length);
extern int pgmig_schema_kind_order(const ObjectKind *kind);

/* read.c */
extern SchemaObject *pgmig_schema_lookup(SchemaReader *reader,
										 const ObjectAddress *address);

/* property.c */
extern int pgmig_schema_property_order(const ListCell *a, const ListCell *b);
extern void pgmig_schema_add_property(SchemaObject *object, const char *name,
									  JsonbValue *value);
extern void pgmig_schema_add_text(SchemaObject *object, const char *name,
								  const char *value);
extern void pgmig_schema_set_binary(JsonbValue *value, const Jsonb *built);
extern void pgmig_schema_push_text(JsonbInState *state,
								   JsonbIteratorToken token, const char *text);
extern void pgmig_schema_add_list(SchemaObject *object, const char *name,
								  List *texts);

/* depend.c */
extern void pgmig_schema_read_depends(SchemaReader *reader);
extern void pgmig_schema_add_row(SchemaReader *reader, HeapTuple tuple);
extern void pgmig_schema_add_default(SchemaReader *reader, HeapTuple tuple);
extern bool pgmig_schema_is_member(SchemaReader *reader,
								   const ObjectAddress *address);
extern bool pgmig_schema_is_internal(SchemaReader *reader,
									 const ObjectAddress *address);
extern SchemaObject *pgmig_schema_composite(SchemaReader *reader,
											const ObjectAddress *address);
extern void pgmig_schema_add_depends(SchemaReader *reader);
extern void pgmig_schema_add_comments(SchemaReader *reader);
extern void pgmig_schema_add_labels(SchemaReader *reader);

/* select.c */
extern void pgmig_schema_select(SchemaReader *reader);
extern Datum pgmig_schema_selected(SchemaReader *reader,
								   const ObjectKind *kind);

/* skip.c */
extern bool pgmig_schema_has_none(SchemaReader *reader,
								  const ObjectKind *kind);

/* grants.c */
extern Jsonb *pgmig_schema_grants(Acl *acl, Acl *initial, ObjectType type,
								  Oid owner);

/* setting.c */
extern void pgmig_schema_describe_routine(SchemaObject *object);
extern void pgmig_schema_describe_dictionary(SchemaObject *object);

/* view.c */
extern void pgmig_schema_describe_view(SchemaObject *object);

/* snapshot.c */
extern int pgmig_schema_order(const void *a, const void *b);
extern SchemaObject *pgmig_schema_find(const SchemaSnapshot *snapshot,
									   const ObjectKind *kind,
									   const char *identity);
extern void pgmig_schema_check_unique(const SchemaSnapshot *snapshot);

#endif /* PGMIG_SCHEMA_INTERNAL_H */
