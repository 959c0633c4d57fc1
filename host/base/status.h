/* What went wrong, in one line for people. Every fallible function of the library takes a pst_error as its first
 * argument, or an object that holds one. */
#ifndef PST_BASE_STATUS_H
#define PST_BASE_STATUS_H

#include "package/compiler.h"
#include "pastiche.h"

typedef struct pst_error {
    pst_status status;
    char text[512];
} pst_error;

/* Records `status` with a line of text, cut to fit, and returns status. error may be NULL. */
pst_status pst_fail(pst_error *error, pst_status status, const char *format, ...) PRINTF_LIKE(3, 4);

/* Puts "what: " before the text that is there, where a caller knows more (a file's name, say). Returns error->status.
 */
pst_status pst_fail_in(pst_error *error, const char *what);

/* Evaluates a call that returns a pst_status, and goes to the label `cleanup` if it failed; needs a local `status`. */
#define PST_TRY(call)         \
    do {                      \
        status = (call);      \
        if (status != PST_OK) \
            goto cleanup;     \
    } while (0)

#endif
