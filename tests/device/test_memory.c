/* Memory told is memory used: the plan of a job is what it takes on the device at most, to the byte, in every mode; and
 * what does not fit is refused before anything is taken. */
/* promise: memory small-device */
#include <stdio.h>
#include <string.h>

#include "base/machine.h"
#include "job_fixture.h"
#include "transfer/transfer_options.h"

static pst_image *mask, *style_mask;
static pst_style *stored; /* of the style, one size */

static pst_image *halves(void) {
    static float rgb[WIDTH * HEIGHT * 3];
    pst_image *made;
    for (int i = 0; i < WIDTH * HEIGHT; i++)
        rgb[3 * i + (i % WIDTH < WIDTH / 3 ? 0 : 2)] = 255;
    ck_assert_int_eq(pst_image_create(context, WIDTH, HEIGHT, rgb, &made), PST_OK);
    return made;
}

static void open_all(void) {
    job_open();
    mask = halves();
    style_mask = halves();
}

static void close_all(void) {
    pst_image_destroy(mask);
    pst_image_destroy(style_mask);
    job_close();
}

/* The next of `count` values. */
static unsigned pick(uint64_t *state, unsigned count) {
    unsigned value = (unsigned)((test_random(state) + 1) / 2 * (float)count);
    return value < count ? value : count - 1;
}

/* What a mode is made of, besides the members that are a choice among words or a switch. */
typedef struct mode {
    pst_transfer_options options;
    const pst_image *styles[2], *masks[2];
    const pst_style *stored[2];
} mode;

static void set_words(pst_transfer_options *options, uint64_t *state, uint64_t *seen) {
    size_t count;
    const pst_option_info *rows = pst_transfer_option_table(&count);
    for (size_t i = 0; i < count; i++) {
        char *member = (char *)options + rows[i].offset;
        if (rows[i].type != PST_OPTION_ENUM && rows[i].type != PST_OPTION_BOOL)
            continue;
        unsigned value = pick(state, (unsigned)rows[i].most + 1);
        if (rows[i].type == PST_OPTION_ENUM)
            *(int *)(void *)member = (int)value;
        else
            *(bool *)(void *)member = value == 1;
        seen[i] |= (uint64_t)1 << value;
    }
}

static void make_mode(mode *m, uint64_t *state, uint64_t *seen) {
    static const char *const content_layers[] = {"relu1_2", "relu2_1", "relu1_1=0.5,relu2_1"};
    static const char *const style_layers[] = {"relu1_1,relu2_1", "relu2_1", "relu1_1=2,relu1_2,relu2_1"};
    *m = (mode){.options = job_options(PST_OPTIMIZER_ADAM, 20 + (int)pick(state, 40), 1)};
    pst_transfer_options *o = &m->options;
    o->momentum = 0;
    set_words(o, state, seen);
    o->content_layers = content_layers[pick(state, 3)];
    o->style_layers = style_layers[pick(state, 3)];
    o->scales = (int)pick(state, 4);
    o->iterations = o->scales == 0 ? 40 : 12; /* so that L-BFGS gets all its pairs at the largest scale */
    o->min_size = 12;
    o->lbfgs_history = 3;
    o->style_scale = pick(state, 3) ? 1 : 0.5 + pick(state, 3);
    o->average = pick(state, 3) ? 0 : 0.9;
    o->momentum = pick(state, 2) ? 0 : 0.5;
    o->tv_weight *= pick(state, 3) > 0;
    o->content_weight *= pick(state, 4) > 0;
    o->workspace_bytes = pick(state, 2) ? 0 : 1 << 20;
    o->start_image = o->start == PST_START_IMAGE ? style : NULL;
    o->style_count = 1 + pick(state, 2);
    m->styles[0] = m->styles[1] = style;
    o->styles = m->styles;
    if (pick(state, 3) == 0) {
        o->content_mask = mask;
        m->masks[0] = style_mask;
        o->style_masks = m->masks;
    } else if (pick(state, 3) == 0) {
        m->styles[o->style_count - 1] = NULL;
        m->stored[o->style_count - 1] = stored;
        o->stored_styles = m->stored;
        o->match_colors = PST_MATCH_NONE;
    }
}

/* A style file holds the facts that its job must share. */
static pst_style *style_for(const mode *m) {
    pst_transfer_options o = m->options;
    const pst_image *one = style;
    pst_style *made;
    o.styles = &one;
    o.style_count = 1;
    o.stored_styles = NULL;
    o.style_layers = "relu1_1,relu1_2,relu2_1";
    o.scales = 1;
    ck_assert_msg(pst_style_create(context, network, &o, NULL, &made) == PST_OK, "%s", pst_context_message(context));
    return made;
}

static bool take_result(void *user, const pst_progress *progress) {
    pst_image *image;
    if (progress->iteration % 5 == 0) {
        ck_assert_int_eq(pst_job_result(user, &image), PST_OK);
        pst_image_destroy(image);
    }
    return false;
}

/* Runs it. False: the members do not go together. */
static bool plan_holds(mode *m, unsigned trial) {
    pst_session *session = context->session;
    pst_job *job;
    for (size_t i = 0; m->options.stored_styles && i < m->options.style_count; i++)
        m->stored[i] = m->styles[i] ? NULL : (stored = style_for(m));
    pst_status status = pst_job_create(context, network, &m->options, &job);
    if (status == PST_OK) {
        const pst_plan *plan = pst_job_plan(job);
        const uint64_t before = session->buffer_bytes;
        uint64_t sum = 0;
        session->peak_bytes = before;
        status = pst_job_run(job, take_result, job);
        ck_assert_msg(status == PST_OK || status == PST_ERROR_NUMERIC, "trial %u: %s", trial,
                      pst_context_message(context));
        const uint64_t taken = session->peak_bytes - before;
        for (size_t i = 0; i < plan->entry_count; i++)
            sum += plan->entries[i].bytes;
        /* Never more, and hardly less: L-BFGS takes nothing for what it does not keep; where a style is larger than the
         * image, the most is taken before the weights of the backward pass are made. */
        const bool pairs =
            m->options.optimizer == PST_OPTIMIZER_LBFGS || m->options.optimizer == PST_OPTIMIZER_LBFGS_PLAIN;
        const bool large_style = strstr(plan->entries[plan->entry_count - 1].name, "more while") != NULL;
        const uint64_t less = sum - taken;
        ck_assert_msg(sum == plan->device_bytes && taken <= sum, "trial %u: %ju bytes, not %ju", trial,
                      (uintmax_t)taken, (uintmax_t)plan->device_bytes);
        ck_assert_msg(less == 0 || pairs || (large_style && less < plan->entries[0].bytes),
                      "trial %u: only %ju bytes, not %ju", trial, (uintmax_t)taken, (uintmax_t)plan->device_bytes);
        ck_assert(plan->largest_bytes <= plan->device_bytes);
        pst_job_destroy(job);
        ck_assert_uint_eq(session->buffer_bytes, before);
    } else {
        ck_assert_msg(status == PST_ERROR_ARGUMENT, "trial %u: %s", trial, pst_context_message(context));
    }
    pst_style_destroy(stored);
    stored = NULL;
    return status == PST_OK;
}

START_TEST(the_plan_is_what_is_taken) {
    const unsigned trials = test_long() ? 2000 : 100;
    uint64_t state = 11, tried[64] = {0}, ran[64] = {0};
    unsigned count = 0;
    for (unsigned trial = 0; trial < trials; trial++) {
        uint64_t these[64] = {0};
        mode m;
        make_mode(&m, &state, these);
        bool good = plan_holds(&m, trial);
        count += good;
        for (size_t i = 0; i < 64; i++) {
            tried[i] |= these[i];
            ran[i] |= good ? these[i] : 0;
        }
    }
    printf("%u modes ran, %u were refused\n", count, trials - count);
    ck_assert_uint_gt(count, trials / 4);
    for (size_t i = 0; i < 64; i++)
        ck_assert_msg(tried[i] == ran[i], "member %zu: values %jx, but %jx ran", i, (uintmax_t)tried[i],
                      (uintmax_t)ran[i]);
}
END_TEST

/* What the job takes at most on the device and outside is what the plan says; `plan` gets that, and columns those of
 * its first segment. */
static void tiles_hold(const pst_transfer_options *options, pst_plan *plan, int *columns) {
    pst_session *session = context->session;
    pst_job *job = job_make(options);
    const uint64_t before = session->buffer_bytes;
    uint64_t scratch = 0;
    *plan = *pst_job_plan(job);
    for (size_t i = 0; i < plan->entry_count; i++)
        scratch += strcmp(plan->entries[i].name, "scratch") == 0 ? plan->entries[i].bytes : 0;
    session->peak_bytes = before;
    ck_assert_msg(plan->fits && plan->tile_width, "%s", plan->problem ? plan->problem : "it is whole");
    ck_assert_msg(pst_job_run(job, take_result, job) == PST_OK, "%s", pst_context_message(context));
    ck_assert_uint_eq(session->peak_bytes - before, plan->device_bytes);
    /* L-BFGS takes nothing for pairs that it does not keep. */
    const pst_stores *stores = &job->stores;
    const uint64_t planned = plan->memory_bytes + plan->file_bytes - scratch,
                   taken = stores->peak_memory_bytes + stores->peak_file_bytes;
    ck_assert_uint_le(taken, planned);
    ck_assert(stores->peak_file_bytes == 0 || stores->peak_memory_bytes == 0);
    ck_assert((stores->peak_file_bytes > 0) == (plan->file_bytes > 0));
    ck_assert(taken == planned || options->optimizer == PST_OPTIMIZER_LBFGS);
    *columns = plan->segment_count ? plan->segments[0].columns : 0;
    pst_job_destroy(job);
    ck_assert_uint_eq(session->buffer_bytes, before);
}

START_TEST(the_plan_in_tiles_is_what_is_taken) {
    static const pst_optimizer_kind kinds[] = {PST_OPTIMIZER_LBFGS, PST_OPTIMIZER_LBFGS_PLAIN, PST_OPTIMIZER_ADAM,
                                               PST_OPTIMIZER_GRADIENT_DESCENT};
    for (int form = 0; form < 16; form++) {
        pst_transfer_options options = job_options(kinds[form % 4], form % 3 ? 150 : 200, 30);
        const pst_image *const masks[] = {style_mask};
        pst_plan plan;
        int columns;
        options.tile_width = options.tile_height = form % 2 ? 64 : 100;
        options.scales = 1 + form % 2;
        options.spill_folder = form & 4 ? "." : NULL;
        options.lbfgs_storage = form & 8 ? PST_STORAGE_HALF : PST_STORAGE_FLOAT;
        options.style_scale = form == 5 ? 3 : 1;
        options.content_mask = form > 10 ? mask : NULL;
        options.style_masks = form > 10 ? masks : NULL;
        tiles_hold(&options, &plan, &columns);
        ck_assert_int_eq(plan.tile_width, form % 2 ? 64 : 128);
        ck_assert_int_eq(columns, form % 2 ? form % 3 ? 2 : 3 : form % 3 ? 1 : 2);
        ck_assert((plan.file_bytes > 0) == (options.spill_folder != NULL));
    }
}
END_TEST

/* Nothing is taken, and the message says that `problem`. */
static void refused(const pst_transfer_options *options, const char *problem, pst_status expected) {
    pst_session *session = context->session;
    pst_job *job = job_make(options);
    const pst_plan *plan = pst_job_plan(job);
    double seconds;
    session->peak_bytes = session->buffer_bytes;
    ck_assert(!plan->fits && plan->problem);
    ck_assert_int_eq(pst_job_forecast(job, &seconds), expected);
    ck_assert_int_eq(pst_job_run(job, NULL, NULL), expected);
    ck_assert_str_eq(pst_context_message(context), plan->problem);
    ck_assert_msg(strstr(plan->problem, problem) != NULL, "%s", plan->problem);
    ck_assert_uint_eq(session->peak_bytes, session->buffer_bytes);
    pst_job_destroy(job);
}

/* With less memory than it needs a job goes in tiles that fit, and the plan knows up to which size that is not needed.
 * With less than the least tile needs it is refused. */
START_TEST(what_does_not_fit_goes_in_tiles) {
    pst_session *session = context->session;
    pst_device_info *device = &session->device.info;
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, 300, 3);
    options.scales = 1;
    options.workspace_bytes = 1 << 20;
    pst_job *job = job_make(&options);
    const uint64_t whole = pst_job_plan(job)->device_bytes;
    ck_assert(pst_job_plan(job)->fits && !pst_job_plan(job)->tile_width);
    pst_job_destroy(job);

    pst_plan plan;
    int columns;
    options.memory_bytes = (size_t)whole;
    job = job_make(&options);
    ck_assert(pst_job_plan(job)->fits && !pst_job_plan(job)->tile_width &&
              pst_job_plan(job)->device_limit_bytes == whole);
    pst_job_destroy(job);
    options.memory_bytes = (size_t)whole * 3 / 4;
    tiles_hold(&options, &plan, &columns);
    ck_assert_uint_le(plan.device_bytes, options.memory_bytes);
    for (int more = 0; more < 2; more++) {
        options.image_size = plan.largest_image_size + more;
        job = job_make(&options);
        ck_assert(pst_job_plan(job)->fits && (pst_job_plan(job)->tile_width > 0) == more);
        pst_job_destroy(job);
    }
    options.image_size = 300;
    options.memory_bytes = 1 << 16;
    refused(&options, "need at least ", PST_ERROR_DEVICE_MEMORY);
    options.tile_width = options.tile_height = 256;
    refused(&options, "in tiles of 256x256 pixels need ", PST_ERROR_DEVICE_MEMORY);
    options.memory_bytes = 0;
    const uint64_t largest = device->max_allocation_bytes;
    device->max_allocation_bytes = 1 << 12;
    refused(&options, " in one piece of the device", PST_ERROR_DEVICE_MEMORY);
    device->max_allocation_bytes = largest;
    pst_machine_pretend_memory(1 << 20);
    refused(&options, "; name a spill folder for what is large", PST_ERROR_MEMORY);
    pst_machine_pretend_memory(0);
}
END_TEST

/* With a little less memory than a job needs that keeps its filters, it keeps none and is as good. */
START_TEST(what_is_kept_is_the_first_to_go) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, 40, 3);
    pst_session *session = context->session;
    uint64_t bytes[2];
    pst_image *images[2];
    options.scales = 1;
    for (int i = 0; i < 2; i++) {
        pst_job *job = job_make(&options);
        const pst_plan *plan = pst_job_plan(job);
        const uint64_t before = session->buffer_bytes;
        session->peak_bytes = before;
        ck_assert(plan->fits && !plan->tile_width);
        ck_assert_msg(pst_job_run(job, NULL, NULL) == PST_OK, "%s", pst_context_message(context));
        bytes[i] = plan->device_bytes;
        ck_assert_uint_le(session->peak_bytes - before, bytes[i]);
        ck_assert_int_eq(pst_job_result(job, &images[i]), PST_OK);
        pst_job_destroy(job);
        options.memory_bytes = (size_t)plan->device_bytes - 1;
    }
    ck_assert_uint_lt(bytes[1], bytes[0]);
    ck_assert_mem_eq(images[0]->rgb, images[1]->rgb,
                     3 * sizeof(float) * (size_t)images[0]->width * (size_t)images[0]->height);
    pst_image_destroy(images[0]);
    pst_image_destroy(images[1]);
}
END_TEST

/* A folder that is not there is told before anything else. */
START_TEST(the_folder_for_files_is_there) {
    pst_transfer_options options = job_options(PST_OPTIMIZER_LBFGS, 100, 3);
    pst_job *job;
    options.spill_folder = "./no-such-folder";
    ck_assert_int_eq(pst_job_create(context, network, &options, &job), PST_ERROR_FILE);
    ck_assert_msg(strstr(pst_context_message(context), "no-such-folder") != NULL, "%s", pst_context_message(context));
}
END_TEST

int main(void) {
    Suite *suite = suite_create("memory");
    TCase *tests = tcase_create("plan");
    tcase_add_unchecked_fixture(tests, open_all, close_all);
    tcase_set_timeout(tests, 600);
    tcase_add_test(tests, the_plan_is_what_is_taken);
    tcase_add_test(tests, the_plan_in_tiles_is_what_is_taken);
    tcase_add_test(tests, what_does_not_fit_goes_in_tiles);
    tcase_add_test(tests, what_is_kept_is_the_first_to_go);
    tcase_add_test(tests, the_folder_for_files_is_there);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
