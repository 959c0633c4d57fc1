#include "base/subprocess.h"

#include <errno.h>
#include <string.h>

#include "base/memory.h"
#include "base/system.h"

#define LIMIT_SECONDS 60 /* of work */

/* What comes through the pipe before the result's bytes. */
typedef struct answer {
    uint64_t bytes;
    pst_error error;
} answer;

static bool send_all(int descriptor, const void *data, size_t bytes) {
    for (const uint8_t *at = data; bytes > 0;) {
        int64_t put = pst_system_write(descriptor, at, bytes);
        if (put < 0 && errno == EINTR)
            continue;
        if (put <= 0)
            return false;
        at += put;
        bytes -= (size_t)put;
    }
    return true;
}

static bool receive_all(int descriptor, void *data, size_t bytes) {
    for (uint8_t *at = data; bytes > 0;) {
        int64_t got = pst_system_receive(descriptor, at, bytes);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        bytes -= (size_t)got;
    }
    return true;
}

static void answer_and_end(int descriptor, pst_subprocess_work work, void *user) {
    answer a = {0};
    uint8_t *result = NULL;
    size_t bytes = 0;
    a.error.status = work(&a.error, user, &result, &bytes);
    a.bytes = a.error.status == PST_OK ? bytes : 0;
    bool sent = send_all(descriptor, &a, sizeof a) && send_all(descriptor, result, (size_t)a.bytes);
    pst_system_end_split(sent);
}

pst_status pst_subprocess_run(pst_error *error, const char *path, uint64_t memory_bytes, pst_subprocess_work work,
                              void *user, uint8_t **result, size_t *bytes) {
    int descriptor, process;
    answer a;
    pst_status status = PST_OK;
    *result = NULL;
    *bytes = 0;
    if (!pst_system_split(LIMIT_SECONDS, memory_bytes, &process, &descriptor)) {
        status = work(error, user, result, bytes);
        if (status != PST_OK) {
            pst_free(*result);
            *result = NULL;
        }
        return status;
    }
    if (process == 0)
        answer_and_end(descriptor, work, user); /* does not return */
    if (!receive_all(descriptor, &a, sizeof a)) {
        status = pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged: the library that reads it crashed", path);
    } else if (a.error.status != PST_OK) {
        status = pst_fail(error, a.error.status, "%s", a.error.text);
    } else {
        status = a.bytes > memory_bytes ? PST_ERROR_MEMORY : pst_allocate(error, (size_t)a.bytes, 1, result);
        if (status == PST_OK && !receive_all(descriptor, *result, (size_t)a.bytes))
            status = pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged: the library that reads it crashed", path);
    }
    pst_system_close_read(descriptor);
    pst_system_reap(process);
    if (status != PST_OK) {
        pst_free(*result);
        *result = NULL;
    } else {
        *bytes = (size_t)a.bytes;
    }
    return status;
}
