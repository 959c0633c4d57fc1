#include "cli/run/run_plan.h"

#include <stdio.h>

#include "cli/options/complain.h"
#include "cli/options/values.h"

static void print_bytes(const char *what, uint64_t bytes) {
    char size[32];
    printf("  %-44s %16llu  %10s\n", what, (unsigned long long)bytes, bytes_text(bytes, size));
}

static void print_place(const pst_plan *plan, pst_place place, const char *title, uint64_t all) {
    if (!all)
        return;
    printf("%s\n", title);
    for (size_t i = 0; i < plan->entry_count; i++)
        if (plan->entries[i].place == place)
            print_bytes(plan->entries[i].name, plan->entries[i].bytes);
    print_bytes("all", all);
}

char *run_tiles_text(const run *r, char text[96]) {
    const pst_plan *plan = pst_job_plan(r->job);
    const pst_transfer_options *o = &r->settings->transfer;
    char given[32];
    const int used = snprintf(text, 96, "in tiles of %dx%d pixels", plan->tile_width, plan->tile_height);
    if (o->tile_width && (o->tile_width != plan->tile_width || o->tile_height != plan->tile_height))
        snprintf(text + used, 96 - (size_t)used, " (%s rounded up)",
                 value_size_text(o->tile_width, o->tile_height, given));
    return text;
}

static void print_tiles(const run *r) {
    const pst_plan *plan = pst_job_plan(r->job);
    char tiles[96], exchange[32], gather[32], sums[32];
    printf("\nThe image is worked on %s:\n", run_tiles_text(r, tiles));
    for (size_t i = 0; i < plan->segment_count; i++) {
        const pst_plan_segment *s = &plan->segments[i];
        printf("  %s to %s: %dx%d tiles of %dx%d pixels, with %d around each\n", s->first, s->last, s->columns, s->rows,
               s->tile_width, s->tile_height, s->halo);
    }
    if (plan->ranks == 1)
        printf("Halos take %.1f %% more operations; an evaluation takes %.2f times those without tiles.\n",
               100 * plan->halo_work, plan->work);
    else
        printf("Halos take %.1f %% more operations; the busiest of %d ranks does %.2f times an equal part of those "
               "without tiles.\n"
               "In an evaluation a rank exchanges up to %s with others, %s are put together from all parts,\n"
               "and sums of %s are added up.\n",
               100 * plan->halo_work, plan->ranks, plan->busiest_work, bytes_text(plan->exchange_bytes, exchange),
               bytes_text(plan->gather_bytes, gather), bytes_text(plan->sum_bytes, sums));
}

/* The exit code: not EXIT_OK where it does not fit. */
static int print_plan(const run *r, double seconds) {
    const pst_plan *plan = pst_job_plan(r->job);
    char size[32], largest[32], time[32];
    print_line("%dx%d pixels on %s", plan->width, plan->height, r->invocation->device_names);
    print_place(plan, PST_PLACE_DEVICE, "", plan->device_bytes);
    print_place(plan, PST_PLACE_MEMORY, "\nIn memory, besides the images:", plan->memory_bytes);
    print_place(plan, PST_PLACE_FILE, "\nIn files:", plan->file_bytes);
    if (plan->tile_width)
        print_tiles(r);
    printf("\nThe largest piece is %s; the run may take %s of the device.\n", bytes_text(plan->largest_bytes, largest),
           bytes_text(plan->device_limit_bytes, size));
    if (plan->fits)
        printf("It fits%s; the largest --image-size that fits without tiles is %d.\n",
               plan->tile_width ? " in tiles" : "", plan->largest_image_size);
    else
        print_line("It does not fit: %s.", plan->problem);
    if (plan->fits && seconds > 0)
        printf("All iterations will take about %s.\n", progress_time(seconds, time));
    return plan->fits ? EXIT_OK : EXIT_FAILED;
}

int run_plan(run *r) {
    const pst_plan *plan = pst_job_plan(r->job);
    double seconds = 0;
    pst_status status = PST_OK;
    if (plan->fits && !r->settings->plan_ranks) {
        progress_wait(&r->invocation->report, "trying a few iterations");
        status = pst_job_forecast(r->job, &seconds);
        progress_clear(&r->invocation->report);
    }
    if (status == PST_OK && plan->fits && r->settings->resume)
        status = pst_job_resume(r->job, r->settings->resume);
    return status == PST_OK ? print_plan(r, seconds) : run_failed(r, status);
}
