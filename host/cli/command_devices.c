#include <stdio.h>
#include <stdlib.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/values.h"

static void print_device(const pst_device_info *device, bool chosen) {
    static const char *const types[] = {"CPU", "GPU", "other"};
    char memory[32], piece[32], local[32], clock[32] = ""; /* some drivers do not know it */
    if (device->clock_mhz)
        snprintf(clock, sizeof clock, ", %u MHz", (unsigned)device->clock_mhz);
    print_line("%c %d  %s", chosen ? '*' : ' ', device->index, device->name);
    print_line("     type      %s%s", types[device->type],
               device->type == PST_DEVICE_GPU && device->integrated ? ", integrated" : "");
    print_line("     memory    %s, at most %s in one piece, %s local", bytes_text(device->memory_bytes, memory),
               bytes_text(device->max_allocation_bytes, piece), bytes_text(device->local_memory_bytes, local));
    print_line("     units     %u%s, work groups of up to %zu", (unsigned)device->compute_units, clock,
               device->max_work_group_size);
    print_line("     platform  %s, %s", device->platform, device->device_version);
    print_line("     driver    %s, %s", device->driver_version, device->vendor);
    if (!device->usable)
        print_line("     not used: %s", device->problem);
}

/* The index of the device that a name stands for, as the library finds it; -1 after complaining. */
static int named_device(const char *name) {
    pst_context_options options;
    pst_context_options_init(&options, sizeof options);
    options.device = name;
    pst_context *context;
    pst_device_info info = {.index = -1};
    if (pst_context_create(&options, &context) == PST_OK)
        pst_context_device(context, &info);
    else
        complain("%s", context ? pst_context_message(context) : "no memory left");
    pst_context_destroy(context);
    return info.index;
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
    int chosen = name ? named_device(name) : -1;
    bool any = false;
    for (size_t i = 0; i < count; i++) {
        bool this_one = name ? devices[i].index == chosen : devices[i].chosen;
        any = any || this_one;
        print_device(&devices[i], this_one);
    }
    if (any)
        print_line("* marks the device that is used%s%s.", name ? " for " : "", name ? name : "");
    free(devices);
    return name && chosen < 0 ? EXIT_FAILED : EXIT_OK;
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
    else
        print_line("No compiled kernels are kept in %s.", message);
    return EXIT_OK;
}

int devices_command(const settings *s) { return s->clean ? clean() : list(s->device); }
