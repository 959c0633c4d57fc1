/* An OpenCL without a driver, linked into a program before the library: one device that poses as a GPU of a vendor, or
 * as a CPU with vectors. It
 * builds nothing, runs nothing and reads zeros, but keeps the programs that it was given and counts the launches: what
 * the library would do on such a device shows anywhere, in no time. */
#ifndef PST_TESTS_POSING_DEVICE_H
#define PST_TESTS_POSING_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct posing_program {
    struct posing_program *next;
    char *source, *options;
    char kernels[32][64]; /* those that were asked for */
    size_t kernel_count;
} posing_program;

extern posing_program *posing_programs; /* the latest first; all that were built, also those released since */
extern size_t posing_launches;

/* The work-items of its groups; 0: as many as the device has that it poses as. */
extern size_t posing_group;
extern size_t posing_smallest; /* work-items of the smallest group that was asked for, and its kernel */
extern char posing_smallest_kernel[64];

/* Its compiler: options with posing_failing do not build, those with posing_slow not as long as it is held. With
 * posing_meets a program waits up to a second until two are building; how many were at most. */
extern const char *posing_failing, *posing_slow;
extern atomic_bool posing_meets, posing_held;
extern atomic_int posing_building, posing_most_building;

/* By the name that compilers have for the device, such as "sm_90", "gfx1030" or "aarch64"; the first in the table until
 * then. */
bool posing_as(const char *target);

#endif
