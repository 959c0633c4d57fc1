/* The command line, ours in the GNU manner and neural-style's as it is, read into one struct. */
#ifndef PST_CLI_OPTIONS_OPTIONS_H
#define PST_CLI_OPTIONS_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/options/paths.h"
#include "pastiche.h"

enum { GPU_NOT_GIVEN = -2, GPU_MEANS_CPU = -1, NOTICES_MOST = 8 };

/* An option as it was given, in its own name; value may be NULL. */
typedef struct given_option {
    const struct option *option;
    const char *value;
} given_option;

typedef enum start_kind { START_NOISE, START_INIT_IMAGE, START_CONTENT, START_FILE } start_kind;

/* The strings belong to the command line or the environment unless said otherwise. */
typedef struct settings {
    pst_transfer_options transfer; /* all but its images */
    const char *content;
    const char *style_list; /* --style-image as given */
    const char **styles;    /* in the order of the blend weights; owned */
    size_t style_count;
    const char *init_image, *start_file;
    const char *output, *model, *device, *log, *kernels;
    const char *checkpoint, *resume;
    double checkpoint_every; /* seconds */
    const char *choices;     /* as pst_context_options.choices_file */
    start_kind start;        /* after options_read: the others resolved to noise, content or file */
    int gpu;                 /* neural-style's number, or one of the above */
    bool several_gpus;
    int print_every, save_every; /* 0: never */
    bool plan, quiet, help, help_all, version;
    bool web, web_wait;                /* a live page; go on serving it after the run */
    const char *web_address;           /* NULL: the loopback */
    int web_port;                      /* 0: any; below 0: the usual one or the next free */
    const char *ignored[NOTICES_MOST]; /* options without meaning here, as written in the table */
    size_t ignored_count;
    pst_write_options writing; /* all but the metadata */
    const char *proof_profile;
    int proof_intent; /* a pst_intent */
    bool no_metadata;
    given_option *given; /* owned; in their order */
    size_t given_count;
    char **expanded; /* owned; names that began with ~ */
    size_t expanded_count;
    struct json_t *again;     /* the inputs to tell of in the result instead of these; not owned */
    const char *choices_text; /* as pst_context_options.choices_text */
    int stop_after;           /* end after this evaluation as a signal would; 0: do not */
    const char *content_mask;
    char **style_masks; /* files or colors; owned */
    size_t mask_count;
    double *blend_weights; /* owned */
    size_t blend_count;
    char **style_parts;    /* owned */
    char *content_file;    /* what a pattern for the content means; owned */
    path_list style_files; /* what folders and patterns among the styles mean */

    bool making_style;       /* pastiche style make */
    bool batch;              /* pastiche batch: output is a folder, and content NULL */
    const char **contents;   /* of a batch, as given; owned */
    const char **each_style; /* of a batch: every one paints an image of its own; owned */
    size_t content_count, each_style_count;
    bool naming_styles;       /* while reading: --styles came last, not --contents */
    const char *batch_option; /* one that only a batch has */
    const char *name;         /* of a batch's images, with {content} and {style} */
    bool overwrite;
    const path_list *inputs; /* more files that no output may replace; may be NULL */

    const char *sheet;                      /* NULL: none is asked for */
    const char *sheet_columns, *sheet_rows; /* "style-weight=10,100"; NULL: the usual ones */
    int sheet_size, sheet_iterations;
    int argument_count; /* as given, to be read again for a sheet's variants */
    char **arguments;
} settings;

/* Reads the command line after the program's name. False after one line about what is wrong with it. When help or
 * version is set the rest was not looked at. Always end the settings with options_free. */
bool options_read(settings *s, int count, char **arguments);

/* The same for what follows "pastiche batch". */
bool options_read_batch(settings *s, int count, char **arguments);

/* The same for what follows "pastiche style make": the styles are its images, and there is no content. */
bool options_read_style(settings *s, int count, char **arguments);

/* The same for a command line that was read before, with more arguments behind it, which hold. */
bool options_read_with(settings *s, const settings *before, int count, char **more);

void options_free(settings *s);

/* What PASTICHE_CHOICES says: "" for none, NULL without it. */
const char *choices_from_environment(void);

/* Whether a name, with '-', is an option's that takes a value. */
bool options_takes_value(const char *name);

/* --help, on stdout. */
void options_help(bool all);

#endif
