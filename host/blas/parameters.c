#include "blas/parameters.h"

#include <string.h>

const char *const pst_gemm_parameter_names[PST_GEMM_PARAMETERS] = {
    "GEMMK", "KREG", "KWG", "KWI", "MDIMA", "MDIMC", "MWG", "NDIMB", "NDIMC", "NWG", "SA", "SB", "STRM", "STRN", "VWM", "VWN"};

static const pst_gemm_parameters database = {.title = NULL};

static const pst_gemm_parameters cpu_512 = {
    "CPU with 512-bit vectors", {0, 1, 16, 2, 2, 2, 64, 2, 2, 16, 0, 0, 0, 0, 8, 4}, 0};

/* Small tiles without local memory: nothing that a driver could get wrong or refuse. */
static const pst_gemm_parameters safe = {"any device", {0, 1, 16, 2, 4, 4, 16, 4, 4, 16, 0, 0, 0, 0, 1, 1}, 0};

const pst_gemm_parameters *pst_gemm_parameters_for(const pst_device *device, size_t n) {
    const pst_gemm_parameters *choices[3] = {0};
    size_t count = 0;
    if (device->info.type == PST_DEVICE_CPU)
        choices[count++] = &cpu_512;
    else
        choices[count++] = &database;
    choices[count++] = &safe;
    return n < count ? choices[n] : NULL;
}

size_t pst_gemm_parameter(const pst_gemm_parameters *parameters, const char *name) {
    for (size_t i = 0; i < PST_GEMM_PARAMETERS; i++)
        if (strcmp(pst_gemm_parameter_names[i], name) == 0)
            return parameters->values[i];
    return 0;
}
