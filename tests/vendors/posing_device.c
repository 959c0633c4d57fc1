#define _POSIX_C_SOURCE 200809L /* nanosleep */
#include "posing_device.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <CL/cl.h>
#include <clblast_c.h>

/* What drivers report for GPUs and CPUs of these kinds: of NVIDIA's and AMD's not the last cache. */
typedef struct kind {
    const char *target, *platform, *vendor, *name;
    cl_uint units, mhz;
    size_t group;
    cl_ulong local_bytes, cache_bytes, memory_bytes;
    bool integrated;
    cl_uint major, minor; /* of NVIDIA's compute capability */
    size_t native[3];     /* of a CPU, as cl/native_cpu.cl tells it */
    cl_uint threads;      /* of an execution unit of Intel's */
} kind;

#define NVIDIA "NVIDIA CUDA", "NVIDIA Corporation"
#define AMD "AMD Accelerated Parallel Processing", "Advanced Micro Devices, Inc."
#define INTEL "Intel(R) OpenCL HD Graphics", "Intel(R) Corporation"
#define CPU "A platform for CPUs", "A vendor"
#define CPU_SIZES 8, 2500, 4096, KIB(512), MIB(16), GIB(16), true, 0, 0
#define KIB(n) ((cl_ulong)(n) << 10)
#define MIB(n) ((cl_ulong)(n) << 20)
#define GIB(n) ((cl_ulong)(n) << 30)

static const kind kinds[] = {
    {"sm_90", NVIDIA, "NVIDIA H100 80GB HBM3", 132, 1980, 1024, KIB(48), KIB(4224), GIB(80), false, 9, 0},
    {"sm_70", NVIDIA, "Tesla V100-SXM2-16GB", 80, 1530, 1024, KIB(48), KIB(2560), GIB(16), false, 7, 0},
    {"gfx906", AMD, "gfx906:sramecc+:xnack-", 60, 1725, 256, KIB(64), KIB(16), GIB(16), false, 0, 0},
    {"gfx1010", AMD, "gfx1010", 20, 100, 256, KIB(64), KIB(16), GIB(8), false, 0, 0},
    {"gfx1030", AMD, "gfx1030", 40, 2250, 256, KIB(64), KIB(16), GIB(16), false, 0, 0},
    {"gfx1100", AMD, "gfx1100", 48, 2500, 256, KIB(64), KIB(32), GIB(24), false, 0, 0},
    {"tgllp", INTEL, "Intel(R) Iris(R) Xe Graphics", 96, 1350, 512, KIB(64), KIB(3840), GIB(12), true, 0, 0, {0}, 7},
    {"dg2", INTEL, "Intel(R) Arc(TM) A770 Graphics", 512, 2400, 1024, KIB(64), MIB(16), GIB(16), false, 0, 0, {0}, 8},
    {"aarch64", CPU, "a CPU with NEON", CPU_SIZES, {4, 2, 2}},
    {"x86-64-v2", CPU, "a CPU with SSE 4", CPU_SIZES, {4, 1, 1}},
    {"x86-64-v3", CPU, "a CPU with AVX2", CPU_SIZES, {8, 1, 2}},
    {"x86-64-v4", CPU, "a CPU with AVX-512", CPU_SIZES, {16, 2, 2}},
};

static const kind *posed = kinds;
static pthread_mutex_t compiler = PTHREAD_MUTEX_INITIALIZER; /* around what it counts */
static int something; /* stands for the platform, the device, the context and the queue */

posing_program *posing_programs;
size_t posing_group;
size_t posing_launches, posing_smallest = SIZE_MAX;
char posing_smallest_kernel[64];
const char *posing_failing = "none", *posing_slow = "none";
atomic_bool posing_meets, posing_held;
atomic_int posing_building, posing_most_building;

struct _cl_mem {
    size_t bytes;
};
struct _cl_kernel {
    cl_program program;
    char name[64];
};
struct _cl_program {
    posing_program kept;
};

bool posing_as(const char *target) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].target, target) == 0) {
            posed = &kinds[i];
            return true;
        }
    return false;
}

static void *take(size_t bytes) {
    void *memory = calloc(1, bytes);
    if (!memory)
        abort();
    return memory;
}

static cl_int give(size_t capacity, void *to, size_t *needed, const void *from, size_t bytes) {
    if (needed)
        *needed = bytes;
    if (!to)
        return CL_SUCCESS;
    if (capacity < bytes)
        return CL_INVALID_VALUE;
    memcpy(to, from, bytes);
    return CL_SUCCESS;
}

static cl_int give_text(size_t capacity, void *to, size_t *needed, const char *text) {
    return give(capacity, to, needed, text, strlen(text) + 1);
}

#define GIVE(type, ...) return give(capacity, to, needed, &(type){__VA_ARGS__}, sizeof(type))

/* ---- the device ---- */

cl_int CL_API_CALL clGetPlatformIDs(cl_uint capacity, cl_platform_id *platforms, cl_uint *count) {
    if (platforms && capacity)
        *platforms = (cl_platform_id)&something;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clGetPlatformInfo(cl_platform_id platform, cl_platform_info what, size_t capacity, void *to,
                                     size_t *needed) {
    (void)platform;
    return give_text(capacity, to, needed,
                     what == CL_PLATFORM_NAME     ? posed->platform
                     : what == CL_PLATFORM_VENDOR ? posed->vendor
                                                  : "OpenCL 3.0");
}

cl_int CL_API_CALL clGetDeviceIDs(cl_platform_id platform, cl_device_type type, cl_uint capacity, cl_device_id *devices,
                                  cl_uint *count) {
    (void)platform;
    (void)type;
    if (devices && capacity)
        *devices = (cl_device_id)&something;
    if (count)
        *count = 1;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clGetDeviceInfo(cl_device_id device, cl_device_info what, size_t capacity, void *to,
                                   size_t *needed) {
    (void)device;
    switch (what) {
    case CL_DEVICE_NAME:
        return give_text(capacity, to, needed, posed->name);
    case CL_DEVICE_VENDOR:
        return give_text(capacity, to, needed, posed->vendor);
    case CL_DEVICE_VERSION:
    case CL_DEVICE_OPENCL_C_VERSION:
        return give_text(capacity, to, needed, what == CL_DEVICE_VERSION ? "3.0" : "OpenCL C 3.0");
    case CL_DEVICE_EXTENSIONS:
        return give_text(capacity, to, needed, "");
    case CL_DRIVER_VERSION:
        return give_text(capacity, to, needed, "1.0");
    case CL_DEVICE_TYPE:
        GIVE(cl_device_type, posed->native[0] ? CL_DEVICE_TYPE_CPU : CL_DEVICE_TYPE_GPU);
    case CL_DEVICE_PLATFORM:
        GIVE(cl_platform_id, (cl_platform_id)&something);
    case CL_DEVICE_AVAILABLE:
    case CL_DEVICE_COMPILER_AVAILABLE:
        GIVE(cl_bool, CL_TRUE);
    case CL_DEVICE_HOST_UNIFIED_MEMORY:
        GIVE(cl_bool, posed->integrated);
    case CL_DEVICE_MAX_COMPUTE_UNITS:
        GIVE(cl_uint, posed->units);
    case CL_DEVICE_MAX_CLOCK_FREQUENCY:
        GIVE(cl_uint, posed->mhz);
    case CL_DEVICE_MAX_WORK_GROUP_SIZE:
        GIVE(size_t, posing_group ? posing_group : posed->group);
    case CL_DEVICE_MAX_WORK_ITEM_DIMENSIONS:
        GIVE(cl_uint, 3);
    case CL_DEVICE_MAX_WORK_ITEM_SIZES: {
        size_t sizes[3] = {posed->group, posed->group, posed->group};
        return give(capacity, to, needed, sizes, sizeof sizes);
    }
    case CL_DEVICE_LOCAL_MEM_SIZE:
        GIVE(cl_ulong, posed->local_bytes);
    case CL_DEVICE_GLOBAL_MEM_CACHE_SIZE:
        GIVE(cl_ulong, posed->cache_bytes);
    case CL_DEVICE_GLOBAL_MEM_SIZE:
        GIVE(cl_ulong, posed->memory_bytes);
    case CL_DEVICE_MAX_MEM_ALLOC_SIZE:
        GIVE(cl_ulong, posed->memory_bytes / 4);
    case CL_DEVICE_MEM_BASE_ADDR_ALIGN:
        GIVE(cl_uint, 4096);
    case CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT:
        GIVE(cl_uint, posed->native[0] ? (cl_uint)posed->native[0] : 1);
    case CL_DEVICE_SINGLE_FP_CONFIG:
        GIVE(cl_device_fp_config, CL_FP_FMA | CL_FP_DENORM | CL_FP_INF_NAN | CL_FP_ROUND_TO_NEAREST);
    case 0x4000: /* CL_DEVICE_COMPUTE_CAPABILITY_MAJOR_NV, and MINOR */
    case 0x4001:
        if (posed->major)
            GIVE(cl_uint, what & 1 ? posed->minor : posed->major);
        break;
    case 0x4255: /* CL_DEVICE_NUM_THREADS_PER_EU_INTEL */
        if (posed->threads)
            GIVE(cl_uint, posed->threads);
    }
    return CL_INVALID_VALUE;
}

cl_context CL_API_CALL clCreateContext(const cl_context_properties *properties, cl_uint count,
                                       const cl_device_id *devices,
                                       void(CL_CALLBACK *notify)(const char *, const void *, size_t, void *),
                                       void *user, cl_int *code) {
    (void)properties, (void)count, (void)devices, (void)notify, (void)user;
    *code = CL_SUCCESS;
    return (cl_context)&something;
}

cl_command_queue CL_API_CALL clCreateCommandQueue(cl_context context, cl_device_id device,
                                                  cl_command_queue_properties properties, cl_int *code) {
    (void)context, (void)device, (void)properties;
    *code = CL_SUCCESS;
    return (cl_command_queue)&something;
}

cl_int CL_API_CALL clGetCommandQueueInfo(cl_command_queue queue, cl_command_queue_info what, size_t capacity, void *to,
                                         size_t *needed) {
    (void)queue;
    if (what == CL_QUEUE_PROPERTIES)
        GIVE(cl_command_queue_properties, 0);
    GIVE(void *, &something);
}

/* ---- buffers ---- */

cl_mem CL_API_CALL clCreateBuffer(cl_context context, cl_mem_flags flags, size_t bytes, void *host, cl_int *code) {
    (void)context, (void)flags, (void)host;
    cl_mem memory = take(sizeof *memory);
    memory->bytes = bytes;
    *code = CL_SUCCESS;
    return memory;
}

cl_mem CL_API_CALL clCreateSubBuffer(cl_mem whole, cl_mem_flags flags, cl_buffer_create_type type, const void *region,
                                     cl_int *code) {
    (void)whole, (void)type;
    return clCreateBuffer(NULL, flags, ((const cl_buffer_region *)region)->size, NULL, code);
}

cl_int CL_API_CALL clGetMemObjectInfo(cl_mem memory, cl_mem_info what, size_t capacity, void *to, size_t *needed) {
    if (what != CL_MEM_SIZE)
        return CL_INVALID_VALUE;
    GIVE(size_t, memory->bytes);
}

cl_int CL_API_CALL clReleaseMemObject(cl_mem memory) {
    free(memory);
    return CL_SUCCESS;
}

cl_int CL_API_CALL clEnqueueReadBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset,
                                       size_t bytes, void *to, cl_uint wait_count, const cl_event *wait,
                                       cl_event *event) {
    (void)queue, (void)memory, (void)blocking, (void)offset, (void)wait_count, (void)wait, (void)event;
    memset(to, 0, bytes);
    return CL_SUCCESS;
}

cl_int CL_API_CALL clEnqueueWriteBuffer(cl_command_queue queue, cl_mem memory, cl_bool blocking, size_t offset,
                                        size_t bytes, const void *from, cl_uint wait_count, const cl_event *wait,
                                        cl_event *event) {
    (void)queue, (void)memory, (void)blocking, (void)offset, (void)bytes, (void)from, (void)wait_count, (void)wait,
        (void)event;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clEnqueueCopyBuffer(cl_command_queue queue, cl_mem from, cl_mem to, size_t from_offset,
                                       size_t to_offset, size_t bytes, cl_uint wait_count, const cl_event *wait,
                                       cl_event *event) {
    (void)queue, (void)from, (void)to, (void)from_offset, (void)to_offset, (void)bytes, (void)wait_count, (void)wait,
        (void)event;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clEnqueueFillBuffer(cl_command_queue queue, cl_mem memory, const void *pattern, size_t pattern_bytes,
                                       size_t offset, size_t bytes, cl_uint wait_count, const cl_event *wait,
                                       cl_event *event) {
    (void)queue, (void)memory, (void)pattern, (void)pattern_bytes, (void)offset, (void)bytes, (void)wait_count,
        (void)wait, (void)event;
    return CL_SUCCESS;
}

/* ---- programs ---- */

cl_program CL_API_CALL clCreateProgramWithSource(cl_context context, cl_uint count, const char **texts,
                                                 const size_t *lengths, cl_int *code) {
    (void)context;
    cl_program program = take(sizeof *program);
    size_t bytes = 0;
    for (cl_uint i = 0; i < count; i++)
        bytes += lengths && lengths[i] ? lengths[i] : strlen(texts[i]);
    char *to = program->kept.source = take(bytes + 1);
    for (cl_uint i = 0; i < count; i++) {
        size_t length = lengths && lengths[i] ? lengths[i] : strlen(texts[i]);
        memcpy(to, texts[i], length);
        to += length;
    }
    *code = CL_SUCCESS;
    return program;
}

cl_int CL_API_CALL clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices, const char *options,
                                  void(CL_CALLBACK *notify)(cl_program, void *), void *user) {
    (void)count, (void)devices, (void)notify, (void)user;
    const int building = 1 + atomic_fetch_add(&posing_building, 1);
    pthread_mutex_lock(&compiler);
    if (building > posing_most_building)
        posing_most_building = building;
    pthread_mutex_unlock(&compiler);
    for (int i = 0; posing_meets && posing_most_building < 2 && i < 1000; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    while (posing_held && strstr(options, posing_slow))
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    const bool fails = strstr(options, posing_failing);
    pthread_mutex_lock(&compiler);
    if (!fails) {
        program->kept.options = take(strlen(options) + 1);
        memcpy(program->kept.options, options, strlen(options));
        program->kept.next = posing_programs;
        posing_programs = &program->kept;
    }
    pthread_mutex_unlock(&compiler);
    atomic_fetch_sub(&posing_building, 1);
    return fails ? CL_BUILD_PROGRAM_FAILURE : CL_SUCCESS;
}

cl_int CL_API_CALL clGetProgramBuildInfo(cl_program program, cl_device_id device, cl_program_build_info what,
                                         size_t capacity, void *to, size_t *needed) {
    (void)program, (void)device, (void)what;
    return give_text(capacity, to, needed, "");
}

/* It has no binaries. */
cl_int CL_API_CALL clGetProgramInfo(cl_program program, cl_program_info what, size_t capacity, void *to,
                                    size_t *needed) {
    (void)program, (void)what, (void)capacity, (void)to, (void)needed;
    return CL_INVALID_VALUE;
}

cl_int CL_API_CALL clReleaseProgram(cl_program program) {
    (void)program; /* it is kept */
    return CL_SUCCESS;
}

cl_kernel CL_API_CALL clCreateKernel(cl_program program, const char *name, cl_int *code) {
    cl_kernel kernel = take(sizeof *kernel);
    posing_program *kept = &program->kept;
    if (kept->kernel_count < sizeof kept->kernels / sizeof *kept->kernels)
        strncpy(kept->kernels[kept->kernel_count++], name, sizeof *kept->kernels - 1);
    strncpy(kernel->name, name, sizeof kernel->name - 1);
    kernel->program = program;
    *code = CL_SUCCESS;
    return kernel;
}

cl_int CL_API_CALL clGetKernelWorkGroupInfo(cl_kernel kernel, cl_device_id device, cl_kernel_work_group_info what,
                                            size_t capacity, void *to, size_t *needed) {
    (void)kernel, (void)device;
    if (what == CL_KERNEL_WORK_GROUP_SIZE)
        GIVE(size_t, posed->group);
    if (what == CL_KERNEL_COMPILE_WORK_GROUP_SIZE && posed->native[0])
        return give(capacity, to, needed, posed->native, sizeof posed->native);
    GIVE(cl_ulong, 0);
}

cl_int CL_API_CALL clSetKernelArg(cl_kernel kernel, cl_uint index, size_t bytes, const void *value) {
    (void)kernel, (void)index, (void)bytes, (void)value;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                          const size_t *offset, const size_t *global, const size_t *local,
                                          cl_uint wait_count, const cl_event *wait, cl_event *event) {
    (void)queue, (void)dimensions, (void)offset, (void)global, (void)wait_count, (void)wait;
    size_t items = local ? local[0] * local[1] * local[2] : SIZE_MAX;
    if (items < posing_smallest) {
        posing_smallest = items;
        memcpy(posing_smallest_kernel, kernel->name, sizeof kernel->name);
    }
    if (event)
        *event = (cl_event)&something;
    posing_launches++;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clReleaseKernel(cl_kernel kernel) {
    free(kernel);
    return CL_SUCCESS;
}

/* ---- what there is only one of ---- */

cl_int CL_API_CALL clFinish(cl_command_queue queue) {
    (void)queue;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clReleaseCommandQueue(cl_command_queue queue) {
    (void)queue;
    return CL_SUCCESS;
}

cl_int CL_API_CALL clReleaseContext(cl_context context) {
    (void)context;
    return CL_SUCCESS;
}

/* CLBlast's programs are not the library's. */
CLBlastStatusCode CLBlastSgemmWithTempBuffer(CLBlastLayout layout, CLBlastTranspose a_transpose,
                                             CLBlastTranspose b_transpose, size_t m, size_t n, size_t k, float alpha,
                                             cl_mem a, size_t a_offset, size_t a_ld, cl_mem b, size_t b_offset,
                                             size_t b_ld, float beta, cl_mem c, size_t c_offset, size_t c_ld,
                                             cl_command_queue *queue, cl_event *event, cl_mem temp) {
    (void)layout, (void)a_transpose, (void)b_transpose, (void)m, (void)n, (void)k, (void)alpha, (void)a, (void)a_offset,
        (void)a_ld, (void)b, (void)b_offset, (void)b_ld, (void)beta, (void)c, (void)c_offset, (void)c_ld, (void)queue,
        (void)event, (void)temp;
    posing_launches++;
    return CLBlastSuccess;
}
