/* The gallery: the results in the studio's folder, which are all images there. What is known of a file is kept in
 * memory and in a file of its own, as long as the file does not change. */
#ifndef PST_CLI_STUDIO_GALLERY_H
#define PST_CLI_STUDIO_GALLERY_H

#include "cli/options/file_names.h"
#include "cli/studio/studio.h"

bool gallery_open(studio *s);
void gallery_close(studio *s);

/* A thread of its own looks for new files and copies them small, on the shelf too. While the server listens. */
bool gallery_begin(studio *s);
void gallery_end(studio *s);

/* Whether the folder has this result. Whatever comes from the network becomes a path only by this. */
bool gallery_has(studio *s, const char *name);

/* {"total", "results": [...]}, newest first. */
json_t *gallery_json(studio *s, size_t from, size_t count);

/* The size of a result in the state of the mark, from who has read it. */
void gallery_note_size(studio *s, const char *name, const file_mark *mark, int width, int height);

#endif
