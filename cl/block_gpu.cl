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
#define LOADN vload2
#define STOREN vstore2
#else
#define VN 4
typedef float4 vecn;
#define LOADN vload4
#define STOREN vstore4
#endif
#define NV (RN / VN) /* vectors a row of a work-item; they lie GX * VN apart, so that neighbors read neighbors */
#define COLUMN(v) (((v)*GX + (int)get_local_id(0) % GX) * VN) /* of a block */
#define ROW (((int)get_local_id(0) / GX) * RM)

/* Steps in local memory, [BK][pitch]: four more than the block, which spreads the banks and keeps vectors aligned. */
#define AP (BM + 4)
#define BP (BN + 4)
#define BLOCK_KERNEL kernel __attribute__((reqd_work_group_size(TH, 1, 1)))

/* What a work-item carries of the next step from global memory while the last is multiplied. */
#define CARRIED(side) ((BK * (side) / 4 + TH - 1) / TH)

/* A step of a matrix that is stored [side][depth]: rows first..first + SIDE - 1, those beyond `rows` read as the last
 * one. */
#define FETCH_ACROSS(carried, SIDE, from, first, rows, pitch)                                                       \
    for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                                    \
        int i_ = l_ * TH + (int)get_local_id(0), row_ = min((first) + i_ / (BK / 4), (rows)-1);                     \
        carried[l_] =                                                                                               \
            i_ < BK * (SIDE) / 4 ? vload4(0, (from) + (size_t)row_ * (pitch) + i_ % (BK / 4) * 4) : (float4)(0.0f); \
    }
#define KEEP_ACROSS(carried, SIDE, step)                                                       \
    for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                               \
        int i_ = l_ * TH + (int)get_local_id(0), row_ = i_ / (BK / 4), k_ = i_ % (BK / 4) * 4; \
        if (i_ < BK * (SIDE) / 4) {                                                            \
            step[(k_ + 0) * ((SIDE) + 4) + row_] = carried[l_].x;                              \
            step[(k_ + 1) * ((SIDE) + 4) + row_] = carried[l_].y;                              \
            step[(k_ + 2) * ((SIDE) + 4) + row_] = carried[l_].z;                              \
            step[(k_ + 3) * ((SIDE) + 4) + row_] = carried[l_].w;                              \
        }                                                                                      \
    }

/* A step of a matrix that is stored [depth][side]; columns beyond `columns`, a multiple of 4, and rows beyond `depth`
 * are zero. */
#define FETCH_ALONG(carried, SIDE, from, first, columns, depth, pitch)                                              \
    for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                                    \
        int i_ = l_ * TH + (int)get_local_id(0), k_ = i_ / ((SIDE) / 4), column_ = (first) + i_ % ((SIDE) / 4) * 4; \
        carried[l_] = k_ < BK && k_ < (depth) && column_ < (columns)                                                \
                          ? vload4(0, (from) + (size_t)k_ * (pitch) + column_)                                      \
                          : (float4)(0.0f);                                                                         \
    }
#define KEEP_ALONG(carried, SIDE, step)                                                               \
    for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                      \
        int i_ = l_ * TH + (int)get_local_id(0);                                                      \
        if (i_ < BK * (SIDE) / 4)                                                                     \
            vstore4(carried[l_], 0, step + i_ / ((SIDE) / 4) * ((SIDE) + 4) + i_ % ((SIDE) / 4) * 4); \
    }

/* acc += the products of a step. */
inline void multiply_step(local const float *a, local const float *b, vecn acc[RM][NV]) {
#pragma unroll 4
    for (int k = 0; k < BK; k++) {
        float rows[RM];
        vecn columns[NV];
#pragma unroll
        for (int r = 0; r < RM; r += 4)
            vstore4(vload4(0, a + k * AP + ROW + r), 0, rows + r);
#pragma unroll
        for (int v = 0; v < NV; v++)
            columns[v] = LOADN(0, b + k * BP + COLUMN(v));
#pragma unroll
        for (int r = 0; r < RM; r++)
#pragma unroll
            for (int v = 0; v < NV; v++)
                acc[r][v] = FMA((vecn)(rows[r]), columns[v], acc[r][v]);
    }
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
