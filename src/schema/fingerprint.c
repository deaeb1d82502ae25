/*-------------------------------------------------------------------------
 *
 * fingerprint.c
 *	  SHA-256 of a snapshot.
 *
 * Taken over kind, identity, names and values of the properties of all
 * objects, in their order.  Each is followed by a zero byte, which none of
 * them contains, and an object by another one.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"
#include "lib/stringinfo.h"
#include "utils/builtins.h"

#include "schema/schema_internal.h"

static void
append_value(StringInfo text, const JsonbValue *value)
{
	if (value->type == jbvBinary)
		(void) JsonbToCString(text,
							  value->val.binary.data,
							  value->val.binary.len);
	else if (value->type == jbvString)
		appendBinaryStringInfo(text,
							   value->val.string.val,
							   value->val.string.len);
	else
		appendStringInfoString(text, pgmig_schema_value_text(value));
}

static void
append_object(StringInfo text, const SchemaObject *object)
{
	ListCell *lc;

	appendStringInfoString(text, object->kind->name);
	appendStringInfoChar(text, '\0');
	appendStringInfoString(text, object->identity);
	appendStringInfoChar(text, '\0');
	foreach(lc, object->properties)
	{
		SchemaProperty *property = lfirst(lc);

		appendStringInfoString(text, property->name);
		appendStringInfoChar(text, '\0');
		append_value(text, &property->value);
		appendStringInfoChar(text, '\0');
	}
	appendStringInfoChar(text, '\0');
}

static void
check(pg_cryptohash_ctx *hash, int result)
{
	if (result < 0)
		elog(ERROR,
			 "could not compute SHA-256: %s",
			 pg_cryptohash_error(hash));
}

/*
 * The fingerprint of a snapshot, in hexadecimal: PGMIG_FINGERPRINT_LENGTH
 * digits and a null.
 */
void
pgmig_schema_fingerprint(const SchemaSnapshot *snapshot, char *fingerprint)
{
	pg_cryptohash_ctx *hash = pg_cryptohash_create(PG_SHA256);
	uint8 digest[PG_SHA256_DIGEST_LENGTH];
	StringInfoData text;

	initStringInfo(&text);
	check(hash, pg_cryptohash_init(hash));
	for (int i = 0; i < snapshot->count; i++)
	{
		resetStringInfo(&text);
		append_object(&text, snapshot->objects[i]);
		check(hash, pg_cryptohash_update(hash, (uint8 *) text.data, text.len));
	}
	check(hash, pg_cryptohash_final(hash, digest, sizeof(digest)));
	pg_cryptohash_free(hash);
	(void) hex_encode((char *) digest, sizeof(digest), fingerprint);
	fingerprint[PGMIG_FINGERPRINT_LENGTH] = '\0';
}
