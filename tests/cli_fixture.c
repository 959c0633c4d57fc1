#define _POSIX_C_SOURCE 200809L

#include "cli_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "image/image.h"

char said[65536], printed[65536];

/* ---- running ---- */

char *read_whole(const char *path, char *text, size_t size) {
    FILE *file = fopen(path, "rb");
    size_t length = file ? fread(text, 1, size - 1, file) : 0;
    if (file)
        fclose(file);
    text[length] = '\0';
    return text;
}

pid_t start(const char *command) {
    static char words[4096];
    char *arguments[128];
    int count = 0;
    arguments[count++] = getenv("PASTICHE_PROGRAM");
    ck_assert_ptr_nonnull(arguments[0]);
    ck_assert_uint_lt(strlen(command), sizeof words);
    strcpy(words, command);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        arguments[count++] = word;
    arguments[count] = NULL;
    for (int i = 1; i < count; i++)
        for (char *c = arguments[i]; (c = strchr(c, '\1'));)
            *c = ' ';

    char folder[1024];
    strcpy(folder, test_path("."));
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        alarm(120); /* a program that hangs fails */
        int out = -1, err = -1;
        if (chdir(folder) == 0) {
            out = open(".out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
            err = open(".err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
        }
        if (out >= 0 && err >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0)
            execv(arguments[0], arguments);
        _exit(99);
    }
    ck_assert_int_gt(child, 0);
    return child;
}

int wait_for(pid_t child) {
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    read_whole(test_path(".out"), printed, sizeof printed);
    read_whole(test_path(".err"), said, sizeof said);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

int run(const char *command) { return wait_for(start(command)); }

void ck_run(const char *command) {
    int code = run(command);
    ck_assert_msg(code == 0, "%s: exit code %d, said: %.900s", command, code, said);
}

bool cli_exists(const char *name) {
    struct stat about;
    return stat(test_path(name), &about) == 0;
}

void cli_forget(const char *name) { unlink(test_path(name)); }

/* The names in the test's folder but for the streams of the last run, in any order: nothing may come or go. */
unsigned files_hash(void) {
    unsigned sum = 0;
    DIR *folder = opendir(test_path("."));
    ck_assert_ptr_nonnull(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        unsigned hash = 5381;
        for (const char *c = entry->d_name; *c; c++)
            hash = hash * 33 + (unsigned char)*c;
        sum += strcmp(entry->d_name, ".out") && strcmp(entry->d_name, ".err") ? hash : 0;
    }
    closedir(folder);
    return sum;
}

/* The program refuses: this exit code, one line that has both words in it, no new file. */
void ck_refused(const char *command, int code, const char *word, const char *other) {
    unsigned files = files_hash();
    int got = run(command);
    ck_assert_msg(got == code, "%s: exit code %d, not %d; said: %.900s", command, got, code, said);
    const char *end = strchr(said, '\n');
    ck_assert_msg(strncmp(said, "pastiche: ", 10) == 0 && end && end[1] == '\0', "%s: not one line: %.900s", command,
                  said);
    ck_assert_msg(strstr(said, word) && strstr(said, other), "%s: no %s, %s in: %.900s", command, word, other, said);
    ck_assert_msg(printed[0] == '\0', "%s: printed %.900s", command, printed);
    ck_assert_msg(files_hash() == files, "%s: left or took a file", command);
}

void ck_image(const char *name, int width, int height) {
    pst_image *image;
    ck_assert_msg(pst_img_read(NULL, test_path(name), &image) == PST_OK, "%s: not an image", name);
    ck_assert_int_eq(image->width, width);
    ck_assert_int_eq(image->height, height);
    pst_image_destroy(image);
}

void ck_same_bytes(const char *a, const char *b, bool same) {
    static char first[65536], second[65536];
    struct stat about, other;
    ck_assert_int_eq(stat(test_path(a), &about) | stat(test_path(b), &other), 0);
    ck_assert_int_lt(about.st_size, (long)sizeof first);
    read_whole(test_path(a), first, sizeof first);
    read_whole(test_path(b), second, sizeof second);
    ck_assert_msg((about.st_size == other.st_size && memcmp(first, second, (size_t)about.st_size) == 0) == same,
                  "%s and %s %s", a, b, same ? "differ" : "are the same");
}

/* ---- the folder ---- */

void write_ppm(const char *name, int width, int height, size_t missing, uint64_t seed) {
    static unsigned char file[64 + 256 * 256 * 3];
    size_t bytes = (size_t)sprintf((char *)file, "P6\n%d %d\n255\n", width, height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int c = 0; c < 3; c++)
                file[bytes++] = (unsigned char)(128 + 60 * sin(.1 * (x * (c + 1) + y * (double)(seed + 1))) +
                                                60 * test_random(&seed));
    test_write(test_path(name), file, bytes - missing);
}

void write_cut(const char *name, const char *whole, double part) {
    static char data[1 << 20];
    struct stat about;
    ck_assert_int_eq(stat(test_path(whole), &about), 0);
    ck_assert_int_lt(about.st_size, (long)sizeof data);
    read_whole(test_path(whole), data, sizeof data);
    test_write(test_path(name), data, (size_t)(part * (double)about.st_size));
}

void prepare(void) {
    static const int channels[5] = {6, 8, 10, 12, 12}, units[5] = {2, 2, 4, 4, 1};
    setenv("TERM", "dumb", 1);
    unsetenv("PASTICHE_MODEL");
    setenv("PASTICHE_DATA", test_path("data"), 1);
    test_write_network(test_path("net.safetensors"), channels, units, 1);
    write_ppm("content.ppm", 80, 60, 0, 1);
    write_ppm("style.ppm", 50, 70, 0, 2);
    write_ppm("more,style.ppm", 64, 64, 0, 3);
    test_write(test_path("no.txt"), "no image\n", 9);
    test_write(test_path("empty.png"), "", 0);
}
