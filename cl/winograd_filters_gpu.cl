/* The filters of Winograd F(MxM,3x3) for GPUs (winograd_input_gpu.cl says more). With winograd_points.cl. */

/* u [POINTS][c][k] = G g G^T of g [filters][channels][3][3]; filters and channels beyond those are zero. ids: (output,
 * input) */
kernel void winograd_filters(global const float *restrict g, global float *restrict u, int filters, int channels) {
    int k = get_global_id(0), c = get_global_id(1);
    int k_count = get_global_size(0), c_count = get_global_size(1);
    bool real = k < filters && c < channels;
    float t[T][3];
#pragma unroll
    for (int j = 0; j < 3; j++) {
        float d[3], e[T];
#pragma unroll
        for (int i = 0; i < 3; i++)
            d[i] = real ? g[((size_t)k * channels + c) * 9 + i * 3 + j] : 0.0f;
        FILTER_1D(float, e, d);
#pragma unroll
        for (int i = 0; i < T; i++)
            t[i][j] = e[i];
    }
#pragma unroll
    for (int i = 0; i < T; i++) {
        float e[T];
        FILTER_1D(float, e, t[i]);
#pragma unroll
        for (int j = 0; j < T; j++)
            u[((size_t)(i * T + j) * c_count + c) * k_count + k] = e[j];
    }
}
