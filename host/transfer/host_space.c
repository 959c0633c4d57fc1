#include "transfer/host_space.h"

static pst_host_vectors *vectors_of(pst_space *base) { return &((pst_host_space *)base)->vectors; }

static pst_status read_rows(pst_space *base, const pst_vector *v, int first, int count, float *rows) {
    return pst_host_vectors_read(vectors_of(base), v, first, count, rows);
}

static pst_status write_rows(pst_space *base, pst_vector *v, int first, int count, const float *rows) {
    return pst_host_vectors_write(vectors_of(base), v, first, count, rows);
}

static pst_status import(pst_space *base, pst_vector *x) { return pst_host_vectors_import(vectors_of(base), x); }

static pst_status export(pst_space *base, const pst_vector *x, pst_vector *rgb) {
    return pst_host_vectors_export(vectors_of(base), x, rgb);
}

static pst_status gray(pst_space *base, pst_vector *d) { return pst_host_vectors_gray(vectors_of(base), d); }

static const pst_space_methods methods = {
    .read = read_rows, .write = write_rows, .import = import, .export = export, .gray = gray};

pst_status pst_host_space_open(pst_stores *stores, int h, int w, double pixel_scale, size_t most_dots, bool half,
                               pst_host_space *space) {
    pst_status status = pst_host_vectors_open(stores, h, w, most_dots, &space->vectors);
    space->vectors.in_file = space->vectors.kept_in_file = stores->folder != NULL;
    space->vectors.half = half;
    space->vectors.pixel_scale = pixel_scale;
    space->base = (pst_space){.vectors = space->vectors.vectors, .methods = &methods, .w = w, .h = h};
    return status;
}

void pst_host_space_close(pst_host_space *space) {
    pst_host_vectors_close(&space->vectors);
    *space = (pst_host_space){0};
}
