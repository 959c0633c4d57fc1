#include "model/pickle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/pickle_torch.h"

/* Where the values above the last mark begin on the stack; the mark is below. */
static pst_status find_mark(pst_pickle_machine *m, size_t *first) {
    size_t at = m->depth;
    while (at > 0 && m->stack[at - 1] != PST_PICKLE_MARK)
        at--;
    *first = at;
    return at > 0 ? PST_OK : pst_pickle_fail(m, "lacks a mark");
}

/* Moves the top of the stack, from `first` on, to the end of a sequence or map. */
static pst_status append_from(pst_pickle_machine *m, pst_pickle_id to, size_t first) {
    pst_status status = PST_OK;
    for (size_t i = first; i < m->depth && status == PST_OK; i++)
        status = pst_pickle_append(m, to, m->stack[i]);
    m->depth = first;
    return status;
}

/* A new sequence or map of what is on the stack from `first` on; with_mark: the mark below goes too. */
static pst_status collect(pst_pickle_machine *m, pst_pickle_kind kind, size_t first, bool with_mark) {
    pst_status status = pst_pickle_push_new(m, (pst_pickle_value){.kind = kind});
    if (status != PST_OK)
        return status;
    pst_pickle_id made = m->stack[--m->depth];
    if (kind == PST_PICKLE_MAP && (m->depth - first) % 2 != 0)
        return pst_pickle_fail(m, "has a key without a value");
    status = append_from(m, made, first);
    m->depth -= with_mark;
    return status == PST_OK ? pst_pickle_push(m, made) : status;
}

/* APPENDS and SETITEMS: what is above the mark goes into what is below it. */
static pst_status add_items(pst_pickle_machine *m, pst_pickle_kind kind, size_t first, bool with_mark) {
    size_t target = first - with_mark;
    if (target == 0 || m->stack[target - 1] == PST_PICKLE_MARK ||
        (kind == PST_PICKLE_MAP && (m->depth - first) % 2 != 0))
        return pst_pickle_fail(m, "adds items to a value that has none");
    pst_status status = PST_OK;
    pst_pickle_kind of = m->pickle->values[m->stack[target - 1]].kind;
    if (of == kind || (of == PST_PICKLE_OBJECT && kind == PST_PICKLE_MAP))
        status = append_from(m, m->stack[target - 1], first);
    else if (of != PST_PICKLE_OBJECT)
        return pst_pickle_fail(m, "adds items to a value that has none");
    m->depth = first - with_mark;
    return status;
}

/* ---- the program --------------------------------------------------------------------------------------------- */

static pst_status take(pst_pickle_machine *m, size_t bytes, const uint8_t **data) {
    *data = m->at;
    if (bytes > (size_t)(m->end - m->at))
        return pst_pickle_fail(m, "is cut short");
    m->at += bytes;
    return PST_OK;
}

static pst_status take_unsigned(pst_pickle_machine *m, size_t width, uint64_t *value) {
    const uint8_t *data;
    pst_status status = take(m, width, &data);
    *value = 0;
    for (size_t i = 0; status == PST_OK && i < width; i++)
        *value |= (uint64_t)data[i] << (8 * i);
    return status;
}

static pst_status take_line(pst_pickle_machine *m, const char **text, size_t *length) {
    const uint8_t *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    *text = (const char *)m->at;
    *length = 0;
    if (!end)
        return pst_pickle_fail(m, "is cut short");
    *length = (size_t)(end - m->at);
    m->at = end + 1;
    return PST_OK;
}

static pst_status push_integer(pst_pickle_machine *m, int64_t value) {
    return pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_INTEGER, .integer = value});
}

static pst_status push_text(pst_pickle_machine *m, size_t length_bytes, bool is_text) {
    uint64_t length;
    const uint8_t *data = m->at;
    pst_pickle *p = m->pickle;
    pst_status status = take_unsigned(m, length_bytes, &length);
    if (status == PST_OK)
        status = length > SIZE_MAX ? pst_pickle_fail(m, "is cut short") : take(m, (size_t)length, &data);
    if (status != PST_OK || !is_text)
        return status == PST_OK ? pst_pickle_push(m, 0) : status;
    char *copy = p->texts + p->text_bytes; /* a text takes at least one byte more in the pickle, its opcode */
    memcpy(copy, data, (size_t)length);
    copy[length] = 0;
    p->text_bytes += (size_t)length + 1;
    return pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_TEXT, .text = copy});
}

/* An integer of any length; what does not fit 8 bytes is no size, and becomes None. */
static pst_status push_long(pst_pickle_machine *m, size_t length_bytes) {
    uint64_t length, value = 0;
    const uint8_t *data;
    pst_status status = take_unsigned(m, length_bytes, &length);
    if (status == PST_OK)
        status = take(m, (size_t)length, &data);
    if (status != PST_OK || length > 8)
        return status == PST_OK ? pst_pickle_push(m, 0) : status;
    for (size_t i = 0; i < length; i++)
        value |= (uint64_t)data[i] << (8 * i);
    if (length > 0 && length < 8 && data[length - 1] & 0x80)
        value |= UINT64_MAX << (8 * length);
    int64_t number;
    memcpy(&number, &value, sizeof number);
    return push_integer(m, number);
}

/* Protocol 0's integers are text; so are its booleans, 00 and 01. */
static pst_status push_line_integer(pst_pickle_machine *m) {
    const char *text;
    size_t length;
    char copy[32] = "";
    pst_status status = take_line(m, &text, &length);
    if (status != PST_OK)
        return status;
    if (length == 0 || length >= sizeof copy)
        return pst_pickle_push(m, 0);
    memcpy(copy, text, length);
    return push_integer(m, strtoll(copy, NULL, 10));
}

static pst_status memo_put(pst_pickle_machine *m, uint64_t index) {
    if (m->depth == 0 || m->stack[m->depth - 1] == PST_PICKLE_MARK)
        return pst_pickle_fail(m, "takes from an empty stack");
    if (index >= PST_PICKLE_MAX_VALUES)
        return pst_pickle_fail(m, "holds more than any network's");
    if (index >= m->memo_capacity) {
        uint32_t *larger;
        size_t capacity = 256;
        while (capacity <= index)
            capacity *= 2;
        pst_status status = pst_allocate(m->error, capacity, sizeof *larger, &larger);
        if (status != PST_OK)
            return status;
        for (size_t i = 0; i < capacity; i++)
            larger[i] = i < m->memo_capacity ? m->memo[i] : PST_PICKLE_MARK;
        pst_free(m->memo);
        m->memo = larger;
        m->memo_capacity = capacity;
    }
    m->memo_count += m->memo[index] == PST_PICKLE_MARK;
    m->memo[index] = m->stack[m->depth - 1];
    return PST_OK;
}

static pst_status memo_get(pst_pickle_machine *m, uint64_t index) {
    if (index >= m->memo_capacity || m->memo[index] == PST_PICKLE_MARK)
        return pst_pickle_fail(m, "reads a value that it did not store");
    return pst_pickle_push(m, m->memo[index]);
}

static pst_status memo_of(pst_pickle_machine *m, size_t width, bool put) {
    uint64_t index;
    pst_status status = take_unsigned(m, width, &index);
    if (status != PST_OK)
        return status;
    return put ? memo_put(m, index) : memo_get(m, index);
}

/* GLOBAL has two lines, STACK_GLOBAL two texts on the stack. */
static pst_status global_from_stack(pst_pickle_machine *m) {
    pst_pickle_id name, module;
    pst_status status = pst_pickle_pop(m, &name);
    if (status == PST_OK)
        status = pst_pickle_pop(m, &module);
    if (status != PST_OK)
        return status;
    const pst_pickle_value *n = &m->pickle->values[name], *in = &m->pickle->values[module];
    if (n->kind != PST_PICKLE_TEXT || in->kind != PST_PICKLE_TEXT)
        return pst_pickle_fail(m, "has a name that is not a text");
    return pst_pickle_global(m, in->text, strlen(in->text), n->text, strlen(n->text));
}

static pst_status global_from_lines(pst_pickle_machine *m) {
    const char *module, *name;
    size_t module_bytes, name_bytes;
    pst_status status = take_line(m, &module, &module_bytes);
    if (status == PST_OK)
        status = take_line(m, &name, &name_bytes);
    return status == PST_OK ? pst_pickle_global(m, module, module_bytes, name, name_bytes) : status;
}

/* An object of which nothing is made: what is above the mark was for making it. */
static pst_status drop_arguments(pst_pickle_machine *m) {
    size_t first;
    pst_status status = find_mark(m, &first);
    if (status != PST_OK)
        return status;
    m->depth = first - 1;
    return pst_pickle_push_object(m);
}

static pst_status refuse(pst_pickle_machine *m, uint8_t code) {
    return pst_fail(m->error, PST_ERROR_UNSUPPORTED,
                    "%s: its pickle has an instruction, 0x%02x at byte %zu, that no file of tensors "
                    "needs; nothing in it was executed",
                    m->path, code, (size_t)(m->at - m->begin) - 1);
}

/* One instruction; the names are those of Python's pickletools. */
static pst_status step(pst_pickle_machine *m, uint8_t code) {
    const uint8_t *data;
    uint64_t number;
    size_t first;
    pst_pickle_id dropped;
    pst_status status;
    switch (code) {
    case 0x80:
        return take(m, 1, &data); /* PROTO */
    case 0x95:
        return take(m, 8, &data); /* FRAME */
    case '(':
        return pst_pickle_push(m, PST_PICKLE_MARK); /* MARK */
    case '0':
        return pst_pickle_pop(m, &dropped); /* POP */
    case '1':                               /* POP_MARK */
        status = find_mark(m, &first);
        if (status == PST_OK)
            m->depth = first - 1;
        return status;
    case 'N':
        return pst_pickle_push(m, 0); /* NONE */
    case 0x88:
    case 0x89:
        return push_integer(m, code == 0x88); /* NEWTRUE, NEWFALSE */
    case 'G':                                 /* BINFLOAT */
        status = take(m, 8, &data);
        return status == PST_OK ? pst_pickle_push(m, 0) : status;
    case 'J': /* BININT */
        status = take_unsigned(m, 4, &number);
        return status == PST_OK ? push_integer(m, (int64_t)(number ^ 0x80000000u) - 0x80000000ll) : status;
    case 'K':
    case 'M': /* BININT1, BININT2 */
        status = take_unsigned(m, code == 'K' ? 1 : 2, &number);
        return status == PST_OK ? push_integer(m, (int64_t)number) : status;
    case 'I':
    case 'L':
        return push_line_integer(m); /* INT, LONG */
    case 0x8a:
        return push_long(m, 1); /* LONG1 */
    case 0x8b:
        return push_long(m, 4); /* LONG4 */
    case 'X':
    case 'T':
        return push_text(m, 4, true); /* BINUNICODE, BINSTRING */
    case 0x8c:
    case 'U':
        return push_text(m, 1, true); /* SHORT_BINUNICODE, SHORT_BINSTRING */
    case 0x8d:
        return push_text(m, 8, true); /* BINUNICODE8 */
    case 'B':
        return push_text(m, 4, false); /* BINBYTES */
    case 0x8e:
    case 0x96:
        return push_text(m, 8, false); /* BINBYTES8, BYTEARRAY8 */
    case 'C':
        return push_text(m, 1, false); /* SHORT_BINBYTES */
    case ')':
    case ']':
    case 0x8f:
        return collect(m, PST_PICKLE_SEQUENCE, m->depth, false); /* EMPTY_TUPLE, EMPTY_LIST, EMPTY_SET */
    case '}':
        return collect(m, PST_PICKLE_MAP, m->depth, false); /* EMPTY_DICT */
    case 0x85:
    case 0x86:
    case 0x87: /* TUPLE1, TUPLE2, TUPLE3 */
        first = (size_t)(code - 0x84);
        if (m->depth < first)
            return pst_pickle_fail(m, "takes from an empty stack");
        for (size_t i = m->depth - first; i < m->depth; i++)
            if (m->stack[i] == PST_PICKLE_MARK)
                return pst_pickle_fail(m, "takes from an empty stack");
        return collect(m, PST_PICKLE_SEQUENCE, m->depth - first, false);
    case 't':
    case 'l':
    case 0x91:
    case 'd': /* TUPLE, LIST, FROZENSET, DICT */
        status = find_mark(m, &first);
        return status == PST_OK ? collect(m, code == 'd' ? PST_PICKLE_MAP : PST_PICKLE_SEQUENCE, first, true) : status;
    case 'e':
    case 0x90:
    case 'u': /* APPENDS, ADDITEMS, SETITEMS */
        status = find_mark(m, &first);
        return status == PST_OK ? add_items(m, code == 'u' ? PST_PICKLE_MAP : PST_PICKLE_SEQUENCE, first, true)
                                : status;
    case 'a':
    case 's': /* APPEND, SETITEM */
        first = code == 'a' ? 1 : 2;
        if (m->depth <= first || m->stack[m->depth - 1] == PST_PICKLE_MARK ||
            m->stack[m->depth - first] == PST_PICKLE_MARK)
            return pst_pickle_fail(m, "takes from an empty stack");
        return add_items(m, code == 'a' ? PST_PICKLE_SEQUENCE : PST_PICKLE_MAP, m->depth - first, false);
    case 'q':
        return memo_of(m, 1, true); /* BINPUT */
    case 'r':
        return memo_of(m, 4, true); /* LONG_BINPUT */
    case 'h':
        return memo_of(m, 1, false); /* BINGET */
    case 'j':
        return memo_of(m, 4, false); /* LONG_BINGET */
    case 0x94:
        return memo_put(m, m->memo_count); /* MEMOIZE */
    case 'c':
        return global_from_lines(m); /* GLOBAL */
    case 0x93:
        return global_from_stack(m); /* STACK_GLOBAL */
    case 'Q':
        return pst_pickle_storage(m); /* BINPERSID */
    case 'R':
    case 0x81:
        return pst_pickle_reduce(m); /* REDUCE, NEWOBJ */
    case 0x92:                       /* NEWOBJ_EX: the arguments with names do not matter */
        status = pst_pickle_pop(m, &dropped);
        return status == PST_OK ? pst_pickle_reduce(m) : status;
    case 'o': /* OBJ: the class is the first of the arguments */
        return drop_arguments(m);
    case 'i': /* INST */
        status = global_from_lines(m);
        return status == PST_OK ? drop_arguments(m) : status;
    case 'b':
        return pst_pickle_build(m); /* BUILD */
    default:
        return refuse(m, code);
    }
}

pst_status pst_pickle_read(pst_error *error, const char *path, const uint8_t *data, size_t bytes, size_t *used,
                           pst_pickle **pickle, pst_pickle_id *result) {
    pst_status status = PST_OK;
    pst_pickle_machine *m = NULL;
    pst_pickle *made = NULL;
    *pickle = NULL;
    *result = 0;
    PST_TRY(pst_allocate(error, 1, sizeof *made, &made));
    PST_TRY(pst_allocate(error, 1, sizeof *m, &m));
    *m = (pst_pickle_machine){
        .error = error, .path = path, .at = data, .end = data + bytes, .begin = data, .pickle = made};
    PST_TRY(pst_allocate(error, bytes, 1, &made->texts));
    PST_TRY(pst_pickle_begin(m));
    for (;;) {
        const uint8_t *code;
        PST_TRY(take(m, 1, &code));
        if (*code == '.') /* STOP */
            break;
        PST_TRY(step(m, *code));
    }
    PST_TRY(pst_pickle_pop(m, result));
    if (used)
        *used = (size_t)(m->at - data);
    *pickle = made;
    made = NULL;

cleanup:
    if (m)
        pst_free(m->memo);
    pst_free(m);
    pst_pickle_close(made);
    return status;
}
