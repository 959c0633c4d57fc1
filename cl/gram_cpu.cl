/* Gram matrix g = scale * f^T f of a feature map f [n][C] (n pixels, channels last), and the
 * gradient of a loss on it, f d for a symmetric d [C][C]. With vector_cpu.cl.
 *
 * Every sum has a fixed order: pixels are cut into chunks, a work-item sums one chunk for one block
 * of GB x GB channels, and gram_reduce adds the chunks one after the other.
 * GB  block of channels, divides C, a multiple of GR (4, or a multiple of 8) and GV * VEC
 * GR, GV  the register tile, rows x vectors; GP pixels summed in registers */

#define BLOCKS (C / GB)
#define PAIRS (BLOCKS * (BLOCKS + 1) / 2)
#define GN (GV * VEC)

#if GR % 8
typedef float4 rows; /* copied at a time */
#else
typedef float8 rows;
#endif

#define AHEAD (2 * GP * GR * GN / (GB * GB) + 1) /* pixels that are asked for before each register tile */

#define SLICE (GB * GB + 2 * GB * GP) /* floats of partial a work-item */

/* s[GR][GN] (+)= sum over GP pixels of a[.][GR] b[.][GN]; the sum of each GP pixels is rounded
 * apart, which keeps the error of long sums small */
static inline void gram_tile(global const float *a, global const float *b, global float *s, int more) {
    vecf acc[GR][GV];
#pragma unroll
    for (int i = 0; i < GR * GV; i++)
        acc[i / GV][i % GV] = (vecf)0.0f;
#pragma unroll 1
    for (int p = 0; p < GP; p++) {
        vecf q[GV];
#pragma unroll
        for (int j = 0; j < GV; j++)
            q[j] = LOADV(b + p * GN + j * VEC);
#pragma unroll
        for (int i = 0; i < GR; i++) {
            vecf e = (vecf)(a[p * GR + i]);
#pragma unroll
            for (int j = 0; j < GV; j++)
                acc[i][j] = FMA(e, q[j], acc[i][j]);
        }
    }
#pragma unroll
    for (int i = 0; i < GR; i++)
#pragma unroll
        for (int j = 0; j < GV; j++)
            STOREV(s + i * GB + j * VEC, more ? LOADV(s + i * GB + j * VEC) + acc[i][j] : acc[i][j]);
}

/* partial [chunks][PAIRS][SLICE]: [GB][GB] sums, of which tiles wholly below the diagonal stay
 * unwritten, then room for GP pixels of both blocks, packed so that they stay in the first-level
 * cache (pixels are C floats apart, often a power of two). global size: PAIRS, chunks */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gram_partial(global const float *restrict f,
                                                                        global float *restrict partial, int n) {
    int pair = get_group_id(0), chunk = get_group_id(1), chunks = get_num_groups(1), row = 0;
    int first = (int)((long)n * chunk / chunks), last = (int)((long)n * (chunk + 1) / chunks);
    global float *s = partial + ((size_t)chunk * PAIRS + pair) * SLICE, *a = s + GB * GB;
    global float *b = a + GB * GP;
    while (pair >= BLOCKS - row)
        pair -= BLOCKS - row++;
    int column = row + pair, more = 0;
    do {
        for (int p = 0; p < GP; p++) {
            int inside = first + p < last;
            global const float *fa = f + (size_t)(first + p) * C + row * GB;
            global const float *fb = f + (size_t)(first + p) * C + column * GB;
            for (int i = 0; i < GB; i += sizeof(rows) / sizeof(float))
                *(global rows *)(a + (i / GR) * (GP * GR) + p * GR + i % GR) =
                    inside ? *(global const rows *)(fa + i) : (rows)0.0f;
            for (int j = 0; j < GB; j += VEC)
                STOREV(b + (j / GN) * (GP * GN) + p * GN + j % GN, inside ? LOADV(fb + j) : (vecf)0.0f);
        }
        first += GP;
        int next = first, end = min(first + GP, last);
        for (int j = 0; j < GB; j += GN)
            for (int i = 0; i < (row == column ? min(GB, j + GN) : GB); i += GR) {
                for (int p = 0; p < AHEAD && next < end; p++, next++) {
                    fetch(f + (size_t)next * C + row * GB, GB);
                    fetch(f + (size_t)next * C + column * GB, row == column ? 0 : GB);
                }
                gram_tile(a + i * GP, b + j * GP, s + i * GB + j, more);
            }
        more = 1;
    } while (first < last);
}

/* g [C][C] from the chunks, both halves. global size: C */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gram_reduce(global const float *restrict partial,
                                                                       global float *restrict g, int chunks,
                                                                       float scale) {
    uint i = get_group_id(0), row = i / GB;
    for (uint j = i; j < C; j++) {
        uint column = j / GB, pair = row * BLOCKS - row * (row - 1) / 2 + column - row;
        global const float *p = partial + (size_t)pair * SLICE + (i % GB) * GB + j % GB;
        float s = 0.0f;
        for (int q = 0; q < chunks; q++)
            s += p[(size_t)q * PAIRS * SLICE];
        g[(size_t)i * C + j] = g[(size_t)j * C + i] = s * scale;
    }
}

/* packed [C/KB][C][KB] = scale * d [C][C], for gram_gradient; MATRIX: as matrix_cpu.cl wants it. global size: C; with
 * MATRIX half as many, for pairs of rows */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gram_pack(global const float *restrict d,
                                                                     global float *restrict packed, float scale) {
    int i = get_group_id(0);
#if MATRIX
    int c = i / VEC * UNIT_INPUTS;
    i %= VEC;
    for (int j = 0; j < C; j += VEC)
        split_to(scale * LOADV(d + (size_t)(c + i) * C + j), scale * LOADV(d + (size_t)(c + i + VEC) * C + j),
                 packed + (size_t)(j / KB) * KB * C + c * KB + UNIT_OF(j % KB) + i * VEC, UNIT_FLOATS);
#else
    for (int j = 0; j < C; j += VEC)
        STOREV(packed + ((size_t)(j / KB) * C + i) * KB + j % KB, scale * LOADV(d + (size_t)i * C + j));
#endif
}

#if MATRIX
/* split [rows up to a multiple of RT][C] = f [rows][C] as matrix_cpu.cl wants it, zeros behind */
static inline void split_rows(global const float *f, global float *split, int rows) {
    for (int t = 0; t < (rows + RT - 1) / RT * RT; t++)
        for (int c = 0; c < C; c += UNIT_INPUTS) {
            global const float *from = f + (size_t)t * C + c;
            vecf a = 0.0f, b = 0.0f;
            if (t < rows)
                a = LOADV(from), b = LOADV(from + VEC);
            split_to(a, b, split + t * C + c, VEC);
        }
}
#endif

/* out [n][C] = f d + scale * row [C] [+ out]; row may be NULL; out may be f itself, which then ends there.
 * global size: any; scratch: TB * C floats a work-item, with MATRIX twice; TB a multiple of RT, CB divides C. */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void gram_gradient(global const float *f,
                                                                         global const float *restrict d,
                                                                         global const float *restrict row, float scale,
                                                                         global float *out,
                                                                         global float *restrict scratch, int n) {
    int id = get_group_id(0), workers = get_num_groups(0), blocks = (n + TB - 1) / TB;
    int first = (int)((long)blocks * id / workers), last = (int)((long)blocks * (id + 1) / workers);
#if MATRIX
    global float *m = scratch + (size_t)id * 2 * TB * C, *split = m + TB * C;
#else
    global float *m = scratch + (size_t)id * TB * C;
#endif
    MATRIX_BEGIN
    for (int block = first; block < last; block++) {
        int t0 = block * TB, rows = min(TB, n - t0), t = 0;
        global const float *from = f + (size_t)t0 * C;
#if MATRIX
        split_rows(from, split, rows);
        for (int k = 0; k < C; k += KW)
            for (t = 0; t < rows; t += RT)
                products(split + t * C, C, d + (size_t)k * C, C * KB, m + t * C + k, C, 0, 0);
#else
        for (int k = 0; k < C; k += KW)
            for (int c = 0; c < C; c += CB) {
                global const float *u = d + (size_t)k * C + c * KB;
                for (t = 0; t + RT <= rows; t += RT)
                    products(from + (size_t)t * C + c, C, u, C * KB, m + t * C + k, C, c > 0, 0);
            }
        for (; t < rows; t++)
            for (int k = 0; k < C; k += VEC) {
                global const float *u = d + (size_t)(k / KB) * KB * C + k % KB;
                vecf s = (vecf)0.0f;
                for (int c = 0; c < C; c++)
                    s = FMA((vecf)(from[(size_t)t * C + c]), LOADV(u + (size_t)c * KB), s);
                STOREV(m + t * C + k, s);
            }
#endif
        for (t = 0; t < rows; t++)
            for (int k = 0; k < C; k += VEC) {
                vecf v = LOADV(m + t * C + k);
                if (row)
                    v = FMA((vecf)(scale), LOADV(row + k), v);
                put_out(v, out, 0, (size_t)(t0 + t) * C + k);
            }
    }
    MATRIX_END
}
