/* A hash that is the same on every machine, for names and keys; no protection against anyone's intent. */
#ifndef PST_BASE_HASH_H
#define PST_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

#define PST_HASH_START 0xcbf29ce484222325u

/* FNV-1a, 64 bits: goes on from `hash`, which is PST_HASH_START for the first piece. */
uint64_t pst_hash(uint64_t hash, const void *data, size_t bytes);

/* A text with its final zero, so that "ab", "c" and "a", "bc" differ. */
uint64_t pst_hash_text(uint64_t hash, const char *text);

#endif
