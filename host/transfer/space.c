#include "transfer/space.h"

#include "base/memory.h"

#define BAND_FLOATS (4 << 20)

int pst_space_band(const pst_space *space) {
    int rows = BAND_FLOATS / (3 * space->w);
    return rows < 1 ? 1 : rows < space->h ? rows : space->h;
}

static pst_status allocate_band(const pst_space *space, float **band) {
    return pst_allocate(space->vectors.error, 3 * (size_t)space->w * (size_t)pst_space_band(space), sizeof(float),
                        band);
}

static int band_at(const pst_space *space, int y) {
    int rows = pst_space_band(space);
    return rows < space->h - y ? rows : space->h - y;
}

pst_status pst_space_put(pst_space *space, const pst_extent *extent, const float *samples, pst_vector *v) {
    float *band = NULL;
    pst_status status;
    PST_TRY(allocate_band(space, &band));
    for (int y = 0, rows; y < space->h; y += rows) {
        rows = band_at(space, y);
        pst_extent_continue_rows(extent, 3, samples, y, rows, band);
        PST_TRY(space->methods->write(space, v, y, rows, band));
    }
cleanup:
    pst_free(band);
    return status;
}

pst_status pst_space_take(pst_space *space, const pst_extent *extent, const pst_vector *v, float *samples) {
    float *band = NULL;
    pst_status status;
    PST_TRY(allocate_band(space, &band));
    for (int y = 0, rows; y < space->h; y += rows) {
        rows = band_at(space, y);
        PST_TRY(space->methods->read(space, v, y, rows, band));
        pst_extent_crop_rows(extent, 3, band, y, rows, samples);
    }
cleanup:
    pst_free(band);
    return status;
}

pst_status pst_space_import(pst_space *space, const pst_extent *extent, const float *rgb, pst_vector **x) {
    pst_status status;
    PST_TRY(space->vectors.create(space->vectors.self, x));
    PST_TRY(pst_space_put(space, extent, rgb, *x));
    PST_TRY(space->methods->import(space, *x));
    return PST_OK;
cleanup:
    space->vectors.destroy(space->vectors.self, *x);
    *x = NULL;
    return status;
}
