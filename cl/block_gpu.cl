/* Matrix products for GPUs: a work-group makes a block of BM x BN, step by step of BK in local memory, and each
 * work-item holds RM x RN of it in registers, so that it does RM * RN multiply-adds for RM + RN numbers read there (8 x
 * 8: 16 numbers for 64, enough to keep the arithmetic busy).
 *
 * GX, GY   work-items across and down: GX * GY in a group
 * RM       rows a work-item, 8 or 4: BM = GY * RM
 * BN       columns a block: RN = BN / GX is 8, 4 or 2
 * BK       depth of a step, a multiple of 4
 * MATRIX   1: by the tensor cores of NVIDIA's GPUs (sm_80 and later), with GX 8, GY a multiple of 4, BK of 8. A warp of
 *          32 work-items then holds 4 * RM rows of all columns together, as mma.m16n8k8 spreads them */

#ifndef MATRIX
#define MATRIX 0
#endif

#define TH (GX * GY)
#define BM (GY * RM)
#define RN (BN / GX)
#if RN == 2 || MATRIX
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

/* Where a block has row r < ROWS and vector v < NV of a work-item. */
#if MATRIX
#define LANE ((int)get_local_id(0) % 32)
#define WARP_ROW ((int)get_local_id(0) / 32 * 4 * RM)
#define ROWS (RM / 2)
#define NV (BN / 8)
#define ROW(r) (WARP_ROW + (r) / 2 * 16 + (r) % 2 * 8 + LANE / 4)
#define COLUMN(v) ((v)*8 + LANE % 4 * 2)
#define PAD 8
#else
/* The place of a work-item in the block. Every second one is below its neighbor: NVIDIA's GPUs read 16 bytes for each
 * work-item of a warp from local memory in two cycles and not in four where those whose numbers differ in the lowest
 * bit, or in the second, read the same. The former read the same columns here, the latter the same rows. */
#if GY % 2 == 0
#define ITEM_DOWN ((int)get_local_id(0) / (2 * GX) * 2 + (int)get_local_id(0) % 2)
#define ITEM_ACROSS ((int)get_local_id(0) / 2 % GX)
#else
#define ITEM_DOWN ((int)get_local_id(0) / GX)
#define ITEM_ACROSS ((int)get_local_id(0) % GX)
#endif
#define ROWS RM
#define NV (RN / VN) /* they lie GX * VN apart, so that neighbors read neighbors */
#define ROW(r) (ITEM_DOWN * RM + (r))
#define COLUMN(v) (((v)*GX + ITEM_ACROSS) * VN)
#define PAD 4
#endif

/* Steps in local memory, [BK][pitch]: more than the block, which spreads the banks and keeps vectors aligned. */
#define AP (BM + PAD)
#define BP (BN + PAD)
#define BLOCK_KERNEL kernel __attribute__((reqd_work_group_size(TH, 1, 1)))

#define STEPS(name, pitch) local float name[BK * (pitch)] __attribute__((aligned(16)))
#define UNROLL _Pragma("unroll")
#define ZERO4 (float4)(0.0f)

/* What a work-item carries of the next step from global memory while the last is multiplied. */
#define CARRIED(side) ((BK * (side) / 4 + TH - 1) / TH)

/* A step of a matrix that is stored [side][depth], from its first row on; of `rows` rows those beyond read as the last
 * one. Neighbors read 32 bytes of a row: with more, what they write would fall in the same banks of local memory. */
#define QUADS (BK < 8 ? 1 : 2)
#define QUAD_ROW(i, SIDE) ((i) / QUADS % (SIDE))
#define QUAD_STEP(i, SIDE) (((i) % QUADS + (i) / (QUADS * (SIDE)) * QUADS) * 4)
#define FETCH_ACROSS(carried, SIDE, from, rows, pitch)                                                     \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                    \
        int i_ = l_ * TH + (int)get_local_id(0), row_ = min(QUAD_ROW(i_, SIDE), (rows)-1);                 \
        carried[l_] = i_ < BK * (SIDE) / 4 ? READ4((from) + row_ * (pitch) + QUAD_STEP(i_, SIDE)) : ZERO4; \
    }
#define KEEP_ACROSS(carried, SIDE, step)                                                                          \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                           \
        int i_ = l_ * TH + (int)get_local_id(0), at_ = QUAD_STEP(i_, SIDE) * ((SIDE) + PAD) + QUAD_ROW(i_, SIDE); \
        if (i_ < BK * (SIDE) / 4) {                                                                               \
            step[at_] = carried[l_].x;                                                                            \
            step[at_ + ((SIDE) + PAD)] = carried[l_].y;                                                           \
            step[at_ + 2 * ((SIDE) + PAD)] = carried[l_].z;                                                       \
            step[at_ + 3 * ((SIDE) + PAD)] = carried[l_].w;                                                       \
        }                                                                                                         \
    }

/* A step of a matrix that is stored [depth][side], from its first column on; columns beyond `columns`, a multiple of 4,
 * and rows beyond `depth` are zero. */
#define FETCH_ALONG(carried, SIDE, from, columns, depth, pitch)                                                        \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                                                \
        int i_ = l_ * TH + (int)get_local_id(0), k_ = i_ / ((SIDE) / 4), column_ = i_ % ((SIDE) / 4) * 4;              \
        carried[l_] = k_ < BK && k_ < (depth) && column_ < (columns) ? READ4((from) + k_ * (pitch) + column_) : ZERO4; \
    }
#define KEEP_ALONG(carried, SIDE, step)                                                              \
    UNROLL for (int l_ = 0; l_ < CARRIED(SIDE); l_++) {                                              \
        int i_ = l_ * TH + (int)get_local_id(0);                                                     \
        if (i_ < BK * (SIDE) / 4)                                                                    \
            LOCAL4(step + i_ / ((SIDE) / 4) * ((SIDE) + PAD) + i_ % ((SIDE) / 4) * 4) = carried[l_]; \
    }

/* acc += the products of a step. */
#if !MATRIX
static inline void multiply_step(local const float *a, local const float *b, vecn acc[ROWS][NV]) {
    a += ROW(0);
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

#else
/* Tensor cores multiply numbers of 11 bits (TF32). Each float is split into two such numbers, of which three products
 * are kept; what is lost is 2^-22 of a product. The cores truncate their sums, so only 8 products are summed there and
 * the rest in float (Ootomo and Yokota, "Recovering single precision accuracy from Tensor Cores while surpassing the
 * FP32 theoretical peak performance", 2022). */
typedef struct halves {
    uint high, low;
} halves;

static inline halves split(float x) {
    uint high = as_uint(x) & 0xffffe000u;
    return (halves){high, as_uint(x - as_float(high))};
}

static inline void mma(float d[4], uint a0, uint a1, uint a2, uint a3, uint b0, uint b1) {
    __asm__("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
            : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
            : "r"(a0), "r"(a1), "r"(a2), "r"(a3), "r"(b0), "r"(b1));
}

static inline void multiply_step(local const float *a, local const float *b, vecn acc[ROWS][NV]) {
    a += LANE % 4 * AP + WARP_ROW + LANE / 4;
    b += LANE % 4 * BP + LANE / 4;
#pragma unroll 1
    for (int k = 0; k < BK; k += 8) {
        halves r[ROWS / 2][4];
#pragma unroll
        for (int m = 0; m < ROWS / 2; m++)
#pragma unroll
            for (int i = 0; i < 4; i++)
                r[m][i] = split(a[(k + i / 2 * 4) * AP + m * 16 + i % 2 * 8]);
#pragma unroll
        for (int v = 0; v < NV; v++) {
            halves c0 = split(b[k * BP + v * 8]), c1 = split(b[(k + 4) * BP + v * 8]);
#pragma unroll
            for (int m = 0; m < ROWS / 2; m++) {
                float d[4] = {0.0f, 0.0f, 0.0f, 0.0f};
                mma(d, r[m][0].low, r[m][1].low, r[m][2].low, r[m][3].low, c0.high, c1.high);
                mma(d, r[m][0].high, r[m][1].high, r[m][2].high, r[m][3].high, c0.low, c1.low);
                mma(d, r[m][0].high, r[m][1].high, r[m][2].high, r[m][3].high, c0.high, c1.high);
                acc[2 * m][v] += (vecn)(d[0], d[1]);
                acc[2 * m + 1][v] += (vecn)(d[2], d[3]);
            }
        }
    }
}
#endif

static inline void clear(vecn acc[ROWS][NV]) {
#pragma unroll
    for (int r = 0; r < ROWS; r++)
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

/* acc += the block of a product of two matrices that are stored row by row, with `depth` floats a row: `left` from the
 * block's first row on, which has so many rows behind it, `right` from its first column on. */
#define FETCH_ROWS(step)                                     \
    FETCH_ACROSS(next_a, BM, left_ + (step), rows_, depth_); \
    FETCH_ALONG(next_b, BN, right_ + (step)*depth_, columns_, BK, depth_)
#define KEEP_ROWS               \
    KEEP_ACROSS(next_a, BM, a); \
    KEEP_ALONG(next_b, BN, b)
#define MULTIPLY_ROWS(acc, left, rows, right, columns, depth)       \
    {                                                               \
        global const float *left_ = (left), *right_ = (right);      \
        int rows_ = (rows), columns_ = (columns), depth_ = (depth); \
        float4 next_a[CARRIED(BM)], next_b[CARRIED(BN)];            \
        MULTIPLY_BLOCK(acc, 0, depth_, FETCH_ROWS, KEEP_ROWS);      \
    }
