/*-------------------------------------------------------------------------
 *
 * settings.c
 *	  Settings of the session, before and after a body that commits.
 *
 * What a body sets in a transaction is undone with a GUC nest level, which
 * ends with the transaction.  A body that takes several transactions sets for
 * the session, so what it changed is found by comparison.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "compat.h"
#include "run/run.h"

typedef struct SavedSetting
{
	char *name;
	char *value;  /* NULL if it has none */
	bool session; /* set in this session, not the default of it */
} SavedSetting;

struct SavedSettings
{
	int count;
	SavedSetting *settings;
};

/* Does a body change it by SET, and does it last for the session? */
static bool
is_session_setting(const struct config_generic *setting)
{
	if (setting->context != PGC_USERSET && setting->context != PGC_SUSET)
		return false;
	return strcmp(setting->name, "transaction_isolation") != 0 &&
		   strcmp(setting->name, "transaction_read_only") != 0 &&
		   strcmp(setting->name, "transaction_deferrable") != 0 &&
		   strcmp(setting->name, "seed") != 0;
}

static SavedSetting
read_setting(const struct config_generic *setting)
{
	SavedSetting saved;
	const char *value = GetConfigOption(setting->name, true, false);

	saved.name = pstrdup(setting->name);
	saved.value = value == NULL ? NULL : pstrdup(value);
	saved.session = setting->source >= PGC_S_INTERACTIVE;
	return saved;
}

/*
 * Note all settings of the session, in the current memory context.
 */
SavedSettings *
pgmig_run_save_settings(void)
{
	SavedSettings *saved = palloc0(sizeof(SavedSettings));
	int count;
	struct config_generic **all = get_guc_variables(&count);

	saved->settings = palloc(sizeof(SavedSetting) * count);
	for (int i = 0; i < count; i++)
	{
		if (is_session_setting(all[i]))
			saved->settings[saved->count++] = read_setting(all[i]);
	}
	return saved;
}

static bool
same_value(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Put a setting back if it has changed; saved is NULL for a new one. */
static void
restore_setting(const struct config_generic *setting,
				const SavedSetting *saved)
{
	SavedSetting present = read_setting(setting);
	bool session = saved != NULL && saved->session;

	if (saved != NULL && present.session == session &&
		same_value(present.value, saved->value))
		return;
	(void) set_config_option(present.name,
							 session ? saved->value : NULL,
							 PGC_SUSET,
							 PGC_S_SESSION,
							 GUC_ACTION_SET,
							 true,
							 WARNING,
							 false);
}

/*
 * Put the settings of the session back to what they were.
 *
 * The caller commits the transaction, which makes it last.
 */
void
pgmig_run_restore_settings(const SavedSettings *saved)
{
	int count;
	struct config_generic **all = get_guc_variables(&count);

	/* session_authorization comes first: setting it sets the role as well. */
	for (int pass = 0; pass < 2; pass++)
	{
		for (int i = 0; i < count; i++)
		{
			const SavedSetting *found = NULL;

			if (!is_session_setting(all[i]) ||
				(strcmp(all[i]->name, "session_authorization") == 0) !=
					(pass == 0))
				continue;
			for (int j = 0; j < saved->count && found == NULL; j++)
			{
				int k = (i + j) % saved->count;

				if (strcmp(saved->settings[k].name, all[i]->name) == 0)
					found = &saved->settings[k];
			}
			restore_setting(all[i], found);
		}
	}
}
