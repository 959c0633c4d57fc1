#include "spread/store.h"

#include <string.h>

#include "base/memory.h"
#include "base/scratch_file.h"
#include "spread/half.h"

/* A row of halves begins with its scale, a float; rows begin on multiples of 4 bytes. */
#define SCALE_BYTES sizeof(float)
#define HALVES_AT_ONCE 8192 /* between a file and floats, on the stack */

struct pst_store {
    pst_stores *stores;
    int h, w, c;
    bool half;
    uint64_t row_bytes;
    uint8_t *memory; /* NULL: in a file */
    pst_scratch_file *file;
};

static uint64_t row_bytes(bool half, int w, int c) {
    const uint64_t count = (uint64_t)w * (uint64_t)c;
    return half ? SCALE_BYTES + (2 * count + 3) / 4 * 4 : sizeof(float) * count;
}

uint64_t pst_store_bytes(bool half, int h, int w, int c) { return (uint64_t)h * row_bytes(half, w, c); }

static uint64_t *bytes_now(const pst_store *store) {
    return store->file ? &store->stores->file_bytes : &store->stores->memory_bytes;
}

static void account(const pst_store *store) {
    pst_stores *stores = store->stores;
    *bytes_now(store) += (uint64_t)store->h * store->row_bytes;
    if (stores->peak_memory_bytes < stores->memory_bytes)
        stores->peak_memory_bytes = stores->memory_bytes;
    if (stores->peak_file_bytes < stores->file_bytes)
        stores->peak_file_bytes = stores->file_bytes;
}

pst_status pst_store_create(pst_stores *stores, bool in_file, bool half, int h, int w, int c, const char *what,
                            pst_store **store) {
    pst_store *made = NULL;
    pst_status status;
    *store = NULL;
    if (h < 1 || w < 1 || c < 1)
        return pst_fail(stores->error, PST_ERROR_ARGUMENT, "%s: a map of %dx%dx%d", what, h, w, c);
    PST_TRY(pst_allocate(stores->error, 1, sizeof *made, &made));
    *made = (pst_store){.h = h, .w = w, .c = c, .half = half, .row_bytes = row_bytes(half, w, c)};
    const uint64_t bytes = (uint64_t)h * made->row_bytes;
    if (in_file && stores->folder) {
        PST_TRY(pst_scratch_open(stores->error, stores->folder, bytes, what, &made->file));
    } else {
        status = made->row_bytes > SIZE_MAX
                     ? pst_fail(stores->error, PST_ERROR_MEMORY, "not enough memory for a row")
                     : pst_allocate(stores->error, (size_t)h, (size_t)made->row_bytes, &made->memory);
        if (status != PST_OK)
            PST_TRY(pst_fail_in(stores->error, what));
    }
    made->stores = stores;
    account(made);
    *store = made;
    return PST_OK;
cleanup:
    pst_free(made);
    return status;
}

void pst_store_destroy(pst_store *store) {
    if (!store)
        return;
    *bytes_now(store) -= (uint64_t)store->h * store->row_bytes;
    pst_scratch_close(store->file);
    pst_free(store->memory);
    pst_free(store);
}

/* ---- bytes ---- */

static pst_status read_bytes(const pst_store *store, uint64_t at, void *to, size_t bytes) {
    if (store->file)
        return pst_scratch_read(store->stores->error, store->file, at, to, bytes);
    memcpy(to, store->memory + at, bytes);
    return PST_OK;
}

static pst_status write_bytes(pst_store *store, uint64_t at, const void *from, size_t bytes) {
    if (store->file)
        return pst_scratch_write(store->stores->error, store->file, at, from, bytes);
    memcpy(store->memory + at, from, bytes);
    return PST_OK;
}

/* ---- rows of halves ---- */

static pst_status read_halves(const pst_store *store, uint64_t row, size_t first, size_t count, float *to) {
    uint16_t halves[HALVES_AT_ONCE];
    float scale;
    pst_status status;
    PST_TRY(read_bytes(store, row, &scale, sizeof scale));
    for (size_t i = 0; i < count; i += HALVES_AT_ONCE) {
        const size_t n = count - i < HALVES_AT_ONCE ? count - i : HALVES_AT_ONCE;
        PST_TRY(read_bytes(store, row + SCALE_BYTES + 2 * (first + i), halves, 2 * n));
        pst_half_decode(to + i, halves, n, scale);
    }
cleanup:
    return status;
}

static pst_status write_halves(pst_store *store, uint64_t row, size_t count, const float *from) {
    uint16_t halves[HALVES_AT_ONCE];
    const float scale = pst_half_scale(from, count);
    pst_status status;
    PST_TRY(write_bytes(store, row, &scale, sizeof scale));
    for (size_t i = 0; i < count; i += HALVES_AT_ONCE) {
        const size_t n = count - i < HALVES_AT_ONCE ? count - i : HALVES_AT_ONCE;
        pst_half_encode(halves, from + i, n, scale);
        PST_TRY(write_bytes(store, row + SCALE_BYTES + 2 * i, halves, 2 * n));
    }
cleanup:
    return status;
}

/* ---- parts ---- */

static pst_status check(const pst_store *store, pst_rect part, bool write) {
    if (part.y < 0 || part.x < 0 || part.h < 1 || part.w < 1 || part.h > store->h - part.y ||
        part.w > store->w - part.x || (write && store->half && part.w != store->w))
        return pst_fail(store->stores->error, PST_ERROR_ARGUMENT, "%dx%d at row %d, column %d is no part of %dx%d",
                        part.h, part.w, part.y, part.x, store->h, store->w);
    return PST_OK;
}

pst_status pst_store_read(const pst_store *store, pst_rect part, float *to) {
    pst_status status;
    PST_TRY(check(store, part, false));
    const size_t c = (size_t)store->c, first = (size_t)part.x * c, count = (size_t)part.w * c;
    const uint64_t row = (uint64_t)part.y * store->row_bytes;
    if (!store->half && part.w == store->w)
        return read_bytes(store, row, to, (size_t)part.h * count * sizeof *to);
    for (size_t y = 0; y < (size_t)part.h; y++) {
        const uint64_t at = row + y * store->row_bytes;
        PST_TRY(store->half ? read_halves(store, at, first, count, to + y * count)
                            : read_bytes(store, at + first * sizeof *to, to + y * count, count * sizeof *to));
    }
cleanup:
    return status;
}

pst_status pst_store_write(pst_store *store, pst_rect part, const float *from) {
    pst_status status;
    PST_TRY(check(store, part, true));
    const size_t c = (size_t)store->c, first = (size_t)part.x * c, count = (size_t)part.w * c;
    const uint64_t row = (uint64_t)part.y * store->row_bytes;
    if (!store->half && part.w == store->w)
        return write_bytes(store, row, from, (size_t)part.h * count * sizeof *from);
    for (size_t y = 0; y < (size_t)part.h; y++) {
        const uint64_t at = row + y * store->row_bytes;
        PST_TRY(store->half ? write_halves(store, at, count, from + y * count)
                            : write_bytes(store, at + first * sizeof *from, from + y * count, count * sizeof *from));
    }
cleanup:
    return status;
}

pst_status pst_store_read_rows(const pst_store *store, int y, int rows, float *to) {
    return pst_store_read(store, (pst_rect){.y = y, .h = rows, .w = store->w}, to);
}

pst_status pst_store_write_rows(pst_store *store, int y, int rows, const float *from) {
    return pst_store_write(store, (pst_rect){.y = y, .h = rows, .w = store->w}, from);
}

float *pst_store_values(const pst_store *store) {
    return store->half || store->file ? NULL : (float *)(void *)store->memory;
}

bool pst_store_is_half(const pst_store *store) { return store->half; }
bool pst_store_is_in_file(const pst_store *store) { return store->file != NULL; }

pst_status pst_stores_room(pst_error *error, const char *folder, uint64_t *bytes) {
    return pst_scratch_room(error, folder, bytes);
}
