/* Caffe's .caffemodel: a NetParameter message with the layers of the network, in the form of 2014 (`layers`, which
 * VGG's own files have) or the one after it (`layer`). Field numbers are those of caffe.proto. */
#include <stdio.h>
#include <string.h>

#include "model/protobuf_wire.h"
#include "model/source.h"

enum { NET_LAYERS = 2, NET_LAYER = 100 };

/* The numbers of the fields that matter, in the two forms of a layer. */
typedef struct layer_form {
    uint32_t name, type, blobs;
} layer_form;
static const layer_form form_v1 = {4, 5, 6}, form_now = {1, 2, 7};
enum { V1_V0_LAYER = 1, V1_CONVOLUTION = 4 };

enum { BLOB_DATA = 5, BLOB_SHAPE = 7, BLOB_DOUBLE_DATA = 8, SHAPE_DIM = 1 };
enum { BLOB_RAW_TYPE = 10, BLOB_RAW_DATA = 12 }; /* of a branch of Caffe's that has halves too */
enum { RAW_DOUBLE = 0, RAW_FLOAT = 1, RAW_HALF = 2 };

static pst_status read_shape(pst_error *error, pst_wire *wire, pst_wire_span span, int64_t *shape, int *dimensions) {
    pst_wire_field field;
    pst_status status;
    for (bool more = true; more;) {
        PST_TRY(pst_wire_next(error, wire, &span, &field, &more));
        if (field.number == SHAPE_DIM)
            PST_TRY(pst_wire_integers(error, wire, &field, shape, PST_TENSOR_MAX_DIMENSIONS, dimensions));
    }
cleanup:
    return status;
}

/* Adds a blob, whose numbers are not looked at yet. */
static pst_status add_blob(pst_error *error, pst_source *source, pst_wire *wire, pst_wire_span span, const char *name,
                           bool vector) {
    int64_t shape[PST_TENSOR_MAX_DIMENSIONS],
        sides[4] = {1, 1, 1, 1}; /* num, channels, height, width: before there were shapes */
    int dimensions = 0, arrays = 0;
    pst_tensor_type type = PST_TENSOR_F32;
    uint64_t raw_type = RAW_DOUBLE;
    bool raw = false;
    pst_wire_span data = {0, 0};
    pst_wire_field field;
    pst_source_tensor *tensor;
    pst_status status;
    for (bool more = true; more;) {
        PST_TRY(pst_wire_next(error, wire, &span, &field, &more));
        if (field.number >= 1 && field.number <= 4 && field.type == PST_WIRE_VARINT) {
            sides[field.number - 1] = field.value > INT32_MAX ? -1 : (int64_t)field.value;
        } else if (field.number == BLOB_SHAPE && field.type == PST_WIRE_BYTES) {
            PST_TRY(read_shape(error, wire, field.span, shape, &dimensions));
        } else if (field.number == BLOB_RAW_TYPE) {
            raw_type = field.value;
        } else if (field.number == BLOB_DATA || field.number == BLOB_DOUBLE_DATA || field.number == BLOB_RAW_DATA) {
            raw = field.number == BLOB_RAW_DATA;
            type = field.number == BLOB_DATA ? PST_TENSOR_F32 : PST_TENSOR_F64;
            data = field.span;
            /* One array, as every program writes it; an array in pieces would be allowed. */
            if (field.type != PST_WIRE_BYTES || arrays++ > 0)
                PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED, "%s: the numbers of %s are not stored in one piece",
                                 source->path, name));
        }
    }
    if (raw)
        type = raw_type == RAW_DOUBLE  ? PST_TENSOR_F64
               : raw_type == RAW_FLOAT ? PST_TENSOR_F32
               : raw_type == RAW_HALF  ? PST_TENSOR_F16
                                       : PST_TENSOR_OTHER;
    if (dimensions == 0) {
        dimensions = 4;
        memcpy(shape, sides, sizeof sides);
    }
    PST_TRY(pst_source_add(error, source, name, type, dimensions, shape, &tensor));
    size_t width = pst_tensor_element_bytes(type);
    if (width > 0 && ((data.end - data.at) % width != 0 || (data.end - data.at) / width != tensor->info.count))
        PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: %s has %llu numbers, which does not fit its shape", source->path,
                         name, (unsigned long long)((data.end - data.at) / width)));
    tensor->at = data.at;
    if (vector)
        pst_source_make_vector(tensor);
cleanup:
    return status;
}

static pst_status add_layer(pst_error *error, pst_source *source, pst_wire *wire, pst_wire_span span,
                            const layer_form *form) {
    char name[128] = "", type[32] = "", part[160];
    bool convolution = false;
    pst_wire_span blobs[2] = {{0, 0}, {0, 0}};
    int blob_count = 0;
    pst_wire_field field;
    pst_status status;
    for (bool more = true; more;) {
        PST_TRY(pst_wire_next(error, wire, &span, &field, &more));
        if (field.number == form->name) {
            PST_TRY(pst_wire_text(error, wire, &field, name, sizeof name));
        } else if (field.number == form->type && field.type == PST_WIRE_BYTES) {
            PST_TRY(pst_wire_text(error, wire, &field, type, sizeof type));
            convolution = strcmp(type, "Convolution") == 0;
            if (strcmp(type, "BatchNorm") == 0 || strcmp(type, "BN") == 0)
                PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED,
                                 "%s: has batch normalization; only the plain VGG networks are read", source->path));
        } else if (field.number == form->type) {
            convolution = field.value == V1_CONVOLUTION;
        } else if (field.number == form->blobs && field.type == PST_WIRE_BYTES && blob_count < 2) {
            blobs[blob_count++] = field.span;
        } else if (form == &form_v1 && field.number == V1_V0_LAYER) {
            PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED,
                             "%s: has layers in Caffe's form of 2013; Caffe's "
                             "upgrade_net_proto_binary brings them up to date",
                             source->path));
        }
    }
    for (int i = 0; convolution && i < blob_count; i++) {
        snprintf(part, sizeof part, "%s.%s", name, i == 0 ? "weight" : "bias");
        PST_TRY(add_blob(error, source, wire, blobs[i], part, i == 1));
    }
cleanup:
    return status;
}

static pst_status open_caffe(pst_error *error, pst_source *source) {
    pst_wire wire = {.file = source->file, .path = source->path};
    pst_wire_span span = {0, source->bytes};
    pst_wire_field field;
    pst_status status;
    source->convention = PST_CONVENTION_CAFFE;
    for (bool more = true; more;) {
        PST_TRY(pst_wire_next(error, &wire, &span, &field, &more));
        if (field.type == PST_WIRE_BYTES && (field.number == NET_LAYERS || field.number == NET_LAYER))
            PST_TRY(add_layer(error, source, &wire, field.span, field.number == NET_LAYERS ? &form_v1 : &form_now));
    }
cleanup:
    return status;
}

const pst_format pst_format_caffe = {.name = "Caffe", .open = open_caffe, .read = pst_source_read_plain};
