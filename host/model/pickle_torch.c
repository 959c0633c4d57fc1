#include "model/pickle_torch.h"

#include <stdio.h>
#include <string.h>

typedef enum global {
    GLOBAL_MAP,
    GLOBAL_TENSOR, /* _rebuild_tensor(storage, offset, size, stride), and more arguments behind them */
    GLOBAL_SAME,   /* gives its first argument: a parameter of a tensor, a size of a tuple */
    GLOBAL_STORAGE
} global;

/* All that is known. */
static const struct {
    const char *name;
    global meaning;
    pst_tensor_type type;
    int width;
} globals[] = {
    {"collections.OrderedDict", GLOBAL_MAP, PST_TENSOR_OTHER, 0},
    {"torch._utils._rebuild_tensor_v2", GLOBAL_TENSOR, PST_TENSOR_OTHER, 0},
    {"torch._utils._rebuild_tensor", GLOBAL_TENSOR, PST_TENSOR_OTHER, 0},
    {"torch._utils._rebuild_parameter", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.nn.parameter.Parameter", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.autograd.variable.Variable", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.Size", GLOBAL_SAME, PST_TENSOR_OTHER, 0},
    {"torch.FloatStorage", GLOBAL_STORAGE, PST_TENSOR_F32, 4},
    {"torch.HalfStorage", GLOBAL_STORAGE, PST_TENSOR_F16, 2},
    {"torch.BFloat16Storage", GLOBAL_STORAGE, PST_TENSOR_BF16, 2},
    {"torch.DoubleStorage", GLOBAL_STORAGE, PST_TENSOR_F64, 8},
    {"torch.cuda.FloatStorage", GLOBAL_STORAGE, PST_TENSOR_F32, 4},
    {"torch.cuda.HalfStorage", GLOBAL_STORAGE, PST_TENSOR_F16, 2},
    {"torch.LongStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 8},
    {"torch.IntStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 4},
    {"torch.ShortStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 2},
    {"torch.CharStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
    {"torch.ByteStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
    {"torch.BoolStorage", GLOBAL_STORAGE, PST_TENSOR_OTHER, 1},
};

/* The first n items of a tuple; false if there are fewer. */
static bool take_items(pst_pickle_machine *m, pst_pickle_id tuple, int n, pst_pickle_id *items) {
    uint32_t at = 0;
    int i = 0;
    while (i < n && pst_pickle_next(m->pickle, tuple, &at, &items[i]))
        i++;
    return i == n;
}

pst_status pst_pickle_global(pst_pickle_machine *m, const char *module, size_t module_bytes, const char *name,
                             size_t name_bytes) {
    char full[160];
    int length = snprintf(full, sizeof full, "%.*s.%.*s", (int)(module_bytes < 100 ? module_bytes : 100), module,
                          (int)(name_bytes < 50 ? name_bytes : 50), name);
    for (size_t i = 0; i < sizeof globals / sizeof globals[0]; i++)
        if (module_bytes + name_bytes + 1 == (size_t)length && strcmp(full, globals[i].name) == 0)
            return pst_pickle_push_new(m, (pst_pickle_value){.kind = PST_PICKLE_GLOBAL, .integer = (int64_t)i});
    return pst_fail(m->error, PST_ERROR_UNSUPPORTED,
                    "%s: holds a Python object, %s, and not tensors alone; nothing in it was run. "
                    "Save the model's state_dict() instead",
                    m->path, full);
}

/* persistent_load of ("storage", type, key, device, size): nothing but the place of the numbers. */
pst_status pst_pickle_storage(pst_pickle_machine *m) {
    pst_pickle_id tuple, items[5];
    pst_status status = pst_pickle_pop(m, &tuple);
    if (status != PST_OK)
        return status;
    if (pst_pickle_get(m->pickle, tuple)->kind != PST_PICKLE_SEQUENCE || !take_items(m, tuple, 5, items))
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

/* REDUCE calls a function in Python; here the known names have their known results. */
pst_status pst_pickle_reduce(pst_pickle_machine *m) {
    pst_pickle_id arguments, function;
    pst_status status = pst_pickle_pop(m, &arguments);
    if (status == PST_OK)
        status = pst_pickle_pop(m, &function);
    if (status != PST_OK)
        return status;
    if (pst_pickle_get(m->pickle, function)->kind != PST_PICKLE_GLOBAL ||
        pst_pickle_get(m->pickle, arguments)->kind != PST_PICKLE_SEQUENCE)
        return pst_pickle_fail(m, "calls what cannot be called");
    switch (globals[pst_pickle_get(m->pickle, function)->integer].meaning) {
    case GLOBAL_MAP:
        return make_map(m, arguments);
    case GLOBAL_TENSOR:
        return make_tensor(m, arguments);
    case GLOBAL_SAME: {
        pst_pickle_id same;
        return take_items(m, arguments, 1, &same) ? pst_pickle_push(m, same)
                                                  : pst_pickle_fail(m, "calls with too few arguments");
    }
    case GLOBAL_STORAGE:
        break;
    }
    return pst_pickle_fail(m, "calls what cannot be called");
}

/* BUILD gives an object its attributes: a state_dict has notes of PyTorch's, which do not matter. */
pst_status pst_pickle_build(pst_pickle_machine *m) {
    pst_pickle_id state;
    pst_status status = pst_pickle_pop(m, &state);
    if (status != PST_OK)
        return status;
    if (m->depth == 0 || m->stack[m->depth - 1] == PST_PICKLE_MARK ||
        pst_pickle_get(m->pickle, m->stack[m->depth - 1])->kind != PST_PICKLE_MAP)
        return pst_pickle_fail(m, "gives attributes to what has none");
    return PST_OK;
}
