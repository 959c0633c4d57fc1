/* What goes from one scale to the next: the image, and Adam's running means with it, as style-transfer-pytorch has
 * it: the first steps of a scale then are no larger than the last ones of the coarser. L-BFGS keeps nothing: its pairs
 * are about another function. */
#ifndef PST_TRANSFER_CARRY_H
#define PST_TRANSFER_CARRY_H

#include "base/status.h"

typedef struct pst_carried {
    pst_image *image,
        *means[2]; /* Adam's, from 0 to 255 in place of -unit to unit, and of the root of 0 to unit; or NULL */
    double units[2], powers[2];
} pst_carried;

/* Takes it from the open stage. */
pst_status pst_carry_take(pst_job *job, pst_carried *carried);

/* Gives the means to the stage that was opened with the image, in its size. */
pst_status pst_carry_give(pst_job *job, const pst_carried *carried);
void pst_carry_drop(pst_carried *carried);

#endif
