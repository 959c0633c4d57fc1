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

static bool refuse_gpu(int number, int found) {
    char there[64];
    if (found < 2)
        snprintf(there, sizeof there, "there is %s", found ? "only GPU 0" : "no GPU");
    else
        snprintf(there, sizeof there, "there are only GPUs 0 to %d", found - 1);
    complain("--gpu %d: %s; 'pastiche devices' lists all devices, and --gpu -1 means the CPU", number, there);
    return false;
}

bool device_choose(const settings *s, progress *report, char text[DEVICE_CHOICE_MOST], const char **device) {
    size_t used = 0;
    bool told = false, all = true; /* all are GPU 0 */
    for (size_t i = 0; i < s->gpu_count; i++)
        all = all && s->gpus[i] == 0;
    *device = s->device ? s->device : s->gpu_count ? NULL : choose_for_rank(text);
    for (size_t i = 0; i < s->gpu_count; i++) {
        const int number = s->gpus[i];
        int found, index = number == GPU_MEANS_CPU ? -1 : find_gpu(number, &found);
        if (index < 0 && number > 0)
            return refuse_gpu(number, found);
        if (index < 0 && number == 0) {
            if (!told)
                progress_say(report, "--gpu 0: there is no GPU; %s",
                             all ? "the best device is used" : "it is left out");
            told = true;
            continue;
        }
        used += (size_t)snprintf(text + used, DEVICE_CHOICE_MOST - used, index < 0 ? "%scpu" : "%s%d", used ? "," : "",
                                 index);
    }
    if (used)
        *device = text;
    return true;
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
