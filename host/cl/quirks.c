#include "cl/quirks.h"

#include <string.h>

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

pst_quirks pst_quirks_find(const pst_device_info *info) {
    pst_quirks quirks = {"", 0.9, .wave = 32, .item_registers = 255, .unit_registers = 65536, .unit_flops = 256};
    /* Denormals slow a CPU's arithmetic down a hundredfold and mean nothing in an activation. */
    if (info->type == PST_DEVICE_CPU)
        quirks.build_options = "-cl-denorms-are-zero";
    /* PoCL reports a share of what is free at that moment as the whole memory; it may be used up. */
    if (has(info->platform, "Portable Computing Language"))
        quirks.memory_share = 1.0;
    /* Integrated GPUs share the memory with everything else that runs. */
    if (info->type == PST_DEVICE_GPU && info->integrated)
        quirks.memory_share = 0.75;
    if (info->type == PST_DEVICE_GPU && (has(info->vendor, "Advanced Micro Devices") || has(info->vendor, "AMD"))) {
        quirks.wave = 64;
        quirks.unit_flops = 128;
    }
    /* A unit is an execution unit here: 8 threads of 128 registers with 8 lanes. A work-item of 8 x 8 numbers does not
     * fit, and the compiler then keeps all of them in memory. */
    if (info->type == PST_DEVICE_GPU && has(info->vendor, "Intel")) {
        quirks.wave = 16;
        quirks.item_registers = 128;
        quirks.unit_registers = 8192;
        quirks.unit_flops = 16;
    }
    return quirks;
}
