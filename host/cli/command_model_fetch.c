/* pastiche model list and pastiche model fetch. */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/values.h"
#include "cli/run/progress.h"
#include "cli/run/signals.h"

static int failed(const pst_catalogue *catalogue, pst_status status) {
    complain("%s", catalogue ? pst_catalogue_message(catalogue) : "no memory left");
    return status == PST_ERROR_ARGUMENT ? EXIT_USAGE : EXIT_FAILED;
}

static const char *size_text(const pst_known_network *network, char text[32]) {
    if (network->bytes)
        return bytes_text(network->bytes, text);
    return *network->about_size ? network->about_size : "unknown";
}

/* "MD5 253f..." or nothing. */
static const char *checksum_text(const pst_known_network *network, char text[128]) {
    size_t digits = strlen(network->sha256);
    if (digits)
        snprintf(text, 128, "SHA-256 %s%s", network->sha256, digits < 64 ? "..." : "");
    else if (*network->md5)
        snprintf(text, 128, "MD5 %s", network->md5);
    else
        strcpy(text, "no known checksum");
    return text;
}

/* ---- list ---- */

static pst_status print_network(pst_catalogue *catalogue, const pst_known_network *network, const char *used) {
    const char *path;
    char size[32];
    pst_status status = pst_catalogue_installed(catalogue, network, &path);
    if (status != PST_OK)
        return status;
    print_line("%c %-21s%-15s%-12s%s", path && strcmp(path, used) == 0 ? '*' : ' ', network->name,
               size_text(network, size), network->format, network->license);
    print_line("    %s", network->notes);
    if (path)
        print_line("    installed: %s", path);
    return PST_OK;
}

static int list(pst_catalogue *catalogue) {
    char used[4096] = "";
    const char *path;
    size_t count;
    const pst_known_network *networks = pst_catalogue_networks(catalogue, &count);
    if (pst_catalogue_find(catalogue, NULL, &path) == PST_OK)
        snprintf(used, sizeof used, "%s", path);
    print_line("  %-21s%-15s%-12s%s", "NAME", "SIZE", "FORMAT", "LICENSE");
    for (size_t i = 0; i < count; i++) {
        pst_status status = print_network(catalogue, &networks[i], used);
        if (status != PST_OK)
            return failed(catalogue, status);
    }
    for (const char *const *inside = pst_catalogue_built_in(); *inside;
         inside++) { /* unless a file here has the name */
        char inside_path[64];
        snprintf(inside_path, sizeof inside_path, "built-in:%.40s.safetensors", *inside);
        if (pst_catalogue_find(catalogue, *inside, &path) == PST_OK && strcmp(path, inside_path) == 0)
            print_line("%c %-21sis inside the program", strcmp(path, used) == 0 ? '*' : ' ', *inside);
    }
    puts(*used ? "\n* marks the default." : "\nNone is installed; `pastiche model fetch vgg19` installs the best one.");
    if (*pst_catalogue_folder(catalogue))
        print_line("They are installed in %s.", pst_catalogue_folder(catalogue));
    return EXIT_OK;
}

int model_list_command(const settings *s) {
    (void)s;
    pst_catalogue *catalogue;
    pst_status status = pst_catalogue_open(&catalogue);
    int code = status == PST_OK ? list(catalogue) : failed(catalogue, status);
    pst_catalogue_close(catalogue);
    return code;
}

/* ---- fetch ---- */

#define REDRAW_SECONDS 0.1
#define LINE_SECONDS 10.0 /* from one plain line to the next */

typedef struct watch {
    progress report;
    pst_fetch_phase phase;
    bool begun;
    double told_at; /* seconds of the phase */
} watch;

/* "37.2 MiB of 76.4 MiB, 49 %, 4.1 MiB/s, 0:09 left" */
static void describe(const pst_fetch_progress *now, char *text, size_t size) {
    char done[32], total[32], rate_text[32], left[32];
    double rate = now->seconds > 0 && now->done > now->resumed ? (double)(now->done - now->resumed) / now->seconds : 0;
    size_t used = (size_t)snprintf(text, size, "%s", bytes_text(now->done, done));
    if (now->total >= now->done && now->total > 0)
        used += (size_t)snprintf(text + used, size - used, " of %s, %.0f %%", bytes_text(now->total, total),
                                 100.0 * (double)now->done / (double)now->total);
    if (rate > 0)
        used += (size_t)snprintf(text + used, size - used, ", %s/s", bytes_text((uint64_t)rate, rate_text));
    if (rate > 0 && now->total > now->done)
        snprintf(text + used, size - used, ", %s left", progress_time((double)(now->total - now->done) / rate, left));
}

static bool show(void *user, const pst_fetch_progress *now) {
    watch *w = user;
    progress *report = &w->report;
    char text[200], size[32];
    bool entered = !w->begun || w->phase != now->phase;
    if (now->notice)
        progress_say(report, "%s", now->notice);
    if (report->quiet || now->notice)
        return signals_caught() != 0;
    if (entered && now->phase == PST_FETCH_CONNECTING) {
        progress_say(report, "fetching %s", now->url);
        if (now->resumed)
            progress_say(report, "continuing after the %s of an earlier run", bytes_text(now->resumed, size));
    }
    describe(now, text, sizeof text);
    const char *what = now->phase == PST_FETCH_CONNECTING ? "connecting"
                       : now->phase == PST_FETCH_CHECKING ? "checking"
                                                          : text;
    double interval = report->terminal ? REDRAW_SECONDS : LINE_SECONDS;
    if (report->terminal && (entered || now->seconds - w->told_at >= interval)) {
        w->told_at = now->seconds;
        progress_step(report, now->total ? (int)(1000.0 * (double)now->done / (double)now->total) : 0, 1000, what);
    } else if (!report->terminal && now->phase == PST_FETCH_RECEIVING &&
               now->seconds - (entered ? 0 : w->told_at) >= interval) {
        w->told_at = now->seconds;
        fprintf(stderr, "%s\n", text);
    } else if (entered) {
        w->told_at = now->seconds;
    }
    w->phase = now->phase;
    w->begun = true;
    return signals_caught() != 0;
}

static void tell_check(progress *report, const pst_fetch_report *done) {
    static const char *const results[] = {
        [PST_CHECK_NONE] = "no checksum is known",
        [PST_CHECK_SHA256_PREFIX] = "only the first digits of its SHA-256 are known, and they match",
        [PST_CHECK_MD5] = "its MD5 matches: it is not damaged, but this does not prove its origin",
        [PST_CHECK_SHA256] = "its SHA-256 matches",
    };
    char size[32];
    progress_say(report, "%s: %s%s; %s", done->path, done->already ? "exists already, " : "",
                 bytes_text(done->bytes, size), results[done->check]);
    if (done->check != PST_CHECK_SHA256)
        progress_say(report, "SHA-256 %s%s", done->sha256,
                     done->already || done->safe_way
                         ? ""
                         : "; it came by plain http, so anyone on the way could have changed it");
}

/* What to do without a network or without libcurl. */
static void tell_by_hand(const pst_catalogue *catalogue, const pst_fetch_options *options, const char *path) {
    char size[32] = "", checksum[128];
    const pst_known_network *network = pst_catalogue_known(catalogue, options->what);
    if (!path)
        return;
    if (!network) {
        complain("to install it manually, save %s as %s", options->what, path);
        return;
    }
    if (network->bytes)
        snprintf(size, sizeof size, "%llu bytes", (unsigned long long)network->bytes);
    complain("to install it manually, save %s as %s (%s, %s)", network->url, path, *size ? size : "size unknown",
             checksum_text(network, checksum));
    if (*network->mirror)
        complain("the same file: %s", network->mirror);
}

static int fetch(pst_catalogue *catalogue, const pst_fetch_options *options, bool quiet) {
    watch w = {.phase = PST_FETCH_CONNECTING};
    pst_fetch_report done = {.size = sizeof done};
    char size[32];
    progress_begin(&w.report, quiet, 0);
    signals_catch(w.report.terminal);
    pst_status status = pst_catalogue_fetch(catalogue, options, show, &w, &done);
    progress_clear(&w.report);
    if (status == PST_OK) {
        tell_check(&w.report, &done);
        return EXIT_OK;
    }
    if (status == PST_STOPPED) {
        if (done.part_bytes)
            progress_say(&w.report, "stopped; %s.part has %s; the same command continues", done.path,
                         bytes_text(done.part_bytes, size));
        else
            progress_say(&w.report, "stopped; nothing was saved");
        return EXIT_SIGNAL + signals_caught();
    }
    int code = failed(catalogue, status);
    if (done.part_bytes)
        complain("%s.part has %s of it; the same command continues", done.path, bytes_text(done.part_bytes, size));
    else if (code == EXIT_FAILED)
        tell_by_hand(catalogue, options, done.path);
    return code;
}

int model_fetch_command(const settings *s) {
    pst_catalogue *catalogue;
    pst_fetch_options options = s->fetch;
    options.what = s->words[0];
    options.output = s->output;
    pst_status status = pst_catalogue_open(&catalogue);
    int code = status == PST_OK ? fetch(catalogue, &options, s->quiet) : failed(catalogue, status);
    pst_catalogue_close(catalogue);
    return code;
}
