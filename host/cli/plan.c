#include <stdio.h>

#include "commands.h"
#include "complain.h"
#include "progress.h"

char *bytes_text(uint64_t bytes, char text[32]) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        value /= 1024;
    snprintf(text, 32, "%.*f %s", unit > 1 && value < 100 ? 1 : 0, value, units[unit]);
    return text;
}

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
