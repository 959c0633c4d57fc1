/* What a benchmark found, as the JSON that --json writes and --compare reads. bench/results/schema/bench-2.json
 * describes it. */
#ifndef PST_CLI_BENCH_RESULT_H
#define PST_CLI_BENCH_RESULT_H

#include <jansson.h>

#include "cli/bench/bench_descent.h"

typedef struct bench_about {
    bool quick;
    const char *network, *sha256; /* the name for people; NULL: no file */
    size_t choices;               /* algorithms chosen by measuring; 0: the built-in choices alone */
} bench_about;

/* A result without figures; NULL when memory is short. */
json_t *bench_result_begin(const pst_context *context, const bench_about *about);

void bench_result_score(json_t *root, const pst_score *score);
void bench_result_descent(json_t *root, const bench_descent *descent);
void bench_result_row(json_t *root, const pst_bench_row *row);

/* The rows of the score's evaluations, for a measurement that has no others. */
void bench_result_score_rows(json_t *root, const pst_score *score);

/* The file's text, to be freed with free(); NULL when memory is short. */
char *bench_result_text(const json_t *root);

/* A result of this format or the one before; NULL after a complaint. All members that it has are of the types that
 * the format says, and what a result of the older format lacks is absent. */
json_t *bench_result_read(const char *path);

/* Whether two rows measure the same thing. */
bool bench_result_same(const json_t *a, const json_t *b);

/* FLOP or bytes a second, as the row has them; 0: it has neither. */
double bench_result_rate(const json_t *row);

/* A member's text or number; "" or 0 where it is absent. */
const char *bench_result_string(const json_t *object, const char *key);
double bench_result_number(const json_t *object, const char *key);

#endif
