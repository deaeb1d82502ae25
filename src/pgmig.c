/*-------------------------------------------------------------------------
 *
 * pgmig.c
 *	  Module magic and settings.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <limits.h>

#include "fmgr.h"
#include "utils/guc.h"

#include "catalog/pgmig_catalog.h"
#include "compat.h"
#include "run/run.h"

PG_MODULE_MAGIC_EXT(.name = "pgmig", .version = PGMIG_VERSION);

char *pgmig_scope = NULL;
bool pgmig_concurrently = true;
int pgmig_lock_timeout = 5000;
int pgmig_statement_timeout = 0;
int pgmig_lock_retries = 10;
bool pgmig_notify = true;
bool pgmig_snapshots = true;

void _PG_init(void);

void
_PG_init(void)
{
	DefineCustomStringVariable("pgmig.scope",
							   "Sets which state is read and changed, and the schema that comes first on the search_path of migrations.",
							   NULL,
							   &pgmig_scope,
							   "",
							   PGC_USERSET,
							   0,
							   NULL,
							   NULL,
							   NULL);
	DefineCustomBoolVariable("pgmig.concurrently",
							 "Honors CONCURRENTLY in migrations; if off, it is taken out so that they run in a transaction.",
							 NULL,
							 &pgmig_concurrently,
							 true,
							 PGC_USERSET,
							 0,
							 NULL,
							 NULL,
							 NULL);
	DefineCustomIntVariable("pgmig.lock_timeout",
							"Sets the lock_timeout of each statement of a migration.",
							"A shorter lock_timeout of the session stays in force; a value of 0 leaves it alone.",
							&pgmig_lock_timeout,
							5000,
							0,
							INT_MAX,
							PGC_USERSET,
							GUC_UNIT_MS,
							NULL,
							NULL,
							NULL);
	DefineCustomIntVariable("pgmig.statement_timeout",
							"Sets the maximum duration of each statement of a migration.",
							"A value of 0 turns this off.",
							&pgmig_statement_timeout,
							0,
							0,
							INT_MAX,
							PGC_USERSET,
							GUC_UNIT_MS,
							NULL,
							NULL,
							NULL);
	DefineCustomIntVariable("pgmig.lock_retries",
							"Sets how often a stepwise run tries again after a lock timeout or a deadlock.",
							"The pauses in between double each time.",
							&pgmig_lock_retries,
							10,
							0,
							1000,
							PGC_USERSET,
							0,
							NULL,
							NULL,
							NULL);
	DefineCustomBoolVariable("pgmig.notify",
							 "Sends NOTIFY pgmig when a revision commits.",
							 NULL,
							 &pgmig_notify,
							 true,
							 PGC_USERSET,
							 0,
							 NULL,
							 NULL,
							 NULL);
	DefineCustomBoolVariable("pgmig.snapshots",
							 "Records the schema at the end of each run, for pgmig_check() to compare with.",
							 NULL,
							 &pgmig_snapshots,
							 true,
							 PGC_USERSET,
							 0,
							 NULL,
							 NULL,
							 NULL);
	MarkGUCPrefixReserved("pgmig");
}
