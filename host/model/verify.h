/* Whether a file is the known network that it should be: by its beginning, its size and its checksums. */
#ifndef PST_MODEL_VERIFY_H
#define PST_MODEL_VERIFY_H

#include "base/file.h"
#include "base/partial.h"

#define PST_HEAD_BYTES 1024

/* Why a file that begins so is no network, or none in this format ("" or another name than the catalogue's: any), or
 * NULL. */
const char *pst_head_problem(const uint8_t *head, size_t bytes, const char *format);

typedef struct pst_verdict {
    pst_fetch_check check; /* what was compared, however it came out */
    char sha256[65];
    char problem[256]; /* "" when nothing is wrong */
} pst_verdict;

/* Returns true to stop. */
typedef bool (*pst_verify_callback)(void *user, uint64_t done);

/* Reads all of one of the two, at most once. PST_STOPPED when the callback stopped it; tell may be NULL. */
pst_status pst_verify(pst_error *error, pst_file *file, pst_partial *partial, uint64_t bytes,
                      const pst_known_network *network, pst_verify_callback tell, void *user, pst_verdict *verdict);

#endif
