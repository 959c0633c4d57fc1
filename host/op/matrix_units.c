#include "op/matrix_units.h"

#include <stdio.h>
#include <string.h>

#include "base/machine.h"
#include "base/memory.h"
#include "op/choices.h"
#include "op/matrix_answers.h"
#include "op/products.h"
#include "op/refused.h"
#include "op/tiles.h"

#define UNITS (PST_BLOCK_FORMS - 1) /* the form of matrix units on GPUs */

/* Of numbers that fill all bits. On a GPU one for every kernel that has blocks, with the defines that change where it
 * reads and writes: of full blocks and parts of them, both ways, in the width that large networks have. Blocks for
 * smaller maps have fewer warps that do the same. float32 has an error of 1e-14 there, plain TF32 of 1e-7; on a CPU
 * plain bfloat16 has 1e-5. */
#define PRODUCTS "block_gpu+winograd_products_gpu", "winograd_products"
static const pst_matrix_product on_gpu[] = {
    {PRODUCTS, "-DSIDE=4 -DTURNED=0", PST_USE_POINT, 200, 48, 160, 0, 1e-12},
    {PRODUCTS, "-DSIDE=4 -DTURNED=1", PST_USE_POINT, 200, 48, 160, 4 * 4, 1e-12},
    {PRODUCTS, "-DSIDE=6 -DTURNED=0", PST_USE_POINT, 200, 48, 160, 0, 1e-12},
    {PRODUCTS, "-DSIDE=6 -DTURNED=1", PST_USE_POINT, 200, 48, 160, 6 * 6, 1e-12},
    {"block_gpu+gram_gpu", "gram_partial", "", PST_USE_GRAM, 160, 200, 160, 0, 1e-12},
    {"block_gpu+gram_gpu", "gram_partial", "-DMAPS=5", PST_USE_GRAM, 160, 200, 160, 0, 1e-12},
    {"block_gpu+gram_gpu", "gram_backward", "", PST_USE_GRADIENT, 200, 160, 160, 0, 1e-12},
    {"block_gpu+roots+roots_gpu", "roots_product", "", PST_USE_ROOT, 128, 128, 128, 0, 1e-12},
    {"block_gpu+products_gpu", "products", "", PST_USE_SEVERAL, 200, 160, 160, 0, 1e-12}};
static const pst_matrix_product on_cpu[] = {
    {"matrix_cpu+vector_cpu+matrix_answer_cpu", "matrix_answer", "", PST_USE_PLAIN, 32, 64, 32, 0, 1e-10}};

/* Slices of one buffer: as a root has its matrices in it (cl/roots.cl). */
typedef struct operands {
    pst_buffer *all, *left, *out, *right, *scratch;
    size_t left_count, out_count, right_count; /* floats; right_count: of one */
} operands;
enum { LEFT = 0, OUT = 2, RIGHT = 4 };

static float number(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return (float)((int32_t)*state) * (1.0f / 2147483648.0f);
}

static void destroy(pst_session *session, operands *o) {
    pst_buffer *const buffers[] = {o->scratch, o->right, o->out, o->left, o->all};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
        pst_buffer_destroy(session, buffers[i]);
}

static pst_status create(pst_session *session, const pst_matrix_product *p, operands *o) {
    const size_t rows = (size_t)p->rows, inputs = (size_t)p->inputs, outputs = (size_t)p->outputs,
                 copies = p->turned ? (size_t)p->turned : 1;
    pst_status status;
    *o = (operands){.left_count = rows * inputs, .out_count = rows * outputs, .right_count = inputs * outputs};
    const size_t most = o->left_count > o->out_count ? o->left_count : o->out_count,
                 slot = pst_round_up(sizeof(float) * most, PST_SLICE_ALIGN),
                 right = pst_round_up(sizeof(float) * copies * o->right_count, PST_SLICE_ALIGN),
                 scratch = sizeof(float) * (o->left_count + o->right_count);
    PST_TRY(pst_buffer_create(session, RIGHT * slot + right + scratch, "a known answer", &o->all));
    PST_TRY(pst_buffer_slice(session, o->all, LEFT * slot, slot, &o->left));
    PST_TRY(pst_buffer_slice(session, o->all, OUT * slot, slot, &o->out));
    PST_TRY(pst_buffer_slice(session, o->all, RIGHT * slot, right, &o->right));
    PST_TRY(pst_buffer_slice(session, o->all, RIGHT * slot + right, scratch, &o->scratch));
cleanup:
    return status;
}

#define ARGS_MAX 26

static size_t arguments(const pst_matrix_product *p, const operands *o, pst_arg args[ARGS_MAX]) {
    const pst_arg left = pst_arg_buffer(o->left), right = pst_arg_buffer(o->right), out = pst_arg_buffer(o->out),
                  rows = pst_arg_int(p->rows), inputs = pst_arg_int(p->inputs), outputs = pst_arg_int(p->outputs),
                  zero = pst_arg_int(0), one = pst_arg_int(1);
    const pst_arg point[] = {left, right, out, rows, rows, inputs, outputs},
                  map[] = {right, inputs, outputs, one}, /* so many pixels of so many channels in one part */
        gradient[] = {left, right, pst_arg_buffer(NULL), rows, outputs, pst_arg_float(1), zero, out, zero},
                  root[] = {pst_arg_buffer(o->all), rows, rows, rows, rows, rows, zero, one, zero,
                            pst_arg_float(1),       zero},
                  several[] = {left, right, out, rows, outputs},
                  plain[] = {left, right, out, pst_arg_buffer(o->scratch)};
    const size_t maps = strstr(p->defines, "MAPS") ? 5 : 1;
    pst_arg *next = args;
#define ADD(list) (memcpy(next, list, sizeof list), next += sizeof list / sizeof *(list))
    switch (p->use) {
    case PST_USE_POINT:
        ADD(point);
        break;
    case PST_USE_GRAM: /* of the first map alone there are groups */
        for (size_t i = 0; i < maps; i++)
            ADD(map);
        *next++ = zero;
        *next++ = out;
        break;
    case PST_USE_GRADIENT:
        ADD(gradient);
        break;
    case PST_USE_ROOT:
        ADD(root);
        break;
    case PST_USE_SEVERAL:
        for (size_t i = 0; i < PST_PRODUCTS; i++)
            ADD(several);
        *next++ = zero;
        break;
    case PST_USE_PLAIN:
        ADD(plain);
    }
    return (size_t)(next - args);
}

static pst_status multiply_on_gpu(pst_session *session, const pst_matrix_product *p, size_t count,
                                  const pst_arg *args) {
    const bool square = p->use == PST_USE_GRAM || p->use == PST_USE_ROOT || p->use == PST_USE_SEVERAL;
    pst_block block = square ? pst_block_square(session, UNITS, p->outputs)
                             : pst_block_choose(session, UNITS, (size_t)p->rows, p->outputs);
    const pst_kernel *kernel;
    pst_status status = pst_block_kernel_within(session, p->source, p->kernel, p->defines, &block, &kernel);
    if (status != PST_OK)
        return status;
    const size_t items = pst_block_items(&block), height = (size_t)pst_block_height(&block),
                 width = (size_t)block.columns, across = ((size_t)p->outputs + width - 1) / width,
                 down = ((size_t)p->rows + height - 1) / height;
    const size_t groups = p->use == PST_USE_GRAM ? across * (across + 1) / 2 : square ? across * down : across;
    return pst_launch(session, kernel, (size_t[]){groups * items, square ? 1 : down, 1}, (size_t[]){items, 1, 1}, count,
                      args);
}

static pst_status multiply_on_cpu(pst_session *session, const pst_matrix_product *p, size_t count,
                                  const pst_arg *args) {
    const pst_tile tile = pst_tile_matrix(p->inputs, p->outputs, false);
    const pst_kernel *kernel;
    char defines[128];
    snprintf(defines, sizeof defines, "-DMATRIX=1 -DVEC=%d -DNV=%d -DRT=%d -DNP=%d -DCB=%d", tile.lanes, tile.vectors,
             tile.rows, tile.panels, tile.depth);
    pst_status status = pst_kernel_get(session, p->source, p->kernel, defines, &kernel);
    return status == PST_OK ? pst_launch_workers(session, kernel, 1, 1, count, args) : status;
}

/* Sets *right, or leaves it where the device or its driver fails. */
static pst_status prove(pst_session *session, const pst_matrix_product *p, bool *right) {
    operands o;
    float *numbers = NULL;
    pst_arg args[ARGS_MAX];
    uint32_t state = 1;
    pst_status status;
    PST_TRY(create(session, p, &o));
    const size_t count = o.left_count + o.right_count;
    PST_TRY(pst_allocate(session->error, count + o.out_count, sizeof *numbers, &numbers));
    float *const of_right = numbers + o.left_count, *const of_out = numbers + count;
    for (size_t i = 0; i < count; i++)
        numbers[i] = number(&state);
    PST_TRY(pst_buffer_write(session, o.left, 0, numbers, sizeof(float) * o.left_count));
    for (int copy = 0; copy < p->turned || !copy; copy++)
        PST_TRY(pst_buffer_write(session, o.right, sizeof(float) * o.right_count * (size_t)copy, of_right,
                                 sizeof(float) * o.right_count));
    const size_t arg_count = arguments(p, &o, args);
    PST_TRY((session->cpu_kernels ? multiply_on_cpu : multiply_on_gpu)(session, p, arg_count, args));
    PST_TRY(pst_buffer_read(session, o.out, 0, of_out, sizeof(float) * o.out_count));
    *right = pst_matrix_answer_is_right(p, p->use == PST_USE_GRAM ? of_right : numbers, of_right, of_out);
cleanup:
    destroy(session, &o);
    pst_free(numbers);
    return status;
}

/* In a session of its own, for a kernel that such a driver cannot run may leave its queue and its context unusable. */
static pst_status prove_on_gpu(pst_session *session) {
    const size_t count = sizeof on_gpu / sizeof *on_gpu;
    pst_error error = {0};
    pst_session *own;
    bool right = true;
    pst_status status = pst_session_open_on(&error, &session->device, session->kernel_folder, &own);
    if (status == PST_OK) {
        own->cpu_kernels = session->cpu_kernels;
        own->compile_seconds = session->compile_seconds;
        for (size_t i = 0; i < count && right && status == PST_OK; i++)
            status = prove(own, &on_gpu[i], &right);
        session->refused |= own->refused;
        session->matrix_units = right && status == PST_OK;
    }
    pst_session_close(own);
    if (status == PST_ERROR_MEMORY)
        *session->error = error;
    return status == PST_ERROR_MEMORY ? status : PST_OK;
}

/* In the session itself: PoCL, the only driver that is asked, would compile the program anew for another one, and what
 * a processor cannot do it does not begin. */
static pst_status prove_on_cpu(pst_session *session) {
    if (session->device.vector_width < 16 || !pst_machine_matrix_units())
        return PST_OK;
    pst_status status = prove(session, on_cpu, &session->matrix_units);
    if (status == PST_OK || session->lost || status == PST_ERROR_MEMORY)
        return status;
    *session->error = (pst_error){0}; /* this device or driver has none */
    return PST_OK;
}

pst_status pst_matrix_units_find(pst_session *session) {
    if (session->matrix_units_known)
        return PST_OK;
    session->matrix_units = false;
    session->matrix_units_known = true;
    if (!session->device.quirks.matrix_units || session->cpu_kernels != (session->device.info.type == PST_DEVICE_CPU))
        return PST_OK;
    if (session->cpu_kernels)
        return prove_on_cpu(session);
    return session->refused & pst_block_form_bit(UNITS) ? PST_OK : prove_on_gpu(session);
}

pst_status pst_matrix_units_find_if_chosen(pst_session *session, const pst_conv_choices *choices) {
    for (size_t i = 0; choices && i < choices->count; i++)
        for (const pst_conv_algorithm *const *a = pst_conv_menu; *a; a++)
            if (pst_conv_block_form(*a) == UNITS && strcmp((*a)->name, choices->entries[i].algorithm) == 0)
                return pst_matrix_units_find(session);
    return PST_OK;
}
