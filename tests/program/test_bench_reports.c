/* What is made of results of the benchmark that somebody gave: tables in Markdown, the page's markup, and refusals.
 * test_bench_page.py looks at the page itself. */
/* promise: bench-page untrusted */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli_fixture.h"

#define HEAD                                                                                                    \
    "{\"format\": \"pastiche bench 2\", \"version\": \"0.2.0\", \"date\": \"2026-11-28T20:01:02Z\", \"mode\": " \
    "\"full\", "
#define DEVICE "\"device\": {\"name\": \"Processor\", \"driver\": \"3.1\", \"platform\": \"Platform\"}, "
#define SPEED(median, varied)                                                                                   \
    "\"speed\": {\"pulses\": 21, \"best_flops\": 2.1e11, \"median_flops\": " median ", \"least_flops\": 1e11, " \
    "\"half_flops\": [2e11, 2e11], \"varied\": " varied "}, "
#define SCORE                                                                             \
    "\"load\": {\"known\": true, \"other\": 0.012}, " SPEED(                              \
        "2e11", "0.011") "\"score\": {\"version\": 1, \"value\": 0.25, \"unit\": \"x\", " \
                         "\"sizes\": [], \"reliable\": true, \"reason\": null}, "
#define TIMES "\"samples\": 3, \"least_seconds\": 0.5, \"median_seconds\": 0.625, \"most_seconds\": 0.75"
#define FMA "{\"kind\": \"arithmetic\", \"name\": \"fma\", \"flops\": 2e11, " TIMES "}"
#define LAYER(algorithm, chosen, flops)                                                                    \
    ", {\"kind\": \"convolution\", \"name\": \"relu1_2\", \"direction\": \"forward\", \"pool\": \"max\", " \
    "\"algorithm\": \"" algorithm "\", \"chosen\": " chosen                                                \
    ", \"c_in\": 64, \"c_out\": 64, \"rows\": 64, \"width\": 64, \"height\": 64, "                         \
    "\"flops\": " flops ", " TIMES "}"
#define EVALUATION                                                                                              \
    ", {\"kind\": \"evaluation\", \"name\": \"evaluation\", \"width\": 512, \"height\": 512, \"flops\": 1e11, " \
    "\"device_bytes\": 429916160, " TIMES "}"
#define WHOLE                                                                                                         \
    HEAD DEVICE SCORE "\"rows\": [" FMA LAYER("direct", "false", "1e11") LAYER("winograd", "true", "3e11") EVALUATION \
        "]}"

static char text[1 << 20];

static void write_result(const char *name, const char *json) { test_write(test_path(name), json, strlen(json)); }

static void ck_text(const char *wanted) {
    size_t same = 0;
    while (text[same] && text[same] == wanted[same])
        same++;
    ck_assert_msg(text[same] == wanted[same], "not \"%.60s\" but \"%.60s\"", wanted + same, text + same);
}

static const char *report_of(const char *json, const char *option, const char *file) {
    char command[256];
    write_result("result.json", json);
    cli_forget(file);
    snprintf(command, sizeof command, "bench --compare result.json %s %s", option, file);
    ck_run(command);
    ck_assert_msg(said[0] == '\0' && printed[0] == '\0', "%s: %.900s%.900s", command, said, printed);
    return read_whole(test_path(file), text, sizeof text);
}

START_TEST(test_markdown) {
    report_of(WHOLE, "--markdown", "report.md");
    ck_text("# Benchmark of pastiche\n\n"
            "| device | driver | score, MP/s | reliable | multiply-adds | memory | other load | processor varied | "
            "pastiche | measured |\n"
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |\n"
            "| Processor | Platform 3.1 | 0.2500 | yes | 250.0 GFLOP/s | | 1.2 % | 1.1 % | 0.2.0, full | "
            "2026-11-28T20\\:01\\:02Z "
            "|\n"
            "\n## Whole evaluations\n\n"
            "| image | median | least | most | rate | of ceiling | memory |\n"
            "| --- | --- | --- | --- | --- | --- | --- |\n"
            "| 512x512 | 625.0 ms | 500.0 ms | 750.0 ms | 100.0 GFLOP/s | 40 % | 410 MiB |\n"
            "\n## Layers and kernels\n\n"
            "Convolutions in GFLOP/s of direct convolution; a run uses what is bold.\n\n"
            "| layer | | direct | winograd |\n"
            "| --- | --- | ---: | ---: |\n"
            "| relu1\\_2 forward | 64>64, 64x64 | 100.0 | **300.0** |\n\n"
            "| kernel | map | median | least | most | rate |\n"
            "| --- | --- | --- | --- | --- | --- |\n"
            "| fma | | 625.0 ms | 500.0 ms | 750.0 ms | 200.0 GFLOP/s |\n");
}
END_TEST

/* Two results: a letter for each; both reports at once. */
START_TEST(test_several) {
    write_result("a.json", WHOLE);
    write_result("b.json", "{\"format\": \"pastiche bench 1\", \"version\": \"0.1.0\", " DEVICE "\"rows\": [" FMA "]}");
    ck_run("bench --compare a.json b.json --report both.html --markdown both.md");
    read_whole(test_path("both.md"), text, sizeof text);
    ck_assert(strstr(text, "| A | Processor |") && strstr(text, "| B | Processor |") &&
              strstr(text, "\n## B: Processor\n"));
    read_whole(test_path("both.html"), text, sizeof text);
    ck_assert(strstr(text, "2 results compared") && strstr(text, "This file has no score"));
    cli_forget("both.md");
    cli_forget("both.html");
}
END_TEST

/* One processor whose own speed changed between two results; two processors differ as they like. */
START_TEST(test_speeds_of_the_processor) {
    write_result("a.json", WHOLE);
    write_result("b.json", HEAD DEVICE SPEED("1.9e11", "0") "\"rows\": [" FMA "]}");
    write_result("c.json", HEAD
                 "\"device\": {\"name\": \"Other\", \"driver\": \"3.1\"}, " SPEED("9e10", "0") "\"rows\": [" FMA "]}");
    ck_run("bench --compare a.json b.json");
    ck_assert_msg(strstr(printed, "a second, processor at 200 GFLOP/s") &&
                      strstr(printed, "The processor itself was 5.0 % slower in B than in A"),
                  "%.900s", printed);
    ck_run("bench --compare a.json a.json c.json");
    ck_assert_msg(!strstr(printed, "The processor itself"), "%.900s", printed);
}
END_TEST

START_TEST(test_kernels_for_gpus_on_a_processor) {
    report_of(HEAD "\"kernels\": \"gpu\", \"device\": {\"name\": \"Processor\", \"type\": \"cpu\", \"driver\": \"3\"}, "
                   "\"rows\": [" FMA "]}",
              "--markdown", "report.md");
    ck_assert(strstr(text, "| Processor, kernels for GPUs |"));
    report_of(HEAD "\"kernels\": \"gpu\", \"device\": {\"name\": \"Processor\", \"type\": \"gpu\", \"driver\": \"3\"}, "
                   "\"rows\": [" FMA "]}",
              "--markdown", "report.md");
    ck_assert(strstr(text, "| Processor |"));
}
END_TEST

/* No text of a file ends a cell, a line, an element or an attribute. */
START_TEST(test_hostile_texts) {
    static const char json[] = HEAD "\"device\": {\"name\": \"a|b`c<script>\\\"'&\\n\\u202e\\u001b\\\\|\", \"driver\": "
                                    "\"3\", \"platform\": \"<!--\"}, "
                                    "\"rows\": [" FMA LAYER("</td><img src=x onerror='y'>|", "true", "3e11") "]}";
    report_of(json, "--markdown", "report.md");
    ck_assert(!strchr(text, '<') && !strchr(text, '\033') && !strstr(text, "\342\200\256"));
    ck_assert_msg(strstr(text, "\n| a\\|b\\`c&#60;script>\"'&#38;???\\\\\\| | &#60;\\!-- 3 |") != NULL ||
                      strstr(text, "\n| a\\|b\\`c&#60;script&#62;\"'&#38;???\\\\\\| | &#60;\\!-- 3 |") != NULL,
                  "%.1500s", text);
    report_of(json, "--report", "report.html");
    ck_assert(!strstr(text, "<script") && !strstr(text, "<img") && !strstr(text, "<!--") && !strchr(text, '\033'));
    ck_assert(strstr(text, "a|b`c&#60;script&#62;&#34;&#39;&#38;???\\|"));
}
END_TEST

/* Texts of any length are cut between characters. */
START_TEST(test_long_texts) {
    char *json = malloc(1 << 17);
    size_t length = (size_t)sprintf(json, "%s\"device\": {\"name\": \"x", HEAD);
    for (int i = 0; i < 20000; i++)
        length += (size_t)sprintf(json + length, "\303\251");
    sprintf(json + length, "\", \"driver\": \"3\"}, \"rows\": [" FMA "]}");
    report_of(json, "--markdown", "report.md");
    free(json);
    ck_assert(strlen(text) < 2000 && strstr(text, "\303\251\303\251") && strstr(text, "... |") && !strstr(text, "?"));
}
END_TEST

/* Numbers that cannot be are left out; what remains is shown, and no chart leaves its frame. */
START_TEST(test_absurd_numbers) {
    static const char *const rows[] = {
        LAYER("direct", "true", "1e300"),
        LAYER("direct", "true", "0"),
        ", {\"kind\": \"evaluation\", \"name\": \"e\", \"width\": 2147483647, \"height\": 999999999999, \"flops\": "
        "1e-300, "
        "\"median_seconds\": 1e-300, \"least_seconds\": 1e200, \"most_seconds\": 0, \"device_bytes\": "
        "9223372036854775807}",
        ", {\"kind\": \"convolution\", \"name\": \"relu1_2\", \"chosen\": true, \"work\": 1e-300, \"bytes\": 1e19, "
        "\"arithmetic\": 1e19, "
        "\"flops\": 1e19, " TIMES "}",
        ", {\"kind\": \"bandwidth\", \"name\": \"copy\", \"bytes_per_second\": 1e-9, " TIMES "}",
        ", {\"kind\": \"something new\", \"name\": \"x\"}",
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char json[4096];
        snprintf(json, sizeof json, "%s%s\"rows\": [%s%s]}", HEAD, DEVICE, FMA, rows[i]);
        report_of(json, "--report", "report.html");
        ck_assert_msg(!strstr(text, "nan") && !strstr(text, "inf\"") && !strstr(text, "inf%") &&
                          strstr(text, "</html>"),
                      "%.900s", rows[i]);
        report_of(json, "--markdown", "report.md");
        ck_assert_msg(!strstr(text, "nan") && !strstr(text, " inf"), "%.900s", rows[i]);
    }
}
END_TEST

START_TEST(test_refusals) {
    static const struct {
        const char *json, *word;
    } bad[] = {{"", "result.json"},
               {"[]", "no result"},
               {"{\"format\": \"pastiche bench 9\"}", "pastiche bench 9"},
               {HEAD DEVICE "\"rows\": 3}", "rows"},
               {HEAD DEVICE "\"rows\": [3]}", "no result"},
               {HEAD DEVICE "\"rows\": []}", "no figure"},
               {HEAD DEVICE "\"rows\": [{\"kind\": \"arithmetic\", \"name\": \"fma\", \"flops\": -1}]}", "flops"},
               {HEAD DEVICE "\"rows\": [{\"kind\": \"arithmetic\", \"name\": \"fma\", \"flops\": NaN}]}", "no result"},
               {HEAD DEVICE "\"rows\": [" FMA, "no result"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        write_result("result.json", bad[i].json);
        ck_refused("bench --compare result.json --report new.html --markdown new.md", 1, "result.json", bad[i].word);
    }
    write_result("result.json", WHOLE);
    ck_refused("bench --compare result.json --report result.json", 1, "result.json", "another file");
    ck_refused("bench --compare result.json --report none/new.html", 1, "none", "new.html");
    ck_refused("bench --compare result.json none.json --report new.html", 1, "none.json", "cannot be read");
    ck_refused("bench --compare --report new.html", 2, "--compare", "files");
    ck_refused("bench --compare result.json result.json result.json result.json result.json result.json result.json "
               "--report new.html",
               2, "at most 6", "7");
}
END_TEST

START_TEST(test_too_many_rows) {
    char *json = malloc(4 << 20);
    size_t length = (size_t)sprintf(json, "%s%s\"rows\": [%s", HEAD, DEVICE, FMA);
    for (int i = 0; i < 2000; i++)
        length += (size_t)sprintf(json + length, ", %s", FMA);
    sprintf(json + length, "]}");
    write_result("result.json", json);
    free(json);
    ck_refused("bench --compare result.json --report new.html", 1, "result.json", "2001 rows");
}
END_TEST

int main(void) {
    Suite *suite = suite_create("bench_reports");
    TCase *all = tcase_create("reports");
    tcase_add_unchecked_fixture(all, prepare, NULL);
    tcase_set_timeout(all, 0);
    tcase_add_test(all, test_markdown);
    tcase_add_test(all, test_several);
    tcase_add_test(all, test_speeds_of_the_processor);
    tcase_add_test(all, test_kernels_for_gpus_on_a_processor);
    tcase_add_test(all, test_hostile_texts);
    tcase_add_test(all, test_long_texts);
    tcase_add_test(all, test_absurd_numbers);
    tcase_add_test(all, test_refusals);
    tcase_add_test(all, test_too_many_rows);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
