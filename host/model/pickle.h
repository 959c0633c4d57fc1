/* A reader of the part of Python's pickles that PyTorch's files of tensors are made of. A pickle is a program for a
 * small stack machine, and Python's own reader would call whatever function it names. Here nothing is ever called: the
 * few names that PyTorch writes for tensors are known and mean the values below, and any other name, and any other way
 * to make an object, is refused. No C library reads pickles in this way. */
#ifndef PST_MODEL_PICKLE_H
#define PST_MODEL_PICKLE_H

#include "model/tensor.h"

#define PST_PICKLE_MAX_BYTES ((size_t)16 << 20) /* that of VGG-19 has 2 kB */

typedef enum pst_pickle_kind {
    PST_PICKLE_NONE,    /* also what does not matter here: a real number, bytes */
    PST_PICKLE_INTEGER, /* True and False too */
    PST_PICKLE_TEXT,
    PST_PICKLE_SEQUENCE, /* a tuple or list */
    PST_PICKLE_MAP,      /* a dict or OrderedDict: its items are key, value, key, value */
    PST_PICKLE_GLOBAL,   /* one of the known names */
    PST_PICKLE_STORAGE,  /* numbers elsewhere in the file */
    PST_PICKLE_TENSOR
} pst_pickle_kind;

typedef uint32_t pst_pickle_id; /* of a value; 0 is None */

typedef struct pst_pickle_value {
    pst_pickle_kind kind;
    int64_t
        integer; /* of an integer; of a storage how many numbers it has; of a tensor where it begins in its storage */
    const char *text;      /* of a text; of a storage its key. Ends with a zero */
    pst_tensor_type type;  /* of a storage */
    int width;             /* of a storage: bytes of a number, of other types too */
    pst_pickle_id storage; /* of a tensor; also its size and its strides, sequences of integers */
    pst_pickle_id size, stride;
    uint32_t first, last, count; /* of a sequence or map: its items */
} pst_pickle_value;

typedef struct pst_pickle pst_pickle;

/* Reads a whole pickle from the beginning of `data`. *used (may be NULL): how many bytes it had. Messages begin with
 * the path, and both stay the caller's. *result: what it evaluates to. */
pst_status pst_pickle_read(pst_error *error, const char *path, const uint8_t *data, size_t bytes, size_t *used,
                           pst_pickle **pickle, pst_pickle_id *result);
void pst_pickle_close(pst_pickle *pickle);

const pst_pickle_value *pst_pickle_get(const pst_pickle *pickle, pst_pickle_id id);

/* How many values there are: all ids are below it. */
uint32_t pst_pickle_count(const pst_pickle *pickle);

/* Goes through the items of a sequence or map: *at is 0 at first. False at the end. */
bool pst_pickle_next(const pst_pickle *pickle, pst_pickle_id of, uint32_t *at, pst_pickle_id *item);

/* The value of a key that is a text; 0 (None) if there is none, or `map` is no map. */
pst_pickle_id pst_pickle_lookup(const pst_pickle *pickle, pst_pickle_id map, const char *key);

#endif
