/* What stands in for other things where kernels are tested in Oclgrind, linked into the test programs before the
 * library:
 *
 * - host/blas/gemm.h by one plain kernel. CLBlast's kernels take minutes there, and reports about them are none of
 *   ours. The kernels for GPUs are given the storage that CLBlast prefers on GPUs, those for CPUs that of CPUs, and
 *   strips that do not go out evenly must bring a workspace.
 * - two calls of OpenCL after which Oclgrind 21.10 takes good reads for reads of what was never written: it keeps a
 *   record of a buffer by its number and with the size of the last write from the host. So no number is used twice, and
 * a buffer is filled by one write. */
#include <stdlib.h>
#include <string.h>

#include "blas/gemm.h"
#include "support.h"

#define MULTIPLE 16
#define WORKSPACE_BYTES 256

static const char source[] = "kernel void product(global const float *a, int a_row, int a_step, global const float *b, "
                             "int b_step, int b_column, int n, int k,\n"
                             "                    global float *c, int c_offset, global float *workspace) {\n"
                             "    int i = get_global_id(0), j = get_global_id(1);\n"
                             "    float sum = 0.0f;\n"
                             "    for (int p = 0; p < k; p++)\n"
                             "        sum += a[i * a_row + p * a_step] * b[p * b_step + j * b_column];\n"
                             "    c[c_offset + i * n + j] = sum;\n"
                             "    if (workspace && i == 0 && j < 64)\n"
                             "        workspace[j] = sum;\n"
                             "}\n";

struct pst_gemm {
    pst_session *session;
    cl_program program;
    pst_kernel kernel;
};

pst_status pst_gemm_create(pst_session *session, pst_gemm **result) {
    const char *text = source;
    cl_int code;
    pst_gemm *gemm = calloc(1, sizeof *gemm);
    ck_assert_ptr_nonnull(gemm);
    gemm->session = session;
    gemm->program = clCreateProgramWithSource(session->context, 1, &text, NULL, &code);
    ck_assert_int_eq(code, CL_SUCCESS);
    ck_assert_int_eq(clBuildProgram(gemm->program, 1, &session->device.id, "", NULL, NULL), CL_SUCCESS);
    gemm->kernel = (pst_kernel){clCreateKernel(gemm->program, "product", &code), "product", 1};
    ck_assert_int_eq(code, CL_SUCCESS);
    *result = gemm;
    return PST_OK;
}

void pst_gemm_destroy(pst_gemm *gemm) {
    clReleaseKernel(gemm->kernel.kernel);
    clReleaseProgram(gemm->program);
    free(gemm);
}

void pst_gemm_preferred(const pst_gemm *gemm, bool *a_transposed, bool *b_transposed) {
    *a_transposed = !gemm->session->cpu_kernels;
    *b_transposed = *a_transposed; /* CLBlast does not prefer it, but an algorithm must heed it */
}

void pst_gemm_multiples(const pst_gemm *gemm, size_t *m, size_t *n, size_t *k) {
    *m = *n = MULTIPLE;
    *k = gemm->session->cpu_kernels ? 9 : MULTIPLE;
}

pst_status pst_gemm_workspace(pst_gemm *gemm, const pst_gemm_shape *shape, size_t *bytes) {
    (void)gemm;
    *bytes = shape->m % MULTIPLE ? WORKSPACE_BYTES : 0;
    return PST_OK;
}

pst_status pst_gemm_run(pst_gemm *gemm, const pst_gemm_shape *s, const pst_buffer *a, const pst_buffer *b,
                        pst_buffer *c, size_t c_offset, pst_buffer *workspace) {
    int m = (int)s->m, n = (int)s->n, k = (int)s->k;
    bool needed = s->m % MULTIPLE;
    ck_assert(!needed || (workspace && workspace->bytes >= WORKSPACE_BYTES));
    return pst_launch(gemm->session, &gemm->kernel, (size_t[]){s->m, s->n, 1}, NULL,
                      PST_ARGS(pst_arg_buffer(a), pst_arg_int(s->a_transposed ? 1 : k),
                               pst_arg_int(s->a_transposed ? m : 1), pst_arg_buffer(b),
                               pst_arg_int(s->b_transposed ? 1 : n), pst_arg_int(s->b_transposed ? k : 1),
                               pst_arg_int(n), pst_arg_int(k), pst_arg_buffer(c), pst_arg_int((int)c_offset),
                               pst_arg_buffer(needed ? workspace : NULL)));
}

cl_int CL_API_CALL clReleaseMemObject(cl_mem memory) {
    (void)memory;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern, size_t pattern_bytes,
                                       size_t offset, size_t bytes, cl_uint wait_count, const cl_event *wait,
                                       cl_event *event) {
    char *image = malloc(bytes);
    ck_assert_ptr_nonnull(image);
    for (size_t at = 0; at < bytes; at += pattern_bytes)
        memcpy(image + at, pattern, pattern_bytes);
    cl_int code = clEnqueueWriteBuffer(queue, memory, CL_TRUE, offset, bytes, image, wait_count, wait, event);
    free(image);
    return code;
}
