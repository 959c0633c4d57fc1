/* The devices that a text of people means: one, or a list. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cl/device.h"

#define PART_MOST 128

static bool contains(const char *text, const char *part) {
    size_t length = strlen(part);
    for (; *text; text++) {
        size_t i = 0;
        while (i < length && text[i] && tolower((unsigned char)text[i]) == tolower((unsigned char)part[i]))
            i++;
        if (i == length)
            return true;
    }
    return length == 0;
}

/* The device that `wanted` means, or NULL. */
static const pst_device *match(const pst_device *devices, size_t count, const char *wanted) {
    char *end;
    long number = strtol(wanted, &end, 10);
    if (isdigit((unsigned char)wanted[0]) && !*end)
        return number < (long)count ? &devices[number] : NULL;
    bool gpu = strcmp(wanted, "gpu") == 0, cpu = strcmp(wanted, "cpu") == 0;
    long skip = 0;
    if (strncmp(wanted, "gpu:", 4) == 0) {
        skip = strtol(wanted + 4, &end, 10);
        if (!isdigit((unsigned char)wanted[4]) || *end)
            return NULL;
        gpu = true;
    }
    for (size_t i = 0; i < count; i++) {
        bool fits = gpu   ? devices[i].info.type == PST_DEVICE_GPU
                    : cpu ? devices[i].info.type == PST_DEVICE_CPU
                          : contains(devices[i].info.name, wanted) || contains(devices[i].info.platform, wanted);
        if (fits && skip-- == 0)
            return &devices[i];
    }
    return NULL;
}

/* What is there, and what was chosen of it. */
typedef struct choice {
    pst_device found[PST_DEVICES_MAX], *chosen;
    size_t found_count, capacity, *count;
    char message[PST_DEVICES_MESSAGE];
} choice;

static pst_status take(pst_error *error, choice *c, const pst_device *device) {
    if (!device->info.usable)
        return pst_fail(error, PST_ERROR_NO_DEVICE, "device '%s' cannot be used: %s", device->label,
                        device->info.problem);
    for (size_t i = 0; i < *c->count; i++)
        if (c->chosen[i].id == device->id)
            return pst_fail(error, PST_ERROR_ARGUMENT,
                            "device %d, %s, is named twice; 'pastiche devices' lists the numbers of all devices",
                            device->info.index, device->info.name);
    if (*c->count == c->capacity)
        return pst_fail(error, PST_ERROR_ARGUMENT, "more than %zu device%s cannot be used here; name fewer",
                        c->capacity, c->capacity == 1 ? "" : "s");
    c->chosen[(*c->count)++] = *device;
    return PST_OK;
}

static pst_status take_all(pst_error *error, choice *c) {
    pst_status status = PST_OK;
    for (size_t i = 0; i < c->found_count && status == PST_OK; i++)
        if (c->found[i].info.usable)
            status = take(error, c, &c->found[i]);
    return *c->count || status != PST_OK ? status : take(error, c, &c->found[0]); /* which says why not */
}

/* Nothing is called so: what people meant is told by what they wrote. */
static pst_status fail_to_find(pst_error *error, const choice *c, const char *name) {
    char what[PART_MOST + 64];
    const bool numbered = strncmp(name, "gpu:", 4) == 0;
    if (strcmp(name, "all") == 0)
        return pst_fail(error, PST_ERROR_ARGUMENT, "'all' means every device: write it alone, not in a list");
    if (numbered && match(c->found, c->found_count, "gpu"))
        snprintf(what, sizeof what, "there is no GPU of number '%s'", name + 4);
    else if (numbered || strcmp(name, "gpu") == 0 || strcmp(name, "cpu") == 0)
        snprintf(what, sizeof what, "there is no %s that has an OpenCL driver", name[0] == 'g' ? "GPU" : "CPU");
    else if (!name[strspn(name, "0123456789")])
        snprintf(what, sizeof what, "there is no OpenCL device %s", name);
    else
        snprintf(what, sizeof what, "no OpenCL device is called '%s'", name);
    return pst_fail(error, PST_ERROR_NO_DEVICE, "%s; 'pastiche devices' lists all devices%s%s", what,
                    c->message[0] ? "; " : "", c->message);
}

static pst_status take_part(pst_error *error, choice *c, const char *part, size_t length) {
    char name[PART_MOST];
    while (length > 0 && part[0] == ' ') {
        part++;
        length--;
    }
    while (length > 0 && part[length - 1] == ' ')
        length--;
    snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1), part);
    if (!length)
        return pst_fail(error, PST_ERROR_ARGUMENT, "a list of devices has nothing between two commas");
    const pst_device *device = match(c->found, c->found_count, name);
    return device ? take(error, c, device) : fail_to_find(error, c, name);
}

/* A name may have a comma itself. */
static pst_status take_list(pst_error *error, choice *c, const char *list) {
    const pst_device *whole = strchr(list, ',') ? match(c->found, c->found_count, list) : NULL;
    if (whole)
        return take(error, c, whole);
    for (;;) {
        size_t length = strcspn(list, ",");
        pst_status status = take_part(error, c, list, length);
        if (status != PST_OK || !list[length])
            return status;
        list += length + 1;
    }
}

pst_status pst_device_choose(pst_error *error, const char *wanted, pst_device *devices, size_t capacity,
                             size_t *count) {
    choice c = {.chosen = devices, .capacity = capacity, .count = count};
    *count = 0;
    pst_status status = pst_device_list(error, c.found, PST_DEVICES_MAX, &c.found_count, c.message);
    if (status != PST_OK)
        return status;
    if (!c.found_count)
        return pst_fail(error, PST_ERROR_NO_DEVICE, "no OpenCL device: %s", c.message);
    if (!wanted || !wanted[0])
        return take(error, &c, &c.found[0]);
    return strcmp(wanted, "all") == 0 ? take_all(error, &c) : take_list(error, &c, wanted);
}
