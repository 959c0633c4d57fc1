#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/values.h"

/* Some drivers leave questions open, with 0 or an empty text. */

static void print_memory(const pst_device_info *device) {
    char memory[32] = "unknown", piece[64] = "", local[64] = "", text[32];
    if (device->memory_bytes)
        bytes_text(device->memory_bytes, memory);
    if (device->max_allocation_bytes)
        snprintf(piece, sizeof piece, ", at most %s in one piece", bytes_text(device->max_allocation_bytes, text));
    if (device->local_memory_bytes)
        snprintf(local, sizeof local, ", %s local", bytes_text(device->local_memory_bytes, text));
    print_line("     memory    %s%s%s", memory, piece, local);
}

static void print_units(const pst_device_info *device) {
    char clock[32] = "", groups[64] = "";
    if (device->clock_mhz)
        snprintf(clock, sizeof clock, ", %u MHz", (unsigned)device->clock_mhz);
    if (device->max_work_group_size)
        snprintf(groups, sizeof groups, ", work groups of up to %zu", device->max_work_group_size);
    print_line("     units     %u%s%s", (unsigned)device->compute_units, clock, groups);
}

static void print_texts(const char *what, const char *first, const char *second) {
    const char *between = *first && *second ? ", " : "";
    print_line("     %-8s  %s%s%s", what, *first || *second ? first : "unknown", between, second);
}

static void print_device(const pst_device_info *device, bool chosen) {
    static const char *const types[] = {"CPU", "GPU", "other"};
    print_line("%c %d  %s", chosen ? '*' : ' ', device->index, device->name);
    print_line("     type      %s%s", types[device->type],
               device->type == PST_DEVICE_GPU && device->integrated ? ", integrated" : "");
    print_memory(device);
    print_units(device);
    print_texts("platform", device->platform, device->device_version);
    print_texts("driver", device->driver_version, device->vendor);
    if (!device->usable)
        print_line("     not used: %s", device->problem);
}

/* The devices that a name stands for, as the library finds them; 0 after complaining. */
static size_t named_devices(const char *name, pst_device_info infos[PST_CONTEXT_DEVICES_MAX]) {
    pst_context_options options;
    pst_context_options_init(&options, sizeof options);
    options.device = name;
    pst_context *context;
    size_t count = 0;
    if (pst_context_create(&options, &context) == PST_OK)
        pst_context_devices(context, infos, PST_CONTEXT_DEVICES_MAX, &count);
    else
        complain("%s", context ? pst_context_message(context) : "no memory left");
    pst_context_destroy(context);
    return count;
}

static bool is_among(int index, const pst_device_info *infos, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (infos[i].index == index)
            return true;
    return false;
}

static int list(const char *name) {
    char message[512] = "";
    size_t count = 0, capacity = 0;
    pst_device_info *devices = NULL;
    pst_status status = pst_devices(NULL, 0, &count, message);
    if (status == PST_OK && count > 0) {
        capacity = count;
        devices = calloc(capacity, sizeof *devices);
        status = devices ? pst_devices(devices, capacity, &count, message) : PST_ERROR_MEMORY;
    }
    if (status != PST_OK || count == 0) {
        complain("%s%s", status == PST_OK ? "no OpenCL device: " : "",
                 *message ? message : "the devices cannot be listed: no memory left");
        free(devices);
        return EXIT_FAILED;
    }
    if (*message)
        complain("%s", message);
    if (count > capacity)
        count = capacity;
    pst_device_info chosen[PST_CONTEXT_DEVICES_MAX];
    const size_t named = name ? named_devices(name, chosen) : 0;
    size_t marked = 0;
    for (size_t i = 0; i < count; i++) {
        const bool this_one = name ? is_among(devices[i].index, chosen, named) : devices[i].chosen;
        marked += this_one;
        print_device(&devices[i], this_one);
    }
    if (marked)
        print_line("* marks the device%s used%s%s.", marked == 1 ? " that is" : "s that are", name ? " for " : "",
                   name ? name : "");
    free(devices);
    return name && !named ? EXIT_FAILED : EXIT_OK;
}

static int clean(void) {
    char message[512], size[32];
    size_t count;
    uint64_t bytes;
    if (pst_clear_compiled(&count, &bytes, message) != PST_OK) {
        complain("%s", message);
        return EXIT_FAILED;
    }
    if (count)
        print_line("Removed compiled kernels from %s: %zu files, %s.", message, count, bytes_text(bytes, size));
    else if (*message)
        print_line("No compiled kernels are kept in %s.", message);
    else
        print_line("No compiled kernels are kept: PASTICHE_BINARIES is none.");
    return EXIT_OK;
}

int devices_command(const settings *s) { return s->clean ? clean() : list(s->device); }
