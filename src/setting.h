/*-------------------------------------------------------------------------
 *
 * setting.h
 *	  Settings within a GUC nest level.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_SETTING_H
#define PGMIG_SETTING_H

#include "utils/guc.h"

/*
 * Set a setting, to the end of the current GUC nest level (GUC_ACTION_SAVE) or
 * for the session (GUC_ACTION_SET).
 */
static inline void
pgmig_set_option(const char *name, const char *value, GucAction action)
{
	(void) set_config_option(name,
							 value,
							 PGC_USERSET,
							 PGC_S_SESSION,
							 action,
							 true,
							 0,
							 false);
}

#endif /* PGMIG_SETTING_H */
