#include "cl/build.h"

#include "base/memory.h"
#include "base/worker.h"

typedef struct build {
    cl_program program;
    cl_device_id device;
    char *options;
    cl_int code;
} build;

/* Once more after a failure: drivers whose processes share a cache of programs can fail while another process writes
 * the same one. */
static cl_int try_build(cl_program program, cl_device_id device, const char *options) {
    cl_int code = clBuildProgram(program, 1, &device, options, NULL, NULL);
    return code == CL_BUILD_PROGRAM_FAILURE ? clBuildProgram(program, 1, &device, options, NULL, NULL) : code;
}

static void compile(void *data) {
    build *b = data;
    b->code = try_build(b->program, b->device, b->options);
}

static void drop_options(build *b) {
    pst_free(b->options);
    pst_free(b);
}

static void drop(void *data) {
    build *b = data;
    clReleaseProgram(b->program);
    drop_options(b);
}

pst_status pst_build(pst_session *session, cl_program *program, const char *name, const char *options, cl_int *code) {
    build *b;
    pst_status status;
    if (session->build_seconds <= 0) {
        *code = try_build(*program, session->device.id, options);
        return PST_OK;
    }
    status = pst_allocate(session->error, 1, sizeof *b, &b);
    if (status != PST_OK)
        return status;
    b->program = *program;
    b->device = session->device.id;
    PST_TRY(pst_copy_text(session->error, options, &b->options));
    if (!pst_worker_run(compile, drop, b, session->build_seconds)) {
        *program = NULL;
        session->too_slow = true;
        return pst_fail(session->error, PST_ERROR_DEVICE, "%s: the driver's compiler takes more than %g s for %s.cl",
                        session->device.label, session->build_seconds, name);
    }
    *code = b->code;
cleanup:
    drop_options(b);
    return status;
}
