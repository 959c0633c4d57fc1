/* Maps of the whole image that do not lie on a device: float [h][w][c] in host memory, or in a file of the folder that
 * the user chose for what does not fit. Such a file has no name once it is open where the system allows that, and none
 * is left when the program ends in any way. */
#ifndef PST_SPREAD_STORE_H
#define PST_SPREAD_STORE_H

#include "base/status.h"
#include "spread/rect.h"

/* Where stores lie, and how much that is. A plain struct: fields are for reading but the first three. */
typedef struct pst_stores {
    pst_error *error;
    const char *folder;                /* NULL: no file is used */
    const pst_ranks *ranks;            /* the processes that share what lies in stores; NULL: this one is alone */
    uint64_t memory_bytes, file_bytes; /* of values, now */
    uint64_t peak_memory_bytes, peak_file_bytes;
} pst_stores;

typedef struct pst_store pst_store;

/* A map of zeros. in_file: in a file if there is a folder, else in memory. half: stored as scaled half floats, one
 * scale a row [lossy, as half.h says; for L-BFGS's pairs]. what names it in messages. PST_ERROR_MEMORY, PST_ERROR_FILE
 * (no room on the disk: the space is reserved now where the system can). */
pst_status pst_store_create(pst_stores *stores, bool in_file, bool half, int h, int w, int c, const char *what,
                            pst_store **store);
void pst_store_destroy(pst_store *store); /* NULL is fine */

/* A part of it, to or from [part.h][part.w][c]. Of halves whole rows are written only. Several threads may read and
 * write different parts at once; if two of them fail, the message is one of theirs. */
pst_status pst_store_read(const pst_store *store, pst_rect part, float *to);
pst_status pst_store_write(pst_store *store, pst_rect part, const float *from);

/* Whole rows. */
pst_status pst_store_read_rows(const pst_store *store, int y, int rows, float *to);
pst_status pst_store_write_rows(pst_store *store, int y, int rows, const float *from);

/* Bytes that one takes, in memory or in a file. */
uint64_t pst_store_bytes(bool half, int h, int w, int c);

/* The values themselves, [h][w][c]; NULL for one that is in a file or stored as halves. */
float *pst_store_values(const pst_store *store);
bool pst_store_is_half(const pst_store *store);
bool pst_store_is_in_file(const pst_store *store);

/* How much room a folder has; PST_ERROR_FILE if it cannot be written to. */
pst_status pst_stores_room(pst_error *error, const char *folder, uint64_t *bytes);

#endif
