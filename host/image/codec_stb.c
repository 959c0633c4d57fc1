/* TGA, GIF, PSD and Radiance HDR by stb_image, BMP and TGA by stb_image_write. None of their symbols leave this
 * file, running out of memory is an error like any other, and a small file cannot ask for endless memory. */
#include <setjmp.h>
#include <stddef.h>
#include <string.h>

#include "base/memory.h"
#include "image/bmp.h"
#include "image/codec.h"
#include "image/color.h"

/* ---- memory for stb ------------------------------------------------------------------------------------------ */

/* stb_image takes as much memory as a damaged file asks for. So all that it allocates is kept in a pool with a limit;
 * when that is reached or memory runs out, the work is left by a longjmp and the pool is emptied. */
typedef struct block {
    struct block *next, *previous;
    size_t bytes;
} block;

#define HEADER_BYTES ((sizeof(block) + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t))

typedef struct pool {
    block *first;
    uint64_t used, limit;
    enum { POOL_FINE, POOL_NO_MEMORY, POOL_OVER_LIMIT, POOL_CUT_SHORT } state;
    jmp_buf leave;
} pool;

static _Thread_local pool current; /* not on the stack, so that a longjmp leaves it defined */

static void *pool_allocate(size_t bytes) {
    block *made = NULL;
    if (bytes > current.limit - current.used)
        current.state = POOL_OVER_LIMIT;
    else if (bytes > SIZE_MAX - HEADER_BYTES || pst_allocate(NULL, HEADER_BYTES + bytes, 1, &made) != PST_OK)
        current.state = POOL_NO_MEMORY;
    if (!made)
        longjmp(current.leave, 1);
    made->bytes = bytes;
    made->next = current.first;
    if (made->next)
        made->next->previous = made;
    current.first = made;
    current.used += bytes;
    return (char *)made + HEADER_BYTES;
}

static block *block_of(void *memory) { return (block *)(void *)((char *)memory - HEADER_BYTES); }

static void pool_forget(block *gone) {
    *(gone->previous ? &gone->previous->next : &current.first) = gone->next;
    if (gone->next)
        gone->next->previous = gone->previous;
    current.used -= gone->bytes;
}

static void pool_free(void *memory) {
    if (!memory)
        return;
    pool_forget(block_of(memory));
    pst_free(block_of(memory));
}

static void *pool_resize(void *memory, size_t bytes) {
    void *moved = pool_allocate(bytes);
    if (memory) {
        size_t kept = block_of(memory)->bytes;
        memcpy(moved, memory, kept < bytes ? kept : bytes);
        pool_free(memory);
    }
    return moved;
}

/* Calls work(argument) with a pool for stb. What it leaves in the pool is freed, but for *keep. */
static pst_status with_pool(pst_error *error, uint64_t limit, void (*work)(void *), void *argument, void **keep) {
    current.first = NULL;
    current.used = 0;
    current.limit = limit;
    current.state = POOL_FINE;
    if (setjmp(current.leave) == 0)
        work(argument);
    if (current.state == POOL_FINE && keep && *keep)
        pool_forget(block_of(*keep));
    while (current.first) {
        block *gone = current.first;
        current.first = gone->next;
        pst_free(gone);
    }
    if (current.state == POOL_NO_MEMORY)
        return pst_fail(error, PST_ERROR_MEMORY, "not enough memory for the image");
    if (current.state == POOL_OVER_LIMIT)
        return pst_fail(error, PST_ERROR_FORMAT, "its data expands to far more than an image of its size needs");
    if (current.state == POOL_CUT_SHORT)
        return pst_fail(error, PST_ERROR_FORMAT, "it is cut short");
    return PST_OK;
}

static void free_kept(void *memory) {
    if (memory)
        pst_free(block_of(memory));
}

/* ---- stb itself ---------------------------------------------------------------------------------------------- */

#define STBI_MALLOC(bytes) pool_allocate(bytes)
#define STBI_REALLOC(memory, bytes) pool_resize(memory, bytes)
#define STBI_FREE(memory) pool_free(memory)
#define STBIW_MALLOC(bytes) pool_allocate(bytes)
#define STBIW_REALLOC(memory, bytes) pool_resize(memory, bytes)
#define STBIW_FREE(memory) pool_free(memory)
#define STBI_ASSERT(condition) ((void)0)
#define STBIW_ASSERT(condition) ((void)0)
#define STBI_MAX_DIMENSIONS 65535
#define STBI_NO_STDIO
#define STBI_ONLY_GIF
#define STBI_ONLY_HDR
#define STBI_ONLY_PSD
#define STBI_ONLY_TGA
#define STBI_FAILURE_USERMSG
#define STBI_WRITE_NO_STDIO
#define STB_IMAGE_STATIC
#define STB_IMAGE_IMPLEMENTATION
#define STB_IMAGE_WRITE_STATIC
#define STB_IMAGE_WRITE_IMPLEMENTATION

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wunused-function" /* told of at the end of the file, so a pop would undo it */
#elif defined(_MSC_VER)
#pragma warning(push, 0)
#endif
#include <stb_image.h>
#include <stb_image_write.h>
#if defined(_MSC_VER)
#pragma warning(pop)
#endif

/* ---- reading ------------------------------------------------------------------------------------------------- */

typedef struct source {
    const uint8_t *file;
    size_t bytes, at;
    int width, height, bits; /* 32: floats */
    bool fine;
    void *rgba;
} source;

/* stb_image would go on with zeros where a file is cut short, so there it is left. It takes the file in pieces of
 * REFILL_BYTES or in the lengths that it needs; only of the former may less come than it asks for. */
enum { REFILL_BYTES = sizeof((stbi__context *)0)->buffer_start };

static int take(void *user, char *data, int size) {
    source *from = user;
    size_t left = from->bytes - from->at, count = (size_t)size < left ? (size_t)size : left;
    if (size > 0 && (count == 0 || (count < (size_t)size && size != REFILL_BYTES))) {
        current.state = POOL_CUT_SHORT;
        longjmp(current.leave, 1);
    }
    memcpy(data, from->file + from->at, count);
    from->at += count;
    return (int)count;
}

static void pass_over(void *user, int size) {
    source *from = user;
    size_t left = from->bytes - from->at;
    if (size > 0) /* past the end is fine as long as nothing is wanted from there */
        from->at += (size_t)size < left ? (size_t)size : left;
}

static int at_end(void *user) {
    source *from = user;
    return from->at >= from->bytes;
}

static void find_size(void *argument) {
    source *from = argument;
    int channels;
    from->fine = stbi_info_from_memory(from->file, (int)from->bytes, &from->width, &from->height, &channels);
    if (from->fine)
        from->bits = stbi_is_hdr_from_memory(from->file, (int)from->bytes)      ? 32
                     : stbi_is_16_bit_from_memory(from->file, (int)from->bytes) ? 16
                                                                                : 8;
}

static void decode(void *argument) {
    static const stbi_io_callbacks callbacks = {take, pass_over, at_end};
    source *from = argument;
    int channels;
    if (from->bits == 32)
        from->rgba = stbi_loadf_from_callbacks(&callbacks, from, &from->width, &from->height, &channels, 4);
    else if (from->bits == 16)
        from->rgba = stbi_load_16_from_callbacks(&callbacks, from, &from->width, &from->height, &channels, 4);
    else
        from->rgba = stbi_load_from_callbacks(&callbacks, from, &from->width, &from->height, &channels, 4);
}

static const char *reason(void) {
    const char *text = stbi_failure_reason();
    return text ? text : "it is damaged";
}

#define FIXED_BYTES ((uint64_t)8 << 20) /* more than the decoders' own tables */

static pst_status find_facts(pst_error *error, source *from) {
    pst_status status = with_pool(error, FIXED_BYTES, find_size, from, NULL);
    if (status == PST_OK && !from->fine) { /* stb_image asks every format in turn; only decoding says what is wrong */
        status = with_pool(error, FIXED_BYTES, decode, from, NULL);
        if (status == PST_OK)
            status = pst_fail(error, PST_ERROR_FORMAT, "%s", reason());
    }
    return status;
}

/* An HDR file has linear light. What is brighter than white becomes white. */
static void encode_light(float *rgba, uint64_t pixels, pst_raster *raster) {
    bool clipped = false;
    for (uint64_t i = 0; i < 4 * pixels; i++) {
        if (i % 4 != 3 && rgba[i] < 1)
            rgba[i] = (float)(pst_srgb_from_linear((double)rgba[i]) / 255);
        clipped |= i % 4 != 3 && rgba[i] > 1.002f; /* less is not seen */
    }
    if (clipped)
        pst_raster_note(raster, "its light beyond white was clipped");
}

/* Whether a GIF has a second image: a walk over its blocks, which are chains of pieces with their lengths. */
static bool is_animated(const uint8_t *file, size_t bytes) {
    enum { HEADER = 13, EXTENSION = 0x21, IMAGE = 0x2c, IMAGE_HEAD = 10 };
    size_t at = HEADER;
    int images = 0;
    if (bytes < HEADER || memcmp(file, "GIF8", 4) != 0)
        return false;
    at += file[10] & 0x80 ? (size_t)6 << (file[10] & 7) : 0;
    while (at < bytes && (file[at] == EXTENSION || (file[at] == IMAGE && ++images < 2))) {
        if (file[at] == EXTENSION)
            at += 2;
        else if (bytes - at < IMAGE_HEAD)
            break;
        else
            at += IMAGE_HEAD + 1 + (file[at + 9] & 0x80 ? (size_t)6 << (file[at + 9] & 7) : 0);
        while (at < bytes && file[at])
            at += 1 + (size_t)file[at];
        at++;
    }
    return images > 1;
}

static pst_status read_stb(pst_error *error, const uint8_t *file, size_t bytes, pst_raster *raster) {
    pst_status status = PST_OK;
    source from = {.file = file, .bytes = bytes};
    if (bytes > INT32_MAX)
        return pst_fail(error, PST_ERROR_FORMAT, "it has more than 2 GiB");
    PST_TRY(find_facts(error, &from));
    raster->width = from.width;
    raster->height = from.height;
    PST_TRY(pst_raster_check_size(error, from.width, from.height));
    uint64_t pixels = (uint64_t)from.width * (uint64_t)from.height;
    from.at = 0;
    /* At most: the file gathered in a buffer that doubles, RGBA of 16 bits or floats, and two copies of it. */
    PST_TRY(with_pool(error, FIXED_BYTES + 6 * (uint64_t)bytes + 64 * pixels, decode, &from, &from.rgba));
    raster->samples = from.rgba;
    raster->free_samples = free_kept;
    raster->model = PST_RASTER_RGB;
    raster->alpha = true;
    raster->bits = from.bits;
    if (!from.rgba)
        status = pst_fail(error, PST_ERROR_FORMAT, "%s", reason());
    else if (from.width != raster->width || from.height != raster->height)
        status = pst_fail(error, PST_ERROR_FORMAT, "it gives two different sizes");
    else if (from.bits == 32)
        encode_light(from.rgba, pixels, raster);
    if (status == PST_OK && is_animated(file, bytes))
        pst_raster_note(raster, "the first image of an animation is taken");

cleanup:
    return status;
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

typedef struct job {
    const pst_packed *packed;
    bool tga, fine;
    pst_sink sink;
} job;

static void collect(void *user, void *data, int size) {
    job *j = user;
    if (pst_sink_put(&j->sink, j->sink.bytes, data, (size_t)size))
        return;
    current.state = POOL_NO_MEMORY;
    longjmp(current.leave, 1);
}

static void encode(void *argument) {
    job *j = argument;
    const pst_packed *c = j->packed;
    j->fine = j->tga ? stbi_write_tga_to_func(collect, j, c->width, c->height, c->channels, c->samples)
                     : stbi_write_bmp_to_func(collect, j, c->width, c->height, c->channels, c->samples);
}

static pst_status write_stb(pst_error *error, const pst_packed *packed, bool tga, uint8_t **file, size_t *bytes) {
    job j = {.packed = packed, .tga = tga};
    pst_status status = with_pool(error, UINT64_MAX, encode, &j, NULL);
    if (status == PST_OK && !j.fine)
        status = pst_fail(error, PST_ERROR_UNSUPPORTED, "the image is too large for this format");
    if (status != PST_OK) {
        pst_free(j.sink.data);
        return status;
    }
    *file = j.sink.data;
    *bytes = j.sink.bytes;
    return PST_OK;
}

static pst_status write_bmp(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes) {
    return write_stb(error, packed, false, file, bytes);
}
static pst_status write_tga(pst_error *error, const pst_packed *packed, uint8_t **file, size_t *bytes) {
    return write_stb(error, packed, true, file, bytes);
}

const pst_codec pst_codec_bmp = {"BMP", "stb", pst_bmp_read, write_bmp};
const pst_codec pst_codec_tga = {"TGA", "stb", read_stb, write_tga};
