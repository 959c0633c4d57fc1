/* Before every operation's kernels. PST_CPU is 1 on CPUs, PST_NATIVE the floats in a native vector (4, 8 or 16),
 * PST_GROUP and PST_SUM_GROUP the work-items of a group: 1 on CPUs; on GPUs 64 and, for sums, 256, or the most that the
 * device can do. Feature maps are [row][column][channel] with a multiple of 16 channels; the image is
 * [row][column][3]. */

/* A multiply-add with one rounding where that is fast: a compiler for GPUs says so by FP_FAST_FMAF, the driver of a CPU
 * to the host. Elsewhere what is fastest. */
#if PST_FAST_FMA || defined(FP_FAST_FMAF)
#define FMA(a, b, c) fma(a, b, c)
#else
#define FMA(a, b, c) mad(a, b, c)
#endif

/* A large function of a kernel for CPUs, which takes the numbers of its group as arguments. PoCL compiles a kernel's
 * own code three times over, but what it only calls once; what it calls must not ask for those numbers. */
#define APART __attribute__((noinline)) static

/* Sums: PARTS groups each add a fixed share of the elements, on CPUs neighbors, and write one number; the host adds
 * those in double. A SUM_KERNEL begins with SUM_SCRATCH, goes over its share by FOR_SHARE, and ends with PUT_SUM. */
#define PARTS 128
#define SUM_GROUP PST_SUM_GROUP
#define SUM_KERNEL __attribute__((reqd_work_group_size(SUM_GROUP, 1, 1))) kernel
#if PST_CPU
#define FOR_SHARE(at, count)                                                  \
    for (int at = (int)((long)(count)*get_group_id(0) / PARTS),               \
             at##_end = (int)((long)(count) * (get_group_id(0) + 1) / PARTS); \
         at < at##_end; at++)
#else
#define FOR_SHARE(at, count) \
    for (int at = get_group_id(0) * SUM_GROUP + get_local_id(0); at < (count); at += PARTS * SUM_GROUP)
#endif

/* Work on every element, index by index: an EACH_KERNEL is launched with a fixed number of work-items, whatever there
 * is to do. On a CPU each takes a run of neighbors, on a GPU neighbors go to neighbors. */
#define GROUP PST_GROUP
#define EACH_KERNEL __attribute__((reqd_work_group_size(GROUP, 1, 1))) kernel
#if PST_CPU
#define FOR_EACH(at, count)                                                          \
    for (int at = (long)(count)*get_global_id(0) / get_global_size(0),               \
             at##_end = (long)(count) * (get_global_id(0) + 1) / get_global_size(0); \
         at < at##_end; at++)
#else
#define FOR_EACH(at, count) for (int at = get_global_id(0); at < (count); at += get_global_size(0))
#endif

/* The same where each group of work-items makes one thing after the other, and its items share in sums. */
#if PST_CPU
#define FOR_GROUPS FOR_EACH
#else
#define FOR_GROUPS(at, count) for (int at = get_group_id(0); at < (count); at += get_num_groups(0))
#endif

/* Kernels that work element by element take vectors: on a CPU as wide as they come; on a GPU such that neighbors read
 * what lies side by side and that a dozen of them stay in registers. Buffers are aligned for both, which vload4 and
 * vload16 do not tell the compiler. */
#if PST_CPU
#define WIDE 16
typedef float16 wide;
#define wide_sum lanes_sum
#else
#define WIDE 4
typedef float4 wide;
#define wide_sum(v) (((v).x + (v).z) + ((v).y + (v).w))
#endif

#define LOADW(at, from) (((global const wide *)(from))[at])
#define STOREW(value, at, to) ((global wide *)(to))[at] = (value)
#define LOAD16(at, from) (((global const float16 *)(from))[at])
#define STORE16(value, at, to) ((global float16 *)(to))[at] = (value)

#define BITS16 ((int16)(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768))

/* The sum of 16 lanes as a tree. Halves are taken through memory, which compilers turn into registers, and not by .lo
 * and .hi, of which the checker that the tests run under (Oclgrind 21.10) takes the upper half for never written. */
static inline float lanes_sum(float16 v) {
    float a[16];
    vstore16(v, 0, a);
    vstore8(vload8(0, a) + vload8(1, a), 0, a);
    vstore4(vload4(0, a) + vload4(1, a), 0, a);
    return (a[0] + a[2]) + (a[1] + a[3]);
}

/* One bit a channel: is the activation above zero? */
static inline ushort signs_of(float16 v) {
    int a[16];
    vstore16((v > (float16)(0.0f)) & BITS16, 0, a);
    vstore8(vload8(0, a) | vload8(1, a), 0, a);
    vstore4(vload4(0, a) | vload4(1, a), 0, a);
    return (ushort)(a[0] | a[1] | a[2] | a[3]);
}

/* v where the bit of the channel is set, else 0. */
static inline float16 masked(float16 v, ushort signs) {
    return select((float16)(0.0f), v, ((int16)((int)signs) & BITS16) != (int16)(0));
}

/* The gradient before 2x2 pooling at (y, x) for a group of 16 channels, from the gradient behind it [h/2][w/2][groups *
 * 16] and the bits [h][w][groups] that pooling left. */
static inline float16 unpooled(global const float *d_pooled, global const ushort *bits, float scale, int h, int w,
                               int groups, int group, int y, int x) {
    if (y < 0 || y / 2 >= h / 2 || x < 0 || x / 2 >= w / 2)
        return 0.0f;
    float16 v = vload16(((size_t)(y / 2) * (w / 2) + x / 2) * groups + group, d_pooled);
    return masked(v * scale, bits[((size_t)y * w + x) * groups + group]);
}

#if SUM_GROUP > 1
#define SUM_SCRATCH local float scratch[SUM_GROUP];
/* The sum over a work-group, for item 0 (0 for the others); every item calls it. */
static inline float group_sum(float v, local float *scratch) {
    int item = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    scratch[item] = v;
    for (int apart = SUM_GROUP / 2; apart > 0; apart /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < apart)
            scratch[item] += scratch[item + apart];
    }
    return item == 0 ? scratch[0] : 0.0f;
}
#else
#define SUM_SCRATCH
#define group_sum(v, scratch) (v)
#endif

/* The sum over a group of an EACH_KERNEL, for every item; all call it. */
#if PST_CPU
#define EACH_SCRATCH
#define each_sum(v, scratch) (v)
#else
#define EACH_SCRATCH local wide scratch[GROUP];
static inline wide each_sum(wide v, local wide *scratch) {
    int item = get_local_id(0);
    barrier(CLK_LOCAL_MEM_FENCE);
    scratch[item] = v;
    for (int apart = GROUP / 2; apart > 0; apart /= 2) {
        barrier(CLK_LOCAL_MEM_FENCE);
        if (item < apart)
            scratch[item] += scratch[item + apart];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    return scratch[0];
}
#endif

static inline void put_part(float sum, global float *sums, int slot) {
    if (get_local_id(0) == 0)
        sums[slot * PARTS + get_group_id(0)] = sum;
}
#define PUT_SUM(v, sums, slot) put_part(group_sum(v, scratch), sums, slot)

/* What the parts of a slot add up to. */
static inline float total(global const float *sums, int slot) {
    float sum = 0.0f;
    for (int part = 0; part < PARTS; part++)
        sum += sums[slot * PARTS + part];
    return sum;
}
