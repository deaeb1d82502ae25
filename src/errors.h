/*-------------------------------------------------------------------------
 *
 * errors.h
 *	  SQLSTATEs of pgmig: class MG, for what PostgreSQL has no code for.
 *
 * The README lists every code with its meaning; a code once released keeps
 * its number.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_ERRORS_H
#define PGMIG_ERRORS_H

#define ERRCODE_PGMIG_CHECKSUM_MISMATCH MAKE_SQLSTATE('M', 'G', '0', '0', '1')
#define ERRCODE_PGMIG_IRREVERSIBLE MAKE_SQLSTATE('M', 'G', '0', '0', '2')
#define ERRCODE_PGMIG_MULTIPLE_HEADS MAKE_SQLSTATE('M', 'G', '0', '0', '3')
#define ERRCODE_PGMIG_NOT_AN_ANCESTOR MAKE_SQLSTATE('M', 'G', '0', '0', '4')
#define ERRCODE_PGMIG_AMBIGUOUS MAKE_SQLSTATE('M', 'G', '0', '0', '5')
#define ERRCODE_PGMIG_OUT_OF_STEPS MAKE_SQLSTATE('M', 'G', '0', '0', '6')
#define ERRCODE_PGMIG_CYCLE MAKE_SQLSTATE('M', 'G', '0', '0', '7')
#define ERRCODE_PGMIG_INVALID_DOCUMENT MAKE_SQLSTATE('M', 'G', '0', '0', '8')
#define ERRCODE_PGMIG_APPLIED MAKE_SQLSTATE('M', 'G', '0', '0', '9')
#define ERRCODE_PGMIG_NOT_CLOSED MAKE_SQLSTATE('M', 'G', '0', '1', '0')
#define ERRCODE_PGMIG_NOT_AT_HEAD MAKE_SQLSTATE('M', 'G', '0', '1', '1')
#define ERRCODE_PGMIG_IN_BODY MAKE_SQLSTATE('M', 'G', '0', '1', '2')
#define ERRCODE_PGMIG_UNFINISHED MAKE_SQLSTATE('M', 'G', '0', '1', '3')
#define ERRCODE_PGMIG_IN_DOUBT MAKE_SQLSTATE('M', 'G', '0', '1', '4')
#define ERRCODE_PGMIG_GUARDED MAKE_SQLSTATE('M', 'G', '0', '1', '5')
#define ERRCODE_PGMIG_NOT_APPLIED MAKE_SQLSTATE('M', 'G', '0', '1', '6')
#define ERRCODE_PGMIG_DRIFT MAKE_SQLSTATE('M', 'G', '0', '1', '7')

#endif /* PGMIG_ERRORS_H */
