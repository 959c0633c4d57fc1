/* A job: one content, its styles, the options, and what the descent needs. */
#ifndef PST_TRANSFER_JOB_H
#define PST_TRANSFER_JOB_H

#include "image/extent.h"
#include "loss/regions.h"
#include "spread/tiled.h"
#include "transfer/context.h"
#include "transfer/device_space.h"
#include "transfer/host_space.h"
#include "transfer/scales.h"
#include "transfer/stored_style.h"

#define PST_PLAN_ENTRIES 16

/* What a job was made from. */
#define PST_DIGEST_BYTES 65 /* its digits and the end of the text */
enum { PST_INPUT_CONTENT, PST_INPUT_STYLES, PST_INPUT_MASKS, PST_INPUT_NETWORK, PST_INPUTS };

_Static_assert(PST_CONTEXT_DEVICES_MAX <= PST_TILED_DEVICES_MAX, "tiles are for all devices of a context");

/* What the descent holds at one scale: made when it begins, gone before the next one begins; stage.h. */
typedef struct pst_stage {
    pst_extent extent;
    int w, h, iterations;     /* the size that is worked on: the extent's */
    pst_objective *objective; /* of a scale that runs whole; NULL: none is open */
    pst_tiled *tiled;         /* of one in tiles */
    pst_share *shares;        /* likewise: of the last evaluation */
    pst_space *space;         /* NULL: none is open yet; it lies in one of the next */
    pst_device_space on_device;
    pst_host_space on_host;
    pst_optimizer_options optimizer_options;
    pst_optimizer *optimizer;
    pst_vector *x, *gradient;           /* x moves; the optimizer may exchange either for another one of their size */
    double loss, losses[PST_TERMS_MAX]; /* of the last evaluation, once the device has been waited for */
    int iteration;                      /* evaluations done */
    double best_loss;
    int best_iteration; /* 0: none yet */
    bool x_is_best;     /* after the last evaluation, which no step follows; else the optimizer keeps it */
    int restarts;       /* without a better loss in between */
    double *window;     /* best loss at the last improvement_window evaluations, a ring; NULL: nobody asks */
    int window_since;   /* the iteration after which it began: with other weights it begins again */
} pst_stage;

/* What goes from one scale to the next; carry.h. */
typedef struct pst_carried {
    pst_image *image;
    /* Adam's moments, in the image's size [height][width][3]; of the second one the root. NULL: there are none. */
    float *moments[2];
    double powers[2];
} pst_carried;

struct pst_job {
    pst_context *context;
    pst_network *network;
    pst_transfer_options options; /* pointers in it are not kept */
    int width, height;
    pst_image *content, *start, **styles; /* at the largest sizes they are used at */
    pst_style **stored;                   /* for each style, where its image is NULL */
    double *blend;
    pst_regions *regions;
    bool gray;                        /* content, styles and start are: the result is, to the last bit */
    int multiple;                     /* of the sides that are worked on; 1: as they are */
    pst_scale scales[PST_SCALES_MAX]; /* coarse to fine; the last is the result's */
    size_t scale_count;
    pst_conv_choices choices[PST_CONTEXT_DEVICES_MAX]; /* of each kind of device, when the job was made */
    uint64_t refused_before[PST_CONTEXT_DEVICES_MAX];  /* choices.refused then */
    char notice[256];                                  /* to be told with the next evaluation */
    pst_choice named_choices[2 * PST_LAYERS_MAX];
    size_t named_count;
    pst_device_network *nets[PST_CONTEXT_DEVICES_MAX];
    pst_device_network *net;                 /* the first of these, which works alone where a scale runs whole */
    pst_objective_options objective_options; /* w and h are what is worked on at the last scale */
    char *options_text;                      /* of pst_options_text, when the job was made */
    char masks_digest[PST_DIGEST_BYTES];
    char image_digests[PST_INPUTS][PST_DIGEST_BYTES]; /* of content and start, and of styles, once they are made: */
    bool images_digested;
    pst_stores stores;       /* of what lies outside the device */
    char *spill;             /* their folder; NULL: there are no files */
    pst_partition partition; /* of the last scale in tiles */
    int workers;             /* devices of all ranks, which share the tiles */
    bool tile_chosen;        /* by the plan, not by the options */
    bool keeps_whole;        /* it goes on from a run that was whole */
    uint64_t device_has;     /* as far as allocations that failed tell; 0: what the device says */
    char problem[512];       /* why the plan does not fit */
    pst_status problem_status;
    pst_plan_segment segments[PST_SEGMENTS_MAX];
    pst_plan plan;
    pst_plan_entry entries[PST_PLAN_ENTRIES];

    pst_tile_callback tile_callback;
    void *tile_user;

    /* while it runs */
    bool started;
    int iteration; /* evaluations done, of all scales */
    size_t scale;
    pst_stage stage;
    pst_carried carried;   /* from the coarser scale, until the stage has done its first evaluation */
    double seconds_before; /* of the run that this one goes on from */
    double start_seconds;  /* by the clock, before the first evaluation */
    double pace_seconds;   /* ... and when the stage had done pace_iteration evaluations; 0: not yet */
    int pace_iteration;
};

/* As in op/pixels.h. */
static inline double pst_job_pixel_scale(const pst_job *job) { return job->options.pixels_256 ? 256.0 / 255 : 1; }

/* ---- job_create.c ---- */

/* The size of a style's image where the result's longer side is image_size. */
void pst_job_style_size(const pst_job *job, const pst_image *style, int image_size, int *w, int *h);

/* What is known of a stored style, for an image whose longer side is image_size. */
void pst_job_style_statistics(const pst_job *job, size_t style, int image_size,
                              pst_feature_statistics statistics[PST_LAYERS_MAX]);

/* ---- job_plan.c ---- */

/* Fills job->scales and job->plan for the sizes of the job. */
pst_status pst_job_make_plan(pst_job *job);

/* ---- job_regions.c: masks and opacity ---- */

/* Lets what is transparent of the content and the styles of the options count nothing. PST_ERROR_ARGUMENT for a style
 * that is transparent everywhere. */
pst_status pst_job_weigh_by_opacity(pst_job *job);

/* Puts an image's mean color under what is transparent of it, for what sees both. */
void pst_job_fill_transparent(pst_image *image);

/* The guides of the content for an extent, then those of each style where the result's longer side is image_size, with
 * their blend; NULL if the job has no regions. End them with drop. */
pst_status pst_job_make_guides(const pst_job *job, const pst_extent *extent, int image_size, pst_guides **guides);
void pst_job_drop_guides(const pst_job *job, pst_guides *guides);

/* Where regions have no style: which pixels of an extent are painted, 1, and which are the content, 0; NULL where all
 * are painted. And the content put into a result. */
pst_status pst_job_free_parts(const pst_job *job, const pst_extent *extent, float **free);
pst_status pst_job_keep_content(const pst_job *job, pst_image *image);

/* ---- tuning.c ---- */

/* Fills job->named_choices. */
pst_status pst_job_name_choices(pst_job *job);

/* The same for a job that was made, and all that follows from the plan. PST_ERROR_DEVICE_MEMORY and others as below. */
pst_status pst_job_plan_again(pst_job *job);

/* ---- job_fits.c ---- */

/* PST_ERROR_DEVICE_MEMORY, PST_ERROR_MEMORY or PST_ERROR_FILE for a job that does not fit. */
pst_status pst_job_check_memory(pst_job *job);

/* ---- job_run.c ---- */

/* How long it has run. */
double pst_job_seconds(const pst_job *job);

/* ---- job_refused.c: what takes the device's compiler too long ---- */

/* Was something refused after the job was planned? */
bool pst_job_is_outdated(const pst_job *job);

/* pst_stage_open, and the stage gets what is carried. A job that is outdated, or gets so, is planned anew with plainer
 * algorithms and tries again. */
pst_status pst_job_open_stage(pst_job *job, size_t k, const pst_image *from);

/* pst_stage_advance of the stage that was opened like that. After its first iteration there is no way back, and a
 * compiler that is too slow is an error. */
pst_status pst_job_advance(pst_job *job, size_t k, const pst_image *from, char *notice);

/* ---- job_smaller.c ---- */

/* After an allocation that failed although it was planned, which is `why`: closes the stage, takes all weights off the
 * devices, and plans the job anew for less memory, as --memory would. `why` where no plan takes less. */
pst_status pst_job_shrink(pst_job *job, pst_status why);

/* ---- job_inputs.c: what a job was made from ---- */

extern const char *const pst_input_names[PST_INPUTS]; /* "another network" */

/* Fills job->masks_digest, while the caller's pointers are still there. */
void pst_job_digest_masks(pst_job *job);

/* Frees the images that nobody wants any more once the last stage has been evaluated. */
void pst_job_drop_images(pst_job *job);

pst_status pst_job_digest_inputs(pst_job *job, char hex[PST_INPUTS][PST_DIGEST_BYTES]);

/* Have all ranks the same inputs and options? PST_ERROR_RANKS names what differs; all get it. */
pst_status pst_job_compare_ranks(pst_job *job);

#endif
