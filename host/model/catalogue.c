#include "model/catalogue.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "base/file.h"
#include "base/memory.h"

#define MAX_BYTES ((size_t)1 << 20)
#define NO_NETWORK "no network: `pastiche model fetch vgg19` installs one, or name a file with --model FILE"

/* ---- the file ------------------------------------------------------------------------------------------------ */

static bool is_name(const char *text, const char *besides) {
    for (const char *c = text; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr(besides, *c))
            return false;
    return *text && text[0] != '.';
}

static bool is_hex(const char *text, size_t least, size_t most) {
    size_t length = strspn(text, "0123456789abcdef");
    return text[length] == 0 && length >= least && length <= most;
}

static bool is_url(const char *text) {
    return (strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0 ||
            strncmp(text, "file://", 7) == 0) &&
           is_name(text, "-._~/:%?=&+,@");
}

/* A member that must be there, or "" as `otherwise`. NULL when it is no text. */
static const char *text_of(json_t *object, const char *key, const char *otherwise) {
    json_t *value = json_object_get(object, key);
    return value ? json_string_value(value) : otherwise;
}

static const char *problem_of(json_t *object, pst_known_network *entry) {
    json_t *bytes = json_object_get(object, "bytes");
    const char *whole = text_of(object, "sha256", ""), *prefix = text_of(object, "sha256_prefix", "");
    entry->name = text_of(object, "name", NULL);
    entry->file = text_of(object, "file", NULL);
    entry->url = text_of(object, "url", NULL);
    entry->mirror = text_of(object, "mirror", "");
    entry->license = text_of(object, "license", NULL);
    entry->format = text_of(object, "format", NULL);
    entry->convention = text_of(object, "convention", NULL);
    entry->notes = text_of(object, "notes", "");
    entry->about_size = text_of(object, "about_size", "");
    entry->md5 = text_of(object, "md5", "");
    entry->bytes = (uint64_t)json_integer_value(bytes);
    entry->alias = "";
    json_t *aliases = json_object_get(object, "aliases");
    if (json_array_size(aliases) > 0)
        entry->alias = json_string_value(json_array_get(aliases, 0));
    if (!entry->name || !is_name(entry->name, "-."))
        return "has no name of letters, digits and dashes";
    if (!entry->alias || json_array_size(aliases) > 1 || (*entry->alias && !is_name(entry->alias, "-.")))
        return "has aliases that are not a list of at most one name";
    if (!entry->file || !is_name(entry->file, "-._"))
        return "has no file name";
    if (!entry->url || !is_url(entry->url))
        return "has no URL";
    if (!entry->mirror || (*entry->mirror && !is_url(entry->mirror)))
        return "has a mirror that is not a URL";
    if (!entry->license || !*entry->license || !entry->format || !*entry->format || !entry->notes || !entry->about_size)
        return "has no license or format";
    if (!entry->convention || !is_name(entry->convention, "-"))
        return "has no convention";
    if (bytes && (!json_is_integer(bytes) || json_integer_value(bytes) <= 0))
        return "has a size that is not a number of bytes";
    if (!whole || !prefix || (*whole && !is_hex(whole, 64, 64)) || (*prefix && !is_hex(prefix, 8, 63)) ||
        (*whole && *prefix))
        return "has a sha256 or sha256_prefix that is not one";
    if (!entry->md5 || (*entry->md5 && !is_hex(entry->md5, 32, 32)))
        return "has an md5 that is not one";
    entry->sha256 = *whole ? whole : prefix;
    return NULL;
}

static pst_status take_entries(pst_error *error, const char *path, pst_catalogue *catalogue) {
    pst_status status = PST_OK;
    size_t i;
    json_t *object, *networks = json_object_get(catalogue->json, "networks");
    if (!json_is_array(networks) || json_integer_value(json_object_get(catalogue->json, "pastiche_catalogue")) != 1)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is not a catalogue of networks", path);
    PST_TRY(pst_allocate(error, json_array_size(networks), sizeof *catalogue->entries, &catalogue->entries));
    json_array_foreach(networks, i, object) {
        pst_known_network *entry = &catalogue->entries[i];
        const char *problem = problem_of(object, entry);
        for (size_t j = 0; j < i && !problem; j++) {
            const pst_known_network *other = &catalogue->entries[j];
            if (strcmp(entry->name, other->name) == 0 || strcmp(entry->file, other->file) == 0 ||
                strcmp(entry->name, other->alias) == 0 || strcmp(entry->alias, other->name) == 0)
                problem = "has the name or the file of another one";
        }
        if (problem)
            PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: network %zu (%.40s) %s", path, i + 1,
                             entry->name ? entry->name : "?", problem));
        catalogue->count++;
    }

cleanup:
    return status;
}

pst_status pst_catalogue_read(pst_error *error, const char *path, pst_catalogue **result) {
    pst_status status = PST_OK;
    pst_catalogue *catalogue = NULL;
    uint8_t *text = NULL;
    size_t bytes;
    json_error_t reason;
    *result = NULL;
    PST_TRY(pst_file_load(error, path, MAX_BYTES, &text, &bytes));
    PST_TRY(pst_allocate(error, 1, sizeof *catalogue, &catalogue));
    catalogue->json = json_loadb((const char *)text, bytes, JSON_REJECT_DUPLICATES, &reason);
    if (!catalogue->json && !reason.text[0]) /* so jansson says it */
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory to read it", path));
    if (!catalogue->json)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: line %d: %s", path, reason.line, reason.text));
    PST_TRY(take_entries(error, path, catalogue));
    pst_error nowhere;
    if (pst_folder_data(&nowhere, &catalogue->folder) == PST_ERROR_MEMORY)
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "%s", nowhere.text));
    *result = catalogue;
    catalogue = NULL;

cleanup:
    pst_free(text);
    pst_catalogue_close(catalogue);
    return status;
}

pst_status pst_catalogue_open(pst_catalogue **result) {
    const char *path = getenv("PASTICHE_CATALOGUE");
    pst_error error = {0};
    pst_status status = pst_catalogue_read(&error, path && *path ? path : PST_BUILT_IN "catalogue.json", result);
    if (status != PST_OK && pst_allocate(NULL, 1, sizeof **result, result) == PST_OK)
        (*result)->error = error; /* good for its message alone */
    return status;
}

void pst_catalogue_close(pst_catalogue *catalogue) {
    if (!catalogue)
        return;
    json_decref(catalogue->json);
    pst_free(catalogue->entries);
    pst_free(catalogue->folder);
    pst_free(catalogue->path);
    pst_free(catalogue);
}

const char *pst_catalogue_message(const pst_catalogue *catalogue) { return catalogue->error.text; }

const char *pst_catalogue_folder(const pst_catalogue *catalogue) { return catalogue->folder ? catalogue->folder : ""; }

const pst_known_network *pst_catalogue_networks(const pst_catalogue *catalogue, size_t *count) {
    *count = catalogue->count;
    return catalogue->entries;
}

const pst_known_network *pst_catalogue_known(const pst_catalogue *catalogue, const char *name) {
    for (size_t i = 0; i < catalogue->count; i++)
        if (strcmp(name, catalogue->entries[i].name) == 0 || (*name && strcmp(name, catalogue->entries[i].alias) == 0))
            return &catalogue->entries[i];
    return NULL;
}

/* ---- what is inside the library ------------------------------------------------------------------------------ */

static const char *const built_in[] = {"medium", "small", NULL};

const char *const *pst_catalogue_built_in(void) { return built_in; }

/* "built-in:small.safetensors", or "" for what is no name of one. */
static const char *path_inside(const char *name, char path[64]) {
    path[0] = 0;
    for (size_t i = 0; built_in[i]; i++)
        if (strcmp(name, built_in[i]) == 0)
            snprintf(path, 64, PST_BUILT_IN "%s.safetensors", name);
    return path;
}

/* ---- what is installed --------------------------------------------------------------------------------------- */

/* folder/name`ending` if that is a file, of this size if one is given; else *path is NULL. */
static pst_status look(pst_error *error, const pst_catalogue *catalogue, const char *name, const char *ending,
                       uint64_t bytes, char **path) {
    char file[256];
    uint64_t found;
    *path = NULL;
    if (!catalogue->folder || strlen(name) + strlen(ending) >= sizeof file)
        return PST_OK;
    strcat(strcpy(file, name), ending);
    pst_status status = pst_path_join(error, catalogue->folder, file, path);
    if (status == PST_OK && (pst_path_examine(*path, &found) != PST_PATH_FILE || (bytes && found != bytes))) {
        pst_free(*path);
        *path = NULL;
    }
    return status;
}

/* What was converted comes before what was fetched: it is smaller and sooner read. */
static pst_status find_installed(pst_error *error, const pst_catalogue *catalogue, const pst_known_network *entry,
                                 char **path) {
    pst_status status = look(error, catalogue, entry->name, ".safetensors", 0, path);
    return status == PST_OK && !*path ? look(error, catalogue, entry->file, "", entry->bytes, path) : status;
}

static bool is_built_in(const char *path) {
    pst_file *file;
    bool there =
        strncmp(path, PST_BUILT_IN, strlen(PST_BUILT_IN)) == 0 && pst_file_open(NULL, path, &file, NULL) == PST_OK;
    if (!there)
        return false;
    pst_file_close(file);
    return true;
}

static pst_status find_default(pst_error *error, const pst_catalogue *catalogue, char **path) {
    for (size_t i = 0; i < catalogue->count; i++) {
        pst_status status = find_installed(error, catalogue, &catalogue->entries[i], path);
        if (status != PST_OK || *path)
            return status;
    }
    char usual[64];
    path_inside(PST_DEFAULT_BUILT_IN, usual);
    return is_built_in(usual) ? pst_copy_text(error, usual, path) : pst_fail(error, PST_ERROR_FILE, "%s", NO_NETWORK);
}

static pst_status find(pst_error *error, const pst_catalogue *catalogue, const char *asked, char **path) {
    *path = NULL;
    if (!asked || !*asked)
        return find_default(error, catalogue, path);
    if (is_built_in(asked) || pst_path_examine(asked, NULL) != PST_PATH_NONE)
        return pst_copy_text(error, asked, path);
    if (pst_path_name(asked) != asked)
        return pst_fail(error, PST_ERROR_FILE, "%s: no such file or folder", asked);
    char inside[64];
    if (is_built_in(path_inside(asked, inside)))
        return pst_copy_text(error, inside, path);
    const pst_known_network *entry = pst_catalogue_known(catalogue, asked);
    pst_status status =
        entry ? find_installed(error, catalogue, entry, path) : look(error, catalogue, asked, "", 0, path);
    if (status == PST_OK && !*path && entry)
        return pst_fail(error, PST_ERROR_FILE,
                        "%s: this network is known, but not installed; `pastiche model fetch %s` installs it", asked,
                        asked);
    if (status == PST_OK && !*path)
        return pst_fail(error, PST_ERROR_FILE,
                        "%s: no such file or folder, and no network that `pastiche model list` knows", asked);
    return status;
}

pst_status pst_weights_find(pst_error *error, const char *asked, char **path) {
    pst_catalogue *catalogue;
    *path = NULL;
    if (asked && pst_path_examine(asked, NULL) != PST_PATH_NONE)
        return pst_copy_text(error, asked, path);
    pst_status status = pst_catalogue_open(&catalogue);
    if (status == PST_OK)
        status = find(error, catalogue, asked, path);
    else
        pst_fail(error, status, "%s", catalogue ? catalogue->error.text : "not enough memory");
    pst_catalogue_close(catalogue);
    return status;
}

/* Gives a path to the caller until the next call. */
static pst_status keep(pst_catalogue *catalogue, pst_status status, char *found, const char **path) {
    pst_free(catalogue->path);
    catalogue->path = found;
    *path = found;
    return status;
}

pst_status pst_catalogue_find(pst_catalogue *catalogue, const char *asked, const char **path) {
    char *found;
    pst_status status = find(&catalogue->error, catalogue, asked, &found);
    return keep(catalogue, status, found, path);
}

pst_status pst_catalogue_installed(pst_catalogue *catalogue, const pst_known_network *network, const char **path) {
    char *found;
    pst_status status = find_installed(&catalogue->error, catalogue, network, &found);
    return keep(catalogue, status, found, path);
}
