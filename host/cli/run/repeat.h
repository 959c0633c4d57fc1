/* The command line that repeats a run, made from the record in its result. Anybody may have written the record, so it
 * cannot do more than a result needs: only options that change the result pass, by their own names; the files it names
 * are only read, have to be regular files, and are announced where they lie outside the image's folder. */
#ifndef PST_CLI_RUN_REPEAT_H
#define PST_CLI_RUN_REPEAT_H

#include <jansson.h>

#include "cli/options/options.h"
#include "cli/run/command_line.h"

typedef struct repeat {
    const char *image, *output, *model, *device; /* the last two NULL: those of the record */
    bool anyway, quiet;
    pst_context *context;
    json_t *root; /* the record; entries that are passed over are removed from it */
    command_line line;
    int changed; /* inputs that are not what they were */
} repeat;

/* Fills the command line after checking all inputs; false after complaining. */
bool repeat_make_line(repeat *r);

#endif
