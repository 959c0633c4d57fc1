#include "blas/known_answers.h"

#include <math.h>

#include "base/memory.h"

#define GUARD 64

static int draw(uint64_t *state, int range) { /* -range..range */
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (int)((*state >> 33) % (unsigned)(2 * range + 1)) - range;
}

/* A x B for whole numbers so small that every partial sum is exact in float32, whatever its order. Instead of all of C
 * the product C x with a random vector x of odd numbers is compared, exactly, with A (B x), after Freivalds: m n + n k
 * + m k operations, and no single wrong element goes unseen. */
static bool is_right(const pst_gemm_shape *s, const float *a, const float *b, const float *c, double *x, double *bx) {
    uint64_t state = 99;
    for (size_t j = 0; j < s->n; j++)
        x[j] = 2 * draw(&state, 500) + 1;
    for (size_t p = 0; p < s->k; p++)
        for (size_t j = 0; j < s->n; j++)
            bx[p] += b[s->b_transposed ? j * s->k + p : p * s->n + j] * x[j];
    for (size_t i = 0; i < s->m; i++) {
        double is = 0, should = 0;
        for (size_t j = 0; j < s->n; j++)
            is += c[i * s->n + j] * x[j];
        for (size_t p = 0; p < s->k; p++)
            should += a[s->a_transposed ? p * s->m + i : i * s->k + p] * bx[p];
        if (!(is == should))
            return false;
    }
    return true;
}

/* C is NaN before, and the elements around it must be after. */
static pst_status one_answer(pst_session *session, pst_gemm *gemm, pst_gemm_shape s, size_t c_offset, bool *right) {
    static const char what[] = "the test of matrix products";
    pst_error *error = session->error;
    const size_t a_count = s.m * s.k, b_count = s.k * s.n, c_count = c_offset + s.m * s.n + GUARD, f = sizeof(float);
    pst_buffer *a = NULL, *b = NULL, *c = NULL, *workspace = NULL;
    float *host = NULL;
    double *x = NULL;
    size_t bytes;
    pst_status status;
    PST_TRY(pst_allocate(error, a_count + b_count + c_count, f, &host));
    PST_TRY(pst_allocate(error, s.n + s.k, sizeof *x, &x));
    float *b_host = host + a_count, *c_host = b_host + b_count;
    uint64_t state = s.m * 31 + s.n * 7 + s.k;
    for (size_t i = 0; i < a_count; i++)
        host[i] = (float)draw(&state, 2047); /* more digits than 16-bit floats have */
    for (size_t i = 0; i < b_count; i++)
        b_host[i] = (float)draw(&state, 3);
    for (size_t i = 0; i < c_count; i++)
        c_host[i] = NAN;
    PST_TRY(pst_buffer_create(session, a_count * f, what, &a));
    PST_TRY(pst_buffer_create(session, b_count * f, what, &b));
    PST_TRY(pst_buffer_create(session, c_count * f, what, &c));
    PST_TRY(pst_gemm_workspace(gemm, &s, &bytes));
    if (bytes)
        PST_TRY(pst_buffer_create(session, bytes, what, &workspace));
    PST_TRY(pst_buffer_write(session, a, 0, host, a->bytes));
    PST_TRY(pst_buffer_write(session, b, 0, b_host, b->bytes));
    PST_TRY(pst_buffer_write(session, c, 0, c_host, c->bytes));
    PST_TRY(pst_gemm_run(gemm, &s, a, b, c, c_offset, workspace));
    PST_TRY(pst_buffer_read(session, c, 0, c_host, c->bytes));
    *right = is_right(&s, host, b_host, c_host + c_offset, x, x + s.n);
    for (size_t i = 0; i < c_count; i++)
        if (!isnan(c_host[i]) && (i < c_offset || i >= c_offset + s.m * s.n))
            *right = false;
cleanup:
    pst_buffer_destroy(session, workspace);
    pst_buffer_destroy(session, c);
    pst_buffer_destroy(session, b);
    pst_buffer_destroy(session, a);
    pst_free(x);
    pst_free(host);
    return status;
}

/* In every orientation: odd sizes over several tiles, C at the start, at an aligned and at an odd element; and less
 * than CLBlast's kernels for large products take. Then what convolutions ask for: the preferred storage in whole tiles,
 * which takes no copies, with rows left over; few channels; B in panels. */
pst_status pst_known_answers(pst_session *session, pst_gemm *gemm, bool *right) {
    bool at, bt;
    size_t m, n, k;
    pst_gemm_preferred(gemm, &at, &bt);
    pst_gemm_multiples(gemm, &m, &n, &k);
    const struct {
        pst_gemm_shape shape;
        size_t c_offset;
    } answers[] = {
        {{83, 61, 57, false, false}, 0},       {{84, 61, 57, true, false}, 2048}, {{85, 61, 57, false, true}, 1021},
        {{86, 61, 57, true, true}, 0},         {{37, 29, 23, false, false}, 0},   {{38, 29, 23, true, false}, 5},
        {{39, 29, 23, false, true}, 0},        {{40, 29, 23, true, true}, 2048},  {{3 * m, 2 * n, 3 * k, at, bt}, 2048},
        {{2 * m + 5, n, 3 * k, at, bt}, 2048}, {{70, 3, 5 * k, at, bt}, 0},       {{1, 3, 27, at, bt}, 0},
        {{19, 7 * n, 1152, at, bt}, 11}};
    size_t count = sizeof answers / sizeof *answers;
    if (session->device.info.type != PST_DEVICE_CPU)
        count--; /* no panels there, and the largest by far where a simulator plays the GPU */
    *right = true;
    for (size_t i = 0; i < count && *right; i++) {
        pst_status status = one_answer(session, gemm, answers[i].shape, answers[i].c_offset, right);
        if (status != PST_OK)
            return status;
    }
    return PST_OK;
}
