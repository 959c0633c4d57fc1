#include "op/matrix_answers.h"

#include <stddef.h>

bool pst_matrix_answer_is_right(const pst_matrix_product *p, const float *left, const float *right, const float *out) {
    const bool gram = p->use == PST_USE_GRAM;
    const size_t rows = (size_t)p->rows, inputs = (size_t)p->inputs, outputs = (size_t)p->outputs;
    const size_t left_row = gram ? 1 : inputs, left_step = gram ? rows : 1, right_column = p->turned ? inputs : 1,
                 right_step = p->turned ? 1 : outputs;
    double wrong = 0, size = 0;
    for (size_t row = 0; row < rows; row++)
        for (size_t column = gram ? row : 0; column < outputs; column++) {
            double sum = 0;
            for (size_t i = 0; i < inputs; i++)
                sum += (double)left[row * left_row + i * left_step] *
                       (double)right[column * right_column + i * right_step];
            double difference = (double)out[row * outputs + column] - sum;
            wrong += difference * difference;
            size += sum * sum;
        }
    return wrong <= p->error * size; /* not with a NaN */
}
