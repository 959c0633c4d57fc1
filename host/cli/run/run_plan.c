/* The memory plan of a run, for people. */
#include "cli/run/run_plan.h"

#include <stdio.h>

#include "cli/options/complain.h"
#include "cli/options/values.h"
#include "cli/run/progress.h"

int plan_print(const pst_plan *plan, double seconds, const char *device) {
    char size[32], largest[32], time[32];
    printf("%dx%d pixels on %s\n\n", plan->width, plan->height, device);
    for (size_t i = 0; i < plan->entry_count; i++)
        printf("  %-44s %16llu  %10s\n", plan->entries[i].name, (unsigned long long)plan->entries[i].bytes,
               bytes_text(plan->entries[i].bytes, size));
    printf("  %-44s %16llu  %10s\n\n", "all", (unsigned long long)plan->device_bytes,
           bytes_text(plan->device_bytes, size));
    printf("The largest piece is %s; the device has %s.\n", bytes_text(plan->largest_bytes, largest),
           bytes_text(plan->device_limit_bytes, size));
    printf("It %s; the largest --image-size that would is %d.\n", plan->fits ? "fits" : "does not fit",
           plan->largest_image_size);
    if (plan->fits)
        printf("All iterations will take about %s.\n", progress_time(seconds, time));
    return plan->fits ? EXIT_OK : EXIT_FAILED;
}
