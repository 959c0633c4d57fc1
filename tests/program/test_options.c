/* The options that users of neural-style bring along, one after the other: each is accepted with one dash and two, with
 * '_' and '-', with '=' and a space; it sets what it should; and where it is not given, that has the value of the table
 * in their manual. */
/* promise: options */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/image_words.h"
#include "cli/options/option_table.h"
#include "cli/options/options.h"
#include "support.h"

typedef struct neighbor {
    const char *name, *value; /* value NULL: it takes none */
    size_t offset;
    enum { NUMBER, INTEGER, SEED, WORDS, FLAG, CHOICE } type;
    double before, after; /* WORDS: texts below */
    const char *text_before, *text_after;
} neighbor;

#define AT(member) offsetof(settings, member)
static const neighbor table[] = {
    {"style_image", "other.ppm,third.ppm", AT(style_list), WORDS, 0, 0, NULL, "other.ppm,third.ppm"},
    {"style_blend_weights", "3,7", 0, FLAG, 0, 0, NULL, NULL}, /* looked at below */
    {"content_image", "photo.ppm", AT(content), WORDS, 0, 0, "content.ppm", "photo.ppm"},
    {"image_size", "700", AT(transfer.image_size), INTEGER, 512, 700, NULL, NULL},
    {"gpu", "1", AT(gpus[0]), INTEGER, 0, 1, NULL, NULL},
    {"gpu", "-1", AT(gpus[0]), INTEGER, 0, GPU_MEANS_CPU, NULL, NULL},
    {"gpu", "c", AT(gpus[0]), INTEGER, 0, GPU_MEANS_CPU, NULL, NULL},
    {"content_weight", "2.5", AT(transfer.content_weight), NUMBER, 5, 2.5, NULL, NULL},
    {"style_weight", "1e3", AT(transfer.style_weight), NUMBER, 100, 1000, NULL, NULL},
    {"tv_weight", "0", AT(transfer.tv_weight), NUMBER, 1e-3, 0, NULL, NULL},
    {"num_iterations", "77", AT(transfer.iterations), INTEGER, 1000, 77, NULL, NULL},
    {"normalize_gradients", NULL, AT(transfer.normalize_gradients), FLAG, 0, 1, NULL, NULL},
    {"normalize_weights", NULL, AT(transfer.normalize_weights), FLAG, 0, 1, NULL, NULL},
    {"init", "image", AT(transfer.start), CHOICE, PST_START_RANDOM, PST_START_CONTENT, NULL, NULL},
    {"init", "random", AT(transfer.start), CHOICE, PST_START_RANDOM, PST_START_RANDOM, NULL, NULL},
    {"init_image", "begin.ppm", AT(init_image), WORDS, 0, 0, NULL, "begin.ppm"},
    {"optimizer", "adam", AT(transfer.optimizer), CHOICE, PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_ADAM, NULL, NULL},
    {"optimizer", "lbfgs", AT(transfer.optimizer), CHOICE, PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_LBFGS, NULL, NULL},
    {"print_iter", "3", AT(print_every), INTEGER, 50, 3, NULL, NULL},
    {"save_iter", "0", AT(save_every), INTEGER, 100, 0, NULL, NULL},
    {"output_image", "there.png", AT(output), WORDS, 0, 0, "out.png", "there.png"},
    {"style_scale", ".5", AT(transfer.style_scale), NUMBER, 1, .5, NULL, NULL},
    {"original_colors", "1", AT(transfer.original_colors), FLAG, 0, 1, NULL, NULL},
    {"original_colors", "0", AT(transfer.original_colors), FLAG, 0, 0, NULL, NULL},
    {"pooling", "avg", AT(transfer.pooling), CHOICE, PST_POOLING_MAX, PST_POOLING_AVERAGE, NULL, NULL},
    {"pooling", "max", AT(transfer.pooling), CHOICE, PST_POOLING_MAX, PST_POOLING_MAX, NULL, NULL},
    {"pooling", "l2", AT(transfer.pooling), CHOICE, PST_POOLING_MAX, PST_POOLING_L2, NULL, NULL},
    {"model_file", "vgg.pth", AT(model), WORDS, 0, 0, NULL, "vgg.pth"},
    {"seed", "123", AT(transfer.seed), SEED, -1, 123, NULL, NULL},
    {"content_layers", "relu3_1", AT(transfer.content_layers), WORDS, 0, 0, "relu4_2", "relu3_1"},
    {"style_layers", "relu2_2", AT(transfer.style_layers), WORDS, 0, 0, "relu1_1,relu2_1,relu3_1,relu4_1,relu5_1",
     "relu2_2"},
    {"learning_rate", "10", AT(transfer.learning_rate), NUMBER, 0, 10, NULL, NULL}, /* 0: 1 of Adam */
    {"lbfgs_num_correction", "42", AT(transfer.lbfgs_history), INTEGER, 0, 42, NULL, NULL},
    {"tv_kind", "nine-point", AT(transfer.tv_kind), CHOICE, PST_TV_SQUARES, PST_TV_NINE_POINT, NULL, NULL},
    {"tv_kind", "absolute", AT(transfer.tv_kind), CHOICE, PST_TV_SQUARES, PST_TV_ABSOLUTE, NULL, NULL},
    {"loss", "wasserstein", AT(transfer.loss_form), CHOICE, PST_LOSS_MEAN, PST_LOSS_WASSERSTEIN, NULL, NULL},
    {"loss", "gatys", AT(transfer.loss_form), CHOICE, PST_LOSS_MEAN, PST_LOSS_GATYS, NULL, NULL},
    {"border", "replicate", AT(transfer.replicate_border), FLAG, 0, 1, NULL, NULL},
    {"border", "zeros", AT(transfer.replicate_border), FLAG, 0, 0, NULL, NULL},
    {"clamp", NULL, AT(transfer.clamp), FLAG, 0, 1, NULL, NULL},
    {"average", ".99", AT(transfer.average), NUMBER, 0, .99, NULL, NULL},
    {"adam_betas", ".8,.95", AT(transfer.adam_beta1), NUMBER, .9, .8, NULL, NULL},
    {"adam_betas", ".8,.95", AT(transfer.adam_beta2), NUMBER, .999, .95, NULL, NULL},
};

static const neighbor idle[] = {{"backend", "nn", 0, FLAG, 0, 0, NULL, "backend"},
                                {"cudnn_autotune", NULL, 0, FLAG, 0, 0, NULL, "cudnn-autotune"},
                                {"proto_file", "deploy.prototxt", 0, FLAG, 0, 0, NULL, "proto-file"},
                                {"multigpu_strategy", "3,4", 0, FLAG, 0, 0, NULL, "multigpu-strategy"}};

static const void *member(const settings *s, const neighbor *n) { return (const char *)s + n->offset; }

static void check(const settings *s, const neighbor *n, bool given, const char *how) {
    const double expected = given ? n->after : n->before;
    const char *text = given ? n->text_after : n->text_before;
    if (n->type == WORDS) {
        const char *words = *(const char *const *)member(s, n);
        ck_assert_msg(text ? words && strcmp(words, text) == 0 : !words, "%s is \"%s\", not \"%s\"", how,
                      words ? words : "", text ? text : "");
        return;
    }
    double value = n->type == NUMBER    ? *(const double *)member(s, n)
                   : n->type == INTEGER ? *(const int *)member(s, n)
                   : n->type == SEED    ? (double)*(const int64_t *)member(s, n)
                   : n->type == FLAG    ? *(const bool *)member(s, n)
                                        : (double)*(const unsigned *)member(s, n); /* an enumeration */
    ck_assert_msg(value == expected, "%s is %g, not %g", how, value, expected);
}

/* Reads "content.ppm style.ppm second.ppm" and an option, in one of eight spellings; the images need not be there. */
static void read_spelled(settings *s, const neighbor *n, int form, char *spelled) {
    static char name[64];
    char *arguments[8] = {(char *)"content.ppm", (char *)"style.ppm", (char *)"second.ppm"};
    bool images_given = strcmp(n->name, "style_image") == 0 || strcmp(n->name, "content_image") == 0;
    int count = images_given ? strcmp(n->name, "style_image") == 0 ? 1 : 2 : 3;
    snprintf(name, sizeof name, "%s", n->name);
    for (char *c = name; form & 2 && *c; c++)
        *c = *c == '_' ? '-' : *c;
    sprintf(spelled, "%s%s", form & 1 ? "--" : "-", name);
    if (form & 4 && n->value)
        sprintf(spelled + strlen(spelled), "=%s", n->value);
    arguments[count++] = spelled;
    if (!(form & 4) && n->value)
        arguments[count++] = (char *)n->value;
    ck_assert_msg(options_read(s, command_table, count, arguments), "%s is refused", spelled);
}

START_TEST(every_spelling_sets_it) {
    char spelled[128];
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        for (int form = 0; form < 8; form++) {
            settings s;
            read_spelled(&s, &table[i], form, spelled);
            if (strcmp(table[i].name, "style_blend_weights") == 0)
                ck_assert(s.blend_count == 2 && s.transfer.blend_weights[0] == 3 && s.transfer.blend_weights[1] == 7);
            else
                check(&s, &table[i], true, spelled);
            ck_assert_uint_eq(s.ignored_count, 0);
            options_free(&s);
        }
}
END_TEST

START_TEST(defaults_are_the_table) {
    char *arguments[] = {(char *)"content.ppm", (char *)"style.ppm", (char *)"-save_iter", (char *)"100"};
    settings s;
    ck_assert(options_read(&s, command_table, 4, arguments));
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].offset)
            check(&s, &table[i], false, table[i].name);
    ck_assert_ptr_null(s.transfer.blend_weights); /* equal */
    options_free(&s);
}
END_TEST

START_TEST(what_means_nothing_is_noted) {
    char spelled[128], name[OPTION_NAME_MOST];
    for (size_t i = 0; i < sizeof idle / sizeof *idle; i++)
        for (int form = 0; form < 8; form++) {
            settings s;
            read_spelled(&s, &idle[i], form, spelled);
            ck_assert_uint_eq(s.ignored_count, 1);
            ck_assert_str_eq(option_name(s.ignored[0], 0, name), idle[i].text_after);
            options_free(&s);
        }
}
END_TEST

/* Others have them only where they ask for them. */
START_TEST(only_its_spelling_has_its_defaults) {
    static const struct {
        const char *words[3];
        bool theirs;
    } cases[] = {{{"--seed", "1"}, false},     {{"-o", "a_b.png"}, false},     {{"--output=a_b", "c"}, false},
                 {{"-seed", "1"}, true},       {{"--image_size", "64"}, true}, {{"-image-size=64", "a"}, true},
                 {{"--preset", "0.1"}, true},  {{"--preset", "best"}, false},  {{"-seed=1", "--preset=best"}, false},
                 {{"--", "-seed", "1"}, false}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *arguments[] = {(char *)"content.ppm", (char *)"style.ppm", (char *)cases[i].words[0],
                             (char *)cases[i].words[1], (char *)cases[i].words[2]};
        settings s;
        ck_assert(options_read(&s, command_table, cases[i].words[2] ? 5 : 4, arguments));
        ck_assert_msg((s.transfer.loss_form == PST_LOSS_MEAN) == cases[i].theirs, "%s", cases[i].words[0]);
        ck_assert_int_eq((int)s.transfer.pooling, (int)(cases[i].theirs ? PST_POOLING_MAX : PST_POOLING_AVERAGE));
        ck_assert_int_eq((int)s.transfer.start, (int)(cases[i].theirs ? PST_START_RANDOM : PST_START_CONTENT));
        options_free(&s);
    }
}
END_TEST

START_TEST(strength_is_a_factor_of_style_and_smoothness) {
    static const char *const lines[][6] = {{"a.ppm", "b.ppm", "--strength", "1", "--style-weight", "7"},
                                           {"a.ppm", "b.ppm", "--style-weight", "7", "--strength", "1"},
                                           {"a.ppm", "b.ppm", "--style-weight", "7", "--strength", "0.75"}};
    double weights[3];
    for (size_t i = 0; i < 3; i++) {
        settings s;
        ck_assert(options_read(&s, command_table, 6, (char **)lines[i]));
        weights[i] = style_weight_of(&s);
        ck_assert_double_eq_tol(tv_weight_of(&s) / s.transfer.tv_weight, weights[i] / 7, 1e-12);
        options_free(&s);
    }
    ck_assert_double_eq(weights[0], weights[1]);
    ck_assert_double_gt(weights[0], 2 * weights[2]);
    ck_assert_double_eq(weights[2], 7);
}
END_TEST

/* Wherever it stands, and the last of several; what others say holds. */
START_TEST(a_preset_comes_first) {
    static const char *const lines[][7] = {
        {"content.ppm", "style.ppm", "--preset", "gatys", "--style-weight", "7", NULL},
        {"--style-weight", "7", "content.ppm", "-preset=style-transfer-pytorch", "style.ppm", "--preset=gatys", NULL},
        {"--style-weight=7", "content.ppm", "style.ppm", "-preset", "gatys", NULL, NULL},
    };
    for (size_t i = 0; i < 3; i++) {
        int count = 0;
        while (lines[i][count])
            count++;
        settings s;
        ck_assert(options_read(&s, command_table, count, (char **)lines[i]));
        ck_assert_double_eq(s.transfer.style_weight, 7);
        ck_assert_double_eq(s.transfer.content_weight, 1);
        ck_assert_int_eq(s.transfer.iterations, 500);
        ck_assert_int_eq((int)s.transfer.start, (int)PST_START_CONTENT);
        ck_assert_int_eq((int)s.transfer.optimizer, (int)PST_OPTIMIZER_LBFGS_PLAIN);
        ck_assert(!s.transfer.clamp && s.transfer.loss_form == PST_LOSS_MEAN);
        ck_assert_str_eq(s.content, "content.ppm");
        ck_assert_uint_eq(s.style_count, 1);
        options_free(&s);
    }
    char *noise[] = {(char *)"content.ppm", (char *)"style.ppm", (char *)"-init",
                     (char *)"random",      (char *)"--preset",  (char *)"gatys"};
    settings s;
    ck_assert(options_read(&s, command_table, 6, noise));
    ck_assert_int_eq((int)s.transfer.start, (int)PST_START_RANDOM);
    options_free(&s);
    char *name[] = {(char *)"--preset", (char *)"best", (char *)"--", (char *)"content.ppm",
                    (char *)"--preset"}; /* an image */
    ck_assert(options_read(&s, command_table, 5, name));
    ck_assert_str_eq(s.styles[0], "--preset");
    options_free(&s);
}
END_TEST

int main(void) {
    Suite *suite = suite_create("options");
    TCase *tests = tcase_create("neural-style's");
    tcase_add_test(tests, every_spelling_sets_it);
    tcase_add_test(tests, defaults_are_the_table);
    tcase_add_test(tests, only_its_spelling_has_its_defaults);
    tcase_add_test(tests, strength_is_a_factor_of_style_and_smoothness);
    tcase_add_test(tests, what_means_nothing_is_noted);
    tcase_add_test(tests, a_preset_comes_first);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
