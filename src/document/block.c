/*-------------------------------------------------------------------------
 *
 * block.c
 *	  Statements that cannot run inside a transaction block.
 *
 * Follows the calls of PreventInTransactionBlock() in the server, as far as
 * the parse tree decides; what else decides them are facts of the catalogs,
 * known only when the statement runs.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/defrem.h"
#include "parser/parser.h"

#include "document_internal.h"

/*
 * The last option of that name, which is the one that counts, or NULL.
 */
static DefElem *
last_option(List *options, const char *name)
{
	DefElem *found = NULL;
	ListCell *lc;

	foreach(lc, options)
	{
		DefElem *option = lfirst_node(DefElem, lc);

		if (strcmp(option->defname, name) == 0)
			found = option;
	}
	return found;
}

static bool
option_is(List *options, const char *name, bool value)
{
	DefElem *option = last_option(options, name);

	return option != NULL && defGetBoolean(option) == value;
}

static void
classify_repack(BodyStatement *statement, RepackStmt *stmt)
{
	if (stmt->relation == NULL)
		statement->forbids = GetCommandTagName(statement->tag);
	else if (option_is(stmt->params, "concurrently", true))
		statement->forbids = "REPACK CONCURRENTLY";
	else
		statement->may_forbid = true;
}

static void
classify_reindex(BodyStatement *statement, ReindexStmt *stmt)
{
	bool relation = stmt->kind == REINDEX_OBJECT_INDEX ||
					stmt->kind == REINDEX_OBJECT_TABLE;

	if (option_is(stmt->params, "concurrently", true))
	{
		statement->forbids = "REINDEX CONCURRENTLY";
		statement->concurrently = relation;
	}
	else if (relation)
		statement->may_forbid = true;
	else if (stmt->kind == REINDEX_OBJECT_SCHEMA)
		statement->forbids = "REINDEX SCHEMA";
	else if (stmt->kind == REINDEX_OBJECT_SYSTEM)
		statement->forbids = "REINDEX SYSTEM";
	else
		statement->forbids = "REINDEX DATABASE";
}

static void
classify_alter_table(BodyStatement *statement, AlterTableStmt *stmt)
{
	ListCell *lc;

	foreach(lc, stmt->cmds)
	{
		AlterTableCmd *cmd = lfirst_node(AlterTableCmd, lc);

		if (cmd->subtype == AT_DetachPartition &&
			castNode(PartitionCmd, cmd->def)->concurrent)
		{
			statement->forbids =
				"ALTER TABLE ... DETACH PARTITION CONCURRENTLY";
			statement->concurrently = true;
		}
	}
}

static const char *
alter_subscription_forbids(AlterSubscriptionStmt *stmt)
{
	switch (stmt->kind)
	{
		case ALTER_SUBSCRIPTION_OPTIONS:
			if (last_option(stmt->options, "failover") != NULL)
				return "ALTER SUBSCRIPTION ... SET (failover)";
			if (option_is(stmt->options, "two_phase", false))
				return "ALTER SUBSCRIPTION ... SET (two_phase)";
			return NULL;
		case ALTER_SUBSCRIPTION_CONNECTION:
		case ALTER_SUBSCRIPTION_ENABLED:
		case ALTER_SUBSCRIPTION_SKIP:
			return NULL;
		default:
			/* Changes of publications, and REFRESH */
			if (option_is(stmt->options, "refresh", false))
				return NULL;
			return "ALTER SUBSCRIPTION with refresh";
	}
}

/*
 * Sets forbids, concurrently and may_forbid.
 */
void
pgmig_block_classify(BodyStatement *statement)
{
	Node *node = statement->raw->stmt;

	statement->forbids = NULL;
	statement->concurrently = false;
	statement->may_forbid = false;

	switch (nodeTag(node))
	{
		case T_IndexStmt:
			if (castNode(IndexStmt, node)->concurrent)
			{
				statement->forbids = "CREATE INDEX CONCURRENTLY";
				statement->concurrently = true;
			}
			break;
		case T_DropStmt:
			if (castNode(DropStmt, node)->concurrent)
			{
				statement->forbids = "DROP INDEX CONCURRENTLY";
				statement->concurrently = true;
			}
			break;
		case T_ReindexStmt:
			classify_reindex(statement, castNode(ReindexStmt, node));
			break;
		case T_AlterTableStmt:
			classify_alter_table(statement, castNode(AlterTableStmt, node));
			break;
		case T_VacuumStmt:
			if (castNode(VacuumStmt, node)->is_vacuumcmd)
				statement->forbids = "VACUUM";
			break;
		case T_RepackStmt:
			classify_repack(statement, castNode(RepackStmt, node));
			break;
		case T_CreatedbStmt:
			statement->forbids = "CREATE DATABASE";
			break;
		case T_DropdbStmt:
			statement->forbids = "DROP DATABASE";
			break;
		case T_AlterDatabaseStmt:
			if (last_option(castNode(AlterDatabaseStmt, node)->options,
							"tablespace") != NULL)
				statement->forbids = "ALTER DATABASE SET TABLESPACE";
			break;
		case T_CreateTableSpaceStmt:
			statement->forbids = "CREATE TABLESPACE";
			break;
		case T_DropTableSpaceStmt:
			statement->forbids = "DROP TABLESPACE";
			break;
		case T_AlterSystemStmt:
			statement->forbids = "ALTER SYSTEM";
			break;
		case T_CreateSubscriptionStmt:
		{
			List *options = castNode(CreateSubscriptionStmt, node)->options;

			if (!option_is(options, "create_slot", false) &&
				!option_is(options, "connect", false))
				statement->forbids =
					"CREATE SUBSCRIPTION ... WITH (create_slot = true)";
			break;
		}
		case T_AlterSubscriptionStmt:
			statement->forbids = alter_subscription_forbids(
				castNode(AlterSubscriptionStmt, node));
			break;
		case T_DropSubscriptionStmt:
			statement->may_forbid = true;
			break;
		case T_TransactionStmt:
			if (castNode(TransactionStmt, node)->kind ==
				TRANS_STMT_COMMIT_PREPARED)
				statement->forbids = "COMMIT PREPARED";
			else if (castNode(TransactionStmt, node)->kind ==
					 TRANS_STMT_ROLLBACK_PREPARED)
				statement->forbids = "ROLLBACK PREPARED";
			break;
		case T_DiscardStmt:
			if (castNode(DiscardStmt, node)->target == DISCARD_ALL)
				statement->forbids = "DISCARD ALL";
			break;
		default:
			break;
	}
}

static void
blank(char *text, int start, int end)
{
	memset(text + start, ' ', end - start);
}

static bool
at_concurrently(const TokenScan *scan)
{
	return pgmig_scan_at_word(scan, "concurrently") ||
		   pgmig_scan_at_word(scan, "\"concurrently\"");
}

/*
 * Blank the options CONCURRENTLY in the list whose opening parenthesis is the
 * current token, each with a comma; the parentheses as well if no other
 * option is left.
 */
static void
blank_options(TokenScan *scan, char *text)
{
	int open = scan->start;
	int comma = -1; /* before the current option, once one has been kept */
	bool kept = false;

	while (scan->token != ')' && pgmig_scan_next(scan))
	{
		bool drop = at_concurrently(scan);
		int start = scan->start;
		int end = start;

		while (scan->token != ',' && scan->token != ')')
		{
			end = scan->end;
			if (!pgmig_scan_next(scan))
				return;
		}
		if (drop)
			blank(text, start, end);
		if (drop && comma >= 0)
			blank(text, comma, comma + 1);
		kept = kept || !drop;
		comma = -1;
		if (scan->token == ',' && !kept)
			blank(text, scan->start, scan->end);
		else if (scan->token == ',')
			comma = scan->start;
	}
	if (!kept)
	{
		blank(text, open, open + 1);
		blank(text, scan->start, scan->end);
	}
}

/*
 * Blank what makes the statement concurrent: the first CONCURRENTLY of one
 * about an index, the last of a DETACH PARTITION, what follows TABLE or INDEX
 * and the options of a REINDEX.  Others may be parts of names.
 */
static void
blank_concurrently(char *text, NodeTag tag)
{
	TokenScan scan;
	char *copy = pstrdup(text);
	int found = -1;
	bool expected = tag != T_ReindexStmt;

	pgmig_scan_begin(&scan, copy);
	while (pgmig_scan_next(&scan))
	{
		if (pgmig_scan_at_word(&scan, "concurrently") && expected)
		{
			if (found < 0 || tag == T_AlterTableStmt)
				found = scan.start;
		}
		if (tag != T_ReindexStmt)
			continue;
		if (scan.token == '(')
			blank_options(&scan, text);
		expected = pgmig_scan_at_word(&scan, "table") ||
				   pgmig_scan_at_word(&scan, "index");
	}
	pgmig_scan_end(&scan);
	if (found >= 0)
		blank(text, found, found + (int) strlen("concurrently"));
	pfree(copy);
}

char *
pgmig_body_without_concurrently(const char *sql,
								const BodyStatement *statement)
{
	char *text = pnstrdup(sql + statement->location, statement->length);
	int nest_level = pgmig_scan_enter(ERROR, false);
	BodyStatement result = {0};
	List *raws;

	blank_concurrently(text, nodeTag(statement->raw->stmt));
	raws = raw_parser(text, RAW_PARSE_DEFAULT);
	if (list_length(raws) != 1)
		elog(ERROR, "unexpected number of statements");
	result.raw = linitial_node(RawStmt, raws);
	pgmig_block_classify(&result);
	if (result.forbids != NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("could not take CONCURRENTLY out of the statement"),
				 errhint("Write CONCURRENTLY without quotes.")));
	pgmig_scan_leave(nest_level);
	return text;
}
