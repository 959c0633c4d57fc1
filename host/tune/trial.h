/* A product with operands to try algorithms on, and what they should compute: made-up numbers that can be had again for
 * any element, so that single results can be computed on the host, whatever the size. Forward with bits; backward
 * masked and added to what is there, unless it ends at the image: the form of a layer whose features are looked at.
 */
#ifndef PST_TUNE_TRIAL_H
#define PST_TUNE_TRIAL_H

#include "op/conv.h"

#define PST_SPOTS 24        /* pixels that are looked at ... */
#define PST_SPOT_CHANNELS 8 /* ... and channels of each */

typedef struct pst_trial {
    const pst_conv_engine *engine;
    pst_conv_shape shape;
    float *weights; /* of the forward layer, [k][c][3][3] */
    int k, c;
    pst_buffer *in, *in_bits, *bias, *out, *bits, *mask; /* out with PST_TRIAL_GUARD floats behind it */
    size_t out_count, bits_count;                        /* floats of the result, uint16 of the forward bits */
    size_t spots[PST_SPOTS];                             /* pixels of the result */
    double expected[PST_SPOTS][PST_SPOT_CHANNELS];
    const pst_conv_algorithm *algorithm; /* that is tried now */
    const pst_buffer *prepared;
    pst_buffer *workspace;
    int rows; /* that a run computes; the size of the trial, unless only a part is wanted */
} pst_trial;

#define PST_TRIAL_GUARD 1024

pst_status pst_trial_open(const pst_conv_engine *engine, const pst_conv_shape *shape, pst_trial *trial);
void pst_trial_close(pst_trial *trial);

/* Takes an algorithm: its weights, and scratch memory that is enough for it. The result is spoiled, so that what
 * another one left is not taken for its own. *prepared: its weights, made if NULL; the caller's to destroy, and good
 * for every size of the product. part_rows: a run of so few rows will be wanted too; 0: none. */
pst_status pst_trial_take(pst_trial *trial, const pst_conv_algorithm *algorithm, pst_buffer **prepared, int part_rows);

/* Takes an algorithm again that was taken before, with its weights; the result stays as it is. */
void pst_trial_resume(pst_trial *trial, const pst_conv_algorithm *algorithm, const pst_buffer *prepared);

/* Queues a run; a pst_measured over a trial. */
pst_status pst_trial_run(void *trial);

/* After the first run of an algorithm: whether the spots hold what they should. *error: the normalized mean square
 * error, NaN if something was not finite or was not written. */
pst_status pst_trial_look(const pst_trial *trial, double *error);

/* After the first run: reads the whole result (out_count + PST_TRIAL_GUARD floats) and the forward bits (bits_count).
 */
pst_status pst_trial_read(const pst_trial *trial, float *out, uint16_t *bits);

/* Bits in the guard behind the result. */
bool pst_trial_guard_is_whole(const float *guard);

#endif
