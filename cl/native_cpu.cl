/* Floats in the widest vector that the compiler may use, as the size of a group: it can be asked for without running
 * anything. 1: the compiler does not say. */

#if defined(__AVX512F__)
#define LANES 16
#elif defined(__AVX__)
#define LANES 8
#elif defined(__SSE__) || defined(__ARM_NEON)
#define LANES 4
#else
#define LANES 1
#endif

kernel __attribute__((reqd_work_group_size(LANES, 1, 1))) void native(global float *out) { out[0] = 0.0f; }
