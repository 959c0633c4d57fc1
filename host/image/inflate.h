/* Unpacking of zlib streams in image files. */
#ifndef PST_IMAGE_INFLATE_H
#define PST_IMAGE_INFLATE_H

#include "base/status.h"

/* Unpacks a whole stream of at most `most` bytes, whatever window its header declares; free *out with pst_free.
 * PST_ERROR_FORMAT for what is damaged, cut short or larger; PST_ERROR_UNSUPPORTED in a build without zlib. */
pst_status pst_inflate(pst_error *error, const uint8_t *data, size_t bytes, size_t most, uint8_t **out,
                       size_t *out_bytes);

#endif
