/* Measures the algorithms of the convolution menu for the products of a network on a device. Each is checked before it
 * is believed: its whole result, bits and surroundings against the oracle at a small odd size, and single results
 * against the host's at the size it is measured at. */
#ifndef PST_TUNE_TUNE_H
#define PST_TUNE_TUNE_H

#include "net/pass.h"
#include "op/choices.h"
#include "tune/measure.h"

#define PST_CANDIDATES_MAX PST_MEASURED_MAX

typedef struct pst_candidate {
    const pst_conv_algorithm *algorithm;
    bool measured, slow; /* slow: right, but hopeless */
    int h; /* rows it was measured with: those of the product, or as many as fit into the time for a run */
    pst_timing timing;
    char problem[200]; /* why it was not measured, or "" */
} pst_candidate;

typedef struct pst_tuning {
    const pst_conv_algorithm *const *menu; /* ended by NULL; the first is the oracle */
    double run_seconds; /* rows are left out until a run of the default takes no longer than about this */
    double hopeless;    /* what is so many times slower than the best so far is not measured to the end. 0: all is */
    unsigned without;   /* bit f: algorithms with the form of blocks f are left out, unless they are the default */
    double seconds;     /* pst_tune_shapes begins no further shape after so long. 0: no limit */
    pst_measuring measuring;
    /* Before each shape, and after the last with shape NULL; and with a note when something was passed over. Returns
     * true to stop. May be NULL. */
    bool (*tell)(void *user, size_t done, size_t total, const pst_conv_shape *shape, const char *note);
    void *user;
} pst_tuning;

/* The menu of this build, a few seconds in all. */
void pst_tuning_init(pst_tuning *tuning);

/* The direct arithmetic of a product: what the algorithms are compared by. */
double pst_conv_flops(const pst_conv_shape *shape);

/* Measures every algorithm that supports the shape; the default one first, the oracle last. An algorithm that fails or
 * computes wrongly has a problem; only what leaves the device unusable is an error. */
pst_status pst_tune_candidates(const pst_conv_engine *engine, const pst_conv_shape *shape, const pst_tuning *tuning,
                               pst_candidate candidates[PST_CANDIDATES_MAX], size_t *count);

/* Sets choices for the shapes. A form of blocks that was clearly behind for three shapes in a row is not tried any
 * further: the device decides that, hardly the shape. PST_STOPPED when told to stop; what was chosen until then is
 * kept. */
pst_status pst_tune_shapes(const pst_conv_engine *engine, const pst_conv_shape *shapes, size_t count,
                           const pst_tuning *tuning, pst_conv_choices *choices);

/* The distinct products of one evaluation with the default layers, or as many of them as the network has, for an image
 * of h by w. shapes holds 2 * PST_LAYERS_MAX; layers (may be NULL) tells which layer each is of. */
pst_status pst_tune_list(pst_device_network *net, int h, int w, pst_conv_shape *shapes, size_t *layers, size_t *count);

#endif
