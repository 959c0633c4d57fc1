#include "model/companion.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MAX_COMPANIONS 128 /* open at once; the largest VGG network has 38 tensors */
#define MAX_NAME 255       /* what file systems take */

/* A name without a folder, a drive or a stream, on any system. */
static bool is_plain(const char *name) {
    return *name && strlen(name) <= MAX_NAME && !strpbrk(name, "/\\:") && strcmp(name, ".") != 0 &&
           strcmp(name, "..") != 0;
}

static pst_status check(pst_error *error, const pst_companions *of, const char *name, const char *path) {
    if (pst_path_examine(path, NULL) == PST_PATH_NONE)
        return pst_fail(error, PST_ERROR_FILE, "%s: its part %.100s is missing; put it into the same folder", of->path,
                        name);
    if (!pst_path_is_beside(path, of->path))
        return pst_fail(error, PST_ERROR_FORMAT,
                        "%s: its part %.100s is a link out of the folder, which is not followed; put the file itself "
                        "there",
                        of->path, name);
    return PST_OK;
}

pst_status pst_companion_open(pst_error *error, pst_companions *of, const char *name, const pst_companion **companion) {
    pst_status status;
    pst_companion opened = {0};
    *companion = NULL;
    while (strncmp(name, "./", 2) == 0)
        name += 2;
    if (!is_plain(name))
        return pst_fail(error, PST_ERROR_FORMAT,
                        "%s: a part of it is the file \"%.100s\"; only files in its own folder are read, so save the "
                        "network in one file",
                        of->path, name);
    for (size_t i = 0; i < of->count; i++)
        if (strcmp(name, of->list[i].name) == 0) {
            *companion = &of->list[i];
            return PST_OK;
        }
    if (of->count == MAX_COMPANIONS)
        return pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: has more than %d parts; save the network in one file",
                        of->path, MAX_COMPANIONS);
    if (!of->list)
        PST_TRY(pst_allocate(error, MAX_COMPANIONS, sizeof *of->list, &of->list));
    PST_TRY(pst_copy_text(error, name, &opened.name));
    PST_TRY(pst_path_beside(error, of->path, name, &opened.path));
    PST_TRY(check(error, of, name, opened.path));
    status = pst_file_open(error, opened.path, &opened.file, &opened.bytes);
    if (status != PST_OK) {
        pst_fail_in(error, of->path);
        goto cleanup;
    }
    *companion = &of->list[of->count];
    of->list[of->count++] = opened;
    return PST_OK;

cleanup:
    pst_free(opened.name);
    pst_free(opened.path);
    return status;
}

void pst_companions_close(pst_companions *of) {
    for (size_t i = 0; i < of->count; i++) {
        pst_file_close(of->list[i].file);
        pst_free(of->list[i].name);
        pst_free(of->list[i].path);
    }
    pst_free(of->list);
}

/* ---- parts --------------------------------------------------------------------------------------------------- */

static bool take_five(const char **at, unsigned long *number) {
    for (int i = 0; i < 5; i++)
        if (!isdigit((unsigned char)(*at)[i]))
            return false;
    *number = strtoul(*at, NULL, 10); /* what follows is no digit */
    *at += 5;
    return true;
}

/* model-00001-of-00002.safetensors, as Hugging Face's libraries name parts. */
pst_status pst_companion_refuse_part(pst_error *error, const char *path) {
    const char *name = pst_path_name(path);
    unsigned long part, count;
    for (const char *dash = strchr(name, '-'); dash; dash = strchr(dash + 1, '-')) {
        const char *at = dash + 1;
        char index[MAX_NAME + 32], *beside;
        if (!take_five(&at, &part) || strncmp(at, "-of-", 4) != 0 || (at += 4, !take_five(&at, &count)) || *at != '.' ||
            count < 2)
            continue;
        if (snprintf(index, sizeof index, "%.*s%s.index.json", (int)(dash - name), name, at) >= (int)sizeof index)
            continue;
        pst_status status = pst_path_beside(error, path, index, &beside);
        if (status != PST_OK)
            return status;
        bool there = pst_path_examine(beside, NULL) == PST_PATH_FILE;
        status = pst_fail(error, PST_ERROR_UNSUPPORTED,
                          there ? "%s: is part %lu of %lu of a network; name the index of the parts instead: %s"
                                : "%s: is part %lu of %lu of a network; put all parts and their index, %s, into one "
                                  "folder, and name the index",
                          path, part, count, there ? beside : index);
        pst_free(beside);
        return status;
    }
    return PST_OK;
}
