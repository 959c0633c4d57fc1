#include "op/sums.h"

#include "base/memory.h"

size_t pst_sums_bytes(size_t slots) { return slots * PST_PARTS * sizeof(float); }

pst_status pst_sums_create(pst_session *session, size_t slots, pst_sums *sums) {
    *sums = (pst_sums){.session = session, .slots = slots};
    pst_status status;
    PST_TRY(pst_allocate(session->error, slots, PST_PARTS * sizeof(float), &sums->host));
    PST_TRY(pst_buffer_create(session, pst_sums_bytes(slots), "sums", &sums->parts));
    return PST_OK;
cleanup:
    pst_sums_destroy(sums);
    return status;
}

void pst_sums_destroy(pst_sums *sums) {
    if (sums->parts)
        pst_buffer_destroy(sums->session, sums->parts);
    if (sums->host)
        pst_session_free(sums->session, sums->host);
    *sums = (pst_sums){0};
}

pst_status pst_sums_read_later(pst_sums *sums, size_t slots) {
    return pst_buffer_read_later(sums->session, sums->parts, 0, sums->host, pst_sums_bytes(slots));
}

double pst_sums_value(const pst_sums *sums, size_t slot) {
    double sum = 0;
    for (size_t part = 0; part < PST_PARTS; part++)
        sum += (double)sums->host[slot * PST_PARTS + part];
    return sum;
}

pst_status pst_launch_sums(pst_session *session, const pst_kernel *kernel, size_t arg_count, const pst_arg *args) {
    return pst_launch_sum_rows(session, kernel, 1, arg_count, args);
}

pst_status pst_launch_sum_rows(pst_session *session, const pst_kernel *kernel, size_t rows, size_t arg_count,
                               const pst_arg *args) {
    size_t group = kernel->sum_group;
    return pst_launch(session, kernel, (size_t[3]){PST_PARTS * group, rows, 1}, (size_t[3]){group, 1, 1}, arg_count,
                      args);
}
