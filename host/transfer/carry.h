/* What goes from one scale to the next: the image, and Adam's moments with it, as style-transfer-pytorch does: the
 * first steps of a scale then are no larger than the last ones of the coarser. L-BFGS keeps nothing: its pairs are of
 * another function. */
#ifndef PST_TRANSFER_CARRY_H
#define PST_TRANSFER_CARRY_H

#include "transfer/job.h"

/* Takes it from the open stage. The caller drops it, after a failure too. */
pst_status pst_carry_take(pst_job *job, pst_carried *carried);

/* Gives the moments to the stage that was opened with the image, in its size. */
pst_status pst_carry_give(pst_job *job, const pst_carried *carried);
void pst_carry_drop(pst_carried *carried);

#endif
