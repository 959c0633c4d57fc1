/* The output transform of a convolution and the input transform of the next one in one launch, for maps of so few tiles
 * that launches cost more than it costs that a group has all of them, of 2 * LX channels. With winograd_input_gpu.cl
 * and winograd_output_gpu.cl, whose defines are those of the next convolution and of this one.
 *
 * DOWN     tiles that a group works on at a time */

/* ids: (pair of channels, -). m [POINTS][n][c] of h by w, v [POINTS][next_n][c] of next_h by next_w. */
__attribute__((reqd_work_group_size(LX, DOWN, 1))) kernel void winograd_between(
    global const float *restrict m, global const float *restrict bias, global float *out, global ushort *bits, int h,
    int w, int c, int n, global const ushort *restrict next_bits, global float *restrict v, int next_h, int next_w,
    int next_n) {
    SETS(LX * DOWN)
    /* The number of channels again, as something that a compiler cannot know: else it computes the distances of all
     * points and pixels before the loops and has no registers for them. */
    local volatile int stride;
    int channel = (int)get_global_id(0) * VN, row = get_local_id(1);
    if (row == 0 && get_local_id(0) == 0)
        stride = c;
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int first = 0; first < n; first += DOWN) {
        output_tile(m, bias, out, bits, h, w, stride, channel, 0, first + row, n, n, sets);
        barrier(CLK_LOCAL_MEM_FENCE);
    }
    barrier(CLK_GLOBAL_MEM_FENCE);
    for (int t = row; t < next_n; t += DOWN)
        input_tile(out, next_bits, v, next_h, next_w, stride, channel, 0, t, next_n);
}
