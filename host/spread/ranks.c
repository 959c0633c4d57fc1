#include "spread/ranks.h"

#include <stdio.h>
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

char *pst_ranks_name(const pst_ranks *ranks, int rank, char text[PST_RANK_NAME]) {
    if (ranks->name)
        snprintf(text, PST_RANK_NAME, "%s", ranks->name(ranks->self, rank));
    else
        snprintf(text, PST_RANK_NAME, "rank %d", rank);
    return text;
}

/* Of every rank, in order: a row of `count` values each. */
static pst_status gather_rows(const pst_ranks *ranks, pst_error *error, const int64_t *own, size_t count,
                              int64_t **rows) {
    pst_status status = pst_allocate(error, (size_t)ranks->count * count, sizeof **rows, rows);
    if (status != PST_OK)
        return status;
    memcpy(*rows + (size_t)ranks->rank * count, own, count * sizeof *own);
    return pst_ranks_sum(ranks, error, *rows, (size_t)ranks->count * count);
}

pst_status pst_ranks_unite(const pst_ranks *ranks, pst_error *error, uint64_t *bits) {
    const int64_t own = (int64_t)*bits;
    int64_t *all = NULL;
    pst_status status;
    if (alone(ranks))
        return PST_OK;
    PST_TRY(gather_rows(ranks, error, &own, 1, &all));
    for (int r = 0; r < ranks->count; r++)
        *bits |= (uint64_t)all[r];
cleanup:
    pst_free(all);
    return status;
}

pst_status pst_ranks_all(const pst_ranks *ranks, pst_error *error, bool *value) {
    int64_t missing = !*value;
    pst_status status = pst_ranks_sum(ranks, error, &missing, 1);
    *value = !missing;
    return status;
}

pst_status pst_ranks_tell(const pst_ranks *ranks, pst_error *error, const char *text, char **told) {
    int64_t bytes = pst_ranks_rank(ranks) == 0 ? (int64_t)strlen(text) : 0;
    pst_status status;
    *told = NULL;
    PST_TRY(pst_ranks_broadcast(ranks, error, 0, &bytes, sizeof bytes));
    PST_TRY(pst_allocate(error, (size_t)bytes + 1, 1, told));
    if (pst_ranks_rank(ranks) == 0)
        memcpy(*told, text, (size_t)bytes);
    PST_TRY(pst_ranks_broadcast(ranks, error, 0, *told, (size_t)bytes));
cleanup:
    if (status != PST_OK) {
        pst_free(*told);
        *told = NULL;
    }
    return status;
}

/* All statuses, then the text of the first that is bad. A rank that failed only because another one had given up was
 * not the first. *again: others are deeper. */
static pst_status agree(const pst_ranks *ranks, pst_error *error, pst_status own, int depth, bool *again) {
    const int64_t mine[] = {own, depth};
    int64_t *all = NULL;
    char text[sizeof error->text], name[PST_RANK_NAME];
    int first = -1;
    bool alike = true;
    pst_status status;
    *again = false;
    PST_TRY(gather_rows(ranks, error, mine, 2, &all));
    for (int r = 0; r < ranks->count; r++) {
        const int64_t its = all[2 * r];
        alike = alike && its == all[0];
        *again = *again || all[2 * r + 1] > depth;
        if (its != PST_OK && (first < 0 || (all[2 * first] == PST_ERROR_RANKS && its != PST_ERROR_RANKS)))
            first = r;
    }
    if (first < 0 || all[2 * first] == PST_STOPPED)
        status = first < 0 ? PST_OK : PST_STOPPED;
    else {
        const pst_status what = (pst_status)all[2 * first];
        memcpy(text, error->text, sizeof text);
        PST_TRY(pst_ranks_broadcast(ranks, error, first, text, sizeof text));
        status =
            pst_fail(error, what, "%s%s%s", alike ? "" : pst_ranks_name(ranks, first, name), alike ? "" : ": ", text);
    }
cleanup:
    pst_free(all);
    return status;
}

pst_status pst_ranks_agree_in(const pst_ranks *ranks, pst_error *error, pst_status status, int depth) {
    for (bool again = !alone(ranks); again;) {
        const pst_error before = *error;
        if (ranks->meet && !ranks->meet(ranks->self)) /* the first reason is the better one */
            return status == PST_OK || status == PST_ERROR_RANKS ? check(ranks, error, false) : status;
        *error = before;
        status = agree(ranks, error, status, depth, &again);
    }
    return status;
}

pst_status pst_ranks_agree(const pst_ranks *ranks, pst_error *error, pst_status status) {
    return pst_ranks_agree_in(ranks, error, status, 0);
}
