/* Networks from their files. */
#ifndef PST_MODEL_WEIGHTS_READ_H
#define PST_MODEL_WEIGHTS_READ_H

#include "model/weights.h"

/* Reads the convolutions of a VGG network from a file of any format of source.h: blocks and units without gaps from
 * conv1_1 on, kernels of 3x3, all numbers finite; weights of safetensors may have 8 bits (scaled.h). Metadata of a
 * safetensors file, where given, must name the convention used here: layout OIHW, channel_order BGR, pixel_range
 * 0..255, mean 103.939,116.779,123.68, padding zero. asked: PST_CONVENTION_AUTO, or CAFFE or TORCHVISION where the
 * caller knows better than the file. */
pst_status pst_weights_read(pst_error *error, const char *path, pst_convention asked, pst_weights **model);

/* Reads weights that were forgotten from the file again, which must still be the same network (PST_ERROR_FORMAT
 * otherwise). Recalling what is there does nothing. Threads may do it at once. */
pst_status pst_weights_recall(pst_error *error, pst_weights *model);

#endif
