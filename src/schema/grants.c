/*-------------------------------------------------------------------------
 *
 * grants.c
 *	  Access privileges as the difference from those that an object has from
 *	  the start.
 *
 * So an object that was never granted is like one whose grants were taken
 * back, as pg_dump has it.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* Names of the privileges, by their bits. */
typedef struct Privilege
{
	AclMode bit;
	const char *name;
} Privilege;

static const Privilege privileges[] = {
	{ACL_SELECT, "SELECT"},
	{ACL_INSERT, "INSERT"},
	{ACL_UPDATE, "UPDATE"},
	{ACL_DELETE, "DELETE"},
	{ACL_TRUNCATE, "TRUNCATE"},
	{ACL_REFERENCES, "REFERENCES"},
	{ACL_TRIGGER, "TRIGGER"},
	{ACL_MAINTAIN, "MAINTAIN"},
	{ACL_EXECUTE, "EXECUTE"},
	{ACL_USAGE, "USAGE"},
	{ACL_CREATE, "CREATE"},
	{ACL_CREATE_TEMP, "TEMPORARY"},
	{ACL_CONNECT, "CONNECT"},
};

/* What a role was granted by another one. */
typedef struct Grant
{
	Oid grantee;
	Oid grantor;
	AclMode rights;
	AclMode options;
} Grant;

/* All rights that there are on a type of object. */
static AclMode
all_rights(ObjectType type)
{
	switch (type)
	{
		case OBJECT_COLUMN:
			return ACL_ALL_RIGHTS_COLUMN;
		case OBJECT_TABLE:
			return ACL_ALL_RIGHTS_RELATION;
		case OBJECT_SEQUENCE:
			return ACL_ALL_RIGHTS_SEQUENCE;
		case OBJECT_FDW:
			return ACL_ALL_RIGHTS_FDW;
		case OBJECT_FOREIGN_SERVER:
			return ACL_ALL_RIGHTS_FOREIGN_SERVER;
		case OBJECT_FUNCTION:
			return ACL_ALL_RIGHTS_FUNCTION;
		case OBJECT_LANGUAGE:
			return ACL_ALL_RIGHTS_LANGUAGE;
		case OBJECT_SCHEMA:
			return ACL_ALL_RIGHTS_SCHEMA;
		case OBJECT_TYPE:
			return ACL_ALL_RIGHTS_TYPE;
		default:
			return ~((AclMode) 0);
	}
}

/* The grants of an ACL, of each grantee and grantor once. */
static List *
collect(Acl *acl)
{
	List *grants = NIL;
	int count = ARR_NDIM(acl) == 0 ? 0 : ACL_NUM(acl);

	for (int i = 0; i < count; i++)
	{
		AclItem *item = &ACL_DAT(acl)[i];
		Grant *grant = NULL;
		ListCell *lc;

		foreach(lc, grants)
		{
			Grant *known = lfirst(lc);

			if (known->grantee == item->ai_grantee &&
				known->grantor == item->ai_grantor)
				grant = known;
		}
		if (grant == NULL)
		{
			grant = palloc0(sizeof(Grant));
			grant->grantee = item->ai_grantee;
			grant->grantor = item->ai_grantor;
			grants = lappend(grants, grant);
		}
		grant->rights |= ACLITEM_GET_PRIVS(*item);
		grant->options |= ACLITEM_GET_GOPTIONS(*item);
	}
	return grants;
}

static Grant *
find(List *grants, const Grant *wanted)
{
	ListCell *lc;

	foreach(lc, grants)
	{
		Grant *grant = lfirst(lc);

		if (grant->grantee == wanted->grantee &&
			grant->grantor == wanted->grantor)
			return grant;
	}
	return NULL;
}

static char *
role_name(Oid role)
{
	char *name;

	if (role == ACL_ID_PUBLIC)
		return "public";
	name = GetUserNameFromId(role, true);
	return name == NULL ? "dropped role"
						: unconstify(char *, quote_identifier(name));
}

/* "ALL", or the rights one by one; a star is for WITH GRANT OPTION. */
static char *
describe(AclMode rights, AclMode options, AclMode all)
{
	StringInfoData text;

	if (rights == 0)
		return "none";
	if (rights == all && (options == 0 || options == all))
		return options == 0 ? "ALL" : "ALL*";
	initStringInfo(&text);
	for (int i = 0; i < lengthof(privileges); i++)
	{
		if ((rights & privileges[i].bit) == 0)
			continue;
		appendStringInfo(&text,
						 "%s%s%s",
						 text.len > 0 ? ", " : "",
						 privileges[i].name,
						 options & privileges[i].bit ? "*" : "");
	}
	return text.data;
}

static void
push(JsonbInState *state, const Grant *grant, const char *description,
	 Oid owner)
{
	char *key = role_name(grant->grantee);

	if (grant->grantor != owner)
		key = psprintf("%s by %s", key, role_name(grant->grantor));
	pgmig_schema_push_text(state, WJB_KEY, key);
	pgmig_schema_push_text(state, WJB_VALUE, description);
}

/*
 * The grants in acl (NULL: the initial ones) that are not among the initial
 * ones (NULL: those of the type), as an object: the rights by role, "none"
 * for initial ones that were revoked.  NULL if there is no difference.
 */
Jsonb *
pgmig_schema_grants(Acl *acl, Acl *initial, ObjectType type, Oid owner)
{
	AclMode all = all_rights(type);
	JsonbInState state = {0};
	List *before;
	List *now;
	bool any = false;
	ListCell *lc;

	if (acl == NULL)
		return NULL;
	if (initial == NULL)
		initial = acldefault(type, owner);
	before = collect(initial);
	now = collect(acl);
	pushJsonbValue(&state, WJB_BEGIN_OBJECT, NULL);
	foreach(lc, now)
	{
		Grant *grant = lfirst(lc);
		Grant *same = find(before, grant);

		if (same != NULL && same->rights == grant->rights &&
			same->options == grant->options)
			continue;
		any = true;
		push(&state,
			 grant,
			 describe(grant->rights, grant->options, all),
			 owner);
	}
	foreach(lc, before)
	{
		if (find(now, lfirst(lc)) != NULL)
			continue;
		any = true;
		push(&state, lfirst(lc), "none", owner);
	}
	pushJsonbValue(&state, WJB_END_OBJECT, NULL);
	return any ? JsonbValueToJsonb(state.result) : NULL;
}
