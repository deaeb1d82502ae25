/*-------------------------------------------------------------------------
 *
 * memcheck.h
 *	  Valgrind's requests, answered by AddressSanitizer.
 *
 * A server built with USE_VALGRIND tells which parts of its memory contexts
 * are in use.  With this header it tells AddressSanitizer, which then sees
 * an access behind the end of what was palloc'd, or after pfree.
 *
 *-------------------------------------------------------------------------
 */
#ifndef PGMIG_FUZZ_MEMCHECK_H
#define PGMIG_FUZZ_MEMCHECK_H

#include <sanitizer/asan_interface.h>

#define VALGRIND_MAKE_MEM_NOACCESS(start, size)                               \
	__asan_poison_memory_region(start, size)
#define VALGRIND_MAKE_MEM_UNDEFINED(start, size)                              \
	__asan_unpoison_memory_region(start, size)
#define VALGRIND_MAKE_MEM_DEFINED(start, size)                                \
	__asan_unpoison_memory_region(start, size)
#define VALGRIND_MEMPOOL_ALLOC(pool, start, size)                             \
	__asan_unpoison_memory_region(start, size)
#define VALGRIND_MEMPOOL_CHANGE(pool, old_start, start, size)                 \
	__asan_unpoison_memory_region(start, size)

/* What was freed has been made inaccessible before. */
#define VALGRIND_MEMPOOL_FREE(pool, start) ((void) 0)
#define VALGRIND_MEMPOOL_TRIM(pool, start, size) ((void) 0)
#define VALGRIND_MOVE_MEMPOOL(old_pool, pool) ((void) 0)
#define VALGRIND_CREATE_MEMPOOL(pool, redzone, zeroed) ((void) 0)
#define VALGRIND_CREATE_MEMPOOL_EXT(pool, redzone, zeroed, flags) ((void) 0)
#define VALGRIND_DESTROY_MEMPOOL(pool) ((void) 0)
#define VALGRIND_MEMPOOL_METAPOOL 0
#define VALGRIND_MEMPOOL_AUTO_FREE 0

#define VALGRIND_CHECK_MEM_IS_DEFINED(start, size) ((void) 0)
#define VALGRIND_DISABLE_ERROR_REPORTING ((void) 0)
#define VALGRIND_ENABLE_ERROR_REPORTING ((void) 0)
#define VALGRIND_COUNT_ERRORS 0
#define VALGRIND_PRINTF(...) ((void) 0)
#define RUNNING_ON_VALGRIND 0

#endif /* PGMIG_FUZZ_MEMCHECK_H */
