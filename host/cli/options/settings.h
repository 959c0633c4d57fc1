/* What a command line says, in one struct. Every member that an option sets has a row in option_table.c. */
#ifndef PST_CLI_OPTIONS_SETTINGS_H
#define PST_CLI_OPTIONS_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options/command_table.h"
#include "cli/options/paths.h"
#include "pastiche.h"

enum { GPU_MEANS_CPU = -1, NOTICES_MOST = 8, BENCH_SIZES_MOST = 16 };

/* An option as it was given; value may be NULL. */
typedef struct given_option {
    const struct option *option;
    const char *value;
} given_option;

typedef enum start_kind { START_NOISE, START_INIT_IMAGE, START_CONTENT, START_FILE } start_kind;

/* The strings belong to the command line or the environment unless said otherwise. */
typedef struct settings {
    pst_transfer_options transfer; /* all but its images */
    const char *preset;            /* whose values the rest of them are */
    double strength;               /* from photograph to painting */
    const command *command;
    bool help, help_all, version; /* if one is set, the rest was not read */

    /* The command line itself. */
    int argument_count;
    char **arguments;
    given_option *given; /* in their order; owned */
    size_t given_count;
    const char **words; /* the arguments that are not options; owned */
    size_t word_count;
    const struct option *ignored[NOTICES_MOST]; /* what was given and has no meaning here */
    size_t ignored_count;
    char **expanded; /* the names that began with ~; owned */
    size_t expanded_count;

    /* Images in and out. */
    const char *content;
    const char *style_list; /* --style-image as given */
    const char **styles;    /* in the order of the blend weights; owned */
    size_t style_count;
    char **style_parts;    /* owned */
    char *content_file;    /* what a pattern for the content means; owned */
    path_list style_files; /* what folders and patterns among the styles mean */
    path_list left_out;    /* what they have that is no image */
    double *blend_weights; /* owned */
    size_t blend_count;
    const char *content_mask;
    char **style_masks; /* files or colors; owned */
    size_t mask_count;
    const char *init_image, *start_file;
    start_kind start; /* after options_read: the others resolved to noise, content or file */
    const char *output;
    pst_write_options writing; /* all but the metadata */
    const char *proof_profile;
    int proof_intent; /* a pst_intent */
    bool no_metadata;
    const path_list *inputs;  /* more files that no output may replace; may be NULL */
    const path_list *results; /* of all runs of this call: no image on the way may replace them; may be NULL */

    /* Device and network. */
    const char *model, *device, *kernels;
    int gpus[PST_CONTEXT_DEVICES_MAX]; /* neural-style's numbers; GPU_MEANS_CPU */
    size_t gpu_count;                  /* 0: not given */
    const char *choices;               /* as pst_context_options.choices_file */
    const char *choices_text;          /* as pst_context_options.choices_text */
    bool no_matrix_units, plan;
    int plan_ranks;        /* 0: those that there are */
    bool hides_smoothness; /* the loss that is printed is without it, as in neural-style */

    /* Reports. */
    const char *log, *checkpoint, *resume;
    double checkpoint_every;     /* seconds */
    int print_every, save_every; /* 0: never */
    bool quiet;
    bool web, web_wait;      /* a live page; keep serving it after the run */
    const char *web_address; /* NULL: the loopback */
    int web_port;            /* 0: any; below 0: the usual one or the next free */
    bool no_browser;
    struct json_t *again; /* the inputs that the result's record names instead of these; not owned */
    int stop_after;       /* end after this evaluation as a signal would; 0: do not */

    /* pastiche batch: output is a folder, and content is NULL. */
    bool batch;
    const char *about;       /* what complaints of a run's computation begin with; may be NULL */
    const char **contents;   /* as given; owned */
    const char **each_style; /* every one paints an image of its own; owned */
    size_t content_count, each_style_count;
    bool naming_styles; /* while reading: --styles came last, not --contents */
    const char *name;   /* of the images, with marks such as {content} */
    bool overwrite;

    const char *sheet;                      /* NULL: none is wanted */
    const char *sheet_columns, *sheet_rows; /* "style-weight=10,100"; NULL: the usual ones */
    int sheet_size, sheet_iterations;

    /* Other commands. */
    bool anyway; /* again: inputs may have changed */
    pst_bench_options bench;
    int bench_sizes[BENCH_SIZES_MOST]; /* where bench.sizes points */
    const char *bench_json, *bench_page, *bench_markdown;
    bool compare, quick;
    bool clean;              /* of devices */
    pst_fetch_options fetch; /* all but its name and output */
    int convention;          /* of model info and convert: a pst_convention */
    bool f16;
} settings;

#endif
