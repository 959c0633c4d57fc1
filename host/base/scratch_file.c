#if !defined(_WIN32)
#define _GNU_SOURCE /* O_TMPFILE, fallocate, mkostemp; must stand before any header */
#define _DARWIN_C_SOURCE
#define _FILE_OFFSET_BITS 64
#endif

#include "base/scratch_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/system.h"

#define CHUNK_BYTES ((size_t)1 << 30) /* what every system takes in one call */
#define NAME_MOST 800                 /* of a folder */

struct pst_scratch_file {
    intptr_t handle;
    uint64_t bytes;
    char *folder, *what;
};

/* ---- the system's part, in POSIX's manner: -1 or false on failure, with errno set ---- */

#if defined(_WIN32)
#include <windows.h>

static int code_of(DWORD error) {
    return error == ERROR_DISK_FULL || error == ERROR_HANDLE_DISK_FULL    ? ENOSPC
           : error == ERROR_PATH_NOT_FOUND || error == ERROR_INVALID_NAME ? ENOENT
           : error == ERROR_FILE_EXISTS                                   ? EEXIST
                                                                          : EACCES;
}

static bool to_wide(const char *path, wchar_t wide[NAME_MOST + 64]) {
    return MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, path, -1, wide, NAME_MOST + 64) > 0;
}

static intptr_t open_unnamed(const char *folder) {
    char path[NAME_MOST + 64];
    wchar_t wide[NAME_MOST + 64];
    for (unsigned n = 0; n < 1000; n++) {
        snprintf(path, sizeof path, "%s/.pastiche-%d-%u", folder, pst_system_process(), n);
        if (!to_wide(path, wide))
            break;
        HANDLE handle = CreateFileW(wide, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_NEW,
                                    FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
        if (handle != INVALID_HANDLE_VALUE)
            return (intptr_t)handle;
        errno = code_of(GetLastError());
        if (errno != EEXIST)
            return -1;
    }
    errno = ENOENT;
    return -1;
}

static void close_unnamed(intptr_t handle) { CloseHandle((HANDLE)handle); }

static bool reserve(intptr_t handle, uint64_t bytes) {
    LARGE_INTEGER end = {.QuadPart = (LONGLONG)bytes};
    if (SetFilePointerEx((HANDLE)handle, end, NULL, FILE_BEGIN) && SetEndOfFile((HANDLE)handle))
        return true;
    errno = code_of(GetLastError());
    return false;
}

static int64_t move(bool write, intptr_t handle, void *data, size_t bytes, uint64_t offset) {
    OVERLAPPED place = {.Offset = (DWORD)offset, .OffsetHigh = (DWORD)(offset >> 32)};
    DWORD count = (DWORD)(bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES), moved = 0;
    if (write ? WriteFile((HANDLE)handle, data, count, &moved, &place)
              : ReadFile((HANDLE)handle, data, count, &moved, &place))
        return moved;
    errno = code_of(GetLastError());
    return -1;
}

static bool room_of(const char *folder, uint64_t *bytes) {
    wchar_t wide[NAME_MOST + 64];
    ULARGE_INTEGER room;
    if (!to_wide(folder, wide) || !GetDiskFreeSpaceExW(wide, &room, NULL, NULL)) {
        errno = ENOENT;
        return false;
    }
    *bytes = room.QuadPart;
    return true;
}
#else
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

static intptr_t open_unnamed(const char *folder) {
    char path[NAME_MOST + 32];
#if defined(O_TMPFILE)
    int unnamed = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600);
    if (unnamed >= 0)
        return unnamed; /* some file systems cannot */
#endif
    snprintf(path, sizeof path, "%s/.pastiche-XXXXXX", folder);
    int file = mkostemp(path, O_CLOEXEC);
    if (file >= 0)
        unlink(path);
    return file;
}

static void close_unnamed(intptr_t handle) { close((int)handle); }

static bool room_of(const char *folder, uint64_t *bytes) {
    struct statvfs room;
    if (statvfs(folder, &room) != 0)
        return false;
    *bytes = (uint64_t)room.f_bavail * room.f_frsize;
    return true;
}

/* A file of this length, whose blocks are its own already if the file system can do that. */
static bool reserve(intptr_t handle, uint64_t bytes) {
#if defined(__linux__)
    int failed;
    do
        failed = fallocate((int)handle, 0, 0, (off_t)bytes);
    while (failed && errno == EINTR);
    if (!failed || (errno != EOPNOTSUPP && errno != ENOSYS))
        return !failed;
#endif
    return ftruncate((int)handle, (off_t)bytes) == 0;
}

static int64_t move(bool write, intptr_t handle, void *data, size_t bytes, uint64_t offset) {
    size_t count = bytes < CHUNK_BYTES ? bytes : CHUNK_BYTES;
    return write ? pwrite((int)handle, data, count, (off_t)offset) : pread((int)handle, data, count, (off_t)offset);
}
#endif

/* ---- the same everywhere ---- */

static pst_status no_room(pst_error *error, const char *folder, const char *what, uint64_t bytes, uint64_t room) {
    const double mib = 1 << 20;
    return pst_fail(error, PST_ERROR_FILE,
                    "%s: %s: %.1f MiB are needed on the disk, and %.1f MiB are free; choose another folder", folder,
                    what, (double)bytes / mib, (double)room / mib);
}

pst_status pst_scratch_room(pst_error *error, const char *folder, uint64_t *bytes) {
    *bytes = 0;
    if (strlen(folder) > NAME_MOST)
        return pst_fail(error, PST_ERROR_FILE, "%.40s...: the name of the folder is too long", folder);
    pst_path_kind kind = pst_path_examine(folder, NULL);
    if (kind != PST_PATH_FOLDER)
        return pst_fail(error, PST_ERROR_FILE, "%s: %s", folder,
                        kind == PST_PATH_NONE ? "there is no such folder" : "is not a folder");
    intptr_t handle = open_unnamed(folder);
    if (handle == -1)
        return pst_file_fail(error, folder, "cannot be written to");
    close_unnamed(handle);
    return room_of(folder, bytes) ? PST_OK : pst_file_fail(error, folder, "its free space is not known");
}

pst_status pst_scratch_open(pst_error *error, const char *folder, uint64_t bytes, const char *what,
                            pst_scratch_file **file) {
    pst_scratch_file *made = NULL;
    uint64_t room;
    pst_status status;
    *file = NULL;
    PST_TRY(pst_scratch_room(error, folder, &room));
    if (room < bytes)
        PST_TRY(no_room(error, folder, what, bytes, room));
    PST_TRY(pst_allocate(error, 1, sizeof *made, &made));
    made->handle = -1;
    made->bytes = bytes;
    PST_TRY(pst_copy_text(error, folder, &made->folder));
    PST_TRY(pst_copy_text(error, what, &made->what));
    made->handle = open_unnamed(folder);
    if (made->handle == -1)
        PST_TRY(pst_file_fail(error, folder, "cannot be written to"));
    if (!reserve(made->handle, bytes)) {
        char reason[128];
        pst_system_describe(errno, reason, sizeof reason);
        /* Quotas and limits of the process do not show in what is free. */
        PST_TRY(errno == ENOSPC ? no_room(error, folder, what, bytes, room)
                                : pst_fail(error, PST_ERROR_FILE, "%s: %s: a file of %.1f MiB cannot be made (%s)",
                                           folder, what, (double)bytes / (1 << 20), reason));
    }
    *file = made;
    return PST_OK;
cleanup:
    pst_scratch_close(made);
    return status;
}

void pst_scratch_close(pst_scratch_file *file) {
    if (!file)
        return;
    if (file->handle != -1)
        close_unnamed(file->handle);
    pst_free(file->folder);
    pst_free(file->what);
    pst_free(file);
}

static pst_status move_all(pst_error *error, const pst_scratch_file *file, bool write, uint64_t offset, void *data,
                           size_t bytes) {
    uint8_t *at = data;
    if (offset > file->bytes || bytes > file->bytes - offset)
        return pst_fail(error, PST_ERROR_ARGUMENT, "%s: %s: bytes behind the end of the file", file->folder,
                        file->what);
    while (bytes > 0) {
        int64_t moved = move(write, file->handle, at, bytes, offset);
        if (moved < 0 && errno == EINTR)
            continue;
        if (moved <= 0) {
            char reason[128];
            pst_system_describe(moved < 0 ? errno : EIO, reason, sizeof reason);
            return pst_fail(error, PST_ERROR_FILE, "%s: %s cannot be %s (%s)", file->folder, file->what,
                            write ? "written" : "read", reason);
        }
        at += moved;
        offset += (uint64_t)moved;
        bytes -= (size_t)moved;
    }
    return PST_OK;
}

pst_status pst_scratch_read(pst_error *error, const pst_scratch_file *file, uint64_t offset, void *data, size_t bytes) {
    return move_all(error, file, false, offset, data, bytes);
}

pst_status pst_scratch_write(pst_error *error, pst_scratch_file *file, uint64_t offset, const void *data,
                             size_t bytes) {
    return move_all(error, file, true, offset, (void *)(uintptr_t)data, bytes); /* which is only read */
}
