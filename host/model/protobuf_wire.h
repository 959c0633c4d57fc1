/* Google's protobuf wire format, read in place. The Caffe and ONNX files of VGG-19 are half a gigabyte, mostly a
 * classifier that is not wanted: protobuf-c and upb need a message whole in memory and decode all of it, and nanopb's
 * way around that is to take its fields one by one by hand, which is what this does; so there is no library to depend
 * on. Values stay in the file until asked for. */
#ifndef PST_MODEL_PROTOBUF_WIRE_H
#define PST_MODEL_PROTOBUF_WIRE_H

#include "base/file.h"

typedef struct pst_wire { /* a file with a window into it */
    pst_file *file;
    const char *path; /* for messages */
    uint64_t window_at;
    size_t window_bytes;
    uint8_t window[4096];
} pst_wire;

typedef enum pst_wire_type {
    PST_WIRE_VARINT = 0,
    PST_WIRE_FIXED64 = 1,
    PST_WIRE_BYTES = 2,
    PST_WIRE_FIXED32 = 5
} pst_wire_type;

typedef struct pst_wire_span { /* bytes of the file: a message, a text, an array */
    uint64_t at, end;
} pst_wire_span;

typedef struct pst_wire_field {
    uint32_t number;
    pst_wire_type type;
    uint64_t value;     /* of a varint */
    pst_wire_span span; /* of everything else */
} pst_wire_field;

/* Reads the field at span->at and moves there behind it; *more is false at the end of the span. A field that does not
 * end within the span is PST_ERROR_FORMAT. error may be NULL. */
pst_status pst_wire_next(pst_error *error, pst_wire *wire, pst_wire_span *span, pst_wire_field *field, bool *more);

/* Reads a varint of a packed array. */
pst_status pst_wire_varint(pst_error *error, pst_wire *wire, pst_wire_span *span, uint64_t *value);

/* The text of a field, cut to fit; empty for a field of another type. */
pst_status pst_wire_text(pst_error *error, pst_wire *wire, const pst_wire_field *field, char *text, size_t capacity);

/* The numbers of a repeated integer field, packed or one by one: appends those of `field`. More than `most` are an
 * error. */
pst_status pst_wire_integers(pst_error *error, pst_wire *wire, const pst_wire_field *field, int64_t *values, int most,
                             int *count);

/* What a protobuf file is by its first fields: these files have no magic number. Fails only where it cannot be read. */
typedef enum pst_wire_kind { PST_WIRE_OTHER, PST_WIRE_CAFFE, PST_WIRE_ONNX } pst_wire_kind;
pst_status pst_wire_guess(pst_error *error, pst_file *file, uint64_t bytes, pst_wire_kind *kind);

#endif
