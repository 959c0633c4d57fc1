#include "op/refused.h"

#include <string.h>

/* bit 0: what has nothing plainer may take as long as it wants. */
static void begin(pst_session *session, uint64_t bit) {
    session->too_slow = session->kept_in_memory = false;
    session->build_seconds = bit ? session->compile_seconds : 0;
}

static pst_status end(pst_session *session, uint64_t bit, pst_status status) {
    if (session->too_slow || session->kept_in_memory)
        session->refused |= bit;
    if (session->kept_in_memory)
        session->in_memory |= bit;
    session->too_slow = session->kept_in_memory = false;
    session->build_seconds = 0;
    return status;
}

static pst_status prepare(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                          const pst_conv_shape *shape, const float *weights, int k, int c, pst_buffer *prepared) {
    pst_buffer *made = NULL;
    pst_status status;
    if (!pst_conv_is_kept(algorithm, shape))
        return algorithm->prepare(engine, shape, weights, k, c, prepared);
    PST_TRY(pst_buffer_create(engine->session, algorithm->weight_bytes(engine, shape), "weights", &made));
    PST_TRY(algorithm->prepare(engine, shape, weights, k, c, made));
    PST_TRY(algorithm->keep(engine, shape, made, prepared));
    PST_TRY(pst_session_finish(engine->session));
cleanup:
    pst_buffer_destroy(engine->session, made);
    return status;
}

pst_status pst_conv_prepare(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm,
                            const pst_conv_shape *shape, const float *weights, int k, int c, pst_buffer *prepared) {
    uint64_t bit = pst_conv_bit(algorithm);
    const bool rehearsal = engine->session->rehearsal;
    engine->session->rehearsal = false; /* what is prepared stays */
    begin(engine->session, bit);
    pst_status status = end(engine->session, bit, prepare(engine, algorithm, shape, weights, k, c, prepared));
    engine->session->rehearsal = rehearsal;
    return status;
}

pst_status pst_conv_run(const pst_conv_engine *engine, const pst_conv_algorithm *algorithm, const pst_conv_shape *shape,
                        const pst_conv_tensors *tensors) {
    uint64_t bit = pst_conv_bit(algorithm);
    begin(engine->session, bit);
    return end(engine->session, bit, algorithm->run(engine, shape, tensors));
}

pst_status pst_block_kernel_within(pst_session *session, const char *source, const char *name, const char *defines,
                                   pst_block *block, const pst_kernel **kernel) {
    uint64_t bit = pst_block_form_bit(block->form);
    begin(session, bit);
    return end(session, bit, pst_block_kernel(session, source, name, defines, block, kernel));
}

static const char *const form_names[PST_BLOCK_FORMS] = {"blocks-8x8", "blocks-4x8", "blocks-8x4", "", "blocks-matrix"};

const char *pst_refused_name(unsigned bit) {
    uint64_t wanted = (uint64_t)1 << bit;
    for (size_t i = 0; pst_conv_menu[i]; i++)
        if (pst_conv_bit(pst_conv_menu[i]) == wanted)
            return pst_conv_menu[i]->name;
    for (size_t form = 0; form < PST_BLOCK_FORMS; form++)
        if (pst_block_form_bit(form) == wanted)
            return form_names[form];
    return "";
}

uint64_t pst_refused_bit(const char *name) {
    for (unsigned bit = 0; *name && bit < PST_REFUSED_MOST; bit++)
        if (strcmp(pst_refused_name(bit), name) == 0)
            return (uint64_t)1 << bit;
    return 0;
}
