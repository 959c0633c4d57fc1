#include "model/pickle_torch.h"

#include <stdio.h>
#include <string.h>

typedef enum global {
    GLOBAL_MAP,
    GLOBAL_TENSOR,  /* _rebuild_tensor(storage, offset, size, stride), and more arguments behind them */
    GLOBAL_SAME,    /* gives its first argument: a parameter of a tensor, a size of a tuple */
    GLOBAL_WRAPPED, /* _rebuild_from_type_v2(function, class, arguments, attributes): what the function gives */
    GLOBAL_STORAGE
} global;

/* All that is known. Storages of the devices' own kinds (torch.cuda.FloatStorage) are found without that part. */
static const struct {
    const char *name;
    global meaning;
    pst_tensor_type type;
    int width;
} globals[] = {
    {"collections.OrderedDict", GLOBAL_MAP, PST_TENSOR_OTHER, 0},
    {"torch._utils._rebuild_tensor_v2", GLOBAL_TENSOR, PST_TENSOR_OTHER, 0},
    {"torch._utils._rebuild_tensor", GLOBAL_TENSOR, PST_TENSOR_OTHER, 0},
    {"torch._tensor._rebuild_from_type_v2", GLOBAL_WRAPPED, PST_TENSOR_OTHER, 0},
    {"torch._utils._rebuild_parameter", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch._utils._rebuild_parameter_with_state", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.nn.parameter.Parameter", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.autograd.variable.Variable", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.Size", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.FloatStorage", GLOBAL_STORAGE, PST_TENSOR_F32, 4},
    {"torch.HalfStorage", GLOBAL_STORAGE, PST_TENSOR_F16, 2},
    {"torch.BFloat16Storage", GLOBAL_STORAGE, PST_TENSOR_BF16, 2},
    {"torch.DoubleStorage", GLOBAL_STORAGE, PST_TENSOR_F64, 8},
    {"torch.LongStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 8},
    {"torch.IntStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 4},
    {"torch.ShortStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 2},
    {"torch.CharStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
    {"torch.ByteStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
    {"torch.BoolStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
    {"torch.QInt8Storage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
    {"torch.QUInt8Storage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
    {"torch.QInt32Storage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 4},
    {"torch.ComplexFloatStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 8},
    {"torch.ComplexDoubleStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 16},
};

/* The first n items of a tuple; false if there are fewer. */
static bool take_items(pst_pickle_machine *m, pst_pickle_id tuple, int n, pst_pickle_id *items) {
    uint32_t at = 0;
    int i = 0;
    while (i < n && pst_pickle_next(m->pickle, tuple, &at, &items[i]))
        i++;
    return i == n;
}

pst_status pst_pickle_push_object(pst_pickle_machine *m) {
    return pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_OBJECT});
}

pst_status pst_pickle_global(pst_pickle_machine *m, const char *module, size_t module_bytes, const char *name,
                             size_t name_bytes) {
    static const char devices[] = "torch.cuda.";
    char full[160];
    pst_pickle *p = m->pickle;
    int length = snprintf(full, sizeof full, "%.*s.%.*s", (int)(module_bytes < 100 ? module_bytes : 100), module,
                          (int)(name_bytes < 50 ? name_bytes : 50), name);
    bool whole = module_bytes + name_bytes + 1 == (size_t)length;
    for (char *c = full; *c; c++)
        if ((unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e)
            *c = '?'; /* it is for people to read */
    bool device = strncmp(full, devices, sizeof devices - 1) == 0;
    for (size_t i = 0; whole && i < sizeof globals / sizeof globals[0]; i++)
        if (strcmp(full, globals[i].name) == 0 ||
            (device && strcmp(full + sizeof devices - 1, globals[i].name + strlen("torch.")) == 0))
            return pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_GLOBAL, .integer = (int64_t)i});
    p->other_objects = p->other_objects || (p->object[0] && strncmp(p->object, full, sizeof p->object - 1) != 0);
    if (!p->object[0])
        snprintf(p->object, sizeof p->object, "%.*s", (int)sizeof p->object - 1, full);
    return pst_pickle_push_object(m);
}

/* persistent_load of ("storage", type, key, device, size): nothing but the place of the numbers. */
pst_status pst_pickle_storage(pst_pickle_machine *m) {
    pst_pickle_id tuple, items[5];
    pst_status status = pst_pickle_pop(m, &tuple);
    if (status != PST_OK)
        return status;
    bool sequence = pst_pickle_get(m->pickle, tuple)->kind == PST_PICKLE_SEQUENCE;
    if (sequence && take_items(m, tuple, 2, items) && pst_pickle_get(m->pickle, items[1])->kind == PST_PICKLE_OBJECT)
        return pst_pickle_push(m, items[1]); /* numbers of an unknown type, or a class with its source text */
    if (!sequence || !take_items(m, tuple, 5, items))
        return pst_pickle_fail(m, "has a storage of an unknown kind");
    const pst_pickle_value *word = pst_pickle_get(m->pickle, items[0]), *type = pst_pickle_get(m->pickle, items[1]),
                           *key = pst_pickle_get(m->pickle, items[2]), *size = pst_pickle_get(m->pickle, items[4]);
    if (word->kind != PST_PICKLE_TEXT || strcmp(word->text, "storage") != 0 || type->kind != PST_PICKLE_GLOBAL ||
        globals[type->integer].meaning != GLOBAL_STORAGE || key->kind != PST_PICKLE_TEXT ||
        size->kind != PST_PICKLE_INTEGER || size->integer < 0)
        return pst_pickle_fail(m, "has a storage of an unknown kind");
    /* In old files a storage may be a part of another. */
    pst_pickle_id view[6];
    if (pst_pickle_get(m->pickle, tuple)->count > 5 && take_items(m, tuple, 6, view) && view[5] != 0)
        return pst_fail(m->error, PST_ERROR_UNSUPPORTED,
                        "%s: has tensors that share their storage in a way that is not read", m->path);
    return pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_STORAGE,
                                                     .integer = size->integer,
                                                     .text = key->text,
                                                     .type = globals[type->integer].type,
                                                     .width = globals[type->integer].width});
}

static pst_status make_tensor(pst_pickle_machine *m, pst_pickle_id arguments) {
    pst_pickle_id items[4];
    if (!take_items(m, arguments, 4, items))
        return pst_pickle_fail(m, "has a tensor without a shape");
    const pst_pickle_value *offset = pst_pickle_get(m->pickle, items[1]);
    if (pst_pickle_get(m->pickle, items[0])->kind == PST_PICKLE_OBJECT)
        return pst_pickle_push_object(m);
    if (pst_pickle_get(m->pickle, items[0])->kind != PST_PICKLE_STORAGE || offset->kind != PST_PICKLE_INTEGER ||
        offset->integer < 0)
        return pst_pickle_fail(m, "has a tensor without a storage");
    for (int i = 2; i < 4; i++) {
        uint32_t at = 0;
        pst_pickle_id side;
        if (pst_pickle_get(m->pickle, items[i])->kind != PST_PICKLE_SEQUENCE ||
            pst_pickle_get(m->pickle, items[i])->count > PST_TENSOR_MAX_DIMENSIONS)
            return pst_pickle_fail(m, "has a tensor without a shape");
        while (pst_pickle_next(m->pickle, items[i], &at, &side))
            if (pst_pickle_get(m->pickle, side)->kind != PST_PICKLE_INTEGER ||
                pst_pickle_get(m->pickle, side)->integer < 0)
                return pst_pickle_fail(m, "has a tensor with an impossible shape");
    }
    if (pst_pickle_get(m->pickle, items[2])->count != pst_pickle_get(m->pickle, items[3])->count)
        return pst_pickle_fail(m, "has a tensor with more sides than strides, or fewer");
    return pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_TENSOR,
                                                     .integer = offset->integer,
                                                     .storage = items[0],
                                                     .size = items[2],
                                                     .stride = items[3]});
}

/* OrderedDict() or, as Python 2 wrote it, OrderedDict([[key, value], ...]). */
static pst_status make_map(pst_pickle_machine *m, pst_pickle_id arguments) {
    pst_pickle_id list, pair, both[2];
    pst_status status = pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_MAP});
    if (status != PST_OK || !take_items(m, arguments, 1, &list))
        return status;
    pst_pickle_id made = m->stack[m->depth - 1];
    if (pst_pickle_get(m->pickle, list)->kind != PST_PICKLE_SEQUENCE)
        return pst_pickle_fail(m, "has an OrderedDict of an unknown kind");
    for (uint32_t at = 0; status == PST_OK && pst_pickle_next(m->pickle, list, &at, &pair);) {
        if (pst_pickle_get(m->pickle, pair)->kind != PST_PICKLE_SEQUENCE || !take_items(m, pair, 2, both))
            return pst_pickle_fail(m, "has an OrderedDict of an unknown kind");
        status = pst_pickle_append(m, made, both[0]);
        if (status == PST_OK)
            status = pst_pickle_append(m, made, both[1]);
    }
    return status;
}

/* What an unknown function or class makes of its arguments: a class of dictionaries gets its items this way. */
static pst_status make_object(pst_pickle_machine *m, pst_pickle_id arguments) {
    pst_pickle_value made = {.kind = PST_PICKLE_OBJECT};
    pst_pickle_id item;
    bool sequence = pst_pickle_get(m->pickle, arguments)->kind == PST_PICKLE_SEQUENCE;
    for (uint32_t at = 0, i = 0; sequence && i < 4 && pst_pickle_next(m->pickle, arguments, &at, &item); i++) {
        const pst_pickle_value *given = pst_pickle_get(m->pickle, item);
        if (given->kind != PST_PICKLE_MAP || given->count == 0)
            continue;
        made.first = given->first;
        made.last = given->last;
        made.count = given->count;
        break;
    }
    return pst_pickle_push_new(m, made);
}

static pst_status call(pst_pickle_machine *m, pst_pickle_id function, pst_pickle_id arguments, bool wrapped) {
    pst_pickle_kind kind = pst_pickle_get(m->pickle, function)->kind;
    pst_pickle_id items[3];
    if (kind == PST_PICKLE_OBJECT)
        return make_object(m, arguments);
    if (kind != PST_PICKLE_GLOBAL || pst_pickle_get(m->pickle, arguments)->kind != PST_PICKLE_SEQUENCE)
        return pst_pickle_fail(m, "calls something that is not a function");
    switch (globals[pst_pickle_get(m->pickle, function)->integer].meaning) {
    case GLOBAL_MAP:
        return make_map(m, arguments);
    case GLOBAL_TENSOR:
        return make_tensor(m, arguments);
    case GLOBAL_SAME:
        return take_items(m, arguments, 1, items) ? pst_pickle_push(m, items[0])
                                                  : pst_pickle_fail(m, "calls with too few arguments");
    case GLOBAL_WRAPPED:
        if (wrapped || !take_items(m, arguments, 3, items))
            return pst_pickle_fail(m, "calls something that is not a function");
        return call(m, items[0], items[2], true);
    case GLOBAL_STORAGE:
        break;
    }
    return pst_pickle_fail(m, "calls something that is not a function");
}

/* REDUCE calls a function in Python, NEWOBJ a class; here the known names have their known results. */
pst_status pst_pickle_reduce(pst_pickle_machine *m) {
    pst_pickle_id arguments, function;
    pst_status status = pst_pickle_pop(m, &arguments);
    if (status == PST_OK)
        status = pst_pickle_pop(m, &function);
    return status == PST_OK ? call(m, function, arguments, false) : status;
}

/* BUILD gives an object its attributes. Those of a state_dict or tensor do not matter; a module's have its weights. */
pst_status pst_pickle_build(pst_pickle_machine *m) {
    pst_pickle_id state, built = 0;
    pst_status status = pst_pickle_pop(m, &state);
    if (status == PST_OK)
        status = pst_pickle_pop(m, &built);
    if (status != PST_OK)
        return status;
    pst_pickle_value *of = &m->pickle->values[built];
    const pst_pickle_value *attributes = pst_pickle_get(m->pickle, state);
    if (of->kind != PST_PICKLE_MAP && of->kind != PST_PICKLE_TENSOR && of->kind != PST_PICKLE_OBJECT)
        return pst_pickle_fail(m, "sets attributes of a value that has none");
    if (of->kind == PST_PICKLE_OBJECT && of->count == 0 && attributes->kind == PST_PICKLE_MAP) {
        of->first = attributes->first;
        of->last = attributes->last;
        of->count = attributes->count;
    }
    return pst_pickle_push(m, built);
}
