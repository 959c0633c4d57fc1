/* Keras 3's .keras archives: a zip archive with the weights as an HDF5 file among its entries, which is unpacked into
 * memory. */
#include "base/memory.h"
#include "model/source.h"
#include "model/zip_archive.h"

/* The whole VGG-19 has 0.6 GB, and three times that with the moments of its training. Numbers of trained networks
 * hardly get smaller by packing; what gets smaller than an eighth is no network, or one that a megabyte has room for.
 */
#define MAX_BYTES ((uint64_t)2 << 30)
#define MAX_PACKED 8
#define SMALL_BYTES ((uint64_t)1 << 20)

static pst_status open_keras_zip(pst_error *error, pst_source *source) {
    uint64_t most = SMALL_BYTES + MAX_PACKED * source->bytes;
    uint8_t *image;
    size_t bytes;
    pst_zip *zip;
    pst_status status = pst_zip_open(error, source->path, &zip);
    if (status != PST_OK)
        return status;
    status = pst_zip_load(error, zip, PST_KERAS_ENTRY, most < MAX_BYTES ? most : MAX_BYTES, &image, &bytes);
    pst_zip_close(zip);
    return status == PST_OK ? pst_keras_open_image(error, source, image, bytes) : status;
}

/* pst_keras_open_image gives the source the format that reads. */
const pst_format pst_format_keras_zip = {.name = ".keras", .open = open_keras_zip};
