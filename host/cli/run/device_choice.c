#include "cli/run/device_choice.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/ranks/world.h"

/* The index of the N-th usable GPU; -1: there are fewer, *found of them. */
static int find_gpu(int number, int *found) {
    size_t count = 0, capacity = 0;
    pst_device_info *devices = NULL;
    int index = -1;
    *found = 0;
    if (pst_devices(NULL, 0, &count, NULL) == PST_OK && count > 0) {
        capacity = count;
        devices = calloc(capacity, sizeof *devices);
        if (!devices || pst_devices(devices, capacity, &count, NULL) != PST_OK)
            count = 0;
    }
    for (size_t i = 0; i < count && i < capacity && index < 0; i++)
        if (devices[i].usable && devices[i].type == PST_DEVICE_GPU && (*found)++ == number)
            index = devices[i].index;
    free(devices);
    return index;
}

/* Ranks on one machine take its GPUs in turn. */
static const char *choose_for_rank(char text[DEVICE_CHOICE_MOST]) {
    int found = 0;
    if (world_count() > 1)
        find_gpu(INT_MAX, &found);
    if (found < 2)
        return NULL;
    snprintf(text, DEVICE_CHOICE_MOST, "%d", find_gpu(world_neighbor() % found, &found));
    return text;
}

const char *device_choose(const settings *s, progress *report, char text[DEVICE_CHOICE_MOST]) {
    size_t used = 0;
    if (!s->gpu_count)
        return s->device ? s->device : choose_for_rank(text);
    for (size_t i = 0; i < s->gpu_count; i++) {
        int found, index = s->gpus[i] == GPU_MEANS_CPU ? -1 : find_gpu(s->gpus[i], &found);
        if (index < 0 && s->gpus[i] != GPU_MEANS_CPU) {
            progress_say(report, "--gpu %d: there %s %s; %s", s->gpus[i], found == 1 ? "is" : "are",
                         found == 0   ? "no GPUs"
                         : found == 1 ? "only one GPU"
                                      : "fewer GPUs",
                         s->gpu_count == 1 ? "the best device is used" : "it is left out");
            continue;
        }
        used += (size_t)snprintf(text + used, DEVICE_CHOICE_MOST - used, index < 0 ? "%scpu" : "%s%d", used ? "," : "",
                                 index);
    }
    return used ? text : NULL;
}

void device_names(const pst_device_info *devices, size_t count, char text[DEVICE_NAMES_MOST]) {
    size_t used = 0, same;
    text[0] = '\0';
    for (size_t d = 0; d < count && used < DEVICE_NAMES_MOST; d += same) {
        char times[32] = "";
        for (same = 1; d + same < count && strcmp(devices[d + same].name, devices[d].name) == 0;)
            same++;
        if (same > 1)
            snprintf(times, sizeof times, "%zu x ", same);
        used +=
            (size_t)snprintf(text + used, DEVICE_NAMES_MOST - used, "%s%s%s", d ? " + " : "", times, devices[d].name);
    }
}
