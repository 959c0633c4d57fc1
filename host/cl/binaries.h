/* Programs as drivers compiled them, kept in the user's cache folder and read back at the next start. Not where the
 * driver keeps them itself, unless the environment variable PASTICHE_BINARIES names a folder; with "none" nowhere. */
#ifndef PST_CL_BINARIES_H
#define PST_CL_BINARIES_H

#include "base/cache.h"
#include "cl/device.h"

#define PST_BINARIES_NOTICE 448

typedef struct pst_binaries {
    cl_context context;
    const pst_device *device;
    pst_cache cache; /* without a folder none are kept */
    char notice[PST_BINARIES_NOTICE];
} pst_binaries;

/* For one device in its context, which must outlive it. */
pst_status pst_binaries_open(pst_error *error, cl_context context, const pst_device *device, pst_binaries *binaries);
void pst_binaries_close(pst_binaries *binaries);

/* Why nothing is kept in the folder that a device's programs should be kept in, and what to do; or "". Likewise in
 * pst_binaries. */
void pst_binaries_notice(const pst_device *device, char notice[PST_BINARIES_NOTICE]);

/* What a program is made from and for: sources, options, device, driver. The same key is the same binary. "" where none
 * are kept. */
void pst_binaries_key(const pst_binaries *binaries, cl_uint count, const char *const *texts, const char *options,
                      char key[PST_CACHE_KEY + 1]);

/* The built program, or NULL: there is none, it is damaged, or the driver does not take it. */
cl_program pst_binaries_find(const pst_binaries *binaries, const char *key, const char *options);
void pst_binaries_keep(const pst_binaries *binaries, const char *key, cl_program program);

/* Removes all, and copies the name of their folder, "" where none are kept. */
pst_status pst_binaries_clear(pst_error *error, char *folder, size_t folder_bytes, pst_cache_removal *removal);

#endif
