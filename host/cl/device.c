#include "cl/device.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

#define PLATFORMS_MAX 32
#define LEAST_MHZ 200       /* less is the clock of a device at rest, or none at all */
#define NO_PLATFORM (-1001) /* CL_PLATFORM_NOT_FOUND_KHR, from the loader */

/* Keeps the first failure, for unknown numbers would make wrong choices later. A driver may not know a question. */
static bool answered(pst_device *device, cl_int code) {
    if (code != CL_SUCCESS && code != CL_INVALID_VALUE && device->failure == CL_SUCCESS)
        device->failure = code;
    return code == CL_SUCCESS;
}

static bool ask(pst_device *device, cl_device_info what, size_t bytes, void *value) {
    return answered(device, clGetDeviceInfo(device->id, what, bytes, value, NULL));
}

static void device_text(pst_device *device, cl_device_info what, char *text, size_t bytes) {
    char long_text[1024] = "";
    if (!ask(device, what, sizeof long_text - 1, long_text))
        long_text[0] = '\0';
    const char *start = long_text;
    while (isspace((unsigned char)*start))
        start++;
    snprintf(text, bytes, "%s", start);
}

static uint64_t device_number(pst_device *device, cl_device_info what, size_t bytes) {
    union {
        cl_uint small;
        cl_ulong large;
        size_t size;
    } value = {0};
    if (!ask(device, what, bytes, &value))
        return 0;
    return bytes == sizeof(cl_uint) ? value.small : value.large;
}

static uint32_t answer(void *device, uint32_t question) {
    return (uint32_t)device_number(device, question, sizeof(cl_uint));
}

/* Why a device cannot be used, or an empty text. */
static void find_problem(pst_device *device) {
    pst_device_info *info = &device->info;
    if (!device_number(device, CL_DEVICE_AVAILABLE, sizeof(cl_uint)))
        snprintf(info->problem, sizeof info->problem, "the driver says that it is not available");
    else if (!device_number(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof(cl_uint)))
        snprintf(info->problem, sizeof info->problem, "its driver has no compiler");
    else if (strncmp(info->device_version, "OpenCL 1.0", 10) == 0 ||
             strncmp(info->device_version, "OpenCL 1.1", 10) == 0)
        snprintf(info->problem, sizeof info->problem, "OpenCL 1.2 is needed");
    else if (device->scalar && info->max_work_group_size < PST_LEAST_GROUP)
        snprintf(info->problem, sizeof info->problem, "work groups of %d are needed, and it has at most %zu",
                 PST_LEAST_GROUP, info->max_work_group_size);
    else if (!info->memory_bytes || !info->max_allocation_bytes)
        snprintf(info->problem, sizeof info->problem, "the driver reports no memory");
    if (device->failure != CL_SUCCESS)
        snprintf(info->problem, sizeof info->problem, "its driver fails when asked about it: %s (%d)",
                 pst_cl_error_name(device->failure), device->failure);
    info->usable = !info->problem[0];
}

static void describe(cl_platform_id platform, cl_device_id id, pst_device *device) {
    *device = (pst_device){.platform = platform, .id = id};
    pst_device_info *info = &device->info;
    uint64_t type = device_number(device, CL_DEVICE_TYPE, sizeof(cl_ulong));
    info->type = type & CL_DEVICE_TYPE_GPU   ? PST_DEVICE_GPU
                 : type & CL_DEVICE_TYPE_CPU ? PST_DEVICE_CPU
                                             : PST_DEVICE_OTHER;
    info->integrated =
        info->type == PST_DEVICE_CPU || device_number(device, CL_DEVICE_HOST_UNIFIED_MEMORY, sizeof(cl_uint));
    device_text(device, CL_DEVICE_NAME, info->name, sizeof info->name);
    if (!info->name[0])
        snprintf(info->name, sizeof info->name, "unknown device");
    device_text(device, CL_DEVICE_VENDOR, info->vendor, sizeof info->vendor);
    device_text(device, CL_DEVICE_VERSION, info->device_version, sizeof info->device_version);
    device_text(device, CL_DRIVER_VERSION, info->driver_version, sizeof info->driver_version);
    cl_int code = clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof info->platform - 1, info->platform, NULL);
    if (!answered(device, code))
        info->platform[0] = '\0';
    info->memory_bytes = device_number(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof(cl_ulong));
    info->max_allocation_bytes = device_number(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof(cl_ulong));
    info->local_memory_bytes = device_number(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof(cl_ulong));
    info->compute_units = (uint32_t)device_number(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof(cl_uint));
    info->compute_units += !info->compute_units;
    info->clock_mhz = (uint32_t)device_number(device, CL_DEVICE_MAX_CLOCK_FREQUENCY, sizeof(cl_uint));
    if (info->clock_mhz < LEAST_MHZ)
        info->clock_mhz = 0;
    info->max_work_group_size = (size_t)device_number(device, CL_DEVICE_MAX_WORK_GROUP_SIZE, sizeof(size_t));
    uint64_t width = device_number(device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT, sizeof(cl_uint));
    device->vector_width = width >= 16 ? 16 : width >= 8 ? 8 : 4;
    device->vector_registers = width >= 16 ? 32 : 16;
    device->scalar = info->type != PST_DEVICE_CPU || width == 1;
    device->fast_fma = info->type == PST_DEVICE_CPU &&
                       (device_number(device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof(cl_device_fp_config)) & CL_FP_FMA);
    device->base_align_bytes = (size_t)device_number(device, CL_DEVICE_MEM_BASE_ADDR_ALIGN, sizeof(cl_uint)) / 8;
    device->cache_bytes = device_number(device, CL_DEVICE_GLOBAL_MEM_CACHE_SIZE, sizeof(cl_ulong));
    find_problem(device);
    device->quirks = pst_quirks_find(info, answer, device);
    if (device->cache_bytes < device->quirks.cache_bytes)
        device->cache_bytes = device->quirks.cache_bytes;
    /* GPU before CPU before what computes on a CPU as a GPU does, discrete before integrated, then units x clock, then
     * memory; a device that fails last of all. */
    uint64_t speed = (uint64_t)info->compute_units * (info->clock_mhz ? info->clock_mhz : 1);
    uint64_t memory = info->memory_bytes >> 28;
    device->score = (uint64_t)info->usable << 63 | (uint64_t)(info->type == PST_DEVICE_GPU) << 62 |
                    (uint64_t)(!device->scalar) << 60 | (uint64_t)(!info->integrated) << 61 |
                    (speed < (1u << 30) ? speed : (1u << 30)) << 16 | (memory < 65535 ? memory : 65535);
}

static int better_first(const void *a, const void *b) {
    const pst_device *x = a, *y = b;
    if (x->score != y->score)
        return x->score < y->score ? 1 : -1;
    return x->info.index - y->info.index; /* as found: a stable order */
}

static void add_message(char *message, const char *platform, const char *problem) {
    size_t used = strlen(message);
    snprintf(message + used, PST_DEVICES_MESSAGE - used, "%splatform '%s' %s", used ? "; " : "", platform, problem);
}

/* The devices of one platform, or in the message why there are none. */
static void list_platform(cl_platform_id platform, pst_device *devices, size_t capacity, size_t *count, char *message) {
    char name[128] = "?", problem[512];
    cl_device_id ids[PST_DEVICES_MAX];
    cl_uint found = 0;
    clGetPlatformInfo(platform, CL_PLATFORM_NAME, sizeof name - 1, name, NULL);
    const char *unready = pst_quirks_prepare(name);
    cl_int code = *unready ? CL_SUCCESS : clGetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, PST_DEVICES_MAX, ids, &found);
    if (code != CL_SUCCESS && code != CL_DEVICE_NOT_FOUND) {
        found = 0;
        snprintf(problem, sizeof problem, "fails: %s (%d)", pst_cl_error_name(code), code);
    } else {
        snprintf(problem, sizeof problem, *unready ? "is left out: %s" : "has no device", unready);
    }
    if (!found)
        add_message(message, name, problem);
    for (cl_uint d = 0; d < found && d < PST_DEVICES_MAX && *count < capacity; d++) {
        describe(platform, ids[d], &devices[*count]);
        devices[*count].info.index = (int)*count;
        ++*count;
    }
}

/* Where the loader looks for drivers on systems that have a folder for that, and what is wrong there. */
static void explain_no_platform(char *message) {
    static const char *const variables[] = {"OCL_ICD_VENDORS", "OPENCL_VENDOR_PATH"};
    static const char folder[] = "/etc/OpenCL/vendors";
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value) {
            snprintf(message, PST_DEVICES_MESSAGE,
                     "%s is set to '%.200s', which leads to no driver that works; unset it", variables[i], value);
            return;
        }
    }
    size_t drivers = pst_folder_count(folder, ".icd");
    if (drivers)
        snprintf(message, PST_DEVICES_MESSAGE,
                 "none of the drivers named in %s can be loaded (%zu); install them again", folder, drivers);
    else
        snprintf(message, PST_DEVICES_MESSAGE,
                 "no driver is installed; install your graphics card's OpenCL driver, or for the CPU the package "
                 "pocl-opencl-icd");
}

static void set_label(pst_device *devices, size_t count, size_t i) {
    pst_device *device = &devices[i];
    bool alone = true;
    for (size_t k = 0; k < count; k++)
        alone = alone && (k == i || strcmp(devices[k].info.name, device->info.name) != 0);
    snprintf(device->label, sizeof device->label, alone ? "%s" : "%s (device %zu)", device->info.name, i);
}

pst_status pst_device_list(pst_error *error, pst_device *devices, size_t capacity, size_t *count, char *message) {
    *count = 0;
    message[0] = '\0';
    cl_platform_id platforms[PLATFORMS_MAX];
    cl_uint platform_count = 0;
    cl_int code = clGetPlatformIDs(PLATFORMS_MAX, platforms, &platform_count);
    if (code == NO_PLATFORM || (code == CL_SUCCESS && !platform_count)) {
        explain_no_platform(message);
        return PST_OK;
    }
    if (code != CL_SUCCESS)
        return pst_fail(error, PST_ERROR_DEVICE, "the OpenCL loader failed: clGetPlatformIDs gave %s (%d)",
                        pst_cl_error_name(code), code);
    if (platform_count > PLATFORMS_MAX)
        platform_count = PLATFORMS_MAX;
    for (cl_uint p = 0; p < platform_count; p++)
        list_platform(platforms[p], devices, capacity, count, message);
    qsort(devices, *count, sizeof *devices, better_first);
    for (size_t i = 0; i < *count; i++) {
        devices[i].info.index = (int)i;
        devices[i].info.chosen = i == 0 && devices[i].info.usable;
        set_label(devices, *count, i);
    }
    return PST_OK;
}

const char *pst_cl_error_name(cl_int code) {
    static const struct {
        cl_int code;
        const char *name;
    } names[] = {
#define NAME(n) {n, #n}
        NAME(CL_SUCCESS),
        NAME(CL_DEVICE_NOT_FOUND),
        NAME(CL_DEVICE_NOT_AVAILABLE),
        NAME(CL_COMPILER_NOT_AVAILABLE),
        NAME(CL_MEM_OBJECT_ALLOCATION_FAILURE),
        NAME(CL_OUT_OF_RESOURCES),
        NAME(CL_OUT_OF_HOST_MEMORY),
        NAME(CL_MEM_COPY_OVERLAP),
        NAME(CL_BUILD_PROGRAM_FAILURE),
        NAME(CL_MAP_FAILURE),
        NAME(CL_MISALIGNED_SUB_BUFFER_OFFSET),
        NAME(CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST),
        NAME(CL_INVALID_VALUE),
        NAME(CL_INVALID_DEVICE_TYPE),
        NAME(CL_INVALID_PLATFORM),
        NAME(CL_INVALID_DEVICE),
        NAME(CL_INVALID_CONTEXT),
        NAME(CL_INVALID_QUEUE_PROPERTIES),
        NAME(CL_INVALID_COMMAND_QUEUE),
        NAME(CL_INVALID_HOST_PTR),
        NAME(CL_INVALID_MEM_OBJECT),
        NAME(CL_INVALID_BINARY),
        NAME(CL_INVALID_BUILD_OPTIONS),
        NAME(CL_INVALID_PROGRAM),
        NAME(CL_INVALID_PROGRAM_EXECUTABLE),
        NAME(CL_INVALID_KERNEL_NAME),
        NAME(CL_INVALID_KERNEL_DEFINITION),
        NAME(CL_INVALID_KERNEL),
        NAME(CL_INVALID_ARG_INDEX),
        NAME(CL_INVALID_ARG_VALUE),
        NAME(CL_INVALID_ARG_SIZE),
        NAME(CL_INVALID_KERNEL_ARGS),
        NAME(CL_INVALID_WORK_DIMENSION),
        NAME(CL_INVALID_WORK_GROUP_SIZE),
        NAME(CL_INVALID_WORK_ITEM_SIZE),
        NAME(CL_INVALID_GLOBAL_OFFSET),
        NAME(CL_INVALID_EVENT_WAIT_LIST),
        NAME(CL_INVALID_EVENT),
        NAME(CL_INVALID_OPERATION),
        NAME(CL_INVALID_BUFFER_SIZE),
        NAME(CL_INVALID_GLOBAL_WORK_SIZE),
#undef NAME
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].code == code)
            return names[i].name;
    return "an unknown OpenCL error";
}
