/*-------------------------------------------------------------------------
 *
 * view.c
 *	  Definitions of views.
 *
 * As pg_get_viewdef() gives them, but the same on all servers: up to 15 a
 * view's query has entries for OLD and NEW, for which the server qualifies
 * columns that it does not qualify from 16 on.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/relation.h"
#include "nodes/parsenodes.h"
#include "rewrite/prs2lock.h"
#include "rewrite/rewriteManip.h"
#include "utils/rel.h"
#include "utils/ruleutils.h"

#include "compat.h"
#include "schema/schema_internal.h"

/* Take the entries for OLD and NEW, which come first, out of a query. */
static void
drop_rule_entries(Query *query)
{
	if (VIEW_RULE_ENTRIES == 0)
		return;
	OffsetVarNodes((Node *) query, -VIEW_RULE_ENTRIES, 0);
	query->rtable = list_copy_tail(query->rtable, VIEW_RULE_ENTRIES);
}

/* Columns have the names of the view's, which may have been renamed. */
static void
name_columns(Query *query, TupleDesc columns)
{
	int number = 0;
	ListCell *lc;

	foreach(lc, query->targetList)
	{
		TargetEntry *entry = lfirst_node(TargetEntry, lc);

		if (entry->resjunk || number >= columns->natts)
			continue;
		entry->resname =
			pstrdup(NameStr(TupleDescAttr(columns, number)->attname));
		number++;
	}
}

/* A copy of the query of a view or materialized view. */
static Query *
get_query(Relation view)
{
	RuleLock *rules = view->rd_rules;

	for (int i = 0; rules != NULL && i < rules->numLocks; i++)
		if (rules->rules[i]->event == CMD_SELECT)
			return copyObject(linitial_node(Query, rules->rules[i]->actions));
	elog(ERROR, "view \"%s\" has no query", RelationGetRelationName(view));
}

/*
 * Add property "definition" of a view or materialized view.
 *
 * Takes an AccessShareLock on the relations that the view reads, to the end
 * of the (sub)transaction, as pg_get_viewdef() does.
 */
void
pgmig_schema_describe_view(SchemaObject *object)
{
	Relation view = relation_open(object->address.objectId, AccessShareLock);
	Query *query;

	query = get_query(view);
	drop_rule_entries(query);
	name_columns(query, RelationGetDescr(view));
	pgmig_schema_add_text(object, "definition", pg_get_querydef(query, false));
	relation_close(view, AccessShareLock);
}
