#include "cl/session.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"

/* The variable is for developers: a whole transfer with the kernels for GPUs where there is none. */
static pst_status choose_kernels(pst_session *session) {
    const char *form = getenv("PASTICHE_KERNELS_FORM");
    session->cpu_kernels = !session->device.scalar;
    if (!form || !*form)
        return PST_OK;
    session->cpu_kernels = strcmp(form, "cpu") == 0;
    if (session->cpu_kernels || strcmp(form, "gpu") == 0)
        return PST_OK;
    return pst_fail(session->error, PST_ERROR_ARGUMENT, "PASTICHE_KERNELS_FORM \"%.64s\": must be cpu or gpu", form);
}

/* A test has no 20 seconds. */
static double compile_seconds(void) {
    const char *asked = getenv("PASTICHE_COMPILE_SECONDS");
    double seconds = asked ? strtod(asked, NULL) : 0;
    return seconds > 0 ? seconds : 20;
}

/* A bit for each place that is taken. */
static atomic_uint places;

static void take_place(pst_session *session) {
    unsigned taken = atomic_load(&places), place;
    do
        for (place = 0; place < 31 && taken >> place & 1;)
            place++;
    while (!atomic_compare_exchange_weak(&places, &taken, taken | 1u << place));
    session->place = place;
}

static void give_place(const pst_session *session) {
    if (session->device.quirks.mixes_sessions)
        atomic_fetch_and(&places, ~(1u << session->place));
}

bool pst_session_is_mixed(const pst_session *session) {
    return session->device.quirks.mixes_sessions && (atomic_load(&places) & ~(1u << session->place));
}

/* A folder without kernels is told before anything takes time. */
static pst_status set_kernel_folder(pst_error *error, pst_session *session, const char *folder) {
    char *path = NULL;
    pst_file *file = NULL;
    pst_status status;
    PST_TRY(pst_copy_text(error, folder, &session->kernel_folder));
    PST_TRY(pst_path_join(error, folder, "common.cl", &path));
    PST_TRY(pst_file_open(error, path, &file, NULL));
cleanup:
    pst_file_close(file);
    pst_free(path);
    return status;
}

pst_status pst_session_open(pst_error *error, const char *wanted, const char *kernel_folder, pst_session **result) {
    pst_device device;
    size_t count;
    *result = NULL;
    pst_status status = pst_device_choose(error, wanted, &device, 1, &count);
    return status == PST_OK ? pst_session_open_on(error, &device, kernel_folder, result) : status;
}

pst_status pst_session_open_on(pst_error *error, const pst_device *device, const char *kernel_folder,
                               pst_session **result) {
    *result = NULL;
    pst_session *session;
    pst_status status = pst_allocate(error, 1, sizeof *session, &session);
    if (status != PST_OK)
        return status;
    session->error = error;
    session->device = *device;
    if (device->quirks.mixes_sessions)
        take_place(session);
    cl_int code;
    session->compile_seconds = compile_seconds();
    PST_TRY(choose_kernels(session));
    if (kernel_folder)
        PST_TRY(set_kernel_folder(error, session, kernel_folder));
    cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)session->device.platform, 0};
    session->context = clCreateContext(properties, 1, &session->device.id, NULL, NULL, &code);
    PST_TRY(pst_session_check(session, code, "clCreateContext", NULL));
    session->queue = clCreateCommandQueue(session->context, session->device.id, 0, &code);
    PST_TRY(pst_session_check(session, code, "clCreateCommandQueue", NULL));
    PST_TRY(pst_binaries_open(error, session->context, &session->device, &session->binaries));
    *result = session;
    return PST_OK;
cleanup:
    pst_session_close(session);
    return status;
}

static void free_kept(pst_session *session) {
    for (size_t i = 0; i < PST_KEPT; i++) {
        pst_free(session->kept[i]);
        session->kept[i] = NULL;
    }
}

void pst_session_close(pst_session *session) {
    if (!session)
        return;
    if (session->queue && !session->lost)
        clFinish(session->queue);
    if (session->release_programs)
        session->release_programs(session->programs);
    if (session->queue)
        clReleaseCommandQueue(session->queue);
    if (session->context)
        clReleaseContext(session->context);
    session->reading = false;
    free_kept(session);
    give_place(session);
    pst_binaries_close(&session->binaries);
    pst_free(session->kernel_folder);
    pst_free(session);
}

pst_status pst_session_check(pst_session *session, cl_int code, const char *call, const char *what) {
    if (code == CL_SUCCESS)
        return PST_OK;
    bool memory =
        code == CL_MEM_OBJECT_ALLOCATION_FAILURE || code == CL_OUT_OF_RESOURCES || code == CL_INVALID_BUFFER_SIZE;
    /* Of a buffer it means memory; of a launch it may mean a kernel that needs too much of something else. */
    const bool ran = code == CL_OUT_OF_RESOURCES && strcmp(call, "clCreateBuffer") != 0;
    session->lost = session->lost || ran;
    const char *device = session->device.label;
    if (memory)
        return pst_fail(session->error, PST_ERROR_DEVICE_MEMORY,
                        "%s: out of memory%s (%s: %s%s%s); try a smaller image size%s", device,
                        ran ? ", or this device cannot run a kernel" : "", call, pst_cl_error_name(code),
                        what ? ", " : "", what ? what : "", ran ? ", or another device" : "");
    return pst_fail(session->error, code == CL_OUT_OF_HOST_MEMORY ? PST_ERROR_MEMORY : PST_ERROR_DEVICE,
                    "%s: %s failed: %s (%d)%s%s", device, call, pst_cl_error_name(code), code, what ? ", " : "",
                    what ? what : "");
}

pst_status pst_session_alive(const pst_session *session) {
    if (session->lost)
        return pst_fail(session->error, PST_ERROR_DEVICE, "%s: the driver failed earlier; restart the program",
                        session->device.label);
    return PST_OK;
}

pst_status pst_session_finish(pst_session *session) {
    pst_status status = pst_session_alive(session);
    session->waits++;
    if (status == PST_OK)
        status = pst_session_check(session, clFinish(session->queue), "clFinish", NULL);
    session->reading = session->reading && status != PST_OK;
    return status;
}

/* After a failure the driver may be at a read still. If it cannot be waited for, the memory stays until the queue ends:
 * with more than a session ever has of it, for ever. */
void pst_session_free(pst_session *session, void *memory) {
    if (session->reading && !session->lost && clFinish(session->queue) == CL_SUCCESS)
        session->reading = false;
    if (!session->reading) {
        pst_free(memory);
        free_kept(session);
        return;
    }
    for (size_t i = 0; memory && i < PST_KEPT; i++)
        if (!session->kept[i]) {
            session->kept[i] = memory;
            return;
        }
}
