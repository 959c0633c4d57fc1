#ifdef PST_WITH_LIBTIFF
#include "image/tiff_pages.h"

#include <stdio.h>
#include <string.h>

enum { PAGES_MOST = 64, SUBPAGES_MOST = 16, LINEAR_RAW = 34892 };

typedef struct page {
    uint64_t offset;
    uint32_t width, height;
    bool small, mask, raw;
    uint16_t orientation; /* 0: not given */
} page;

typedef struct pages {
    page at[PAGES_MOST];
    int count;
    bool whole; /* every directory could be read */
} pages;

/* Adds the current directory. */
static void add_page(TIFF *tiff, pages *all, uint16_t orientation) {
    uint32_t kind = 0;
    uint16_t photometric = 0;
    if (all->count == PAGES_MOST)
        return;
    page *p = &all->at[all->count++];
    *p = (page){.offset = TIFFCurrentDirOffset(tiff), .orientation = orientation};
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &p->width);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &p->height);
    TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    TIFFGetField(tiff, TIFFTAG_ORIENTATION, &p->orientation);
    TIFFGetField(tiff, TIFFTAG_SUBFILETYPE, &kind); /* libtiff passes over the older SubfileType */
    p->small = (kind & FILETYPE_REDUCEDIMAGE) != 0;
    p->mask = (kind & FILETYPE_MASK) != 0 || photometric == PHOTOMETRIC_MASK;
    p->raw = photometric == PHOTOMETRIC_CFA || photometric == LINEAR_RAW;
}

/* The directories in their order, then those below them, which turn as the one above does. */
static void list_pages(TIFF *tiff, pages *all) {
    struct {
        uint64_t offset;
        uint16_t orientation;
    } below[PAGES_MOST];
    int below_count = 0;
    *all = (pages){.whole = true};
    for (bool more = true; more;) {
        uint16_t count = 0;
        uint64_t *offsets = NULL;
        add_page(tiff, all, 0);
        if (TIFFGetField(tiff, TIFFTAG_SUBIFD, &count, &offsets))
            for (int i = 0; i < count && i < SUBPAGES_MOST && below_count < PAGES_MOST; i++) {
                below[below_count].offset = offsets[i];
                below[below_count++].orientation = all->at[all->count - 1].orientation;
            }
        more = all->count < PAGES_MOST && !TIFFLastDirectory(tiff);
        if (more && !TIFFReadDirectory(tiff))
            more = all->whole = false;
    }
    for (int i = 0; i < below_count; i++)
        if (TIFFSetSubDirectory(tiff, below[i].offset))
            add_page(tiff, all, below[i].orientation);
        else
            all->whole = false;
}

static double area(const page *p) { return (double)p->width * p->height; }

/* Whether p shows what `like` does in a size that makes that a thumbnail. */
static bool enlarges(const page *p, const page *like) {
    double across = (double)p->width * like->height, down = (double)p->height * like->width;
    return p->width > like->width + like->width / 2 && across < 1.02 * down && down < 1.02 * across;
}

/* The full-size image, or -1; *full counts those that are not marked as something else. */
static int find_full(const pages *all, int *full) {
    int first = -1, best = -1;
    *full = 0;
    for (int i = 0; i < all->count; i++) {
        const page *p = &all->at[i];
        if (p->small || p->mask || p->raw)
            continue;
        *full += 1;
        if (first < 0)
            first = best = i;
        else if (enlarges(p, &all->at[first]) && area(p) > area(&all->at[best]))
            best = i;
    }
    return best;
}

static int find_largest(const pages *all, bool small, bool raw) {
    int best = -1;
    for (int i = 0; i < all->count; i++) {
        const page *p = &all->at[i];
        if (p->mask || p->raw != raw || (!raw && p->small != small))
            continue;
        if (best < 0 || area(p) > area(&all->at[best]))
            best = i;
    }
    return best;
}

/* The preview of a raw file that has at least nine tenths of its sides (a sensor has a border), or -1. */
static int find_preview(const pages *all, const page *raw) {
    int best = find_largest(all, true, false), other = find_largest(all, false, false);
    if (best < 0 || (other >= 0 && area(&all->at[other]) > area(&all->at[best])))
        best = other;
    if (best < 0 || (double)all->at[best].width < 0.9 * raw->width || (double)all->at[best].height < 0.9 * raw->height)
        return -1;
    return best;
}

pst_status pst_tiff_choose_page(pst_error *error, TIFF *tiff, pst_tiff_memory *m, pst_raster *raster) {
    pages all;
    int full;
    char text[PST_IMAGE_NOTICE];
    bool preview = false,
         canon = m->bytes > 10 && memcmp(m->file + 8, "CR", 2) == 0; /* its first image is a preview of full size */
    list_pages(tiff, &all);
    int chosen = find_full(&all, &full), raw = find_largest(&all, false, true);
    if (canon) {
        chosen = 0;
        preview = true;
    } else if (raw >= 0 && (chosen < 0 || area(&all.at[raw]) > area(&all.at[chosen]))) {
        chosen = find_preview(&all, &all.at[raw]);
        preview = true;
        if (chosen < 0)
            return pst_fail(error, PST_ERROR_UNSUPPORTED,
                            "it is a camera's raw file of %u x %u pixels without a preview of that size; develop it "
                            "with a raw converter and save it as TIFF, PNG or JPEG",
                            all.at[raw].width, all.at[raw].height);
    } else if (chosen < 0 && !all.whole) {
        return pst_fail(error, PST_ERROR_FORMAT, "it is damaged: of its images only a thumbnail can be read");
    } else if (chosen < 0) {
        chosen = find_largest(&all, true, false);
    }
    if (preview) {
        pst_raster_note(raster, "of a camera's raw file the preview is taken");
    } else if (full > 1) {
        bool first = chosen == 0 || (chosen > 0 && !enlarges(&all.at[chosen], &all.at[0]));
        snprintf(text, sizeof text, "the %s of %s%d images in it is taken", first ? "first" : "largest",
                 all.count == PAGES_MOST ? "more than " : "", full);
        pst_raster_note(raster, text);
    }
    if (!all.whole)
        pst_raster_note(raster, "other images in it are damaged and passed over");
    if (chosen < 0) /* nothing but a mask */
        chosen = 0;
    m->message[0] = '\0';
    if (!TIFFSetSubDirectory(tiff, all.at[chosen].offset))
        return pst_tiff_damaged(error, m);
    raster->orientation = all.at[chosen].orientation ? all.at[chosen].orientation : 1;
    return PST_OK;
}
#else
typedef int pst_no_tiff_pages;
#endif
