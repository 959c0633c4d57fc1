#include "base/hash.h"

#include <string.h>

uint64_t pst_hash(uint64_t hash, const void *data, size_t bytes) {
    const unsigned char *at = data;
    for (size_t i = 0; i < bytes; i++)
        hash = (hash ^ at[i]) * 0x100000001b3u;
    return hash;
}

uint64_t pst_hash_text(uint64_t hash, const char *text) { return pst_hash(hash, text, strlen(text) + 1); }
