/* Matrix products for GPUs: a work-group makes a block of BM x BN, step by step of BK in local memory, and each
 * work-item holds RM x RN of it in registers, so that it does RM * RN multiply-adds for RM + RN numbers read there (8 x
 * 8: 16 numbers for 64, enough to keep the arithmetic busy).
 *
 * GX, GY   work-items across and down: GX * GY in a group
 * RM       rows a work-item, 8 or 4: BM = GY * RM
 * BN       columns a block: RN = BN / GX is 8, 4 or 2
 * BK       depth of a step, a multiple of 4 */

#define TH (GX * GY)
#define BM (GY * RM)
#define RN (BN / GX)
#if RN == 2
#define VN 2
typedef float2 vecn;
#else
#define VN 4
typedef float4 vecn;
#endif
/* Typed reads and writes: vload4 would promise the alignment of a float only, and compilers would split it. */
#define READN(from) (*(global const vecn *)(from))
#define WRITEN(to) (*(global vecn *)(to))
#define LOCALN(at) (*(local const vecn *)(at))
#define READ4(from) (*(global const float4 *)(from))
#define LOCAL4(at) (*(local float4 *)(at))
#define NV (RN / VN) /* vectors a row of a work-item; they lie GX * VN apart, so that neighbors read neighbors */
#define COLUMN(v) (((v)*GX + (int)get_local_id(0) % GX) * VN) /* of a block */
#define ROW (((int)get_local_id(0) / GX) * RM)

/* Steps in local memory, [BK][pitch]: four more than the block, which spreads the banks and keeps vectors aligned. */
#define AP (BM + 4)
#define BP (BN + 4)
#define BLOCK_KERNEL kernel __attribute__((reqd_work_group_size(TH, 1, 1)))

#define STEPS(name, pitch) local float name[BK * (pitch)] __attribute__((aligned(16)))
#define UNROLL _Pragma("unroll")
#define ZERO4 (float4)(0.0f)

/* What a work-item carries of the next step from global memory while the last is multiplied. */
#define CARRIED(side) ((BK * (side) / 4 + TH - 1) / TH)

/* A step of a matrix that is stored [side][depth], from its first row on; of `rows` rows those beyond read as the last
 * one. */
#define FETCH_ACROSS(carried, SIDE, from, rows, pitch)                                                   \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                  \
        int i_ = l_ * TH + (int)get_local_id(0), row_ = min(i_ / (BK / 4), (rows)-1);                    \
        carried[l_] = i_ < BK * (SIDE) / 4 ? READ4((from) + row_ * (pitch) + i_ % (BK / 4) * 4) : ZERO4; \
    }
#define KEEP_ACROSS(carried, SIDE, step)                                                                 \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                  \
        int i_ = l_ * TH + (int)get_local_id(0), at_ = i_ % (BK / 4) * 4 * ((SIDE) + 4) + i_ / (BK / 4); \
        if (i_ < BK * (SIDE) / 4) {                                                                      \
            step[at_] = carried[l_].x;                                                                   \
            step[at_ + ((SIDE) + 4)] = carried[l_].y;                                                    \
            step[at_ + 2 * ((SIDE) + 4)] = carried[l_].z;                                                \
            step[at_ + 3 * ((SIDE) + 4)] = carried[l_].w;                                                \
        }                                                                                                \
    }

/* A step of a matrix that is stored [depth][side], from its first column on; columns beyond `columns`, a multiple of 4,
 * and rows beyond `depth` are zero. */
#define FETCH_ALONG(carried, SIDE, from, columns, depth, pitch)                                                        \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                                \
        int i_ = l_ * TH + (int)get_local_id(0), k_ = i_ / ((SIDE) / 4), column_ = i_ % ((SIDE) / 4) * 4;              \
        carried[l_] = k_ < BK && k_ < (depth) && column_ < (columns) ? READ4((from) + k_ * (pitch) + column_) : ZERO4; \
    }
#define KEEP_ALONG(carried, SIDE, step)                                                            \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                            \
        int i_ = l_ * TH + (int)get_local_id(0);                                                   \
        if (i_ < BK * (SIDE) / 4)                                                                  \
            LOCAL4(step + i_ / ((SIDE) / 4) * ((SIDE) + 4) + i_ % ((SIDE) / 4) * 4) = carried[l_]; \
    }

/* acc += the products of a step. */
static inline void multiply_step(local const float *a, local const float *b, vecn acc[RM][NV]) {
    a += ROW;
    b += COLUMN(0);
#pragma unroll 4
    for (int k = 0; k < BK; k++) {
        float4 rows[RM / 4];
        vecn columns[NV];
#pragma unroll
        for (int r = 0; r < RM / 4; r++)
            rows[r] = *(local const float4 *)(a + k * AP + r * 4);
#pragma unroll
        for (int v = 0; v < NV; v++)
            columns[v] = LOCALN(b + k * BP + v * GX * VN);
#pragma unroll
        for (int r = 0; r < RM / 4; r++)
#pragma unroll
            for (int v = 0; v < NV; v++) {
                acc[4 * r + 0][v] = FMA((vecn)(rows[r].x), columns[v], acc[4 * r + 0][v]);
                acc[4 * r + 1][v] = FMA((vecn)(rows[r].y), columns[v], acc[4 * r + 1][v]);
                acc[4 * r + 2][v] = FMA((vecn)(rows[r].z), columns[v], acc[4 * r + 2][v]);
                acc[4 * r + 3][v] = FMA((vecn)(rows[r].w), columns[v], acc[4 * r + 3][v]);
            }
    }
}

static inline void clear(vecn acc[RM][NV]) {
#pragma unroll
    for (int r = 0; r < RM; r++)
#pragma unroll
        for (int v = 0; v < NV; v++)
            acc[r][v] = 0.0f;
}

/* acc += a product over the steps from first to last, from a and b in local memory. FETCH(step) and KEEP are for both
 * sides; each step is fetched while the one before it is multiplied. */
#define MULTIPLY_BLOCK(acc, first, last, FETCH, KEEP)        \
    FETCH(first);                                            \
    for (int step_ = (first); step_ < (last); step_ += BK) { \
        barrier(CLK_LOCAL_MEM_FENCE);                        \
        KEEP;                                                \
        barrier(CLK_LOCAL_MEM_FENCE);                        \
        if (step_ + BK < (last)) {                           \
            FETCH(step_ + BK);                               \
        }                                                    \
        multiply_step(a, b, acc);                            \
    }
