#include "cl/quirks.h"

#include <string.h>

static bool has(const char *text, const char *part) { return strstr(text, part) != NULL; }

pst_quirks pst_quirks_find(const pst_device_info *info) {
    pst_quirks quirks = {"", 0.9};
    /* Denormals slow a CPU's arithmetic down a hundredfold and mean nothing in an activation. */
    if (info->type == PST_DEVICE_CPU)
        quirks.build_options = "-cl-denorms-are-zero";
    /* PoCL reports a share of what is free at that moment as the whole memory; it may be used up. */
    if (has(info->platform, "Portable Computing Language"))
        quirks.memory_share = 1.0;
    /* Integrated GPUs share the memory with everything else that runs. */
    if (info->type == PST_DEVICE_GPU && info->integrated)
        quirks.memory_share = 0.75;
    return quirks;
}
