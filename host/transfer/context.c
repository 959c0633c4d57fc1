/* The public header's contexts and devices. */
#include "transfer/context.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/worker.h"
#include "blas/gemm_create.h"
#include "op/matrix_units.h"
#include "op/tiles.h"

/* Adds a notice to others, as far as there is room. */
static void append(char *notices, size_t bytes, const char *notice) {
    const size_t used = strlen(notices);
    if (*notice)
        snprintf(notices + used, bytes - used, "%s%s", used ? "; " : "", notice);
}

pst_status pst_devices(pst_device_info *entries, size_t capacity, size_t *count, char *message) {
    pst_error error = {0};
    pst_device devices[PST_DEVICES_MAX];
    char text[PST_DEVICES_MESSAGE], kept[PST_BINARIES_NOTICE] = "";
    pst_status status = pst_device_list(&error, devices, PST_DEVICES_MAX, count, text);
    if (status != PST_OK)
        snprintf(text, sizeof text, "%s", error.text);
    for (size_t i = 0; i < *count && i < PST_DEVICES_MAX && !kept[0]; i++)
        pst_binaries_notice(&devices[i], kept);
    append(text, sizeof text, kept);
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

/* Devices that compute the same from the same: they may share choices, and any of them may do a part of the work. */
static bool are_alike(const pst_device *a, const pst_device *b) {
    const pst_device_info *x = &a->info, *y = &b->info;
    return strcmp(x->name, y->name) == 0 && strcmp(x->platform, y->platform) == 0 &&
           strcmp(x->device_version, y->device_version) == 0 && strcmp(x->driver_version, y->driver_version) == 0 &&
           x->compute_units == y->compute_units && a->vector_width == b->vector_width;
}

static size_t kind_of(const pst_context *context, size_t device) {
    size_t kind = 0;
    while (!are_alike(&context->devices[kind].session->device, &context->devices[device].session->device))
        kind++;
    return kind;
}

/* A file or text of choices is for devices like the first one. */
static pst_status find_choices(pst_context *context, const pst_context_options *o, size_t d) {
    const bool none = o->choices_file && !*o->choices_file;
    if (d > 0)
        return pst_context_read_choices(context, d, none ? "" : NULL);
    return o->choices_text ? pst_context_take_choices(context, o->choices_text)
                           : pst_context_read_choices(context, d, o->choices_file);
}

static pst_status open_device(pst_context *context, const pst_context_options *o, const pst_device *chosen) {
    const size_t d = context->device_count++;
    pst_opened_device *device = &context->devices[d];
    pst_status status;
    PST_TRY(pst_session_open_on(d ? &device->error : &context->error, chosen, o->kernel_folder, &device->session));
    PST_TRY(pst_vectors_check(device->session));
    if (o->no_matrix_units)
        device->session->device.quirks.matrix_units = false;
    if (device->session->cpu_kernels) /* on GPUs nothing takes them that was not measured */
        PST_TRY(pst_matrix_units_find(device->session));
    PST_TRY(pst_gemm_create(device->session, &device->gemm));
    device->kind = kind_of(context, d);
    if (device->kind == d)
        PST_TRY(find_choices(context, o, d));
    device->session->refused = context->devices[device->kind].choices.refused;
cleanup:
    return pst_context_tell(context, d, status);
}

/* What there is to tell of drivers, and of where programs are kept: of the first device for which there is something.
 */
static void collect_notices(pst_context *context) {
    const char *driver = "", *kept = "";
    for (size_t d = 0; d < context->device_count; d++) {
        const pst_session *session = context->devices[d].session;
        driver = *driver ? driver : session->device.quirks.notice;
        kept = *kept ? kept : session->binaries.notice;
    }
    append(context->notice, sizeof context->notice, driver);
    append(context->notice, sizeof context->notice, kept);
}

static pst_status open_devices(pst_context *context, const pst_context_options *o) {
    pst_device devices[PST_CONTEXT_DEVICES_MAX];
    size_t count;
    pst_status status;
    PST_TRY(pst_device_choose(&context->error, o->device, devices, PST_CONTEXT_DEVICES_MAX, &count));
    for (size_t d = 0; d < count; d++)
        PST_TRY(open_device(context, o, &devices[d]));
    context->session = context->devices[0].session;
    context->gemm = context->devices[0].gemm;
    collect_notices(context);
cleanup:
    return status;
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
    PST_TRY(open_devices(context, &o));
cleanup:
    return context->ranks ? pst_context_join(context, status) : status;
}

bool pst_is_compiling(void) { return pst_workers_left(); }

void pst_context_destroy(pst_context *context) {
    if (!context)
        return;
    pst_context_keep_refused(context);
    for (size_t d = 0; d < context->device_count; d++)
        pst_gemm_destroy(context->devices[d].gemm); /* CLBlast's cache before the queue and the context */
    for (size_t d = 0; d < context->device_count; d++) {
        pst_session_close(context->devices[d].session);
        pst_conv_choices_clear(&context->devices[d].choices);
    }
    pst_free(context);
}

const char *pst_context_message(const pst_context *context) { return context->error.text; }

const char *pst_context_notice(const pst_context *context) { return context->notice; }

void pst_context_devices(const pst_context *context, pst_device_info *entries, size_t capacity, size_t *count) {
    *count = context->session ? context->device_count : 0;
    for (size_t d = 0; d < *count && d < capacity; d++)
        entries[d] = context->devices[d].session->device.info;
}

void pst_context_device(const pst_context *context, pst_device_info *info) {
    *info = context->session ? context->session->device.info : (pst_device_info){.index = -1};
}

pst_status pst_context_needs_device(pst_context *context) {
    return context->session ? PST_OK
                            : pst_fail(&context->error, PST_ERROR_ARGUMENT, "this context was made without a device");
}

pst_status pst_context_tell(pst_context *context, size_t device, pst_status status) {
    if (status != PST_OK && device > 0 && device < context->device_count &&
        context->devices[device].error.status == status)
        context->error = context->devices[device].error;
    return status;
}

/* Narrow vectors take tiles of 6 x 6 (op/conv.c), whose filters fill 64 MiB with 512 channels; a strip's maps come on
 * top. With room for both, a map needs fewer strips, or its filters are transformed once for all of them. */
size_t pst_workspace_bytes(const pst_context *context) {
    const uint64_t least = (uint64_t)64 << 20, piece = pst_context_piece_bytes(context);
    uint64_t bytes = (uint64_t)256 << 20;
    for (size_t d = 0; d < context->device_count; d++) {
        const pst_session *session = context->devices[d].session;
        const uint64_t most = !session->cpu_kernels ? bytes : session->device.vector_width < 16 ? 2 * least : least;
        uint64_t part = session->device.info.memory_bytes / 32;
        part = part < least ? least : part < most ? part : most;
        bytes = part < bytes ? part : bytes;
    }
    return (size_t)(bytes < piece ? bytes : piece);
}

size_t pst_keep_bytes(uint64_t limit) {
    const uint64_t most = (uint64_t)128 << 20, part = limit / 16;
    return (size_t)(part < most ? part : most);
}

uint64_t pst_context_memory_bytes(const pst_context *context) {
    uint64_t least = UINT64_MAX;
    size_t sharing = 0; /* the host's memory */
    for (size_t d = 0; d < context->device_count; d++)
        sharing += context->devices[d].session->device.info.integrated;
    for (size_t d = 0; d < context->device_count; d++) {
        const pst_device *device = &context->devices[d].session->device;
        const uint64_t all = (uint64_t)((double)device->info.memory_bytes * device->quirks.memory_share);
        const uint64_t part =
            device->info.integrated ? all / (sharing * (size_t)pst_ranks_neighbors(context->ranks)) : all;
        least = part < least ? part : least;
    }
    return least;
}

uint64_t pst_context_piece_bytes(const pst_context *context) {
    uint64_t least = UINT64_MAX;
    for (size_t d = 0; d < context->device_count; d++) {
        const uint64_t piece = context->devices[d].session->device.info.max_allocation_bytes;
        least = piece < least ? piece : least;
    }
    return least;
}
