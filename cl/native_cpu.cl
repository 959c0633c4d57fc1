/* What the compiler may use of the processor, as the size of a group, which can be asked for without running anything:
 * floats in the widest vector, with the next dimension's 16 vector registers, with fused multiply-adds (2) or without
 * (1). One float: the compiler does not say. */

#if defined(__AVX512F__)
#define LANES 16
#define REGISTERS 32
#elif defined(__AVX__)
#define LANES 8
#define REGISTERS 16
#elif defined(__aarch64__) && defined(__ARM_NEON)
#define LANES 4
#define REGISTERS 32
#elif defined(__SSE__) || defined(__ARM_NEON)
#define LANES 4
#define REGISTERS 16
#else
#define LANES 1
#define REGISTERS 16
#endif

#if defined(__FMA__) || defined(__FMA4__) || defined(__ARM_FEATURE_FMA)
#define FUSED 2
#else
#define FUSED 1
#endif

kernel __attribute__((reqd_work_group_size(LANES, REGISTERS / 16, FUSED))) void native(global float *out) {
    out[0] = 0.0f;
}
