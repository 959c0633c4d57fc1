/* The built-in functions that kernels for CPUs use, as OpenCL C declares them, for a driver that would read the
 * declarations of all of them before each program, which takes longer than the program (quirks.h). A kernel that needs
 * another one adds it here. */

#define BUILT_IN __attribute__((overloadable))
#define CONST_BUILT_IN __attribute__((overloadable, const))

size_t CONST_BUILT_IN get_global_id(uint);
size_t CONST_BUILT_IN get_global_size(uint);
size_t CONST_BUILT_IN get_group_id(uint);
size_t CONST_BUILT_IN get_local_id(uint);
size_t CONST_BUILT_IN get_num_groups(uint);

#define VECTORS_AT(type, place, n)                                                           \
    type##n __attribute__((overloadable, pure)) vload##n(size_t at, place const type *from); \
    void BUILT_IN vstore##n(type##n v, size_t at, place type *to);
#define VECTORS(type, place)   \
    VECTORS_AT(type, place, 3) \
    VECTORS_AT(type, place, 4) \
    VECTORS_AT(type, place, 8) \
    VECTORS_AT(type, place, 16)
VECTORS(float, global)
VECTORS(float, private)
VECTORS(int, private)
VECTORS(uint, global)

#define OF_FLOATS(type)                          \
    type CONST_BUILT_IN clamp(type, type, type); \
    type CONST_BUILT_IN fabs(type);              \
    type CONST_BUILT_IN fma(type, type, type);   \
    type CONST_BUILT_IN fmax(type, type);        \
    type CONST_BUILT_IN mad(type, type, type);   \
    type CONST_BUILT_IN sign(type);              \
    type CONST_BUILT_IN sqrt(type);
OF_FLOATS(float)
OF_FLOATS(float3)
OF_FLOATS(float4)
OF_FLOATS(float8)
OF_FLOATS(float16)

float3 CONST_BUILT_IN clamp(float3, float, float);
float16 CONST_BUILT_IN fmax(float16, float);
float CONST_BUILT_IN dot(float3, float3);
int CONST_BUILT_IN isgreater(float, float);
float16 CONST_BUILT_IN select(float16, float16, int16);

int CONST_BUILT_IN clamp(int, int, int);
int CONST_BUILT_IN max(int, int);
int CONST_BUILT_IN min(int, int);
int CONST_BUILT_IN mul24(int, int);
