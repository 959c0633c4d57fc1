#include "model/mat5.h"

#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "model/mat5_contents.h"

#define MAX_ARRAYS 100000
#define MAX_VARIABLES 64
#define MAX_DEPTH 16
#define MAX_FIELDS 256
#define MAX_FIELD_NAME 64

enum {
    MI_INT8 = 1,
    MI_UINT8,
    MI_INT16,
    MI_UINT16,
    MI_INT32,
    MI_UINT32,
    MI_SINGLE,
    MI_DOUBLE = 9,
    MI_MATRIX = 14,
    MI_COMPRESSED,
    MI_UTF8
};
enum { FLAG_COMPLEX = 0x800 };

struct pst_mat5 {
    const char *path;
    pst_mat5_array *arrays; /* arrays[0] stands for none */
    uint32_t array_count, array_capacity;
    pst_mat5_contents *variables[MAX_VARIABLES];
    uint32_t variable_count;
    pst_mat5_id first; /* of the variables */
};

typedef struct element { /* a piece of a variable's contents with a type */
    uint32_t type;
    uint64_t at, end, next; /* its data, and where the next one begins */
} element;

typedef struct parser {
    pst_error *error;
    pst_mat5 *mat;
    uint32_t variable;
} parser;

static pst_status fail(parser *p) {
    return pst_fail(p->error, PST_ERROR_FORMAT, "%s: is damaged or cut short", p->mat->path);
}

static pst_status read_at(parser *p, uint64_t at, void *data, size_t bytes) {
    return pst_mat5_contents_read(p->error, p->mat->variables[p->variable], at, data, bytes);
}

static uint32_t word(const uint8_t *at) {
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

/* The element at a place; up to 4 bytes of data may stand in the tag itself. */
static pst_status read_element(parser *p, uint64_t at, uint64_t end, element *e) {
    uint8_t tag[8];
    *e = (element){0};
    if (at > end || end - at < 8)
        return fail(p);
    pst_status status = read_at(p, at, tag, 8);
    if (status != PST_OK)
        return status;
    uint32_t type = word(tag), bytes = word(tag + 4);
    if (type >> 16) {
        *e = (element){type & 0xffff, at + 4, at + 4 + (type >> 16), at + 8};
        return type >> 16 <= 4 ? PST_OK : fail(p);
    }
    if (bytes > end - at - 8)
        return fail(p);
    *e = (element){type, at + 8, at + 8 + bytes, at + 8 + ((uint64_t)bytes + 7) / 8 * 8};
    return PST_OK;
}

static size_t number_bytes(uint32_t type) {
    static const uint8_t widths[] = {0, 1, 1, 2, 2, 4, 4, 4, 0, 8};
    return type < sizeof widths ? widths[type] : 0;
}

static pst_status new_array(parser *p, pst_mat5_id *id) {
    pst_mat5 *mat = p->mat;
    if (mat->array_count == mat->array_capacity) {
        pst_mat5_array *larger;
        uint32_t capacity = mat->array_capacity ? 2 * mat->array_capacity : 256;
        if (mat->array_count >= MAX_ARRAYS)
            return pst_fail(p->error, PST_ERROR_FORMAT, "%s: holds more arrays than any network", mat->path);
        pst_status status = pst_allocate(p->error, capacity, sizeof *larger, &larger);
        if (status != PST_OK)
            return status;
        if (mat->array_count > 0)
            memcpy(larger, mat->arrays, mat->array_count * sizeof *larger);
        pst_free(mat->arrays);
        mat->arrays = larger;
        mat->array_capacity = capacity;
    }
    *id = mat->array_count++;
    return PST_OK;
}

static pst_status read_text(parser *p, const element *e, char *text, size_t capacity) {
    uint8_t bytes[128];
    size_t width = e->type == MI_UINT16 || e->type == MI_INT16 ? 2 : 1, length = (size_t)(e->end - e->at) / width;
    if (length > capacity - 1)
        length = capacity - 1;
    text[0] = 0;
    pst_status status = length > 0 ? read_at(p, e->at, bytes, length * width) : PST_OK;
    for (size_t i = 0; status == PST_OK && i < length; i++) {
        text[i] = (char)(bytes[i * width] < 128 ? bytes[i * width] : '?');
        text[i + 1] = 0;
    }
    return status;
}

/* What an array is: flags, dimensions, name. *at moves behind them. */
static pst_status read_head(parser *p, uint64_t *at, uint64_t end, pst_mat5_array *array, bool *is_complex) {
    uint8_t bytes[4 * PST_MAT5_MAX_DIMENSIONS];
    element e;
    pst_status status = read_element(p, *at, end, &e);
    if (status == PST_OK)
        status = e.type == MI_UINT32 && e.end - e.at == 8 ? read_at(p, e.at, bytes, 8) : fail(p);
    if (status != PST_OK)
        return status;
    array->kind = (int)(word(bytes) & 0xff);
    *is_complex = (word(bytes) & FLAG_COMPLEX) != 0;

    status = read_element(p, e.next, end, &e);
    if (status == PST_OK)
        status = e.type == MI_INT32 && e.end - e.at <= sizeof bytes && (e.end - e.at) % 4 == 0
                     ? read_at(p, e.at, bytes, (size_t)(e.end - e.at))
                     : fail(p);
    if (status != PST_OK)
        return status;
    array->dimension_count = (int)(e.end - e.at) / 4;
    array->count = 1;
    for (int d = 0; d < array->dimension_count; d++) {
        array->dimensions[d] = word(bytes + 4 * d);
        if (array->dimensions[d] > INT32_MAX ||
            (array->dimensions[d] > 0 && array->count > UINT64_MAX / array->dimensions[d]))
            return fail(p);
        array->count *= array->dimensions[d];
    }

    status = read_element(p, e.next, end, &e);
    if (status == PST_OK && !array->name[0])
        status = read_text(p, &e, array->name, sizeof array->name);
    *at = e.next;
    return status;
}

static pst_status read_array(parser *p, const element *whole, const char *name, int depth, pst_mat5_id *id);

/* `count` arrays one after the other, linked to their owner; names of MAX_FIELD_NAME bytes each, or NULL. */
static pst_status read_members(parser *p, uint64_t at, uint64_t end, uint64_t count, const char *names, int depth,
                               pst_mat5_id owner) {
    pst_mat5_id last = 0, member;
    if (depth == MAX_DEPTH)
        return pst_fail(p->error, PST_ERROR_FORMAT, "%s: is nested too deeply", p->mat->path);
    for (uint64_t i = 0; i < count; i++) {
        element e;
        pst_status status = read_element(p, at, end, &e);
        if (status == PST_OK && e.type != MI_MATRIX)
            status = fail(p);
        if (status == PST_OK)
            status = read_array(p, &e, names ? names + i * MAX_FIELD_NAME : "", depth + 1, &member);
        if (status != PST_OK)
            return status;
        if (last)
            p->mat->arrays[last].next = member;
        else
            p->mat->arrays[owner].first = member;
        last = member;
        at = e.next;
    }
    return PST_OK;
}

/* The fields' names, each in as many bytes as the first element says, and then the fields. Lists of structures are
 * passed over. */
static pst_status read_fields(parser *p, uint64_t at, uint64_t end, int depth, pst_mat5_id owner) {
    element e;
    uint8_t word_bytes[4] = {0};
    char *names = NULL;
    pst_status status;
    PST_TRY(read_element(p, at, end, &e));
    PST_TRY(e.type == MI_INT32 && e.end - e.at == 4 ? read_at(p, e.at, word_bytes, 4) : fail(p));
    uint32_t width = word(word_bytes);
    PST_TRY(read_element(p, e.next, end, &e));
    if (width < 1 || width > MAX_FIELD_NAME || (e.end - e.at) % width != 0 || (e.end - e.at) / width > MAX_FIELDS)
        PST_TRY(fail(p));
    size_t count = (size_t)(e.end - e.at) / width;
    PST_TRY(pst_allocate(p->error, count, MAX_FIELD_NAME, &names));
    for (size_t i = 0; i < count; i++) {
        PST_TRY(read_at(p, e.at + i * width, names + i * MAX_FIELD_NAME, width));
        names[i * MAX_FIELD_NAME + width - 1] = 0;
    }
    if (p->mat->arrays[owner].count == 1)
        PST_TRY(read_members(p, e.next, end, count, names, depth, owner));
cleanup:
    pst_free(names);
    return status;
}

/* Nothing of an array's numbers is read, but where they are is kept. */
static pst_status read_array(parser *p, const element *whole, const char *name, int depth, pst_mat5_id *id) {
    pst_mat5_array array = {.variable = p->variable};
    bool is_complex = false;
    uint64_t at = whole->at;
    element e;
    snprintf(array.name, sizeof array.name, "%s", name);
    pst_status status = new_array(p, id);
    if (status == PST_OK && whole->end > whole->at) /* MATLAB writes nothing at all of an empty one */
        status = read_head(p, &at, whole->end, &array, &is_complex);
    if (status != PST_OK)
        return status;
    p->mat->arrays[*id] = array;
    if (array.kind == PST_MAT5_CELL)
        return read_members(p, at, whole->end, array.count, NULL, depth, *id);
    if (array.kind == PST_MAT5_STRUCT)
        return read_fields(p, at, whole->end, depth, *id);
    if (array.kind != PST_MAT5_TEXT && array.kind != PST_MAT5_SINGLE && array.kind != PST_MAT5_DOUBLE)
        return PST_OK;
    if (array.count > 0)
        status = read_element(p, at, whole->end, &e);
    if (array.count == 0 || status != PST_OK)
        return status;
    pst_mat5_array *kept = &p->mat->arrays[*id];
    if (array.kind == PST_MAT5_TEXT)
        return read_text(p, &e, kept->text, sizeof kept->text);
    size_t width = number_bytes(e.type);
    if (width == 0 || (e.end - e.at) % width != 0 || (e.end - e.at) / width != array.count)
        return fail(p);
    kept->readable = !is_complex;
    kept->number_type = (int)e.type;
    kept->at = e.at;
    return PST_OK;
}

/* A variable at the top: only those of MatConvNet's names are gone into. */
static pst_status read_variable(parser *p, pst_mat5_id *last) {
    static const char *const wanted[] = {"layers", "meta", "normalization"};
    pst_mat5_array head = {0};
    bool is_complex, known = false;
    element e;
    pst_mat5_id id;
    pst_status status = read_element(p, 0, pst_mat5_contents_bytes(p->mat->variables[p->variable]), &e);
    if (status != PST_OK || e.type != MI_MATRIX || e.end == e.at)
        return status;
    uint64_t at = e.at;
    status = read_head(p, &at, e.end, &head, &is_complex);
    for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++)
        known = known || strcmp(head.name, wanted[i]) == 0;
    if (status != PST_OK || !known || pst_mat5_variable(p->mat, head.name))
        return status;
    status = read_array(p, &e, "", 0, &id);
    if (status != PST_OK)
        return status;
    if (*last)
        p->mat->arrays[*last].next = id;
    else
        p->mat->first = id;
    *last = id;
    return PST_OK;
}

pst_status pst_mat5_open(pst_error *error, const char *path, pst_file *file, uint64_t bytes, pst_mat5 **mat) {
    pst_status status = PST_OK;
    pst_mat5 *made = NULL;
    pst_mat5_id none, last = 0;
    uint8_t head[128], tag[8];
    *mat = NULL;
    PST_TRY(pst_allocate(error, 1, sizeof *made, &made));
    made->path = path;
    parser p = {.error = error, .mat = made};
    PST_TRY(new_array(&p, &none));
    PST_TRY(pst_file_read(error, file, 0, head, sizeof head));
    if (head[126] != 'I' || head[127] != 'M')
        PST_TRY(pst_fail(error, PST_ERROR_UNSUPPORTED,
                         "%s: is a MATLAB file from a big-endian machine, which is not read", path));
    for (uint64_t at = 128; at < bytes;) {
        PST_TRY(pst_file_read(error, file, at, tag, 8));
        uint32_t type = word(tag), length = word(tag + 4);
        if (length > bytes - at - 8)
            PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: is cut short: it has %llu bytes, and %llu were expected",
                             path, (unsigned long long)bytes, (unsigned long long)(at + 8 + length)));
        if (type == MI_MATRIX || type == MI_COMPRESSED) {
            if (made->variable_count == MAX_VARIABLES)
                PST_TRY(pst_fail(error, PST_ERROR_FORMAT, "%s: holds more variables than any network", path));
            p.variable = made->variable_count;
            /* Compressed contents have a tag of their own; the others' is taken along. */
            bool packed = type == MI_COMPRESSED;
            PST_TRY(pst_mat5_contents_open(error, path, file, packed ? at + 8 : at,
                                           packed ? length : length + (uint64_t)8, packed,
                                           &made->variables[p.variable]));
            made->variable_count++;
            PST_TRY(read_variable(&p, &last));
        }
        at += 8 + (uint64_t)length;
    }
    *mat = made;
    made = NULL;
cleanup:
    pst_mat5_close(made);
    return status;
}

void pst_mat5_close(pst_mat5 *mat) {
    if (!mat)
        return;
    for (uint32_t i = 0; i < mat->variable_count; i++)
        pst_mat5_contents_close(mat->variables[i]);
    pst_free(mat->arrays);
    pst_free(mat);
}

const pst_mat5_array *pst_mat5_get(const pst_mat5 *mat, pst_mat5_id id) { return &mat->arrays[id]; }

/* The first of a chain with this name. */
static pst_mat5_id named(const pst_mat5 *mat, pst_mat5_id first, const char *name) {
    pst_mat5_id id = first;
    while (id && strcmp(mat->arrays[id].name, name) != 0)
        id = mat->arrays[id].next;
    return id;
}

pst_mat5_id pst_mat5_variable(const pst_mat5 *mat, const char *name) { return named(mat, mat->first, name); }

pst_mat5_id pst_mat5_field(const pst_mat5 *mat, pst_mat5_id of, const char *name) {
    return mat->arrays[of].kind == PST_MAT5_STRUCT ? named(mat, mat->arrays[of].first, name) : 0;
}

pst_mat5_id pst_mat5_element(const pst_mat5 *mat, pst_mat5_id of, uint64_t index) {
    pst_mat5_id id = mat->arrays[of].kind == PST_MAT5_CELL ? mat->arrays[of].first : 0;
    while (id && index-- > 0)
        id = mat->arrays[id].next;
    return id;
}

static float number(const uint8_t *at, int type) {
    uint64_t bits = word(at);
    float single;
    double wide;
    switch (type) {
    case MI_INT8:
        return (float)(int8_t)at[0];
    case MI_UINT8:
        return (float)at[0];
    case MI_INT16:
        return (float)(int16_t)(uint16_t)bits;
    case MI_UINT16:
        return (float)(uint16_t)bits;
    case MI_INT32:
        return (float)(int32_t)(uint32_t)bits;
    case MI_UINT32:
        return (float)(uint32_t)bits;
    case MI_SINGLE:
        memcpy(&single, at, 4);
        break;
    default:
        memcpy(&wide, at, 8);
        return (float)wide;
    }
    return single;
}

pst_status pst_mat5_read(pst_error *error, pst_mat5 *mat, pst_mat5_id id, float *values) {
    uint8_t chunk[16384 + 8]; /* whole numbers of every type, and as many bytes behind them as the widest has */
    const pst_mat5_array *array = &mat->arrays[id];
    size_t width = number_bytes((uint32_t)array->number_type), most = 16384 / width;
    for (uint64_t done = 0; done < array->count;) {
        size_t part = array->count - done < most ? (size_t)(array->count - done) : most;
        pst_status status = pst_mat5_contents_read(error, mat->variables[array->variable], array->at + done * width,
                                                   chunk, part * width);
        if (status != PST_OK)
            return status;
        for (size_t i = 0; i < part; i++)
            values[done + i] = number(chunk + i * width, array->number_type);
        done += part;
    }
    return PST_OK;
}
