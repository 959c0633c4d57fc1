#ifdef PST_WITH_LIBTIFF
#include "image/tiff_memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define PER_HANDLE (TIFFLIB_VERSION >= 20221213) /* 4.5: errors and limits belong to a file instead of the process */

static tmsize_t read_some(thandle_t user, void *data, tmsize_t size) {
    pst_tiff_memory *m = (pst_tiff_memory *)user;
    const uint8_t *from = m->file ? m->file : m->sink.data;
    size_t all = m->file ? m->bytes : m->sink.bytes, left = m->at < all ? all - m->at : 0;
    size_t count = (size_t)size < left ? (size_t)size : left;
    if (count)
        memcpy(data, from + m->at, count);
    m->at += count;
    return (tmsize_t)count;
}

static tmsize_t write_some(thandle_t user, void *data, tmsize_t size) {
    pst_tiff_memory *m = (pst_tiff_memory *)user;
    if (m->file || !pst_sink_put(&m->sink, m->at, data, (size_t)size))
        return 0;
    m->at += (size_t)size;
    return size;
}

static toff_t seek(thandle_t user, toff_t offset, int whence) {
    pst_tiff_memory *m = (pst_tiff_memory *)user;
    toff_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? m->at : m->file ? m->bytes : m->sink.bytes;
    if (base + offset > SIZE_MAX / 2)
        return (toff_t)-1;
    return m->at = (size_t)(base + offset);
}

static int end(thandle_t user) {
    (void)user;
    return 0;
}

static toff_t size_of(thandle_t user) {
    const pst_tiff_memory *m = (const pst_tiff_memory *)user;
    return m->file ? m->bytes : m->sink.bytes;
}

static int map(thandle_t user, void **base, toff_t *size) {
    const pst_tiff_memory *m = (const pst_tiff_memory *)user;
    *base = (void *)(uintptr_t)m->file; /* only read */
    *size = m->bytes;
    return m->file != NULL;
}

static void unmap(thandle_t user, void *base, toff_t size) { (void)user, (void)base, (void)size; }

#if PER_HANDLE
static int on_error(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    pst_tiff_memory *m = user;
    (void)tiff, (void)module;
    if (!m->message[0])
        vsnprintf(m->message, sizeof m->message, format, values);
    return 1; /* nothing more */
}

static int on_warning(TIFF *tiff, void *user, const char *module, const char *format, va_list values) {
    (void)tiff, (void)user, (void)module, (void)format, (void)values;
    return 1;
}
#endif

TIFF *pst_tiff_open(pst_tiff_memory *m, const char *mode) {
#if PER_HANDLE
    TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
    if (!options)
        return NULL;
    TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, m);
    TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, m);
    TIFFOpenOptionsSetMaxSingleMemAlloc(options, PST_TIFF_ALLOCATION_MOST);
    TIFF *tiff =
        TIFFClientOpenExt("memory", mode, (thandle_t)m, read_some, write_some, seek, end, size_of, map, unmap, options);
    TIFFOpenOptionsFree(options);
    return tiff;
#else
    TIFFSetErrorHandler(NULL);
    TIFFSetWarningHandler(NULL);
    return TIFFClientOpen("memory", mode, (thandle_t)m, read_some, write_some, seek, end, size_of, map, unmap);
#endif
}

pst_status pst_tiff_damaged(pst_error *error, const pst_tiff_memory *m) {
    return pst_fail(error, PST_ERROR_FORMAT, "it is damaged or cut short%s%s", m->message[0] ? ": " : "", m->message);
}
#else
typedef int pst_no_tiff_memory; /* an empty file is no C */
#endif
