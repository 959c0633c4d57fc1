/* Small copies of images as JPEG, made when they are first asked for and kept in STUDIO_THUMBS, which may be removed at
 * any time. */
#ifndef PST_CLI_STUDIO_THUMBS_H
#define PST_CLI_STUDIO_THUMBS_H

#include "cli/options/file_names.h"
#include "cli/studio/studio.h"

enum { THUMB_SIDE = 320, VIEW_SIDE = 2048 };

typedef struct thumb {
    char path[80];
    int width, height; /* of the image itself where this call has read it, else 0 */
    char problem[512]; /* why there is none */
    bool at_fault;     /* it is the image's fault */
} thumb;

/* Where the copy of a file lies, of the state that the mark tells. Returns path. */
char *thumbs_path(const char *file, const file_mark *mark, int side, char path[80]);

/* The copy no larger than side x side; false: made->problem says why there is none. Waits for the librarian. */
bool thumbs_get(studio *s, const char *file, const file_mark *mark, int side, thumb *made);

/* Answers with the copy; name stands for the file in messages. *made is as of thumbs_get. */
void thumbs_answer(studio *s, const char *file, const char *name, int side, thumb *made, web_reply *reply);

/* Answers with the file itself; name: under which a browser saves it, NULL: it shows it. */
void thumbs_answer_file(const char *file, const char *name, web_reply *reply);

/* Writes an image as a copy with no side above `side`. */
pst_status thumbs_write(pst_context *context, const pst_image *image, int side, const char *path);

/* Removes copies of files that have changed or are gone. */
void thumbs_clean(void);

#endif
