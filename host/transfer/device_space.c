#include "transfer/device_space.h"

#include "op/pixels.h"

/* A pst_vector is never anything but a pst_buffer here. */
static pst_buffer *buffer(pst_vector *vector) { return (pst_buffer *)vector; }
static const pst_buffer *buffer_of(const pst_vector *vector) { return (const pst_buffer *)vector; }

static pst_status create(void *self, pst_vector **vector) {
    pst_device_space *space = self;
    pst_buffer *made;
    pst_status status =
        pst_buffer_create(space->session, sizeof(float) * space->length, "an optimizer's vector", &made);
    *vector = (pst_vector *)made;
    return status;
}

static void destroy(void *self, pst_vector *vector) {
    pst_device_space *space = self;
    pst_buffer_destroy(space->session, buffer(vector));
}

static pst_status copy(void *self, pst_vector *to, const pst_vector *from) {
    pst_device_space *space = self;
    return pst_buffer_copy(space->session, buffer(to), buffer_of(from), sizeof(float) * space->length);
}

static pst_status combine(void *self, pst_vector *to, size_t count, const double *factors,
                          const pst_vector *const *from) {
    pst_device_space *space = self;
    return pst_combine(space->session, buffer(to), space->length, count, factors, (const pst_buffer *const *)from);
}

static pst_status queue_dots(void *self, size_t a_count, const pst_vector *const *a, size_t b_count,
                             const pst_vector *const *b, const pst_vector *norm_of) {
    pst_device_space *space = self;
    size_t slots = pst_dots_slots(a_count);
    pst_status status;
    PST_TRY(pst_dots(space->session, space->length, a_count, (const pst_buffer *const *)a, b_count,
                     (const pst_buffer *const *)b, &space->sums));
    if (norm_of)
        PST_TRY(pst_absolute_sum(space->session, buffer_of(norm_of), space->length, &space->sums, slots));
    PST_TRY(pst_sums_read_later(&space->sums, slots + (norm_of ? 1 : 0)));
cleanup:
    return status;
}

static void read_dots(void *self, size_t a_count, size_t b_count, double *results, double *l1_norm) {
    const pst_device_space *space = self;
    for (size_t i = 0; i < a_count; i++)
        for (size_t j = 0; j < b_count; j++)
            results[i * b_count + j] = pst_sums_value(&space->sums, pst_dots_slot(i, j));
    if (l1_norm)
        *l1_norm = pst_sums_value(&space->sums, pst_dots_slots(a_count));
}

static pst_status spread(void *self, pst_vector *to, const pst_vector *from, const pst_vector *v) {
    pst_device_space *space = self;
    return pst_spread(space->session, space->base.h, space->base.w, buffer(to), from ? buffer_of(from) : NULL,
                      buffer_of(v), space->scales);
}

static pst_status adam(void *self, pst_vector *x, pst_vector *m, pst_vector *v, const pst_vector *g, double rate,
                       double beta1, double beta2, double correction1, double correction2, double epsilon) {
    pst_device_space *space = self;
    return pst_adam(space->session, space->length, buffer(x), buffer(m), buffer(v), buffer_of(g), rate, beta1, beta2,
                    correction1, correction2, epsilon);
}

static size_t pixels_of(const pst_device_space *space) { return (size_t)space->base.h * (size_t)space->base.w; }

static pst_status clamp(void *self, pst_vector *x) {
    pst_device_space *space = self;
    return pst_pixels_clamp(space->session, buffer(x), pixels_of(space), space->pixel_scale);
}

static size_t bytes_of_rows(const pst_space *space, int count) {
    return sizeof(float) * 3 * (size_t)space->w * (size_t)count;
}

static pst_status read_rows(pst_space *base, const pst_vector *v, int first, int count, float *rows) {
    const pst_device_space *space = (const pst_device_space *)base;
    return pst_buffer_read(space->session, buffer_of(v), bytes_of_rows(base, first), rows, bytes_of_rows(base, count));
}

static pst_status write_rows(pst_space *base, pst_vector *v, int first, int count, const float *rows) {
    const pst_device_space *space = (const pst_device_space *)base;
    return pst_buffer_write(space->session, buffer(v), bytes_of_rows(base, first), rows, bytes_of_rows(base, count));
}

static pst_status import(pst_space *base, pst_vector *x) {
    const pst_device_space *space = (const pst_device_space *)base;
    return pst_pixels_import(space->session, buffer(x), pixels_of(space), space->pixel_scale, buffer(x));
}

static pst_status export(pst_space *base, const pst_vector *x, pst_vector *rgb) {
    const pst_device_space *space = (const pst_device_space *)base;
    return pst_pixels_export(space->session, buffer_of(x), pixels_of(space), space->pixel_scale, buffer(rgb));
}

static pst_status gray(pst_space *base, pst_vector *d) {
    const pst_device_space *space = (const pst_device_space *)base;
    return pst_pixels_gray(space->session, buffer(d), pixels_of(space));
}

static const pst_space_methods methods = {
    .read = read_rows, .write = write_rows, .import = import, .export = export, .gray = gray};

size_t pst_device_space_bytes(int h, int w, size_t most_dots) {
    return pst_sums_bytes(pst_dots_slots(most_dots) + 1) + pst_spread_bytes(h, w);
}

size_t pst_device_vector_bytes(size_t length) { return sizeof(float) * pst_round_up(length, PST_VECTOR_ALIGN); }

void pst_device_space_open(pst_session *session, int h, int w, double pixel_scale, pst_device_space *space) {
    *space = (pst_device_space){.base = {.methods = &methods, .w = w, .h = h},
                                .session = session,
                                .length = pst_round_up(3 * (size_t)h * (size_t)w, PST_VECTOR_ALIGN),
                                .pixel_scale = pixel_scale};
    space->base.vectors = (pst_vector_space){.self = space,
                                             .error = session->error,
                                             .create = create,
                                             .destroy = destroy,
                                             .copy = copy,
                                             .combine = combine,
                                             .queue_dots = queue_dots,
                                             .read_dots = read_dots,
                                             .spread = spread,
                                             .adam = adam,
                                             .clamp = clamp};
}

pst_status pst_device_space_allocate(pst_device_space *space, size_t most_dots) {
    pst_session *session = space->session;
    pst_status status;
    PST_TRY(pst_sums_create(session, pst_dots_slots(most_dots) + 1, &space->sums));
    PST_TRY(pst_buffer_create(session, pst_spread_bytes(space->base.h, space->base.w), "scales of the image",
                              &space->scales));
cleanup:
    return status;
}

void pst_device_space_close(pst_device_space *space) {
    if (space->session) {
        pst_sums_destroy(&space->sums);
        pst_buffer_destroy(space->session, space->scales);
    }
    *space = (pst_device_space){0};
}
