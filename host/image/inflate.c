#include "image/inflate.h"

#include <string.h>

#include "base/memory.h"

#ifdef PST_WITH_ZLIB
#include <zlib.h>

#define PIECE_BYTES ((size_t)4096)

/* Grows the buffer to twice its size; `used` bytes stay. */
static pst_status grow(pst_error *error, uint8_t **out, size_t used, size_t *capacity) {
    uint8_t *larger;
    size_t wanted = *capacity ? 2 * *capacity : PIECE_BYTES;
    pst_status status = pst_allocate(error, wanted, 1, &larger);
    if (status != PST_OK)
        return status;
    if (used)
        memcpy(larger, *out, used);
    pst_free(*out);
    *out = larger;
    *capacity = wanted;
    return PST_OK;
}

pst_status pst_inflate(pst_error *error, const uint8_t *data, size_t bytes, size_t most, uint8_t **out,
                       size_t *out_bytes) {
    pst_status status = PST_OK;
    z_stream stream = {0};
    size_t used = 0, capacity = 0;
    int result = Z_OK;
    *out = NULL;
    *out_bytes = 0;
    if (bytes > UINT32_MAX / 2)
        return pst_fail(error, PST_ERROR_FORMAT, "its packed data is too long");
    if (inflateInit2(&stream, 15) != Z_OK)
        return pst_fail(error, PST_ERROR_MEMORY, "not enough memory to unpack it");
    stream.next_in = (Bytef *)(uintptr_t)data; /* only read */
    stream.avail_in = (uInt)bytes;
    while (result == Z_OK) {
        if (used == capacity)
            PST_TRY(grow(error, out, used, &capacity));
        stream.next_out = *out + used;
        stream.avail_out = (uInt)(capacity - used);
        result = inflate(&stream, Z_NO_FLUSH);
        used = capacity - stream.avail_out;
        if (used > most)
            break;
    }
    if (result == Z_MEM_ERROR)
        PST_TRY(pst_fail(error, PST_ERROR_MEMORY, "not enough memory to unpack it"));
    if (result != Z_STREAM_END || used > most)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "its packed data is damaged"));
    *out_bytes = used;

cleanup:
    inflateEnd(&stream);
    if (status != PST_OK) {
        pst_free(*out);
        *out = NULL;
    }
    return status;
}

#else

pst_status pst_inflate(pst_error *error, const uint8_t *data, size_t bytes, size_t most, uint8_t **out,
                       size_t *out_bytes) {
    (void)data, (void)bytes, (void)most;
    *out = NULL;
    *out_bytes = 0;
    return pst_fail(error, PST_ERROR_UNSUPPORTED, "this build has no zlib");
}
#endif
