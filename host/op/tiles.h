/* What the kernels for CPUs with wide vectors share: vector width, register tiles, persistent workers. */
#ifndef PST_OP_TILES_H
#define PST_OP_TILES_H

#include "cl/program.h"

/* Forms of register tiles: for so many registers of so many lanes, or half as many lanes in pairs of registers. */
typedef struct pst_tile_form {
    int lanes, registers;
} pst_tile_form;

#define PST_TILE_FORMS 3
extern const pst_tile_form pst_tile_forms[PST_TILE_FORMS];

/* The form that fills the device's registers. */
size_t pst_tile_form_default(const pst_session *session);

/* A register tile (see cl/vector_cpu.cl): `rows` rows times `vectors` vectors of `lanes` floats, how many of these are
 * computed side by side, and how many inputs are summed between loads and stores of it. */
typedef struct pst_tile {
    int lanes, vectors, rows, panels, depth;
} pst_tile;

/* The outputs of a block: of all panels. */
int pst_tile_outputs(const pst_tile *tile);

/* Whether a kernel should write `bytes` past the caches (STREAM in cl/vector_cpu.cl): this device's part of the last
 * cache does not hold them, so that who reads them reads memory anyway. A virtual machine of few cores shares that
 * cache with others. Measured on two cores each: with vectors of 8 lanes and 8 MiB of cache such kernels take 0.65 to
 * 0.8 of the time, with 16 lanes and 32 MiB for eight cores 0.75 to 0.9. Never with tiles that leave a line of 64 bytes
 * half written. */
bool pst_tile_streams(const pst_session *session, const pst_tile *tile, size_t bytes);

/* The tile for a product over c inputs with k outputs, both multiples of 16; wide: few rows and many outputs where the
 * choice is free. */
pst_tile pst_tile_choose(const pst_session *session, int c, int k, bool wide);

/* The same for matrix units (cl/matrix_cpu.cl), c and k multiples of PST_MATRIX_CHANNELS. */
#define PST_MATRIX_CHANNELS 32
pst_tile pst_tile_matrix(int c, int k, bool wide);

/* A driver may tell of wider vectors than it compiles for: PoCL looks at the processor, but its compiler may be set to
 * an older one, or not know it. Corrects the device's vector_width, vector_registers and fast_fma; to be called before
 * any other kernel is built. */
pst_status pst_vectors_check(pst_session *session);

/* How many work-items to launch where any number will do: enough to even out the load. */
size_t pst_workers(const pst_session *session);

/* Queues a kernel over x by y work-items of one each. */
pst_status pst_launch_workers(pst_session *session, const pst_kernel *kernel, size_t x, size_t y, size_t arg_count,
                              const pst_arg *args);

#endif
