/* The transforms of Winograd F(MxM,3x3) in one dimension (Lavin and Gray 2015), on arrays of a type: vectors of
 * channels or single ones; in two they are applied to columns, then to rows. M, the side of a tile's outputs: 6, 4
 * or 2. Tiles have T x T inputs, and as many points.
 *
 * M = 4 takes the points 0, +-1/sqrt2, +-sqrt2, infinity, which halve the rounding error of the usual 0, +-1, +-2; M =
 * 6 the usual 0, +-1, +-2, +-1/2, infinity, which nothing beats by much: 3e-6 in norm over 64 channels, where M = 4 has
 * 1e-6.
 *
 * For M = 4 and 2 the reciprocal of each point is a point too, and the filters are scaled so that turning one by 180
 * degrees does nothing but exchange points for their reciprocals: transformed filters can serve both directions. */

#define T (M + 2)
#define POINTS (T * T)
#define TILES(n) (((n) + M - 1) / M) /* along a side */

/* v = B^T d, u = G g, y = A^T m */
#if M == 6
#define INPUT_1D(type, v, d)                                                                           \
    {                                                                                                  \
        type e0 = FMA((type)(-4.25f), d[4], d[2] + d[6]), o0 = FMA((type)(-4.25f), d[3], d[1] + d[5]); \
        type e1 = FMA((type)(0.25f), d[2], FMA((type)(-1.25f), d[4], d[6]));                           \
        type o1 = FMA((type)(0.25f), d[1], FMA((type)(-1.25f), d[3], d[5]));                           \
        type e2 = FMA((type)(4.0f), d[2], FMA((type)(-5.0f), d[4], d[6]));                             \
        type o2 = FMA((type)(4.0f), d[1], FMA((type)(-5.0f), d[3], d[5]));                             \
        v[0] = FMA((type)(5.25f), d[4] - d[2], d[0] - d[6]);                                           \
        v[1] = e0 + o0;                                                                                \
        v[2] = e0 - o0;                                                                                \
        v[3] = FMA((type)(2.0f), o1, e1);                                                              \
        v[4] = FMA((type)(-2.0f), o1, e1);                                                             \
        v[5] = FMA((type)(0.5f), o2, e2);                                                              \
        v[6] = FMA((type)(-0.5f), o2, e2);                                                             \
        v[7] = FMA((type)(5.25f), d[3] - d[5], d[7] - d[1]);                                           \
    }
#define FILTER_1D(type, u, g)                                                                           \
    {                                                                                                   \
        type e0 = g[0] + g[2], e1 = FMA((type)(4.0f), g[2], g[0]), e2 = FMA((type)(0.25f), g[2], g[0]); \
        u[0] = g[0];                                                                                    \
        u[1] = (e0 + g[1]) * (-2.0f / 9.0f);                                                            \
        u[2] = (e0 - g[1]) * (-2.0f / 9.0f);                                                            \
        u[3] = FMA((type)(2.0f), g[1], e1) * (1.0f / 90.0f);                                            \
        u[4] = FMA((type)(-2.0f), g[1], e1) * (1.0f / 90.0f);                                           \
        u[5] = FMA((type)(0.5f), g[1], e2) * (32.0f / 45.0f);                                           \
        u[6] = FMA((type)(-0.5f), g[1], e2) * (32.0f / 45.0f);                                          \
        u[7] = g[2];                                                                                    \
    }
#define OUTPUT_1D(type, y, m)                                                        \
    {                                                                                \
        type s0 = m[1] + m[2], e0 = m[1] - m[2], s1 = m[3] + m[4], e1 = m[3] - m[4]; \
        type s2 = m[5] + m[6], e2 = m[5] - m[6];                                     \
        y[0] = (m[0] + s0) + (s1 + s2);                                              \
        y[1] = FMA((type)(2.0f), e1, FMA((type)(0.5f), e2, e0));                     \
        y[2] = FMA((type)(4.0f), s1, FMA((type)(0.25f), s2, s0));                    \
        y[3] = FMA((type)(8.0f), e1, FMA((type)(0.125f), e2, e0));                   \
        y[4] = FMA((type)(16.0f), s1, FMA((type)(0.0625f), s2, s0));                 \
        y[5] = FMA((type)(32.0f), e1, FMA((type)(0.03125f), e2, e0 + m[7]));         \
    }
#elif M == 4
#define R1_2 0.70710678118654752f
#define R2 1.41421356237309505f
#define INPUT_1D(type, v, d)                                                           \
    {                                                                                  \
        type e0 = FMA((type)(-2.0f), d[2], d[4]), o0 = FMA((type)(-2.0f), d[1], d[3]); \
        type e1 = FMA((type)(-0.5f), d[2], d[4]), o1 = FMA((type)(-0.5f), d[1], d[3]); \
        v[0] = FMA((type)(-2.5f), d[2], d[0] + d[4]);                                  \
        v[1] = FMA((type)(R1_2), o0, e0);                                              \
        v[2] = FMA((type)(-R1_2), o0, e0);                                             \
        v[3] = FMA((type)(R2), o1, e1);                                                \
        v[4] = FMA((type)(-R2), o1, e1);                                               \
        v[5] = FMA((type)(-2.5f), d[3], d[1] + d[5]);                                  \
    }
#define FILTER_1D(type, u, g)                                                        \
    {                                                                                \
        type e0 = FMA((type)(0.5f), g[2], g[0]), e1 = FMA((type)(2.0f), g[2], g[0]); \
        u[0] = g[0];                                                                 \
        u[1] = FMA((type)(R1_2), g[1], e0) * (-1.0f / 3.0f);                         \
        u[2] = FMA((type)(-R1_2), g[1], e0) * (-1.0f / 3.0f);                        \
        u[3] = FMA((type)(R2), g[1], e1) * (-1.0f / 6.0f);                           \
        u[4] = FMA((type)(-R2), g[1], e1) * (-1.0f / 6.0f);                          \
        u[5] = g[2];                                                                 \
    }
#define OUTPUT_1D(type, y, m)                                                        \
    {                                                                                \
        type s0 = m[1] + m[2], e0 = m[1] - m[2], s1 = m[3] + m[4], e1 = m[3] - m[4]; \
        y[0] = FMA((type)(2.0f), s0, m[0] - s1);                                     \
        y[1] = R2 * (e0 - e1);                                                       \
        y[2] = FMA((type)(-2.0f), s1, s0);                                           \
        y[3] = FMA((type)(R1_2), e0, FMA((type)(-2.0f * R2), e1, m[5]));             \
    }
#else
#define INPUT_1D(type, v, d) \
    {                        \
        v[0] = d[0] - d[2];  \
        v[1] = d[1] + d[2];  \
        v[2] = d[2] - d[1];  \
        v[3] = d[1] - d[3];  \
    }
#define FILTER_1D(type, u, g)                \
    {                                        \
        type e0 = (g[0] + g[2]) * 0.5f;      \
        u[0] = g[0];                         \
        u[1] = FMA((type)(0.5f), g[1], e0);  \
        u[2] = FMA((type)(-0.5f), g[1], e0); \
        u[3] = g[2];                         \
    }
#define OUTPUT_1D(type, y, m)      \
    {                              \
        y[0] = m[0] + m[1] + m[2]; \
        y[1] = m[1] - m[2] - m[3]; \
    }
#endif
