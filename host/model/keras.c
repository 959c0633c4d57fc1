/* Keras's HDF5 files: folders of layers with two data sets in each, as Keras 1 and 2 save weights (/block1_conv1/...),
 * whole models
 * (/model_weights/...) and Keras 3 its .weights.h5 (/layers/...). What a stranger's file could do by way of the library
 * is kept off: no links out of the file, no data stored elsewhere, no filters but the usual ones and none from
 * plug-ins, and every walk and every piece has a bound. Even so damaged files make the library itself (1.10.8) read and
 * write where it must not, as some minutes of fuzzing showed, so it works in a process apart. */
#include <stdio.h>
#include <string.h>

#include <hdf5.h>

#include "base/memory.h"
#include "base/subprocess.h"
#include "model/source.h"

#define MAX_DEPTH 8
#define MAX_LINKS 20000
#define MAX_PATH_BYTES 400
#define MAX_CHUNK_BYTES ((hsize_t)64 << 20)
#define MAX_MEMORY ((uint64_t)2 << 30)

typedef struct listed { /* a tensor, as it comes from the process that found it */
    char name[MAX_PATH_BYTES + 1];
    pst_tensor_type type;
    int dimension_count;
    int64_t shape[PST_TENSOR_MAX_DIMENSIONS];
} listed;

typedef struct walk {
    pst_error *error;
    pst_source *source;
    pst_status status;
    char path[MAX_PATH_BYTES + 1];
    size_t length;
    int depth, links;
} walk;

static pst_status fail(pst_error *error, const pst_source *source, const char *what, const char *name) {
    return pst_fail(error, PST_ERROR_FORMAT, "%s: is damaged or cut short: %s%s cannot be read", source->path, what,
                    name);
}

static pst_tensor_type type_of(hid_t set) {
    hid_t type = H5Dget_type(set);
    pst_tensor_type result = PST_TENSOR_OTHER;
    if (type >= 0 && H5Tget_class(type) == H5T_FLOAT)
        result = H5Tget_size(type) == 2 ? PST_TENSOR_F16 : H5Tget_size(type) == 8 ? PST_TENSOR_F64 : PST_TENSOR_F32;
    if (type >= 0 && H5Tget_class(type) == H5T_OPAQUE && H5Tget_size(type) == 2)
        result = PST_TENSOR_BF16; /* HDF5 has no such type, and Keras 3 stores the bits */
    if (type >= 0)
        H5Tclose(type);
    return result;
}

/* Whether a data set's numbers are stored in a way that can be read without surprises. *filter becomes the name of one
 * that is not read, otherwise "". */
static bool is_plain(hid_t set, size_t element_bytes, char filter[64]) {
    hid_t plist = H5Dget_create_plist(set);
    bool plain = false;
    filter[0] = 0;
    if (plist < 0)
        return false;
    H5D_layout_t layout = H5Pget_layout(plist);
    if (layout == H5D_CONTIGUOUS || layout == H5D_COMPACT) {
        plain = H5Pget_external_count(plist) == 0;
    } else if (layout == H5D_CHUNKED) {
        hsize_t sides[H5S_MAX_RANK], bytes = element_bytes;
        int rank = H5Pget_chunk(plist, H5S_MAX_RANK, sides), filters = H5Pget_nfilters(plist);
        plain = rank > 0 && filters >= 0;
        for (int d = 0; plain && d < rank; d++) {
            plain = sides[d] > 0 && sides[d] <= MAX_CHUNK_BYTES / bytes;
            bytes *= plain ? sides[d] : 1;
        }
        for (int i = 0; plain && i < filters; i++) {
            unsigned flags, config;
            size_t count = 0;
            char name[32] = "";
            H5Z_filter_t number = H5Pget_filter2(plist, (unsigned)i, &flags, &count, NULL, sizeof name, name, &config);
            plain = number == H5Z_FILTER_DEFLATE || number == H5Z_FILTER_SHUFFLE || number == H5Z_FILTER_FLETCHER32;
            if (!plain)
                snprintf(filter, 64, "%.31s%s(filter %d)", name, *name ? " " : "", (int)number);
        }
    }
    H5Pclose(plist);
    return plain;
}

/* Adds a data set of numbers; others, and such as have more sides than any weight, are passed over. */
static pst_status add_set(pst_error *error, pst_source *source, hid_t set, const char *name) {
    hsize_t sides[H5S_MAX_RANK];
    int64_t shape[PST_TENSOR_MAX_DIMENSIONS];
    hid_t space = H5Dget_space(set);
    int rank = space >= 0 ? H5Sget_simple_extent_ndims(space) : -1;
    bool simple = rank >= 0 && rank <= PST_TENSOR_MAX_DIMENSIONS && H5Sget_simple_extent_type(space) != H5S_NULL &&
                  (rank == 0 || H5Sget_simple_extent_dims(space, sides, NULL) == rank);
    if (space >= 0)
        H5Sclose(space);
    if (!simple)
        return PST_OK;
    for (int d = 0; d < rank; d++)
        shape[d] = sides[d] > INT64_MAX ? -1 : (int64_t)sides[d];
    return pst_source_add(error, source, name, type_of(set), rank, shape, NULL);
}

static herr_t visit(hid_t folder, const char *name, const H5L_info_t *info, void *user) {
    walk *w = user;
    size_t length = strlen(name), before = w->length;
    if (++w->links > MAX_LINKS) {
        w->status =
            pst_fail(w->error, PST_ERROR_FORMAT, "%s: has more folders and tensors than any network", w->source->path);
        return -1;
    }
    if (info->type != H5L_TYPE_HARD || length + w->length + 1 > MAX_PATH_BYTES)
        return 0;
    hid_t object = H5Oopen(folder, name, H5P_DEFAULT);
    if (object < 0) {
        w->status = fail(w->error, w->source, "object ", name);
        return -1;
    }
    H5I_type_t type = H5Iget_type(object);
    w->length += (size_t)snprintf(w->path + w->length, sizeof w->path - w->length, "%s%s", w->length ? "/" : "", name);
    if (type == H5I_DATASET) {
        w->status = add_set(w->error, w->source, object, w->path);
    } else if (type == H5I_GROUP && w->depth < MAX_DEPTH) { /* the depth also ends circles of links */
        w->depth++;
        if (H5Literate(object, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit, w) < 0 && w->status == PST_OK)
            w->status = fail(w->error, w->source, "folder ", w->path);
        w->depth--;
    }
    H5Oclose(object);
    w->length = before;
    w->path[before] = 0;
    return w->status == PST_OK ? 0 : -1;
}

typedef struct image { /* a file in memory */
    uint8_t *data;
    size_t bytes;
} image;

/* The library copies images four times over, unless these functions say that the copy is there already. */
static void *image_place(size_t bytes, H5FD_file_image_op_t why, void *user) {
    const image *of = user;
    return (void)why, bytes == of->bytes ? of->data : NULL;
}
static void *image_copy(void *to, const void *from, size_t bytes, H5FD_file_image_op_t why, void *user) {
    return (void)from, (void)bytes, (void)why, (void)user, to;
}
static void *image_resize(void *data, size_t bytes, H5FD_file_image_op_t why, void *user) {
    return (void)data, (void)bytes, (void)why, (void)user, NULL;
}
static herr_t image_keep(void *data, H5FD_file_image_op_t why, void *user) {
    return (void)data, (void)why, (void)user, 0;
}
static void *image_user(void *user) { return user; }
static herr_t image_keep_user(void *user) { return (void)user, 0; }

/* Nothing is printed by the library, links and plug-ins lead nowhere. -1 if the file cannot be opened. */
static hid_t open_file(const pst_source *source) {
    image *from = source->state;
    char name[4200]; /* longer than any path */
    hid_t access = H5Pcreate(H5P_FILE_ACCESS), file = -1;
    H5PLset_loading_state(0);
#if H5_VERSION_GE(1, 10, 7)
    H5Pset_file_locking(access, false, true); /* nothing is written; some folders of a network cannot lock */
#endif
    H5FD_file_image_callbacks_t calls = {image_place, image_copy,      image_resize, image_keep,
                                         image_user,  image_keep_user, from};
    /* The library wants that there is no file of an image's name. */
    snprintf(name, sizeof name, "%s%s", source->path, from ? "/" PST_KERAS_ENTRY : "");
    if (!from || (H5Pset_fapl_core(access, 1 << 16, false) >= 0 && H5Pset_file_image_callbacks(access, &calls) >= 0 &&
                  H5Pset_file_image(access, from->data, from->bytes) >= 0))
        file = H5Fopen(name, H5F_ACC_RDONLY, access);
    H5Pclose(access);
    return file;
}

/* A whole model also has its optimizer's numbers, of the same names, beside this folder. */
static const char *top_folder(hid_t file) {
    return H5Lexists(file, "model_weights", H5P_DEFAULT) > 0 ? "model_weights" : "/";
}

static pst_status walk_file(pst_error *error, pst_source *found) {
    walk w = {.error = error, .source = found};
    hid_t file = open_file(found);
    if (file < 0)
        return pst_fail(error, PST_ERROR_FORMAT, "%s: is a damaged or incomplete HDF5 file%s", found->path,
                        found->state ? " within its archive" : "");
    hid_t folder = H5Gopen2(file, top_folder(file), H5P_DEFAULT);
    if (folder < 0 || (H5Literate(folder, H5_INDEX_NAME, H5_ITER_NATIVE, NULL, visit, &w) < 0 && w.status == PST_OK))
        w.status = fail(error, found, "its first folder", "");
    if (folder >= 0)
        H5Gclose(folder);
    H5Fclose(file);
    return w.status;
}

/* Where the work is done in place the user's own handling of HDF5's errors is put back. */
typedef struct quiet {
    H5E_auto2_t report;
    void *user;
} quiet;

static quiet be_quiet(void) {
    quiet before = {NULL, NULL};
    H5Eget_auto2(H5E_DEFAULT, &before.report, &before.user);
    H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    return before;
}

static void stop_being_quiet(quiet before) {
    H5Eclear2(H5E_DEFAULT);
    H5Eset_auto2(H5E_DEFAULT, before.report, before.user);
}

static pst_status list_tensors(pst_error *error, void *user, uint8_t **result, size_t *bytes) {
    pst_source *source = user, found = {.path = source->path, .state = source->state};
    listed *list = NULL;
    quiet before = be_quiet();
    pst_status status = walk_file(error, &found);
    stop_being_quiet(before);
    if (status == PST_OK)
        status = pst_allocate(error, found.count, sizeof *list, &list);
    for (size_t i = 0; i < found.count; i++) {
        const pst_tensor_info *info = &found.tensors[i].info;
        if (status == PST_OK) {
            listed *entry = &list[i];
            snprintf(entry->name, sizeof entry->name, "%s", info->name);
            entry->type = info->type;
            entry->dimension_count = info->dimension_count;
            memcpy(entry->shape, info->shape, sizeof entry->shape);
        }
        pst_free((char *)info->name);
    }
    pst_free(found.tensors);
    *result = (uint8_t *)list;
    *bytes = found.count * sizeof *list;
    return status;
}

static pst_status read_keras(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values);

static void close_keras(pst_source *source) {
    image *from = source->state;
    if (from)
        pst_free(from->data);
    pst_free(from);
}

static const pst_format format_caffe_hdf5 = {.name = "Caffe HDF5", .read = read_keras, .close = close_keras};

static pst_status open_keras(pst_error *error, pst_source *source) {
    uint8_t *result;
    size_t bytes;
    source->layout = PST_LAYOUT_HWIO;
    source->convention = PST_CONVENTION_CAFFE;
    pst_status status = pst_subprocess_run(error, source->path, MAX_MEMORY, list_tensors, source, &result, &bytes);
    for (size_t i = 0; status == PST_OK && i < bytes / sizeof(listed); i++) {
        listed entry;
        memcpy(&entry, result + i * sizeof entry, sizeof entry);
        entry.name[MAX_PATH_BYTES] = 0;
        bool sound = entry.dimension_count >= 0 && entry.dimension_count <= PST_TENSOR_MAX_DIMENSIONS &&
                     (unsigned)entry.type <= PST_TENSOR_OTHER;
        status = sound ? pst_source_add(error, source, entry.name, entry.type, entry.dimension_count, entry.shape, NULL)
                       : fail(error, source, "", "its list of tensors");
    }
    pst_free(result);
    for (size_t i = 0; i < source->count; i++) /* a folder at the top that Caffe makes, with kernels in its order */
        if (strncmp(source->tensors[i].info.name, "data/", 5) == 0) {
            source->layout = PST_LAYOUT_OIHW;
            source->format = &format_caffe_hdf5;
        }
    return status;
}

typedef struct request {
    const pst_source *source;
    const pst_source_tensor *tensor;
} request;

static pst_status read_bits(pst_error *error, const pst_source *source, const pst_source_tensor *tensor, hid_t set,
                            float *values) {
    uint8_t *bits;
    hid_t type = H5Dget_type(set);
    pst_status status = pst_allocate(error, tensor->info.count, 2, &bits);
    if (status == PST_OK &&
        (type < 0 || H5Tget_size(type) != 2 || H5Dread(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, bits) < 0))
        status = fail(error, source, "", tensor->info.name);
    if (status == PST_OK)
        pst_tensor_convert(bits, PST_TENSOR_BF16, tensor->info.count, values, NULL);
    if (type >= 0)
        H5Tclose(type);
    pst_free(bits);
    return status;
}

static pst_status read_set(pst_error *error, const pst_source *source, const pst_source_tensor *tensor, hid_t set,
                           float *values) {
    hid_t space = H5Dget_space(set);
    hssize_t count = space >= 0 ? H5Sget_simple_extent_npoints(space) : -1;
    if (space >= 0)
        H5Sclose(space);
    if (count != (hssize_t)tensor->info.count)
        return fail(error, source, "", tensor->info.name);
    char filter[64];
    if (!is_plain(set, pst_tensor_element_bytes(tensor->info.type), filter))
        return pst_fail(
            error, PST_ERROR_UNSUPPORTED,
            "%s: tensor %.64s is stored %s%s, which is not read; write it again with Keras or h5py, without "
            "compression or with gzip",
            source->path, tensor->info.name, *filter ? "compressed by " : "in too large chunks or in another file",
            filter);
    if (tensor->info.type != PST_TENSOR_BF16)
        return H5Dread(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0
                   ? fail(error, source, "", tensor->info.name)
                   : PST_OK;
    return read_bits(error, source, tensor, set, values);
}

static pst_status read_tensor(pst_error *error, void *user, uint8_t **result, size_t *bytes) {
    const request *r = user;
    char name[MAX_PATH_BYTES + 32];
    float *values;
    pst_status status = pst_allocate(error, r->tensor->info.count, sizeof *values, &values);
    if (status != PST_OK)
        return status;
    quiet before = be_quiet();
    hid_t file = open_file(r->source), set = -1;
    if (file >= 0) {
        snprintf(name, sizeof name, "%s/%s", top_folder(file), r->tensor->info.name);
        set = H5Dopen2(file, name, H5P_DEFAULT);
    }
    status = set >= 0 ? read_set(error, r->source, r->tensor, set, values)
                      : fail(error, r->source, "", r->tensor->info.name);
    if (set >= 0)
        H5Dclose(set);
    if (file >= 0)
        H5Fclose(file);
    stop_being_quiet(before);
    *result = (uint8_t *)values;
    *bytes = r->tensor->info.count * sizeof *values;
    return status;
}

static pst_status read_keras(pst_error *error, pst_source *source, const pst_source_tensor *tensor, float *values) {
    uint8_t *result;
    size_t bytes;
    request r = {source, tensor};
    pst_status status = pst_subprocess_run(error, source->path, MAX_MEMORY, read_tensor, &r, &result, &bytes);
    if (status == PST_OK && bytes != tensor->info.count * sizeof *values)
        status = fail(error, source, "", tensor->info.name);
    if (status == PST_OK)
        memcpy(values, result, bytes);
    pst_free(result);
    return status;
}

const pst_format pst_format_keras = {
    .name = "Keras HDF5", .open = open_keras, .read = read_keras, .close = close_keras};

pst_status pst_keras_open_image(pst_error *error, pst_source *source, uint8_t *data, size_t bytes) {
    static const pst_format format = {
        .name = "Keras archive", .open = open_keras, .read = read_keras, .close = close_keras};
    image *held;
    pst_status status = pst_allocate(error, 1, sizeof *held, &held);
    if (status != PST_OK) {
        pst_free(data);
        return status;
    }
    *held = (image){data, bytes};
    source->state = held;
    return pst_source_open_as(error, source, &format);
}
