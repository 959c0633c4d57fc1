#include "spread/shared_rows.h"

#include "base/memory.h"

static int least(int a, int b) { return a < b ? a : b; }
static int most(int a, int b) { return a > b ? a : b; }

pst_row_range pst_rows_of(const pst_ranks *ranks, int h, int rank) {
    const int count = pst_ranks_count(ranks), bands = pst_bands(h);
    const int first = least(h, PST_BAND_ROWS * pst_ranks_first(bands, count, rank)),
              end = least(h, PST_BAND_ROWS * pst_ranks_first(bands, count, rank + 1));
    return (pst_row_range){first, end - first};
}

pst_row_range pst_own_rows(const pst_ranks *ranks, int h) { return pst_rows_of(ranks, h, pst_ranks_rank(ranks)); }

/* Who has a row of the image? */
static int owner_of(const pst_ranks *ranks, int h, int row) {
    for (int r = 0; r < pst_ranks_count(ranks); r++) {
        const pst_row_range rows = pst_rows_of(ranks, h, r);
        if (row >= rows.first && row < rows.first + rows.count)
            return r;
    }
    return -1;
}

/* NOLINTBEGIN(readability-non-const-parameter): blocks are received there */
pst_status pst_rows_exchange_edges(const pst_ranks *ranks, pst_error *error, int h, size_t floats, const float *first,
                                   const float *last, float *before, float *behind) {
    const pst_row_range own = pst_own_rows(ranks, h);
    const size_t bytes = sizeof(float) * floats;
    pst_ranks_block send[2], receive[2];
    size_t count = 0;
    if (own.count && own.first > 0) {
        const int other = owner_of(ranks, h, own.first - 1);
        send[count] = (pst_ranks_block){other, (void *)(uintptr_t)first, bytes};
        receive[count++] = (pst_ranks_block){other, before, bytes};
    }
    if (own.count && own.first + own.count < h) {
        const int other = owner_of(ranks, h, own.first + own.count);
        send[count] = (pst_ranks_block){other, (void *)(uintptr_t)last, bytes};
        receive[count++] = (pst_ranks_block){other, behind, bytes};
    }
    return pst_ranks_exchange(ranks, error, send, count, receive, count);
}

void pst_rows_edges_traffic(const pst_ranks *ranks, int h, size_t floats, uint64_t *bytes) {
    for (int r = 0; r < pst_ranks_count(ranks); r++) {
        const pst_row_range own = pst_rows_of(ranks, h, r);
        const uint64_t edges = own.count ? (uint64_t)(own.first > 0) + (own.first + own.count < h) : 0;
        bytes[r] += 2 * sizeof(float) * floats * edges;
    }
}

pst_status pst_rows_gather(const pst_ranks *ranks, pst_error *error, int h, bool halved, size_t floats, float *image) {
    const int count = pst_ranks_count(ranks), self = pst_ranks_rank(ranks);
    pst_ranks_block *blocks, own = {0};
    size_t sent = 0, received = 0;
    pst_status status;
    if (count == 1)
        return PST_OK;
    PST_TRY(pst_allocate(error, 2 * (size_t)count, sizeof *blocks, &blocks));
    for (int pass = 0; pass < 2; pass++) /* this rank's rows first */
        for (int r = 0; r < count; r++) {
            const pst_row_range rows = pst_rows_of(ranks, h, r);
            const int from = halved ? rows.first / 2 : rows.first,
                      end = halved ? (rows.first + rows.count + 1) / 2 : rows.first + rows.count;
            const pst_ranks_block block = {r, image + (size_t)from * floats,
                                           rows.count ? sizeof(float) * floats * (size_t)(end - from) : 0};
            if (pass == 0 && r == self)
                own = block;
            if (pass == 0 || r == self)
                continue;
            if (own.bytes)
                blocks[sent++] = (pst_ranks_block){r, own.data, own.bytes};
            if (block.bytes)
                blocks[count + (int)received++] = block;
        }
    PST_TRY(pst_ranks_exchange(ranks, error, blocks, sent, blocks + count, received));
cleanup:
    pst_free(blocks);
    return status;
}
/* NOLINTEND(readability-non-const-parameter) */

pst_status pst_rows_broadcast(const pst_ranks *ranks, pst_error *error, int h, int first, int count, size_t floats,
                              float *rows) {
    pst_status status = PST_OK;
    for (int r = 0; r < pst_ranks_count(ranks) && status == PST_OK; r++) {
        const pst_row_range theirs = pst_rows_of(ranks, h, r);
        const int from = most(first, theirs.first), end = least(first + count, theirs.first + theirs.count);
        if (from < end)
            status = pst_ranks_broadcast(ranks, error, r, rows + (size_t)(from - first) * floats,
                                         sizeof(float) * floats * (size_t)(end - from));
    }
    return status;
}
