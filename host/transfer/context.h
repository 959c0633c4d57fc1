/* What the public handles are.
 *
 * Where the public header's sections are implemented, in transfer/ unless the room is named:
 *   version and status     base/status.c
 *   devices, context       context.c, context_ranks.c, tuning.c (choices)
 *   images                 context_image.c over image/
 *   networks               context_network.c over model/
 *   options                transfer_options.c, preset.c
 *   jobs                   job_create.c (and the plan), job_run.c, job_refused.c, job_weights.c, job_regions.c,
 * checkpoint.c stored styles          stored_style_make.c, stored_style_file.c, stored_style.c known networks
 * model/catalogue.c, model/install.c tuning, benchmark      tuning.c, benchmark*.c */
#ifndef PST_TRANSFER_CONTEXT_H
#define PST_TRANSFER_CONTEXT_H

#include "blas/gemm.h"
#include "cl/session.h"
#include "image/image.h"
#include "model/weights.h"
#include "op/choices.h"
#include "spread/ranks.h"

typedef struct pst_opened_device {
    pst_error error; /* of its session, which may work on another thread; the first one's is the context's */
    pst_session *session;
    pst_gemm *gemm;
    size_t kind;              /* the first device that is like this one: its choices count, and the next two */
    pst_conv_choices choices; /* what was measured; a job has a copy of its own */
    bool own_choices;         /* those of the device's own file, which may be written */
} pst_opened_device;

struct pst_context {
    pst_error error;
    const pst_ranks *ranks; /* NULL: alone */
    pst_opened_device devices[PST_CONTEXT_DEVICES_MAX];
    size_t device_count;
    pst_session *session; /* of the first device, and so is the next; NULL: there is none */
    pst_gemm *gemm;
    char notice[1200], choices_notice[512];
};

struct pst_network {
    pst_context *context;
    pst_weights *model;
    pst_network_layer layers[PST_WEIGHTS_MAX_CONVOLUTIONS]; /* for pst_network_describe */
};

/* Scratch memory of the convolutions where nothing else is asked for: on a GPU more, for fewer and longer launches, and
 * on a CPU with narrow vectors, whose filters are larger. The least of all devices: what is computed must not depend on
 * which one does it. */
size_t pst_workspace_bytes(const pst_context *context);

/* pst_conv_engine's keep_limit for who may take this many bytes of a device: enough for all of the built-in networks,
 * and for a fifth to a quarter of VGG-19. */
size_t pst_keep_bytes(uint64_t limit);

/* What a job may take of each device, in all and in one piece: the least of all. */
uint64_t pst_context_memory_bytes(const pst_context *context);
uint64_t pst_context_piece_bytes(const pst_context *context);

/* Of a device's failure: its message becomes the context's. Returns `status`. */
pst_status pst_context_tell(pst_context *context, size_t device, pst_status status);

static inline pst_pool pst_pool_of(pst_pooling pooling) {
    return pooling == PST_POOLING_AVERAGE ? PST_POOL_AVERAGE : pooling == PST_POOLING_L2 ? PST_POOL_L2 : PST_POOL_MAX;
}

/* PST_ERROR_ARGUMENT for a context that is only for images and networks. */
pst_status pst_context_needs_device(pst_context *context);

/* Fills the choices of a device as pst_context_options.choices_file says. */
pst_status pst_context_read_choices(pst_context *context, size_t device, const char *file);

/* Those of the first device from pst_context_options.choices_text. */
pst_status pst_context_take_choices(pst_context *context, const char *text);

/* Ends pst_context_create where there are ranks: what one failed with all do, their versions are the same, and they
 * share choices: rank 0's go to all whose device is of the same kind. */
pst_status pst_context_join(pst_context *context, pst_status status);
pst_status pst_context_share_choices(pst_context *context);

/* What a device of one rank refuses, all devices of all ranks refuse. */
pst_status pst_context_unite_refused(pst_context *context);

/* What is refused (op/refused.h) on one device is refused on all of its kind. */
void pst_context_share_refused(pst_context *context);

/* Writes what has been refused to the device's own file, where the context has read that, so that the next run does not
 * try it again; a file that cannot be written only costs time. */
void pst_context_keep_refused(pst_context *context);

#endif
