/* How a contact sheet looks: what it is made from on top, the variants below it, each with the options that make it. */
#ifndef PASTICHE_SHEET_PAGE_H
#define PASTICHE_SHEET_PAGE_H

#include "canvas.h"

typedef struct sheet_cell {
    pst_image *picture;     /* owned by the sheet; NULL while there is none */
    const char *missing;    /* why there is none, or NULL */
    const char *options[2]; /* captions: of the column and the row; NULL where there is no such axis */
    bool as_given;          /* the user's own settings, which get a frame */
} sheet_cell;

typedef struct sheet_page {
    int columns, rows;
    int width, height;            /* of the largest variant, in pixels */
    sheet_cell *cells;            /* row by row */
    const char *title, *lines[2]; /* on top */
    pst_image **sources;          /* the content and the styles as they are shown, none larger than width x height */
    const char *const *source_names;
    int source_count;
    int sources_left_out; /* further styles, which are only counted */
} sheet_page;

enum { SHEET_SOURCES_MOST = 12 };

/* Draws it all; the caller ends *picture. */
pst_status sheet_page_draw(const sheet_page *page, pst_context *context, pst_image **picture);

#endif
