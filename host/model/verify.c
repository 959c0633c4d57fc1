#include "model/verify.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

#define CHUNK_BYTES 65536

/* ---- the beginning ------------------------------------------------------------------------------------------- */

static bool begins(const uint8_t *head, size_t bytes, const char *text, size_t length) {
    return bytes >= length && memcmp(head, text, length) == 0;
}
#define BEGINS(text) begins(head, bytes, text, sizeof text - 1)

/* A text in any encoding that pages have: no byte that only binary files hold. */
static bool is_text(const uint8_t *head, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        if (head[i] < 0x20 && !isspace(head[i]))
            return false;
    return true;
}

static bool is_page(const uint8_t *head, size_t bytes) {
    size_t at = BEGINS("\xef\xbb\xbf") ? 3 : 0;
    while (at < bytes && isspace(head[at]))
        at++;
    return at < bytes && head[at] == '<' && is_text(head, bytes);
}

static bool is_index(const uint8_t *head, size_t bytes) {
    static const char word[] = "\"weight_map\"";
    for (size_t at = 0; at + sizeof word - 1 <= bytes; at++)
        if (memcmp(head + at, word, sizeof word - 1) == 0)
            return is_text(head, bytes);
    return false;
}

const char *pst_head_problem(const uint8_t *head, size_t bytes, const char *format) {
    bool matlab = BEGINS("MATLAB 5.0 MAT-file");
    if (bytes == 0)
        return "is empty";
    if (is_page(head, bytes))
        return "is a web page, not a network; fetch the file itself";
    if (BEGINS("version https://git-lfs"))
        return "is a Git LFS pointer, not the network itself; fetch that with \"git lfs pull\"";
    if (is_index(head, bytes))
        return "is the index of a network in parts; download it and all parts into one folder by other means, and name "
               "it with --model";
    if (!matlab && is_text(head, bytes))
        return "is a text, not a network";
    if (BEGINS("\x1f\x8b"))
        return "is compressed with gzip; unpack it first";
    if (BEGINS("\xfd"
               "7zXZ\0"))
        return "is compressed with xz; unpack it first";
    if (BEGINS("BZh"))
        return "is compressed with bzip2; unpack it first";
    bool fits = true;
    if (strcmp(format, "Keras HDF5") == 0)
        fits = BEGINS("\x89HDF\r\n\x1a\n");
    else if (strcmp(format, "PyTorch") == 0)
        fits = BEGINS("PK\3\4") || BEGINS("\x80\2");
    else if (strcmp(format, "MATLAB 5") == 0)
        fits = matlab;
    else if (strcmp(format, "safetensors") == 0)
        fits = bytes > 8 && head[8] == '{';
    return fits ? NULL : "does not begin as a file of its format does";
}

/* ---- the whole ----------------------------------------------------------------------------------------------- */

static void judge(const pst_known_network *network, const char *md5, pst_verdict *verdict) {
    size_t digits = strlen(network->sha256);
    verdict->check = digits == 64    ? PST_CHECK_SHA256
                     : digits        ? PST_CHECK_SHA256_PREFIX
                     : *network->md5 ? PST_CHECK_MD5
                                     : PST_CHECK_NONE;
    if (digits && strncmp(verdict->sha256, network->sha256, digits) != 0)
        snprintf(verdict->problem, sizeof verdict->problem, "its SHA-256 is %s, not %s%s", verdict->sha256,
                 network->sha256, digits == 64 ? "" : "...");
    else if (*network->md5 && strcmp(md5, network->md5) != 0)
        snprintf(verdict->problem, sizeof verdict->problem, "its MD5 is %s, not %s", md5, network->md5);
}

pst_status pst_verify(pst_error *error, pst_file *file, pst_partial *partial, uint64_t bytes,
                      const pst_known_network *network, pst_verify_callback tell, void *user, pst_verdict *verdict) {
    uint8_t chunk[CHUNK_BYTES];
    char md5_text[65] = "";
    pst_digest sha256, md5;
    *verdict = (pst_verdict){0};
    if (network->bytes && bytes != network->bytes) {
        snprintf(verdict->problem, sizeof verdict->problem, "it has %llu bytes, not %llu", (unsigned long long)bytes,
                 (unsigned long long)network->bytes);
        return PST_OK;
    }
    pst_digest_begin(&sha256, PST_DIGEST_SHA256);
    pst_digest_begin(&md5, PST_DIGEST_MD5);
    for (uint64_t done = 0; done < bytes;) {
        size_t got = bytes - done < CHUNK_BYTES ? (size_t)(bytes - done) : CHUNK_BYTES;
        pst_status status = file ? pst_file_read(error, file, done, chunk, got)
                                 : pst_partial_read(error, partial, done, chunk, got, &got);
        if (status != PST_OK)
            return status;
        if (got == 0)
            return pst_fail(error, PST_ERROR_FILE, "the file shrank while it was read");
        if (done == 0) {
            const char *problem = pst_head_problem(chunk, got < PST_HEAD_BYTES ? got : PST_HEAD_BYTES, network->format);
            if (problem)
                snprintf(verdict->problem, sizeof verdict->problem, "it %s", problem);
        }
        pst_digest_add(&sha256, chunk, got);
        if (*network->md5)
            pst_digest_add(&md5, chunk, got);
        done += got;
        if (tell && tell(user, done))
            return PST_STOPPED;
    }
    pst_digest_end(&sha256, verdict->sha256);
    if (*network->md5)
        pst_digest_end(&md5, md5_text);
    if (bytes == 0)
        snprintf(verdict->problem, sizeof verdict->problem, "it is empty");
    if (!*verdict->problem)
        judge(network, md5_text, verdict);
    return PST_OK;
}
