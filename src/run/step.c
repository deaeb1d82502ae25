/*-------------------------------------------------------------------------
 *
 * step.c
 *	  One step of a plan: check, run, record.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "commands/async.h"
#include "executor/instrument.h"
#include "portability/instr_time.h"
#include "utils/json.h"

#include "errors.h"
#include "run/run.h"

/*
 * What a step is called in progress messages, as Alembic says it: "a, b -> c,
 * message" up, "c -> a, b, message" down.
 */
char *
pgmig_run_describe(GraphNode *node, bool downgrade)
{
	StringInfoData parents;
	const char *from;
	const char *to;

	initStringInfo(&parents);
	for (int i = 0; i < node->nparents; i++)
		appendStringInfo(&parents,
						 "%s%s",
						 i > 0 ? ", " : "",
						 node->parents[i]->id);
	from = downgrade ? node->id : parents.data;
	to = downgrade ? parents.data : node->id;
	return psprintf("%s -> %s, %s", from, to, node->message);
}

void
pgmig_run_report_irreversible(const char *id)
{
	ereport(ERROR,
			(errcode(ERRCODE_PGMIG_IRREVERSIBLE),
			 errmsg("revision \"%s\" is irreversible", id),
			 errhint("Load the revision with a downgrade section first.")));
}

/*
 * Refuse to downgrade a revision that is not the one that was applied.
 */
static void
check_applied(const char *id)
{
	char *recorded;
	char *applied;

	(void) pgmig_catalog_read_body(id, false, &recorded, &applied);
	if (applied != NULL && strcmp(applied, recorded) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_CHECKSUM_MISMATCH),
				 errmsg("upgrade of revision \"%s\" was changed after it was applied",
						id),
				 errdetail("It was applied with checksum %s, the catalogue has %s.",
						   applied,
						   recorded),
				 errhint(
					 "Put the upgrade back that was applied, or accept the present one: take the revision out and in again with pgmig_stamp().")));
}

/*
 * The body of a step, checked to be the one that was loaded, and for a
 * downgrade that its revision is the one that was applied.
 */
char *
pgmig_run_read_body(const RunStep *step, char **checksum)
{
	const char *id = step->node->id;
	char actual[PGMIG_CHECKSUM_LENGTH + 1];
	char *applied;
	char *recorded;
	char *sql;

	if (step->downgrade)
		check_applied(id);
	sql = pgmig_catalog_read_body(id, step->downgrade, &recorded, &applied);
	if (sql == NULL)
		pgmig_run_report_irreversible(id);
	pgmig_body_checksum(sql, actual);
	if (strcmp(actual, recorded) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_PGMIG_CHECKSUM_MISMATCH),
				 errmsg("%s of revision \"%s\" was changed after it was loaded",
						step->downgrade ? "downgrade" : "upgrade",
						id),
				 errdetail("The recorded checksum is %s, the body has %s.",
						   recorded,
						   actual),
				 errhint("Load the revision's document again.")));
	*checksum = recorded;
	return sql;
}

/*
 * Tell who listens to channel "pgmig", when the transaction commits, that a
 * step was taken.
 */
static void
notify(const RunStep *step)
{
	StringInfoData payload;

	if (!pgmig_notify)
		return;
	initStringInfo(&payload);
	appendStringInfo(&payload,
					 "{\"run\": %lld, \"revision\": ",
					 (long long) step->run);
	escape_json(&payload, step->node->id);
	appendStringInfo(&payload,
					 ", \"direction\": \"%s\", \"scope\": ",
					 step->downgrade ? "downgrade" : "upgrade");
	escape_json(&payload, pgmig_scope);
	appendStringInfoChar(&payload, '}');
	Async_Notify("pgmig", payload.data);
}

/*
 * Change what is applied as a step does whose body has run.
 *
 * checksum is that of the body.
 */
void
pgmig_run_apply_step(const RunStep *step, const char *checksum)
{
	if (step->downgrade)
		pgmig_catalog_unapply(step->node->id);
	else
		pgmig_catalog_apply(step->run, step->node->id, checksum);
	notify(step);
}

/* Begin the record of a step. */
void
pgmig_run_begin_record(const RunStep *step, StepRecord *record)
{
	memset(record, 0, sizeof(*record));
	record->step = step->step;
	record->revision = step->node->id;
	record->direction = step->downgrade ? "downgrade" : "upgrade";
	record->statements = step->downgrade ? step->node->downgrade_statements
										 : step->node->upgrade_statements;
}

/*
 * Take a step, in the present transaction: run the body and change what is
 * applied.
 *
 * Fills in record, for the caller to write.  The caller holds the lock and
 * has checked that the plan can run.
 */
void
pgmig_run_step(const RunStep *step, StepRecord *record)
{
	WalUsage wal;
	instr_time start;
	instr_time duration;
	char *checksum;
	char *sql;

	pgmig_run_begin_record(step, record);
	sql = pgmig_run_read_body(step, &checksum);
	ereport(NOTICE,
			(errmsg("Running %s %s",
					record->direction,
					pgmig_run_describe(step->node, step->downgrade))));
	wal = pgWalUsage;
	INSTR_TIME_SET_CURRENT(start);
	pgmig_run_body(step, sql, record);
	INSTR_TIME_SET_CURRENT(duration);
	INSTR_TIME_SUBTRACT(duration, start);
	record->wal_bytes = pgWalUsage.wal_bytes - wal.wal_bytes;
	record->seconds = INSTR_TIME_GET_DOUBLE(duration);
	pgmig_run_apply_step(step, checksum);
}
