/* The tensors of ONNX files: in the message itself, as bytes or as a list of numbers, or in another file. Field numbers
 * are those of onnx.proto. */
#include "model/onnx_tensor.h"

#include <string.h>

#include "base/memory.h"

#define NAME_BYTES 300 /* more than file systems take */

enum {
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_FLOATS = 4,
    TENSOR_INTEGERS = 5, /* the bits of halves, a varint each */
    TENSOR_NAME = 8,
    TENSOR_RAW = 9,
    TENSOR_DOUBLES = 10,
    TENSOR_EXTERNAL = 13,
    TENSOR_PLACE = 14
};
enum { ENTRY_KEY = 1, ENTRY_VALUE = 2 };
enum { TYPE_FLOAT = 1, TYPE_HALF = 10, TYPE_DOUBLE = 11, TYPE_BFLOAT = 16 };

/* Where a tensor's numbers are. */
typedef struct place {
    pst_wire_span data;   /* in this file */
    bool mixed, integers; /* in more than one piece; as TENSOR_INTEGERS */
    bool external, sized; /* in another file; with a length */
    uint64_t at, bytes;   /* there */
    char file[NAME_BYTES];
} place;

/* A decimal number that is all of the text. */
static bool read_number(const char *text, uint64_t *number) {
    *number = 0;
    for (const char *c = text; *c; c++) {
        unsigned digit = (unsigned)(*c - '0');
        if (digit > 9 || *number > (UINT64_MAX - digit) / 10)
            return false;
        *number = *number * 10 + digit;
    }
    return *text != 0;
}

/* One of the pairs of texts that say where an external tensor is. */
static pst_status read_entry(const pst_onnx_tensor *r, pst_wire_span span, place *found) {
    char key[16] = "", value[NAME_BYTES] = "";
    pst_wire_field field;
    bool more, good = true;
    for (;;) {
        pst_status status = pst_wire_next(r->error, r->wire, &span, &field, &more);
        if (status == PST_OK && field.number == ENTRY_KEY)
            status = pst_wire_text(r->error, r->wire, &field, key, sizeof key);
        else if (status == PST_OK && field.number == ENTRY_VALUE)
            status = pst_wire_text(r->error, r->wire, &field, value, sizeof value);
        if (status != PST_OK)
            return status;
        if (!more)
            break;
    }
    if (strcmp(key, "location") == 0) {
        good = strlen(value) + 1 < sizeof value; /* longer ones are cut */
        memcpy(found->file, value, sizeof value);
    } else if (strcmp(key, "offset") == 0) {
        good = read_number(value, &found->at);
    } else if (strcmp(key, "length") == 0) {
        good = found->sized = read_number(value, &found->bytes);
    }
    return good
               ? PST_OK
               : pst_fail(r->error, PST_ERROR_FORMAT, "%s: a tensor in another file has the %s %.60s, which is not one",
                          r->source->path, key, value);
}

/* The tensor's message: its type, its shape and where its numbers are. */
static pst_status read_tensor(const pst_onnx_tensor *r, pst_tensor_type *type, int64_t *shape, int *dimensions,
                              place *found) {
    pst_wire_span span = r->message;
    uint64_t kind = 0;
    pst_wire_field field;
    bool more;
    *found = (place){.at = 0};
    for (;;) {
        pst_status status = pst_wire_next(r->error, r->wire, &span, &field, &more);
        if (status == PST_OK && field.number == TENSOR_DIMS)
            status = pst_wire_integers(r->error, r->wire, &field, shape, PST_TENSOR_MAX_DIMENSIONS, dimensions);
        else if (status == PST_OK && field.number == TENSOR_EXTERNAL && field.type == PST_WIRE_BYTES)
            status = read_entry(r, field.span, found);
        if (status != PST_OK)
            return status;
        if (!more)
            break;
        if (field.number == TENSOR_TYPE)
            kind = field.value;
        if (field.number == TENSOR_PLACE)
            found->external = field.value != 0;
        if (field.number == TENSOR_FLOATS || field.number == TENSOR_INTEGERS || field.number == TENSOR_RAW ||
            field.number == TENSOR_DOUBLES) {
            found->mixed = found->mixed || found->data.end > 0 || field.type != PST_WIRE_BYTES;
            found->integers = field.number == TENSOR_INTEGERS;
            found->data = field.span;
        }
    }
    *type = kind == TYPE_FLOAT    ? PST_TENSOR_F32
            : kind == TYPE_HALF   ? PST_TENSOR_F16
            : kind == TYPE_DOUBLE ? PST_TENSOR_F64
            : kind == TYPE_BFLOAT ? PST_TENSOR_BF16
                                  : PST_TENSOR_OTHER;
    return PST_OK;
}

/* Finds the numbers of an external tensor of so many bytes. */
static pst_status find_external(const pst_onnx_tensor *r, const place *found, uint64_t bytes,
                                pst_source_tensor *tensor) {
    const pst_companion *file;
    pst_status status = pst_companion_open(r->error, &r->source->companions, found->file, &file);
    if (status != PST_OK)
        return status;
    if (found->at > file->bytes || bytes > file->bytes - found->at)
        return pst_fail(r->error, PST_ERROR_FORMAT,
                        "%s: its part %.100s is cut short: it has %llu bytes, and %.64s is said to be %llu bytes from "
                        "byte %llu on",
                        r->source->path, file->name, (unsigned long long)file->bytes, r->name,
                        (unsigned long long)bytes, (unsigned long long)found->at);
    tensor->at = found->at;
    tensor->file = file->file;
    return PST_OK;
}

/* Two tensors may be one, but not overlap: then the file's writer, or its reader, is wrong about where they are. */
static pst_status check_overlaps(const pst_onnx_tensor *r, const pst_source_tensor *tensor, uint64_t bytes) {
    const pst_source *source = r->source;
    for (const pst_source_tensor *other = source->tensors; other < tensor; other++) {
        uint64_t others = other->info.count * pst_tensor_element_bytes(other->info.type);
        bool same = other->at == tensor->at && others == bytes;
        if (other->file == tensor->file && tensor->file && !same && other->at < tensor->at + bytes &&
            tensor->at < other->at + others)
            return pst_fail(r->error, PST_ERROR_FORMAT, "%s: tensors %s and %s share bytes of another file",
                            source->path, other->info.name, tensor->info.name);
    }
    return PST_OK;
}

pst_status pst_onnx_add(const pst_onnx_tensor *r) {
    int64_t shape[PST_TENSOR_MAX_DIMENSIONS];
    int dimensions = 0;
    pst_tensor_type type;
    place found;
    pst_source_tensor *tensor;
    size_t needed;
    pst_status status = read_tensor(r, &type, shape, &dimensions, &found);
    if (status != PST_OK)
        return status;
    if (found.mixed || (found.external && found.data.end > 0))
        return pst_fail(r->error, PST_ERROR_UNSUPPORTED,
                        "%s: the numbers of %.64s are not stored in one piece; save the network again with ONNX's own "
                        "library",
                        r->source->path, r->name);
    status = pst_source_add(r->error, r->source, r->part, type, dimensions, shape, &tensor);
    size_t width = pst_tensor_element_bytes(type);
    if (status != PST_OK || width == 0)
        return status;
    uint64_t bytes = found.external ? found.bytes : found.data.end - found.data.at;
    bool fits =
        pst_multiply(tensor->info.count, width, &needed) && (bytes == needed || (found.external && !found.sized));
    if (found.integers && !found.external) { /* of 1 to 10 bytes each */
        fits = width == 2 && bytes >= tensor->info.count && bytes / 10 <= tensor->info.count;
        tensor->more = found.data.end;
    }
    if (!fits)
        return pst_fail(r->error, PST_ERROR_FORMAT, "%s: %.64s has %llu bytes, which does not fit its shape",
                        r->source->path, r->name, (unsigned long long)bytes);
    tensor->at = found.data.at;
    if (found.external)
        status = find_external(r, &found, needed, tensor);
    return status == PST_OK && found.external ? check_overlaps(r, tensor, needed) : status;
}

/* Halves whose bits are a list of numbers. */
static pst_status read_integers(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    pst_wire wire = {.file = source->file, .path = source->path};
    pst_wire_span span = {tensor->at, tensor->more};
    for (size_t i = 0; i < tensor->info.count; i++) {
        uint64_t bits;
        pst_status status = pst_wire_varint(error, &wire, &span, &bits);
        if (status != PST_OK)
            return status;
        uint8_t half[2] = {bits & 255, bits >> 8 & 255};
        pst_tensor_convert(half, tensor->info.type, 1, &values[i], NULL);
    }
    return span.at == span.end ? PST_OK
                               : pst_fail(error, PST_ERROR_FORMAT, "%s: %.64s has more numbers than its shape says",
                                          source->path, tensor->info.name);
}

pst_status pst_onnx_read(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    return tensor->more ? read_integers(error, source, tensor, values)
                        : pst_source_read_plain(error, source, tensor, values);
}
