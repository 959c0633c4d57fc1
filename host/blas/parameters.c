#include "blas/parameters.h"

#include <string.h>

/* The names of kernel "Xgemm" in CLBlast 1.5 and 1.6. Each work-item computes (MWG/MDIMC) x (NWG/NDIMC) elements of C
 * and keeps them in registers, VWM of them in a vector; GEMMK 1 reads row-major matrices as they are. It is wrong
 * before 1.6.3 unless MWG = NWG (CLBlast issue 542). SA, SB: local memory. */
#define XGEMM(...)                                                                     \
    {                                                                                  \
        "Xgemm", 16, {"GEMMK", "KREG", "KWG", "KWI", "MDIMA", "MDIMC", "MWG", "NDIMB", \
                      "NDIMC", "NWG",  "SA",  "SB",  "STRM",  "STRN",  "VWM", "VWN"},  \
        {                                                                              \
            __VA_ARGS__                                                                \
        }                                                                              \
    }

/* CPUs: one work-item a tile, without local memory, so that the loop over k is nothing but loads of a vector of B, and
 * fused multiply-adds with an element of A broadcast from memory. The tile fills most registers of the vector width.
 * KWG divides k; 9 divides every k of a 3x3 convolution, 27 included. Unrolling that loop (KWI, KREG over 1) makes LLVM
 * shuffle vectors instead: 4 times slower. GFLOP/s on 2 cores with AVX-512, m = 16384, n = 64, k = 576: 92, against 5
 * as installed and 83 with the best of kernel 0; the 8 and 4 floats wide ones 58 and 60 there. */
static const pst_gemm_override cpu_16 = XGEMM(1, 1, 9, 1, 1, 1, 16, 1, 1, 16, 0, 0, 0, 0, 16, 1);
static const pst_gemm_override cpu_8 = XGEMM(1, 1, 9, 1, 1, 2, 16, 1, 2, 16, 0, 0, 0, 0, 8, 1);
static const pst_gemm_override cpu_4 = XGEMM(1, 1, 9, 1, 1, 2, 16, 1, 4, 16, 0, 0, 0, 0, 4, 1);

/* A middling tile in local memory for GPUs whose entry of the database proves wrong, and one that no driver could
 * refuse. */
static const pst_gemm_override gpu_tile = XGEMM(0, 1, 16, 2, 8, 8, 64, 8, 8, 64, 1, 1, 0, 0, 4, 4);
static const pst_gemm_override plain = XGEMM(0, 1, 16, 2, 4, 4, 16, 4, 4, 16, 0, 0, 0, 0, 1, 1);

/* Products with m n k under the cube of this take "XgemmDirect", which checks borders in its inner loop and copies
 * nothing. The database's sizes differ from device to device and reach 2000; a known one lets small known answers reach
 * both. */
static const pst_gemm_override never_direct = {"GemmRoutine", 1, {"XGEMM_MIN_INDIRECT_SIZE"}, {0}};
static const pst_gemm_override seldom_direct = {"GemmRoutine", 1, {"XGEMM_MIN_INDIRECT_SIZE"}, {PST_GEMM_DIRECT_SIZE}};

/* Kernels of CLBlast and the names of their parameters. */
#define DIRECT \
    "XgemmDirect", 10, { "KWID", "MDIMAD", "MDIMCD", "NDIMBD", "NDIMCD", "PADA", "PADB", "VWMD", "VWND", "WGD" }
#define COPY \
    "Copy", 4, { "COPY_DIMX", "COPY_DIMY", "COPY_VW", "COPY_WPT" }
#define PAD \
    "Pad", 4, { "PAD_DIMX", "PAD_DIMY", "PAD_WPTX", "PAD_WPTY" }
#define PAD_FLIP \
    "Padtranspose", 3, { "PADTRA_PAD", "PADTRA_TILE", "PADTRA_WPT" }

/* Never run then, but PoCL compiles every kernel of the program, and these are most of it: 20 s of processor time on
 * the first run came down to 7, together with the small copying kernels. */
static const pst_gemm_override small_direct = {DIRECT, {1, 2, 2, 2, 2, 0, 0, 1, 1, 2}};
static const pst_gemm_override copy = {COPY, {8, 1, 4, 1}};
static const pst_gemm_override pad = {PAD, {16, 1, 1, 1}};
static const pst_gemm_override flip = {"Transpose", 4, {"TRA_DIM", "TRA_PAD", "TRA_SHUFFLE", "TRA_WPT"}, {1, 0, 0, 8}};
static const pst_gemm_override pad_flip = {PAD_FLIP, {0, 8, 1}};

/* For devices with small work-groups, where CLBlast says on the terminal what does not fit: groups of one work-item. */
#define SMALL_GROUPS 64 /* what the kernels above need; the database's need up to 256 */
static const pst_gemm_override direct_1 = {DIRECT, {1, 1, 1, 1, 1, 0, 0, 1, 1, 1}};
static const pst_gemm_override copy_1 = {COPY, {1, 1, 4, 1}};
static const pst_gemm_override pad_1 = {PAD, {1, 1, 1, 1}};
static const pst_gemm_override pad_flip_1 = {PAD_FLIP, {0, 1, 1}};

#define CPU_SET(xgemm) \
    { {&never_direct, &xgemm, &small_direct, &copy, &pad, &flip, &pad_flip}, 100000 }

static const pst_gemm_parameters cpu_sets[3] = {CPU_SET(cpu_16), CPU_SET(cpu_8), CPU_SET(cpu_4)};
static const pst_gemm_parameters database = {{&seldom_direct}, 0};
static const pst_gemm_parameters gpu_set = {{&seldom_direct, &gpu_tile}, 0};
static const pst_gemm_parameters plain_set = {{&never_direct, &plain}, 0};
static const pst_gemm_parameters small_groups = {
    {&never_direct, &cpu_16, &direct_1, &copy_1, &pad_1, &flip, &pad_flip_1}, 100000};
static const pst_gemm_parameters untouched = {{NULL}, 0}; /* should a CLBlast come whose parameters have other names */

const pst_gemm_parameters *pst_gemm_parameters_for(const pst_device *device, size_t n) {
    int width = device->vector_width;
    const pst_gemm_parameters *cpu[] = {&cpu_sets[width >= 16 ? 0 : width >= 8 ? 1 : 2], &plain_set, &untouched};
    const pst_gemm_parameters *gpu[] = {&database, &gpu_set, &plain_set, &untouched};
    if (device->info.max_work_group_size < SMALL_GROUPS)
        return n == 0 ? &small_groups : NULL;
    if (device->info.type == PST_DEVICE_CPU)
        return n < sizeof cpu / sizeof *cpu ? cpu[n] : NULL;
    return n < sizeof gpu / sizeof *gpu ? gpu[n] : NULL;
}

size_t pst_gemm_parameter(const pst_gemm_parameters *parameters, const char *name) {
    for (size_t o = 0; parameters->overrides[o]; o++) {
        const pst_gemm_override *one = parameters->overrides[o];
        for (size_t i = 0; i < one->count; i++)
            if (strcmp(one->names[i], name) == 0)
                return one->values[i];
    }
    return 0;
}
