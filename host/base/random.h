/* Random numbers that are the same on every machine: counter-based, so that sample k does not depend on the order. */
#ifndef PST_BASE_RANDOM_H
#define PST_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The mixer of SplitMix64: each bit of the result depends on all 64 bits of z. */
uint64_t pst_random_mix(uint64_t z);

/* The step of SplitMix64 from one z to the next. */
#define PST_RANDOM_STEP 0x9e3779b97f4a7c15u

/* values[i], i < count: normal with mean 0 and standard deviation 1 (Box-Muller over SplitMix64 of seed and i). */
void pst_random_normal(uint64_t seed, float *values, size_t count);

#endif
