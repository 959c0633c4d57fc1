// Filters for winograd_fused and winograd_gemm: u = G g G^T, once for each direction.
//
// g [Kg][Cg][3][3] as the network file has it; u [K/KB][36][C][KB], padded channels zero.
// backward: C runs over the filters' outputs and K over their inputs, turned by 180 degrees.
// global size: K, C; block = KB, or K for winograd_gpu_products. (mul24 and not %: a division and a
// remainder of one pair become code that Oclgrind cannot run.)
kernel void winograd_weights(global const float *restrict g, global float *restrict u, int filters,
                             int channels, int c_count, int block, int backward)
{
    int k = get_global_id(0), c = get_global_id(1), panel = k / block;
    int real = backward ? k < channels && c < filters : k < filters && c < channels;
    float f[3][3], t[6][3];
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            int tap = i * 3 + j;
            size_t at = backward ? ((size_t)c * channels + k) * 9 + 8 - tap
                                 : ((size_t)k * channels + c) * 9 + tap;
            f[i][j] = real ? g[at] : 0.0f;
        }
    const float r = 0.70710678118654752f, q = 1.41421356237309505f;
    for (int j = 0; j < 3; j++) {
        float a = f[0][j], b = f[1][j], d = f[2][j];
        t[0][j] = a;
        t[1][j] = (a + r * b + 0.5f * d) * (-2.0f / 3.0f);
        t[2][j] = (a - r * b + 0.5f * d) * (-2.0f / 3.0f);
        t[3][j] = (a + q * b + 2.0f * d) * (1.0f / 6.0f);
        t[4][j] = (a - q * b + 2.0f * d) * (1.0f / 6.0f);
        t[5][j] = d;
    }
    for (int i = 0; i < 6; i++) {
        float a = t[i][0], b = t[i][1], d = t[i][2];
        float s[6] = {a,
                      (a + r * b + 0.5f * d) * (-2.0f / 3.0f),
                      (a - r * b + 0.5f * d) * (-2.0f / 3.0f),
                      (a + q * b + 2.0f * d) * (1.0f / 6.0f),
                      (a - q * b + 2.0f * d) * (1.0f / 6.0f),
                      d};
        for (int j = 0; j < 6; j++)
            u[(((size_t)panel * 36 + i * 6 + j) * c_count + c) * block + k - mul24(panel, block)] = s[j];
    }
}
