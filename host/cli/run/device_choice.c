#include "cli/run/device_choice.h"

#include <stdio.h>
#include <stdlib.h>

const char *device_choose(const settings *s, progress *report, char text[32]) {
    if (s->gpu == GPU_NOT_GIVEN)
        return s->device;
    if (s->several_gpus)
        progress_say(report, "--gpu names several devices; the first one is used");
    if (s->gpu == GPU_MEANS_CPU)
        return "cpu";

    size_t count = 0, capacity = 0;
    pst_device_info *devices = NULL;
    if (pst_devices(NULL, 0, &count, NULL) == PST_OK && count > 0) {
        capacity = count;
        devices = calloc(capacity, sizeof *devices);
        if (!devices || pst_devices(devices, capacity, &count, NULL) != PST_OK)
            count = 0;
    }
    int found = 0, index = -1;
    for (size_t i = 0; i < count && i < capacity && index < 0; i++)
        if (devices[i].usable && devices[i].type == PST_DEVICE_GPU && found++ == s->gpu)
            index = devices[i].index;
    free(devices);
    if (index < 0) {
        progress_say(report, "--gpu %d: there %s %s; the best device is used", s->gpu, found == 1 ? "is" : "are",
                     found == 0   ? "no GPUs"
                     : found == 1 ? "only one GPU"
                                  : "fewer GPUs");
        return NULL;
    }
    snprintf(text, 32, "%d", index);
    return text;
}
