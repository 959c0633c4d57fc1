/* pastiche-mpi: the ranks are those of MPI_COMM_WORLD.
 *
 * Before each call the ranks exchange what they are about to do. So one that gave up is known to the others, and ranks
 * that would do different things are told instead of waiting for ever. A rank that keeps the others waiting for too
 * long is taken for lost: then those that wait tell each other, and the first of them names it. One that dies is seen
 * by those on its machine. */
#define _POSIX_C_SOURCE 200809L

#include <math.h>
#include <mpi.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/options/complain.h"
#include "cli/ranks/peers.h"
#include "cli/ranks/transport.h"

/* Seconds. A rank may take so many times what the one that waits took itself, and not less than LEAST; FIRST before the
 * evaluations. */
#define TIMES 20
#define LEAST 60
#define FIRST 1200
#define TELL 1   /* from one time that a rank tells the others that it waits to the next */
#define ANSWER 3 /* for the others to tell it too */

#define PIECE ((size_t)1 << 30) /* bytes of a message; MPI counts in int */
#define NAME_MOST 128
#define RUN_ENDS "the run ends (--resume goes on from a checkpoint, batch by the same command)"
enum { TAG_BLOCK = 1, TAG_FIRST_CALL = 16, TAG_CALLS = 16384 };

/* What a rank is about to do. Who gave up in the library is MEETING, who left it LEAVING: all else fails then. */
typedef enum deed { LEAVING, MEETING, SUM, BROADCAST, EXCHANGE } deed;

typedef struct world {
    pst_ranks ranks;
    MPI_Comm calls, watch; /* for the calls themselves, and for what is said about them */
    char (*names)[NAME_MOST];
    char message[256];
    peer *peers;     /* those on its machine, and */
    int neighbor;    /* which of them it is */
    double patience; /* from the environment; 0: the rule above */
    double worked;   /* the longest that this rank did without waiting for others */
    double since;    /* when it last had waited */
    transport_patience kind;
    int *waits;            /* the number of the call in which a rank was last known to wait */
    int call;              /* the number of the present one */
    MPI_Request *requests; /* of the present call */
    size_t request_count, request_capacity;
} world;

static world all;

static const char gave_up[] = "another rank gave up",
                  differ[] = "the ranks do not do the same: their inputs or devices differ";

/* ---- waiting ---- */

static bool fail(const char *what) {
    snprintf(all.message, sizeof all.message, "%s", what);
    return false;
}

static bool check(int result) {
    char text[MPI_MAX_ERROR_STRING] = "";
    int length;
    if (result == MPI_SUCCESS)
        return true;
    MPI_Error_string(result, text, &length);
    snprintf(all.message, sizeof all.message, "MPI: %.200s", text);
    return false;
}

static void pause(long nanoseconds) {
    const struct timespec time = {.tv_nsec = nanoseconds};
    nanosleep(&time, NULL);
}

static double limit(void) {
    const double least = all.kind == TRANSPORT_STARTS ? FIRST : LEAST;
    if (all.kind == TRANSPORT_WAITS_FOR_EVER)
        return INFINITY;
    if (all.patience > 0)
        return all.patience;
    return TIMES * all.worked > least ? TIMES * all.worked : least;
}

/* MPI has no fewer tags than that. */
static int tag_of_call(void) { return TAG_FIRST_CALL + all.call % TAG_CALLS; }

static void tell_that_it_waits(void) {
    MPI_Request request;
    for (int r = 0; r < all.ranks.count; r++)
        if (r != all.ranks.rank && MPI_Isend(NULL, 0, MPI_BYTE, r, tag_of_call(), all.watch, &request) == MPI_SUCCESS)
            MPI_Request_free(&request);
}

static void hear_who_waits(void) {
    MPI_Status status;
    int there = 0;
    while (MPI_Iprobe(MPI_ANY_SOURCE, MPI_ANY_TAG, all.watch, &there, &status) == MPI_SUCCESS && there) {
        MPI_Recv(NULL, 0, MPI_BYTE, status.MPI_SOURCE, status.MPI_TAG, all.watch, MPI_STATUS_IGNORE);
        all.waits[status.MPI_SOURCE] = status.MPI_TAG;
    }
}

static bool all_done(int *result) {
    int done = 0;
    *result = MPI_Testall((int)all.request_count, all.requests, &done, MPI_STATUSES_IGNORE);
    return done || *result != MPI_SUCCESS;
}

/* Ends all ranks; the first of those that wait names those of which nothing was heard. */
static void give_up(double waited) {
    char lost[512] = "";
    bool first = true;
    const double begun = MPI_Wtime();
    double told = 0;
    peers_end();
    memset(all.waits, 0, sizeof *all.waits * (size_t)all.ranks.count); /* what was heard may be long ago */
    for (double now = begun; now - begun < ANSWER; now = MPI_Wtime()) {
        if (now - told > TELL) {
            told = now;
            tell_that_it_waits();
        }
        hear_who_waits();
        pause(10000000);
    }
    for (int r = 0; r < all.ranks.count; r++) {
        const size_t used = strlen(lost);
        if (r == all.ranks.rank || all.waits[r] == tag_of_call())
            first = first && r >= all.ranks.rank;
        else
            snprintf(lost + used, sizeof lost - used, "%s%s", used ? ", " : "", all.names[r]);
    }
    if (first)
        complain("%s: no answer for %.0f s; " RUN_ENDS, *lost ? lost : "the network between the ranks", waited);
    else
        pause(900000000); /* its line goes first */
    transport_abort(EXIT_FAILED);
}

/* Waits for the requests. Looks without pause at first, then more and more seldom: several ranks may share a core. */
static bool wait_for_all(void) {
    const double begun = MPI_Wtime();
    double told = begun;
    long nap = 20000;
    int result;
    if (begun - all.since > all.worked)
        all.worked = begun - all.since;
    for (double now = begun; !all_done(&result); now = MPI_Wtime()) {
        if (now - begun < 5e-5)
            continue;
        pause(nap);
        nap = nap < 1000000 ? nap + nap / 4 : nap;
        if (now - told > TELL) {
            told = now;
            tell_that_it_waits();
            hear_who_waits();
        }
        if (now - begun > limit())
            give_up(now - begun);
    }
    all.request_count = 0;
    all.since = MPI_Wtime();
    return check(result);
}

/* Where the next request goes; NULL where memory is short. */
static MPI_Request *next_request(void) {
    if (all.request_count == all.request_capacity) {
        const size_t capacity = all.request_capacity ? 2 * all.request_capacity : 16;
        MPI_Request *larger = realloc(all.requests, capacity * sizeof *larger);
        if (!larger) {
            fail("no memory left");
            return NULL;
        }
        all.requests = larger;
        all.request_capacity = capacity;
    }
    all.requests[all.request_count] = MPI_REQUEST_NULL;
    return &all.requests[all.request_count++];
}

/* ---- the calls ---- */

/* What all are about to do: the least and the most. */
static bool compare_deeds(deed what, size_t size, deed *least, deed *most) {
    const int64_t mine[4] = {what, -(int64_t)what, (int64_t)size, -(int64_t)size};
    int64_t got[4] = {0};
    MPI_Request *request = next_request();
    all.call++;
    if (!request || !check(MPI_Iallreduce(mine, got, 4, MPI_INT64_T, MPI_MIN, all.calls, request)) || !wait_for_all())
        return false;
    *least = (deed)got[0];
    *most = (deed)-got[1];
    return *least != *most || got[2] == -got[3] || fail(differ);
}

static bool begin(deed what, size_t size) {
    deed least, most;
    if (!compare_deeds(what, size, &least, &most))
        return false;
    return least == most || fail(least <= MEETING ? gave_up : differ);
}

static bool meet_as(deed what) {
    deed least, most;
    do {
        if (!compare_deeds(what, 0, &least, &most))
            return false;
        if (least < what)
            return fail(gave_up);
    } while (most != what);
    return true;
}

static bool meet(void *self) {
    (void)self;
    return meet_as(MEETING);
}

bool transport_leave(void) { return meet_as(LEAVING); }

static bool sum(void *self, int64_t *values, size_t count) {
    bool good = begin(SUM, count);
    (void)self;
    for (size_t at = 0; at < count && good; at += PIECE / sizeof *values) {
        const size_t rest = count - at, part = rest < PIECE / sizeof *values ? rest : PIECE / sizeof *values;
        MPI_Request *request = next_request();
        good = request &&
               check(MPI_Iallreduce(MPI_IN_PLACE, values + at, (int)part, MPI_INT64_T, MPI_SUM, all.calls, request)) &&
               wait_for_all();
    }
    return good;
}

static bool broadcast(void *self, int root, void *data, size_t bytes) {
    bool good = begin(BROADCAST, bytes);
    (void)self;
    for (size_t at = 0; at < bytes && good; at += PIECE) {
        const size_t part = bytes - at < PIECE ? bytes - at : PIECE;
        MPI_Request *request = next_request();
        good = request && check(MPI_Ibcast((char *)data + at, (int)part, MPI_BYTE, root, all.calls, request)) &&
               wait_for_all();
    }
    return good;
}

static bool post(const pst_ranks_block *block, bool send) {
    bool good = true;
    for (size_t at = 0; at < block->bytes && good; at += PIECE) {
        const size_t part = block->bytes - at < PIECE ? block->bytes - at : PIECE;
        char *from = (char *)block->data + at;
        MPI_Request *request = next_request();
        good =
            request && check(send ? MPI_Isend(from, (int)part, MPI_BYTE, block->rank, TAG_BLOCK, all.calls, request)
                                  : MPI_Irecv(from, (int)part, MPI_BYTE, block->rank, TAG_BLOCK, all.calls, request));
    }
    return good;
}

static bool exchange(void *self, const pst_ranks_block *send, size_t send_count, const pst_ranks_block *receive,
                     size_t receive_count) {
    bool good = begin(EXCHANGE, 0);
    (void)self;
    for (size_t i = 0; i < receive_count && good; i++)
        good = post(&receive[i], false);
    for (size_t i = 0; i < send_count && good; i++)
        good = post(&send[i], true);
    return good && wait_for_all();
}

static const char *message(void *self) {
    (void)self;
    return all.message;
}

static const char *name(void *self, int rank) {
    (void)self;
    return all.names[rank];
}

/* ---- begin and end ---- */

static void end_without(int rank, bool tells) {
    if (tells)
        complain("%s: its process has died; " RUN_ENDS, all.names[rank]);
    else
        pause(900000000); /* the line goes first */
    _Exit(EXIT_FAILED);
}

static bool meet_neighbors(void) {
    const peer own = peers_own(all.ranks.rank);
    MPI_Comm machine;
    if (!check(MPI_Comm_split_type(all.calls, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &machine)))
        return false;
    MPI_Comm_size(machine, &all.ranks.neighbors);
    MPI_Comm_rank(machine, &all.neighbor);
    all.peers = calloc((size_t)all.ranks.neighbors, sizeof *all.peers);
    if (!all.peers)
        return fail("no memory left");
    if (!check(MPI_Allgather(&own, sizeof own, MPI_BYTE, all.peers, sizeof own, MPI_BYTE, machine)))
        return false;
    peers_watch(all.peers, all.ranks.neighbors, all.ranks.rank, end_without);
    return check(MPI_Comm_free(&machine));
}

static bool gather_names(void) {
    char own[NAME_MOST] = "", host[MPI_MAX_PROCESSOR_NAME] = "";
    const size_t count = (size_t)all.ranks.count;
    int length;
    all.names = calloc(count, sizeof *all.names);
    all.waits = calloc(count, sizeof *all.waits);
    if (!all.names || !all.waits)
        return fail("no memory left");
    MPI_Get_processor_name(host, &length);
    snprintf(own, sizeof own, "rank %d (%.90s)", all.ranks.rank, host);
    return check(MPI_Allgather(own, NAME_MOST, MPI_BYTE, all.names, NAME_MOST, MPI_BYTE, all.calls));
}

const pst_ranks *transport_open(const char **problem) {
    const char *patience = getenv("PASTICHE_RANK_SECONDS");
    int given;
    *problem = NULL;
    all = (world){.ranks = {.size = sizeof all.ranks,
                            .sum = sum,
                            .broadcast = broadcast,
                            .exchange = exchange,
                            .message = message,
                            .meet = meet,
                            .name = name},
                  .patience = patience ? strtod(patience, NULL) : 0};
    if (MPI_Init_thread(NULL, NULL, MPI_THREAD_FUNNELED, &given) != MPI_SUCCESS) {
        *problem = "MPI cannot be initialized";
        return NULL;
    }
    MPI_Comm_size(MPI_COMM_WORLD, &all.ranks.count);
    MPI_Comm_rank(MPI_COMM_WORLD, &all.ranks.rank);
    if (all.ranks.count == 1)
        return NULL;
    bool good = check(MPI_Comm_dup(MPI_COMM_WORLD, &all.calls)) && check(MPI_Comm_dup(MPI_COMM_WORLD, &all.watch)) &&
                check(MPI_Comm_set_errhandler(all.calls, MPI_ERRORS_RETURN)) && gather_names() && meet_neighbors();
    all.since = MPI_Wtime();
    if (given < MPI_THREAD_FUNNELED)
        good = fail("this MPI does not allow threads");
    if (!good)
        *problem = all.message;
    return &all.ranks;
}

int transport_neighbor(void) { return all.neighbor; }

void transport_expect(transport_patience kind) {
    if (kind != all.kind) /* what came before tells nothing of evaluations */
        all.worked = 0;
    all.kind = kind;
}

void transport_close(void) {
    peers_end(); /* all have met, and none ends before all are in MPI_Finalize */
    free(all.peers);
    free(all.names);
    free(all.waits);
    free(all.requests);
    MPI_Finalize();
}

void transport_abort(int code) {
    peers_end();
    fflush(NULL);
    MPI_Abort(MPI_COMM_WORLD, code);
    _Exit(code);
}
