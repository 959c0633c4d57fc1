/* What is particular to a driver or vendor. Vendor names stand in quirks.c and nowhere else. */
#ifndef PST_CL_QUIRKS_H
#define PST_CL_QUIRKS_H

#include <stdbool.h>
#include <stdint.h>

#include "pastiche.h"

/* Before a platform is asked for its devices: lets its driver find what it needs. Empty, or why it must not be asked.
 */
const char *pst_quirks_prepare(const char *platform);

typedef struct pst_quirks {
    double memory_share; /* of the memory the driver reports, how much may be planned for */
    const char *notice;  /* what people should know, or "" */
    /* What OpenCL does not tell about a compute unit of a GPU; used to choose shapes of launches. */
    int wave;                   /* work-items that run together: smaller groups leave lanes idle */
    int item_registers;         /* that a work-item has at most, of 32 bits */
    int most_registers;         /* ... with the option `more_registers`, which leaves room for fewer work-items */
    int unit_registers;         /* of all work-items of a unit */
    int unit_flops;             /* float32 operations a clock */
    double memory_ratio;        /* bytes that memory moves while a unit does one of these operations */
    uint64_t cache_bytes;       /* of the device's last cache at least, whatever its driver reports; 0: unknown */
    const char *more_registers; /* of the compiler; or "", and most_registers is item_registers */
    /* Of a kernel with that option, what clGetKernelWorkGroupInfo answers with bytes in memory that should be in
     * registers; 0: none. */
    uint32_t memory_questions[2];
    bool keeps_binaries; /* compiled programs, as the user's cache does for other drivers */
    bool builds_at_once; /* threads may build programs at the same time, and that is faster */
    bool mixes_sessions; /* sessions that work at once must not have the same programs */
    bool matrix_units;   /* may have those that op/matrix_units.h uses */
    /* An option with which the compiler does not read the declarations of all built-in functions before a program, for
     * those that bring their own (cl/built_ins.cl); or "" */
    const char *undeclared;
    bool two_wide_units; /* a processor's core multiplies and adds two of its widest vectors a clock */
} pst_quirks;

/* ask: what the device says to a question that is its vendor's, a number of 32 bits, or 0 if it does not know it. NULL:
 * it knows none. */
typedef uint32_t pst_quirks_ask(void *device, uint32_t question);
pst_quirks pst_quirks_find(const pst_device_info *info, pst_quirks_ask *ask, void *device);

#endif
