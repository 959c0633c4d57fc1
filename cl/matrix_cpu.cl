/* Matrix products by the matrix units of processors: Intel's AMX (op/matrix_units.h). They multiply numbers of
 * bfloat16, which have 8 bits, and sum in float. So each float is split into two, high and low, and three products are
 * summed: low high + high high + high low (Henry, Tang and Heinecke, "Leveraging the bfloat16 Artificial Intelligence
 * Datatype For Higher-Precision Computations", 2019). The rounding is that of 17 bits. Of three parts and six products
 * it would be that of floats, for little more speed than the vector units have.
 *
 * With MATRIX, vector_cpu.cl takes this product: RT is 32, KB 32, and inputs are a multiple of 32, in groups:
 *
 *   v  [row][group][high, low][pair]. Pair i: the inputs i and 16 + i of the group, the former in the lower bits
 *   u  [group][2 x 16 outputs][high, low][pair][16 outputs]
 *
 * Either takes the room of as many floats. */

#if !defined(__x86_64__) || !defined(__AVX512F__) || !defined(__clang__) || __clang_major__ < 12
#error "compiles for no such matrix units"
#endif

#define UNIT_INPUTS 32
#define UNIT_OUTPUTS 16
#define UNIT_FLOATS 256 /* of a register of the unit: 16 rows of 64 bytes */
#define UNIT_OF(k) ((k) / UNIT_OUTPUTS * 2 * UNIT_FLOATS + (k) % UNIT_OUTPUTS) /* before output k of a group of u */

/* The halves of 16 pairs of a and b, rounded to nearest. */
static inline void split(float16 a, float16 b, uint16 *high, uint16 *low) {
    uint16 x = (as_uint16(a) + 0x8000u) & 0xffff0000u, y = (as_uint16(b) + 0x8000u) & 0xffff0000u;
    uint16 p = as_uint16(a - as_float16(x)) + 0x8000u, q = as_uint16(b - as_float16(y)) + 0x8000u;
    *high = x >> 16 | y;
    *low = p >> 16 | (q & 0xffff0000u);
}

/* The same, written; the low halves so many floats behind the high ones. */
static inline void split_to(float16 a, float16 b, global float *to, int behind) {
    uint16 high, low;
    split(a, b, &high, &low);
    *(global uint16 *)to = high;
    *(global uint16 *)(to + behind) = low;
}

/* Registers of 16 rows of 64 bytes, from here to MATRIX_END. */
#define MATRIX_BEGIN                                                                                        \
    {                                                                                                       \
        const uint row_bytes = 0x00400040, rows = 0x10101010;                                               \
        const uint16 shape =                                                                                \
            (uint16)(1, 0, 0, 0, row_bytes, row_bytes, row_bytes, row_bytes, 0, 0, 0, 0, rows, rows, 0, 0); \
        __asm__ volatile("ldtilecfg %0" : : "m"(shape));                                                    \
    }
#define MATRIX_END __asm__ volatile("tilerelease");

/* Loads halves of 32 rows of v, of 32 outputs of u; adds the product of what is loaded. */
#define LOAD_V(at) "tileloadd " at "(%0, %3, 1), %%tmm4\n\ttileloadd " at "(%1, %3, 1), %%tmm5\n\t"
#define LOAD_U(at, beside) "tileloadd " at "(%2, %4, 1), %%tmm6\n\ttileloadd " beside "(%2, %4, 1), %%tmm7\n\t"
#define MULTIPLY                           \
    "tdpbf16ps %%tmm6, %%tmm4, %%tmm0\n\t" \
    "tdpbf16ps %%tmm7, %%tmm4, %%tmm1\n\t" \
    "tdpbf16ps %%tmm6, %%tmm5, %%tmm2\n\t" \
    "tdpbf16ps %%tmm7, %%tmm5, %%tmm3\n\t"

/* m[RT][KB] = v[RT][CB] * u[CB][KB]; see vector_cpu.cl. The compiler knows nothing of the registers. */
__attribute__((always_inline)) static inline void product(global const float *v, int vrow, global const float *u,
                                                          global float *m, int mrow, int more) {
    global const float *lower = v + UNIT_OUTPUTS * vrow;
    size_t v_bytes = sizeof(float) * vrow, m_bytes = sizeof(float) * mrow, u_bytes = 64;
    __asm__ volatile("tilezero %tmm0\n\ttilezero %tmm1\n\ttilezero %tmm2\n\ttilezero %tmm3");
#pragma unroll 1
    for (int c = 0; c < CB; c += UNIT_INPUTS) {
        __asm__ volatile(LOAD_V("64") LOAD_U("0", "2048") MULTIPLY LOAD_V("0") MULTIPLY LOAD_U("1024", "3072") MULTIPLY
                         :
                         : "r"(v), "r"(lower), "r"(u), "r"(v_bytes), "r"(u_bytes)
                         : "memory");
        v += UNIT_INPUTS;
        lower += UNIT_INPUTS;
        u += 4 * UNIT_FLOATS;
    }
    __asm__ volatile("tilestored %%tmm0, (%0, %2, 1)\n\t"
                     "tilestored %%tmm1, 64(%0, %2, 1)\n\t"
                     "tilestored %%tmm2, (%1, %2, 1)\n\t"
                     "tilestored %%tmm3, 64(%1, %2, 1)"
                     :
                     : "r"(m), "r"(m + UNIT_OUTPUTS * mrow), "r"(m_bytes)
                     : "memory");
}
