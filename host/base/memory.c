#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Only tests set these, before the calls that they test; other threads merely read zeros. */
static unsigned fail_in;
static bool fail_always;

bool pst_multiply(size_t a, size_t b, size_t *result) {
    if (b != 0 && a > SIZE_MAX / b)
        return false;
    *result = a * b;
    return true;
}

static bool fails_now(void) {
    if (fail_in == 0)
        return false;
    if (fail_in > 1) {
        fail_in--;
        return false;
    }
    if (!fail_always)
        fail_in = 0;
    return true;
}

pst_status pst_allocate(pst_error *error, size_t count, size_t element_bytes, void *memory) {
    if (count == 0)
        count = 1;
    if (element_bytes == 0)
        element_bytes = 1;
    size_t bytes;
    bool fits = pst_multiply(count, element_bytes, &bytes);
    void *block = fits && !fails_now() ? calloc(count, element_bytes) : NULL;
    memcpy(memory, &block, sizeof block); /* a T **, which must not be written to as a void ** */
    if (block)
        return PST_OK;
    return fits ? pst_fail(error, PST_ERROR_MEMORY, "not enough memory for %zu bytes more", bytes)
                : pst_fail(error, PST_ERROR_MEMORY, "not enough memory for %zu times %zu bytes", count, element_bytes);
}

pst_status pst_copy_text(pst_error *error, const char *text, char **copy) {
    size_t bytes = strlen(text) + 1;
    pst_status status = pst_allocate(error, bytes, 1, copy);
    if (status == PST_OK)
        memcpy(*copy, text, bytes);
    return status;
}

void pst_free(void *memory) { free(memory); }

void pst_memory_fail_at(unsigned n, bool persistent) {
    fail_in = n;
    fail_always = persistent;
}
