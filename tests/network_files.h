/* Small network files of every format, written by hand here, so that hostile ones can be made from them. */
#ifndef PST_TESTS_NETWORK_FILES_H
#define PST_TESTS_NETWORK_FILES_H

#include <stddef.h>
#include <stdint.h>

typedef struct bytes { /* that grow; data is malloc's */
    uint8_t *data;
    size_t count, capacity;
} bytes;

void put(bytes *to, const void *data, size_t count);
void put_text(bytes *to, const char *text); /* without the zero */
void put_byte(bytes *to, unsigned value);
void put_number(bytes *to, uint64_t value, int width); /* little-endian */
void put_floats(bytes *to, const float *values, size_t count);
void bytes_free(bytes *b);

/* Protobuf: a varint field, and one of bytes. */
void put_varint(bytes *to, uint64_t value);
void put_field(bytes *to, unsigned number, uint64_t value);
void put_block(bytes *to, unsigned number, const void *data, size_t count);
void put_string(bytes *to, unsigned number, const char *text);

/* The network that all writers write, without fc6 and other decoration: conv1_1 of 3 -> 2 and conv2_1 of 2 -> 3
 * channels. */
typedef struct small_network {
    float weight[2][2 * 3 * 9], bias[2][3];
} small_network;
enum { SMALL_WEIGHTS_1 = 2 * 3 * 9, SMALL_WEIGHTS_2 = 3 * 2 * 9 };
extern const char *const small_names[2]; /* "conv1_1", "conv2_1" */
extern const int small_in[2], small_out[2];
void small_make(small_network *network);

/* Whole files. */
bytes file_caffe(const small_network *network, int legacy);
bytes file_onnx(const small_network *network);
bytes file_matlab(const small_network *network);
/* The object's pickle alone, whose storages are "0" to "3". extra (may be empty) stands before the tensors in the
 * dictionary. */
bytes pickle_state(const char *extra, size_t extra_bytes);
bytes file_torch(const small_network *network, const bytes *object);
bytes file_torch_zip(const small_network *network, const bytes *object);
/* A zip archive of stored entries. */
typedef struct zip_entry {
    const char *name;
    const void *data;
    size_t count;
} zip_entry;
bytes file_zip(const zip_entry *entries, size_t count);

#endif
