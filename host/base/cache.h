/* A cache: a folder of what can be made again, such as compiled programs. It and its files must be this user's, and
 * nobody else may write to them, for what is read is believed; each content under a key that says what it was made
 * from; bounded in size, the least recently used goes first. Several processes may use it at once. What cannot be kept
 * is not missed, so nothing here fails. */
#ifndef PST_BASE_CACHE_H
#define PST_BASE_CACHE_H

#include "base/status.h"

#define PST_CACHE_KEY 64 /* the digits of a SHA-256 */

typedef struct pst_cache {
    char *folder;
    uint64_t most_bytes; /* of all files together */
} pst_cache;

/* The content under a key, in new memory; free with pst_free. False: there is none, or it is damaged. */
bool pst_cache_read(const pst_cache *cache, const char *key, uint8_t **content, size_t *bytes);

/* Keeps a content, if the folder is there or can be made, is this user's, and has room. */
void pst_cache_write(const pst_cache *cache, const char *key, const void *content, size_t bytes);

typedef enum pst_cache_fault {
    PST_CACHE_USABLE, /* the folder, or there is none yet */
    PST_CACHE_UNREACHED,
    PST_CACHE_NO_FOLDER,
    PST_CACHE_NOT_MINE,
    PST_CACHE_WRITABLE, /* by others */
    PST_CACHE_READ_ONLY
} pst_cache_fault;
pst_cache_fault pst_cache_examine(const pst_cache *cache);

/* Removes the content under a key; or all. How many files are gone, and their bytes; `left` are those that
 * cannot be removed. */
typedef struct pst_cache_removal {
    size_t count, left;
    uint64_t bytes;
} pst_cache_removal;
void pst_cache_remove(const pst_cache *cache, const char *key);
pst_cache_removal pst_cache_clear(const pst_cache *cache);

#endif
