/*-------------------------------------------------------------------------
 *
 * checksum.c
 *	  A checksum over the tokens of a body.
 *
 * SHA-256 over each token as it stands in the text, with a zero byte behind
 * it.  Comments, white space and line ends between tokens do not count, nor
 * does the case of words that are not quoted, nor do empty statements and the
 * semicolon at the end.  Depends on no setting and no server version, and
 * must not change: checksums are stored.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "common/cryptohash.h"
#include "common/sha2.h"

#include "document_internal.h"

struct TokenDigest
{
	pg_cryptohash_ctx *hash;
	bool any;       /* a token has been added */
	bool semicolon; /* ... and a semicolon after it, to be added */
	int used;
	uint8 buffer[8192];
};

static void
fail(TokenDigest *digest)
{
	elog(ERROR,
		 "could not compute checksum: %s",
		 pg_cryptohash_error(digest->hash));
}

static void
flush(TokenDigest *digest)
{
	if (pg_cryptohash_update(digest->hash, digest->buffer, digest->used) < 0)
		fail(digest);
	digest->used = 0;
}

static void
add_byte(TokenDigest *digest, char byte)
{
	if (digest->used == sizeof(digest->buffer))
		flush(digest);
	digest->buffer[digest->used++] = (uint8) byte;
}

static bool
is_word(const char *token, int length)
{
	char c = token[0];

	if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
		  IS_HIGHBIT_SET(c)))
		return false;

	/* As in E'...', B'...', X'...', U&'...' and U&"..." */
	return memchr(token, '\'', length) == NULL &&
		   memchr(token, '"', length) == NULL;
}

/*
 * Length of the literal with its quotes if it is not made of several.
 */
static int
quoted_length(const char *value)
{
	int length = 2;

	for (const char *p = value; *p != '\0'; p++)
		length += *p == '\'' ? 2 : 1;
	return length;
}

/*
 * A literal in several pieces, with white space and comments between them, is
 * taken as the one literal that it means.
 */
static void
add_joined(TokenDigest *digest, const char *value)
{
	add_byte(digest, '\'');
	for (const char *p = value; *p != '\0'; p++)
	{
		add_byte(digest, *p);
		if (*p == '\'')
			add_byte(digest, '\'');
	}
	add_byte(digest, '\'');
}

/*
 * The checksum's resources belong to the current resource owner, which frees
 * them after an error.
 */
TokenDigest *
pgmig_checksum_begin(void)
{
	TokenDigest *digest = palloc(sizeof(TokenDigest));

	digest->any = false;
	digest->semicolon = false;
	digest->used = 0;
	digest->hash = pg_cryptohash_create(PG_SHA256);
	if (digest->hash == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_OUT_OF_MEMORY),
				 errmsg("out of memory"),
				 errhint("Try again when the server has more memory.")));
	if (pg_cryptohash_init(digest->hash) < 0)
		fail(digest);
	return digest;
}

void
pgmig_checksum_add(TokenDigest *digest, const TokenScan *scan)
{
	const char *token = scan->text + scan->start;
	int length = scan->end - scan->start;

	if (scan->token == ';')
	{
		digest->semicolon = digest->any;
		return;
	}
	if (digest->semicolon)
	{
		add_byte(digest, ';');
		add_byte(digest, '\0');
		digest->semicolon = false;
	}
	digest->any = true;

	if (token[0] == '\'' && length != quoted_length(scan->value.str))
		add_joined(digest, scan->value.str);
	else
	{
		bool word = is_word(token, length);

		for (int i = 0; i < length; i++)
			add_byte(digest,
					 word && token[i] >= 'A' && token[i] <= 'Z'
						 ? token[i] + ('a' - 'A')
						 : token[i]);
	}
	add_byte(digest, '\0');
}

void
pgmig_checksum_end(TokenDigest *digest,
				   char checksum[PGMIG_CHECKSUM_LENGTH + 1])
{
	static const char hex[] = "0123456789abcdef";
	uint8 result[PG_SHA256_DIGEST_LENGTH];

	flush(digest);
	if (pg_cryptohash_final(digest->hash, result, sizeof(result)) < 0)
		fail(digest);
	pg_cryptohash_free(digest->hash);
	pfree(digest);

	for (int i = 0; i < PG_SHA256_DIGEST_LENGTH; i++)
	{
		checksum[2 * i] = hex[result[i] >> 4];
		checksum[2 * i + 1] = hex[result[i] & 0x0F];
	}
	checksum[PGMIG_CHECKSUM_LENGTH] = '\0';
}
