/* Weights in 8 bits: whole numbers (I8) with a scale for each output channel, as compressed-tensors names and stores
 * them: conv1_1.weight beside conv1_1.weight_scale. */
#ifndef PST_MODEL_SCALED_H
#define PST_MODEL_SCALED_H

#include "model/source.h"

/* Reads a convolution's weight, in 8 bits or not, into new memory; free with pst_free. In 8 bits it is whole number *
 * scale, a float product; the scales, one for each of the shape's first side (sides of 1 may follow), are
 * floating-point numbers from 0 to infinity, exclusive. Scales beside anything else than I8 are refused, as are zero
 * points. */
pst_status pst_scaled_read(pst_error *error, pst_source *source, const pst_source_tensor *weight, float **values);

#endif
