/* Algorithms and forms of blocks whose programs take a device's compiler too long, or which it keeps in memory though
 * it was asked for more registers. Each is tried once, and from then on passed over: the set is the session's, and only
 * grows. */
#ifndef PST_OP_REFUSED_H
#define PST_OP_REFUSED_H

#include "op/blocks.h"
#include "op/conv.h"

/* The algorithm's own functions, of which a program may take session->compile_seconds, unless the algorithm is the
 * oracle, which has no plainer one. An algorithm that takes longer fails and is refused. `prepared` has
 * pst_conv_weight_bytes: of a shape that is kept, what the algorithm keeps. */
pst_status pst_conv_prepare(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                            const pst_conv_shape *shape, const float *weights, int k, int c, pst_buffer *prepared);
pst_status pst_conv_run(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm, const pst_conv_shape *shape,
                        const pst_conv_tensors *tensors);

/* pst_block_kernel, likewise for the block's form. */
pst_status pst_block_kernel_within(pst_session *session, const char *source, const char *name, const char *defines,
                                   pst_block *block, const pst_kernel **kernel);

/* The members of a set by name, for files and messages: "" for what this build does not know, and 0 for an unknown
 * name. */
#define PST_REFUSED_MOST 64
const char *pst_refused_name(unsigned bit);
uint64_t pst_refused_bit(const char *name);

#endif
