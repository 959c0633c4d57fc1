#include "model/zip_archive.h"

#include <zip.h>

#include "base/memory.h"

struct pst_zip {
    zip_t *zip;
    char *path;
};

struct pst_zip_entry {
    const pst_zip *zip;
    zip_file_t *file;
    char *name;
};

pst_status pst_zip_fail(pst_error *error, const pst_zip *zip, const char *entry, const char *why) {
    return pst_fail(error, PST_ERROR_FORMAT, "%s: %.100s in the archive cannot be read: %s", zip->path, entry, why);
}

pst_status pst_zip_open(pst_error *error, const char *path, pst_zip **zip) {
    pst_status status;
    pst_zip *opened = NULL;
    int code = 0;
    *zip = NULL;
    PST_TRY(pst_allocate(error, 1, sizeof *opened, &opened));
    PST_TRY(pst_copy_text(error, path, &opened->path));
    opened->zip = zip_open(path, ZIP_RDONLY, &code);
    if (!opened->zip) {
        zip_error_t why;
        zip_error_init_with_code(&why, code);
        status = pst_fail(error, code == ZIP_ER_MEMORY ? PST_ERROR_MEMORY : PST_ERROR_FORMAT,
                          "%s: is a damaged or incomplete zip archive: %s", path, zip_error_strerror(&why));
        zip_error_fini(&why);
        goto cleanup;
    }
    *zip = opened;
    opened = NULL;

cleanup:
    pst_zip_close(opened);
    return status;
}

void pst_zip_close(pst_zip *zip) {
    if (!zip)
        return;
    if (zip->zip)
        zip_discard(zip->zip);
    pst_free(zip->path);
    pst_free(zip);
}

uint64_t pst_zip_count(const pst_zip *zip) {
    zip_int64_t count = zip_get_num_entries(zip->zip, 0);
    return count > 0 ? (uint64_t)count : 0;
}

const char *pst_zip_name(const pst_zip *zip, uint64_t index) { return zip_get_name(zip->zip, index, ZIP_FL_ENC_RAW); }

pst_status pst_zip_entry_open(pst_error *error, pst_zip *zip, const char *name, pst_zip_entry **entry,
                              uint64_t *bytes) {
    pst_status status;
    pst_zip_entry *opened = NULL;
    zip_stat_t facts;
    *entry = NULL;
    if (zip_stat(zip->zip, name, ZIP_FL_ENC_RAW, &facts) != 0 || !(facts.valid & ZIP_STAT_SIZE))
        return pst_zip_fail(error, zip, name, "it is not there");
    *bytes = facts.size;
    PST_TRY(pst_allocate(error, 1, sizeof *opened, &opened));
    PST_TRY(pst_copy_text(error, name, &opened->name));
    opened->zip = zip;
    opened->file = zip_fopen_index(zip->zip, facts.index, 0);
    if (!opened->file)
        PST_TRY(pst_zip_fail(error, zip, name, zip_strerror(zip->zip)));
    *entry = opened;
    opened = NULL;

cleanup:
    pst_zip_entry_close(opened);
    return status;
}

pst_status pst_zip_entry_read(pst_error *error, pst_zip_entry *entry, void *data, size_t bytes) {
    zip_int64_t got = bytes > 0 ? zip_fread(entry->file, data, bytes) : 0;
    if (got >= 0 && (size_t)got == bytes)
        return PST_OK;
    return pst_zip_fail(error, entry->zip, entry->name, got < 0 ? zip_file_strerror(entry->file) : "it is cut short");
}

void pst_zip_entry_close(pst_zip_entry *entry) {
    if (!entry)
        return;
    if (entry->file)
        zip_fclose(entry->file);
    pst_free(entry->name);
    pst_free(entry);
}

pst_status pst_zip_load(pst_error *error, pst_zip *zip, const char *name, uint64_t max_bytes, uint8_t **data,
                        size_t *bytes) {
    pst_zip_entry *entry;
    uint64_t size;
    *data = NULL;
    pst_status status = pst_zip_entry_open(error, zip, name, &entry, &size);
    if (status != PST_OK)
        return status;
    if (size > max_bytes || size > SIZE_MAX)
        PST_TRY(pst_zip_fail(error, zip, name, "it is larger than that of any network"));
    status = pst_allocate(error, (size_t)size, 1, data);
    if (status != PST_OK) {
        pst_fail_in(error, zip->path);
        goto cleanup;
    }
    PST_TRY(pst_zip_entry_read(error, entry, *data, (size_t)size));
    *bytes = (size_t)size;

cleanup:
    pst_zip_entry_close(entry);
    if (status != PST_OK) {
        pst_free(*data);
        *data = NULL;
    }
    return status;
}
