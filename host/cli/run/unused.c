#include "cli/run/unused.h"

#include <string.h>

#include "cli/options/file_names.h"
#include "cli/options/option.h"
#include "cli/options/option_table.h"

static bool is_adam(const settings *s) { return s->transfer.optimizer == PST_OPTIMIZER_ADAM; }
static bool is_descent(const settings *s) { return s->transfer.optimizer == PST_OPTIMIZER_GRADIENT_DESCENT; }
static bool is_lbfgs(const settings *s) { return !is_adam(s) && !is_descent(s); }
static bool has_rate(const settings *s) { return !is_lbfgs(s); }
static bool has_original_colors(const settings *s) { return s->transfer.original_colors; }
static bool begins_with_image(const settings *s) { return s->start == START_FILE; }
static bool has_masks(const settings *s) { return s->content_mask || s->mask_count; }
static bool has_checkpoint(const settings *s) { return s->checkpoint; }
static bool has_improvement(const settings *s) { return s->transfer.min_improvement > 0; }
static bool has_proof(const settings *s) { return s->proof_profile; }

static bool has_result(const settings *s) { return !s->sheet; }

static bool has_quality(const settings *s) {
    static const char *const endings[] = {"jpg", "jpeg", "webp", NULL};
    if (s->writing.format != PST_FORMAT_AUTO)
        return s->writing.format == PST_FORMAT_JPEG || s->writing.format == PST_FORMAT_WEBP;
    const char *name = s->batch ? s->name : s->sheet ? s->sheet : s->output;
    return name && file_ends_in(name, endings); /* those of a batch end in .png otherwise */
}

static const struct {
    const char *name;
    bool (*counts)(const settings *s);
    const char *with;
} conditions[] = {{"adam-betas", is_adam, "--optimizer adam"},
                  {"checkpoint-every", has_checkpoint, "--checkpoint"},
                  {"color-space", has_original_colors, "--original-colors"},
                  {"decay", is_descent, "--optimizer gradient-descent"},
                  {"guides", has_masks, "--content-mask"},
                  {"improvement-window", has_improvement, "--min-improvement"},
                  {"init-image", begins_with_image, "--init image; --start FILE does both"},
                  {"lbfgs-num-correction", is_lbfgs, "--optimizer lbfgs or lbfgs-plain"},
                  {"lbfgs-storage", is_lbfgs, "--optimizer lbfgs or lbfgs-plain"},
                  {"learning-rate", has_rate, "--optimizer adam or gradient-descent"},
                  {"momentum", is_descent, "--optimizer gradient-descent"},
                  {"output", has_result, "one result; --sheet names its own file"},
                  {"proof-intent", has_proof, "--proof-profile"},
                  {"quality", has_quality, "a result that is a JPEG or WebP file"}};

static bool is_given(const settings *s, const char *wanted) {
    char name[OPTION_NAME_MOST];
    for (size_t i = 0; i < s->given_count; i++)
        if (strcmp(option_name(s->given[i].option, 0, name), wanted) == 0)
            return true;
    return false;
}

void unused_tell(progress *report, const settings *s) {
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (is_given(s, conditions[i].name) && !conditions[i].counts(s))
            progress_say(report, "--%s is used only with %s", conditions[i].name, conditions[i].with);
}
