/* Files of styles. All numbers little-endian:
 *     "pastiche style\n\0", version
 *     pooling, replicate_border, pixels_256, layers, sizes       uint32 each
 *     from version 2 on: ceil, gray                              uint32 each
 *     about, the network's name, its digest                      each a length (uint32) and so many bytes of text
 *     each layer: a length and its name, channels (uint32);      each size: its longer side (uint32)
 *     each size, the largest first, of each layer: the mean [c], the second moments' rows from the diagonal on float32
 *     SHA-256 of all before                                      64 hexadecimal digits
 * float32 gives the losses of the run with the images to their last bits with VGG-19, in every form. float16 (of the
 * moments over the roots of their diagonal's) takes half the bytes, and its first losses were off by up to 1e-5 of a
 * term, in the Wasserstein form, which takes roots of small differences of moments, by 1e-3. */
#include <math.h>
#include <string.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "package/printable.h"
#include "transfer/stored_style.h"

#define MAGIC "pastiche style\n" /* with its final zero */
#define VERSION 2u
#define SUM_BYTES 64
#define FILE_MOST ((size_t)1 << 30)

/* ---- to and from bytes ---- */

/* Writes to `at`, or only counts where that is NULL; reads from it up to `end`. */
typedef struct cursor {
    uint8_t *at, *end;
    size_t bytes;
    bool bad; /* reading: it ended early, or something is not as it can be */
} cursor;

static void put_bytes(cursor *c, const void *data, size_t bytes) {
    if (c->at) {
        memcpy(c->at, data, bytes);
        c->at += bytes;
    }
    c->bytes += bytes;
}

static void put_number(cursor *c, uint32_t number) {
    const uint8_t bytes[4] = {(uint8_t)number, (uint8_t)(number >> 8), (uint8_t)(number >> 16),
                              (uint8_t)(number >> 24)};
    put_bytes(c, bytes, 4);
}

static void put_text(cursor *c, const char *text) {
    put_number(c, (uint32_t)strlen(text));
    put_bytes(c, text, strlen(text));
}

static uint32_t take_number(cursor *c) {
    if (c->bad || c->end - c->at < 4) {
        c->bad = true;
        return 0;
    }
    const uint8_t *b = c->at;
    c->at += 4;
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* Of at most size - 1 bytes and without control characters: it is shown to people. */
static void take_text(cursor *c, char *text, size_t size) {
    size_t length = take_number(c);
    *text = '\0';
    if (c->bad || length >= size || length > (size_t)(c->end - c->at)) {
        c->bad = true;
        return;
    }
    memcpy(text, c->at, length);
    text[length] = '\0';
    c->at += length;
    for (size_t i = 0; i < length; i++)
        c->bad = c->bad || (unsigned char)text[i] < 32 || text[i] == 127;
    pst_make_printable(text, size);
}

/* ---- writing ---- */

static void put_all(cursor *c, const pst_style *style) {
    put_bytes(c, MAGIC, sizeof MAGIC);
    put_number(c, VERSION);
    put_number(c, (uint32_t)style->pooling);
    put_number(c, style->replicate_border);
    put_number(c, style->pixels_256);
    put_number(c, (uint32_t)style->layer_count);
    put_number(c, (uint32_t)style->size_count);
    put_number(c, style->ceil);
    put_number(c, style->gray);
    put_text(c, style->about);
    put_text(c, style->network);
    put_text(c, style->network_digest);
    for (size_t l = 0; l < style->layer_count; l++) {
        put_text(c, style->layers[l]);
        put_number(c, (uint32_t)style->channels[l]);
    }
    for (size_t s = 0; s < style->size_count; s++)
        put_number(c, (uint32_t)style->sizes[s]);
    size_t floats = 0;
    for (size_t l = 0; l < style->layer_count; l++)
        floats += style->size_count * pst_style_floats(style->channels[l]);
    for (size_t i = 0; c->at && i < floats; i++) {
        uint32_t bits;
        memcpy(&bits, &style->numbers[i], sizeof bits);
        put_number(c, bits);
    }
    if (!c->at)
        c->bytes += sizeof(float) * floats;
}

uint64_t pst_style_bytes(const pst_style *style) {
    cursor count = {0};
    put_all(&count, style);
    return count.bytes + SUM_BYTES;
}

pst_status pst_style_write(pst_error *error, pst_style *style, uint8_t **data, size_t *bytes) {
    pst_digest digest;
    *bytes = (size_t)pst_style_bytes(style);
    pst_status status = pst_allocate(error, *bytes, 1, data);
    if (status != PST_OK)
        return status;
    cursor c = {.at = *data};
    put_all(&c, style);
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    pst_digest_add(&digest, *data, c.bytes);
    pst_digest_end(&digest, style->digest);
    put_bytes(&c, style->digest, SUM_BYTES);
    return PST_OK;
}

pst_status pst_style_save(pst_context *context, const pst_style *style, const char *path) {
    pst_style copy = *style; /* of which the digest is filled anew */
    uint8_t *data;
    size_t bytes;
    pst_status status = pst_style_write(&context->error, &copy, &data, &bytes);
    if (status == PST_OK)
        status = pst_file_save(&context->error, path, data, bytes);
    pst_free(data);
    return status;
}

/* ---- reading ---- */

bool pst_style_recognize(const char *path) {
    char magic[sizeof MAGIC] = "";
    pst_file *file = NULL;
    bool is = pst_file_open(NULL, path, &file, NULL) == PST_OK &&
              pst_file_read(NULL, file, 0, magic, sizeof magic) == PST_OK && memcmp(magic, MAGIC, sizeof magic) == 0;
    pst_file_close(file);
    return is;
}

static void take_layers(cursor *c, pst_style *style) {
    for (size_t l = 0; l < style->layer_count && !c->bad; l++) {
        take_text(c, style->layers[l], sizeof style->layers[l]);
        uint32_t channels = take_number(c);
        c->bad = c->bad || !*style->layers[l] || channels < 1 || channels > PST_WEIGHTS_MAX_CHANNELS;
        for (size_t other = 0; other < l; other++)
            c->bad = c->bad || strcmp(style->layers[other], style->layers[l]) == 0;
        style->channels[l] = c->bad ? 0 : (int)channels;
    }
    for (size_t s = 0; s < style->size_count && !c->bad; s++) {
        uint32_t size = take_number(c);
        c->bad = c->bad || size < 1 || size > PST_IMAGE_MAX_SIDE || (s && (int)size >= style->sizes[s - 1]);
        style->sizes[s] = c->bad ? 0 : (int)size;
    }
}

/* All but the numbers. */
static void take_head(cursor *c, uint32_t version, pst_style *style) {
    uint32_t pooling = take_number(c), replicate = take_number(c), wide = take_number(c), layers = take_number(c),
             sizes = take_number(c), ceil = version > 1 ? take_number(c) : 0, gray = version > 1 ? take_number(c) : 0;
    c->bad = c->bad || pooling > PST_POOLING_L2 || replicate > 1 || wide > 1 || ceil > 1 || gray > 1 || layers < 1 ||
             layers > PST_LAYERS_MAX || sizes < 1 || sizes > PST_SCALES_MAX;
    take_text(c, style->about, sizeof style->about);
    take_text(c, style->network, sizeof style->network);
    take_text(c, style->network_digest, sizeof style->network_digest);
    if (c->bad)
        return;
    style->pooling = (pst_pooling)pooling;
    style->replicate_border = replicate;
    style->pixels_256 = wide;
    style->ceil = ceil;
    style->gray = gray;
    style->layer_count = layers;
    style->size_count = sizes;
    take_layers(c, style);
}

/* Features are at least 0, and so are their means and second moments. */
static void take_numbers(cursor *c, float *numbers, size_t count) {
    for (size_t i = 0; i < count && !c->bad; i++) {
        uint32_t bits = take_number(c);
        memcpy(&numbers[i], &bits, sizeof bits);
        c->bad = c->bad || !isfinite(numbers[i]) || numbers[i] < 0;
    }
}

static pst_status check_sum(pst_error *error, const char *path, const uint8_t *data, size_t bytes, char sum[65]) {
    pst_digest digest;
    pst_digest_begin(&digest, PST_DIGEST_SHA256);
    if (bytes > SUM_BYTES)
        pst_digest_add(&digest, data, bytes - SUM_BYTES);
    pst_digest_end(&digest, sum);
    if (bytes > SUM_BYTES && memcmp(sum, data + bytes - SUM_BYTES, SUM_BYTES) == 0)
        return PST_OK;
    return pst_fail(error, PST_ERROR_FORMAT, "%s: is a damaged style file, or cut short", path);
}

pst_status pst_style_load(pst_context *context, const char *path, pst_style **result) {
    pst_error *error = &context->error;
    pst_style *style = NULL;
    uint8_t *data = NULL;
    size_t bytes;
    pst_status status;
    *result = NULL;
    pst_file *file = NULL;
    PST_TRY(pst_file_open(error, path, &file, NULL)); /* its own complaint about a file that is not there */
    if (!pst_style_recognize(path))
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is not a style file of pastiche", path));
    PST_TRY(pst_file_load(error, path, FILE_MOST, &data, &bytes));
    cursor c = {.at = data + sizeof MAGIC, .end = data + bytes};
    uint32_t version = take_number(&c);
    if (!c.bad && (version < 1 || version > VERSION))
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT,
                         "%s: is a style file of version %lu; this pastiche reads versions 1 to %u", path,
                         (unsigned long)version, VERSION));
    PST_TRY(pst_allocate(error, 1, sizeof *style, &style));
    style->holders = 1;
    PST_TRY(check_sum(error, path, data, bytes, style->digest));
    c.end -= SUM_BYTES;
    take_head(&c, version, style);
    if (c.bad || pst_style_bytes(style) - (version > 1 ? 0 : 8) != bytes)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is an invalid style file", path));
    PST_TRY(pst_copy_text(error, path, &style->path));
    PST_TRY(pst_style_allocate(error, style));
    take_numbers(&c, style->numbers, (size_t)(c.end - c.at) / sizeof(float));
    if (c.bad)
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is a style file with impossible numbers", path));
    *result = style;
    style = NULL;
cleanup:
    pst_file_close(file);
    pst_free(data);
    pst_style_destroy(style);
    return status;
}
