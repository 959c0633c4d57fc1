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

/* Without `program` it is awaited: a rehearsal asked for it, and its kernels are placeholders; or `too_slow`. */
struct pst_program {
    pst_program *next;
    char *source, *defines;
    size_t group_most; /* work-items of its groups at most, a power of two */
    cl_program program;
    bool too_slow;  /* it took the compiler longer than what is too long */
    double seconds; /* ... which was so many, for one that is awaited; 0: no time is too long */
    pst_kernel kernels[KERNELS_MAX];
    char names[KERNELS_MAX][48];
    size_t kernel_count;
};

static void release(pst_program *program) {
    for (size_t i = 0; i < program->kernel_count; i++)
        if (program->kernels[i].kernel)
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
    char options[512], key[PST_CACHE_KEY + 1];
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

static size_t bounded(const pst_program *program, size_t group) {
    return program->group_most < group ? program->group_most : group;
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
             session->cpu_kernels, session->device.vector_width, session->device.fast_fma,
             (int)bounded(program, pst_group_size(session)), (int)bounded(program, pst_sum_group_size(session)),
             undeclared, program->defines);
    if (session->place) {
        const size_t used = strlen(r->options);
        snprintf(r->options + used, sizeof r->options - used, " -DPST_PLACE=%u", session->place);
    }
cleanup:
    return status;
}

static void drop_recipe(recipe *r) {
    for (size_t i = 0; i < SOURCES_MAX; i++)
        pst_free(r->owned[i]);
    *r = (recipe){0};
}

/* Takes the program as it was kept, or fills a build of its sources. */
static pst_status begin(pst_session *session, pst_program *program, recipe *r, pst_build *b) {
    cl_int code;
    pst_status status;
    PST_TRY(write_recipe(session, program, r));
    pst_binaries_key(&session->binaries, r->count, r->texts, r->options, r->key);
    program->kernel_count = 0; /* placeholders */
    program->program = pst_binaries_find(&session->binaries, r->key, r->options);
    if (program->program)
        return PST_OK;
    session->compiled++;
    b->program = clCreateProgramWithSource(session->context, r->count, (const char **)r->texts, NULL, &code);
    PST_TRY(pst_session_check(session, code, "clCreateProgramWithSource", program->source));
    b->options = r->options;
    b->seconds = program->seconds;
cleanup:
    return status;
}

static pst_status too_slow(pst_session *session, pst_program *program, double seconds) {
    session->too_slow = program->too_slow = true;
    return pst_fail(session->error, PST_ERROR_DEVICE, "%s: the driver's compiler takes more than %g s for %s.cl",
                    session->device.label, seconds, program->source);
}

/* Takes what the compiler made of it. */
static pst_status end(pst_session *session, pst_program *program, const recipe *r, const pst_build *b) {
    if (!b->program)
        return too_slow(session, program, b->seconds);
    program->program = b->program;
    if (b->code == CL_SUCCESS) {
        pst_binaries_keep(&session->binaries, r->key, program->program);
        return PST_OK;
    }
    pst_status status = build_failed(session, program, b->code);
    clReleaseProgram(program->program);
    program->program = NULL;
    return status;
}

static pst_status build(pst_session *session, pst_program *program) {
    recipe r = {.count = 0};
    pst_build b;
    pst_status status;
    PST_TRY(begin(session, program, &r, &b));
    if (!program->program) {
        pst_build_all(session->device.id, 1, &b);
        PST_TRY(end(session, program, &r, &b));
    }
cleanup:
    drop_recipe(&r);
    return status;
}

/* Where a program does not build without the driver's own declarations, it may for want of one of them. */
static pst_status build_somehow(pst_session *session, pst_program *program) {
    const char *undeclared = session->device.quirks.undeclared;
    pst_status status = build(session, program);
    if (status != PST_ERROR_DEVICE || !*undeclared || session->lost || session->too_slow)
        return status;
    session->device.quirks.undeclared = "";
    status = build(session, program);
    if (status != PST_OK)
        session->device.quirks.undeclared = undeclared;
    return status;
}

static pst_program *find_program(const pst_session *session, const char *source, const char *defines,
                                 size_t group_most) {
    pst_program *program = session->programs;
    while (program && !(program->group_most == group_most && strcmp(program->source, source) == 0 &&
                        strcmp(program->defines, defines) == 0))
        program = program->next;
    return program;
}

static pst_status get_program(pst_session *session, const char *source, const char *defines, size_t group_most,
                              pst_program **result) {
    pst_program *program = find_program(session, source, defines, group_most), *made = NULL;
    pst_status status = PST_OK;
    if (program && program->too_slow && session->build_seconds > 0)
        return too_slow(session, program, session->build_seconds);
    if (!program) {
        PST_TRY(pst_allocate(session->error, 1, sizeof *made, &made));
        PST_TRY(pst_copy_text(session->error, source, &made->source));
        PST_TRY(pst_copy_text(session->error, defines, &made->defines));
        made->group_most = group_most;
        program = made;
    }
    if (!program->program) {
        program->too_slow = false;
        program->seconds = session->build_seconds;
        if (!session->rehearsal)
            PST_TRY(build_somehow(session, program));
    }
    if (made) {
        made->next = session->programs;
        session->programs = made;
        session->release_programs = release_list;
        made = NULL;
    }
    *result = program;
cleanup:
    if (made)
        release(made);
    return status;
}

/* ---- rehearsals ---- */

static bool is_awaited(const pst_program *program) { return !program->program && !program->too_slow; }

bool pst_rehearsal_begin(pst_session *session) {
    session->rehearsal = session->device.quirks.builds_at_once;
    return session->rehearsal;
}

/* What is awaited still will be built where it is needed, and fail there. */
static void forget_awaited(pst_session *session) {
    for (pst_program **at = &session->programs; *at;) {
        pst_program *program = *at;
        if (is_awaited(program)) {
            *at = program->next;
            release(program);
        } else
            at = &program->next;
    }
}

void pst_rehearsal_end(pst_session *session) {
    pst_build *builds = NULL;
    recipe *recipes = NULL;
    pst_program **programs = NULL;
    size_t most = 0, count = 0;
    session->rehearsal = false;
    for (const pst_program *program = session->programs; program; program = program->next)
        most += is_awaited(program);
    if (pst_allocate(NULL, most, sizeof *builds, &builds) == PST_OK &&
        pst_allocate(NULL, most, sizeof *recipes, &recipes) == PST_OK &&
        pst_allocate(NULL, most, sizeof(pst_program *), &programs) == PST_OK)
        for (pst_program *program = session->programs; program; program = program->next) {
            if (!is_awaited(program))
                continue;
            if (begin(session, program, &recipes[count], &builds[count]) == PST_OK && !program->program)
                programs[count++] = program;
            else
                drop_recipe(&recipes[count]);
        }
    pst_build_all(session->device.id, count, builds);
    for (size_t i = 0; i < count; i++) {
        end(session, programs[i], &recipes[i], &builds[i]);
        drop_recipe(&recipes[i]);
    }
    forget_awaited(session);
    session->too_slow = false;
    *session->error = (pst_error){0};
    pst_free(programs);
    pst_free(recipes);
    pst_free(builds);
}

/* ---- kernels ---- */

static pst_status create_kernel(pst_session *session, const pst_program *program, const char *name,
                                pst_kernel *kernel) {
    size_t items[3] = {0};
    cl_int code;
    kernel->kernel = clCreateKernel(program->program, name, &code);
    pst_status status = pst_session_check(session, code, "clCreateKernel", name);
    if (status != PST_OK)
        return status;
    code = clGetKernelWorkGroupInfo(kernel->kernel, session->device.id, CL_KERNEL_WORK_GROUP_SIZE, sizeof(size_t),
                                    &kernel->max_work_group_size, NULL);
    if (code == CL_SUCCESS && !session->cpu_kernels)
        code = clGetKernelWorkGroupInfo(kernel->kernel, session->device.id, CL_KERNEL_COMPILE_WORK_GROUP_SIZE,
                                        sizeof items, items, NULL);
    kernel->items = items[0] * items[1] * items[2];
    if (code == CL_SUCCESS)
        return PST_OK;
    clReleaseKernel(kernel->kernel);
    kernel->kernel = NULL;
    return pst_session_check(session, code, "clGetKernelWorkGroupInfo", name);
}

static pst_status get_kernel(pst_session *session, const char *source, const char *name, const char *defines,
                             size_t group_most, const pst_kernel **result) {
    *result = NULL;
    pst_program *program = NULL;
    pst_status status = get_program(session, source, defines, group_most, &program);
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
    *kernel = (pst_kernel){.max_work_group_size = session->device.info.max_work_group_size,
                           .group = bounded(program, pst_group_size(session)),
                           .sum_group = bounded(program, pst_sum_group_size(session))};
    if (!is_awaited(program) && (status = create_kernel(session, program, name, kernel)) != PST_OK)
        return status;
    snprintf(program->names[program->kernel_count], sizeof program->names[0], "%s", name);
    kernel->name = program->names[program->kernel_count];
    program->kernel_count++;
    *result = kernel;
    return PST_OK;
}

/* A kernel has the groups of its own program: what it computes does not depend on which others were asked for. */
pst_status pst_kernel_get(pst_session *session, const char *source, const char *name, const char *defines,
                          const pst_kernel **result) {
    const pst_kernel *first;
    size_t most = pst_sum_group_size(session), items = 0, can = 0;
    pst_status status = get_kernel(session, source, name, defines, most, &first);
    *result = first;
    if (status != PST_OK || first->items <= first->max_work_group_size ||
        (first->items != first->group && first->items != first->sum_group)) /* others choose their groups */
        return status;
    do {
        items = (*result)->items;
        can = (*result)->max_work_group_size;
        while (most > can || most >= items)
            most /= 2;
        status = most >= PST_LEAST_GROUP ? get_kernel(session, source, name, defines, most, result) : PST_ERROR_DEVICE;
    } while (status == PST_OK && (*result)->items > (*result)->max_work_group_size && (*result)->items < items);
    if (status == PST_OK && (*result)->items == items)
        *result = first;
    if (status == PST_ERROR_DEVICE && !session->lost && !session->too_slow)
        status = pst_fail(session->error, status,
                          "%s: its driver runs the kernel %s in groups of %zu work-items at most, which are too few; "
                          "choose another device",
                          session->device.label, name, can);
    return status;
}

uint64_t pst_kernel_memory(const pst_session *session, const pst_kernel *kernel) {
    const uint32_t *questions = session->device.quirks.memory_questions;
    uint64_t all = 0;
    if (!kernel->kernel) /* a rehearsal's */
        return 0;
    for (size_t i = 0; i < sizeof session->device.quirks.memory_questions / sizeof *questions; i++) {
        cl_ulong bytes = 0;
        if (questions[i] && clGetKernelWorkGroupInfo(kernel->kernel, session->device.id, questions[i], sizeof bytes,
                                                     &bytes, NULL) == CL_SUCCESS)
            all += bytes;
    }
    return all;
}
