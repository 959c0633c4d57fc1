#include "cl/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "cl/build.h"
#include "cl/kernels.h"

#define KERNELS_MAX 24
#define SOURCE_MAX_BYTES (1 << 20)
#define SOURCES_MAX 8

struct pst_program {
    pst_program *next;
    char *source, *defines;
    cl_program program;
    pst_kernel kernels[KERNELS_MAX];
    char names[KERNELS_MAX][48];
    size_t kernel_count;
};

static void release(pst_program *program) {
    for (size_t i = 0; i < program->kernel_count; i++)
        clReleaseKernel(program->kernels[i].kernel);
    if (program->program)
        clReleaseProgram(program->program);
    pst_free(program->source);
    pst_free(program->defines);
    pst_free(program);
}

static void release_list(pst_program *programs) {
    while (programs) {
        pst_program *program = programs;
        programs = program->next;
        release(program);
    }
}

/* The text of cl/<name>.cl, name being the first `length` bytes; *owned is to be freed. */
static pst_status find_source(pst_session *session, const char *names, size_t length, const char **text,
                              uint8_t **owned) {
    char name[64];
    snprintf(name, sizeof name, "%.*s.cl", (int)length, names);
    *owned = NULL;
    if (session->kernel_folder) {
        char path[1024];
        snprintf(path, sizeof path, "%s/%s", session->kernel_folder, name);
        pst_status status = pst_file_load(session->error, path, SOURCE_MAX_BYTES, owned, NULL);
        *text = (const char *)*owned;
        return status;
    }
    const embedded_file *file = embedded_find(pst_kernel_files, name);
    if (!file)
        return pst_fail(session->error, PST_ERROR_DEVICE, "the library has no kernels %s", name);
    *text = (const char *)file->data;
    return PST_OK;
}

/* Puts the compiler's first line of complaint into the error record. */
static pst_status build_failed(pst_session *session, const pst_program *program, cl_int code) {
    char *log = NULL;
    size_t bytes = 0;
    clGetProgramBuildInfo(program->program, session->device.id, CL_PROGRAM_BUILD_LOG, 0, NULL, &bytes);
    if (bytes && bytes < SOURCE_MAX_BYTES && pst_allocate(NULL, bytes + 1, 1, &log) == PST_OK)
        clGetProgramBuildInfo(program->program, session->device.id, CL_PROGRAM_BUILD_LOG, bytes, log, NULL);
    const char *line = log ? strstr(log, "error") : NULL;
    if (!line)
        line = log ? log : "no log";
    pst_status status = pst_fail(session->error, PST_ERROR_DEVICE, "%s: the driver cannot compile %s.cl (%s): %.*s",
                                 session->device.label, program->source, pst_cl_error_name(code),
                                 (int)(strcspn(line, "\r\n") < 300 ? strcspn(line, "\r\n") : 300), line);
    pst_free(log);
    return status;
}

/* What a program is made from: built_ins.cl if it brings the declarations, common.cl, its own files. */
typedef struct recipe {
    const char *texts[SOURCES_MAX];
    uint8_t *owned[SOURCES_MAX];
    cl_uint count;
    char options[512];
} recipe;

/* Adds files, joined by '+'. */
static pst_status add_sources(pst_session *session, const char *names, recipe *r) {
    pst_status status = PST_OK;
    for (const char *name = names; *name && r->count < SOURCES_MAX && status == PST_OK; r->count++) {
        size_t length = strcspn(name, "+");
        status = find_source(session, name, length, &r->texts[r->count], &r->owned[r->count]);
        name += length + (name[length] == '+');
    }
    return status;
}

static pst_status write_recipe(pst_session *session, const pst_program *program, recipe *r) {
    const char *undeclared = session->cpu_kernels ? session->device.quirks.undeclared : "";
    pst_status status;
    PST_TRY(add_sources(session, *undeclared ? "built_ins+common" : "common", r));
    PST_TRY(add_sources(session, program->source, r));
    /* -w: some drivers count their warnings on the terminal; house.sh compiles all kernels with warnings as errors.
     * No -cl-denorms-are-zero: with it PoCL 6 calls fma() and fmax() as functions, and evaluations take five times as
     * long; denormals cost nothing that can be measured, for there are hardly any. */
    snprintf(r->options, sizeof r->options,
             "-w -cl-std=CL1.2 -DPST_CPU=%d -DPST_NATIVE=%d -DPST_FAST_FMA=%d -DPST_GROUP=%d -DPST_SUM_GROUP=%d %s %s",
             session->cpu_kernels, session->device.vector_width, session->device.fast_fma, (int)pst_group_size(session),
             (int)pst_sum_group_size(session), undeclared, program->defines);
    if (session->place) {
        const size_t used = strlen(r->options);
        snprintf(r->options + used, sizeof r->options - used, " -DPST_PLACE=%u", session->place);
    }
cleanup:
    return status;
}

static pst_status compile(pst_session *session, const recipe *r, pst_program *program) {
    cl_int code;
    session->compiled++;
    program->program = clCreateProgramWithSource(session->context, r->count, (const char **)r->texts, NULL, &code);
    pst_status status = pst_session_check(session, code, "clCreateProgramWithSource", program->source);
    if (status != PST_OK)
        return status;
    status = pst_build(session, &program->program, program->source, r->options, &code);
    return status == PST_OK && code != CL_SUCCESS ? build_failed(session, program, code) : status;
}

static pst_status build(pst_session *session, pst_program *program) {
    recipe r = {.count = 0};
    char key[PST_CACHE_KEY + 1];
    pst_status status;
    PST_TRY(write_recipe(session, program, &r));
    pst_binaries_key(&session->binaries, r.count, r.texts, r.options, key);
    program->program = pst_binaries_find(&session->binaries, key, r.options);
    if (!program->program) {
        PST_TRY(compile(session, &r, program));
        pst_binaries_keep(&session->binaries, key, program->program);
    }
cleanup:
    for (size_t i = 0; i < SOURCES_MAX; i++)
        pst_free(r.owned[i]);
    return status;
}

/* Where a program does not build without the driver's own declarations, it may for want of one of them. */
static pst_status build_somehow(pst_session *session, pst_program *program) {
    const char *undeclared = session->device.quirks.undeclared;
    pst_status status = build(session, program);
    if (status != PST_ERROR_DEVICE || !*undeclared || session->lost || session->too_slow)
        return status;
    if (program->program)
        clReleaseProgram(program->program);
    program->program = NULL;
    session->device.quirks.undeclared = "";
    status = build(session, program);
    if (status != PST_OK)
        session->device.quirks.undeclared = undeclared;
    return status;
}

static pst_status get_program(pst_session *session, const char *source, const char *defines, pst_program **result) {
    for (pst_program *program = session->programs; program; program = program->next)
        if (strcmp(program->source, source) == 0 && strcmp(program->defines, defines) == 0) {
            *result = program;
            return PST_OK;
        }
    pst_program *program;
    pst_status status;
    PST_TRY(pst_allocate(session->error, 1, sizeof *program, &program));
    PST_TRY(pst_copy_text(session->error, source, &program->source));
    PST_TRY(pst_copy_text(session->error, defines, &program->defines));
    PST_TRY(build_somehow(session, program));
    program->next = session->programs;
    session->programs = program;
    session->release_programs = release_list;
    *result = program;
    program = NULL;
cleanup:
    if (program)
        release(program);
    return status;
}

pst_status pst_kernel_get(pst_session *session, const char *source, const char *name, const char *defines,
                          const pst_kernel **result) {
    *result = NULL;
    pst_program *program = NULL;
    pst_status status = get_program(session, source, defines, &program);
    if (status != PST_OK)
        return status;
    for (size_t i = 0; i < program->kernel_count; i++)
        if (strcmp(program->kernels[i].name, name) == 0) {
            *result = &program->kernels[i];
            return PST_OK;
        }
    if (program->kernel_count == KERNELS_MAX)
        return pst_fail(session->error, PST_ERROR_DEVICE, "%s.cl has more kernels than expected", source);
    pst_kernel *kernel = &program->kernels[program->kernel_count];
    cl_int code;
    kernel->kernel = clCreateKernel(program->program, name, &code);
    status = pst_session_check(session, code, "clCreateKernel", name);
    if (status != PST_OK)
        return status;
    code = clGetKernelWorkGroupInfo(kernel->kernel, session->device.id, CL_KERNEL_WORK_GROUP_SIZE, sizeof(size_t),
                                    &kernel->max_work_group_size, NULL);
    if (code != CL_SUCCESS) {
        clReleaseKernel(kernel->kernel);
        return pst_session_check(session, code, "clGetKernelWorkGroupInfo", name);
    }
    snprintf(program->names[program->kernel_count], sizeof program->names[0], "%s", name);
    kernel->name = program->names[program->kernel_count];
    program->kernel_count++;
    *result = kernel;
    return PST_OK;
}

/* ---- launches ---- */

pst_arg pst_arg_buffer(const pst_buffer *buffer) {
    return (pst_arg){.bytes = sizeof(cl_mem), .value.memory = buffer ? buffer->memory : NULL};
}

pst_arg pst_arg_int(int value) { return (pst_arg){.bytes = sizeof(cl_int), .value.integer = value}; }

pst_arg pst_arg_float(double value) { return (pst_arg){.bytes = sizeof(cl_float), .value.real = (cl_float)value}; }

/* A power of two. */
static size_t group_of(const pst_session *session, size_t most) {
    size_t size = 1;
    while (!session->cpu_kernels && 2 * size <= most && 2 * size <= session->device.info.max_work_group_size)
        size *= 2;
    return size;
}

size_t pst_group_size(const pst_session *session) { return group_of(session, 64); }

size_t pst_sum_group_size(const pst_session *session) { return group_of(session, 256); }

size_t pst_wide(const pst_session *session) { return session->cpu_kernels ? 16 : 4; }

pst_status pst_launch(pst_session *session, const pst_kernel *kernel, const size_t global[3], const size_t local[3],
                      size_t arg_count, const pst_arg *args) {
    pst_status status = pst_session_alive(session);
    if (status != PST_OK || !global[0] || !global[1] || !global[2])
        return status;
    session->launches++;
    if (session->skip && session->skip(kernel->name))
        return PST_OK;
    for (size_t i = 0; i < arg_count; i++) {
        cl_int code = clSetKernelArg(kernel->kernel, (cl_uint)i, args[i].bytes, &args[i].value);
        if (code != CL_SUCCESS)
            return pst_session_check(session, code, "clSetKernelArg", kernel->name);
    }
    cl_int code = clEnqueueNDRangeKernel(session->queue, kernel->kernel, 3, NULL, global, local, 0, NULL, NULL);
    return pst_session_check(session, code, "clEnqueueNDRangeKernel", kernel->name);
}

pst_status pst_launch_each(pst_session *session, const pst_kernel *kernel, size_t count, size_t arg_count,
                           const pst_arg *args) {
    size_t group = pst_group_size(session), groups = (count + group - 1) / group;
    /* On a CPU eight shares a core even out the load; on a GPU there is work for every unit long before the limit. */
    size_t most = session->cpu_kernels ? 8 * (size_t)session->device.info.compute_units : 262144 / group;
    groups = groups < most ? groups : most;
    return pst_launch(session, kernel, (size_t[]){groups * group, 1, 1}, (size_t[]){group, 1, 1}, arg_count, args);
}
