#include "blas/gemm.h"

#include <limits.h>
#include <string.h>

#include <clblast_c.h>

#include "base/memory.h"
#include "base/threads.h"
#include "blas/parameters.h"
#include "cl/program.h"

/* CLBlast 1.5.3's kernel 0 (GEMMK = 0) wants all that it reads and writes with the rows' index running fastest, as
 * column-major storage has it: so C^T = B^T A^T is asked of it, column-major, whose C^T is our C. Its kernel 1 wants
 * row-major matrices and is given the product as it stands. Either way C is never transposed. */
struct pst_gemm {
    pst_session *session;
    pst_gemm_finder *find; /* NULL: parameters are in force */
    bool row_major;        /* kernel 1 */
    size_t m_multiple, n_multiple, k_multiple;
    size_t align;          /* of sub-buffers, in elements */
    size_t panel_elements; /* see parameters.h */
};

/* ---- what CLBlast answers ------------------------------------------------------------------------------------ */

static const struct {
    int code;
    const char *text;
} meanings[] = {
    {CLBlastNotImplemented, "it cannot do that; another version of CLBlast is needed"},
    {CLBlastInvalidMatrixA, "matrix A is no buffer"},
    {CLBlastInvalidMatrixB, "matrix B is no buffer"},
    {CLBlastInvalidMatrixC, "matrix C is no buffer"},
    {CLBlastInvalidDimension, "a dimension is 0"},
    {CLBlastInvalidLeadDimA, "the leading dimension of A is too small"},
    {CLBlastInvalidLeadDimB, "the leading dimension of B is too small"},
    {CLBlastInvalidLeadDimC, "the leading dimension of C is too small"},
    {CLBlastInsufficientMemoryA, "the buffer of A is too small"},
    {CLBlastInsufficientMemoryB, "the buffer of B is too small"},
    {CLBlastInsufficientMemoryC, "the buffer of C is too small"},
    {CLBlastInsufficientMemoryTemp, "the temporary buffer is too small"},
    {CLBlastInvalidOverrideKernel, "it has no kernel of that name; another version of CLBlast is needed"},
    {CLBlastMissingOverrideParameter, "its kernels have other parameters; another version of CLBlast is needed"},
    {CLBlastInvalidLocalMemUsage, "the device has too little local memory"},
    {CLBlastDatabaseError, "it knows no parameters for the device"},
    {CLBlastUnexpectedError, "an exception inside it"},
};

/* Codes above -1000 are OpenCL's own, some under other names. */
static pst_status check(pst_gemm *gemm, CLBlastStatusCode code, const char *call) {
    if (code > -1000)
        return pst_session_check(gemm->session, code, call, "a matrix product");
    const char *text = "an error without a name";
    for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
        if (meanings[i].code == (int)code)
            text = meanings[i].text;
    return pst_fail(gemm->session->error, PST_ERROR_DEVICE, "%s: %s failed: %s (%d)", gemm->session->device.label, call,
                    text, (int)code);
}

/* Most runs need no product, and CLBlast compiles its programs anew in every process. */
static pst_status ready(pst_gemm *gemm) {
    pst_gemm_finder *find = gemm->find;
    const bool rehearsal = gemm->session->rehearsal;
    if (!find)
        return PST_OK;
    gemm->find = NULL; /* it uses the gemm itself */
    gemm->session->rehearsal = false;
    pst_status status = find(gemm->session, gemm);
    gemm->session->rehearsal = rehearsal;
    if (status != PST_OK)
        gemm->find = find;
    return status;
}

/* ---- products ------------------------------------------------------------------------------------------------ */

static CLBlastTranspose transpose(bool yes) { return yes ? CLBlastTransposeYes : CLBlastTransposeNo; }

/* CLBlast casts to int. Its padded copies are smaller than the sizes checked here where it matters: a tile is at most
 * 256. */
static pst_status check_shape(pst_gemm *gemm, const pst_gemm_shape *s, size_t c_offset) {
    const size_t limit = (size_t)INT_MAX;
    size_t am = pst_round_up(s->m, 256), bn = pst_round_up(s->n, 256), ck = pst_round_up(s->k, 256), a, b, c;
    if (!s->m || !s->n || !s->k)
        return pst_fail(gemm->session->error, PST_ERROR_ARGUMENT,
                        "a matrix product of %zu x %zu x %zu has nothing to compute", s->m, s->n, s->k);
    bool fits = s->m < limit && s->n < limit && s->k < limit && pst_multiply(am, ck, &a) && pst_multiply(ck, bn, &b) &&
                pst_multiply(am, bn, &c) && a < limit && b < limit && c < limit && c_offset < limit - c &&
                a + b + c < limit;
    if (!fits)
        return pst_fail(gemm->session->error, PST_ERROR_ARGUMENT,
                        "a matrix product of %zu x %zu x %zu at element %zu is too large: indices must stay under 2^31",
                        s->m, s->n, s->k, c_offset);
    return PST_OK;
}

/* A part of a matrix as CLBlast gets it: an element to begin with in a buffer. */
typedef struct view {
    cl_mem memory;
    size_t offset;
} view;

static size_t a_ld(const pst_gemm_shape *s) { return s->a_transposed ? s->m : s->k; }
static size_t b_ld(const pst_gemm_shape *s) { return s->b_transposed ? s->k : s->n; }

static pst_status temp_bytes(pst_gemm *gemm, const pst_gemm_shape *s, size_t c_offset, size_t *bytes) {
    cl_command_queue *queue = &gemm->session->queue;
    CLBlastTranspose a = transpose(s->a_transposed), b = transpose(s->b_transposed);
    CLBlastStatusCode code = gemm->row_major
                                 ? CLBlastSGemmTempBufferSize(CLBlastLayoutRowMajor, a, b, s->m, s->n, s->k, 0, a_ld(s),
                                                              0, b_ld(s), c_offset, s->n, queue, bytes)
                                 : CLBlastSGemmTempBufferSize(CLBlastLayoutColMajor, b, a, s->n, s->m, s->k, 0, b_ld(s),
                                                              0, a_ld(s), c_offset, s->n, queue, bytes);
    return check(gemm, code, "CLBlastSGemmTempBufferSize");
}

/* A slice is a sub-buffer, of which there can be no sub-buffers: its parts are taken from the buffer that it lies in.
 */
static view view_of(const pst_buffer *buffer, size_t offset) {
    return buffer ? (view){buffer->root, buffer->root_offset / sizeof(cl_float) + offset} : (view){NULL, offset};
}

/* To CLBlast an offset means a copy of the matrix; a sub-buffer that begins there has none. What the device's alignment
 * leaves stays an offset. */
static pst_status begin_at(pst_gemm *gemm, view *v, size_t count, cl_mem *part) {
    cl_int code = CL_SUCCESS;
    size_t rest = v->offset % gemm->align;
    if (!count || v->offset == rest)
        return PST_OK;
    cl_buffer_region region = {(v->offset - rest) * sizeof(cl_float), (rest + count) * sizeof(cl_float)};
    *part = clCreateSubBuffer(v->memory, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &code);
    if (code == CL_SUCCESS)
        *v = (view){*part, rest};
    return pst_session_check(gemm->session, code, "clCreateSubBuffer", "a matrix product");
}

/* Where the driver mixes up sessions, CLBlast's programs are the ones that all of them have: only one of these runs. */
static pst_status finish_alone(pst_gemm *gemm, pst_status status) {
    if (status == PST_OK)
        status = pst_session_finish(gemm->session);
    pst_process_lock_give(PST_LOCK_PRODUCTS);
    return status;
}

/* One product by one call of CLBlast. */
static pst_status multiply(pst_gemm *gemm, const pst_gemm_shape *s, view a, view b, view c, view temp) {
    cl_mem parts[4] = {NULL};
    size_t temp_size;
    pst_status status;
    if (gemm->session->rehearsal)
        return PST_OK;
    PST_TRY(begin_at(gemm, &a, s->m * s->k, &parts[0]));
    PST_TRY(begin_at(gemm, &b, s->k * s->n, &parts[1]));
    PST_TRY(begin_at(gemm, &c, s->m * s->n, &parts[2]));
    PST_TRY(temp_bytes(gemm, s, c.offset, &temp_size));
    PST_TRY(begin_at(gemm, &temp, temp_size / sizeof(cl_float), &parts[3]));
    cl_command_queue *queue = &gemm->session->queue;
    cl_mem scratch = temp_size ? temp.memory : NULL; /* given none where one is needed, CLBlast would allocate it */
    CLBlastTranspose at = transpose(s->a_transposed), bt = transpose(s->b_transposed);
    const bool alone = pst_session_is_mixed(gemm->session);
    if (alone)
        pst_process_lock_take(PST_LOCK_PRODUCTS);
    /* Not asked for an event CLBlast makes none that would have to be released. */
    CLBlastStatusCode code = gemm->row_major
                                 ? CLBlastSgemmWithTempBuffer(CLBlastLayoutRowMajor, at, bt, s->m, s->n, s->k, 1,
                                                              a.memory, a.offset, a_ld(s), b.memory, b.offset, b_ld(s),
                                                              0, c.memory, c.offset, s->n, queue, NULL, scratch)
                                 : CLBlastSgemmWithTempBuffer(CLBlastLayoutColMajor, bt, at, s->n, s->m, s->k, 1,
                                                              b.memory, b.offset, b_ld(s), a.memory, a.offset, a_ld(s),
                                                              0, c.memory, c.offset, s->n, queue, NULL, scratch);
    status = check(gemm, code, "CLBlastSgemm");
    if (alone)
        status = finish_alone(gemm, status);
cleanup:
    for (size_t i = 0; i < 4; i++)
        if (parts[i])
            clReleaseMemObject(parts[i]);
    return status;
}

/* How a product is cut: rows beyond a multiple of the tile make a small product of their own, so that not all of A and
 * C is copied to pad them; and B may be taken in panels of columns. In the workspace lie, in this order, a panel of B,
 * the panel of C that it gives, and CLBlast's temporary buffer, in elements. */
typedef struct cutting {
    size_t head, panel;
    size_t c_at, temp_at, total;
} cutting;

static pst_status plan(pst_gemm *gemm, const pst_gemm_shape *s, cutting *cut) {
    *cut = (cutting){s->m, s->n, 0, 0, 0};
    bool in_place = gemm->row_major && !s->a_transposed; /* then rows of A are parts of its buffer */
    size_t unit = gemm->m_multiple > gemm->align ? gemm->m_multiple : gemm->align;
    if (in_place && s->m % gemm->m_multiple && s->m > unit && unit % gemm->m_multiple == 0 && unit % gemm->align == 0)
        cut->head = s->m / unit * unit;
    if (in_place && s->k % gemm->k_multiple == 0 && gemm->panel_elements && s->k * s->n > gemm->panel_elements) {
        size_t panel = gemm->n_multiple;
        while (s->k * panel * 2 <= gemm->panel_elements)
            panel *= 2;
        if (panel < s->n)
            cut->panel = panel;
    }
    bool panels = cut->panel < s->n;
    cut->c_at = panels ? pst_round_up(s->k * cut->panel, gemm->align) : 0;
    cut->temp_at = panels ? cut->c_at + pst_round_up(s->m * cut->panel, gemm->align) : 0;
    const size_t rows[2] = {cut->head, s->m - cut->head}, columns[2] = {cut->panel, s->n % cut->panel};
    size_t most = 0;
    for (size_t i = 0; i < 4; i++) {
        pst_gemm_shape part = {rows[i & 1], columns[i >> 1], s->k, s->a_transposed, s->b_transposed};
        size_t bytes = 0;
        pst_status status = part.m && part.n ? temp_bytes(gemm, &part, panels ? 0 : 1, &bytes) : PST_OK;
        if (status != PST_OK)
            return status;
        if (bytes > most)
            most = bytes;
    }
    cut->total = cut->temp_at + (most + sizeof(cl_float) - 1) / sizeof(cl_float);
    return PST_OK;
}

pst_status pst_gemm_workspace(pst_gemm *gemm, const pst_gemm_shape *shape, size_t *bytes) {
    cutting cut;
    *bytes = 0;
    pst_status status = check_shape(gemm, shape, 0);
    if (status == PST_OK)
        status = ready(gemm);
    if (status == PST_OK)
        status = plan(gemm, shape, &cut);
    if (status == PST_OK)
        *bytes = cut.total * sizeof(cl_float);
    return status;
}

/* The head's rows and the others, at most a few tiles. */
static pst_status multiply_rows(pst_gemm *gemm, const pst_gemm_shape *s, size_t head, view a, view b, view c,
                                view temp) {
    pst_gemm_shape part = *s;
    part.m = head;
    pst_status status = multiply(gemm, &part, a, b, c, temp);
    part.m = s->m - head;
    a.offset += head * s->k;
    c.offset += head * s->n;
    return status == PST_OK && part.m ? multiply(gemm, &part, a, b, c, temp) : status;
}

/* columns x rows elements, from one pitch to another. OpenCL's own copy forbids that within one buffer, where slices
 * lie, and PoCL 3.1 crashes with slices. */
static pst_status copy_columns(pst_gemm *gemm, size_t rows, size_t columns, const pst_buffer *from, size_t from_offset,
                               size_t from_pitch, const pst_buffer *to, size_t to_offset, size_t to_pitch) {
    const pst_kernel *kernel;
    pst_status status = pst_kernel_get(gemm->session, "gemm", "copy_columns", "", &kernel);
    if (status != PST_OK)
        return status;
    return pst_launch_each(gemm->session, kernel, rows,
                           PST_ARGS(pst_arg_int((int)rows), pst_arg_int((int)columns), pst_arg_buffer(from),
                                    pst_arg_int((int)from_offset), pst_arg_int((int)from_pitch), pst_arg_buffer(to),
                                    pst_arg_int((int)to_offset), pst_arg_int((int)to_pitch)));
}

pst_status pst_gemm_run(pst_gemm *gemm, const pst_gemm_shape *s, const pst_buffer *a, const pst_buffer *b,
                        pst_buffer *c, size_t c_offset, pst_buffer *workspace) {
    pst_session *session = gemm->session;
    cutting cut;
    pst_status status = check_shape(gemm, s, c_offset);
    if (status == PST_OK)
        status = ready(gemm);
    if (status == PST_OK)
        status = plan(gemm, s, &cut);
    if (status != PST_OK)
        return status;
    if (session->lost)
        return pst_fail(session->error, PST_ERROR_DEVICE, "%s: the driver failed earlier; restart the program",
                        session->device.label);
    if (a->bytes < s->m * s->k * sizeof(cl_float) || b->bytes < s->k * s->n * sizeof(cl_float) ||
        c->bytes < (c_offset + s->m * s->n) * sizeof(cl_float))
        return pst_fail(session->error, PST_ERROR_ARGUMENT,
                        "a buffer is too small for a matrix product of %zu x %zu x %zu", s->m, s->n, s->k);
    if (cut.total * sizeof(cl_float) > (workspace ? workspace->bytes : 0))
        return pst_fail(session->error, PST_ERROR_ARGUMENT,
                        "a matrix product of %zu x %zu x %zu needs a workspace of %zu bytes", s->m, s->n, s->k,
                        cut.total * sizeof(cl_float));
    view a_view = view_of(a, 0), b_view = view_of(b, 0), c_view = view_of(c, c_offset);
    view temp = view_of(workspace, cut.temp_at), b_panel = view_of(workspace, 0),
         c_panel = view_of(workspace, cut.c_at);
    if (cut.panel == s->n)
        return multiply_rows(gemm, s, cut.head, a_view, b_view, c_view, temp);
    for (size_t column = 0; column < s->n && status == PST_OK; column += cut.panel) {
        pst_gemm_shape part = *s;
        part.n = s->n - column < cut.panel ? s->n - column : cut.panel;
        status = s->b_transposed ? copy_columns(gemm, part.n, s->k, b, column * s->k, s->k, workspace, 0, s->k)
                                 : copy_columns(gemm, s->k, part.n, b, column, s->n, workspace, 0, part.n);
        if (status == PST_OK)
            status = multiply_rows(gemm, &part, cut.head, a_view, b_panel, c_panel, temp);
        if (status == PST_OK)
            status = copy_columns(gemm, s->m, part.n, workspace, cut.c_at, part.n, c, c_offset + column, s->n);
    }
    return status;
}

/* ---- the parameters in force --------------------------------------------------------------------------------- */

/* CLBlast keeps overridden parameters for the whole process, so what was chosen for a device is remembered for the
 * whole process too: setting them again would throw away the programs of another context on that device. */
static struct {
    cl_device_id device;
    size_t choice;
} in_force[PST_DEVICES_MAX];

static CLBlastStatusCode override(cl_device_id device, const pst_gemm_parameters *parameters) {
    CLBlastStatusCode code = CLBlastSuccess;
    for (size_t i = 0; parameters->overrides[i] && code == CLBlastSuccess; i++) {
        const pst_gemm_override *one = parameters->overrides[i];
        const char *names[PST_GEMM_NAMES]; /* CLBlast's type lacks a const */
        memcpy(names, one->names, sizeof names);
        code = CLBlastOverrideParameters(device, one->kernel, CLBlastPrecisionSingle, one->count, names, one->values);
    }
    return code;
}

/* Puts the wanted choice, or a later one that is in force already, into force; *choice is which. */
static pst_status put_in_force(pst_gemm *gemm, size_t *choice) {
    const pst_device *device = &gemm->session->device;
    CLBlastStatusCode code = CLBlastSuccess;
    pst_process_lock_take(PST_LOCK_PRODUCTS);
    size_t slot = 0;
    while (slot + 1 < PST_DEVICES_MAX && in_force[slot].device && in_force[slot].device != device->id)
        slot++;
    bool known = in_force[slot].device == device->id;
    if (known && in_force[slot].choice >= *choice) {
        *choice = in_force[slot].choice;
    } else {
        code = override(device->id, pst_gemm_parameters_for(device, *choice));
        if (code == CLBlastSuccess) {
            in_force[slot].device = device->id;
            in_force[slot].choice = *choice;
        }
    }
    pst_process_lock_give(PST_LOCK_PRODUCTS);
    return check(gemm, code, "CLBlastOverrideParameters");
}

/* Which kernel CLBlast's database chose, and its tiles: a product that needs no temporary buffer tells. */
static pst_status probe(pst_gemm *gemm) {
    const size_t large = 4096;
    pst_status status;
    size_t bytes;
    gemm->row_major = true;
    PST_TRY(temp_bytes(gemm, &(pst_gemm_shape){large, large, large, false, false}, 0, &bytes));
    gemm->row_major = bytes == 0;
    size_t *multiples[3] = {&gemm->m_multiple, &gemm->n_multiple, &gemm->k_multiple};
    for (size_t d = 0; d < 3; d++) {
        size_t multiple = 1;
        for (bytes = 1; multiple < 256; multiple *= 2) {
            pst_gemm_shape shape = {large, large, large, !gemm->row_major, false};
            *(d == 0 ? &shape.m : d == 1 ? &shape.n : &shape.k) += multiple;
            PST_TRY(temp_bytes(gemm, &shape, 0, &bytes));
            if (!bytes)
                break;
        }
        *multiples[d] = multiple;
    }
cleanup:
    return status;
}

static pst_status describe(pst_gemm *gemm, const pst_gemm_parameters *p) {
    size_t align = gemm->session->device.base_align_bytes / sizeof(cl_float);
    gemm->align = align ? align : 1024;
    gemm->panel_elements = p->panel_elements;
    if (!pst_gemm_parameter(p, "MWG"))
        return probe(gemm);
    gemm->row_major = pst_gemm_parameter(p, "GEMMK") == 1;
    size_t mwg = pst_gemm_parameter(p, "MWG"), nwg = pst_gemm_parameter(p, "NWG");
    gemm->m_multiple = gemm->row_major ? mwg : nwg;
    gemm->n_multiple = gemm->row_major ? nwg : mwg;
    gemm->k_multiple = pst_gemm_parameter(p, "KWG") * pst_gemm_parameter(p, "KREG");
    return PST_OK;
}

void pst_gemm_preferred(pst_gemm *gemm, bool *a_transposed, bool *b_transposed) {
    (void)ready(gemm); /* a failure shows at the next pst_gemm_workspace */
    *a_transposed = !gemm->row_major;
    *b_transposed = false;
}

void pst_gemm_multiples(pst_gemm *gemm, size_t *m, size_t *n, size_t *k) {
    (void)ready(gemm);
    *m = gemm->m_multiple;
    *n = gemm->n_multiple;
    *k = gemm->k_multiple;
}

/* ---- life ---------------------------------------------------------------------------------------------------- */

pst_status pst_gemm_use(pst_gemm *gemm, size_t *choice) {
    pst_status status = put_in_force(gemm, choice);
    return status == PST_OK ? describe(gemm, pst_gemm_parameters_for(&gemm->session->device, *choice)) : status;
}

pst_status pst_gemm_open(pst_session *session, pst_gemm_finder *find, pst_gemm **gemm) {
    pst_status status = pst_allocate(session->error, 1, sizeof **gemm, gemm);
    if (status == PST_OK)
        **gemm = (pst_gemm){.session = session, .find = find, .m_multiple = 1, .n_multiple = 1, .k_multiple = 1};
    return status;
}

void pst_gemm_destroy(pst_gemm *gemm) {
    if (!gemm)
        return;
    if (!gemm->session->lost)
        clFinish(gemm->session->queue);
    CLBlastClearCache();
    pst_free(gemm);
}
