/* The optimizers' vector space on host arrays of doubles, with counters and faults for tests. */
#ifndef PST_TESTS_HOST_VECTORS_H
#define PST_TESTS_HOST_VECTORS_H

#include "optim/optimizer.h"

struct pst_vector {
    size_t length;
    double values[];
};

typedef struct host_space {
    pst_vector_space space;
    pst_error error;
    size_t length;
    size_t live, peak;          /* vectors */
    size_t dots_calls, read;    /* read: whole vectors, by dots and combinations, the columns of dots not counted */
    size_t operations, fail_at; /* the fail_at-th operation from the start fails; 0: none */
    double spread_part;
    double *pending_to, pending; /* what the next dots puts on the host, as a loss that was queued; NULL: nothing */
} host_space;

void host_space_init(host_space *space, size_t length);

/* Gives the space a P: each element and `part` of its neighbors (around the ends), part < 1/2. */
void host_space_spread(host_space *space, double part);

#endif
