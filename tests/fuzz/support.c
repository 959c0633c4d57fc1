#define _XOPEN_SOURCE 700
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "fuzz.h"
#include "package/printable.h"

/* Headers may ask for much more than is worth the time here. The linker puts this in the place of pst_allocate. */
#define MEMORY_MOST ((size_t)8 << 20)

pst_status __real_pst_allocate(pst_error *error, size_t count, size_t element_bytes, void *memory);
pst_status __wrap_pst_allocate(pst_error *error, size_t count, size_t element_bytes, void *memory);

pst_status __wrap_pst_allocate(pst_error *error, size_t count, size_t element_bytes, void *memory) {
    if (element_bytes > 0 && count > MEMORY_MOST / element_bytes) {
        memset(memory, 0, sizeof(void *));
        return pst_fail(error, PST_ERROR_MEMORY, "not enough memory");
    }
    return __real_pst_allocate(error, count, element_bytes, memory);
}

static char folder[64];

static void remove_folder(void) {
    DIR *listing = opendir(folder);
    if (!listing || chdir(folder) != 0)
        return;
    for (const struct dirent *entry; (entry = readdir(listing));)
        if (entry->d_name[0] != '.')
            remove(entry->d_name);
    closedir(listing);
    if (chdir("/") == 0)
        rmdir(folder);
}

void fuzz_folder(void) {
    if (*folder)
        return;
    const char *parent = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%.40s/fuzz.XXXXXX", parent && strlen(parent) < 40 ? parent : "/tmp");
    FUZZ_PROMISE(mkdtemp(folder) && chdir(folder) == 0);
    atexit(remove_folder);
}

const char *fuzz_file(const char *name, const void *data, size_t bytes) {
    fuzz_folder();
    FILE *file = fopen(name, "wb");
    FUZZ_PROMISE(file && fwrite(data, 1, bytes, file) == bytes && fclose(file) == 0);
    return name;
}

void fuzz_broken(const char *promise, const char *file, int line) {
    fprintf(stderr, "%s:%d: broken: %s\n", file, line, promise);
    abort();
}

void fuzz_check_text(const char *text) {
    uint32_t code;
    for (size_t length; (length = pst_character(text, &code)) > 0; text += length)
        FUZZ_PROMISE(pst_character_printable(code));
    FUZZ_PROMISE(!*text); /* else bytes that are not UTF-8 */
}

void fuzz_check(pst_status status, const pst_error *error, const void *made, const char *name) {
    if (status == PST_OK) {
        FUZZ_PROMISE(made);
        return;
    }
    FUZZ_PROMISE(!made && error->status == status && error->text[0]);
    fuzz_check_text(error->text);
    FUZZ_PROMISE(!name || status == PST_ERROR_MEMORY || strncmp(error->text, name, strlen(name)) == 0);
}
