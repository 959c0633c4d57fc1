/* The catalogue inside the library, which file a name means, and what they stand on: digests, parts, files inside the
 * library. */
#define _POSIX_C_SOURCE 200809L

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <jansson.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/partial.h"
#include "model/catalogue.h"
#include "model/weights_read.h"
#include "support.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

static pst_error error;

/* ---- digests ------------------------------------------------------------------------------------------------- */

static void ck_digest(pst_digest_kind kind, const char *text, size_t bytes, size_t piece, const char *wanted) {
    pst_digest digest;
    char hex[65];
    pst_digest_begin(&digest, kind);
    for (size_t at = 0; at < bytes; at += piece)
        pst_digest_add(&digest, text + at, bytes - at < piece ? bytes - at : piece);
    pst_digest_end(&digest, hex);
    ck_assert_str_eq(hex, wanted);
}

START_TEST(digests_are_the_standards) {
    /* FIPS 180-4's and RFC 1321's own examples */
    static const char *const sha256[][2] = {
        {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
        {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
        {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
         "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
        {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqr"
         "stu",
         "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
    };
    static const char *const md5[][2] = {
        {"", "d41d8cd98f00b204e9800998ecf8427e"},
        {"abc", "900150983cd24fb0d6963f7d28e17f72"},
        {"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"},
        {"12345678901234567890123456789012345678901234567890123456789012345678901234567890",
         "57edf4a22be3c955ac49da2e2107b67a"},
    };
    static char million[1000000];
    memset(million, 'a', sizeof million);
    for (size_t piece = 1; piece < 140; piece += piece < 3 ? 1 : 31) {
        for (size_t i = 0; i < COUNT(sha256); i++)
            ck_digest(PST_DIGEST_SHA256, sha256[i][0], strlen(sha256[i][0]), piece, sha256[i][1]);
        for (size_t i = 0; i < COUNT(md5); i++)
            ck_digest(PST_DIGEST_MD5, md5[i][0], strlen(md5[i][0]), piece, md5[i][1]);
        ck_digest(PST_DIGEST_SHA256, million, sizeof million, piece,
                  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
    }
    ck_digest(PST_DIGEST_MD5, million, sizeof million, 65536, "7707d6ae4e027c70eea2a935c2296f21");
}
END_TEST

/* ---- the catalogue ------------------------------------------------------------------------------------------- */

START_TEST(the_catalogue_is_well_formed) {
    static const char *const keys =
        " name aliases file url mirror bytes about_size sha256 sha256_prefix md5 license format convention notes ";
    static const char *const formats = "|Keras HDF5|Caffe|PyTorch|MATLAB 5|safetensors|ONNX|";
    static const char *const conventions = "|caffe|torchvision|rgb|";
    uint8_t *text;
    size_t bytes, count, i;
    json_t *network;
    pst_catalogue *catalogue;
    unsetenv("PASTICHE_CATALOGUE");
    ck_ok(error, pst_file_load(&error, PST_BUILT_IN "catalogue.json", 1 << 20, &text, &bytes));
    json_t *root = json_loadb((const char *)text, bytes, JSON_REJECT_DUPLICATES, NULL);
    ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_OK);
    const pst_known_network *known = pst_catalogue_networks(catalogue, &count);
    ck_assert_uint_eq(count, json_array_size(json_object_get(root, "networks")));
    ck_assert_uint_ge(count, 8);
    ck_assert_str_eq(known[0].name, "vgg19");
    json_array_foreach(json_object_get(root, "networks"), i, network) {
        const char *key;
        json_t *value;
        char word[64];
        json_object_foreach(network, key, value) {
            snprintf(word, sizeof word, " %s ", key);
            ck_assert_msg(strstr(keys, word) != NULL, "%s: unknown key %s", known[i].name, key);
        }
        snprintf(word, sizeof word, "|%s|", known[i].format);
        ck_assert_msg(strstr(formats, word) != NULL, "%s: format %s", known[i].name, known[i].format);
        snprintf(word, sizeof word, "|%s|", known[i].convention);
        ck_assert_msg(strstr(conventions, word) != NULL, "%s: convention %s", known[i].name, known[i].convention);
        /* what is fetched without a word of warning can be checked, and people know how much comes */
        ck_assert_msg(known[i].bytes || *known[i].about_size, "%s: no size", known[i].name);
        ck_assert_msg(!*known[i].mirror || *known[i].sha256 || *known[i].md5, "%s: a mirror and no checksum",
                      known[i].name);
        ck_assert_msg(!(*known[i].about_size && known[i].bytes), "%s: two sizes", known[i].name);
        ck_assert_ptr_eq(pst_catalogue_known(catalogue, known[i].name), &known[i]);
    }
    ck_assert_ptr_eq(pst_catalogue_known(catalogue, "vgg19-keras"), &known[0]);
    ck_assert_ptr_null(pst_catalogue_known(catalogue, ""));
    ck_assert_ptr_null(pst_catalogue_known(catalogue, "vgg"));
    pst_catalogue_close(catalogue);
    json_decref(root);
    pst_free(text);
}
END_TEST

#define GOOD \
    "\"file\": \"f\", \"url\": \"https://h/f\", \"license\": \"l\", \"format\": \"f\", \"convention\": \"caffe\""

START_TEST(a_bad_catalogue_is_refused) {
    static const char *const table[][2] = {
        {"{}", "not a catalogue"},
        {"{\"pastiche_catalogue\": 2, \"networks\": []}", "not a catalogue"},
        {"{\"pastiche_catalogue\": 1, \"networks\": [", "line 1"},
        {"[1]", "not a catalogue"},
        {"", "line"},
        {"7", "no name"},
        {"{\"name\": \"a b\", " GOOD "}", "no name"},
        {"{\"name\": \"../a\", " GOOD "}", "no name"},
        {"{\"name\": 5, " GOOD "}", "no name"},
        {"{\"name\": \"a\", \"file\": \"../f\", \"url\": \"https://h/f\"}", "no file name"},
        {"{\"name\": \"a\", \"file\": \"f\", \"url\": \"ftp://h/f\"}", "no URL"},
        {"{\"name\": \"a\", \"file\": \"f\", \"url\": \"https://h/ f\"}", "no URL"},
        {"{\"name\": \"a\", \"aliases\": [\"b\", \"c\"], " GOOD "}", "aliases"},
        {"{\"name\": \"a\", \"mirror\": \"x\", " GOOD "}", "mirror"},
        {"{\"name\": \"a\", \"bytes\": -1, " GOOD "}", "size"},
        {"{\"name\": \"a\", \"bytes\": \"5\", " GOOD "}", "size"},
        {"{\"name\": \"a\", \"md5\": \"0123\", " GOOD "}", "md5"},
        {"{\"name\": \"a\", \"md5\": \"0123456789ABCDEF0123456789abcdef\", " GOOD "}", "md5"},
        {"{\"name\": \"a\", \"sha256\": \"01234567\", " GOOD "}", "sha256"},
        {"{\"name\": \"a\", \"sha256_prefix\": \"0123456\", " GOOD "}", "sha256"},
        {"{\"name\": \"a\", " GOOD "}, {\"name\": \"b\", " GOOD "}", "another one"},
    };
    for (size_t i = 0; i < COUNT(table); i++) {
        char text[1024];
        pst_catalogue *catalogue;
        bool bare = strchr("{[", table[i][0][0]) && strncmp(table[i][0], "{\"name", 6) != 0 && table[i][0][0] != '7';
        snprintf(text, sizeof text, bare || !*table[i][0] ? "%s" : "{\"pastiche_catalogue\": 1, \"networks\": [%s]}",
                 table[i][0]);
        test_write(test_path("bad.json"), text, strlen(text));
        setenv("PASTICHE_CATALOGUE", test_path("bad.json"), 1);
        ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_ERROR_FORMAT);
        const char *said = pst_catalogue_message(catalogue);
        ck_assert_msg(strstr(said, "bad.json: ") && strstr(said, table[i][1]), "%s: %s", table[i][0], said);
        pst_catalogue_close(catalogue);
    }
    unsetenv("PASTICHE_CATALOGUE");
}
END_TEST

/* ---- which file is meant ------------------------------------------------------------------------------------- */

static pst_catalogue *opened;

static const char *found(const char *asked) {
    const char *path;
    return pst_catalogue_find(opened, asked, &path) == PST_OK ? path : "none";
}

static void ck_not_found(const char *asked, const char *word) {
    const char *path;
    ck_assert_int_eq(pst_catalogue_find(opened, asked, &path), PST_ERROR_FILE);
    ck_assert_ptr_null(path);
    ck_assert_msg(strstr(pst_catalogue_message(opened), word) != NULL, "%s: %s", word, pst_catalogue_message(opened));
}

static const char *data(const char *name) {
    char path[256];
    snprintf(path, sizeof path, "data/%s", name);
    return test_path(path);
}

START_TEST(names_and_nothing_mean_installed_files) {
    const char *path;
    setenv("PASTICHE_DATA", test_path("data"), 1);
    ck_assert_int_eq(pst_catalogue_open(&opened), PST_OK);
    ck_assert_str_eq(pst_catalogue_folder(opened), test_path("data"));
    ck_assert_str_eq(found(NULL), PST_BUILT_IN PST_DEFAULT_BUILT_IN ".safetensors");
    ck_assert_str_eq(found(""), PST_BUILT_IN PST_DEFAULT_BUILT_IN ".safetensors");
    ck_assert_str_eq(found("small"), "built-in:small.safetensors");
    ck_assert_str_eq(found("medium"), "built-in:medium.safetensors");
    ck_assert_str_eq(found("built-in:medium.safetensors"), "built-in:medium.safetensors");
    ck_not_found("large", "large: no such file");
    ck_not_found("vgg16", "vgg16: this network is known, but not installed; `pastiche model fetch vgg16`");
    ck_not_found("vgg99", "vgg99: no such file");
    ck_not_found("./vgg16", "./vgg16: no such file");
    ck_not_found("built-in:x/vgg16", "no such file");
    ck_assert_int_eq(mkdir(test_path("data"), 0700), 0);
    test_write(data("vgg16.safetensors"), "x", 1);
    ck_assert_str_eq(found(NULL), data("vgg16.safetensors"));
    ck_assert_str_eq(found("vgg16-keras"), data("vgg16.safetensors"));
    const pst_known_network *vgg19 = pst_catalogue_known(opened, "vgg19");
    test_write(data(vgg19->file), "x", 1); /* cut short: as good as not there */
    ck_assert_str_eq(found(NULL), data("vgg16.safetensors"));
    ck_not_found("vgg19", "not installed");
    ck_assert_int_eq(truncate(data(vgg19->file), (off_t)vgg19->bytes), 0);
    ck_assert_str_eq(found(NULL), data(vgg19->file));
    ck_assert_str_eq(found("vgg19-keras"), data(vgg19->file));
    ck_assert_str_eq(found(vgg19->file), data(vgg19->file)); /* by its own name as well */
    test_write(data("vgg19.safetensors"), "x", 1);           /* converted */
    ck_assert_str_eq(found("vgg19"), data("vgg19.safetensors"));
    ck_assert_int_eq(pst_catalogue_installed(opened, vgg19, &path), PST_OK);
    ck_assert_str_eq(path, data("vgg19.safetensors"));
    ck_assert_int_eq(pst_catalogue_installed(opened, pst_catalogue_known(opened, "vgg16-caffe"), &path), PST_OK);
    ck_assert_ptr_null(path);
    char here[1024];
    ck_assert_ptr_nonnull(getcwd(here, sizeof here));
    ck_assert_int_eq(chdir(test_path(".")), 0);
    test_write(test_path("vgg19"), "x", 1); /* a file of this name comes first */
    ck_assert_str_eq(found("vgg19"), "vgg19");
    ck_assert_int_eq(chdir(here), 0);
    ck_assert_int_eq(unlink(data(vgg19->file)) | unlink(data("vgg19.safetensors")) | unlink(data("vgg16.safetensors")),
                     0);
    pst_catalogue_close(opened);
}
END_TEST

START_TEST(the_data_folder_is_where_the_system_has_it) {
    char *path, *home = strdup(getenv("HOME") ? getenv("HOME") : "/");
    setenv("PASTICHE_DATA", "/a", 1);
    ck_ok(error, pst_folder_data(&error, &path));
    ck_assert_str_eq(path, "/a");
    pst_free(path);
    unsetenv("PASTICHE_DATA");
    setenv("HOME", "/h", 1);
#if !defined(__APPLE__)
    setenv("XDG_DATA_HOME", "/x", 1);
    ck_ok(error, pst_folder_data(&error, &path));
    ck_assert_str_eq(path, "/x/pastiche");
    pst_free(path);
    setenv("XDG_DATA_HOME", "relative", 1);
    ck_ok(error, pst_folder_data(&error, &path));
    ck_assert_str_eq(path, "/h/.local/share/pastiche");
    pst_free(path);
    unsetenv("XDG_DATA_HOME");
#endif
    setenv("HOME", "", 1);
    ck_assert_int_eq(pst_folder_data(&error, &path), PST_ERROR_FILE);
    ck_assert_ptr_null(path);
    ck_assert_ptr_nonnull(strstr(error.text, "PASTICHE_DATA"));
    pst_catalogue *catalogue; /* which is good for all but that */
    ck_assert_int_eq(pst_catalogue_open(&catalogue), PST_OK);
    ck_assert_str_eq(pst_catalogue_folder(catalogue), "");
    pst_catalogue_close(catalogue);
    setenv("HOME", home, 1);
    free(home);
}
END_TEST

/* ---- below --------------------------------------------------------------------------------------------------- */

/* The networks inside it go by name, are what the program needs, and stay within what a download may take. */
START_TEST(networks_inside_the_library_go_by_name) {
    size_t all = 0, count = 0;
    for (const char *const *inside = pst_catalogue_built_in(); *inside; inside++, count++) {
        pst_weights *model;
        pst_file *file;
        uint64_t bytes;
        char path[64];
        snprintf(path, sizeof path, "built-in:%s.safetensors", *inside);
        ck_ok(error, pst_file_open(&error, path, &file, &bytes));
        pst_file_close(file);
        ck_assert_uint_le(bytes, 4000000);
        all += bytes;
        ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
        ck_assert_uint_eq(model->convolution_count, 13);
        ck_assert_str_eq(model->convolutions[12].name, "conv5_1");
        ck_assert(model->convention == PST_CONVENTION_CAFFE && !model->assumed && !*model->notice);
        pst_weights_destroy(model);
    }
    ck_assert_uint_eq(count, 2);
    ck_assert_uint_le(all, 6000000);
}
END_TEST

START_TEST(files_inside_the_library_are_the_files) {
    char outside[1024];
    uint8_t *inside, *there;
    size_t count = 0;
    for (const embedded_file *f = pst_built_in_files; f->name; f++, count++) {
        char path[300];
        size_t bytes, length;
        snprintf(path, sizeof path, PST_BUILT_IN "%s", f->name);
        ck_assert_ptr_nonnull(getenv("PASTICHE_SOURCE"));
        snprintf(outside, sizeof outside, "%s/weights/%s", getenv("PASTICHE_SOURCE"), f->name);
        ck_ok(error, pst_file_load(&error, path, 1 << 24, &inside, &bytes));
        ck_ok(error, pst_file_load(&error, outside, 1 << 24, &there, &length));
        ck_assert_uint_eq(bytes, length);
        ck_assert_mem_eq(inside, there, bytes);
        pst_free(inside);
        pst_free(there);
        pst_file *file;
        uint64_t size;
        uint8_t byte[2];
        ck_ok(error, pst_file_open(&error, path, &file, &size));
        ck_ok(error, pst_file_read(&error, file, size - 1, byte, 1));
        ck_assert_int_eq(pst_file_read(&error, file, size - 1, byte, 2), PST_ERROR_FORMAT);
        pst_file_close(file);
        if (strstr(f->name, ".safetensors")) { /* and is a network, that can be forgotten and recalled */
            pst_weights *model;
            ck_ok(error, pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model));
            ck_assert_str_eq(model->path, path);
            float first = model->convolutions[0].weight[0];
            pst_weights_forget(model);
            ck_ok(error, pst_weights_recall(&error, model));
            ck_assert(model->convolutions[0].weight[0] == first);
            pst_weights_destroy(model);
        }
    }
    ck_assert_uint_ge(count, 1);
    ck_assert_int_eq(pst_file_load(&error, PST_BUILT_IN "missing", 100, &inside, &count), PST_ERROR_FILE);
    ck_assert_ptr_nonnull(strstr(error.text, PST_BUILT_IN "missing"));
}
END_TEST

START_TEST(a_part_is_one_process_and_one_piece) {
    pst_partial *part, *again;
    uint64_t bytes;
    uint8_t text[16];
    size_t got;
    const char *path = test_path("new/folder/file");
    ck_ok(error, pst_partial_open(&error, path, &part, &bytes));
    ck_assert_uint_eq(bytes, 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        bool refused =
            pst_partial_open(&error, path, &again, &bytes) == PST_ERROR_FILE && strstr(error.text, "another process");
        _exit(refused ? 0 : 1);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    pst_partial_close(part); /* an empty one goes */
    ck_assert_int_eq(access(test_path("new/folder/file.part"), F_OK), -1);
    ck_ok(error, pst_partial_open(&error, path, &part, &bytes));
    ck_ok(error, pst_partial_append(&error, part, "hello, ", 7));
    pst_partial_close(part);
    ck_ok(error, pst_partial_open(&error, path, &part, &bytes));
    ck_assert_uint_eq(bytes, 7);
    ck_ok(error, pst_partial_append(&error, part, "worms", 5));
    ck_ok(error, pst_partial_cut(&error, part, 10));
    ck_ok(error, pst_partial_append(&error, part, "ld", 2));
    ck_ok(error, pst_partial_read(&error, part, 0, text, sizeof text, &got));
    ck_assert_uint_eq(got, 12);
    ck_assert_mem_eq(text, "hello, world", 12);
    test_write(path, "old", 3);
    ck_ok(error, pst_partial_install(&error, part));
    pst_partial_close(part);
    ck_assert_int_eq(access(test_path("new/folder/file.part"), F_OK), -1);
    uint8_t *whole;
    ck_ok(error, pst_file_load(&error, path, 100, &whole, &got));
    ck_assert_uint_eq(got, 12);
    ck_assert_mem_eq(whole, "hello, world", 12);
    pst_free(whole);
    ck_assert_int_eq(pst_partial_open(&error, test_path("new/folder/file/below"), &part, &bytes), PST_ERROR_FILE);
    ck_assert_ptr_null(part);
}
END_TEST

/* A clean status and no file, whichever allocation fails; leaks are seen by the build with a leak checker. */
START_TEST(memory_may_be_short) {
    char url[1200];
    test_write(test_path("source.bin"), "\0\1\2\3 some bytes", 15);
    snprintf(url, sizeof url, "file://%s", test_path("source.bin"));
    setenv("PASTICHE_DATA", test_path("short"), 1);
    for (unsigned n = 1;; n++) {
        pst_catalogue *catalogue;
        pst_fetch_options options;
        pst_fetch_options_init(&options, sizeof options);
        options.what = url;
        const char *path = NULL;
        pst_memory_fail_at(n, false);
        pst_status status = pst_catalogue_open(&catalogue);
        if (status == PST_OK)
            status = pst_catalogue_find(catalogue, test_path("source.bin"), &path);
        if (status == PST_OK)
            status = pst_catalogue_fetch(catalogue, &options, NULL, NULL, NULL);
        pst_memory_fail_at(0, false);
        bool installed = access(test_path("short/source.bin"), F_OK) == 0;
        ck_assert_msg(status == PST_OK || status == PST_ERROR_MEMORY || status == PST_ERROR_UNSUPPORTED,
                      "allocation %u: %s", n, catalogue ? pst_catalogue_message(catalogue) : "");
        ck_assert_int_eq(installed, status == PST_OK);
        pst_catalogue_close(catalogue);
        if (status != PST_ERROR_MEMORY) {
            ck_assert_uint_gt(n, 10);
            break;
        }
        ck_assert_uint_lt(n, 1000);
    }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("catalogue");
    TCase *all = tcase_create("all");
    tcase_set_timeout(all, 60);
    tcase_add_test(all, digests_are_the_standards);
    tcase_add_test(all, the_catalogue_is_well_formed);
    tcase_add_test(all, a_bad_catalogue_is_refused);
    tcase_add_test(all, names_and_nothing_mean_installed_files);
    tcase_add_test(all, the_data_folder_is_where_the_system_has_it);
    tcase_add_test(all, networks_inside_the_library_go_by_name);
    tcase_add_test(all, files_inside_the_library_are_the_files);
    tcase_add_test(all, a_part_is_one_process_and_one_piece);
    tcase_add_test(all, memory_may_be_short);
    suite_add_tcase(suite, all);
    return test_run(suite);
}
