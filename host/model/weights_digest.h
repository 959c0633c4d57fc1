/* What a network is, in 64 digits: computed when first asked for and kept with the weights. */
#ifndef PST_MODEL_WEIGHTS_DIGEST_H
#define PST_MODEL_WEIGHTS_DIGEST_H

#include "model/weights.h"

/* SHA-256 of the weights and biases of the first `count` convolutions, in order, little-endian: the same for the same
 * network in every format. "" for a count that the network does not have. *hex is valid as long as the model. */
pst_status pst_weights_digest(pst_error *error, pst_weights *model, size_t count, const char **hex);

/* SHA-256 of the file, followed by all files that hold parts of it, in the order in which it names them. */
pst_status pst_weights_file_digest(pst_error *error, pst_weights *model, const char **hex);

/* The same by a path. */
pst_status pst_weights_path_digest(pst_error *error, const char *path, char hex[65]);

#endif
