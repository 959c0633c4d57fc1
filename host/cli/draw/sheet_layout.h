/* How a contact sheet looks: what it is made from on top, the variants below it, each with the options that make it. */
#ifndef PST_CLI_DRAW_SHEET_LAYOUT_H
#define PST_CLI_DRAW_SHEET_LAYOUT_H

#include "cli/draw/canvas.h"

typedef struct sheet_cell {
    pst_image *image;       /* owned by the sheet; NULL while there is none */
    const char *missing;    /* why there is none, or NULL */
    const char *options[2]; /* captions: of the column and the row; NULL where there is no such axis */
    bool as_given;          /* the user's own settings, which get a frame */
} sheet_cell;

typedef struct sheet_layout {
    int columns, rows;
    int width, height;            /* of the largest variant, in pixels */
    sheet_cell *cells;            /* row by row */
    const char *title, *lines[2]; /* on top */
    pst_image **sources;          /* the content and the styles as they are shown, none larger than width x height */
    const char *const *source_names;
    int source_count;
    int sources_left_out; /* further styles, which are only counted */
} sheet_layout;

enum { SHEET_SOURCES_MOST = 12 };

/* Draws it all; the caller ends *image. */
pst_status sheet_layout_draw(const sheet_layout *layout, pst_context *context, pst_image **image);

#endif
