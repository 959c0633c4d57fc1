#include "cli/draw/sheet_layout.h"

#include <stdio.h>
#include <string.h>

#include "cli/draw/font.h"

enum { MARGIN = 32, GAP = 24, LINE = 19, CAPTION_GAP = 8, CAPTION_MOST = 40, COLUMNS_LEAST = 2 };

static const ink paper = {250, 249, 246}, text = {38, 38, 42}, faint = {98, 96, 92}, rule = {214, 211, 204},
                 empty = {236, 234, 229}, mark = {200, 84, 36};

/* The width of a column, which captions may widen. */
static int column_width(const sheet_layout *layout) {
    int columns = 0;
    for (int i = 0; i < layout->columns * layout->rows; i++) {
        for (int k = 0; k < 2; k++) {
            const char *caption = layout->cells[i].options[k];
            int needed = caption ? font_columns(caption) : 0;
            columns = needed > columns ? needed : columns;
        }
    }
    columns = columns > CAPTION_MOST ? CAPTION_MOST : columns < 8 ? 8 : columns;
    return columns * FONT_WIDTH > layout->width ? columns * FONT_WIDTH : layout->width;
}

static int caption_lines(const sheet_layout *layout) {
    return (layout->cells[0].options[0] != NULL) + (layout->cells[0].options[1] != NULL);
}

/* In lines of so many characters, cut between words; returns how many lines, and draws unless c is NULL. */
static int wrap(canvas *c, int x, int y, const char *words, int most, bool bold, ink color) {
    int lines = 0;
    char line[512];
    while (*words) {
        size_t length = 0, fits = 0;
        for (const char *end = words; *end;) {
            end += strcspn(end + 1, " ") + 1;
            length = (size_t)(end - words);
            if (length >= sizeof line)
                break;
            snprintf(line, sizeof line, "%.*s", (int)length, words);
            if (fits && font_columns(line) > most)
                break;
            fits = length;
        }
        if (!fits)
            fits = sizeof line - 1;
        snprintf(line, sizeof line, "%.*s", (int)fits, words);
        if (c)
            canvas_text(c, x, y + LINE * lines, line, most, bold, color);
        lines++;
        words += fits;
        words += strspn(words, " ");
    }
    return lines;
}

/* Title and lines; returns the height they take. */
static int draw_head(const sheet_layout *layout, canvas *c, int width) {
    int most = (width - 2 * MARGIN) / FONT_WIDTH, lines = wrap(c, MARGIN, MARGIN, layout->title, most, true, text);
    for (size_t i = 0; i < sizeof layout->lines / sizeof *layout->lines; i++)
        if (layout->lines[i])
            lines += wrap(c, MARGIN, MARGIN + LINE * lines, layout->lines[i], most, false, faint);
    return LINE * lines;
}

/* In rows as high as their highest image; returns the height they take, and draws unless c is NULL. */
static int draw_sources(const sheet_layout *layout, canvas *c, int top, int across, int pitch) {
    int most = (pitch - GAP) / FONT_WIDTH, y = top;
    for (int first = 0; first < layout->source_count; first += across) {
        int count = layout->source_count - first < across ? layout->source_count - first : across, height = 0;
        for (int i = first; i < first + count; i++)
            height = pst_image_height(layout->sources[i]) > height ? pst_image_height(layout->sources[i]) : height;
        for (int i = first; c && i < first + count; i++) {
            int x = MARGIN + (i - first) * pitch;
            char label[64];
            bool last = i + 1 == layout->source_count && layout->sources_left_out > 0;
            snprintf(label, sizeof label,
                     i == 0 ? "content"
                     : last ? "style, one of %d"
                            : "style",
                     layout->source_count - 1 + layout->sources_left_out);
            canvas_image(c, x, y + height - pst_image_height(layout->sources[i]), layout->sources[i]);
            canvas_text(c, x, y + height + CAPTION_GAP, label, most, true, text);
            canvas_text(c, x, y + height + CAPTION_GAP + LINE, layout->source_names[i], most, false, faint);
        }
        y += height + CAPTION_GAP + 2 * LINE + GAP;
    }
    return y - top;
}

static void draw_cell(const sheet_layout *layout, canvas *c, int x, int y, int pitch, const sheet_cell *cell) {
    int width = layout->width, height = layout->height, line = y + layout->height + CAPTION_GAP,
        most = (pitch - GAP) / FONT_WIDTH;
    if (cell->image) {
        width = pst_image_width(cell->image);
        height = pst_image_height(cell->image);
        y += layout->height - height; /* smaller ones stand on the caption's side */
        canvas_image(c, x, y, cell->image);
    } else {
        canvas_fill(c, x, y, width, height, empty);
        if (cell->missing)
            canvas_text(c, x + CAPTION_GAP, y + CAPTION_GAP, cell->missing, (width - 2 * CAPTION_GAP) / FONT_WIDTH,
                        false, faint);
    }
    if (cell->as_given)
        canvas_frame(c, x, y, width, height, 3, mark);
    for (int k = 0; k < 2; k++) {
        if (!cell->options[k])
            continue;
        canvas_text(c, x, line, cell->options[k], most, cell->as_given, cell->as_given ? mark : text);
        line += LINE;
    }
}

pst_status sheet_layout_draw(const sheet_layout *layout, pst_context *context, pst_image **image) {
    int across = layout->columns < COLUMNS_LEAST ? COLUMNS_LEAST : layout->columns, pitch = column_width(layout) + GAP;
    int width = 2 * MARGIN + across * pitch - GAP, head = draw_head(layout, NULL, width) + GAP;
    int sources = draw_sources(layout, NULL, 0, across, pitch);
    int row = layout->height + CAPTION_GAP + caption_lines(layout) * LINE + GAP;
    int height = MARGIN + head + sources + GAP + layout->rows * row - GAP + MARGIN - 4;
    canvas c;
    *image = NULL;
    if (!canvas_begin(&c, width, height, paper))
        return PST_ERROR_MEMORY;
    draw_head(layout, &c, width);
    draw_sources(layout, &c, MARGIN + head, across, pitch);
    int top = MARGIN + head + sources;
    canvas_fill(&c, MARGIN, top, width - 2 * MARGIN, 1, rule);
    for (int i = 0; i < layout->columns * layout->rows; i++)
        draw_cell(layout, &c, MARGIN + i % layout->columns * pitch, top + GAP + i / layout->columns * row, pitch,
                  &layout->cells[i]);
    pst_status status = pst_image_create(context, width, height, c.rgb, image);
    canvas_end(&c);
    return status;
}
