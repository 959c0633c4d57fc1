#include "spread/ranks.h"

#include <string.h>

#include "base/memory.h"

static pst_status check(const pst_ranks *ranks, pst_error *error, bool good) {
    return good ? PST_OK : pst_fail(error, PST_ERROR_RANKS, "%s", ranks->message(ranks->self));
}

static bool alone(const pst_ranks *ranks) { return pst_ranks_count(ranks) == 1; }

pst_status pst_ranks_sum(const pst_ranks *ranks, pst_error *error, int64_t *values, size_t count) {
    return alone(ranks) || !count ? PST_OK : check(ranks, error, ranks->sum(ranks->self, values, count));
}

/* The bits of a double as a number: 0.0 has none, so that the sum over the ranks is the one that is known. */
pst_status pst_ranks_gather(const pst_ranks *ranks, pst_error *error, double *values, size_t count) {
    int64_t *bits;
    pst_status status;
    if (alone(ranks) || !count)
        return PST_OK;
    PST_TRY(pst_allocate(error, count, sizeof *bits, &bits));
    memcpy(bits, values, count * sizeof *bits);
    PST_TRY(pst_ranks_sum(ranks, error, bits, count));
    memcpy(values, bits, count * sizeof *bits);
cleanup:
    pst_free(bits);
    return status;
}

pst_status pst_ranks_broadcast(const pst_ranks *ranks, pst_error *error, int root, void *data, size_t bytes) {
    return alone(ranks) || !bytes ? PST_OK : check(ranks, error, ranks->broadcast(ranks->self, root, data, bytes));
}

pst_status pst_ranks_exchange(const pst_ranks *ranks, pst_error *error, const pst_ranks_block *send, size_t send_count,
                              const pst_ranks_block *receive, size_t receive_count) {
    return alone(ranks) ? PST_OK
                        : check(ranks, error, ranks->exchange(ranks->self, send, send_count, receive, receive_count));
}
