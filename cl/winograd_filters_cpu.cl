/* The filters of a 3x3 convolution, transformed for Winograd's products in conv_winograd_cpu.cl, with
 * vector_cpu.cl and winograd_points.cl. Channels are arguments, not defines: a program serves the
 * layers of both directions, and what is written bounds it.
 *
 * M        as in conv_winograd_cpu.cl
 * MATRIX   1: for products by matrix_cpu.cl, backward
 * LINE     vectors of a panel that are written together: 64 bytes, a line of the cache, where it is so wide
 * STREAM   see vector_cpu.cl */

/* taps[9]: those of the filters whose first one is at g, `step` floats apart; turned by 180 degrees or not. */
static inline void read_taps(global const float *g, size_t step, int turned, vecf *taps) {
#pragma unroll
    for (int i = 0; i < 9; i++)
        taps[i] = LOADV(g + (turned ? 8 - i : i) * step);
}

/* s[POINTS] = G g G^T of taps g[9] */
static inline void filter(const vecf *g, vecf *s) {
    vecf t[T][3];
#pragma unroll
    for (int j = 0; j < 3; j++) {
        vecf d[3], e[T];
#pragma unroll
        for (int i = 0; i < 3; i++)
            d[i] = g[i * 3 + j];
        FILTER_1D(vecf, e, d);
#pragma unroll
        for (int i = 0; i < T; i++)
            t[i][j] = e[i];
    }
#pragma unroll
    for (int i = 0; i < T; i++) {
        vecf e[T];
        FILTER_1D(vecf, e, t[i]);
#pragma unroll
        for (int j = 0; j < T; j++)
            s[i * T + j] = e[j];
    }
}

/* One panel, for inputs [from, to): u [POINTS][inputs][width], rounded up as UPOINT is there, from the outputs from
 * first on. */
#define PANEL_POINT (inputs * width + width)
#if MATRIX
APART void panel(global const float *g, global float *u, int inputs, int outputs, int width, int first, int from,
                 int to) {
    for (int c = from; c < to; c += UNIT_INPUTS)
        for (int k = 0; k < width; k += 4) {
            vecf block[4][2][POINTS];
            for (int i = 0; i < 8; i++) {
                vecf taps[9];
                read_taps(g + (size_t)(first + k + i / 2) * inputs + c + i % 2 * VEC, (size_t)inputs * outputs, 1,
                          taps);
                filter(taps, block[i / 2][i % 2]);
            }
            for (int p = 0; p < POINTS; p++) {
                uint16 halves[2][4];
                const uint *b = (const uint *)halves;
                for (int i = 0; i < 4; i++)
                    split(block[i][0][p], block[i][1][p], &halves[0][i], &halves[1][i]);
                global float *unit = u + (size_t)p * PANEL_POINT + c * width + UNIT_OF(k);
                for (int part = 0; part < 2; part++, b += 4 * VEC, unit += UNIT_FLOATS)
                    for (int i = 0; i < VEC; i++)
                        vstore4((uint4)(b[i], b[VEC + i], b[2 * VEC + i], b[3 * VEC + i]), 0,
                                (global uint *)(unit + i * UNIT_OUTPUTS));
            }
        }
}
#define STEP UNIT_INPUTS
#else
#define EVERY_VEC(b) b[0], b[VEC], b[2 * VEC], b[3 * VEC], b[4 * VEC], b[5 * VEC], b[6 * VEC], b[7 * VEC]
#if VEC == 16
#define COLUMN(b) (vecf)(EVERY_VEC(b), EVERY_VEC((b + 8 * VEC)))
#else
#define COLUMN(b) (vecf)(EVERY_VEC(b))
#endif

/* block[VEC][LINE][9]: the taps of VEC inputs from c on, turned by 180 degrees, in vectors of outputs from k on; in
 * memory inputs are neighbors. */
static inline void turn(global const float *g, int inputs, int outputs, int c, int k, vecf block[VEC][LINE][9]) {
    for (int tap = 0; tap < 9; tap++) {
        vecf rows[LINE * VEC];
        for (int i = 0; i < LINE * VEC; i++)
            rows[i] = LOADV(g + ((size_t)(8 - tap) * outputs + k + i) * inputs + c);
        const float *row = (const float *)rows;
        for (int j = 0; j < VEC; j++)
#pragma unroll
            for (int i = 0; i < LINE; i++) {
                const float *b = row + i * VEC * VEC + j;
                block[j][i][tap] = COLUMN(b);
            }
    }
}

/* LINE vectors of outputs at a time, whose values fill a line of the cache. */
APART void panel(global const float *g, global float *u, int inputs, int outputs, int width, int first, int from,
                 int to, int turned) {
    for (int c = from; c < to; c += VEC)
        for (int k = 0; k < width; k += LINE * VEC) {
            vecf block[VEC][LINE][9];
            if (turned)
                turn(g, inputs, outputs, c, first + k, block);
            for (int j = 0; j < VEC; j++) {
                vecf s[LINE][POINTS];
#pragma unroll
                for (int i = 0; i < LINE; i++) {
                    if (!turned)
                        read_taps(g + (size_t)(c + j) * outputs + first + k + i * VEC, (size_t)inputs * outputs, 0,
                                  block[j][i]);
                    filter(block[j][i], s[i]);
                }
#pragma unroll
                for (int p = 0; p < POINTS; p++)
#pragma unroll
                    for (int i = 0; i < LINE; i++)
                        STREAMV(u + (size_t)p * PANEL_POINT + (c + j) * width + k + i * VEC, s[i][p]);
            }
        }
}
#define STEP VEC
#endif

/* u [panels][POINTS][UPOINT] = the transformed filters [inputs][width] of the outputs from first on. g is
 * [9][inputs][outputs], or turned [9][outputs][inputs], so that one copy of the weights serves both directions. global
 * size: any, panels */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_filters(global const float *restrict g,
                                                                            global float *restrict u, int inputs,
                                                                            int outputs, int width, int first,
                                                                            int turned) {
    int id = get_group_id(0), workers = get_num_groups(0), at = get_group_id(1), groups = inputs / STEP;
    int from = groups * id / workers * STEP, to = groups * (id + 1) / workers * STEP;
    u += (size_t)at * POINTS * PANEL_POINT;
#if MATRIX
    panel(g, u, inputs, outputs, width, first + at * width, from, to);
#else
    panel(g, u, inputs, outputs, width, first + at * width, from, to, turned);
#endif
    STREAM_END
}
