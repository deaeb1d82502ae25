/*-------------------------------------------------------------------------
 *
 * object.c
 *	  What a statement has made, changed and dropped, as the server tells the
 *	  event triggers of its end.
 *
 * Temporary objects are left out, and so is what goes with an object that is
 * named: its row type, its indexes when it is dropped, and the like.
 *
 * The lists are of GuardedObject *, in the current memory context.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_foreign_data_wrapper.h"
#include "catalog/pg_foreign_server.h"
#include "catalog/pg_class.h"
#include "catalog/pg_language.h"
#include "catalog/pg_largeobject.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "catalog/objectaddress.h"
#include "miscadmin.h"
#include "tcop/cmdtag.h"
#include "tcop/deparse_utility.h"
#include "utils/acl.h"
#include "utils/aclchk_internal.h"
#include "utils/builtins.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "guard/guard.h"

static List *
add_object(List *objects, const char *tag, char *object_type, char *identity)
{
	GuardedObject *object = palloc(sizeof(GuardedObject));

	object->tag = pstrdup(tag);
	object->object_type = object_type;
	object->identity = identity;
	return lappend(objects, object);
}

/* The catalog of the objects of a GRANT. */
static Oid
grant_class(ObjectType type)
{
	switch (type)
	{
		case OBJECT_DOMAIN:
		case OBJECT_TYPE:
			return TypeRelationId;
		case OBJECT_FDW:
			return ForeignDataWrapperRelationId;
		case OBJECT_FOREIGN_SERVER:
			return ForeignServerRelationId;
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			return ProcedureRelationId;
		case OBJECT_LANGUAGE:
			return LanguageRelationId;
		case OBJECT_LARGEOBJECT:
			return LargeObjectRelationId;
		case OBJECT_SCHEMA:
			return NamespaceRelationId;
		default:
			return RelationRelationId;
	}
}

static bool
is_temporary(const ObjectAddress *object)
{
	return (object->classId == RelationRelationId ||
			object->classId == TypeRelationId ||
			object->classId == ProcedureRelationId) &&
		   isAnyTempNamespace(get_object_namespace(object));
}

/* The objects of a GRANT or REVOKE, of which the server names none. */
static List *
add_granted(List *objects, const char *tag, const InternalGrant *grant)
{
	ListCell *lc;

	foreach(lc, grant->objects)
	{
		ObjectAddress object;

		ObjectAddressSet(object, grant_class(grant->objtype), lfirst_oid(lc));
		if (!is_temporary(&object))
			objects = add_object(objects,
								 tag,
								 getObjectTypeDescription(&object, true),
								 getObjectIdentity(&object, true));
	}
	return objects;
}

/* The value of an option that is a list, NIL if it is not given. */
static List *
list_option(const AlterDefaultPrivilegesStmt *statement, const char *name)
{
	ListCell *lc;

	foreach(lc, statement->options)
	{
		DefElem *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, name) == 0)
			return (List *) option->arg;
	}
	return NIL;
}

/* What kind of objects default privileges are for, as the server says it. */
static const char *
default_kind(ObjectType type)
{
	switch (type)
	{
		case OBJECT_TABLE:
			return "tables";
		case OBJECT_SEQUENCE:
			return "sequences";
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
			return "functions";
		case OBJECT_TYPE:
			return "types";
		case OBJECT_SCHEMA:
			return "schemas";
		default:
			return "large objects";
	}
}

/* The default privileges of a role, in these schemas or everywhere. */
static List *
add_default_privileges(List *objects, const char *tag, const char *role,
					   List *schemas, ObjectType type)
{
	ListCell *lc;

	if (schemas == NIL)
		return add_object(objects,
						  tag,
						  "default acl",
						  psprintf("for role %s on %s",
								   quote_identifier(role),
								   default_kind(type)));
	foreach(lc, schemas)
		objects = add_object(objects,
							 tag,
							 "default acl",
							 psprintf("for role %s in schema %s on %s",
									  quote_identifier(role),
									  quote_identifier(strVal(lfirst(lc))),
									  default_kind(type)));
	return objects;
}

/* What ALTER DEFAULT PRIVILEGES changes, in the words of the server. */
static List *
default_privileges(const char *tag,
				   const AlterDefaultPrivilegesStmt *statement)
{
	List *roles = list_option(statement, "roles");
	List *schemas = list_option(statement, "schemas");
	ObjectType type = statement->action->objtype;
	List *objects = NIL;
	ListCell *lc;

	if (roles == NIL)
		return add_default_privileges(NIL,
									  tag,
									  GetUserNameFromId(GetUserId(), false),
									  schemas,
									  type);
	foreach(lc, roles)
		objects = add_default_privileges(objects,
										 tag,
										 get_rolespec_name(lfirst(lc)),
										 schemas,
										 type);
	return objects;
}

/* The roles of DROP OWNED, which takes away privileges without a word. */
static List *
disowned_roles(const char *tag, const DropOwnedStmt *statement)
{
	List *objects = NIL;
	ListCell *lc;

	foreach(lc, statement->roles)
	{
		char *role = get_rolespec_name(lfirst(lc));

		objects =
			add_object(objects, tag, "role", pstrdup(quote_identifier(role)));
	}
	return objects;
}

/*
 * What the commands of the statement have made and changed.
 */
List *
pgmig_guard_changed_objects(const EventTriggerData *event)
{
	static CatalogQuery query = {
		.sql =
			"SELECT command_tag, object_type, object_identity, command"
			" FROM pg_catalog.pg_event_trigger_ddl_commands()"
			" WHERE CASE WHEN schema_name IS NOT NULL OR classid IS NULL"
			" THEN schema_name ELSE (pg_catalog.pg_identify_object_as_address"
			" (classid, objid, objsubid)).object_names[1] END"
			" IS DISTINCT FROM 'pg_temp'",
	};
	const char *tag = GetCommandTagName(event->tag);
	CatalogAccess access;
	List *objects = NIL;
	uint64 count;

	if (IsA(event->parsetree, DropOwnedStmt))
		return disowned_roles(tag, (DropOwnedStmt *) event->parsetree);
	if (IsA(event->parsetree, AlterDefaultPrivilegesStmt))
		return default_privileges(tag,
								  (AlterDefaultPrivilegesStmt *)
									  event->parsetree);
	pgmig_catalog_begin(&access);
	count = pgmig_catalog_execute(&query, NULL, NULL, false);
	MemoryContextSwitchTo(access.caller);
	for (uint64 row = 0; row < count; row++)
	{
		bool isnull;
		CollectedCommand *command = (CollectedCommand *) DatumGetPointer(
			pgmig_catalog_datum(row, 4, &isnull));
		char *command_tag = pgmig_catalog_text(row, 1);

		if (command->type == SCT_Grant)
			objects =
				add_granted(objects, command_tag, command->d.grant.istmt);
		else
			objects = add_object(objects,
								 command_tag,
								 pgmig_catalog_text(row, 2),
								 pgmig_catalog_text(row, 3));
	}
	pgmig_catalog_end(&access);
	return objects;
}

/*
 * What the statement has dropped: what it names, and what it takes along by
 * CASCADE, except for parts of a relation that goes as a whole.  Of what goes
 * with an extension, its members cannot be told from others: only the extension
 * is named.
 */
List *
pgmig_guard_dropped_objects(const EventTriggerData *event)
{
	static CatalogQuery query = {
		.sql = "WITH dropped AS MATERIALIZED (SELECT *"
			   " FROM pg_catalog.pg_event_trigger_dropped_objects()"
			   " WITH ORDINALITY"
			   " WHERE (original OR normal) AND NOT is_temporary"
			   " AND NOT (cardinality(address_names) > 1"
			   " AND address_names[1] = 'pg_temp'))"
			   " SELECT object_type, object_identity FROM dropped d"
			   " WHERE original OR NOT $1"
			   " AND NOT (cardinality(d.address_names) > 2"
			   " AND EXISTS (SELECT FROM dropped w"
			   " WHERE w.address_names = d.address_names[1:2]"
			   " AND w.classid = 'pg_class'::regclass))"
			   " ORDER BY ordinality",
		.nargs = 1,
		.argtypes = {BOOLOID},
	};
	CatalogAccess access;
	Datum values[1];
	List *objects = NIL;
	uint64 count;

	/* Told by its end. */
	if (IsA(event->parsetree, AlterDefaultPrivilegesStmt))
		return NIL;
	pgmig_catalog_begin(&access);
	values[0] = BoolGetDatum(IsA(event->parsetree, DropStmt) &&
							 ((DropStmt *) event->parsetree)->removeType ==
								 OBJECT_EXTENSION);
	count = pgmig_catalog_execute(&query, values, NULL, false);
	MemoryContextSwitchTo(access.caller);
	for (uint64 row = 0; row < count; row++)
		objects = add_object(objects,
							 GetCommandTagName(event->tag),
							 pgmig_catalog_text(row, 1),
							 pgmig_catalog_text(row, 2));
	pgmig_catalog_end(&access);
	return objects;
}
