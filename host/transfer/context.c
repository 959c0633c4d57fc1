/* The public header's contexts and devices. */
#include "transfer/context.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/worker.h"
#include "blas/gemm_create.h"
#include "op/matrix_units.h"
#include "op/tiles.h"

pst_status pst_devices(pst_device_info *entries, size_t capacity, size_t *count, char *message) {
    pst_error error = {0};
    pst_device devices[PST_DEVICES_MAX];
    char text[PST_DEVICES_MESSAGE];
    pst_status status = pst_device_list(&error, devices, PST_DEVICES_MAX, count, text);
    if (status != PST_OK)
        snprintf(text, sizeof text, "%s", error.text);
    if (message)
        snprintf(message, PST_DEVICES_MESSAGE, "%s", text);
    for (size_t i = 0; i < *count && i < capacity; i++)
        entries[i] = devices[i].info;
    return status;
}

pst_status pst_clear_compiled(size_t *count, uint64_t *bytes, char *message) {
    pst_error error = {0};
    char folder[PST_DEVICES_MESSAGE] = "";
    pst_cache_removal removal = {0};
    pst_status status = pst_binaries_clear(&error, folder, sizeof folder, &removal);
    if (removal.left)
        status = pst_fail(&error, PST_ERROR_FILE, "%s: %zu compiled kernels cannot be removed; check the permissions",
                          folder, removal.left);
    *count = removal.count;
    *bytes = removal.bytes;
    if (message)
        snprintf(message, PST_DEVICES_MESSAGE, "%s", status == PST_OK ? folder : error.text);
    return status;
}

void pst_context_options_init(pst_context_options *options, size_t size) {
    memset(options, 0, size);
    options->size = size;
}

pst_status pst_context_create(const pst_context_options *options, pst_context **result) {
    *result = NULL;
    pst_context_options o;
    pst_context_options_init(&o, sizeof o);
    if (options)
        memcpy(&o, options, options->size < sizeof o ? options->size : sizeof o);
    pst_context *context;
    pst_status status = pst_allocate(NULL, 1, sizeof *context, &context);
    if (status != PST_OK)
        return status;
    *result = context; /* also on failure: it carries the message */
    context->ranks = o.ranks && o.ranks->count > 1 ? o.ranks : NULL;
    if (o.device && strcmp(o.device, "none") == 0)
        return PST_OK;
    PST_TRY(pst_session_open(&context->error, o.device, o.kernel_folder, &context->session));
    PST_TRY(pst_vectors_check(context->session));
    if (!o.no_matrix_units)
        PST_TRY(pst_matrix_units_find(context->session));
    PST_TRY(pst_gemm_create(context->session, &context->gemm));
    PST_TRY(o.choices_text ? pst_context_take_choices(context, o.choices_text)
                           : pst_context_read_choices(context, o.choices_file));
    context->session->refused = context->choices.refused;
cleanup:
    return context->ranks ? pst_context_join(context, status) : status;
}

bool pst_is_compiling(void) { return pst_workers_left(); }

void pst_context_destroy(pst_context *context) {
    if (!context)
        return;
    pst_context_keep_refused(context);
    pst_gemm_destroy(context->gemm); /* CLBlast's cache before the queue and the context */
    pst_session_close(context->session);
    pst_conv_choices_clear(&context->choices);
    pst_free(context);
}

const char *pst_context_message(const pst_context *context) { return context->error.text; }

const char *pst_context_notice(const pst_context *context) {
    return context->session ? context->session->device.quirks.notice : "";
}

void pst_context_device(const pst_context *context, pst_device_info *info) {
    *info = context->session ? context->session->device.info : (pst_device_info){.index = -1};
}

pst_status pst_context_needs_device(pst_context *context) {
    return context->session ? PST_OK
                            : pst_fail(&context->error, PST_ERROR_ARGUMENT, "this context was made without a device");
}
