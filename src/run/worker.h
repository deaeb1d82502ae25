/*-------------------------------------------------------------------------
 *
 * worker.h
 *	  Stepwise runs in a background worker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_RUN_WORKER_H
#define PGMIG_RUN_WORKER_H

/* Number of the run for which this process was started, 0 if it was not. */
extern int64 pgmig_worker_run(void);
/* Store what was reported since the last call, if this process is a worker. */
extern void pgmig_worker_keep_messages(int64 run);
/* Note that the failure of the run is recorded. */
extern void pgmig_worker_recorded(void);

#endif /* PGMIG_RUN_WORKER_H */
