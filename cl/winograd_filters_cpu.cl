/* The filters of a 3x3 convolution, transformed for Winograd's products in conv_winograd_cpu.cl, with
 * vector_cpu.cl and winograd_points.cl. Channels are arguments, not defines: a program serves the
 * layers of both directions, and what is written bounds it.
 *
 * M        as in conv_winograd_cpu.cl
 * MATRIX   1: for products by matrix_cpu.cl, backward */

/* s[POINTS] = G g G^T of the filters whose tap `tap` is at g + tap * taps; turned by 180 degrees or not. */
static inline void filter(global const float *g, size_t taps, int turned, vecf *s) {
    vecf t[T][3];
#pragma unroll
    for (int j = 0; j < 3; j++) {
        vecf d[3], e[T];
#pragma unroll
        for (int i = 0; i < 3; i++)
            d[i] = LOADV(g + (turned ? 8 - i * 3 - j : i * 3 + j) * taps);
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
            for (int i = 0; i < 8; i++)
                filter(g + (size_t)(first + k + i / 2) * inputs + c + i % 2 * VEC, (size_t)inputs * outputs, 1,
                       block[i / 2][i % 2]);
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
APART void panel_turned(global const float *g, global float *u, int inputs, int outputs, int width, int first, int from,
                        int to) {
    for (int c = from; c < to; c += VEC)
        for (int k = 0; k < width; k += 4) {
            vecf block[4][POINTS];
            const float *b = (const float *)block;
            for (int i = 0; i < 4; i++)
                filter(g + (size_t)(first + k + i) * inputs + c, (size_t)inputs * outputs, 1, block[i]);
            for (int p = 0; p < POINTS; p++)
                for (int i = p * VEC; i < (p + 1) * VEC; i++)
                    vstore4((float4)(b[i], b[POINTS * VEC + i], b[2 * POINTS * VEC + i], b[3 * POINTS * VEC + i]), 0,
                            u + (size_t)p * PANEL_POINT + (c + i - p * VEC) * width + k);
        }
}

APART void panel(global const float *g, global float *u, int inputs, int outputs, int width, int first, int from,
                 int to) {
    for (int c = from; c < to; c++)
        for (int k = 0; k < width; k += VEC) {
            vecf s[POINTS];
            filter(g + (size_t)c * outputs + first + k, (size_t)inputs * outputs, 0, s);
#pragma unroll
            for (int p = 0; p < POINTS; p++)
                STOREV(u + (size_t)p * PANEL_POINT + c * width + k, s[p]);
        }
}
#define STEP VEC
#endif

/* u [panels][POINTS][UPOINT] = the transformed filters [inputs][width] of the outputs from first on. g is
 * [9][inputs][outputs], or turned [9][outputs][inputs], so that one copy of the weights serves both directions: four
 * outputs at a time are then turned through a small block. global size: any, panels */
kernel __attribute__((reqd_work_group_size(1, 1, 1))) void winograd_filters(global const float *restrict g,
                                                                            global float *restrict u, int inputs,
                                                                            int outputs, int width, int first,
                                                                            int turned) {
    int id = get_group_id(0), workers = get_num_groups(0), at = get_group_id(1), groups = inputs / STEP;
    int from = groups * id / workers * STEP, to = groups * (id + 1) / workers * STEP;
    u += (size_t)at * POINTS * PANEL_POINT;
#if !MATRIX
    if (turned)
        panel_turned(g, u, inputs, outputs, width, first + at * width, from, to);
    else
#endif
        panel(g, u, inputs, outputs, width, first + at * width, from, to);
}
