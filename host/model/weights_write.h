/* Writing a network: a safetensors file in the internal convention. */
#ifndef PST_MODEL_WEIGHTS_WRITE_H
#define PST_MODEL_WEIGHTS_WRITE_H

#include "model/weights.h"

/* Writes convB_N.weight and convB_N.bias, as F16 if half, atomically. A number beyond F16's 65504 is PST_ERROR_NUMERIC.
 * The metadata say the convention, the format and convention that the network came from, and the name of its file. The
 * model must have its weights. */
pst_status pst_weights_write(pst_error *error, const pst_weights *model, const char *path, bool half);

#endif
