#include "network_files.h"

#include <stdlib.h>
#include <string.h>

#include "support.h"

const char *const small_names[2] = {"conv1_1", "conv2_1"};
const int small_in[2] = {3, 2}, small_out[2] = {2, 3};

/* ---- bytes ---------------------------------------------------------------------------------------------------- */

void put(bytes *to, const void *data, size_t count) {
    if (to->count + count > to->capacity) {
        to->capacity = 2 * (to->count + count) + 64;
        to->data = realloc(to->data, to->capacity);
        ck_assert_ptr_nonnull(to->data);
    }
    if (count > 0)
        memcpy(to->data + to->count, data, count);
    to->count += count;
}

void put_text(bytes *to, const char *text) { put(to, text, strlen(text)); }

void put_byte(bytes *to, unsigned value) { put_number(to, value, 1); }

void put_number(bytes *to, uint64_t value, int width) {
    uint8_t data[8];
    for (int i = 0; i < width; i++)
        data[i] = (uint8_t)(value >> (8 * i));
    put(to, data, (size_t)width);
}

void put_floats(bytes *to, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], 4);
        put_number(to, bits, 4);
    }
}

void bytes_free(bytes *b) {
    free(b->data);
    *b = (bytes){0};
}

void small_make(small_network *network) {
    uint64_t seed = 3;
    for (int n = 0; n < 2; n++) {
        for (int i = 0; i < 54; i++)
            network->weight[n][i] = test_random(&seed);
        for (int i = 0; i < 3; i++)
            network->bias[n][i] = test_random(&seed);
    }
}

/* ---- protobuf ------------------------------------------------------------------------------------------------- */

void put_varint(bytes *to, uint64_t value) {
    for (; value > 127; value >>= 7)
        put_byte(to, (unsigned)(value & 127) | 128);
    put_byte(to, (unsigned)value);
}

void put_field(bytes *to, unsigned number, uint64_t value) {
    put_varint(to, number << 3);
    put_varint(to, value);
}

void put_block(bytes *to, unsigned number, const void *data, size_t count) {
    put_varint(to, number << 3 | 2);
    put_varint(to, count);
    put(to, data, count);
}

void put_string(bytes *to, unsigned number, const char *text) { put_block(to, number, text, strlen(text)); }

static void put_message(bytes *to, unsigned number, bytes *message) {
    put_block(to, number, message->data, message->count);
    bytes_free(message);
}

static bytes floats_of(const float *values, size_t count) {
    bytes b = {0};
    put_floats(&b, values, count);
    return b;
}

static bytes caffe_blob(const float *values, size_t count, const int64_t *shape, int dimensions, int legacy) {
    bytes blob = {0}, data = floats_of(values, count), sides = {0}, dims = {0};
    for (int d = 0; d < 4 && legacy; d++)
        put_field(&blob, (unsigned)d + 1, (uint64_t)(d < 4 - dimensions ? 1 : shape[d - 4 + dimensions]));
    put_message(&blob, 5, &data);
    if (!legacy) {
        for (int d = 0; d < dimensions; d++)
            put_varint(&dims, (uint64_t)shape[d]);
        put_message(&sides, 1, &dims);
        put_message(&blob, 7, &sides);
    }
    return blob;
}

bytes file_caffe(const small_network *network, int legacy) {
    bytes file = {0}, fc = {0};
    put_string(&file, 1, "VGG");
    for (int n = 0; n < 2; n++) {
        bytes layer = {0};
        const int64_t shape[4] = {small_out[n], small_in[n], 3, 3};
        bytes weight = caffe_blob(network->weight[n], 54, shape, 4, legacy);
        bytes bias = caffe_blob(network->bias[n], (size_t)small_out[n], shape, 1, legacy);
        put_string(&layer, legacy ? 4 : 1, small_names[n]);
        if (legacy)
            put_field(&layer, 5, 4);
        else
            put_string(&layer, 2, "Convolution");
        put_message(&layer, legacy ? 6 : 7, &weight);
        put_message(&layer, legacy ? 6 : 7, &bias);
        put_message(&file, legacy ? 2 : 100, &layer);
    }
    bytes blob = caffe_blob(network->weight[0], 54, (const int64_t[]){6, 9}, 2, legacy);
    put_string(&fc, legacy ? 4 : 1, "fc6");
    put_message(&fc, legacy ? 6 : 7, &blob);
    put_message(&file, legacy ? 2 : 100, &fc);
    return file;
}

static void put_onnx_tensor(bytes *graph, const char *name, const char *part, const int64_t *shape, int dimensions,
                            const float *values, size_t count) {
    bytes tensor = {0}, full = {0}, data = floats_of(values, count);
    for (int d = 0; d < dimensions; d++)
        put_field(&tensor, 1, (uint64_t)shape[d]);
    put_field(&tensor, 2, 1);
    put_text(&full, name);
    put_text(&full, part);
    put_message(&tensor, 8, &full);
    put_message(&tensor, 9, &data);
    put_message(graph, 5, &tensor);
}

static void put_attribute(bytes *node, const char *name, int count) {
    bytes attribute = {0};
    put_string(&attribute, 1, name);
    for (int i = 0; i < count; i++)
        put_field(&attribute, 8, 1);
    put_message(node, 5, &attribute);
}

bytes file_onnx(const small_network *network) {
    bytes file = {0}, graph = {0};
    for (int n = 0; n < 2; n++) {
        bytes conv = {0}, relu = {0}, pool = {0}, name = {0};
        put_string(&conv, 1, "x");
        put_text(&name, small_names[n]);
        put_text(&name, "w");
        put_block(&conv, 1, name.data, name.count);
        name.data[name.count - 1] = 'b';
        put_message(&conv, 1, &name);
        put_string(&conv, 4, "Conv");
        put_attribute(&conv, "pads", 4);
        put_attribute(&conv, "strides", 2);
        put_message(&graph, 1, &conv);
        put_string(&relu, 4, "Relu");
        put_message(&graph, 1, &relu);
        put_string(&pool, 4, "MaxPool");
        put_message(&graph, 1, &pool);
    }
    for (int n = 0; n < 2; n++) {
        const int64_t shape[4] = {small_out[n], small_in[n], 3, 3};
        put_onnx_tensor(&graph, small_names[n], "w", shape, 4, network->weight[n], 54);
        put_onnx_tensor(&graph, small_names[n], "b", shape, 1, network->bias[n], (size_t)small_out[n]);
    }
    put_field(&file, 1, 8);
    put_string(&file, 2, "test");
    put_message(&file, 7, &graph);
    return file;
}

/* ---- MATLAB --------------------------------------------------------------------------------------------------- */

static void put_element(bytes *to, unsigned type, const void *data, size_t count) {
    put_number(to, type, 4);
    put_number(to, count, 4);
    put(to, data, count);
    while (to->count % 8)
        put_byte(to, 0);
}

/* Flags, dimensions and name of an array; what follows is the caller's. */
static bytes matlab_array(unsigned kind, const char *name, int count, const int *dimensions) {
    bytes array = {0}, part = {0};
    put_number(&part, kind, 4);
    put_number(&part, 0, 4);
    put_element(&array, 6, part.data, 8);
    part.count = 0;
    for (int d = 0; d < count; d++)
        put_number(&part, (uint64_t)dimensions[d], 4);
    put_element(&array, 5, part.data, part.count);
    put_element(&array, 1, name, strlen(name));
    bytes_free(&part);
    return array;
}

static void put_matrix(bytes *to, bytes *array) {
    put_element(to, 14, array->data, array->count);
    bytes_free(array);
}

static bytes matlab_singles(const float *values, size_t count, int dimension_count, const int *dimensions) {
    bytes array = matlab_array(7, "", dimension_count, dimensions), data = floats_of(values, count);
    put_element(&array, 7, data.data, data.count);
    bytes_free(&data);
    return array;
}

static bytes matlab_text(const char *text) {
    bytes array = matlab_array(4, "", 2, (const int[]){1, (int)strlen(text)}), wide = {0};
    for (const char *c = text; *c; c++)
        put_number(&wide, (uint64_t)*c, 2);
    put_element(&array, 4, wide.data, wide.count);
    bytes_free(&wide);
    return array;
}

static bytes matlab_struct(const char *name, int fields, const char *const *names) {
    bytes array = matlab_array(2, name, 2, (const int[]){1, 1}), all = {0};
    put_number(&array, 4 << 16 | 5, 4); /* a small element: how long the names are */
    put_number(&array, 16, 4);
    for (int i = 0; i < fields; i++) {
        char padded[16] = "";
        strncpy(padded, names[i], 15);
        put(&all, padded, 16);
    }
    put_element(&array, 1, all.data, all.count);
    bytes_free(&all);
    return array;
}

bytes file_matlab(const small_network *network) {
    static const float mean[3] = {123.68f, 116.779f, 103.939f};
    bytes file = {0}, layers = matlab_array(1, "layers", 2, (const int[]){1, 2});
    char head[124] = "MATLAB 5.0 MAT-file, by hand";
    put(&file, head, sizeof head);
    put_number(&file, 0x0100, 2);
    put_text(&file, "IM");
    for (int n = 0; n < 2; n++) {
        bytes layer = matlab_struct("", 3, (const char *const[]){"type", "name", "weights"});
        bytes part = matlab_text("conv"), weights = matlab_array(1, "", 2, (const int[]){1, 2});
        put_matrix(&layer, &part);
        part = matlab_text(small_names[n]);
        put_matrix(&layer, &part);
        float turned[54]; /* each kernel over its diagonal, and red before blue in the first layer */
        for (int o = 0; o < small_out[n]; o++)
            for (int i = 0; i < small_in[n]; i++)
                for (int t = 0; t < 9; t++)
                    turned[(o * small_in[n] + i) * 9 + t] =
                        network->weight[n][(o * small_in[n] + (n == 0 ? 2 - i : i)) * 9 + t % 3 * 3 + t / 3];
        part = matlab_singles(turned, 54, 4, (const int[]){3, 3, small_in[n], small_out[n]});
        put_matrix(&weights, &part);
        part = matlab_singles(network->bias[n], (size_t)small_out[n], 2, (const int[]){1, small_out[n]});
        put_matrix(&weights, &part);
        put_matrix(&layer, &weights);
        put_matrix(&layers, &layer);
    }
    put_matrix(&file, &layers);
    bytes normalization = matlab_struct("normalization", 1, (const char *const[]){"averageImage"});
    bytes average = matlab_singles(mean, 3, 3, (const int[]){1, 1, 3});
    put_matrix(&normalization, &average);
    put_matrix(&file, &normalization);
    return file;
}

/* ---- PyTorch -------------------------------------------------------------------------------------------------- */

static void put_pickled_text(bytes *to, const char *text) {
    put_byte(to, 'X');
    put_number(to, strlen(text), 4);
    put_text(to, text);
}

static void put_pickled_tuple(bytes *to, const int64_t *values, int count) {
    put_byte(to, '(');
    for (int i = 0; i < count; i++) {
        put_byte(to, 'J');
        put_number(to, (uint64_t)values[i], 4);
    }
    put_byte(to, 't');
}

bytes pickle_state(const char *extra, size_t extra_bytes) {
    bytes p = {0};
    char key[2] = "0";
    put(&p, "\x80\2", 2);
    put_text(&p, "ccollections\nOrderedDict\n)R(");
    put(&p, extra, extra_bytes);
    for (int n = 0; n < 2; n++)
        for (int part = 0; part < 2; part++) {
            const int64_t shape[4] = {small_out[n], small_in[n], 3, 3}, stride[4] = {9 * small_in[n], 9, 3, 1}, one = 1;
            char name[16] = "";
            strcat(strcat(name, small_names[n]), part == 0 ? ".weight" : ".bias");
            put_pickled_text(&p, name);
            put_text(&p, "ctorch._utils\n_rebuild_tensor_v2\n((");
            put_pickled_text(&p, "storage");
            put_text(&p, "ctorch\nFloatStorage\n");
            put_pickled_text(&p, key);
            put_pickled_text(&p, "cpu");
            put_byte(&p, 'K');
            put_byte(&p, (unsigned)(part == 0 ? 54 : small_out[n]));
            put_text(&p, "tQ");
            put_byte(&p, 'K');
            put_byte(&p, 0);
            put_pickled_tuple(&p, shape, part == 0 ? 4 : 1);
            put_pickled_tuple(&p, part == 0 ? stride : &one, part == 0 ? 4 : 1);
            put_byte(&p, 0x89);
            put_text(&p, "ccollections\nOrderedDict\n)RtR");
            key[0]++;
        }
    put_text(&p, "u.");
    return p;
}

static const float *storage(const small_network *network, int key, size_t *count) {
    *count = key % 2 == 0 ? 54 : (size_t)small_out[key / 2];
    return key % 2 == 0 ? network->weight[key / 2] : network->bias[key / 2];
}

bytes file_torch(const small_network *network, const bytes *object) {
    static const char head[] = "\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." /* the magic number */
                               "\x80\2M\xe9\3."                                          /* 1001 */
                               "\x80\2}(X\15\0\0\0little_endian\x88u.";
    bytes file = {0};
    put(&file, head, sizeof head - 1);
    put(&file, object->data, object->count);
    put(&file, "\x80\2](", 4);
    for (int key = 0; key < 4; key++) {
        char name[2] = {(char)('0' + key), 0};
        put_pickled_text(&file, name);
    }
    put_text(&file, "e.");
    for (int key = 0; key < 4; key++) {
        size_t count;
        const float *values = storage(network, key, &count);
        put_number(&file, count, 8);
        put_floats(&file, values, count);
    }
    return file;
}

static uint32_t crc32_of(const uint8_t *data, size_t count) {
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < count; i++) {
        crc ^= data[i];
        for (int k = 0; k < 8; k++)
            crc = crc & 1 ? crc >> 1 ^ 0xedb88320 : crc >> 1;
    }
    return ~crc;
}

bytes file_zip(const zip_entry *entries, size_t count) {
    bytes file = {0}, directory = {0};
    for (size_t i = 0; i < count; i++) {
        const zip_entry *e = &entries[i];
        size_t at = file.count, length = strlen(e->name);
        bytes facts = {0};
        put_number(&facts, 20, 2); /* version; flags, method, time, date */
        put_number(&facts, 0, 8);
        put_number(&facts, crc32_of(e->data, e->count), 4);
        put_number(&facts, e->count, 4);
        put_number(&facts, e->count, 4);
        put_number(&facts, length, 2);
        put_number(&facts, 0, 2);
        put_text(&file, "PK\3\4");
        put(&file, facts.data, facts.count);
        put_text(&file, e->name);
        put(&file, e->data, e->count);
        put_text(&directory, "PK\1\2");
        put_number(&directory, 20, 2);
        put(&directory, facts.data, facts.count);
        put_number(&directory, 0, 2); /* comment, disk, attributes */
        put_number(&directory, 0, 8);
        put_number(&directory, at, 4);
        put_text(&directory, e->name);
        bytes_free(&facts);
    }
    size_t at = file.count;
    put(&file, directory.data, directory.count);
    put_text(&file, "PK\5\6");
    put_number(&file, 0, 4);
    put_number(&file, count, 2);
    put_number(&file, count, 2);
    put_number(&file, directory.count, 4);
    put_number(&file, at, 4);
    put_number(&file, 0, 2);
    bytes_free(&directory);
    return file;
}

bytes file_torch_zip(const small_network *network, const bytes *object) {
    static const char *const names[] = {"net/data/0", "net/data/1", "net/data/2", "net/data/3"};
    zip_entry entries[5] = {{"net/data.pkl", object->data, object->count}};
    bytes data[4];
    for (int key = 0; key < 4; key++) {
        size_t count;
        const float *values = storage(network, key, &count);
        data[key] = floats_of(values, count);
        entries[key + 1] = (zip_entry){names[key], data[key].data, data[key].count};
    }
    bytes file = file_zip(entries, 5);
    for (int key = 0; key < 4; key++)
        bytes_free(&data[key]);
    return file;
}
