/* What a result of the benchmark says, checked: numbers that cannot be are missing (NAN, in counts 0), texts are
 * printable and of a bearable length. The pages and tables take everything from here. */
#ifndef PST_CLI_BENCH_FIGURES_H
#define PST_CLI_BENCH_FIGURES_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

enum {
    FIGURES_TEXT = 96,
    FIGURES_SIZES = 16,
    FIGURES_POINTS = 400,
    FIGURES_TARGETS = 12,
    FIGURES_ROWS_MOST = 2000,
    RESULTS_MOST = 6
};

typedef struct figure_times {
    int samples;
    double least, median, most; /* seconds; least and most are missing unless least <= median <= most */
} figure_times;

typedef enum figure_kind {
    FIGURE_ARITHMETIC,
    FIGURE_BANDWIDTH,
    FIGURE_CONVOLUTION,
    FIGURE_KERNEL,
    FIGURE_EVALUATION,
    FIGURE_KINDS
} figure_kind;

typedef struct figure_row {
    figure_kind kind;
    char name[FIGURES_TEXT], algorithm[FIGURES_TEXT], pool[16];
    char problem[2 * FIGURES_TEXT]; /* "", or why there are no times */
    bool backward, chosen;
    int width, height, rows, c_in, c_out;
    figure_times times;
    double rate;         /* FLOP/s, of bandwidth bytes/s; from the median */
    double fraction;     /* of the arithmetic ceiling */
    double work, bytes;  /* FLOP that direct computation takes, least bytes moved */
    double arithmetic;   /* FLOP that the algorithm really does */
    double device_bytes; /* of an evaluation */
} figure_row;

typedef struct figure_size {
    int size;
    figure_times times; /* samples: rounds */
    double megapixels;  /* per second, by the least */
} figure_size;

typedef struct figure_point {
    double evaluations, seconds, loss; /* loss: as a part of the first */
} figure_point;

typedef struct bench_figures {
    char label[FIGURES_TEXT]; /* the file's name, or "" */
    char version[FIGURES_TEXT], date[FIGURES_TEXT], mode[FIGURES_TEXT];
    char device[FIGURES_TEXT], type[FIGURES_TEXT], vendor[FIGURES_TEXT], platform[FIGURES_TEXT],
        device_version[2 * FIGURES_TEXT], driver[FIGURES_TEXT];
    int units, clock_mhz;
    double device_memory;
    char processor[FIGURES_TEXT], architecture[FIGURES_TEXT], system[FIGURES_TEXT];
    int threads;
    double memory;
    char network[FIGURES_TEXT], network_sha256[FIGURES_TEXT];

    double warm_up_seconds;
    int warm_up_evaluations;
    bool load_known;
    double load_other;                             /* a part of all processors' time */
    int choices;                                   /* algorithms chosen by measuring */
    double speed_best, speed_median, speed_varied; /* the processor's own, FLOP/s; missing: not measured */

    double score; /* missing in results of older versions */
    int score_version;
    bool score_reliable;
    char score_reason[2 * FIGURES_TEXT];
    figure_size sizes[FIGURES_SIZES];
    size_t size_count;

    int descent_size;
    figure_point points[FIGURES_POINTS], targets[FIGURES_TARGETS]; /* of a target: loss is its part */
    size_t point_count, target_count;

    figure_row *rows;
    size_t row_count;
    double ceiling, bandwidth; /* the best of these rows by the least time; FLOP/s, bytes/s */
    char bandwidth_name[FIGURES_TEXT];
} bench_figures;

/* label names the result in messages and tables: a file, or "this measurement". False after complaining: no row has a
 * rate, there are too many, or memory is short. */
bool figures_read(bench_figures *f, const json_t *root, const char *label);
void figures_free(bench_figures *f);

/* A layer's product: all algorithms for it have the same. */
bool figures_same_product(const figure_row *a, const figure_row *b);

/* Whether both are the same measurement, on whatever devices. */
bool figures_same_row(const figure_row *a, const figure_row *b);

/* Whether the other algorithm is faster by so much that it is not by chance: FIGURES_FASTER. */
#define FIGURES_FASTER 1.03
bool figures_is_slower(const figure_row *row, const figure_row *than);

/* The algorithm with the highest rate for a product; NULL: none has one. */
const figure_row *figures_fastest(const bench_figures *f, const figure_row *product);

/* Products for which a run uses another algorithm than the fastest one. */
typedef struct figure_missed {
    size_t products, slower;
    double gain;             /* the fastest rate divided by that of the chosen algorithm, at most */
    const figure_row *worst; /* the faster algorithm there; NULL: there is none */
} figure_missed;
figure_missed figures_missed(const bench_figures *f);

/* Why the score is not reliable; NULL: it is, or there is none. */
const char *figures_doubt(const bench_figures *f);

#endif
