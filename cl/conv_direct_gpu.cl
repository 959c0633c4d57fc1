/* 3x3 convolution, stride 1, zero padding 1, directly, for GPUs: a work-group makes a patch of BM pixels times BN
 * outputs. Of CB inputs at a time it holds the patch with its border in local memory, for all nine taps, and the
 * filters of a row of taps. A work-item makes 2 x RM / 2 pixels, whole windows of a pooling, and RN outputs: 6 numbers
 * of a row serve 3 taps of 4 pixels. With block_gpu.cl (BK is not used) and lanes_gpu.cl.
 *
 * CB       a divisor of 16, a multiple of 4
 * TURNED   backward: the filters are turned by 180 degrees, their inputs and outputs swapped */

#define PW (RM / 2)
#if GY >= 16 /* work-items side by side */
#define GW 4
#elif GY >= 4
#define GW 2
#else
#define GW 1
#endif
#define PATCH_W (GW * PW)
#define PATCH_H (GY / GW * 2)
#define EDGE_W (PATCH_W + 2)
#define EDGE (EDGE_W * (PATCH_H + 2))

/* CB channels of the patch at (y0, x0) and its border to [CB][EDGE]. */
static inline void patch_load(global const float *in, global const ushort *bits, float scale, int h, int w, int c,
                              int channel, int y0, int x0, local float *patch) {
    for (int i = get_local_id(0); i < EDGE * (CB / 4); i += TH) {
        int at = i / (CB / 4), quad = i % (CB / 4) * 4, y = y0 + at / EDGE_W - 1, x = x0 + at % EDGE_W - 1;
        float4 v = 0.0f;
        if (y >= 0 && y < h && x >= 0 && x < w) {
            size_t pixel = (size_t)y * w + x;
            if (!bits)
                v = READ4(in + pixel * c + channel + quad);
            else if (y / 2 < h / 2 && x / 2 < w / 2) {
                uint set = bits_of(bits, pixel, c, channel + quad);
                float4 d = scale * READ4(in + ((size_t)(y / 2) * (w / 2) + x / 2) * c + channel + quad);
                v = (float4)(set & 1 ? d.x : 0.0f, set & 2 ? d.y : 0.0f, set & 4 ? d.z : 0.0f, set & 8 ? d.w : 0.0f);
            }
        }
        local float *to = patch + quad * EDGE + at;
        to[0] = v.x;
        to[EDGE] = v.y;
        to[2 * EDGE] = v.z;
        to[3 * EDGE] = v.w;
    }
}

/* The filters of the three taps of a row, CB inputs, BN outputs from `column` on: to [3][CB][BP]. Outputs beyond k are
 * zero. */
static inline void filters_load(global const float *weights, int row, int c, int k, int channel, int column,
                                local float *filters) {
#if TURNED /* weights [9][k][c] */
    for (int i = get_local_id(0); i < 3 * BN * (CB / 4); i += TH) {
        int quad = i % (CB / 4) * 4, n = i / (CB / 4) % BN, tap = i / (CB / 4 * BN);
        float4 v = 0.0f;
        if (column + n < k)
            v = READ4(weights + ((size_t)(8 - row * 3 - tap) * k + column + n) * c + channel + quad);
        local float *to = filters + (tap * CB + quad) * BP + n;
        to[0] = v.x;
        to[BP] = v.y;
        to[2 * BP] = v.z;
        to[3 * BP] = v.w;
    }
#else /* weights [9][c][k] */
    for (int i = get_local_id(0); i < 3 * CB * (BN / 4); i += TH) {
        int n = i % (BN / 4) * 4, from = i / (BN / 4), tap = from / CB;
        float4 v = 0.0f;
        if (column + n < k)
            v = READ4(weights + ((size_t)(row * 3 + tap) * c + channel + from % CB) * k + column + n);
        LOCAL4(filters + from * BP + n) = v;
    }
#endif
}

/* acc += a row of taps; `patch` at the work-item's first pixel, `row` rows further. */
static inline void multiply_taps(local const float *patch, local const float *filters, vecn acc[RM][NV]) {
#pragma unroll 1
    for (int c = 0; c < CB; c++) {
        float a[2][PW + 2];
#pragma unroll
        for (int y = 0; y < 2; y++)
#pragma unroll
            for (int x = 0; x < PW + 2; x++)
                a[y][x] = patch[c * EDGE + y * EDGE_W + x];
#pragma unroll
        for (int tap = 0; tap < 3; tap++) {
            vecn b[NV];
#pragma unroll
            for (int v = 0; v < NV; v++)
                b[v] = LOCALN(filters + (tap * CB + c) * BP + COLUMN(v));
#pragma unroll
            for (int r = 0; r < RM; r++)
#pragma unroll
                for (int v = 0; v < NV; v++)
                    acc[r][v] = FMA((vecn)(a[r / PW][r % PW + tap]), b[v], acc[r][v]);
        }
    }
}

/* The arguments are those of winograd_output and winograd_input (winograd_gpu.cl). group ids: (block of outputs, patch,
 * row of patches); row0 is the image's row of the first ones. */
BLOCK_KERNEL void conv_direct(global const float *restrict in, global const ushort *restrict in_bits, float scale,
                              global const float *restrict weights, global const float *restrict bias,
                              global float *restrict out, global ushort *restrict bits, int add, int pool, int h, int w,
                              int c, int k, int row0) {
    local float patch[CB * EDGE], filters[3 * CB * BP] __attribute__((aligned(16)));
    local uchar sets[BM * (BN / VN)]; /* VN bits for each pixel and vector of outputs */
    int column = get_group_id(0) * BN, down = ITEM_DOWN, item = get_local_id(0);
    int y0 = row0 + get_group_id(2) * PATCH_H, x0 = get_group_id(1) * PATCH_W, py = down / GW * 2, px = down % GW * PW;
    vecn acc[RM][NV];
    clear(acc);
    for (int channel = 0; channel < c; channel += CB)
        for (int row = 0; row < 3; row++) {
            barrier(CLK_LOCAL_MEM_FENCE);
            if (row == 0)
                patch_load(in, in_bits, scale, h, w, c, channel, y0, x0, patch);
            filters_load(weights, row, c, k, channel, column, filters);
            barrier(CLK_LOCAL_MEM_FENCE);
            multiply_taps(patch + (py + row) * EDGE_W + px, filters, acc);
        }
    /* Several loops, for Intel's compiler unrolls no longer ones, and would then keep `acc` in memory. */
    if (bias) {
#pragma unroll
        for (int v = 0; v < NV; v++) {
            int to = column + COLUMN(v);
            vecn b = to < k ? READN(bias + to) : (vecn)(0.0f);
            local uchar *set = sets + ROW(0) * (BN / VN) + COLUMN(v) / VN;
#pragma unroll
            for (int r = 0; r < RM; r++) {
                int y = y0 + py + r / PW, x = x0 + px + r % PW;
                uint signs = 0;
                acc[r][v] = fmax(acc[r][v] + b, (vecn)(0.0f));
                if (y < h && x < w && to < k && !pool)
                    signs = put(acc[r][v], out, (size_t)y * w + x, k, to);
                set[r * (BN / VN)] = (uchar)signs;
            }
        }
    } else {
#pragma unroll
        for (int v = 0; v < NV; v++)
#pragma unroll
            for (int r = 0; r < RM; r++) {
                int y = y0 + py + r / PW, x = x0 + px + r % PW, to = column + COLUMN(v);
                if (y < h && x < w && to < k)
                    put_back(acc[r][v], out, bits, add, (size_t)y * w + x, k, to);
            }
    }
    if (pool) {
#pragma unroll
        for (int v = 0; v < NV; v++) {
            int to = column + COLUMN(v);
            local uchar *set = sets + ROW(0) * (BN / VN) + COLUMN(v) / VN;
#pragma unroll
            for (int r = 0; r < PW; r += 2) {
                int y = y0 + py, x = x0 + px + r;
                uint places;
                vecn best = pooled(acc[r][v], acc[r + 1][v], acc[PW + r][v], acc[PW + r + 1][v], pool, &places);
                if (y + 1 < h && x + 1 < w && to < k) {
                    WRITEN(out + ((size_t)(y / 2) * (w / 2) + x / 2) * k + to) = best;
                    for (int i = 0; i < 4; i++)
                        set[((i / 2) * PW + r + i % 2) * (BN / VN)] = (uchar)(places >> VN * i & ((1 << VN) - 1));
                }
            }
        }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (bias && bits)
        for (int i = item; i < BM * (BN / 16); i += TH) {
            int m = i / (BN / 16), word = i % (BN / 16), of = m / RM, r = m % RM;
            int y = y0 + of / GW * 2 + r / PW, x = x0 + of % GW * PW + r % PW;
            uint all = 0;
            for (int l = 0; l < WORD; l++)
                all |= (uint)sets[m * (BN / VN) + word * WORD + l] << VN * l;
            if (y < h && x < w && column + word * 16 < k)
                bits[((size_t)y * w + x) * (k / 16) + column / 16 + word] = (ushort)all;
        }
}
