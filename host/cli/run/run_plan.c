#include "cli/run/run_plan.h"

#include <stdio.h>

#include "cli/options/complain.h"
#include "cli/options/values.h"

/* The exit code: not EXIT_OK where it does not fit. */
static int print_plan(const pst_plan *plan, double seconds, const char *device) {
    char size[32], largest[32], time[32];
    print_line("%dx%d pixels on %s", plan->width, plan->height, device);
    putchar('\n');
    for (size_t i = 0; i < plan->entry_count; i++)
        printf("  %-44s %16llu  %10s\n", plan->entries[i].name, (unsigned long long)plan->entries[i].bytes,
               bytes_text(plan->entries[i].bytes, size));
    printf("  %-44s %16llu  %10s\n\n", "all", (unsigned long long)plan->device_bytes,
           bytes_text(plan->device_bytes, size));
    printf("The largest piece is %s; the run may take %s.\n", bytes_text(plan->largest_bytes, largest),
           bytes_text(plan->device_limit_bytes, size));
    printf("It %s; the largest --image-size that would is %d.\n", plan->fits ? "fits" : "does not fit",
           plan->largest_image_size);
    if (plan->fits)
        printf("All iterations will take about %s.\n", progress_time(seconds, time));
    return plan->fits ? EXIT_OK : EXIT_FAILED;
}

int run_plan(run *r) {
    const pst_plan *plan = pst_job_plan(r->job);
    double seconds = 0;
    progress_wait(&r->invocation->report, "trying two iterations");
    pst_status status = plan->fits ? pst_job_forecast(r->job, &seconds) : PST_OK;
    progress_clear(&r->invocation->report);
    if (status == PST_OK && plan->fits && r->settings->resume)
        status = pst_job_resume(r->job, r->settings->resume);
    return status == PST_OK ? print_plan(plan, seconds, r->invocation->device.name) : run_failed(r, status);
}
