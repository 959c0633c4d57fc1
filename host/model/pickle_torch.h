/* The instructions of a pickle that make PyTorch's objects: tensors, their storages, and the dictionaries that hold
 * them. */
#ifndef PST_MODEL_PICKLE_TORCH_H
#define PST_MODEL_PICKLE_TORCH_H

#include "model/pickle_machine.h"

/* GLOBAL of a module and a name, BINPERSID, REDUCE and BUILD; and an object of an unknown kind, of which nothing
 * is made. */
pst_status pst_pickle_global(pst_pickle_machine *m, const char *module, size_t module_bytes, const char *name,
                             size_t name_bytes);
pst_status pst_pickle_storage(pst_pickle_machine *m);
pst_status pst_pickle_reduce(pst_pickle_machine *m);
pst_status pst_pickle_build(pst_pickle_machine *m);
pst_status pst_pickle_push_object(pst_pickle_machine *m);

#endif
