/* Around the products of CLBlast. */

/* Some columns of a matrix to a matrix of another pitch, both row by row, from elements on. */
EACH_KERNEL void copy_columns(int rows, int columns, global const float *restrict from, int from_offset, int from_pitch,
                              global float *restrict to, int to_offset, int to_pitch) {
    FOR_EACH(row, rows) {
        global const float *source = from + from_offset + row * from_pitch;
        global float *target = to + to_offset + row * to_pitch;
        int column = 0;
        for (; column + 16 <= columns; column += 16)
            vstore16(vload16(0, source + column), 0, target + column);
        for (; column < columns; column++)
            target[column] = source[column];
    }
}
