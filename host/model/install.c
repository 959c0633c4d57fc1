/* Fetching a known network, or what a URL gives, and installing it once it is whole: what is asked for, what is there
 * already, where to go on, and what is right. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/memory.h"
#include "model/catalogue.h"
#include "model/fetch.h"
#include "model/verify.h"

/* "NAME.part.from" tells what is in NAME.part: this line, the URL, the validator. */
#define ORIGIN_LINE "pastiche: where the .part comes from\n"
#define ORIGIN_BYTES_MAX 8192

typedef struct work {
    pst_error *error;
    pst_fetch_options options;
    pst_fetch_callback callback;
    void *user;
    pst_fetch_report *report;
    pst_known_network network; /* what is known of it */
    char file[256], digits[65], lower[65];
    bool known; /* it is in the catalogue */
    char *target, *origin;
    pst_partial *part;
    pst_fetch_progress now;
    double began;    /* of the phase */
    const char *url; /* that is being fetched */
} work;

/* ---- what is meant ------------------------------------------------------------------------------------------- */

static bool is_url(const char *text) {
    return strncmp(text, "https://", 8) == 0 || strncmp(text, "http://", 7) == 0 || strncmp(text, "file://", 7) == 0;
}

/* The last part of the URL's path, if it is a plain name. */
static bool name_of_url(const char *url, char name[256]) {
    const char *path = strstr(url, "://") + 3;
    size_t length = strcspn(path, "?#"), at = length;
    while (at > 0 && path[at - 1] != '/')
        at--;
    if (at == 0 || at == length || length - at > 200 || path[at] == '.')
        return false;
    snprintf(name, 256, "%.*s", (int)(length - at), path + at);
    for (const char *c = name; *c; c++)
        if (!isalnum((unsigned char)*c) && !strchr("-._", *c))
            return false;
    return true;
}

static const char *format_of_name(const char *name) {
    static const char *const endings[][2] = {{".h5", "Keras HDF5"}, {".hdf5", "Keras HDF5"},
                                             {".pth", "PyTorch"},   {".pt", "PyTorch"},
                                             {".mat", "MATLAB 5"},  {".safetensors", "safetensors"}};
    size_t length = strlen(name);
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
        if (length > strlen(endings[i][0]) && strcmp(name + length - strlen(endings[i][0]), endings[i][0]) == 0)
            return endings[i][1];
    return "";
}

/* PyTorch's archive puts the first digits of the SHA-256 into the name: "vgg19-dcbb9e9d.pth". */
static const char *digits_of_name(const char *name, char digits[65]) {
    const char *dash = strrchr(name, '-');
    size_t length = dash ? strspn(dash + 1, "0123456789abcdef") : 0;
    bool there = length >= 8 && length <= 64 && strcmp(dash + 1 + length, ".pth") == 0;
    snprintf(digits, 65, "%.*s", there ? (int)length : 0, there ? dash + 1 : "");
    return digits;
}

static pst_status take_digits(work *w) {
    const char *given = w->options.sha256, *known = w->network.sha256;
    size_t length = strlen(given);
    for (size_t i = 0; i < length && i < 64; i++)
        w->lower[i] = (char)tolower((unsigned char)given[i]);
    if (length < 8 || length > 64 || strspn(w->lower, "0123456789abcdef") != length)
        return pst_fail(w->error, PST_ERROR_ARGUMENT, "the SHA-256 \"%.80s\" is not one of 8 to 64 hexadecimal digits",
                        given);
    size_t common = length < strlen(known) ? length : strlen(known);
    if (strncmp(w->lower, known, common) != 0)
        return pst_fail(w->error, PST_ERROR_ARGUMENT, "%s: its SHA-256 begins with %.16s, not %.16s", w->options.what,
                        known, w->lower);
    if (length > strlen(known))
        w->network.sha256 = w->lower;
    return PST_OK;
}

static pst_status understand(work *w, const pst_catalogue *catalogue) {
    const char *what = w->options.what ? w->options.what : "";
    const pst_known_network *entry = pst_catalogue_known(catalogue, what);
    for (size_t i = 0; i < catalogue->count && !entry; i++)
        if (strcmp(what, catalogue->entries[i].url) == 0 || (*what && strcmp(what, catalogue->entries[i].mirror) == 0))
            entry = &catalogue->entries[i];
    w->known = entry != NULL;
    if (entry) {
        w->network = *entry;
        if (is_url(what)) {
            w->network.url = what;
            w->network.mirror = "";
        }
    } else if (is_url(what)) {
        bool named = name_of_url(what, w->file);
        if (!named && !w->options.output)
            return pst_fail(w->error, PST_ERROR_ARGUMENT,
                            "%s: contains no usable file name; name the file with -o FILE", what);
        w->network = (pst_known_network){.name = what,
                                         .alias = "",
                                         .file = w->file,
                                         .url = what,
                                         .mirror = "",
                                         .license = "",
                                         .notes = "",
                                         .convention = "",
                                         .about_size = "",
                                         .md5 = ""};
        w->network.format = format_of_name(w->file);
        w->network.sha256 = named ? digits_of_name(w->file, w->digits) : "";
    } else {
        return pst_fail(w->error, PST_ERROR_ARGUMENT,
                        "%s: is neither a known network (`pastiche model list` shows them) nor a URL", what);
    }
    if (w->options.from && !is_url(w->options.from))
        return pst_fail(w->error, PST_ERROR_ARGUMENT, "%s: is not a URL", w->options.from);
    return w->options.sha256 ? take_digits(w) : PST_OK;
}

static pst_status place(work *w) {
    char *folder = NULL;
    pst_status status;
    if (w->options.output) {
        PST_TRY(pst_copy_text(w->error, w->options.output, &w->target));
        if (!*pst_path_name(w->target))
            PST_TRY(pst_fail(w->error, PST_ERROR_ARGUMENT, "%s: is not the name of a file", w->target));
    } else {
        PST_TRY(pst_folder_data(w->error, &folder));
        PST_TRY(pst_path_join(w->error, folder, w->network.file, &w->target));
    }
    size_t bytes = strlen(w->target) + sizeof ".part.from";
    PST_TRY(pst_allocate(w->error, bytes, 1, &w->origin));
    snprintf(w->origin, bytes, "%s.part.from", w->target);

cleanup:
    pst_free(folder);
    return status;
}

/* ---- progress ------------------------------------------------------------------------------------------------ */

static bool tell(work *w, pst_fetch_phase phase, uint64_t done, uint64_t total) {
    double now = pst_clock_seconds();
    if (w->now.phase != phase || w->began == 0)
        w->began = now;
    w->now.phase = phase;
    w->now.done = done;
    w->now.total = total ? total : w->network.bytes;
    w->now.seconds = now - w->began;
    w->now.url = w->url;
    return w->callback && w->callback(w->user, &w->now);
}

static void notice(work *w, const char *text) {
    w->now.notice = text;
    tell(w, w->now.phase, w->now.done, w->now.total);
    w->now.notice = NULL;
}

static bool tell_fetched(void *user, uint64_t done, uint64_t total) {
    work *w = user;
    return tell(w, done > w->now.resumed ? PST_FETCH_RECEIVING : PST_FETCH_CONNECTING, done, total);
}

static bool tell_checked(void *user, uint64_t done) {
    work *w = user;
    return tell(w, PST_FETCH_CHECKING, done, w->now.total);
}

/* ---- what is there already ----------------------------------------------------------------------------------- */

static pst_status verify(work *w, pst_file *file, uint64_t bytes, pst_verdict *verdict) {
    w->now.total = bytes;
    pst_status status = pst_verify(w->error, file, w->part, bytes, &w->network, tell_checked, w, verdict);
    if (status == PST_OK && !*verdict->problem) {
        w->report->check = verdict->check;
        w->report->bytes = bytes;
        memcpy(w->report->sha256, verdict->sha256, sizeof w->report->sha256);
    }
    return status;
}

/* *report->already when there is nothing left to do. Fails where something is in the way that must not be replaced. */
static pst_status look_at_target(work *w) {
    pst_status status;
    pst_file *file = NULL;
    pst_verdict verdict;
    uint64_t bytes;
    pst_path_kind kind = pst_path_examine(w->target, NULL);
    if (kind == PST_PATH_NONE)
        return PST_OK;
    if (kind != PST_PATH_FILE)
        return pst_fail(w->error, PST_ERROR_FILE, "%s: is a folder or a device; the name of a file is needed",
                        w->target);
    if (!*w->network.sha256 && !*w->network.md5)
        return pst_fail(w->error, PST_ERROR_FILE, "%s: exists already; remove it first, or choose another name with -o",
                        w->target);
    PST_TRY(pst_file_open(w->error, w->target, &file, &bytes));
    PST_TRY(verify(w, file, bytes, &verdict));
    w->report->already = !*verdict.problem;
    if (!w->report->already && (w->options.output || !w->known))
        PST_TRY(pst_fail(w->error, PST_ERROR_FILE,
                         "%s: exists already and is a different file: %s; remove it first, or choose another "
                         "name with -o",
                         w->target, verdict.problem));
    if (!w->report->already) {
        char text[400];
        snprintf(text, sizeof text, "%.100s is damaged (%.200s) and is downloaded again", pst_path_name(w->target),
                 verdict.problem);
        notice(w, text);
    }

cleanup:
    pst_file_close(file);
    return status;
}

/* ---- fetching ------------------------------------------------------------------------------------------------ */

static pst_status begun(void *user, const char *validator) {
    work *w = user;
    char text[ORIGIN_BYTES_MAX];
    int length = snprintf(text, sizeof text, ORIGIN_LINE "%s\n%s\n", w->url, validator);
    w->now.resumed = 0;
    if (length >= (int)sizeof text) /* too long: it is a download, but of no address that could be asked again */
        length = snprintf(text, sizeof text, ORIGIN_LINE "\n\n");
    return pst_file_save(w->error, w->origin, text, (size_t)length);
}

/* Something that may stand in a line of a request. */
static bool is_one_line(const char *text) {
    while (*text >= ' ' && *text <= '~')
        text++;
    return !*text;
}

/* The text of the file beside the part that says where it is from; NULL: there is none, or it is no download's. Free it
 * with pst_free. */
static char *read_origin(const work *w) {
    size_t bytes;
    uint8_t *text;
    if (pst_file_load(NULL, w->origin, ORIGIN_BYTES_MAX - 1, &text, &bytes) != PST_OK)
        return NULL;
    if (strncmp((const char *)text, ORIGIN_LINE, strlen(ORIGIN_LINE)) == 0)
        return (char *)text;
    pst_free(text);
    return NULL;
}

/* Opens the part. In the user's own folders files of these names may be there that no download has left: they are not
 * touched. */
static pst_status open_part(work *w) {
    uint64_t bytes;
    pst_status status = pst_partial_open(w->error, w->target, &w->part, &bytes);
    if (status != PST_OK || !w->options.output)
        return status;
    char *origin = read_origin(w);
    const bool there = pst_path_examine(w->origin, NULL) != PST_PATH_NONE;
    if (!origin && (bytes > 0 || there)) {
        status = pst_fail(w->error, PST_ERROR_FILE,
                          "%s.part%s: is there and was not left by a download; remove it, or choose another name "
                          "with -o",
                          w->target, there ? ".from" : "");
        pst_partial_close(w->part);
        w->part = NULL;
    }
    pst_free(origin);
    return status;
}

/* Whether the part can be gone on with: it is this URL's and the server can be asked whether it still has that file,
 * whose `validator` it is; or a checksum tells at the end. Otherwise it is emptied. */
static pst_status prepare_part(work *w, char validator[ORIGIN_BYTES_MAX]) {
    size_t url_length = strlen(w->url);
    uint64_t there = pst_partial_bytes(w->part);
    validator[0] = 0;
    w->now.resumed = 0;
    if (there == 0)
        return PST_OK;
    char *text = read_origin(w);
    const char *at = text ? text + strlen(ORIGIN_LINE) : "";
    if (strncmp(at, w->url, url_length) == 0 && at[url_length] == '\n')
        snprintf(validator, ORIGIN_BYTES_MAX, "%.*s", (int)strcspn(at + url_length + 1, "\n"), at + url_length + 1);
    pst_free(text);
    if (!is_one_line(validator))
        validator[0] = 0;
    bool checked = *w->network.sha256 || *w->network.md5;
    if ((!*validator && !checked) || (w->network.bytes && there > w->network.bytes))
        return pst_partial_cut(w->error, w->part, 0);
    w->now.resumed = there;
    return PST_OK;
}

/* Fetches one URL until what is there is right, which takes a second time when the part did not belong to it. */
static pst_status fetch_from(work *w, const char *url, bool *elsewhere) {
    char validator[ORIGIN_BYTES_MAX];
    pst_verdict verdict;
    *elsewhere = false;
    w->url = url;
    for (bool again = false;; again = true) {
        pst_fetch_answer answer = {0};
        pst_status status = prepare_part(w, validator);
        if (status != PST_OK)
            return status;
        bool old = pst_partial_bytes(w->part) > 0;
        if (!old || !w->network.bytes || pst_partial_bytes(w->part) < w->network.bytes) {
            const pst_fetch_request request = {.url = url,
                                               .part = w->part,
                                               .validator = validator,
                                               .bytes = w->network.bytes,
                                               .format = w->network.format,
                                               .stall_seconds = w->options.stall_seconds,
                                               .begun = begun,
                                               .tell = tell_fetched,
                                               .user = w};
            if (tell(w, PST_FETCH_CONNECTING, pst_partial_bytes(w->part), 0))
                return PST_STOPPED;
            status = pst_fetch_url(w->error, &request, &answer);
            *elsewhere = answer.elsewhere;
            if (status != PST_OK)
                return status;
            old = answer.resumed || answer.useless;
        }
        bool whole = !answer.useless || answer.resumed;
        if (whole)
            status = verify(w, NULL, pst_partial_bytes(w->part), &verdict);
        if (status != PST_OK || (whole && !*verdict.problem))
            return status;
        status = pst_partial_cut(w->error, w->part, 0);
        if (status != PST_OK)
            return status;
        if (again || !old) {
            *elsewhere = true;
            return pst_fail(w->error, PST_ERROR_FORMAT,
                            "%s: the download is not the requested file: %s; it was deleted", url,
                            whole ? verdict.problem : "the server's file is shorter");
        }
        notice(w, "the part of an earlier run does not match; downloading the whole file again");
    }
}

static pst_status fetch(work *w) {
    const char *urls[] = {w->options.from ? w->options.from : w->network.url, w->options.from ? "" : w->network.mirror};
    pst_status status = PST_OK;
    bool elsewhere = true;
    for (size_t i = 0; i < 2 && elsewhere && *urls[i]; i++) {
        if (i > 0) {
            char text[sizeof w->error->text + 64];
            snprintf(text, sizeof text, "%s; trying %.40s...", w->error->text, urls[i]);
            notice(w, text);
        }
        status = fetch_from(w, urls[i], &elsewhere);
        if (status == PST_OK)
            break;
    }
    return status;
}

/* What killed runs left of a file that is there, and whole; unless another process has it, or it is not theirs. */
static void discard_part(work *w) {
    char *part;
    if (pst_copy_text(NULL, w->origin, &part) != PST_OK)
        return;
    part[strlen(part) - strlen(".from")] = '\0';
    const bool left =
        pst_path_examine(w->origin, NULL) != PST_PATH_NONE || pst_path_examine(part, NULL) != PST_PATH_NONE;
    const pst_error before = *w->error;
    if (left && (w->part || open_part(w) == PST_OK))
        pst_partial_cut(NULL, w->part, 0); /* and then closing removes it */
    *w->error = before;
    pst_free(part);
}

void pst_fetch_options_init(pst_fetch_options *options, size_t size) {
    const pst_fetch_options defaults = {.size = size, .stall_seconds = 60};
    memcpy(options, &defaults, size < sizeof defaults ? size : sizeof defaults);
}

pst_status pst_catalogue_fetch(pst_catalogue *catalogue, const pst_fetch_options *options, pst_fetch_callback callback,
                               void *user, pst_fetch_report *report) {
    pst_status status = PST_OK;
    pst_fetch_report made = {.size = sizeof made};
    work w = {.error = &catalogue->error, .callback = callback, .user = user, .report = &made};
    pst_fetch_options_init(&w.options, sizeof w.options);
    memcpy(&w.options, options, options->size < sizeof w.options ? options->size : sizeof w.options);
    if (!(w.options.stall_seconds > 0 && w.options.stall_seconds <= 86400))
        w.options.stall_seconds = 60;
    PST_TRY(understand(&w, catalogue));
    PST_TRY(place(&w));
    w.url = w.options.from ? w.options.from : w.network.url;
    PST_TRY(look_at_target(&w));
    if (made.already) {
        discard_part(&w);
        goto cleanup;
    }
    if (!pst_fetch_available())
        PST_TRY(pst_fail(w.error, PST_ERROR_UNSUPPORTED, "%s: this build cannot fetch it: it was made without libcurl",
                         w.options.what));
    PST_TRY(open_part(&w));
    if (pst_path_examine(w.target, NULL) != PST_PATH_NONE) /* perhaps by a process that had the part until now */
        PST_TRY(look_at_target(&w));
    if (made.already) {
        discard_part(&w);
        goto cleanup;
    }
    PST_TRY(fetch(&w));
    PST_TRY(pst_partial_install(w.error, w.part));
    made.safe_way = strncmp(w.url, "http:", 5) != 0;

cleanup:
    made.safe_way = made.safe_way || made.check == PST_CHECK_SHA256;
    if (w.part && status != PST_OK)
        made.part_bytes = pst_partial_bytes(w.part);
    if (w.part && made.part_bytes == 0)
        pst_path_remove(w.origin);
    pst_partial_close(w.part);
    pst_free(w.origin);
    pst_free(catalogue->path);
    catalogue->path = w.target;
    made.path = w.target;
    if (report) {
        size_t size = report->size < sizeof made ? report->size : sizeof made;
        made.size = report->size;
        memcpy(report, &made, size);
    }
    return status;
}
