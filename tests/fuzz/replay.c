/* Runs a fuzz target without libFuzzer: over the files of a folder, then over mutations of them that are the same every
 * time. Where it crashes, the input is kept as crash-FOLDER in the working folder.
 *     fuzz_NAME_replay FOLDER [MUTATIONS]        or FILE..., to run these alone */
/* promise: fuzz */
#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"

enum { FILES_MOST = 4096, BYTES_MOST = 1 << 20, MUTATIONS = 2000, ADDED_MOST = 64 };

#ifdef __GNUC__
__attribute__((weak)) size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t bytes, size_t most, unsigned seed);
#endif

static char *paths[FILES_MOST], kept[PATH_MAX + 300];
static uint8_t input[BYTES_MOST];
static size_t input_bytes;
static uint64_t state = 1;

static uint32_t draw(uint32_t below) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((state >> 33) % below);
}

/* What libFuzzer does, in short: bits, bytes, numbers, and pieces that go, come twice or are exchanged. */
size_t LLVMFuzzerMutate(uint8_t *data, size_t bytes, size_t most) {
    static const uint32_t numbers[] = {0,     1,     127,   128,        255,        256,
                                       32767, 65535, 65536, 0x7fffffff, 0x80000000, 0xffffffff};
    size_t at = bytes ? draw((uint32_t)bytes) : 0, piece = 1 + draw(ADDED_MOST);
    uint32_t number = numbers[draw(sizeof numbers / sizeof *numbers)];
    if (bytes < 8 || draw(16) == 0)
        piece = 1;
    switch (bytes ? draw(6) : 3) {
    case 0:
        data[at] ^= (uint8_t)(1u << draw(8));
        break;
    case 1:
        data[at] = (uint8_t)draw(256);
        break;
    case 2:
        for (size_t i = 0, width = (size_t)1 << draw(3); i < width && at + i < bytes; i++)
            data[at + i] = (uint8_t)(number >> 8 * i);
        break;
    case 3:
        if (bytes + piece > most)
            break;
        memmove(data + at + piece, data + at, bytes - at);
        for (size_t i = 0; i < piece; i++)
            data[at + i] = draw(2) && at + piece + i < bytes + piece ? data[at + piece + i] : (uint8_t)draw(256);
        return bytes + piece;
    case 4:
        piece = piece < bytes - at ? piece : bytes - at;
        memmove(data + at, data + at + piece, bytes - at - piece);
        return bytes - piece;
    default:
        piece = piece < bytes - at ? piece : bytes - at;
        memmove(data + at, data + draw((uint32_t)(bytes - piece + 1)), piece);
    }
    return bytes;
}

static void keep(int signal_number) {
    int file = open(kept, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file >= 0 && write(file, input, input_bytes) >= 0)
        close(file);
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

/* A copy of its own, so that an address sanitizer sees where it ends. */
static void run(void) {
    uint8_t *copy = malloc(input_bytes ? input_bytes : 1);
    FUZZ_PROMISE(copy);
    memcpy(copy, input, input_bytes);
    LLVMFuzzerTestOneInput(copy, input_bytes);
    free(copy);
}

static void load(const char *path) {
    FILE *file = fopen(path, "rb");
    FUZZ_PROMISE(file);
    input_bytes = fread(input, 1, sizeof input, file);
    fclose(file);
}

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static size_t list(const char *folder) {
    DIR *listing = opendir(folder);
    size_t count = 0;
    FUZZ_PROMISE(listing);
    for (const struct dirent *entry; (entry = readdir(listing)) && count < FILES_MOST;) {
        char path[PATH_MAX + 256];
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        if (entry->d_name[0] != '.')
            FUZZ_PROMISE((paths[count++] = strdup(path)));
    }
    closedir(listing);
    qsort(paths, count, sizeof *paths, by_name);
    return count;
}

static void mutate(size_t count, int times) {
    for (int m = 0; m < times && count > 0; m++) {
        load(paths[draw((uint32_t)count)]);
        for (uint32_t i = 0, steps = 1 + draw(4); i < steps; i++)
            if (LLVMFuzzerCustomMutator)
                input_bytes = LLVMFuzzerCustomMutator(input, input_bytes, sizeof input, draw(1 << 16));
            else
                input_bytes = LLVMFuzzerMutate(input, input_bytes, sizeof input);
        run();
    }
}

int main(int count, char **arguments) {
    static const int signals[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTERM};
    char here[PATH_MAX];
    struct stat facts;
    FUZZ_PROMISE(count > 1 && getcwd(here, sizeof here));
    snprintf(kept, sizeof kept, "%s/crash-%.200s", here,
             strrchr(arguments[1], '/') ? strrchr(arguments[1], '/') + 1 : arguments[1]);
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal(signals[i], keep);
    if (stat(arguments[1], &facts) == 0 && !S_ISDIR(facts.st_mode)) {
        for (int i = 1; i < count; i++) {
            char path[PATH_MAX];
            FUZZ_PROMISE(realpath(arguments[i], path)); /* the target goes to another folder */
            load(path);
            run();
        }
        return 0;
    }
    size_t files = list(arguments[1]);
    for (size_t i = 0; i < files; i++) {
        load(paths[i]);
        run();
    }
    mutate(files, count > 2 ? atoi(arguments[2]) : MUTATIONS);
    fprintf(stderr, "%zu files and their mutations\n", files);
    for (size_t i = 0; i < files; i++)
        free(paths[i]);
    return files == 0;
}
