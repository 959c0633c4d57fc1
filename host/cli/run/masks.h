/* The masks of a run: files, or colors that stand for a mask of that color alone. */
#ifndef PST_CLI_RUN_MASKS_H
#define PST_CLI_RUN_MASKS_H

#include "cli/options/options.h"
#include "cli/run/progress.h"

typedef struct masks {
    pst_image *content, **styles; /* NULL: none */
    size_t style_count;
} masks;

/* Reads those of the settings; styles: the images, settings->style_count of them, NULL for style files. On failure
 * the context's message tells. Always end with masks_drop. */
pst_status masks_read(masks *m, pst_context *context, const settings *s, pst_image *const *styles);
void masks_drop(masks *m);

/* Puts them into the options of a job. */
void masks_set(const masks *m, pst_transfer_options *options);

/* Is it one of the masks' files? */
bool masks_have(const settings *s, const char *path);

/* Says which regions there are and what becomes of them. */
void masks_tell(const pst_job *job, const settings *s, progress *report);

#endif
