/* pastiche - neural style transfer on any OpenCL device.
 *
 * The only public header. A photograph is optimized until its VGG features resemble its own and their Gram
 * matrices those of a painting (Gatys, Ecker and Bethge, "A Neural Algorithm of Artistic Style", 2015).
 *
 *     pst_context *context;  pst_network *network;  pst_job *job;
 *     pst_image *content, *style, *result;
 *     pst_transfer_options options;
 *
 *     pst_context_create(NULL, &context);                          opens the best device
 *     pst_network_load(context, "vgg19.safetensors", PST_CONVENTION_AUTO, &network);
 *     pst_image_read(context, "photo.jpg", &content);
 *     pst_image_read(context, "painting.jpg", &style);
 *     pst_transfer_options_init(&options, sizeof options);
 *     pst_transfer_options_preset(&options, "best");
 *     options.content = content;
 *     options.styles = (const pst_image *const *)&style;
 *     options.style_count = 1;
 *     pst_job_create(context, network, &options, &job);
 *     pst_job_run(job, NULL, NULL);
 *     pst_job_result(job, &result);
 *     pst_image_write(context, result, "out.png", NULL);
 *
 * Conventions of every function here:
 * - Status. A function that can fail returns PST_OK or what went wrong; pst_context_message() then holds one line for
 *   people that names the file or device and what to do. On failure every output pointer is NULL. Beside the errors
 *   that a function's comment lists, PST_ERROR_MEMORY and PST_ERROR_ARGUMENT are always possible, PST_ERROR_FILE where
 *   it takes a path, and PST_ERROR_DEVICE and PST_ERROR_DEVICE_MEMORY where it computes on the device.
 * - Ownership. The caller owns what a `create`, `load`, `read`, `open` or `result` function gives and ends it with the
 *   matching `destroy` or `close`, to which NULL is fine. Destroy jobs before their network, and both before their
 *   context. A pointer that a comment calls valid as long as something else belongs to the library.
 * - Arguments. The library keeps no pointer that it was given longer than the call, except the callback of a call while
 *   it lasts, and the context and network of a job.
 * - Option structs begin with `size`. Let the struct's `init` function set the defaults, then change members. Structs
 *   of information that begin with `size` need it set to their sizeof before the call. So a program that was built
 *   with an older header works with a newer library.
 * - Threads. A context and all that was made from it belong to one thread at a time. Different contexts are
 *   independent.
 * - The library never exits and never prints.
 * - The same build, device, inputs, seed and choices (pst_context_options.choices_file) give the same bytes.
 */
#ifndef PASTICHE_H
#define PASTICHE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(PST_BUILD_SHARED) && defined(_WIN32)
#define PST_API __declspec(dllexport)
#elif defined(PST_BUILD_SHARED)
#define PST_API __attribute__((visibility("default")))
#else
#define PST_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* ---- version and status -------------------------------------------------------------------------------------- */

/* Of this header; CMake takes the version of the project from here. */
#define PST_VERSION_MAJOR 0
#define PST_VERSION_MINOR 2
#define PST_VERSION_PATCH 0
#define PST_VERSION "0.2.0"

/* The version of the library that is linked, in the form of PST_VERSION. */
PST_API const char *pst_version(void);

typedef enum pst_status {
    PST_OK = 0,
    PST_STOPPED,             /* the callback asked to stop; the result so far is available */
    PST_ERROR_ARGUMENT,      /* an option or argument is out of range, or does not go with another one */
    PST_ERROR_MEMORY,        /* the host has no memory left */
    PST_ERROR_FILE,          /* a file cannot be opened, read or written */
    PST_ERROR_FORMAT,        /* a file can be read, but its content is wrong */
    PST_ERROR_UNSUPPORTED,   /* something known that this build cannot do */
    PST_ERROR_NO_DEVICE,     /* no OpenCL device, or none of the given name */
    PST_ERROR_DEVICE,        /* an OpenCL call failed, or the device computes wrongly */
    PST_ERROR_DEVICE_MEMORY, /* the work does not fit into the device's memory */
    PST_ERROR_NUMERIC,       /* the loss stopped being a finite number and could not be saved */
    PST_ERROR_RANKS          /* processes that share a run do not go together, or one of them is lost */
} pst_status;

/* The name of a status, such as "PST_ERROR_FILE". Never NULL. */
PST_API const char *pst_status_name(pst_status status);

/* ---- devices ------------------------------------------------------------------------------------------------- */

typedef enum pst_device_type { PST_DEVICE_CPU, PST_DEVICE_GPU, PST_DEVICE_OTHER } pst_device_type;

typedef struct pst_device_info {
    int index; /* the number that pst_context_options.device takes */
    pst_device_type type;
    bool integrated; /* shares the host's memory */
    bool usable;     /* false: `problem` says why the device is left out */
    bool chosen;     /* the one that is used when none is named */
    char name[128], vendor[128], platform[128], device_version[128], driver_version[128];
    char problem[256];
    uint64_t memory_bytes, max_allocation_bytes, local_memory_bytes;
    uint32_t compute_units, clock_mhz;
    size_t max_work_group_size;
} pst_device_info;

/* Lists the devices of all OpenCL platforms, best first. Writes at most `capacity` entries and always sets *count to
 * the number of devices; entries may be NULL when capacity is 0. No device at all is not an error: *count is 0.
 * message (at least 512 bytes, or NULL) names platforms that failed or have no device, says why there are none or why
 * compiled kernels cannot be kept, or is empty. Needs no context, so on failure message holds the reason. */
PST_API pst_status pst_devices(pst_device_info *entries, size_t capacity, size_t *count, char *message);

/* Removes the compiled kernels that contexts keep for the next start, where the driver does not do so itself. *count
 * and *bytes: the files that are gone. message (at least 512 bytes, or NULL): their folder, "" where the environment
 * variable PASTICHE_BINARIES is "none", which keeps none; on failure the reason.
 * What other contexts and processes do goes on. */
PST_API pst_status pst_clear_compiled(size_t *count, uint64_t *bytes, char *message);

/* ---- context ------------------------------------------------------------------------------------------------- */

/* One device in use or several, and the message of the last failure. */
typedef struct pst_context pst_context;

/* As many devices a context can have. */
#define PST_CONTEXT_DEVICES_MAX 8

/* The processes that share each job: pastiche_ranks.h. */
typedef struct pst_ranks pst_ranks;

typedef struct pst_context_options {
    size_t size;
    /* NULL or "": the best device. Digits: an index of pst_devices. "cpu", "gpu": the best of that type. "gpu:N": the
     * N-th GPU, from 0. "none": no device, for images and network files alone. Else: part of a name.
     * Several devices, which share the tiles of a job: such words with commas between them, or "all" for all that are
     * usable. An image that is worth it goes in tiles even where it would fit
     * whole. What does not go in tiles is done by the first. For devices of one kind the result does not depend on
     * their number: a job has the same bytes for the same tile. */
    const char *device;
    /* NULL: the kernels inside the library. Else a folder of .cl files, for development. */
    const char *kernel_folder;
    /* Which convolution algorithms to use. NULL: what pst_tune kept for this device, if it fits. "": the built-in
     * choice alone. Else a file of pst_tune, which must be whole: to repeat a run. It is for the first device and those
     * of its kind (the same name, driver and units), which always have the same choices; others use their own file. */
    const char *choices_file;
    /* The same as text, from pst_job_choices_text. NULL: choices_file counts. */
    const char *choices_text;
    /* Leaves tensor cores and AMX unused; else they are tried. The former are used where pst_tune found them faster. */
    bool no_matrix_units;
    /* NULL: this process is alone. Must outlive the context. */
    const pst_ranks *ranks;
} pst_context_options;

/* Sets the defaults; size is sizeof(pst_context_options). */
PST_API void pst_context_options_init(pst_context_options *options, size_t size);

/* Opens devices. options may be NULL: the defaults. On failure *context is still a context if memory allows, good
 * only for pst_context_message and pst_context_destroy. PST_ERROR_NO_DEVICE: there is no such device.
 * PST_ERROR_ARGUMENT: a list names a device twice, or too many. PST_ERROR_FORMAT: the file or text of choices is
 * damaged. The first call and pst_devices may set variables of the environment that drivers read, such as
 * POCL_CACHE_DIR: other threads must not read the environment meanwhile. */
PST_API pst_status pst_context_create(const pst_context_options *options, pst_context **context);

/* Closes the devices and ends the context. NULL is fine. */
PST_API void pst_context_destroy(pst_context *context);

/* One line about the last failure in this context; valid until the next call. Never NULL. */
PST_API const char *pst_context_message(const pst_context *context);

/* Something for people about the device in use, such as that its compiled kernels are kept for this process alone; or
 * "". Valid until the end of the context. */
PST_API const char *pst_context_notice(const pst_context *context);

/* Is a driver's compiler still at work in this process that took too long? It cannot be stopped, and must not lose the
 * ground under it: such a process ends by _Exit. Any thread may ask. */
PST_API bool pst_is_compiling(void);

/* Describes the device in use, the first of several. Its index is -1 for a context without a device. */
PST_API void pst_context_device(const pst_context *context, pst_device_info *info);

/* Describes all devices in use, in the order in which they were named. Writes at most `capacity` entries and sets
 * *count to the number of devices. */
PST_API void pst_context_devices(const pst_context *context, pst_device_info *entries, size_t capacity, size_t *count);

/* The number of measured choices that the context has for its first device; 0: it uses the built-in ones alone. *notice
 * (may be NULL) is for people: that the file of choices is damaged, for another driver or of no use, and what was done
 * about it; or "". Valid until the next pst_tune or the end of the context. */
PST_API size_t pst_context_choices(const pst_context *context, const char **notice);

/* ---- images -------------------------------------------------------------------------------------------------- */

/* An image of any size in sRGB: height rows of width pixels, interleaved RGB floats from 0 to 255, and opacity where
 * the image has any.
 *
 * The functions of images and of files take a context only for its message. It may be NULL: then the status alone says
 * what went wrong, and any thread may call them at any time, one at a time for the same image. */
typedef struct pst_image pst_image;

/* Makes an image of width * height RGB samples from 0 to 255, row by row. rgb is copied; NULL gives black.
 * PST_ERROR_ARGUMENT for sides outside 1..65535, more than 2^28 pixels, or a sample that is not finite. */
PST_API pst_status pst_image_create(pst_context *context, int width, int height, const float *rgb, pst_image **image);

/* Reads JPEG, PNG, TIFF, WebP, BMP, TGA, GIF, PSD, HDR, PGM or PPM, the first of full size in a file: turned as EXIF
 * says, its colors converted from its profile to sRGB, up to 16 bits a channel in full (and floats from 0 to 1, or the
 * range that a TIFF declares). pst_image_notice says what was clipped or passed over. Files of more than 1 GiB and
 * images of more than 65535 pixels a side or 2^28 in all are refused. PST_ERROR_FORMAT: damaged, pixels are missing, or
 * no image. PST_ERROR_UNSUPPORTED: a kind that is not read, or this build has no library for it. */
PST_API pst_status pst_image_read(pst_context *context, const char *path, pst_image **image);

/* The same from the bytes of a file in memory; `name` stands for it in messages and becomes the image's. */
PST_API pst_status pst_image_decode(pst_context *context, const void *file, size_t bytes, const char *name,
                                    pst_image **image);

/* Ends an image. NULL is fine. */
PST_API void pst_image_destroy(pst_image *image);

/* The width in pixels. */
PST_API int pst_image_width(const pst_image *image);

/* The height in pixels. */
PST_API int pst_image_height(const pst_image *image);

/* The samples, [height][width][3], RGB from 0 to 255. They belong to the image. */
PST_API const float *pst_image_samples(const pst_image *image);

/* The opacity, [height][width], from 0, transparent, to 1; it belongs to the image. NULL: opaque everywhere. */
PST_API const float *pst_image_alpha(const pst_image *image);

/* Gives an image opacity, [height][width], from 0, transparent, to 1, which is copied; NULL takes it away. The colors
 * must not be multiplied by it. PST_ERROR_ARGUMENT for a number that is not finite. */
PST_API pst_status pst_image_set_alpha(pst_context *context, pst_image *image, const float *alpha);

/* What messages call the image, or "". Valid until its name is set or the image ends. */
PST_API const char *pst_image_name(const pst_image *image);

/* Sets what messages call the image; name is copied. An image that was read has the path of its file. NULL takes the
 * name away: messages then say "the content", "style 2" and the like. */
PST_API pst_status pst_image_set_name(pst_context *context, pst_image *image, const char *name);

/* What was lost or passed over when the image was read, for people; or "". Valid as long as the image. */
PST_API const char *pst_image_notice(const pst_image *image);

/* The SHA-256 of the file that the image was read from, 64 digits; "" for other images. Valid as long as the image. */
PST_API const char *pst_image_sha256(const pst_image *image);

/* Makes a copy of width * height pixels, by a cubic filter that is widened when shrinking. The caller chooses the
 * aspect. PST_ERROR_ARGUMENT as pst_image_create. */
PST_API pst_status pst_image_resize(pst_context *context, const pst_image *image, int width, int height,
                                    pst_image **resized);

/* The rendering intents of ICC profiles. */
typedef enum pst_intent {
    PST_INTENT_PERCEPTUAL,
    PST_INTENT_RELATIVE,
    PST_INTENT_SATURATION,
    PST_INTENT_ABSOLUTE
} pst_intent;

/* A soft proof, in place: every color is converted to the colors of `profile` (a file with an ICC profile, of a press
 * or printer, CMYK or any other) and back to sRGB. PST_ERROR_FORMAT: not a usable profile. PST_ERROR_UNSUPPORTED: this
 * build has no color management. */
PST_API pst_status pst_image_proof(pst_context *context, pst_image *image, const char *profile, pst_intent intent);

typedef enum pst_image_format {
    PST_FORMAT_AUTO,
    PST_FORMAT_PNG,
    PST_FORMAT_JPEG,
    PST_FORMAT_TIFF,
    PST_FORMAT_WEBP,
    PST_FORMAT_BMP,
    PST_FORMAT_TGA
} pst_image_format;

typedef struct pst_write_options {
    size_t size;
    /* PST_FORMAT_AUTO, the default: by the ending of the name; PNG where there is no name. */
    pst_image_format format;
    /* A channel: 8, or 16 in PNG and TIFF. 0, the default: 8. */
    int bits;
    /* 1 to 100. 0, the default: 95 in JPEG (full colors from 90 on), lossless in WebP. */
    int quality;
    /* A file with an ICC profile for RGB, which is embedded, and the colors converted to it. NULL: sRGB likewise. */
    const char *output_profile;
    /* UTF-8 that pst_image_metadata finds again; NULL: none. BMP and TGA have no place for it, nor has a JPEG for more
     * than 64 KiB: it is left out there. */
    const char *metadata;
} pst_write_options;

/* Sets the defaults; size is sizeof(pst_write_options). */
PST_API void pst_write_options_init(pst_write_options *options, size_t size);

/* Writes an image as PNG, JPEG, TIFF, WebP, BMP or TGA, through a temporary file and a rename: the old file or the
 * whole new one is there, never a part. options may be NULL: the defaults. Samples are clamped and rounded; JPEG and
 * BMP have no opacity and show white there. The same image gives the same bytes. PST_ERROR_ARGUMENT: the ending names
 * no format, or an option does not go with the format. PST_ERROR_UNSUPPORTED: this build cannot write it. */
PST_API pst_status pst_image_write(pst_context *context, const pst_image *image, const char *path,
                                   const pst_write_options *options);

/* Checks that pst_image_write can work with this path and these options (NULL: the defaults): the ending, the folder,
 * the right to write, the profile, the abilities of this build. With path NULL it checks for pst_image_encode. Leaves
 * no trace. Errors are those of pst_image_write. */
PST_API pst_status pst_image_write_check(pst_context *context, const char *path, const pst_write_options *options);

/* Gives the bytes of the file that pst_image_write would write. options may be NULL: a PNG. The caller ends *data with
 * pst_bytes_destroy. Errors are those of pst_image_write. */
PST_API pst_status pst_image_encode(pst_context *context, const pst_image *image, const pst_write_options *options,
                                    uint8_t **data, size_t *bytes);

/* Gives the text that pst_write_options.metadata left in a PNG, JPEG, TIFF or WebP file. *text is NULL where there is
 * none, also in other files; the caller ends it with pst_bytes_destroy. */
PST_API pst_status pst_image_metadata(pst_context *context, const char *path, char **text);

/* The SHA-256 of any file, as 64 digits and a zero. */
PST_API pst_status pst_file_sha256(pst_context *context, const char *path, char sha256[65]);

/* Writes any file as the library writes its own: the old file or the whole new one is there, never a part. */
PST_API pst_status pst_file_write(pst_context *context, const char *path, const void *data, size_t bytes);

/* Whether pst_file_write may make or replace a file. Leaves no trace. */
PST_API pst_status pst_file_write_check(pst_context *context, const char *path);

/* Ends bytes or a text that a function of this header gave. NULL is fine. */
PST_API void pst_bytes_destroy(void *data);

/* ---- networks ------------------------------------------------------------------------------------------------ */

/* The convolutions of a VGG network. */
typedef struct pst_network pst_network;

/* What the first convolution of a network expects. Internally it is always Caffe's; the others are folded into the
 * weights of that convolution. */
typedef enum pst_convention {
    /* what the format or the file says, or else what its weights and names look like */
    PST_CONVENTION_AUTO,
    /* BGR, 0..255, minus (103.939, 116.779, 123.68): Simonyan and Zisserman's own weights */
    PST_CONVENTION_CAFFE,
    /* RGB, 0..1, minus (.485, .456, .406), divided by (.229, .224, .225) */
    PST_CONVENTION_TORCHVISION,
    /* RGB, 0..255, minus a mean that the file holds; only described, cannot be asked for */
    PST_CONVENTION_RGB
} pst_convention;

/* Reads the convolutions (conv1_1 ... conv5_4, as many as there are) from a safetensors, Keras, Caffe, ONNX, PyTorch or
 * MATLAB 5 file, or the index of several safetensors or PyTorch files; the format is found from the content. Parts of a
 * network in other files are read from the folder of the file that names them only. path is a file, or NULL or a name
 * as pst_catalogue_find takes them: NULL is the best installed network, or else one inside the library.
 * convention is PST_CONVENTION_AUTO, or CAFFE or TORCHVISION where the caller knows better than the file. Sizes are
 * checked before memory is allocated for them, nothing in the file is executed, and a classifier is not read. A weight
 * of a safetensors file may have 8 bits: conv1_1.weight of I8, times conv1_1.weight_scale of each output channel.
 * PST_ERROR_FORMAT: damaged, or no VGG network. PST_ERROR_UNSUPPORTED: this build has no library for the format. */
PST_API pst_status pst_network_load(pst_context *context, const char *path, pst_convention convention,
                                    pst_network **network);

/* Ends a network; its jobs must have ended before. NULL is fine. */
PST_API void pst_network_destroy(pst_network *network);

/* Where it was read from: a file, or "built-in:small.safetensors" or the like. Valid as long as the network. */
PST_API const char *pst_network_path(const pst_network *network);

/* Gives the SHA-256 of its file, 64 digits: computed by the first call and kept as long as the network. "" on failure.
 * Where other files hold parts of it, it is that of all their bytes: the file's, then the parts' in the order in which
 * the file names them. */
PST_API pst_status pst_network_sha256(pst_network *network, const char **sha256);

/* The same for a file whose network is not loaded. */
PST_API pst_status pst_network_file_sha256(pst_context *context, const char *path, char sha256[65]);

typedef struct pst_network_layer {
    const char *name; /* "conv3_1" */
    int c_in, c_out;
} pst_network_layer;

typedef struct pst_network_info {
    size_t size;
    const char *format;        /* "Keras HDF5" */
    pst_convention convention; /* of the file */
    const char *reason;        /* why the convention was taken to be that, in a few words */
    bool assumed;              /* nothing in the file proves it: people should hear of it */
    const char *notice;        /* what else they should know, such as reflected borders that become zeros here, or "" */
    uint64_t parameters;       /* of the convolutions, biases too */
    const pst_network_layer *layers;
    size_t layer_count;
    bool scaled; /* weights of the file have 8 bits, with a scale for each output channel */
} pst_network_info;

/* Fills *info, whose size the caller has set. All of it belongs to the network and is valid as long as it. */
PST_API void pst_network_describe(const pst_network *network, pst_network_info *info);

/* Writes the convolutions as a safetensors file in Caffe's convention, atomically as pst_image_write. half: as F16. */
PST_API pst_status pst_network_save(pst_network *network, const char *path, bool half);

/* ---- transfer: options --------------------------------------------------------------------------------------- */

/* F: features of a layer at N pixels, of C channels; P: those of the content; G: the Gram matrix of F; T or A: that of
 * the style; w: the layer's weight. */
typedef enum pst_loss_form {
    /* content w*mean((F-P)^2), style w*mean((G-T)^2), G = F F'/(C N): what the weights mean in neural-style */
    PST_LOSS_MEAN,
    /* content w/2*sum((F-P)^2), style w/(4 C^2)*sum((G/N-A/Na)^2), G = F F': the paper's */
    PST_LOSS_GATYS,
    /* content as MEAN; style w*(mean((m-mt)^2) + tr(St + S - 2(St^1/2 S St^1/2)^1/2)/C) of the means m and the
     * covariances S = F F'/N - m m' + 1e-4: style-transfer-pytorch's */
    PST_LOSS_WASSERSTEIN
} pst_loss_form;

typedef enum pst_pooling {
    PST_POOLING_MAX,
    PST_POOLING_AVERAGE,
    PST_POOLING_L2 /* 0.78 * sqrt(sum of squares) of each 2x2 window: style-transfer-pytorch's */
} pst_pooling;

/* The smoothness term, of differences dx and dy of neighbors. */
typedef enum pst_tv_kind {
    /* tv_weight/2 * sum(dx^2 + dy^2) over pixels with both a right and a lower neighbor: neural-style's */
    PST_TV_SQUARES,
    /* tv_weight * (sum |dx| + sum |dy|): neural-style-pt's */
    PST_TV_ABSOLUTE,
    /* tv_weight * 2 * (mean dx^2/3 + mean dy^2/3 + mean of either diagonal's squared differences/12), the border
     * replicated: style-transfer-pytorch's, but of samples from 0 to 255, so that its 2 is 3.1e-5 here */
    PST_TV_NINE_POINT
} pst_tv_kind;

typedef enum pst_optimizer_kind {
    PST_OPTIMIZER_LBFGS, /* goes on from the best point only; broad changes come before fine ones */
    PST_OPTIMIZER_ADAM,
    PST_OPTIMIZER_GRADIENT_DESCENT,
    PST_OPTIMIZER_LBFGS_PLAIN /* as in other programs: a first step of length 1/|g|, no test of the loss */
} pst_optimizer_kind;

typedef enum pst_start {
    PST_START_RANDOM, /* 0.001 * N(0,1) around the mean color */
    PST_START_CONTENT,
    PST_START_IMAGE /* pst_transfer_options.start_image */
} pst_start;

/* How a style gets the content's colors: by a linear map that gives it their mean and covariance, or whole. */
typedef enum pst_match_colors {
    PST_MATCH_NONE,
    PST_MATCH_CHOLESKY,
    PST_MATCH_PCA,
    PST_MATCH_SYMMETRIC,
    PST_MATCH_HISTOGRAM /* the whole distribution of colors */
} pst_match_colors;

/* Where the lightness of a color is: BT.601's luma, or the L of OkLab, which is closer to human vision. */
typedef enum pst_color_space { PST_COLOR_SPACE_YUV, PST_COLOR_SPACE_OKLAB } pst_color_space;

typedef enum pst_guide_mode {
    PST_GUIDES_SIMPLE, /* a region is what its mask covers */
    PST_GUIDES_ALL,    /* ... all units of the network that see any of it: regions overlap */
    PST_GUIDES_INSIDE  /* ... only units that see nothing else: in deep layers small regions have none */
} pst_guide_mode;

/* What becomes of the last pixels of a side that poolings, which halve it, do not divide evenly. */
typedef enum pst_remainder {
    PST_REMAINDER_EXTEND, /* the image's border is mirrored up to whole windows; the result is cropped */
    PST_REMAINDER_FLOOR,  /* deep layers do not see them: the border is painted less well */
    PST_REMAINDER_CEIL    /* a window over the edge pools what there is of it, as in neural-style */
} pst_remainder;

/* A style as a file stores it; see pst_style_create. */
typedef struct pst_style pst_style;

typedef enum pst_storage { PST_STORAGE_FLOAT, PST_STORAGE_HALF } pst_storage;

/* What a job does. pst_transfer_option_table has ranges and defaults as data. */
typedef struct pst_transfer_options {
    size_t size;
    /* Needed. */
    const pst_image *content;
    /* Needed, style_count of them; NULL where stored_styles has one. */
    const pst_image *const *styles;
    size_t style_count;
    /* The share of each style: style_count numbers from 0 up, scaled to the sum 1. NULL: equal. */
    const double *blend_weights;
    /* For PST_START_IMAGE; any size. */
    const pst_image *start_image;
    /* Longer side of the result in pixels; also enlarges. Default 512. */
    int image_size;
    /* The longer side of a style is ceil(style_scale * image_size). Default 1. */
    double style_scale;
    double content_weight; /* default 5 */
    double style_weight;   /* default 100 */
    /* Of smoothness, as tv_kind defines it. Default 1e-3. */
    double tv_weight;
    pst_tv_kind tv_kind; /* default PST_TV_SQUARES */
    /* "relu4_2" by default; "relu3_1=0.5,relu4_2" gives a layer a factor of its own. */
    const char *content_layers;
    const char *style_layers; /* default "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1" */
    pst_loss_form loss_form;  /* default PST_LOSS_MEAN */
    pst_pooling pooling;      /* default PST_POOLING_MAX */
    /* Divides each layer's unweighted gradient by its L1 norm (+1e-8). Default off. */
    bool normalize_gradients;
    /* Divides each weight by the largest side of what it weighs: of a content map its channels, height and width, of a
     * Gram matrix its channels; as in neural-style-pt. Default off. */
    bool normalize_weights;
    /* The first convolution sees the image's border replicated, not zeros around it. Default off. */
    bool replicate_border;
    /* Samples span 0..256 inside, as in neural-style. Default off. */
    bool pixels_256;
    pst_optimizer_kind optimizer; /* default PST_OPTIMIZER_LBFGS */
    /* Pairs that L-BFGS keeps, of 2 images each. 0, the default: 20, and 100 of the plain L-BFGS. */
    int lbfgs_history;
    /* Of Adam and gradient descent, per unit of 0..255. 0, the default: 1 of Adam; gradient descent finds its own. */
    double learning_rate;
    /* The decay of Adam's moments. Default 0.9 and 0.999. */
    double adam_beta1, adam_beta2;
    /* Adds Adam's 1e-8 before the bias correction, as in Torch7. Default off. */
    bool adam_epsilon_first;
    /* Ends every step with samples within 0..255. Not with L-BFGS. Default off. */
    bool clamp;
    /* Below 1: the result is not the best image but the running average of all, the one k steps back weighted by
     * average^k. Not with L-BFGS. Default 0: off. */
    double average;
    /* Of gradient descent: the factor of the velocity, and the rate falls as 1/(1 + decay*k). Default 0. */
    double momentum, decay;
    /* Evaluations of loss and gradient at most, of all scales together. Default 1000. */
    int iterations;
    /* Ends a scale when the total loss is at or below it. Default 0: never. */
    double loss_threshold;
    /* Ends a scale when the best loss fell by less than this part over improvement_window evaluations. Default 0:
     * never, and 50. */
    double min_improvement;
    int improvement_window;
    pst_start start; /* default PST_START_RANDOM */
    /* Of the random start. -1, the default: 0. */
    int64_t seed;
    /* Keeps the content's colors: only the lightness of the result is used, in color_space. Default off. */
    bool original_colors;
    pst_color_space color_space; /* default PST_COLOR_SPACE_YUV */
    /* Gives each style the content's colors before the transfer. Default PST_MATCH_NONE. */
    pst_match_colors match_colors;
    /* Regions: an image of flat colors, any size of the content's proportions; each color is a region. A region takes
     * the styles that have its color in their masks, the blend weights shared among them; a region that no style has
     * keeps the content. NULL: none. */
    const pst_image *content_mask;
    /* style_count masks, of which NULL: the whole style, for every region. NULL without content_mask. */
    const pst_image *const *style_masks;
    pst_guide_mode guide_mode; /* default PST_GUIDES_SIMPLE */
    /* The most scratch memory of the convolutions. 0, the default: what suits the device, 64 to 256 MiB. */
    size_t workspace_bytes;
    /* Coarse to fine: the number of sizes, each sqrt(2) times the last. 1: the plain method. 0, the default: from
     * min_size up, as many as have some ten iterations each, and one for PST_START_IMAGE. */
    int scales;
    /* Longer side of the coarsest scale. Default 128. */
    int min_size;
    /* style_count of them, each NULL where `styles` has an image; then styles may be NULL. The stored size that is
     * nearest by ratio is used. Not with match_colors, nor with a mask of several colors; network, pooling, border,
     * pixels_256 and whether poolings round up must be those the style was made with. NULL: none. */
    const pst_style *const *stored_styles;
    /* EXTEND is of the content and the result; styles are not extended. Default PST_REMAINDER_EXTEND. */
    pst_remainder remainder;
    /* Where content, styles and start image are gray, to two of 255 levels of each pixel, so is the result, exactly:
     * the descent goes through gray images only. Default on. */
    bool keep_gray;
    /* The most bytes of the device's memory that a job takes; of several, of each one. 0, the default: all it has. */
    size_t memory_bytes;
    /* The image is worked on in tiles of this many pixels, each side rounded up to a multiple of 64, one after the
     * other, with the same result but for rounding; sizes up to that run whole. 0 for one side: as the other one. 0 for
     * both, the default: whole, or where that does not fit in tiles that do. */
    int tile_width, tile_height;
    /* How L-BFGS keeps pairs in tiles: halves take half of the memory, and round. Default PST_STORAGE_FLOAT. */
    pst_storage lbfgs_storage;
    /* In tiles: a folder for what is as large as the image, until the job ends. NULL, the default: in memory. */
    const char *spill_folder;
    /* Of samples outside 0..255, which a file cannot hold: the factor of the mean square of what is outside. With
     * L-BFGS, 1e5 keeps nearly all samples inside. Default 0. */
    double range_weight;
    /* A scale whose longer side is smaller has style_weight * longer side / full_style_size: with the full weight a
     * small image loses the content. Default 0: the full weight at every size. */
    int full_style_size;
} pst_transfer_options;

/* Sets the defaults, which are neural-style's values; size is sizeof(pst_transfer_options). */
PST_API void pst_transfer_options_init(pst_transfer_options *options, size_t size);

/* Sets what is different from the defaults; to be called right after pst_transfer_options_init. name: "best" (what
 * looks best, and what the program does unless told otherwise), "neural-style", "neural-style-pt", "gatys" (his
 * PytorchNeuralStyleTransfer), "style-transfer-pytorch", or "0.1" (as pastiche 0.1; changes nothing).
 * PST_ERROR_ARGUMENT for another name. Texts that it sets are valid always. */
PST_API pst_status pst_transfer_options_preset(pst_transfer_options *options, const char *name);

/* The name of the preset with this index, from 0; NULL after the last one. */
PST_API const char *pst_preset_name(size_t index);

typedef enum pst_option_type {
    PST_OPTION_INT,
    PST_OPTION_INT64,
    PST_OPTION_SIZE, /* size_t */
    PST_OPTION_DOUBLE,
    PST_OPTION_BOOL,
    PST_OPTION_ENUM,   /* one of the enums above; its values are 0, 1 ... */
    PST_OPTION_TEXT,   /* const char *, not NULL */
    PST_OPTION_POINTER /* images, arrays */
} pst_option_type;

typedef struct pst_option_info {
    const char *name; /* of a member of pst_transfer_options */
    size_t offset;    /* of the member in the struct */
    pst_option_type type;
    /* The range of a number, an enum or a bool, both ends included; of a pointer to numbers, the range of each. */
    double least, most;
    /* The default: a number, an enum's value, 0 or 1 of a bool. */
    double value;
    /* The default of a text; else NULL. */
    const char *text;
    /* Names of the values of an enum, or of a bool with such names, from 0 up, then NULL; else NULL. */
    const char *const *words;
    /* It changes the result and is not a pointer: a checkpoint needs the same value. */
    bool changes_result;
} pst_option_info;

/* All members of pst_transfer_options except `size`, in the order of the struct: for programs that read options from a
 * command line or a form, so that they need no ranges, defaults and names of their own. *count is the number of rows;
 * they are valid always. */
PST_API const pst_option_info *pst_transfer_option_table(size_t *count);

/* ---- transfer: jobs ------------------------------------------------------------------------------------------ */

/* One transfer: made, run once, asked for its result. */
typedef struct pst_job pst_job;

/* Checks all options, resizes the images and plans the memory to the byte; allocates nothing on the device, so a job
 * whose plan does not fit can still be made and asked. Images, styles and arrays of the options may be destroyed
 * afterwards. PST_ERROR_ARGUMENT: an option is out of range or does not go with another one; the message names it. */
PST_API pst_status pst_job_create(pst_context *context, pst_network *network, const pst_transfer_options *options,
                                  pst_job **job);

/* Ends a job and frees its memory on the device. NULL is fine. */
PST_API void pst_job_destroy(pst_job *job);

/* Memory of the device (of several, of the one that takes most), of the host, and files in spill_folder. */
typedef enum pst_place { PST_PLACE_DEVICE, PST_PLACE_MEMORY, PST_PLACE_FILE } pst_place;

typedef struct pst_plan_entry {
    const char *name; /* what the memory is for */
    uint64_t bytes;
    pst_place place;
} pst_plan_entry;

/* A part of the network that all tiles go through before the next. */
typedef struct pst_plan_segment {
    const char *first, *last;    /* its layers */
    int columns, rows;           /* of tiles */
    int tile_width, tile_height; /* pixels of the image that a tile has, but for those at the end */
    int halo;                    /* pixels around a tile that are computed with it */
} pst_plan_segment;

typedef struct pst_plan {
    int width, height;           /* of the result */
    uint64_t device_bytes;       /* all that will be allocated on the device: the sum of its entries */
    uint64_t largest_bytes;      /* the largest single allocation */
    uint64_t device_limit_bytes; /* what the device has, of several the least; or memory_bytes where that is less */
    int largest_image_size;      /* the longer side that would still fit */
    bool fits;
    const pst_plan_entry *entries;
    size_t entry_count;
    const char *problem;         /* why it does not fit; NULL: it does */
    int tile_width, tile_height; /* 0: all is done whole */
    uint64_t memory_bytes;       /* of the host, besides the images: the sum of those entries */
    uint64_t file_bytes;
    const pst_plan_segment *segments; /* of the last size in tiles */
    size_t segment_count;
    double halo_work; /* operations on halos, in proportion to those without tiles: 0.2 is 20 % more */
    double work;      /* operations of an evaluation, as a multiple of those without tiles */
    /* With several ranks, of an evaluation with its step at the last size in tiles: */
    int ranks;               /* that share the run; 1: this process alone */
    double busiest_work;     /* operations of the busiest: 1.1 is 10 % more than its part of those without tiles */
    uint64_t exchange_bytes; /* parts of maps and images that a rank sends and gets; of the one with most of them */
    uint64_t gather_bytes;   /* images that are put together from all ranks' parts, and that all get */
    uint64_t sum_bytes;      /* what all ranks add up */
} pst_plan;

/* The memory that pst_job_run will take. Valid as long as the job. */
PST_API const pst_plan *pst_job_plan(const pst_job *job);

/* Estimates how long pst_job_run takes if it goes on to the last iteration, in seconds: measures two evaluations at the
 * full size, or more if they are short, and takes the cost to grow with the pixels. Changes nothing for pst_job_run,
 * which must come later (else PST_ERROR_ARGUMENT). PST_ERROR_DEVICE_MEMORY: the job does not fit. */
PST_API pst_status pst_job_forecast(pst_job *job, double *seconds);

typedef struct pst_loss_term {
    const char *name; /* "content.relu4_2", "style.relu1_1", "tv" */
    double value;     /* weighted, so that the terms add up to the total */
} pst_loss_term;

/* What one device of a rank did of an evaluation in tiles. The rest of the time is the optimizer's. */
typedef struct pst_share {
    int rank, device; /* device: of the rank's, from 0 */
    int tiles;
    double busy_seconds;     /* with them */
    double wait_seconds;     /* for the rank's other devices */
    double exchange_seconds; /* for other ranks, or for what they have */
} pst_share;

/* Valid until the callback returns. */
typedef struct pst_progress {
    int iteration;          /* evaluations done, from 1, of all scales */
    int iterations;         /* at most this many */
    double seconds;         /* since the first evaluation began, of a resumed run since that of the first run */
    double loss, best_loss; /* best_loss: of this scale */
    const pst_loss_term *terms;
    size_t term_count;
    const char *notice;      /* NULL, or something for people: a restart after a loss that was not finite */
    int scale, scale_count;  /* the present one, from 1 */
    int width, height;       /* of the present scale */
    double seconds_left;     /* from the speed until now; below 0: not known yet */
    const pst_share *shares; /* of all ranks; none where the image is evaluated whole */
    size_t share_count;
} pst_progress;

/* Called after every evaluation, and once, without terms, where a resumed run has none left. Returns true to stop. It
 * may call pst_job_result, pst_job_save, pst_job_weights and pst_job_set_weights for the job, nothing else. */
typedef bool (*pst_progress_callback)(void *user, const pst_progress *progress);

/* Where an evaluation goes tile by tile it can take minutes. Valid until the callback returns. */
typedef struct pst_tile_progress {
    int iteration;         /* the evaluation that is on its way, from 1 */
    int tiles, tile_count; /* walked, of all that this process walks for it: each several times */
    double seconds;        /* as in pst_progress */
} pst_tile_progress;

/* Is called while tiles are walked, on the job's thread. Returns true to stop: pst_job_run is then PST_STOPPED as if
 * that evaluation had not begun. (The first evaluation of a later scale is finished before.) It may call nothing of the
 * library for the job. */
typedef bool (*pst_tile_callback)(void *user, const pst_tile_progress *progress);

/* Before pst_job_run. callback may be NULL. */
PST_API void pst_job_watch_tiles(pst_job *job, pst_tile_callback callback, void *user);

/* Runs the descent to its end, scale by scale: until the iterations are done, the loss is at its threshold, or it no
 * longer improves. A job runs once (else PST_ERROR_ARGUMENT). callback may be NULL; user is passed to it. PST_STOPPED:
 * the callback stopped it. PST_ERROR_DEVICE_MEMORY: the job does not fit; the message names a size that would.
 * PST_ERROR_NUMERIC: the loss is not finite, and restarts did not help. */
PST_API pst_status pst_job_run(pst_job *job, pst_progress_callback callback, void *user);

/* Gives the image with the lowest loss so far at the present scale, enlarged to the final size, with original_colors
 * applied and the content's opacity. PST_ERROR_ARGUMENT before the first evaluation. */
PST_API pst_status pst_job_result(pst_job *job, pst_image **image);

/* Sets other weights from the next evaluation on, each from 0 up; the factors of single layers stay. Before the run or
 * within its callback. The descent goes on from the best image so far, and its optimizer begins anew, because what it
 * has learned is of another function; best_loss, loss_threshold and min_improvement count from there too.
 * PST_ERROR_ARGUMENT: a weight is out of range, and all stays as it was. */
PST_API pst_status pst_job_set_weights(pst_job *job, double content_weight, double style_weight, double tv_weight);

/* Gives the weights in force: those of the options, or those set later, also of a run that was resumed. */
PST_API void pst_job_weights(const pst_job *job, double *content_weight, double *style_weight, double *tv_weight);

typedef struct pst_region {
    uint8_t color[3];     /* of the content's mask, RGB */
    double content_area;  /* share of the content, 0..1; the shares of all regions add up to 1 */
    const double *styles; /* for each style the share of it that is of this region; all 0: it keeps the content */
} pst_region;

/* The regions of the content's mask, the largest first; *count is 0 without masks. Valid as long as the job. */
PST_API const pst_region *pst_job_regions(const pst_job *job, size_t *count);

/* Writes the state of a run and its optimizer to a file, atomically: from the callback, or after pst_job_run was
 * stopped. It takes the bytes that the plan says for both. PST_ERROR_ARGUMENT before the first evaluation. */
PST_API pst_status pst_job_save(pst_job *job, const char *path);

/* Checks that pst_job_save can write this file and replaces at most a checkpoint, makes its folder, and removes what
 * killed runs left beside it: to be called before a run that may end before its first pst_job_save. */
PST_API pst_status pst_job_save_check(pst_job *job, const char *path);

/* Before pst_job_run: lets the run go on where the saved one was, on the same device to the last bit. After a failure
 * the job is as before. PST_ERROR_ARGUMENT: network, images or an option are not the same; the message names what
 * differs. PST_ERROR_FORMAT: no checkpoint, damaged, or of another version. */
PST_API pst_status pst_job_resume(pst_job *job, const char *path);

/* Gives what a file of pst_job_save tells of its run, without a device: lines NAME=VALUE of "iteration" (evaluations
 * done), "seconds", and each option that changes the result, named as in pst_transfer_option_table. The caller ends
 * *text with pst_bytes_destroy; NULL: the file is no checkpoint. PST_ERROR_FORMAT: damaged, or of another version. */
PST_API pst_status pst_checkpoint_text(pst_context *context, const char *path, char **text);

/* ---- stored styles ------------------------------------------------------------------------------------------- */

/* pst_style is what the losses need of a style, without its images: the means of the features and their second moments
 * F F'/N, at layers and sizes, blended over its images. The targets of every loss form follow from them, so at a stored
 * size a run with the style equals a run with the images. A style belongs to the thread of its context, and may be
 * destroyed while jobs use it. */

/* Makes a style of the images in options->styles, on the context's first device, for the sizes from image_size down by
 * the square root of two to min_size, and for style_layers, pooling, replicate_border, pixels_256 and remainder of the
 * options; other options count nothing, but must be in range. Sizes of which the layers leave nothing are left out.
 * about: for people, what it is made of; copied, may be NULL. PST_ERROR_ARGUMENT: no image, no style layer, or an
 * option is out of range. PST_ERROR_UNSUPPORTED: an image has transparent parts. */
PST_API pst_status pst_style_create(pst_context *context, pst_network *network, const pst_transfer_options *options,
                                    const char *about, pst_style **style);

/* Reads a style file; needs no device. PST_ERROR_FORMAT: no style file, damaged, or of a later version. */
PST_API pst_status pst_style_load(pst_context *context, const char *path, pst_style **style);

/* Writes a style file, atomically as pst_image_write. */
PST_API pst_status pst_style_save(pst_context *context, const pst_style *style, const char *path);

/* Ends a style, of which jobs that use it keep their share. NULL is fine. */
PST_API void pst_style_destroy(pst_style *style);

/* Whether a file begins as a style file does; false, too, for a file that cannot be read. */
PST_API bool pst_style_recognize(const char *path);

typedef struct pst_style_info {
    size_t size;
    const char *about;          /* as given to pst_style_create, or "" */
    const char *network;        /* the file of the network that made it */
    const char *network_digest; /* SHA-256 of that network's weights up to the last layer */
    pst_pooling pooling;
    bool replicate_border, pixels_256;
    const char *const *layers;
    const int *channels; /* of each layer */
    const int *sizes;    /* longer sides, the largest first */
    size_t layer_count, size_count;
    uint64_t bytes; /* of its file */
    bool ceil;      /* poolings rounded up: PST_REMAINDER_CEIL */
    bool gray;      /* all of its images were gray, as pst_transfer_options.keep_gray means it */
} pst_style_info;

/* Fills *info, whose size the caller has set. All of it belongs to the style and is valid as long as it. */
PST_API void pst_style_describe(const pst_style *style, pst_style_info *info);

/* ---- known networks ------------------------------------------------------------------------------------------ */

/* The networks that pastiche knows by name, where they come from, and where they are installed. Needs no context and
 * no device; belongs to one thread at a time. */
typedef struct pst_catalogue pst_catalogue;

typedef struct pst_known_network {
    const char *name, *alias;             /* "vgg19", "vgg19-keras"; no alias: "" */
    const char *file;                     /* its name in the data folder */
    const char *url, *mirror;             /* where it comes from; no mirror: "" */
    const char *license, *notes, *format; /* "Keras HDF5", "Caffe", "PyTorch", "MATLAB 5", "safetensors" */
    const char *convention;               /* of the pixels: "caffe", "torchvision", "rgb" */
    uint64_t bytes;                       /* 0: not known for certain */
    const char *about_size;               /* for people, where bytes is 0: "about 575 MB", or "" */
    const char *sha256; /* 64 digits, or only the first ones where the others are not known. "": none */
    const char *md5;    /* 32 digits; "": not known */
} pst_known_network;

/* Opens the catalogue in the library, or the file that the environment variable PASTICHE_CATALOGUE names. On failure
 * *catalogue is still one if memory allows, good only for pst_catalogue_message and pst_catalogue_close.
 * PST_ERROR_FORMAT: the file is no catalogue. */
PST_API pst_status pst_catalogue_open(pst_catalogue **catalogue);

/* Ends a catalogue and all that it gave. NULL is fine. */
PST_API void pst_catalogue_close(pst_catalogue *catalogue);

/* One line about the last failure; valid until the next call. Never NULL. */
PST_API const char *pst_catalogue_message(const pst_catalogue *catalogue);

/* All known networks, the best first. Valid as long as the catalogue. */
PST_API const pst_known_network *pst_catalogue_networks(const pst_catalogue *catalogue, size_t *count);

/* The network with this name or alias; NULL: none. Valid as long as the catalogue. */
PST_API const pst_known_network *pst_catalogue_known(const pst_catalogue *catalogue, const char *name);

/* The folder where networks are installed: $PASTICHE_DATA, else "pastiche" in the system's place for a user's data. It
 * may not exist yet. "" where the environment names none. Valid as long as the catalogue. */
PST_API const char *pst_catalogue_folder(const pst_catalogue *catalogue);

/* Gives the path where a known network is installed, or NULL; valid until the next call. NAME.safetensors in the data
 * folder, as converted, comes before the file as fetched, which must have the known size. */
PST_API pst_status pst_catalogue_installed(pst_catalogue *catalogue, const pst_known_network *network,
                                           const char **path);

/* Finds the file that a user means; *path is valid until the next call. With `asked` NULL or "" it is the first
 * installed network of the catalogue, else the medium network inside the library. Else it is, in this order: a file of
 * that path; "small" or "medium", those inside the library; a known network by name or alias, which must be installed;
 * a file of that name in the data folder. PST_ERROR_FILE: there is none. */
PST_API pst_status pst_catalogue_find(pst_catalogue *catalogue, const char *asked, const char **path);

/* The names of the networks inside the library, the best first, then NULL; their paths: built-in:NAME.safetensors */
PST_API const char *const *pst_catalogue_built_in(void);

typedef struct pst_fetch_options {
    size_t size;
    const char *what;     /* a name of the catalogue, or a URL that begins with https://, http:// or file:// */
    const char *output;   /* the file to make. NULL: in the data folder, by the catalogue's name or the URL's */
    const char *from;     /* a URL to use for a known network instead of its own. NULL: its own, then the mirror */
    const char *sha256;   /* what a URL must give, 8 to 64 hexadecimal digits. NULL: not known */
    double stall_seconds; /* give up when nothing came for so long. Default 60 */
} pst_fetch_options;

/* Sets the defaults; size is sizeof(pst_fetch_options). */
PST_API void pst_fetch_options_init(pst_fetch_options *options, size_t size);

typedef enum pst_fetch_phase { PST_FETCH_CONNECTING, PST_FETCH_RECEIVING, PST_FETCH_CHECKING } pst_fetch_phase;

/* Valid until the callback returns. */
typedef struct pst_fetch_progress {
    pst_fetch_phase phase;
    uint64_t done, total; /* bytes, with those of an earlier run; total 0: not known */
    uint64_t resumed;     /* bytes that an earlier run left */
    double seconds;       /* since this phase began */
    const char *url;
    const char *notice; /* NULL, or something for people, such as that the mirror is tried */
} pst_fetch_progress;

/* Called several times a second. Returns true to stop. */
typedef bool (*pst_fetch_callback)(void *user, const pst_fetch_progress *progress);

typedef enum pst_fetch_check {
    PST_CHECK_NONE,          /* nothing is known to compare with */
    PST_CHECK_SHA256_PREFIX, /* the first digits of the SHA-256 fit: finds damage, hardly intent */
    PST_CHECK_MD5,           /* the MD5 fits: likewise */
    PST_CHECK_SHA256
} pst_fetch_check;

typedef struct pst_fetch_report {
    size_t size;
    const char *path; /* where it is, or would have been; NULL if that was not found out. Valid until the next call */
    pst_fetch_check check;
    bool already;  /* it was there, and whole: nothing was fetched */
    bool safe_way; /* it came by https or from a file, or its SHA-256 is known */
    uint64_t bytes;
    char sha256[65];     /* of the file */
    uint64_t part_bytes; /* after a failure or a stop: what is kept as PATH.part for the next time */
} pst_fetch_report;

/* Fetches a network and installs it: into PATH.part, which a later call goes on with, then, once its size, checksum and
 * beginning are right, under its name. Web pages, and what is not the file that was asked for, are never installed; a
 * file that is there and right is left alone, and one of which nothing is known is not replaced. callback and report
 * may be NULL; *report, whose size the caller has set, is filled after a failure too. Proxies are libcurl's:
 * http_proxy, https_proxy, no_proxy. PST_STOPPED: the callback stopped it. PST_ERROR_FILE: the transfer failed.
 * PST_ERROR_FORMAT: what came is not the network. PST_ERROR_UNSUPPORTED: this build has no libcurl, and the file is not
 * there. */
PST_API pst_status pst_catalogue_fetch(pst_catalogue *catalogue, const pst_fetch_options *options,
                                       pst_fetch_callback callback, void *user, pst_fetch_report *report);

/* ---- tuning -------------------------------------------------------------------------------------------------- */

typedef struct pst_tune_options {
    size_t size;
    /* Of the image whose products are measured, in pixels. Default 512x512. The choices hold for other sizes too, with
     * a quarter to four times the pixels of a layer. */
    int width, height;
    /* Where the choices are kept. NULL: the device's own file in the cache folder. "": nowhere. Its folder exists. */
    const char *choices_file;
    /* No further measurement begins after so long. Default 60; it usually takes a few. */
    double seconds;
} pst_tune_options;

/* Sets the defaults; size is sizeof(pst_tune_options). */
PST_API void pst_tune_options_init(pst_tune_options *options, size_t size);

/* Valid until the callback returns. */
typedef struct pst_tune_progress {
    int done, total;    /* products measured */
    const char *what;   /* the one that comes next, "forward 512x512 64 -> 64, max pooling"; "" at the end */
    const char *notice; /* NULL, or that an algorithm is left out because it fails or computes wrongly here */
} pst_tune_progress;

/* Called before each measurement and at the end. Returns true to stop. */
typedef bool (*pst_tune_callback)(void *user, const pst_tune_progress *progress);

/* Measures which convolution algorithms are the fastest for a network (NULL: VGG-19) on the context's devices, on one
 * of each kind. Each is checked against the plainest one first, and one that computes wrongly is never chosen. Jobs
 * created from now on use the choices. They are added to those in the file, which is replaced if it is damaged or for
 * another driver or version. options may be NULL: the defaults. callback may be NULL. PST_STOPPED: the callback stopped
 * it; what was measured until then is used and kept. PST_ERROR_ARGUMENT: a file is named for devices of several kinds.
 * PST_ERROR_FORMAT: the file that is named is neither empty nor one of choices; nothing is measured then. */
PST_API pst_status pst_tune(pst_context *context, pst_network *network, const pst_tune_options *options,
                            pst_tune_callback callback, void *user);

/* Whether most of what pst_tune would measure with these arguments has a choice already, so that it need not be
 * called: where time ran out or the user stopped it, not all has one. False, too, where that cannot be found out. */
PST_API bool pst_tune_known(pst_context *context, pst_network *network, const pst_tune_options *options);

typedef struct pst_choice {
    const char *layer;     /* "relu3_1" */
    const char *algorithm; /* "winograd-fused" */
    bool backward;         /* else forward */
    bool measured;         /* else built in */
} pst_choice;

/* The algorithms that a job uses for the result's size, for a log; with the same ones it gives the same bytes. */
PST_API const pst_choice *pst_job_choices(const pst_job *job, size_t *count);

/* Gives all measurements that the job chooses from as text for pst_context_options.choices_text, to repeat the run. The
 * caller ends *text with pst_bytes_destroy. */
PST_API pst_status pst_job_choices_text(pst_job *job, char **text);

/* ---- benchmark ----------------------------------------------------------------------------------------------- */

typedef struct pst_bench_options {
    size_t size;
    /* Sides of the square images that are evaluated, size_count of them. NULL: 256, 512 and 1024. */
    const int *sizes;
    size_t size_count;
    double seconds;       /* a measurement goes on for about so long, with at least 3 samples. Default 1 */
    double limit_seconds; /* after so long in all the benchmark ends with PST_ERROR_DEVICE. Default 1800 */
    bool only_ceilings;   /* measures the arithmetic and the bandwidth, nothing else. Default off */
} pst_bench_options;

/* Sets the defaults; size is sizeof(pst_bench_options). */
PST_API void pst_bench_options_init(pst_bench_options *options, size_t size);

typedef enum pst_bench_kind {
    /* fused multiply-adds in registers, the ceiling of the fractions. rate: FLOP/s */
    PST_BENCH_ARITHMETIC,
    /* copy, triad. rate: bytes/s */
    PST_BENCH_BANDWIDTH,
    /* a layer by an algorithm. rate: FLOP/s of direct convolution, so that algorithms that need less can exceed the
     * ceiling */
    PST_BENCH_CONVOLUTION,
    /* loss and gradient with the default layers. rate: the same, of all convolutions together */
    PST_BENCH_EVALUATION,
    /* something else that an evaluation or a step of an optimizer does, at one layer or for the image. rate: FLOP/s */
    PST_BENCH_KERNEL
} pst_bench_kind;

/* Valid until the callback returns. */
typedef struct pst_bench_row {
    pst_bench_kind kind;
    const char *name;      /* "fma", "copy", "triad", "relu3_1", "evaluation", "Gram matrix relu3_1" */
    const char *algorithm; /* of a convolution, else "" */
    const char *pool;      /* "none", "max", "average": the pooling that the convolution includes */
    bool backward, chosen; /* chosen: a job of this context would use it */
    int width, height;     /* of the layer's map, or the image */
    int rows;              /* of a convolution: how many rows were measured */
    int c_in, c_out;
    int samples;
    double median_seconds, least_seconds, most_seconds; /* of a run */
    double rate;                                        /* from the median */
    double fraction;                                    /* of the arithmetic ceiling; of a bandwidth: 0 */
    uint64_t device_bytes;                              /* of an evaluation */
    const char *problem;                                /* NULL, or why nothing was measured: then there are no times */
    double work;                                        /* of a run: FLOP of direct computation; of a bandwidth: 0 */
    double arithmetic; /* FLOP that the algorithm's products really take, where they are known; else 0 */
    double bytes;      /* the least that must be moved: inputs, outputs and weights once; of an evaluation: 0 */
} pst_bench_row;

/* Called for each row as it is measured. Returns true to stop. */
typedef bool (*pst_bench_callback)(void *user, const pst_bench_row *row);

/* Measures the context's first device: its ceilings, every convolution algorithm for every layer at one of the sizes
 * (512, or the nearest below) and other kernels at that size, whole evaluations. network NULL: VGG-19's shapes with
 * random weights. options may be NULL: the defaults. Every result is checked; an algorithm that fails has a problem in
 * its row, a device that fails ends the benchmark with PST_ERROR_DEVICE. PST_STOPPED: the callback stopped it. */
PST_API pst_status pst_bench(pst_context *context, pst_network *network, const pst_bench_options *options,
                             pst_bench_callback callback, void *user);

/* The definition of the score: values of different versions must not be compared. */
#define PST_SCORE_VERSION 1
#define PST_SCORE_SIZES 2

typedef struct pst_score_options {
    size_t size;
    int rounds;     /* so many of each size, and up to three times as many while they do not agree. Default 20 */
    double seconds; /* no more rounds than fit into this, but at least 3. Default 300 */
} pst_score_options;

/* Sets the defaults; size is sizeof(pst_score_options). */
PST_API void pst_score_options_init(pst_score_options *options, size_t size);

/* Evaluations (loss and gradient of the default objective, without a step) of a square image of one size. */
typedef struct pst_score_size {
    int size, rounds;
    double least_seconds, third_seconds, median_seconds, most_seconds; /* third: the third least of the rounds */
    double half_seconds[2]; /* the least of the first half of the rounds, and of the second */
    double work;            /* as in pst_bench_row */
    uint64_t device_bytes;
} pst_score_size;

typedef struct pst_score {
    double value; /* megapixels a second: geometric mean of pixels / least_seconds. 0: not measured, for `reason` */
    pst_score_size sizes[PST_SCORE_SIZES]; /* 512 and 1024 */
    double warm_up_seconds;                /* before the first round: building programs, first evaluations */
    int warm_up_evaluations;
    bool cpu_kernels;  /* the kernels for processors were used, not those for GPUs */
    double other_load; /* processors' time of other programs during the rounds, as a part of all; below 0: unknown */
    /* FLOP a second of the processor itself, in short pulses between the evaluations, none on graphics cards: its clock
     * and other guests change it. half: the medians of both halves; varied: median below best, or half from half. */
    int speed_pulses;
    double speed_best, speed_median, speed_least, speed_half[2], speed_varied;
    bool reliable;    /* false: not to be published */
    char reason[160]; /* why it is not reliable, or "" */
} pst_score;

/* Called before each round; `rounds` grows where they do not agree. Returns true to stop: PST_STOPPED. */
typedef bool (*pst_score_callback)(void *user, int done, int rounds);

/* Measures the score of the context's first device. network NULL: VGG-19's shapes with random weights; only these
 * shapes give a reliable score. No memory for the sizes is no failure. options and callback may be NULL. */
PST_API pst_status pst_measure_score(pst_context *context, pst_network *network, const pst_score_options *options,
                                     pst_score_callback callback, void *user, pst_score *score);

/* The machine that this process runs on. Texts are "" where the system does not tell. */
typedef struct pst_machine_info {
    char processor[128], architecture[32], system[128];
    int threads;           /* processors that this process may use */
    uint64_t memory_bytes; /* 0: unknown */
} pst_machine_info;

PST_API void pst_machine(pst_machine_info *info);

#ifdef __cplusplus
}
#endif
#endif
