/* Roots of several matrices at once (host/op/roots.c): where the matrices of each lie, and which of them a group works
 * on. A side n is a multiple of SIDE; behind one root's SLOTS matrices [n][n] come the next one's, in `all`.
 *
 * Y, Z and W are there twice: a step reads one and writes the other. */

#define SIDE 64
enum { B, T, Y, Z = Y + 2, W = Z + 2, SLOTS = W + 2 };

#define SIDES int n0, int n1, int n2, int n3, int n4

/* What a group makes: a part of out = one * 1 + same * (the same part of x) + factor * (left right). */
typedef struct part {
    int n, row, column;
    float one, same, factor;
    global const float *left, *right, *x;
    global float *out;
} part;

/* Group `group` of those that make so many products of each root, with parts of side x side:
 *     FIRST   Y = B Z
 *     SQUARE  T = a^1/2 (3 - a Z Y) / 2
 *     STEP    Z = T Z, W = 3 (W T - a^1/2 W), Y = Y T */
enum { FIRST, SQUARE, STEP };

static inline part find_part(global float *all, SIDES, int group, int side, int what, int products, int now, float a) {
    part p;
    int n = n0, product;
#define PARTS_OF(n) ((n) / side * ((n) / side) * products)
#define NEXT_ROOT(next)           \
    if (group >= PARTS_OF(n)) {   \
        group -= PARTS_OF(n);     \
        all += SLOTS * (n) * (n); \
        n = next;                 \
    }
    NEXT_ROOT(n1)
    NEXT_ROOT(n2)
    NEXT_ROOT(n3)
    NEXT_ROOT(n4)
    product = group % products;
    group /= products;
    p.n = n;
    p.row = group / (n / side) * side;
    p.column = group % (n / side) * side;
    p.one = p.same = 0.0f;
    p.factor = 1.0f;
    int left = B, right = Z + now, out = Y + now;
    if (what == SQUARE) {
        left = Z + now, right = Y + now, out = T;
        p.one = 1.5f * sqrt(a);
        p.factor = -0.5f * a * sqrt(a);
    } else if (what == STEP && product == 0) {
        left = T, right = Z + now, out = Z + 1 - now;
    } else if (what == STEP && product == 1) {
        left = W + now, right = T, out = W + 1 - now;
        p.same = -3.0f * sqrt(a);
        p.factor = 3.0f;
    } else if (what == STEP) {
        left = Y + now, right = T, out = Y + 1 - now;
    }
    p.left = all + left * n * n;
    p.right = all + right * n * n;
    p.x = p.left;
    p.out = all + out * n * n;
    return p;
}
