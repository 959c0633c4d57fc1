/* ONNX: a protobuf message with a graph of operations in the order in which they run, and the tensors that they begin
 * with. Tensors have any names there, so the convolutions are found by the graph: the first, the second, and a new
 * block behind each pooling. Field numbers are those of onnx.proto. */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/onnx_tensor.h"
#include "model/weights.h"

enum { MODEL_GRAPH = 7 };
enum { GRAPH_NODE = 1, GRAPH_INITIALIZER = 5 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_OP_TYPE = 4, NODE_ATTRIBUTE = 5 };
enum { ATTRIBUTE_NAME = 1, ATTRIBUTE_INTEGER = 3, ATTRIBUTE_TEXT = 4, ATTRIBUTE_TENSOR = 5, ATTRIBUTE_INTEGERS = 8 };
enum { TENSOR_NAME = 8 };

#define MAX_TENSORS 4096
#define NAME_BYTES 200

typedef struct named { /* a tensor of the file by its name, not read yet */
    char name[NAME_BYTES];
    pst_wire_span span;
} named;

typedef struct reader {
    pst_error *error;
    pst_source *source;
    pst_wire wire;
    named *tensors;
    size_t tensor_count, tensor_capacity;
    int block, unit; /* of the last convolution */
    bool pooled;     /* since then */
    char other[32];  /* an operation that a VGG network's convolutions do not have among them, or "" */
} reader;

static pst_status next(reader *r, pst_wire_span *span, pst_wire_field *field, bool *more) {
    return pst_wire_next(r->error, &r->wire, span, field, more);
}

/* ---- tensors ------------------------------------------------------------------------------------------------- */

static pst_status keep_tensor(reader *r, pst_wire_span tensor, const char *name) {
    if (r->tensor_count == MAX_TENSORS)
        return pst_fail(r->error, PST_ERROR_FORMAT, "%s: holds more than %d tensors", r->source->path, MAX_TENSORS);
    if (r->tensor_count == r->tensor_capacity) {
        named *larger;
        size_t capacity = r->tensor_capacity ? 2 * r->tensor_capacity : 64;
        pst_status status = pst_allocate(r->error, capacity, sizeof *larger, &larger);
        if (status != PST_OK)
            return status;
        if (r->tensor_count > 0)
            memcpy(larger, r->tensors, r->tensor_count * sizeof *larger);
        pst_free(r->tensors);
        r->tensors = larger;
        r->tensor_capacity = capacity;
    }
    named *kept = &r->tensors[r->tensor_count++];
    kept->span = tensor;
    snprintf(kept->name, sizeof kept->name, "%s", name);
    return PST_OK;
}

static pst_status keep_initializer(reader *r, pst_wire_span tensor) {
    pst_wire_span span = tensor;
    pst_wire_field field;
    char name[NAME_BYTES] = "";
    bool more;
    for (;;) {
        pst_status status = next(r, &span, &field, &more);
        if (status == PST_OK && field.number == TENSOR_NAME)
            status = pst_wire_text(r->error, &r->wire, &field, name, sizeof name);
        if (status != PST_OK)
            return status;
        if (!more)
            return keep_tensor(r, tensor, name);
    }
}

/* Adds a convolution's weight or bias under the name that it has everywhere else. */
static pst_status add_tensor(reader *r, const char *name, const char *part) {
    size_t i = 0;
    while (i < r->tensor_count && strcmp(r->tensors[i].name, name) != 0)
        i++;
    if (i == r->tensor_count)
        return pst_fail(r->error, PST_ERROR_UNSUPPORTED,
                        "%s: the weights of its convolution %.64s are computed, not stored", r->source->path, name);
    return pst_onnx_add(&(pst_onnx_tensor){r->error, r->source, &r->wire, r->tensors[i].span, name, part});
}

/* ---- the graph ----------------------------------------------------------------------------------------------- */

typedef struct node {
    char type[32], inputs[3][NAME_BYTES], output[NAME_BYTES];
    int input_count;
    bool usual; /* all its attributes are those of a VGG network's convolution */
    bool padded;
    pst_wire_span constant; /* of a Constant */
} node;

static pst_status read_attribute(reader *r, pst_wire_span span, node *n) {
    char name[32] = "", text[16] = "";
    int64_t list[8], integer = 0;
    int count = 0;
    pst_wire_span tensor = {0, 0};
    pst_wire_field field;
    bool more;
    for (;;) {
        pst_status status = next(r, &span, &field, &more);
        if (status == PST_OK && field.number == ATTRIBUTE_NAME)
            status = pst_wire_text(r->error, &r->wire, &field, name, sizeof name);
        else if (status == PST_OK && field.number == ATTRIBUTE_TEXT)
            status = pst_wire_text(r->error, &r->wire, &field, text, sizeof text);
        else if (status == PST_OK && field.number == ATTRIBUTE_INTEGERS && strcmp(n->type, "Conv") == 0)
            status = pst_wire_integers(r->error, &r->wire, &field, list, 8, &count);
        else if (field.number == ATTRIBUTE_INTEGER)
            memcpy(&integer, &field.value, sizeof integer);
        else if (field.number == ATTRIBUTE_TENSOR && field.type == PST_WIRE_BYTES)
            tensor = field.span;
        if (status != PST_OK)
            return status;
        if (!more)
            break;
    }
    bool ones = true;
    for (int i = 0; i < count; i++)
        ones = ones && list[i] == 1;
    if (strcmp(name, "value") == 0)
        n->constant = tensor;
    if (strcmp(name, "pads") == 0)
        n->padded = count > 0 && ones;
    else if (strcmp(name, "auto_pad") == 0)
        n->padded = n->padded || strncmp(text, "SAME", 4) == 0;
    else if (strcmp(name, "strides") == 0 || strcmp(name, "dilations") == 0)
        n->usual = n->usual && ones;
    else if (strcmp(name, "group") == 0)
        n->usual = n->usual && integer == 1;
    return PST_OK;
}

/* Fields may come in any order, and what attributes mean depends on the type: so they are looked at in a second turn.
 */
static pst_status read_node(reader *r, pst_wire_span whole, node *n) {
    *n = (node){.usual = true};
    for (int look = 0; look < 2; look++) {
        pst_wire_span span = whole;
        pst_wire_field field;
        bool more;
        for (;;) {
            pst_status status = next(r, &span, &field, &more);
            if (status == PST_OK && look == 1 && field.number == NODE_ATTRIBUTE && field.type == PST_WIRE_BYTES)
                status = read_attribute(r, field.span, n);
            else if (status == PST_OK && look == 0 && field.number == NODE_OP_TYPE)
                status = pst_wire_text(r->error, &r->wire, &field, n->type, sizeof n->type);
            else if (status == PST_OK && look == 0 && field.number == NODE_INPUT && n->input_count < 3)
                status = pst_wire_text(r->error, &r->wire, &field, n->inputs[n->input_count++], NAME_BYTES);
            else if (status == PST_OK && look == 0 && field.number == NODE_OUTPUT && !n->output[0])
                status = pst_wire_text(r->error, &r->wire, &field, n->output, NAME_BYTES);
            if (status != PST_OK)
                return status;
            if (!more)
                break;
        }
    }
    return PST_OK;
}

static pst_status add_convolution(reader *r, const node *n) {
    char part[32];
    if (r->other[0])
        return pst_fail(r->error, PST_ERROR_UNSUPPORTED,
                        "%s: has the operation %s before or among its convolutions; only plain VGG "
                        "networks are read",
                        r->source->path, r->other);
    if (!n->usual || !n->padded)
        return pst_fail(r->error, PST_ERROR_UNSUPPORTED,
                        "%s: has a convolution with other strides, dilations, groups or paddings "
                        "than a VGG network",
                        r->source->path);
    r->unit = r->pooled ? 1 : r->unit + 1;
    r->block += r->pooled;
    r->pooled = false;
    if (r->block > PST_WEIGHTS_MAX_BLOCKS || r->unit > PST_WEIGHTS_MAX_CONVOLUTIONS)
        return pst_fail(r->error, PST_ERROR_UNSUPPORTED, "%s: has more convolutions than a VGG network",
                        r->source->path);
    pst_status status = PST_OK;
    for (int i = 1; i < n->input_count && status == PST_OK; i++) {
        snprintf(part, sizeof part, "conv%d_%d.%s", r->block, r->unit, i == 1 ? "weight" : "bias");
        status = add_tensor(r, n->inputs[i], part);
    }
    return status;
}

static pst_status take_node(reader *r, pst_wire_span span) {
    static const char *const harmless[] = {"Relu", "Identity", "Dropout", "Constant"};
    node n;
    pst_status status = read_node(r, span, &n);
    if (status != PST_OK)
        return status;
    if (strcmp(n.type, "Conv") == 0)
        return add_convolution(r, &n);
    if (strcmp(n.type, "MaxPool") == 0 || strcmp(n.type, "AveragePool") == 0) {
        r->pooled = true;
        return PST_OK;
    }
    for (size_t i = 0; i < sizeof harmless / sizeof harmless[0]; i++)
        if (strcmp(n.type, harmless[i]) == 0)
            return PST_OK;
    if (!r->other[0]) /* matters only if another convolution comes */
        snprintf(r->other, sizeof r->other, "%s", n.type[0] ? n.type : "without a name");
    return PST_OK;
}

/* Constants are stored tensors too, under the name of what they give. */
static pst_status keep_constant(reader *r, pst_wire_span span) {
    node n;
    pst_status status = read_node(r, span, &n);
    if (status == PST_OK && strcmp(n.type, "Constant") == 0 && n.constant.end > 0)
        status = keep_tensor(r, n.constant, n.output);
    return status;
}

static pst_status read_graph(reader *r, pst_wire_span graph) {
    for (int look = 0; look < 2; look++) { /* first the tensors, which come behind the nodes */
        pst_wire_span span = graph;
        pst_wire_field field;
        bool more;
        for (;;) {
            pst_status status = next(r, &span, &field, &more);
            if (status == PST_OK && field.type == PST_WIRE_BYTES && field.number == GRAPH_NODE)
                status = look == 0 ? keep_constant(r, field.span) : take_node(r, field.span);
            else if (status == PST_OK && field.type == PST_WIRE_BYTES && field.number == GRAPH_INITIALIZER && look == 0)
                status = keep_initializer(r, field.span);
            if (status != PST_OK)
                return status;
            if (!more)
                break;
        }
    }
    return PST_OK;
}

static pst_status open_onnx(pst_error *error, pst_source *source) {
    reader r = {.error = error, .source = source, .wire = {.file = source->file, .path = source->path}, .block = 1};
    pst_wire_span span = {0, source->bytes};
    pst_wire_field field;
    bool more = true;
    pst_status status = PST_OK;
    while (status == PST_OK && more) {
        status = next(&r, &span, &field, &more);
        if (status == PST_OK && field.number == MODEL_GRAPH && field.type == PST_WIRE_BYTES)
            status = read_graph(&r, field.span);
    }
    pst_free(r.tensors);
    return status;
}

const pst_format pst_format_onnx = {.name = "ONNX", .open = open_onnx, .read = pst_onnx_read};
