#include "model/protobuf_wire.h"

#include <string.h>

static pst_status fail(pst_error *error, const pst_wire *wire, uint64_t at) {
    return pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged or cut short at byte %llu", wire->path,
                    (unsigned long long)at);
}

/* One byte, through the window. */
static pst_status byte_at(pst_error *error, pst_wire *wire, const pst_wire_span *span, uint8_t *byte) {
    if (span->at >= span->end)
        return fail(error, wire, span->at);
    if (span->at < wire->window_at || span->at - wire->window_at >= wire->window_bytes) {
        uint64_t left = span->end - span->at;
        size_t bytes = left < sizeof wire->window ? (size_t)left : sizeof wire->window;
        wire->window_bytes = 0;
        pst_status status = pst_file_read(error, wire->file, span->at, wire->window, bytes);
        if (status != PST_OK)
            return status;
        wire->window_at = span->at;
        wire->window_bytes = bytes;
    }
    *byte = wire->window[span->at - wire->window_at];
    return PST_OK;
}

pst_status pst_wire_varint(pst_error *error, pst_wire *wire, pst_wire_span *span, uint64_t *value) {
    uint64_t begin = span->at;
    *value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = 0;
        pst_status status = byte_at(error, wire, span, &byte);
        if (status != PST_OK)
            return status;
        span->at++;
        if (shift == 63 && byte > 1)
            break;
        *value |= (uint64_t)(byte & 127) << shift;
        if (byte < 128)
            return PST_OK;
    }
    return fail(error, wire, begin);
}

pst_status pst_wire_next(pst_error *error, pst_wire *wire, pst_wire_span *span, pst_wire_field *field, bool *more) {
    uint64_t begin = span->at, tag, bytes = 0;
    *field = (pst_wire_field){0};
    *more = span->at < span->end;
    if (!*more)
        return PST_OK;
    pst_status status = pst_wire_varint(error, wire, span, &tag);
    if (status != PST_OK)
        return status;
    field->number = (uint32_t)(tag >> 3);
    field->type = (pst_wire_type)(tag & 7);
    if (tag >> 3 == 0 || tag >> 3 > 0x1fffffff)
        return fail(error, wire, begin);
    switch (tag & 7) {
    case PST_WIRE_VARINT:
        return pst_wire_varint(error, wire, span, &field->value);
    case PST_WIRE_FIXED64:
        bytes = 8;
        break;
    case PST_WIRE_FIXED32:
        bytes = 4;
        break;
    case PST_WIRE_BYTES:
        status = pst_wire_varint(error, wire, span, &bytes);
        if (status != PST_OK)
            return status;
        break;
    default:
        return fail(error, wire, begin); /* groups, which neither format has */
    }
    if (bytes > span->end - span->at)
        return fail(error, wire, begin);
    field->span = (pst_wire_span){span->at, span->at + bytes};
    span->at += bytes;
    return PST_OK;
}

pst_status pst_wire_text(pst_error *error, pst_wire *wire, const pst_wire_field *field, char *text, size_t capacity) {
    uint64_t bytes = field->type == PST_WIRE_BYTES ? field->span.end - field->span.at : 0;
    size_t length = bytes < capacity ? (size_t)bytes : capacity - 1;
    text[length] = 0;
    return length > 0 ? pst_file_read(error, wire->file, field->span.at, text, length) : PST_OK;
}

pst_status pst_wire_integers(pst_error *error, pst_wire *wire, const pst_wire_field *field, int64_t *values, int most,
                             int *count) {
    pst_wire_span span = field->span;
    uint64_t value = field->value;
    bool one = field->type == PST_WIRE_VARINT;
    if (!one && field->type != PST_WIRE_BYTES)
        return fail(error, wire, span.at);
    while (one || span.at < span.end) {
        pst_status status = one ? PST_OK : pst_wire_varint(error, wire, &span, &value);
        if (status != PST_OK)
            return status;
        if (*count == most)
            return pst_fail(error, PST_ERROR_FORMAT, "%s: has a list of more than %d numbers at byte %llu", wire->path,
                            most, (unsigned long long)span.at);
        memcpy(&values[(*count)++], &value, sizeof value);
        if (one)
            break;
    }
    return PST_OK;
}

/* ONNX's first field is the number of its version, Caffe's its name, or for one without a name a layer. */
pst_status pst_wire_guess(pst_error *error, pst_file *file, uint64_t bytes, pst_wire_kind *result) {
    pst_wire wire = {.file = file, .path = ""};
    pst_wire_span span = {0, bytes};
    pst_wire_kind kind = PST_WIRE_OTHER;
    pst_error failure = {0};
    *result = PST_WIRE_OTHER;
    for (int i = 0; i < 1000; i++) {
        pst_wire_field field;
        bool more;
        /* A field that is cut short still tells what it is. */
        pst_status status = pst_wire_next(&failure, &wire, &span, &field, &more);
        bool layer = field.number == 2 || field.number == 100;
        if (status == PST_ERROR_FILE)
            return pst_fail(error, status, "%s", failure.text);
        if (field.number == 0 || field.number > 1000 || !more)
            return PST_OK;
        if (i == 0 && field.type == PST_WIRE_VARINT && field.number == 1)
            kind = PST_WIRE_ONNX;
        else if (i == 0 && field.type == PST_WIRE_BYTES && (field.number == 1 || layer))
            kind = PST_WIRE_CAFFE;
        if (kind == PST_WIRE_OTHER)
            return PST_OK;
        if (field.type == PST_WIRE_BYTES &&
            ((kind == PST_WIRE_CAFFE && layer) || (kind == PST_WIRE_ONNX && field.number == 7))) {
            *result = kind;
            return PST_OK;
        }
        if (status != PST_OK)
            return PST_OK;
    }
    return PST_OK;
}
