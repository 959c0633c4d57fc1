#include "cli/run/log.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include <jansson.h>

#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/ranks/world.h"

/* False, with errno: nobody can tell what is in it. */
static bool can_be_read(const char *path) {
    if (!file_is_regular(path))
        return true;
    FILE *file = fopen(path, "r");
    return file && fclose(file) == 0;
}

/* Whether a file is something of someone else. */
static bool is_other(const char *path) {
    static const char *const begins[] = {"{\"iteration\":", "{\"run\":"};
    char head[16] = "";
    FILE *file = file_is_regular(path) ? fopen(path, "r") : NULL;
    const size_t got = file ? fread(head, 1, sizeof head, file) : 0;
    bool is_log = got == 0;
    for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
        const size_t length = strlen(begins[i]);
        is_log |= memcmp(head, begins[i], got < length ? got : length) == 0;
    }
    if (file)
        fclose(file);
    return !is_log;
}

/* A program that was killed may have left half a line. */
static bool ends_in_half_a_line(const char *path) {
    FILE *file = file_is_regular(path) ? fopen(path, "rb") : NULL;
    const int last = file && fseek(file, -1, SEEK_END) == 0 ? getc(file) : '\n';
    if (file)
        fclose(file);
    return last != '\n';
}

bool log_check(const char *path) {
    if (!file_has_folder(path))
        complain("%s: the log cannot be written: its folder does not exist", path);
    else if (!can_be_read(path))
        complain("%s: cannot be read (%s); it may be no log, so it is not replaced", path, strerror(errno));
    else if (is_other(path))
        complain("%s: is no log and is not replaced; name another file, or remove this one", path);
    else
        return true;
    return false;
}

bool log_open(run_log *log, const char *path, bool more) {
    *log = (run_log){.path = path, .replaces = !more};
    if (!path || !world_leads())
        return true;
    const bool half = more && ends_in_half_a_line(path);
    log->file = fopen(path, "a");
    if (log->file && half)
        fputc('\n', log->file);
    if (!log->file)
        complain("%s: the log cannot be written: %s", path, strerror(errno));
    return log->file != NULL;
}

/* JSON has no infinity and no nan. */
static json_t *number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

/* {"relu1_1": ["direct", "direct"], ...}: forward, backward. */
static json_t *algorithms(const run_log *log) {
    json_t *all = json_object();
    for (size_t i = 0; i < log->choice_count; i++) {
        const pst_choice *choice = &log->choices[i];
        json_t *pair = json_object_get(all, choice->layer);
        if (!pair && json_object_set_new(all, choice->layer, json_array()) == 0)
            pair = json_object_get(all, choice->layer);
        json_array_append_new(pair, json_string(choice->algorithm));
    }
    return all;
}

static json_t *names(const run_log *log) {
    json_t *all = json_array();
    for (size_t d = 0; d < log->device_count; d++)
        json_array_append_new(all, json_string(log->devices[d].name));
    return all;
}

static double to_milliseconds(double seconds) { return round(seconds * 1e3) / 1e3; }

/* [{"rank": 0, "device": 0, "tiles": 12, "busy": 1.204, "wait": 0.031, "exchange": 0.012}, ...] */
static json_t *shares(const pst_progress *progress) {
    json_t *all = json_array();
    for (size_t i = 0; i < progress->share_count; i++) {
        const pst_share *share = &progress->shares[i];
        json_array_append_new(all, json_pack("{s:i,s:i,s:i,s:f,s:f,s:f}", "rank", share->rank, "device", share->device,
                                             "tiles", share->tiles, "busy", to_milliseconds(share->busy_seconds),
                                             "wait", to_milliseconds(share->wait_seconds), "exchange",
                                             to_milliseconds(share->exchange_seconds)));
    }
    return all;
}

void log_evaluation(run_log *log, const pst_progress *progress) {
    if (!log->file)
        return;
    json_t *line = json_object(), *terms = json_object();
    for (size_t i = 0; i < progress->term_count; i++)
        json_object_set_new(terms, progress->terms[i].name, number(progress->terms[i].value));
    if (log->run)
        json_object_set_new(line, "run", json_string(log->run));
    json_object_set_new(line, "iteration", json_integer(progress->iteration));
    json_object_set_new(line, "seconds", number(to_milliseconds(progress->seconds)));
    json_object_set_new(line, "width", json_integer(progress->width));
    json_object_set_new(line, "height", json_integer(progress->height));
    json_object_set_new(line, "loss", number(progress->loss));
    json_object_set_new(line, "terms", terms);
    if (progress->share_count)
        json_object_set_new(line, "shares", shares(progress));
    if (progress->iteration == 1 && log->choices) {
        json_object_set_new(line, "device", json_string(log->devices[0].name));
        json_object_set_new(line, "driver", json_string(log->devices[0].driver_version));
        if (log->device_count > 1)
            json_object_set_new(line, "devices", names(log));
        json_object_set_new(line, "algorithms", algorithms(log));
    }
    if (log->weights_changed)
        json_object_set_new(
            line, "weights",
            json_pack("{s:f,s:f,s:f}", "content", log->weights[0], "style", log->weights[1], "tv", log->weights[2]));
    log->weights_changed = false;
    if (progress->notice)
        json_object_set_new(line, "notice", json_string(progress->notice));

    errno = 0;
    if (log->replaces && fseek(log->file, 0, SEEK_END) == 0 && ftell(log->file) > 0)
        log->file = freopen(log->path, "w", log->file);
    log->replaces = false;
    bool written = line && log->file && json_dumpf(line, log->file, JSON_COMPACT | JSON_REAL_PRECISION(10)) == 0 &&
                   fputc('\n', log->file) != EOF && fflush(log->file) == 0;
    if (!written && !log->error)
        log->error = errno ? errno : EIO;
    json_decref(line);
}

void log_weights(run_log *log, double content_weight, double style_weight, double tv_weight) {
    log->weights[0] = content_weight;
    log->weights[1] = style_weight;
    log->weights[2] = tv_weight;
    log->weights_changed = true;
}

bool log_close(run_log *log) {
    errno = 0;
    if (log->file && fclose(log->file) != 0 && !log->error)
        log->error = errno ? errno : EIO;
    log->file = NULL;
    if (log->error)
        complain("%s: the log is not complete: %s", log->path, strerror(log->error));
    return !log->error;
}
