#include "image/codec.h"

#include <string.h>

#include "base/memory.h"

bool pst_sink_put(pst_sink *sink, size_t at, const void *data, size_t bytes) {
    if (bytes > SIZE_MAX / 4 || at > SIZE_MAX / 4)
        return false;
    size_t needed = at + bytes;
    if (needed > sink->capacity) {
        uint8_t *larger;
        size_t capacity = needed + needed / 2;
        if (pst_allocate(NULL, capacity, 1, &larger) != PST_OK)
            return false;
        if (sink->bytes)
            memcpy(larger, sink->data, sink->bytes);
        pst_free(sink->data);
        sink->data = larger;
        sink->capacity = capacity;
    }
    if (bytes)
        memcpy(sink->data + at, data, bytes);
    if (needed > sink->bytes)
        sink->bytes = needed;
    return true;
}
