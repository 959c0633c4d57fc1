/* The bytes of a variable of a MATLAB file, which may be compressed as one piece. */
#ifndef PST_MODEL_MAT5_CONTENTS_H
#define PST_MODEL_MAT5_CONTENTS_H

#include "base/file.h"

typedef struct pst_mat5_contents pst_mat5_contents;

/* `bytes` bytes of the file from `offset` on; packed: compressed by zlib. path and file stay the caller's.
 * PST_ERROR_UNSUPPORTED for compressed ones in a build without zlib. */
pst_status pst_mat5_contents_open(pst_error *error, const char *path, pst_file *file, uint64_t offset, uint64_t bytes,
                                  bool packed, pst_mat5_contents **contents);
void pst_mat5_contents_close(pst_mat5_contents *contents);

/* How many bytes there are; of compressed ones how many there may be, which is bounded. */
uint64_t pst_mat5_contents_bytes(const pst_mat5_contents *contents);

/* Reads bytes from `at` on. In compressed contents going back is slow, since it means from the beginning again. */
pst_status pst_mat5_contents_read(pst_error *error, pst_mat5_contents *contents, uint64_t at, void *data, size_t bytes);

#endif
