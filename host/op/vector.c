#include "op/vector.h"

#include <math.h>

#include "cl/program.h"

/* As many as the kernels have arguments for: L-BFGS with 20 pairs takes 41 and 43. */
#define COMBINE_AT_ONCE 48
#define DOTS_AT_ONCE 44
#define DOTS_BLOCK 4
#define DOTS_B 3

pst_status pst_combine(pst_session *session, pst_buffer *to, size_t length, size_t count, const double *factors,
                       const pst_buffer *const *from) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "vector", "combine", "", &kernel);
    if (status != PST_OK)
        return status;
    double keep = 0; /* the factor of `to` itself; the kernel reads it before it writes */
    const pst_buffer *others[COMBINE_AT_ONCE];
    double other_factors[COMBINE_AT_ONCE];
    size_t held = 0;
    bool launched = false;
    for (size_t i = 0; i < count; i++)
        if (from[i] == to)
            keep += factors[i];
    for (size_t i = 0; i <= count; i++) {
        bool last = i == count;
        if (!last && from[i] != to) {
            others[held] = from[i];
            other_factors[held++] = factors[i];
        }
        if (held == COMBINE_AT_ONCE || (last && (held || !launched))) {
            if (!held) { /* nothing but `to` itself: to = keep * to */
                others[0] = to;
                other_factors[0] = 0;
                held = 1;
            }
            pst_arg args[4 + 2 * COMBINE_AT_ONCE] = {pst_arg_int((int)(length / pst_wide(session))), pst_arg_buffer(to),
                                                     pst_arg_float(keep), pst_arg_int((int)held)};
            for (size_t k = 0; k < COMBINE_AT_ONCE; k++) {
                args[4 + 2 * k] = pst_arg_buffer(others[k < held ? k : 0]);
                args[5 + 2 * k] = pst_arg_float(k < held ? other_factors[k] : 0);
            }
            status = pst_launch_each(session, kernel, length / pst_wide(session), sizeof args / sizeof *args, args);
            if (status != PST_OK)
                return status;
            keep = 1;
            held = 0;
            launched = true;
        }
    }
    return PST_OK;
}

/* Blocks of a launch, which are its rows of groups. */
static size_t block_count(size_t vectors) { return (vectors + DOTS_BLOCK - 1) / DOTS_BLOCK; }

size_t pst_dots_slots(size_t a_count) { return block_count(a_count) * DOTS_BLOCK * DOTS_B; }

size_t pst_dots_slot(size_t i, size_t j) { return i * DOTS_B + j; }

pst_status pst_dots(pst_session *session, size_t length, size_t a_count, const pst_buffer *const *a, size_t b_count,
                    const pst_buffer *const *b, pst_sums *sums) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "vector", "dots", "", &kernel);
    for (size_t i = 0; i < a_count && status == PST_OK; i += DOTS_AT_ONCE) {
        size_t held = a_count - i < DOTS_AT_ONCE ? a_count - i : DOTS_AT_ONCE;
        pst_arg args[5 + DOTS_AT_ONCE + DOTS_B] = {pst_arg_int((int)(length / pst_wide(session))),
                                                   pst_arg_int((int)held)},
                                        *next = args + 2;
        for (size_t k = 0; k < DOTS_AT_ONCE; k++)
            *next++ = pst_arg_buffer(a[k < held ? i + k : i]);
        *next++ = pst_arg_int((int)b_count);
        for (size_t k = 0; k < DOTS_B; k++)
            *next++ = pst_arg_buffer(b[k < b_count ? k : 0]);
        *next++ = pst_arg_buffer(sums->parts);
        *next++ = pst_arg_int((int)pst_dots_slot(i, 0));
        status = pst_launch_sum_rows(session, kernel, block_count(held), (size_t)(next - args), args);
    }
    return status;
}

pst_status pst_absolute_sum(pst_session *session, const pst_buffer *x, size_t length, pst_sums *sums, size_t slot) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "vector", "absolute_sum", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_sums(session, kernel,
                           PST_ARGS(pst_arg_buffer(x), pst_arg_int((int)(length / pst_wide(session))),
                                    pst_arg_buffer(sums->parts), pst_arg_int((int)slot)));
}

pst_status pst_adam(pst_session *session, size_t length, pst_buffer *x, pst_buffer *m, pst_buffer *v,
                    const pst_buffer *g, double rate, double beta1, double beta2, double correction1,
                    double correction2, double epsilon) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(session, "vector", "adam", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(session, kernel, length / pst_wide(session),
                           PST_ARGS(pst_arg_int((int)(length / pst_wide(session))), pst_arg_buffer(x),
                                    pst_arg_buffer(m), pst_arg_buffer(v), pst_arg_buffer(g),
                                    pst_arg_float(rate / correction1), pst_arg_float(beta1), pst_arg_float(1 - beta1),
                                    pst_arg_float(beta2), pst_arg_float(1 - beta2),
                                    pst_arg_float(1 / sqrt(correction2)), pst_arg_float(epsilon)));
}
