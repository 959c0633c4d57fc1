/* Checked host memory: sizes that cannot overflow, failures with a message. */
#ifndef PST_BASE_MEMORY_H
#define PST_BASE_MEMORY_H

#include "base/status.h"

/* *result = a * b; false if that does not fit. */
bool pst_multiply(size_t a, size_t b, size_t *result);

/* Zeroed memory for count elements of element_bytes; free with pst_free. *memory is NULL on failure. A count of 0 gives
 * one element, so that NULL always means failure. */
pst_status pst_allocate(pst_error *error, size_t count, size_t element_bytes, void *memory);

/* A copy of text, to be freed with pst_free. */
pst_status pst_copy_text(pst_error *error, const char *text, char **copy);

void pst_free(void *memory);

/* For tests: the n-th call from now of pst_allocate fails, and with persistent all after it. n = 0 turns this off. */
void pst_memory_fail_at(unsigned n, bool persistent);

#endif
