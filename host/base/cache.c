#include "base/cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"
#include "base/writer.h"

#define ENDING ".bin"
#define MAGIC "pastiche cache 1"

/* What stands before a content. The digest is over the rest of it and the content. */
typedef struct header {
    char magic[sizeof MAGIC - 1], key[PST_CACHE_KEY];
    uint8_t bytes[8]; /* of the content, the lowest first */
    char digest[64];
} header;

static header header_of(const char *key, const void *content, size_t bytes) {
    header h;
    char digest[65];
    pst_digest d;
    memcpy(h.magic, MAGIC, sizeof h.magic);
    memcpy(h.key, key, sizeof h.key);
    for (size_t i = 0; i < sizeof h.bytes; i++)
        h.bytes[i] = (uint8_t)((uint64_t)bytes >> 8 * i);
    pst_digest_begin(&d, PST_DIGEST_SHA256);
    pst_digest_add(&d, &h, offsetof(header, digest));
    pst_digest_add(&d, content, bytes);
    pst_digest_end(&d, digest);
    memcpy(h.digest, digest, sizeof h.digest);
    return h;
}

static pst_status path_of(const pst_cache *cache, const char *key, char **path) {
    char name[PST_CACHE_KEY + sizeof ENDING];
    snprintf(name, sizeof name, "%s" ENDING, key);
    return pst_path_join(NULL, cache->folder, name, path);
}

static bool is_own(const char *path, pst_system_kind kind) {
    pst_system_facts facts;
    return pst_system_facts_at(path, &facts) && facts.kind == kind && facts.own;
}

pst_cache_fault pst_cache_examine(const pst_cache *cache) {
    pst_system_facts facts;
    char *target = NULL;
    if (!pst_system_facts_at(cache->folder, &facts)) {
        const int code = errno;
        const bool none = code == ENOENT && pst_system_follow(cache->folder, &target) && !target;
        free(target); /* of a link that leads nowhere */
        return none ? PST_CACHE_USABLE : code == ENOTDIR ? PST_CACHE_NO_FOLDER : PST_CACHE_UNREACHED;
    }
    return facts.kind != PST_SYSTEM_FOLDER       ? PST_CACHE_NO_FOLDER
           : !facts.mine                         ? PST_CACHE_NOT_MINE
           : !facts.own                          ? PST_CACHE_WRITABLE
           : pst_system_may_write(cache->folder) ? PST_CACHE_USABLE
                                                 : PST_CACHE_READ_ONLY;
}

bool pst_cache_read(const pst_cache *cache, const char *key, uint8_t **content, size_t *bytes) {
    char *path = NULL;
    uint8_t *file = NULL;
    size_t size;
    *content = NULL;
    *bytes = 0;
    if (is_own(cache->folder, PST_SYSTEM_FOLDER) && path_of(cache, key, &path) == PST_OK &&
        is_own(path, PST_SYSTEM_FILE) && pst_file_load(NULL, path, (size_t)cache->most_bytes, &file, &size) == PST_OK &&
        size > sizeof(header)) {
        header expected = header_of(key, file + sizeof(header), size - sizeof(header));
        if (memcmp(file, &expected, sizeof expected) == 0) {
            pst_system_touch(path);
            *bytes = size - sizeof(header);
            memmove(file, file + sizeof(header), *bytes);
            *content = file;
            file = NULL;
        }
    }
    pst_free(file);
    pst_free(path);
    return *content != NULL;
}

/* ---- what is in the folder ---- */

typedef struct survey {
    const char *folder;
    pst_cache_removal found;
    bool remove;
    char oldest[PST_CACHE_KEY + sizeof ENDING];
    int64_t oldest_used;
} survey;

/* Files of killed writers begin with the name of a content. Nothing else is touched. */
static void look_at(void *self, const char *name) {
    survey *s = self;
    char *path;
    pst_system_facts facts;
    if (strspn(name, "0123456789abcdef") != PST_CACHE_KEY ||
        strncmp(name + PST_CACHE_KEY, ENDING, strlen(ENDING)) != 0 ||
        pst_path_join(NULL, s->folder, name, &path) != PST_OK)
        return;
    if (name[PST_CACHE_KEY + strlen(ENDING)]) {
        if (strncmp(name + PST_CACHE_KEY, ENDING PST_WRITER_MARK, strlen(ENDING PST_WRITER_MARK)) == 0)
            pst_system_remove_dead(path);
    } else if (pst_system_facts_at(path, &facts) && facts.kind == PST_SYSTEM_FILE) {
        if (!s->found.count || facts.used < s->oldest_used) {
            s->oldest_used = facts.used;
            snprintf(s->oldest, sizeof s->oldest, "%s", name);
        }
        if (s->remove)
            pst_system_remove(path);
        if (s->remove && pst_path_examine(path, NULL) != PST_PATH_NONE) {
            s->found.left++;
        } else {
            s->found.count++;
            s->found.bytes += facts.bytes;
        }
    }
    pst_free(path);
}

static survey look(const pst_cache *cache, bool remove) {
    survey s = {.folder = cache->folder, .remove = remove};
    pst_system_list(cache->folder, look_at, &s);
    return s;
}

pst_cache_removal pst_cache_clear(const pst_cache *cache) { return look(cache, true).found; }

static void remove_name(const pst_cache *cache, const char *name) {
    char *path;
    if (pst_path_join(NULL, cache->folder, name, &path) == PST_OK)
        pst_system_remove(path);
    pst_free(path);
}

void pst_cache_remove(const pst_cache *cache, const char *key) {
    char *path;
    if (path_of(cache, key, &path) == PST_OK)
        pst_system_remove(path);
    pst_free(path);
}

/* Removes the oldest until all fit, with what will come. What another process removes meanwhile is gone as well. */
static void make_room(const pst_cache *cache, uint64_t bytes) {
    survey s = look(cache, false);
    for (size_t count = s.found.count + 1; s.found.count < count && s.found.bytes + bytes > cache->most_bytes;) {
        count = s.found.count;
        remove_name(cache, s.oldest);
        s = look(cache, false);
    }
}

void pst_cache_write(const pst_cache *cache, const char *key, const void *content, size_t bytes) {
    char *path = NULL;
    pst_writer *writer = NULL;
    pst_status status;
    if (!bytes || bytes > cache->most_bytes / 4)
        return;
    header h = header_of(key, content, bytes);
    PST_TRY(pst_folder_create_own(NULL, cache->folder));
    make_room(cache, sizeof h + bytes);
    PST_TRY(path_of(cache, key, &path));
    pst_system_remove(path); /* a link, too, which the writer would follow to a file of somebody else's */
    PST_TRY(pst_writer_open_own(NULL, path, &writer));
    PST_TRY(pst_writer_append(NULL, writer, &h, sizeof h));
    PST_TRY(pst_writer_append(NULL, writer, content, bytes));
    PST_TRY(pst_writer_install(NULL, writer));
cleanup:
    pst_writer_close(writer);
    pst_free(path);
}
