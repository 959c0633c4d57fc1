/* Does a planned job fit: on the device, into the host's memory, on the disk? If not, why, in words. */
#include <math.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/machine.h"
#include "package/compiler.h"
#include "transfer/job_plan.h"

static void say(pst_job *job, pst_status status, const char *format, ...) PRINTF_LIKE(3, 4);

static void say(pst_job *job, pst_status status, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(job->problem, sizeof job->problem, format, arguments);
    va_end(arguments);
    job->problem_status = status;
    job->plan.problem = job->problem;
}

static double mebibytes(uint64_t bytes) { return (double)bytes / 1048576; }

/* To a tenth, and not told as less than is needed. */
static double needed_mebibytes(uint64_t bytes) { return ceil(10 * mebibytes(bytes)) / 10; }

static void say_device(pst_job *job, bool chosen) {
    const pst_plan *plan = &job->plan;
    const bool in_all = plan->device_bytes > plan->device_limit_bytes;
    const bool bounded = in_all && plan->device_limit_bytes == job->options.memory_bytes; /* not by the device */
    char tiles[48] = "";
    if (plan->tile_width)
        snprintf(tiles, sizeof tiles, " in tiles of %dx%d pixels", plan->tile_width, plan->tile_height);
    say(job, PST_ERROR_DEVICE_MEMORY, "%dx%d pixels%s need %s%.1f MiB%s of the device, and %s %.1f MiB%s", plan->width,
        plan->height, tiles, chosen ? "at least " : "",
        needed_mebibytes(in_all ? plan->device_bytes : plan->largest_bytes), in_all ? "" : " in one piece",
        in_all ? "may take" : "it has pieces of",
        mebibytes(in_all ? plan->device_limit_bytes : pst_context_piece_bytes(job->context)),
        !chosen && (plan->tile_width > PST_TILE_MULTIPLE || plan->tile_height > PST_TILE_MULTIPLE)
            ? "; smaller tiles need less"
        : bounded ? "; let it take more memory"
                  : "; choose another device");
}

/* No tile helps there. */
static void say_weights(pst_job *job, uint64_t bytes) {
    say(job, PST_ERROR_DEVICE_MEMORY,
        "the network's weights need %.1f MiB in one piece of the device, and it has pieces of %.1f MiB; choose another "
        "device, or a smaller network",
        needed_mebibytes(bytes), mebibytes(pst_context_piece_bytes(job->context)));
}

/* The job's own images, and one for the result. */
static uint64_t image_bytes(const pst_job *job) {
    uint64_t pixels = 2 * (uint64_t)job->width * (uint64_t)job->height;
    for (size_t s = 0; s < job->options.style_count; s++)
        if (job->styles[s])
            pixels += (uint64_t)job->styles[s]->width * (uint64_t)job->styles[s]->height;
    return sizeof(float) * 3 * (pixels + (job->start ? (uint64_t)job->width * (uint64_t)job->height : 0));
}

static pst_status check_host(pst_job *job) {
    const pst_plan *plan = &job->plan;
    const uint64_t has = pst_machine_memory();
    uint64_t needed = plan->memory_bytes + image_bytes(job);
    uint64_t room;
    pst_status status = PST_OK;
    for (size_t d = 0; d < job->context->device_count; d++)
        if (job->context->devices[d].session->device.info.type == PST_DEVICE_CPU) /* its memory is the host's */
            needed += plan->device_bytes;
    const int neighbors = pst_ranks_neighbors(job->context->ranks);
    char each[48] = "";
    if (neighbors > 1)
        snprintf(each, sizeof each, " for each of %d ranks", neighbors);
    if (has && needed > has / (uint64_t)neighbors)
        say(job, PST_ERROR_MEMORY, "%dx%d pixels in tiles need %.0f MiB of memory%s, and this machine has %.0f MiB%s",
            plan->width, plan->height, mebibytes(needed), each, mebibytes(has),
            job->stores.folder ? "" : "; name a spill folder for what is large");
    if (!plan->file_bytes)
        return PST_OK;
    PST_TRY(pst_stores_room(&job->context->error, job->stores.folder, &room));
    if (plan->file_bytes > room)
        say(job, PST_ERROR_FILE,
            "%dx%d pixels in tiles need %.0f MiB of files, and there is room for %.0f MiB in %s; L-BFGS takes less "
            "with fewer pairs, or with lbfgs-storage half",
            plan->width, plan->height, mebibytes(plan->file_bytes), mebibytes(room), job->stores.folder);
cleanup:
    return status;
}

/* What does not fit on one rank fits on none; its problem is told. */
static pst_status share_problem(pst_job *job) {
    pst_error told = {0};
    bool fits = job->problem_status == PST_OK;
    pst_status status;
    PST_TRY(pst_ranks_all(job->context->ranks, &job->context->error, &fits));
    job->plan.fits = fits;
    if (fits || pst_ranks_count(job->context->ranks) == 1)
        return PST_OK;
    if (job->problem_status != PST_OK)
        pst_fail(&told, job->problem_status, "%s", job->problem);
    status = pst_ranks_agree(job->context->ranks, &told, job->problem_status);
    say(job, status, "%s", told.text);
    status = PST_OK;
cleanup:
    return status;
}

pst_status pst_job_find_problem(pst_job *job, const pst_needs *most) {
    job->problem_status = PST_OK;
    if (most->weight_piece > pst_context_piece_bytes(job->context))
        say_weights(job, most->weight_piece);
    else if (!pst_job_fits(job, most))
        say_device(job, job->tile_chosen);
    else if (job->plan.tile_width) {
        pst_status status = check_host(job);
        if (status != PST_OK)
            return status;
    }
    return share_problem(job);
}

pst_status pst_job_check_memory(pst_job *job) {
    return job->plan.fits ? PST_OK : pst_fail(&job->context->error, job->problem_status, "%s", job->problem);
}
