#include "cl/build.h"

#include <math.h>

#include "base/machine.h"
#include "base/memory.h"
#include "base/worker.h"

/* What a thread works with: its own, for it may be left behind. */
typedef struct work {
    cl_program program;
    cl_device_id device;
    char *options;
    cl_int code;
} work;

/* Once more after a failure: drivers whose processes share a cache of programs can fail while another process writes
 * the same one. */
static cl_int try_build(cl_program program, cl_device_id device, const char *options) {
    cl_int code = clBuildProgram(program, 1, &device, options, NULL, NULL);
    return code == CL_BUILD_PROGRAM_FAILURE ? clBuildProgram(program, 1, &device, options, NULL, NULL) : code;
}

static void compile(void *data) {
    work *w = data;
    w->code = try_build(w->program, w->device, w->options);
}

static void drop_options(work *w) {
    pst_free(w->options);
    pst_free(w);
}

static void drop(void *data) {
    work *w = data;
    clReleaseProgram(w->program);
    drop_options(w);
}

static work *work_of(cl_device_id device, const pst_build *build) {
    work *w;
    if (pst_allocate(NULL, 1, sizeof *w, &w) != PST_OK)
        return NULL;
    w->program = build->program;
    w->device = device;
    if (pst_copy_text(NULL, build->options, &w->options) == PST_OK)
        return w;
    pst_free(w);
    return NULL;
}

/* Without memory for a thread's work it is done here. */
static void begin(cl_device_id device, pst_build *build, work **w, pst_worker **worker) {
    *w = work_of(device, build);
    *worker = NULL;
    if (*w)
        pst_worker_begin(compile, drop, *w, worker);
    else
        build->code = try_build(build->program, device, build->options);
}

static void end(pst_build *build, work *w, pst_worker *worker) {
    if (!pst_worker_end(worker, build->seconds > 0 ? build->seconds : INFINITY)) {
        build->program = NULL;
    } else if (w) {
        build->code = w->code;
        drop_options(w);
    }
}

void pst_build_all(cl_device_id device, size_t count, pst_build *builds) {
    work *works[PST_BUILDS_AT_ONCE];
    pst_worker *workers[PST_BUILDS_AT_ONCE];
    const size_t threads = (size_t)pst_machine_threads(),
                 most = threads < PST_BUILDS_AT_ONCE ? threads : PST_BUILDS_AT_ONCE;
    if (count == 1 && builds[0].seconds <= 0) {
        builds[0].code = try_build(builds[0].program, device, builds[0].options);
        return;
    }
    for (size_t i = 0; i < count + most; i++) {
        const size_t place = i % most;
        if (i >= most && i - most < count)
            end(&builds[i - most], works[place], workers[place]);
        if (i < count)
            begin(device, &builds[i], &works[place], &workers[place]);
    }
}
