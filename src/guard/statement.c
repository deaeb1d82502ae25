/*-------------------------------------------------------------------------
 *
 * statement.c
 *	  What the parse tree of a statement tells the guard.
 *
 * A statement that names temporary objects only is let begin, likewise one
 * about objects that do not exist: it does nothing, or gets the server's own
 * error.  The names are looked up without locks on relations, as they may be
 * somebody's who works on them; the objects at the end decide.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/objectaddress.h"
#include "catalog/pg_class.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/pg_type.h"
#include "commands/defrem.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "parser/parse_func.h"
#include "parser/parse_type.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"

#include "compat.h"
#include "guard/guard.h"

/*
 * Is the object permanent?  If so, *identity becomes its name.
 *
 * One that does not exist is not.
 */
static bool
is_permanent(Oid class, Oid oid, char **identity)
{
	ObjectAddress address;

	if (!OidIsValid(oid))
		return false;
	ObjectAddressSet(address, class, oid);
	if (isAnyTempNamespace(get_object_namespace(&address)))
		return false;
	*identity = getObjectIdentity(&address, true);
	return *identity != NULL;
}

static bool
is_permanent_relation(const RangeVar *relation, char **identity)
{
	return is_permanent(RelationRelationId,
						RangeVarGetRelid(relation, NoLock, true),
						identity);
}

static bool
is_permanent_relation_named(List *name, char **identity)
{
	return is_permanent_relation(makeRangeVarFromNameList(name), identity);
}

/* The relation of a column, trigger, constraint and the like. */
static bool
is_permanent_part(List *name, char **identity)
{
	if (list_length(name) < 2)
		return false;
	return is_permanent_relation_named(list_truncate(list_copy(name),
													 list_length(name) - 1),
									   identity);
}

/* A type, as TypeName or List of String. */
static bool
is_permanent_type(Node *name, char **identity)
{
	TypeName *type = IsA(name, TypeName)
						 ? (TypeName *) name
						 : makeTypeNameFromNameList((List *) name);

	return is_permanent(TypeRelationId,
						LookupTypeNameOid(NULL, type, true),
						identity);
}

static char *
quoted(const char *name)
{
	return name == NULL ? NULL : pstrdup(quote_identifier(name));
}

/* How an object is named whose kind is never temporary. */
static char *
name_of(Node *object)
{
	if (object == NULL)
		return NULL;
	if (IsA(object, String))
		return quoted(strVal(object));
	if (IsA(object, TypeName))
		return TypeNameToString((TypeName *) object);
	if (IsA(object, ObjectWithArgs))
		return NameListToQuotedString(((ObjectWithArgs *) object)->objname);
	if (IsA(object, RangeVar))
		return quote_qualified_identifier(((RangeVar *) object)->schemaname,
										  ((RangeVar *) object)->relname);
	if (IsA(object, List) && IsA(linitial((List *) object), String) &&
		IsA(llast((List *) object), String))
		return NameListToQuotedString((List *) object);
	return NULL;
}

/* An object as most statements name it. */
static bool
is_permanent_object(ObjectType type, Node *object, char **identity)
{
	switch (type)
	{
		case OBJECT_TABLE:
		case OBJECT_INDEX:
		case OBJECT_SEQUENCE:
		case OBJECT_VIEW:
		case OBJECT_MATVIEW:
		case OBJECT_FOREIGN_TABLE:
			if (IsA(object, RangeVar))
				return is_permanent_relation((RangeVar *) object, identity);
			return is_permanent_relation_named((List *) object, identity);
		case OBJECT_COLUMN:
		case OBJECT_RULE:
		case OBJECT_TRIGGER:
		case OBJECT_POLICY:
		case OBJECT_TABCONSTRAINT:
			return is_permanent_part((List *) object, identity);
		case OBJECT_TYPE:
		case OBJECT_DOMAIN:
			return is_permanent_type(object, identity);
		case OBJECT_DOMCONSTRAINT:
			if (IsA(linitial((List *) object), TypeName))
				object = linitial((List *) object);
			return is_permanent_type(object, identity);
		case OBJECT_FUNCTION:
		case OBJECT_PROCEDURE:
		case OBJECT_ROUTINE:
		case OBJECT_AGGREGATE:
			return is_permanent(ProcedureRelationId,
								LookupFuncWithArgs(type,
												   (ObjectWithArgs *) object,
												   true),
								identity);
		case OBJECT_STATISTIC_EXT:
			return is_permanent(StatisticExtRelationId,
								get_statistics_object_oid((List *) object,
														  true),
								identity);
		default:
			*identity = name_of(object);
			return true;
	}
}

/* Any of several objects */
static bool
is_any_permanent(ObjectType type, List *objects, char **identity)
{
	ListCell *lc;

	foreach(lc, objects)
	{
		if (is_permanent_object(type, lfirst(lc), identity))
			return true;
	}
	return false;
}

/* A relation that is made */
static bool
is_made_permanent(RangeVar *relation, char **identity)
{
	Oid schema;

	if (relation->relpersistence == RELPERSISTENCE_TEMP)
		return false;
	schema = RangeVarGetCreationNamespace(relation);
	*identity = quote_qualified_identifier(get_namespace_name(schema),
										   relation->relname);
	return !isTempNamespace(schema);
}

/* Another object that is made, in a schema */
static bool
is_named_permanent(List *names, char **identity)
{
	char *name;
	Oid schema = QualifiedNameGetCreationNamespace(names, &name);

	*identity = quote_qualified_identifier(get_namespace_name(schema), name);
	return !isTempNamespace(schema);
}

/* Does a query name a temporary relation?  A walker of raw parse trees. */
static bool
names_temporary(Node *node, void *context)
{
	char *identity;

	if (node == NULL)
		return false;
	if (IsA(node, RangeVar))
		return OidIsValid(RangeVarGetRelid((RangeVar *) node, NoLock, true)) &&
			   !is_permanent_relation((RangeVar *) node, &identity);
	return raw_expression_tree_walker(node, names_temporary, context);
}

static bool
is_view_permanent(const ViewStmt *statement, char **identity)
{
	/* A view of temporary tables becomes temporary by itself. */
	return is_made_permanent(statement->view, identity) &&
		   !names_temporary(statement->query, NULL);
}

static bool
is_grant_permanent(const GrantStmt *statement, char **identity)
{
	if (statement->targtype == ACL_TARGET_OBJECT)
		return is_any_permanent(statement->objtype,
								statement->objects,
								identity);
	if (statement->objects != NIL)
		*identity = name_of(linitial(statement->objects));
	return true;
}

static bool
is_statistics_permanent(const CreateStatsStmt *statement, char **identity)
{
	ListCell *lc;

	foreach(lc, statement->relations)
	{
		if (!IsA(lfirst(lc), RangeVar) ||
			is_permanent_relation(lfirst(lc), identity))
			return true;
	}
	return false;
}

static bool
is_rename_permanent(const RenameStmt *statement, char **identity)
{
	if (statement->relation != NULL)
		return is_permanent_relation(statement->relation, identity);
	if (statement->object == NULL)
	{
		*identity = quoted(statement->subname);
		return true;
	}
	return is_permanent_object(statement->renameType,
							   statement->object,
							   identity);
}

static bool
is_missing(const RangeVar *relation)
{
	return !OidIsValid(RangeVarGetRelid(relation, NoLock, true));
}

/* Does a statement commit on its way, and name what does not exist? */
static bool
is_concurrent_and_missing(Node *statement)
{
	ListCell *lc;

	if (IsA(statement, IndexStmt))
		return ((IndexStmt *) statement)->concurrent &&
			   is_missing(((IndexStmt *) statement)->relation);
	if (IsA(statement, DropStmt) && ((DropStmt *) statement)->concurrent)
		return is_missing(makeRangeVarFromNameList(
			linitial(((DropStmt *) statement)->objects)));
	if (!IsA(statement, AlterTableStmt) ||
		!is_missing(((AlterTableStmt *) statement)->relation))
		return false;
	foreach(lc, ((AlterTableStmt *) statement)->cmds)
	{
		AlterTableCmd *command = lfirst(lc);

		if (command->def != NULL && IsA(command->def, PartitionCmd) &&
			((PartitionCmd *) command->def)->concurrent)
			return true;
	}
	return false;
}

/* What a statement names that is about nothing temporary, or NULL. */
static char *
name_in(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterCollationStmt:
			return name_of(
				(Node *) ((AlterCollationStmt *) statement)->collname);
		case T_AlterExtensionContentsStmt:
			return quoted(((AlterExtensionContentsStmt *) statement)->extname);
		case T_AlterExtensionStmt:
			return quoted(((AlterExtensionStmt *) statement)->extname);
		case T_AlterFdwStmt:
			return quoted(((AlterFdwStmt *) statement)->fdwname);
		case T_AlterForeignServerStmt:
			return quoted(((AlterForeignServerStmt *) statement)->servername);
		case T_AlterOpFamilyStmt:
			return name_of(
				(Node *) ((AlterOpFamilyStmt *) statement)->opfamilyname);
		case T_AlterOperatorStmt:
			return name_of(
				(Node *) ((AlterOperatorStmt *) statement)->opername);
		case T_AlterPublicationStmt:
			return quoted(((AlterPublicationStmt *) statement)->pubname);
		case T_AlterSubscriptionStmt:
			return quoted(((AlterSubscriptionStmt *) statement)->subname);
		case T_AlterTableMoveAllStmt:
			return quoted(
				((AlterTableMoveAllStmt *) statement)->orig_tablespacename);
		case T_AlterTSConfigurationStmt:
			return name_of(
				(Node *) ((AlterTSConfigurationStmt *) statement)->cfgname);
		case T_AlterTSDictionaryStmt:
			return name_of(
				(Node *) ((AlterTSDictionaryStmt *) statement)->dictname);
		case T_AlterTypeStmt:
			return name_of((Node *) ((AlterTypeStmt *) statement)->typeName);
		case T_AlterUserMappingStmt:
			return quoted(((AlterUserMappingStmt *) statement)->servername);
		case T_CreateAmStmt:
			return quoted(((CreateAmStmt *) statement)->amname);
		case T_CreateConversionStmt:
			return name_of(
				(Node *) ((CreateConversionStmt *) statement)->conversion_name);
		case T_CreateExtensionStmt:
			return quoted(((CreateExtensionStmt *) statement)->extname);
		case T_CreateFdwStmt:
			return quoted(((CreateFdwStmt *) statement)->fdwname);
		case T_CreateForeignServerStmt:
			return quoted(((CreateForeignServerStmt *) statement)->servername);
		case T_CreateForeignTableStmt:
			return name_of(
				(Node *) ((CreateForeignTableStmt *) statement)->base.relation);
		case T_CreateOpClassStmt:
			return name_of(
				(Node *) ((CreateOpClassStmt *) statement)->opclassname);
		case T_CreateOpFamilyStmt:
			return name_of(
				(Node *) ((CreateOpFamilyStmt *) statement)->opfamilyname);
		case T_CreatePublicationStmt:
			return quoted(((CreatePublicationStmt *) statement)->pubname);
		case T_CreateSchemaStmt:
			return quoted(((CreateSchemaStmt *) statement)->schemaname);
		case T_CreateSubscriptionStmt:
			return quoted(((CreateSubscriptionStmt *) statement)->subname);
		case T_CreateUserMappingStmt:
			return quoted(((CreateUserMappingStmt *) statement)->servername);
		case T_DropOwnedStmt:
			return quoted(get_rolespec_name(
				linitial(((DropOwnedStmt *) statement)->roles)));
		case T_DropSubscriptionStmt:
			return quoted(((DropSubscriptionStmt *) statement)->subname);
		case T_DropUserMappingStmt:
			return quoted(((DropUserMappingStmt *) statement)->servername);
		case T_ImportForeignSchemaStmt:
			return quoted(
				((ImportForeignSchemaStmt *) statement)->local_schema);
		default:
			return NULL;
	}
}

/* The same for all kinds of statements that can be about temporary objects. */
static bool
names_permanent(Node *statement, char **identity)
{
	switch (nodeTag(statement))
	{
		case T_CreateStmt:
			return is_made_permanent(((CreateStmt *) statement)->relation,
									 identity);
		case T_CreateTableAsStmt:
			return is_made_permanent(((CreateTableAsStmt *) statement)
										 ->into->rel,
									 identity);
		case T_CreateSeqStmt:
			return is_made_permanent(((CreateSeqStmt *) statement)->sequence,
									 identity);
		case T_CompositeTypeStmt:
			return is_made_permanent(((CompositeTypeStmt *) statement)->typevar,
									 identity);
		case T_ViewStmt:
			return is_view_permanent((ViewStmt *) statement, identity);
		case T_CreateEnumStmt:
			return is_named_permanent(((CreateEnumStmt *) statement)->typeName,
									  identity);
		case T_CreateRangeStmt:
			return is_named_permanent(((CreateRangeStmt *) statement)->typeName,
									  identity);
		case T_CreateDomainStmt:
			return is_named_permanent(((CreateDomainStmt *) statement)
										  ->domainname,
									  identity);
		case T_CreateFunctionStmt:
			return is_named_permanent(((CreateFunctionStmt *) statement)
										  ->funcname,
									  identity);
		case T_DefineStmt:
			return is_named_permanent(((DefineStmt *) statement)->defnames,
									  identity);
		case T_CreateStatsStmt:
			return is_statistics_permanent((CreateStatsStmt *) statement,
										   identity);
		case T_IndexStmt:
			return is_permanent_relation(((IndexStmt *) statement)->relation,
										 identity);
		case T_AlterTableStmt:
			return is_permanent_relation(((AlterTableStmt *) statement)
											 ->relation,
										 identity);
		case T_AlterSeqStmt:
			return is_permanent_relation(((AlterSeqStmt *) statement)->sequence,
										 identity);
		case T_CreateTrigStmt:
			return is_permanent_relation(((CreateTrigStmt *) statement)
											 ->relation,
										 identity);
		case T_RuleStmt:
			return is_permanent_relation(((RuleStmt *) statement)->relation,
										 identity);
		case T_CreatePolicyStmt:
			return is_permanent_relation(((CreatePolicyStmt *) statement)
											 ->table,
										 identity);
		case T_AlterPolicyStmt:
			return is_permanent_relation(((AlterPolicyStmt *) statement)->table,
										 identity);
		case T_AlterDomainStmt:
			return is_permanent_object(OBJECT_DOMAIN,
									   (Node *) ((AlterDomainStmt *) statement)
										   ->typeName,
									   identity);
		case T_AlterEnumStmt:
			return is_permanent_object(OBJECT_TYPE,
									   (Node *) ((AlterEnumStmt *) statement)
										   ->typeName,
									   identity);
		case T_AlterFunctionStmt:
			return is_permanent_object(((AlterFunctionStmt *) statement)
										   ->objtype,
									   (Node *) ((AlterFunctionStmt *)
													 statement)
										   ->func,
									   identity);
		case T_AlterStatsStmt:
			return is_permanent_object(OBJECT_STATISTIC_EXT,
									   (Node *) ((AlterStatsStmt *) statement)
										   ->defnames,
									   identity);
		case T_AlterOwnerStmt:
			return is_permanent_object(((AlterOwnerStmt *) statement)
										   ->objectType,
									   ((AlterOwnerStmt *) statement)->object,
									   identity);
		case T_AlterObjectSchemaStmt:
			if (((AlterObjectSchemaStmt *) statement)->relation != NULL)
				return is_permanent_relation(((AlterObjectSchemaStmt *)
												  statement)
												 ->relation,
											 identity);
			return is_permanent_object(((AlterObjectSchemaStmt *) statement)
										   ->objectType,
									   ((AlterObjectSchemaStmt *) statement)
										   ->object,
									   identity);
		case T_RenameStmt:
			return is_rename_permanent((RenameStmt *) statement, identity);
		case T_CommentStmt:
			return is_permanent_object(((CommentStmt *) statement)->objtype,
									   ((CommentStmt *) statement)->object,
									   identity);
		case T_SecLabelStmt:
			return is_permanent_object(((SecLabelStmt *) statement)->objtype,
									   ((SecLabelStmt *) statement)->object,
									   identity);
		case T_DropStmt:
			return is_any_permanent(((DropStmt *) statement)->removeType,
									((DropStmt *) statement)->objects,
									identity);
		case T_GrantStmt:
			return is_grant_permanent((GrantStmt *) statement, identity);
		default:
			*identity = name_in(statement);
			return true;
	}
}

/*
 * Is a statement certainly about something permanent, so that there is no
 * need to let it begin?
 *
 * If so, *object becomes the name of the first such object, or NULL.  A
 * statement that commits on its way and names nothing that exists is, too.
 */
bool
pgmig_guard_is_permanent(Node *statement, char **object)
{
	*object = NULL;
	return names_permanent(statement, object) ||
		   is_concurrent_and_missing(statement);
}

/*
 * Does a statement for which event triggers fire change a schema?
 */
bool
pgmig_guard_changes_schema(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_LockStmt:
		case T_RefreshMatViewStmt:
		case T_ReindexStmt:
		case T_RepackStmt:
		case T_VacuumStmt:
			return false;
		default:
			return true;
	}
}

/*
 * Is it the update of extension pgmig?  It is refused to nobody: it may be
 * what the guard needs to work.
 */
bool
pgmig_guard_updates_pgmig(Node *statement)
{
	return IsA(statement, AlterExtensionStmt) &&
		   strcmp(((AlterExtensionStmt *) statement)->extname, "pgmig") == 0;
}

/*
 * May the text of a statement hold a password?
 */
bool
pgmig_guard_has_secret(Node *statement)
{
	switch (nodeTag(statement))
	{
		case T_AlterFdwStmt:
		case T_AlterForeignServerStmt:
		case T_AlterSubscriptionStmt:
		case T_AlterUserMappingStmt:
		case T_CreateFdwStmt:
		case T_CreateForeignServerStmt:
		case T_CreateSubscriptionStmt:
		case T_CreateUserMappingStmt:
			return true;
		default:
			return false;
	}
}
