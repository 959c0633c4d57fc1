/* Zip archives, read entry by entry. libzip does the work; its header is included in zip_archive.c alone. */
#ifndef PST_MODEL_ZIP_ARCHIVE_H
#define PST_MODEL_ZIP_ARCHIVE_H

#include "base/status.h"

typedef struct pst_zip pst_zip;
typedef struct pst_zip_entry pst_zip_entry;

/* Messages begin with the path. */
pst_status pst_zip_open(pst_error *error, const char *path, pst_zip **zip);
void pst_zip_close(pst_zip *zip);

/* The name of an entry, valid as long as the archive; NULL where there is none. */
uint64_t pst_zip_count(const pst_zip *zip);
const char *pst_zip_name(const pst_zip *zip, uint64_t index);

/* *bytes is what it says that it unpacks to. */
pst_status pst_zip_entry_open(pst_error *error, pst_zip *zip, const char *name, pst_zip_entry **entry, uint64_t *bytes);
pst_status pst_zip_entry_read(pst_error *error, pst_zip_entry *entry, void *data, size_t bytes);
void pst_zip_entry_close(pst_zip_entry *entry);

/* Unpacks an entry of at most so many bytes into new memory; free with pst_free. */
pst_status pst_zip_load(pst_error *error, pst_zip *zip, const char *name, uint64_t max_bytes, uint8_t **data,
                        size_t *bytes);

/* What is wrong with an entry. */
pst_status pst_zip_fail(pst_error *error, const pst_zip *zip, const char *entry, const char *why);

#endif
