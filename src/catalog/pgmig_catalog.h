/*-------------------------------------------------------------------------
 *
 * pgmig_catalog.h
 *	  Rows of schema pgmig, in and out.
 *
 * Not catalog.h: the server has a header of that name in a directory of that
 * name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_CATALOG_H
#define PGMIG_CATALOG_H

#include "document/document.h"
#include "executor/spi.h"
#include "graph/graph.h"
#include "utils/jsonb.h"
#include "utils/relcache.h"
#include "utils/timestamp.h"

/* GUC pgmig.scope, see pgmig.c */
extern char *pgmig_scope;

/*
 * A visit to the catalogue: an SPI connection with a restricted search_path,
 * as the owner of the catalogue.
 */
typedef struct CatalogAccess
{
	Oid userid; /* of the caller */
	int sec_context;
	int guc_level;
	bool read_only;       /* the transaction is */
	MemoryContext caller; /* for results */
} CatalogAccess;

/* A query whose plan is kept for the session. */
typedef struct CatalogQuery
{
	const char *sql;
	int nargs;
	Oid argtypes[20];
	SPIPlanPtr plan; /* NULL until first used */
} CatalogQuery;

/* Rows of a query, some of which are in memory. */
typedef struct CatalogRows
{
	Portal portal;
	uint64 row; /* the current one in SPI_tuptable */
	uint64 count;
} CatalogRows;

/* A revision as stored. */
typedef struct StoredRevision
{
	RevisionDocument document;
	int64 load_order;
	List *dependencies; /* of char *, ids */
	char *loaded_by;
	TimestampTz loaded_at;
	bool applied;           /* in this scope */
	TimestampTz applied_at; /* ... since */
	char *applied_checksum; /* ... with this body */
	bool applied_anywhere;  /* in any scope */
} StoredRevision;

/* What a load did with a document. */
typedef enum ImportAction
{
	IMPORT_UNCHANGED,
	IMPORT_ADDED,
	IMPORT_REPLACED,
} ImportAction;

/* A step of a run, for the log. */
typedef struct StepRecord
{
	int step; /* from 1 */
	const char *revision;
	const char *direction; /* upgrade, downgrade or stamp */
	int statements;        /* of the body */
	int done;              /* statements that have run */
	int statement;         /* that runs or failed, from 1; or 0 */
	int line;              /* ... where it starts, from 1; or 0 */
	int64 rows;
	int64 wal_bytes;
	double seconds;
} StepRecord;

/* A revision of whose body some statements are done, others not. */
typedef struct UnfinishedRevision
{
	char *revision;
	bool downgrade;
	int64 run;      /* that last worked on it */
	List *done;     /* of char *, checksums of the statements that are done */
	bool started;   /* the next one was started outside of a transaction */
	List *settings; /* of char *, that those have changed */
	TimestampTz since;
	char *left_by; /* a statement that did not finish and may have left
					* something, or NULL */
} UnfinishedRevision;

/* What a statement from outside of a run did to an object. */
typedef struct GuardedObject
{
	char *tag;         /* of the command, which may be part of the statement */
	char *object_type; /* as the server calls it, or NULL */
	char *identity;    /* likewise */
} GuardedObject;

/* A run, and the schema that it has left. */
typedef struct RecordedRun
{
	int64 run;
	char *mode;
	char *outcome;
	TimestampTz ended_at;
	char *fingerprint; /* NULL: not recorded */
	Jsonb *snapshot;   /* NULL: not there (any more) */
} RecordedRun;

/* A body that is not what was loaded, or not what was applied. */
typedef struct ChangedBody
{
	char *revision;
	bool downgrade;
	char *expected; /* checksums */
	char *found;
	bool applied; /* not what was applied */
} ChangedBody;

/* What the guard has recorded. */
typedef struct GuardedChange
{
	char *tag;
	char *object_type; /* or NULL */
	char *identity;    /* or NULL */
	char *statement;   /* or NULL */
	char *description; /* who, when, how */
} GuardedChange;

typedef void (*VisitChange)(const GuardedChange *change, void *arg);

/* access.c */
extern void pgmig_catalog_begin(CatalogAccess *access);
extern void pgmig_catalog_end(CatalogAccess *access);
extern uint64 pgmig_catalog_execute(CatalogQuery *query, Datum *values,
									const char *nulls, bool read_only);
extern uint64 pgmig_catalog_execute_text(const char *sql);
extern void pgmig_catalog_execute_ddl(const char *sql);
extern void pgmig_catalog_open(CatalogRows *rows, CatalogQuery *query,
							   Datum *values);
extern bool pgmig_catalog_next(CatalogRows *rows);
extern void pgmig_catalog_push_snapshot(void);
extern char *pgmig_catalog_text(uint64 row, int column);
extern Datum pgmig_catalog_datum(uint64 row, int column, bool *isnull);
extern List *pgmig_catalog_text_list(uint64 row, int column);
extern Datum pgmig_catalog_text_array(List *texts);
extern Datum pgmig_catalog_array(Datum *elements, int count, Oid type);
extern Oid pgmig_catalog_relation(bool missing_ok);
extern Oid pgmig_catalog_hold(void);
extern Oid pgmig_catalog_owner(void);
extern void pgmig_catalog_enter_body(void);
extern void pgmig_catalog_leave_body(void);
extern void pgmig_catalog_enter_ddl(void);
extern void pgmig_catalog_leave_ddl(void);
extern bool pgmig_catalog_is_at_work(void);
extern void pgmig_catalog_check_trigger(FunctionCallInfo fcinfo,
										const char *function);
extern void pgmig_catalog_refuse_in_body(const char *function);
extern void pgmig_catalog_prepare_write(const char *function);

/* guard.c */
extern char *pgmig_catalog_read_guard(void);
extern void pgmig_catalog_write_guard(const char *mode);
extern void pgmig_catalog_log_guarded(List *objects, bool has_secret);

/* exclusion.c */
extern void pgmig_catalog_lock(void);
extern void pgmig_catalog_lock_session(void);
extern bool pgmig_catalog_hold_session(void);
extern void pgmig_catalog_unlock_session(void);
extern int pgmig_catalog_lock_holder(void);
extern int pgmig_catalog_gate_holder(void);
extern bool pgmig_catalog_is_runner(int pid);
extern void pgmig_catalog_check_snapshot(void);

/* change.c */
extern void pgmig_catalog_note_change(Relation table);
extern uint64 pgmig_catalog_generation(void);

/* source.c */
extern Graph *pgmig_catalog_graph(void);

/* revision.c */
extern StoredRevision *pgmig_catalog_read_revision(const char *revision);
extern void pgmig_catalog_remove(const char *revision);

/* import.c */
extern ImportAction *pgmig_catalog_import(List *documents);

/* applied.c */
extern void pgmig_catalog_apply(int64 run, const char *revision,
								const char *checksum);
extern void pgmig_catalog_unapply(const char *revision);
extern void pgmig_catalog_stamp(int64 run, List *remove, List *add);
extern bool pgmig_catalog_is_applied(const char *revision);
extern char *pgmig_catalog_read_body(const char *revision, bool downgrade,
									 char **checksum, char **applied_checksum);

/* run_log.c */
extern int64 pgmig_catalog_next_run(void);
extern void pgmig_catalog_start_run(int64 run, const char *operation,
									const char *target, const char *tag,
									const char *mode);
extern void pgmig_catalog_finish_run(int64 run);
extern void pgmig_catalog_record_steps(int64 run, List *records);
extern void pgmig_catalog_start_step(int64 run, const StepRecord *record);
extern void pgmig_catalog_update_step(int64 run, const StepRecord *record,
									  bool finished);
extern void pgmig_catalog_fail_run(int64 run, const StepRecord *record,
								   const ErrorData *error);
extern void pgmig_catalog_add_message(int64 run, TimestampTz logged_at,
									  const ErrorData *message);
extern void pgmig_catalog_mark_interrupted(int64 except);
extern bool pgmig_catalog_run_since(int64 run);

/* unfinished.c */
extern UnfinishedRevision *pgmig_catalog_read_unfinished(const char *scope);
extern void pgmig_catalog_add_unfinished(const char *scope,
										 const char *revision, bool downgrade,
										 int64 run);
extern void pgmig_catalog_start_unfinished(const char *scope, int64 run,
										   bool started, const char *left_by);
extern void pgmig_catalog_advance_unfinished(const char *scope,
											 const char *checksum,
											 List *settings);
extern void pgmig_catalog_remove_unfinished(const char *scope);
extern void pgmig_catalog_refuse_unfinished(const char *scope,
											bool applied_only);

/* snapshot.c */
extern bool pgmig_catalog_has_snapshots(void);
extern void pgmig_catalog_store_snapshot(int64 run, const char *fingerprint,
										 Jsonb *snapshot);
extern RecordedRun *pgmig_catalog_recorded_run(const int64 *number);
extern List *pgmig_catalog_scopes(void);
extern void pgmig_catalog_guarded_since(TimestampTz since, VisitChange visit,
										void *arg);
extern List *pgmig_catalog_changed_bodies(void);

#endif /* PGMIG_CATALOG_H */
