#include "image/plane.h"

#include <string.h>

#include "base/memory.h"

/* One output row at a time: first down the columns into a row of the input's width, then along that row. */
static pst_status resize(pst_error *error, pst_filter_kind kind, int channels, const float *from, int from_width,
                         int from_height, bool add, float *to, int width, int height) {
    const size_t step = (size_t)channels, row_length = (size_t)from_width * step;
    pst_filter across = {0}, down = {0};
    float *row = NULL;
    pst_status status;
    PST_TRY(pst_filter_init(error, kind, from_width, width, &across));
    PST_TRY(pst_filter_init(error, kind, from_height, height, &down));
    PST_TRY(pst_allocate(error, row_length, sizeof(float), &row));
    for (int y = 0; y < height; y++) {
        memset(row, 0, row_length * sizeof(float));
        for (int k = 0; k < down.at[y].count; k++)
            for (size_t i = 0; i < row_length; i++)
                row[i] += (float)down.at[y].weights[k] * from[(size_t)(down.at[y].first + k) * row_length + i];
        for (int x = 0; x < width; x++)
            for (size_t c = 0; c < step; c++) {
                const float *samples = row + (size_t)across.at[x].first * step + c;
                float sum = 0;
                for (int k = 0; k < across.at[x].count; k++)
                    sum += (float)across.at[x].weights[k] * samples[(size_t)k * step];
                *to = add ? *to + sum : sum;
                to++;
            }
    }
cleanup:
    pst_filter_clear(&across);
    pst_filter_clear(&down);
    pst_free(row);
    return status;
}

pst_status pst_plane_resize(pst_error *error, pst_filter_kind kind, int channels, const float *from, int from_width,
                            int from_height, float *to, int width, int height) {
    return resize(error, kind, channels, from, from_width, from_height, false, to, width, height);
}

pst_status pst_plane_add_resized(pst_error *error, pst_filter_kind kind, int channels, const float *from,
                                 int from_width, int from_height, float *to, int width, int height) {
    return resize(error, kind, channels, from, from_width, from_height, true, to, width, height);
}
