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

#include "miscadmin.h"

#include "compat.h"
#include "run/run.h"

typedef struct SavedSetting
{
	char *name;
	char *value;      /* NULL if it has none */
	bool session;     /* set in this session, not the default of it */
	bool placeholder; /* no library had defined it yet */
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
	saved.placeholder = (setting->flags & GUC_CUSTOM_PLACEHOLDER) != 0;
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

/*
 * Is a setting as it was saved?  saved is NULL for a new one, which a library
 * may have defined.
 */
static bool
is_unchanged(const SavedSetting *present, const SavedSetting *saved)
{
	if (saved == NULL)
		return !present->session;
	return present->session == saved->session &&
		   same_value(present->value, saved->value);
}

/*
 * Was a value set before a library said that only superusers may do so?  The
 * server has not let it pass then.
 */
static bool
is_refused(const SavedSetting *present, const SavedSetting *saved,
		   GucContext context)
{
	return saved != NULL && saved->placeholder && !present->placeholder &&
		   context != PGC_USERSET && !superuser();
}

/* Put a setting back if it has changed. */
static void
restore_setting(const struct config_generic *setting,
				const SavedSetting *saved)
{
	SavedSetting present = read_setting(setting);
	bool session = saved != NULL && saved->session;

	if (is_unchanged(&present, saved) ||
		is_refused(&present, saved, setting->context))
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

/* What was saved of a setting, or NULL; it is likely to be near a place. */
static const SavedSetting *
find_saved(const SavedSettings *saved, const char *name, int place)
{
	for (int i = 0; i < saved->count; i++)
	{
		const SavedSetting *setting =
			&saved->settings[(place + i) % saved->count];

		if (strcmp(setting->name, name) == 0)
			return setting;
	}
	return NULL;
}

/* Is a name in a list of "name" and "name=value"? */
static bool
is_named(List *settings, const char *name)
{
	size_t length = strlen(name);
	ListCell *lc;

	foreach(lc, settings)
	{
		const char *setting = lfirst(lc);

		if (pg_strncasecmp(setting, name, length) == 0 &&
			(setting[length] == '\0' || setting[length] == '='))
			return true;
	}
	return false;
}

/*
 * Settings that have changed, or are in a list of such: a list of char *,
 * "name=value", or the name of one that is back to its default.
 */
List *
pgmig_run_changed_settings(const SavedSettings *saved, List *named)
{
	List *result = NIL;
	int count;
	struct config_generic **all = get_guc_variables(&count);

	for (int i = 0; i < count; i++)
	{
		SavedSetting present;

		if (!is_session_setting(all[i]))
			continue;
		present = read_setting(all[i]);
		if (is_named(named, present.name) ||
			!is_unchanged(&present, find_saved(saved, present.name, i)))
			result =
				lappend(result,
						present.session && present.value != NULL
							? psprintf("%s=%s", present.name, present.value)
							: present.name);
	}
	return result;
}

/* The order in which changed settings are made again: roles come last. */
static int
setting_rank(const char *setting)
{
	if (strcmp(setting, "session_authorization") == 0)
		return 1;
	return strcmp(setting, "role") == 0 ? 2 : 0;
}

/*
 * Change settings for the session as they were before, as the current role
 * may.
 */
void
pgmig_run_repeat_settings(List *changed)
{
	for (int rank = 0; rank <= 2; rank++)
	{
		ListCell *lc;

		foreach(lc, changed)
		{
			char *name = pstrdup(lfirst(lc));
			char *value = strchr(name, '=');

			if (value != NULL)
				*value++ = '\0';
			if (setting_rank(name) == rank)
				(void) set_config_option(name,
										 value,
										 superuser() ? PGC_SUSET : PGC_USERSET,
										 PGC_S_SESSION,
										 GUC_ACTION_SET,
										 true,
										 0,
										 false);
		}
	}
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
			if (is_session_setting(all[i]) &&
				(strcmp(all[i]->name, "session_authorization") == 0) ==
					(pass == 0))
				restore_setting(all[i], find_saved(saved, all[i]->name, i));
		}
	}
}
