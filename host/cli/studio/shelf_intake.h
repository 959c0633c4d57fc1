/* How files come to the shelf: read once, by the program's own readers, before they are let in. */
#ifndef PST_CLI_STUDIO_SHELF_INTAKE_H
#define PST_CLI_STUDIO_SHELF_INTAKE_H

#include "cli/studio/shelf.h"

typedef struct intake {
    shelf_kind kind;  /* SHELF_IMAGE or SHELF_STYLE */
    pst_image *image; /* owned; NULL: a style file */
    char sha256[65];
    char problem[640]; /* why it cannot be read */
} intake;

/* Reads a file, which messages call by `name`. False: in->problem says why it cannot be read. */
bool intake_read(pst_context *context, const char *file, const char *name, intake *in);

/* Puts an image on the shelf that was made here, as PNG of 8 or 16 bits; the entry as the interface has it, NULL after
 * a refusal. */
json_t *intake_image(studio *s, pst_context *context, const pst_image *image, int bits, const char *name,
                     const char *role, web_reply *reply);

/* Takes one file that somebody has put on the shelf by hand; false: there is none. */
bool intake_adopt(studio *s);

/* Puts a copy of a file of the studio's folder on the shelf; false: it cannot be read or written. */
bool intake_copy(studio *s, const char *file, const char *role);

/* Answers an upload to the shelf and a crop of an entry. */
void intake_upload(studio *s, const web_call *call, web_reply *reply);
void intake_crop(studio *s, const web_call *call, web_reply *reply);

#endif
