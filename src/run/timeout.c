/*-------------------------------------------------------------------------
 *
 * timeout.c
 *	  A statement timeout within a statement.
 *
 * The server arms its statement timeout once for the whole call.  For the
 * statements of a body the same timer is armed again, unless the call's own
 * end comes first, and put back to the call's end afterwards.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "utils/timeout.h"
#include "utils/timestamp.h"

#include "run/run.h"

/*
 * Arm the timer for the next statement of a body.
 *
 * Returns what pgmig_run_stop_timeout() needs: when the timer of the call
 * ends, 0 if it is not armed, or DT_NOBEGIN if nothing was changed.
 */
TimestampTz
pgmig_run_start_timeout(int milliseconds)
{
	TimestampTz end;
	TimestampTz saved = 0;

	if (milliseconds <= 0)
		return DT_NOBEGIN;
	end = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), milliseconds);
	if (get_timeout_active(STATEMENT_TIMEOUT))
	{
		saved = get_timeout_finish_time(STATEMENT_TIMEOUT);
		if (saved <= end)
			return DT_NOBEGIN;
		disable_timeout(STATEMENT_TIMEOUT, false);
	}
	enable_timeout_at(STATEMENT_TIMEOUT, end);
	return saved;
}

/*
 * Disarm it and put the call's own timer back.
 */
void
pgmig_run_stop_timeout(TimestampTz saved)
{
	if (saved == DT_NOBEGIN)
		return;
	/* Keeps the indicator: a cancel on its way is still named rightly. */
	disable_timeout(STATEMENT_TIMEOUT, true);
	if (saved != 0)
		enable_timeout_at(STATEMENT_TIMEOUT, saved);
}
