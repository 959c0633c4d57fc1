#include "tune/choices_file.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "cl/kernels.h"
#include "op/refused.h"
#include "package/printable.h"

#define FORMATS "pastiche choices "
#define FORMAT FORMATS "1"
#define FILE_MAX_BYTES ((size_t)4 << 20)
#define ENTRIES_MAX 16384
#define SIZE_MAX_SIDE 65535
#define CHANNELS_MAX 4096

static const char *const pools[] = {"none", "max", "average"};

uint64_t pst_choices_kernels(void) {
    uint64_t hash = pst_hash_text(PST_HASH_START, pst_version());
    for (const embedded_file *file = pst_kernel_files; file->name; file++)
        hash = pst_hash_text(pst_hash_text(hash, file->name), (const char *)file->data);
    return hash;
}

pst_status pst_choices_path(pst_session *session, char **path) {
    const pst_device_info *info = &session->device.info;
    char *folder = NULL, name[48];
    pst_status status;
    *path = NULL;
    PST_TRY(pst_folder_cache(session->error, &folder));
    int length = snprintf(name, sizeof name, "choices-%016" PRIx64 ".json",
                          pst_hash_text(pst_hash_text(PST_HASH_START, info->platform), info->name));
    size_t bytes = strlen(folder) + (size_t)length + 2;
    PST_TRY(pst_allocate(session->error, bytes, 1, path));
    snprintf(*path, bytes, "%s/%s", folder, name);
cleanup:
    pst_free(folder);
    return status;
}

/* ---- reading ---- */

static const char *text_of(const json_t *object, const char *key) {
    const char *text = json_string_value(json_object_get(object, key));
    return text ? text : "";
}

static bool integer_of(const json_t *object, const char *key, int most, int *value) {
    const json_t *number = json_object_get(object, key);
    json_int_t v = json_integer_value(number);
    if (!json_is_integer(number) || v < 1 || v > most)
        return false;
    *value = (int)v;
    return true;
}

static bool shape_of(const json_t *entry, pst_conv_shape *shape) {
    const char *direction = text_of(entry, "direction"), *pool = text_of(entry, "pool");
    size_t kind = 0;
    while (kind < sizeof pools / sizeof *pools && strcmp(pools[kind], pool) != 0)
        kind++;
    shape->pool = (pst_pool)kind;
    shape->backward = strcmp(direction, "backward") == 0;
    return kind < sizeof pools / sizeof *pools && (shape->backward || strcmp(direction, "forward") == 0) &&
           integer_of(entry, "h", SIZE_MAX_SIDE, &shape->h) && integer_of(entry, "w", SIZE_MAX_SIDE, &shape->w) &&
           integer_of(entry, "c_in", CHANNELS_MAX, &shape->c_in) &&
           integer_of(entry, "c_out", CHANNELS_MAX, &shape->c_out);
}

static pst_status read_entries(pst_error *error, const char *path, const json_t *root, pst_conv_choices *read) {
    const json_t *list = json_object_get(root, "choices");
    pst_status status = PST_OK;
    if (!json_is_array(list))
        return pst_fail(error, PST_ERROR_FORMAT, "%s: has no list of choices", path);
    if (json_array_size(list) > ENTRIES_MAX)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: has %zu choices, more than the %d that are read", path,
                        json_array_size(list), ENTRIES_MAX);
    for (size_t i = 0; i < json_array_size(list) && status == PST_OK; i++) {
        const json_t *entry = json_array_get(list, i);
        const char *algorithm = text_of(entry, "algorithm");
        pst_conv_shape shape = {0};
        if (!shape_of(entry, &shape) || !*algorithm || strlen(algorithm) >= PST_ALGORITHM_NAME)
            return pst_fail(error, PST_ERROR_FORMAT, "%s: entry %zu of the choices is invalid", path, i + 1);
        status = pst_conv_choices_set(error, read, &shape, algorithm);
    }
    return status;
}

/* Names of another version mean nothing. */
static pst_status read_refused(pst_error *error, const char *path, const json_t *root, pst_conv_choices *read) {
    const json_t *list = json_object_get(root, "refused");
    if (list && (!json_is_array(list) || json_array_size(list) > PST_REFUSED_MOST))
        return pst_fail(error, PST_ERROR_FORMAT, "%s: the list of what is refused is invalid", path);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        read->refused |= pst_refused_bit(name ? name : "");
    }
    return PST_OK;
}

/* What a file is made for. */
#define FACTS 4
static const struct {
    const char *key, *what;
} fact_names[FACTS] = {
    {"device", "device"}, {"platform", "platform"}, {"driver", "driver"}, {"kernels", "version of the kernels"}};

/* Names of devices come from drivers and need not be UTF-8. */
static void facts_of(const pst_session *session, char facts[FACTS][128]) {
    const pst_device_info *info = &session->device.info;
    snprintf(facts[0], 128, "%s", info->name);
    snprintf(facts[1], 128, "%s", info->platform);
    snprintf(facts[2], 128, "%s", info->driver_version);
    snprintf(facts[3], 128, "%016" PRIx64, pst_choices_kernels());
    for (int i = 0; i < FACTS; i++)
        for (char *c = facts[i]; *c; c++)
            if ((unsigned char)*c < 32 || (unsigned char)*c > 126)
                *c = '?';
}

static void compare(const pst_session *session, const json_t *root, char *foreign) {
    char facts[FACTS][128];
    facts_of(session, facts);
    foreign[0] = '\0';
    for (int i = 0; i < FACTS; i++)
        if (strcmp(text_of(root, fact_names[i].key), facts[i]) != 0) {
            snprintf(foreign, 256, "made for another %s (%.100s)", fact_names[i].what,
                     text_of(root, fact_names[i].key));
            pst_make_printable(foreign, 256);
            return;
        }
}

pst_status pst_choices_parse(pst_session *session, const char *path, const char *text, size_t bytes,
                             pst_conv_choices *choices, char *foreign) {
    pst_error *error = session->error;
    json_t *root = NULL;
    json_error_t detail;
    pst_conv_choices read = {0};
    pst_status status;
    foreign[0] = '\0';
    root = json_loadb(text, bytes, JSON_REJECT_DUPLICATES, &detail);
    if (!root && !detail.text[0]) /* so jansson says it */
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory to read it", path));
    if (!root || strcmp(text_of(root, "format"), FORMAT) != 0)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is not a complete file of choices%s%.100s", path,
                         root ? "" : ": ", root ? "" : detail.text));
    PST_TRY(read_entries(error, path, root, &read));
    PST_TRY(read_refused(error, path, root, &read));
    PST_TRY(pst_conv_choices_add(error, choices, &read));
    compare(session, root, foreign);
cleanup:
    pst_conv_choices_clear(&read);
    json_decref(root);
    return status;
}

pst_status pst_choices_read(pst_session *session, const char *path, pst_conv_choices *choices, char *foreign) {
    uint8_t *text;
    size_t bytes;
    foreign[0] = '\0';
    pst_status status = pst_file_load(session->error, path, FILE_MAX_BYTES, &text, &bytes);
    if (status != PST_OK)
        return status;
    status = pst_choices_parse(session, path, (const char *)text, bytes, choices, foreign);
    pst_free(text);
    return status;
}

/* ---- writing ---- */

static json_t *entry_of(const pst_conv_choice *choice) {
    const pst_conv_shape *s = &choice->shape;
    return json_pack("{s:s, s:i, s:i, s:i, s:i, s:s, s:s}", "direction", s->backward ? "backward" : "forward", "h",
                     s->h, "w", s->w, "c_in", s->c_in, "c_out", s->c_out, "pool", pools[s->pool], "algorithm",
                     choice->algorithm);
}

static json_t *names_of(uint64_t refused) {
    json_t *list = json_array();
    for (unsigned bit = 0; list && bit < PST_REFUSED_MOST; bit++)
        if (refused >> bit & 1 && json_array_append_new(list, json_string(pst_refused_name(bit))) != 0) {
            json_decref(list);
            list = NULL;
        }
    return list;
}

static char *dump(const pst_session *session, const pst_conv_choices *choices, size_t flags) {
    char facts[FACTS][128];
    facts_of(session, facts);
    json_t *root = json_object(), *list = json_array();
    bool good = root && list && json_object_set_new(root, "format", json_string(FORMAT)) == 0;
    for (int i = 0; good && i < FACTS; i++)
        good = json_object_set_new(root, fact_names[i].key, json_string(facts[i])) == 0;
    for (size_t i = 0; good && i < choices->count; i++)
        good = json_array_append_new(list, entry_of(&choices->entries[i])) == 0;
    good = good && json_object_set(root, "choices", list) == 0;
    if (good && choices->refused)
        good = json_object_set_new(root, "refused", names_of(choices->refused)) == 0;
    char *text = good ? json_dumps(root, flags) : NULL;
    json_decref(list);
    json_decref(root);
    return text;
}

pst_status pst_choices_print(pst_session *session, const pst_conv_choices *choices, char **text) {
    char *made = dump(session, choices, JSON_COMPACT);
    *text = NULL;
    pst_status status =
        made ? pst_copy_text(session->error, made, text) : pst_fail(session->error, PST_ERROR_MEMORY, "no memory left");
    free(made);
    return status;
}

/* Opening a pipe for writing would wait for a reader, and what a device holds cannot be read before. */
static pst_status refuse_device(pst_error *error, const char *path) {
    if (pst_path_examine(path, NULL) != PST_PATH_OTHER)
        return PST_OK;
    return pst_fail(error, PST_ERROR_FILE, "%s: is a device or a pipe; a regular file is needed", path);
}

/* What a file says that it is, though it may be damaged behind that; "" if it says nothing. */
static void find_format(const char *text, size_t bytes, char format[32]) {
    json_error_t detail;
    json_t *root = json_loadb(text, bytes, 0, &detail);
    format[0] = '\0';
    if (root)
        snprintf(format, 32, "%s", text_of(root, "format"));
    else
        sscanf(text, " { \"format\" : \"%31[^\"]", format);
    json_decref(root);
}

/* Choices are measured again when they are damaged or stale. Another file's content would be lost, and so would what a
 * later version has written. An empty file is a name that was reserved. */
static pst_status refuse_other_file(pst_error *error, const char *path) {
    uint8_t *text = NULL;
    uint64_t size;
    size_t bytes;
    char format[32] = "";
    pst_status status = PST_OK;
    if (pst_path_examine(path, &size) != PST_PATH_FILE || size == 0)
        return PST_OK;
    if (size <= FILE_MAX_BYTES) {
        PST_TRY(pst_file_load(error, path, FILE_MAX_BYTES, &text, &bytes));
        find_format((const char *)text, bytes, format);
    }
    if (strcmp(format, FORMAT) == 0)
        goto cleanup;
    if (strncmp(format, FORMATS, strlen(FORMATS)) == 0)
        status = pst_fail(error, PST_ERROR_FORMAT,
                          "%s: is a file of choices of another version of the program (%s) and is not replaced; name "
                          "another file, or remove this one",
                          path, format);
    else
        status = pst_fail(error, PST_ERROR_FORMAT,
                          "%s: is no file of choices and is not replaced; name another file, or remove this one", path);
cleanup:
    pst_free(text);
    return status;
}

pst_status pst_choices_write_check(pst_error *error, const char *path) {
    pst_status status;
    PST_TRY(refuse_device(error, path));
    PST_TRY(pst_file_save_check(error, path));
    PST_TRY(refuse_other_file(error, path));
cleanup:
    return status;
}

pst_status pst_choices_write(pst_session *session, const char *path, const pst_conv_choices *choices) {
    char *text = dump(session, choices, JSON_INDENT(1));
    pst_status status;
    if (!text)
        return pst_fail(session->error, PST_ERROR_MEMORY, "%s: no memory left to write it", path);
    PST_TRY(refuse_device(session->error, path));
    PST_TRY(pst_file_save(session->error, path, text, strlen(text)));
cleanup:
    free(text);
    return status;
}

pst_status pst_choices_merge(pst_session *session, const char *path, const pst_conv_choices *found) {
    pst_conv_choices all = {0};
    char foreign[256];
    const int held = pst_folder_hold_for(path);
    pst_status status = pst_choices_read(session, path, &all, foreign);
    if (status == PST_ERROR_MEMORY) /* with which what the file holds would be lost */
        goto cleanup;
    if (status != PST_OK)
        *session->error = (pst_error){0};
    else if (foreign[0])
        pst_conv_choices_clear(&all);
    PST_TRY(pst_conv_choices_add(session->error, &all, found));
    if (all.count > ENTRIES_MAX) { /* which nobody could read */
        pst_conv_choices_clear(&all);
        PST_TRY(pst_conv_choices_add(session->error, &all, found));
    }
    if (found->count)
        all.refused = found->refused;
    PST_TRY(pst_choices_write(session, path, &all));
cleanup:
    pst_folder_release(held);
    pst_conv_choices_clear(&all);
    return status;
}
