/* What a pickle evaluates to. */
#ifndef PST_MODEL_PICKLE_VALUES_H
#define PST_MODEL_PICKLE_VALUES_H

#include "model/tensor.h"

typedef enum pst_pickle_kind {
    PST_PICKLE_NONE,    /* also what does not matter here: a real number, bytes */
    PST_PICKLE_INTEGER, /* True and False too */
    PST_PICKLE_TEXT,
    PST_PICKLE_SEQUENCE, /* a tuple or list */
    PST_PICKLE_MAP,      /* a dict or OrderedDict: its items are key, value, key, value */
    PST_PICKLE_GLOBAL,   /* one of the known names */
    PST_PICKLE_OBJECT,   /* an unknown name, or what it makes: may have items or attributes, as a map has */
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
    uint32_t first, last, count; /* of a sequence, map or object: its items */
} pst_pickle_value;

typedef struct pst_pickle_item {
    pst_pickle_id value;
    uint32_t next;
} pst_pickle_item;

typedef struct pst_pickle {
    pst_pickle_value *values;
    pst_pickle_item *items; /* items[0] stands for none */
    uint32_t value_count, value_capacity, item_count, item_capacity;
    char *texts; /* copies of all texts, one after the other; never larger than the pickle and a zero for each */
    size_t text_bytes;
    char object[100]; /* the first name that is not known, or "" */
    bool other_objects;
} pst_pickle;

void pst_pickle_close(pst_pickle *pickle);

const pst_pickle_value *pst_pickle_get(const pst_pickle *pickle, pst_pickle_id id);

/* How many values there are: all ids are below it. */
uint32_t pst_pickle_count(const pst_pickle *pickle);

/* Goes through the items of a sequence, map or object: *at is 0 at first. False at the end. */
bool pst_pickle_next(const pst_pickle *pickle, pst_pickle_id of, uint32_t *at, pst_pickle_id *item);

/* The value of a key that is a text; 0 (None) if there is none, or `map` is no map. */
pst_pickle_id pst_pickle_lookup(const pst_pickle *pickle, pst_pickle_id map, const char *key);

#endif
