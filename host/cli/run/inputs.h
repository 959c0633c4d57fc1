/* Images in and out as the command line has them: files, or "-" for standard input and output. */
#ifndef PST_CLI_RUN_INPUTS_H
#define PST_CLI_RUN_INPUTS_H

#include "cli/options/options.h"
#include "cli/run/progress.h"

#define STANDARD_STREAM "-"
bool image_is_stream(const char *path);

/* Reads an image, says what was lost, and proofs it if the settings want that. The context has the message of a
 * failure. */
pst_status image_read(pst_context *context, const settings *s, const char *path, progress *report, pst_image **image);

/* Whether the output can be written as the settings say; leaves no trace. */
pst_status image_check(pst_context *context, const settings *s, const char *path);

/* Proofs the image, which is changed by it, and writes it as the settings say, with metadata (may be NULL). */
pst_status image_write(pst_context *context, const settings *s, pst_image *image, const char *path,
                       const char *metadata);

/* Names the files that were passed over, in one line. */
void inputs_tell_left_out(progress *report, const path_list *left_out);

#endif
