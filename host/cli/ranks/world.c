#include "cli/ranks/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "cli/ranks/imagined.h"

static const pst_ranks *ranks;    /* NULL: alone */
static const pst_ranks *imagined; /* NULL: none */
static world_way how;
static bool only_followed; /* this rank failed because another one had given up */
static int over;           /* the code with which all end; they agreed on it */

int world_rank(void) { return ranks ? ranks->rank : 0; }

int world_count(void) { return ranks ? ranks->count : 1; }

int world_neighbor(void) { return transport_neighbor(); }

bool world_imagine(int count) {
    if (ranks)
        complain("--ranks is for the plan of one process");
    imagined = !ranks && count > 1 ? imagined_ranks(count) : NULL;
    return !ranks;
}

const pst_ranks *world_ranks(void) { return how != WORLD_TOGETHER ? NULL : imagined ? imagined : ranks; }

bool world_leads(void) { return world_rank() == 0 || how == WORLD_APART; }

bool world_begin(void) {
    const char *problem;
    ranks = transport_open(&problem);
    if (problem) {
        complain("%s", problem);
        return false;
    }
    if (!ranks)
        return true;
    if (world_rank() > 0) {
        complain_as(ranks->name(ranks->self, ranks->rank));
#ifdef _WIN32
        const char *nowhere = "NUL";
#else
        const char *nowhere = "/dev/null";
#endif
        if (!freopen(nowhere, "w", stdout))
            complain("%s cannot be opened", nowhere);
    }
    world_go(WORLD_ONE);
    return true;
}

void world_go(world_way way) {
    how = way;
    complain_hold(world_rank() > 0 && way != WORLD_APART);
    transport_expect(way == WORLD_TOGETHER ? TRANSPORT_STARTS : TRANSPORT_WAITS_FOR_EVER);
}

void world_evaluates(void) {
    if (world_ranks())
        transport_expect(TRANSPORT_EVALUATES);
}

void world_waits(void) {
    if (world_ranks())
        transport_expect(TRANSPORT_STARTS);
}

void world_gave_up(void) {
    only_followed = world_count() > 1;
    complain_hold(only_followed);
}

/* Of the ranks that failed, the first that did so of itself; -1 if none failed. */
static int first_of(const int64_t *codes, const int64_t *followed) {
    int first = -1;
    for (int r = 0; r < ranks->count; r++)
        if (codes[r] != EXIT_OK && (first < 0 || (followed[first] && !followed[r])))
            first = r;
    return first;
}

static int worst_of(const int64_t *codes) {
    int64_t worst = EXIT_OK;
    for (int r = 0; r < ranks->count; r++)
        worst = codes[r] > worst ? codes[r] : worst;
    return (int)worst;
}

int world_agree(int code) {
    if (!ranks || over)
        return over ? over : code;
    int64_t *rows = calloc(2 * (size_t)ranks->count, sizeof *rows);
    if (rows) {
        rows[ranks->rank] = code;
        rows[ranks->count + ranks->rank] = only_followed;
    }
    if (!rows || !transport_leave() || !ranks->sum(ranks->self, rows, 2 * (size_t)ranks->count)) {
        complain_hold(false);
        complain("%s", rows ? ranks->message(ranks->self) : "no memory left");
        transport_abort(code == EXIT_OK ? EXIT_FAILED : code);
    }
    const int first = first_of(rows, rows + ranks->count);
    over = worst_of(rows);
    free(rows);
    if (first == ranks->rank && *complain_held()) {
        complain_hold(false);
        complain("%s", complain_held());
    }
    only_followed = false;
    complain_hold(world_rank() > 0 && how != WORLD_APART);
    return over;
}

int world_end(int code) {
    code = world_agree(code);
    transport_close();
    return code;
}

bool world_tell(void *data, size_t bytes) {
    const pst_ranks *r = world_ranks();
    return !r || r->broadcast(r->self, 0, data, bytes);
}

bool world_sum(int64_t *values, size_t count) {
    const pst_ranks *r = world_ranks();
    return !r || r->sum(r->self, values, count);
}

bool world_collect(int64_t *values, size_t count) { return !ranks || ranks->sum(ranks->self, values, count); }
