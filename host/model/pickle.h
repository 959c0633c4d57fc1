/* A reader of the part of Python's pickles that PyTorch's files of tensors are made of. A pickle is a program for a
 * small stack machine, and Python's own reader would call whatever function it names. Here nothing is ever called: the
 * few names that PyTorch writes for tensors are known and mean the values below, and whatever any other name would make
 * is an object of which only the items are known that the pickle gives it. No C library reads pickles in this way. */
#ifndef PST_MODEL_PICKLE_H
#define PST_MODEL_PICKLE_H

#include "base/status.h"
#include "model/pickle_values.h"

#define PST_PICKLE_MAX_BYTES ((size_t)16 << 20) /* that of VGG-19 has 2 kB */

/* Reads a whole pickle from the beginning of `data`. *used (may be NULL): how many bytes it had. Messages begin with
 * the path, and both stay the caller's. *result: what it evaluates to. */
pst_status pst_pickle_read(pst_error *error, const char *path, const uint8_t *data, size_t bytes, size_t *used,
                           pst_pickle **pickle, pst_pickle_id *result);

#endif
