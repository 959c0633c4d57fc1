#include "model/mat5_contents.h"

#include <string.h>

#include "base/memory.h"
#ifdef PST_WITH_ZLIB
#include <zlib.h>
#endif

#define MOST_UNPACKED ((uint64_t)1 << 31) /* VGG-19 with its classifier has 0.58 GB */
#define MOST_WORK (4 * MOST_UNPACKED)
#define PIECE_BYTES 32768

struct pst_mat5_contents {
    const char *path;
    pst_file *file;
    uint64_t offset, bytes; /* in the file */
    bool packed;
#ifdef PST_WITH_ZLIB
    z_stream stream;
    bool running;
    uint64_t taken, at; /* of the packed bytes; of the unpacked */
    uint64_t work;      /* bytes that were unpacked in all, again and again perhaps */
    uint8_t in[PIECE_BYTES], out[PIECE_BYTES];
    size_t out_begin, out_end; /* unpacked and not asked for yet: they begin at `at` */
#endif
};

pst_status pst_mat5_contents_open(pst_error *error, const char *path, pst_file *file, uint64_t offset, uint64_t bytes,
                                  bool packed, pst_mat5_contents **contents) {
    *contents = NULL;
#ifndef PST_WITH_ZLIB
    if (packed)
        return pst_fail(error, PST_ERROR_UNSUPPORTED,
                        "%s: is compressed, which this build does not read; install zlib1g-dev and build "
                        "again",
                        path);
#endif
    pst_status status = pst_allocate(error, 1, sizeof **contents, contents);
    if (status != PST_OK)
        return status;
    pst_mat5_contents *made = *contents;
    made->path = path;
    made->file = file;
    made->offset = offset;
    made->bytes = bytes;
    made->packed = packed;
    return PST_OK;
}

uint64_t pst_mat5_contents_bytes(const pst_mat5_contents *contents) {
    return contents->packed ? MOST_UNPACKED : contents->bytes;
}

#ifdef PST_WITH_ZLIB
static pst_status fail(pst_error *error, const pst_mat5_contents *c) {
    return pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged: a compressed variable ends too early", c->path);
}

static void stop(pst_mat5_contents *c) {
    if (c->running)
        inflateEnd(&c->stream);
    c->running = false;
}

static pst_status start(pst_error *error, pst_mat5_contents *c) {
    stop(c);
    c->stream = (z_stream){0};
    c->taken = c->at = c->out_begin = c->out_end = 0;
    if (inflateInit(&c->stream) != Z_OK)
        return pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory to unpack it", c->path);
    c->running = true;
    return PST_OK;
}

/* Unpacks a piece more, once the last is used up. */
static pst_status refill(pst_error *error, pst_mat5_contents *c) {
    c->stream.next_out = c->out;
    c->stream.avail_out = PIECE_BYTES;
    while (c->stream.avail_out == PIECE_BYTES) {
        if (c->stream.avail_in == 0) {
            uint64_t left = c->bytes - c->taken;
            size_t part = left < PIECE_BYTES ? (size_t)left : PIECE_BYTES;
            if (part == 0)
                return fail(error, c);
            pst_status status = pst_file_read(error, c->file, c->offset + c->taken, c->in, part);
            if (status != PST_OK)
                return status;
            c->taken += part;
            c->stream.next_in = c->in;
            c->stream.avail_in = (uInt)part;
        }
        int result = inflate(&c->stream, Z_NO_FLUSH);
        if (result != Z_OK && !(result == Z_STREAM_END && c->stream.avail_out < PIECE_BYTES))
            return result == Z_MEM_ERROR
                       ? pst_fail(error, PST_ERROR_MEMORY, "%s: not enough memory to unpack it", c->path)
                       : fail(error, c);
    }
    c->work += PIECE_BYTES;
    if (c->work > MOST_WORK)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: its arrays are in an order that takes too long to unpack",
                        c->path);
    c->out_begin = 0;
    c->out_end = PIECE_BYTES - c->stream.avail_out;
    return PST_OK;
}

static pst_status read_packed(pst_error *error, pst_mat5_contents *c, uint64_t at, uint8_t *data, size_t bytes) {
    pst_status status = !c->running || at < c->at ? start(error, c) : PST_OK;
    while (status == PST_OK && bytes > 0) {
        if (c->out_begin == c->out_end) {
            status = refill(error, c);
            continue;
        }
        size_t part = c->out_end - c->out_begin;
        if (c->at < at) { /* passed over */
            part = at - c->at < part ? (size_t)(at - c->at) : part;
        } else {
            part = bytes < part ? bytes : part;
            memcpy(data, c->out + c->out_begin, part);
            data += part;
            bytes -= part;
            at += part;
        }
        c->out_begin += part;
        c->at += part;
    }
    if (status != PST_OK)
        stop(c);
    return status;
}
#endif

void pst_mat5_contents_close(pst_mat5_contents *contents) {
#ifdef PST_WITH_ZLIB
    if (contents)
        stop(contents);
#endif
    pst_free(contents);
}

pst_status pst_mat5_contents_read(pst_error *error, pst_mat5_contents *c, uint64_t at, void *data, size_t bytes) {
    uint64_t most = pst_mat5_contents_bytes(c);
    if (at > most || bytes > most - at)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged or cut short", c->path);
#ifdef PST_WITH_ZLIB
    if (c->packed)
        return read_packed(error, c, at, data, bytes);
#endif
    return pst_file_read(error, c->file, c->offset + at, data, bytes);
}
