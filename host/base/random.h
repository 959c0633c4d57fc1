/* Random numbers that are the same on every machine: counter-based, so that sample k does not depend on the order. */
#ifndef PST_BASE_RANDOM_H
#define PST_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* values[i], i < count: normal with mean 0 and standard deviation 1 (Box-Muller over SplitMix64 of seed and i). */
void pst_random_normal(uint64_t seed, float *values, size_t count);

#endif
