/* Pictures in and out as the command line has them: files, or "-" for standard input and output. */
#ifndef PASTICHE_PICTURES_H
#define PASTICHE_PICTURES_H

#include "options.h"
#include "progress.h"

#define STANDARD_STREAM "-"
bool picture_is_stream(const char *path);

/* Reads a picture, says what was lost, and proofs it if the settings want that. The context has the message of a
 * failure. */
pst_status picture_read(pst_context *context, const settings *s, const char *path, progress *report,
                        pst_image **picture);

/* Whether the output can be written as the settings say; leaves no trace. */
pst_status picture_check(pst_context *context, const settings *s, const char *path);

/* Proofs the picture, which is changed by it, and writes it as the settings say, with metadata (may be NULL). */
pst_status picture_write(pst_context *context, const settings *s, pst_image *picture, const char *path,
                         const char *metadata);

#endif
