/* The readers of network files on files made by hand: sound ones, such as are mistaken for networks, and hostile ones.
 * Whatever a file holds, it ends in a network or in one line that begins with its name. */
/* promise: damage networks */
#define _XOPEN_SOURCE 700 /* for limits; must stand before any header */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "model/weights_read.h"
#include "sound_networks.h"
#include "support.h"

static pst_error error;

START_TEST(sound_files_are_read) {
    pst_weights *model;
    bytes file = sound[_i].make();
    const char *path = test_path("a file whose name says nothing");
    test_write(path, file.data, file.count);
    ck_ok(error, pst_weights_read(&error, path, sound[_i].asked, &model));
    ck_assert_str_eq(model->format, sound[_i].format);
    ck_assert(sound_is_whole(model));
    pst_weights_forget(model);
    ck_ok(error, pst_weights_recall(&error, model));
    ck_assert(sound_is_whole(model));
    pst_weights_destroy(model);
    bytes_free(&file);
}
END_TEST

/* ---- what is mistaken for a network --------------------------------------------------------------------------- */

#define FILE_OF(text) text, sizeof text - 1
static const struct {
    const char *data;
    size_t count;
    const char *says;
} mistaken[] = {
    {FILE_OF(""), "is empty"},
    {FILE_OF("<!DOCTYPE html>\n<html><head><title>404</title>"), "is a web page"},
    {FILE_OF("\xef\xbb\xbf \r\n<HTML lang=\"en\">"), "is a web page"},
    {FILE_OF("<?xml version=\"1.0\"?><Error><Code>NoSuchKey"), "is a web page"},
    {FILE_OF("version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 574673361\n"), "Git LFS pointer"},
    {FILE_OF("{\"error\": \"not found\"}"), "is JSON without a weight_map"},
    {FILE_OF(" {\"weight_map\": [\"a\"]}"), "is JSON without a weight_map"},
    {FILE_OF("{\"weight_map\": {"), "is damaged JSON, at line 1"},
    {FILE_OF("name: \"VGG_ILSVRC_19_layers\"\ninput: \"data\"\n"), "is a text"},
    {FILE_OF("\x1f\x8b\x08\0\0\0\0\0"), "gzip"},
    {FILE_OF("\xfd"
             "7zXZ\0\0\0"),
     "xz"},
    {FILE_OF("BZh91AY&SY\0\1"), "bzip2"},
    {FILE_OF("\x93NUMPY\1\0v\0{'descr'"), "NumPy"},
    {FILE_OF("\x80\4\x95\x10\0\0\0\0\0\0\0}."), "Python pickle"},
    {FILE_OF("MATLAB 7.3 MAT-file, Platform: GLNXA64\0\0\0"), "MATLAB 7.3"},
    {FILE_OF("\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), "not a network in a format"},
    {FILE_OF("\xff\xd8\xff\xe0\0\x10JFIF\0"), "not a network in a format"},
    {FILE_OF("\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "not a network in a format"},
    {FILE_OF("PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"), "zip"},
    {FILE_OF("PK\3\4\0\0\0\0"), "zip"},
    {FILE_OF("\x89HDF\r\n\x1a\n\0\0\0\0"), "HDF5"},
    {FILE_OF("MATLAB 5.0 MAT-file\0"), "cut short"},
    {FILE_OF("\x0a\3VGG\x12\x7f"), "cut short"},
    {FILE_OF("\x08\7\x3a\x7f"), "cut short"},
    {FILE_OF("\x80\2\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19."), "cut short"},
};

START_TEST(other_files_are_called_what_they_are) {
    const char *path = test_path("vgg19.model");
    pst_weights *model = (pst_weights *)&error;
    test_write(path, mistaken[_i].data, mistaken[_i].count);
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    ck_assert_msg(status == PST_ERROR_FORMAT || status == PST_ERROR_UNSUPPORTED, "%s",
                  status ? error.text : "was read");
    ck_assert_ptr_null(model);
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "no path: %s", error.text);
    ck_assert_msg(strstr(error.text, mistaken[_i].says) || strstr(error.text, "build again"), "no \"%s\" in: %s",
                  mistaken[_i].says, error.text);
}
END_TEST

/* ---- pickles -------------------------------------------------------------------------------------------------- */

/* Stands in the dictionary before the tensors; "?" is a key. */
#define KEY "X\1\0\0\0?"
static const struct {
    const char *extra;
    size_t count;
    pst_status status;
    const char *says;
} pickles[] = {
    {FILE_OF(""), PST_OK, NULL},
    {FILE_OF(KEY "N" KEY "\x88" KEY "G\0\0\0\0\0\0\0\0" KEY "\x8a\2\xff\x7f" KEY "U\1x" KEY "(K\1K\2e."),
     PST_ERROR_FORMAT, "adds items"},
    {FILE_OF(KEY "](K\1K\2e"), PST_OK, NULL},
    {FILE_OF(KEY "}q\7h\7h\7s"), PST_OK, NULL}, /* a dictionary in itself */
    {FILE_OF(KEY "]q\7h\7a"), PST_OK, NULL},    /* a list in itself */
    {FILE_OF(KEY "cos\nsystem\n(X\7\0\0\0touch xtR"), PST_OK, "object, os.system; nothing in it was executed"},
    {FILE_OF(KEY "cbuiltins\neval\n"), PST_OK, "builtins.eval"},
    {FILE_OF(KEY "X\2\0\0\0osX\6\0\0\0system\x93"), PST_OK, "os.system"},
    {FILE_OF(KEY "X\2\0\0\0osX\6\0\0\0system\x93(X\7\0\0\0touch xt\x81"), PST_OK, "os.system"},
    {FILE_OF(KEY "X\2\0\0\0osX\6\0\0\0system\x93)}\x92"), PST_OK, "os.system"}, /* NEWOBJ_EX */
    {FILE_OF(KEY "ctorch.nn.modules.linear\nLinear\n"), PST_OK, "torch.nn.modules.linear.Linear"},
    {FILE_OF(KEY "ccollections\nOrderedDict\n)\x81"), PST_OK, NULL},       /* NEWOBJ */
    {FILE_OF(KEY "(X\7\0\0\0touch xios\nsystem\n"), PST_OK, "os.system"},  /* INST */
    {FILE_OF(KEY "(cos\nsystem\nX\7\0\0\0touch xo"), PST_OK, "os.system"}, /* OBJ */
    {FILE_OF(KEY "cno\x1b[31m\nsuch\x07\n)R"), PST_OK, "no?[31m.such?"},   /* nothing for a terminal */
    {FILE_OF(KEY "ca\nb\n" KEY "cc\nd\n"), PST_OK, "Python objects, the first of them a.b"},
    {FILE_OF(KEY "ccollections\nCounter\n}(K\1K\2u\x85R"), PST_OK, "collections.Counter"},
    {FILE_OF(KEY "ccollections\ndefaultdict\nc__builtin__\nlist\n\x85R(K\1K\2u"), PST_OK, "defaultdict"},
    {FILE_OF(KEY "cdatetime\ndatetime\nC\x0a\7\xe8\1\2\3\4\5\0\0\0\x85R"), PST_OK, "datetime.datetime"},
    {FILE_OF(KEY "cpathlib\nPosixPath\n(X\1\0\0\0/tR"), PST_OK, "pathlib.PosixPath"},
    {FILE_OF(KEY "cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n(U\2f8K\0K\1tR(K\3U\1<NNNJ\xff\xff\xff\xffJ"
                 "\xff\xff\xff\xffK\0tbC\x08\0\0\0\0\0\0\0\0\x86R"),
     PST_OK, "numpy.core.multiarray.scalar"},
    {FILE_OF(KEY "cargparse\nNamespace\n)\x81}(U\2lrG\0\0\0\0\0\0\0\0ub"), PST_OK, "argparse.Namespace"},
    {FILE_OF(KEY "\x8f(K\1K\2\x90" KEY "(K\1\x91"), PST_OK, NULL},                     /* sets */
    {FILE_OF(KEY "\x96\2\0\0\0\0\0\0\0ab" KEY "\x8e\1\0\0\0\0\0\0\0a"), PST_OK, NULL}, /* bytes */
    {FILE_OF(KEY "(U\7storagecx\ny\nU\1"
                 "9U\3cpuK\4tQ"),
     PST_OK, "x.y"}, /* numbers of an unknown type */
    {FILE_OF(KEY "ctorch._utils\n_rebuild_tensor_v2\n((U\7storagecx\ny\nU\1"
                 "9U\3cpuK\4tQK\0)\x29tR"),
     PST_OK, "x.y"},
    {FILE_OF(KEY "ctorch._tensor\n_rebuild_from_type_v2\n(ctorch._tensor\n_rebuild_from_type_v2\nN)tR"),
     PST_ERROR_FORMAT, "not a function"},
    {FILE_OF(KEY "ca\nb\n(K\1u"), PST_ERROR_FORMAT, "adds items"},
    {FILE_OF(KEY "Nb"), PST_ERROR_FORMAT, "attributes"},
    {FILE_OF(KEY "ctorch\nFloatStorage\n)R"), PST_ERROR_FORMAT, "not a function"},
    {FILE_OF(KEY "\x82\1"), PST_ERROR_UNSUPPORTED, "0x82"}, /* EXT1 */
    {FILE_OF(KEY "P0\n"), PST_ERROR_UNSUPPORTED, "0x50"},   /* PERSID */
    {FILE_OF("ttt"), PST_ERROR_FORMAT, "mark"},
    {FILE_OF("00000000000000000"), PST_ERROR_FORMAT, "empty stack"},
    {FILE_OF(KEY "h\x63"), PST_ERROR_FORMAT, "did not store"},
    {FILE_OF(KEY "Nr\xff\xff\xff\xff"), PST_ERROR_FORMAT, "more than any"},
    {FILE_OF(KEY "Nj\xff\xff\xff\xff"), PST_ERROR_FORMAT, "did not store"},
    {FILE_OF(KEY "X\xff\xff\xff\xff"), PST_ERROR_FORMAT, "cut short"},
    {FILE_OF(KEY "\x8d\xff\xff\xff\xff\xff\xff\xff\xff"), PST_ERROR_FORMAT, "cut short"},
    {FILE_OF(KEY "\x8b\xff\xff\xff\xff"), PST_ERROR_FORMAT, "cut short"},
    {FILE_OF(KEY "(X\7\0\0\0storageNNNNtQ"), PST_ERROR_FORMAT, "storage"},
    {FILE_OF(KEY "NQ"), PST_ERROR_FORMAT, "storage"},
    {FILE_OF(KEY "ctorch._utils\n_rebuild_tensor_v2\n)R"), PST_ERROR_FORMAT, "shape"},
    {FILE_OF(KEY "ctorch._utils\n_rebuild_tensor_v2\n(NNNNtR"), PST_ERROR_FORMAT, "storage"},
    {FILE_OF(KEY "Nb"), PST_ERROR_FORMAT, "attributes"},
};

START_TEST(pickles_do_nothing_but_tensors) {
    const char *path = test_path("pickle.pth");
    bytes object = pickle_state(pickles[_i].extra, pickles[_i].count), file = file_torch(&sound_numbers, &object);
    pst_weights *model;
    test_write(path, file.data, file.count);
    pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
    ck_assert_msg(status == pickles[_i].status, "%s", status ? error.text : "was read");
    ck_assert_int_ne(access("x", F_OK), 0); /* os.system("touch x") */
    if (status == PST_OK) {
        ck_assert(sound_is_whole(model));
        ck_assert_msg(pickles[_i].says ? strstr(model->notice, pickles[_i].says) != NULL : !*model->notice,
                      "no \"%s\" in: %s", pickles[_i].says, model->notice);
    } else
        ck_assert_msg(strstr(error.text, pickles[_i].says) && strncmp(error.text, path, strlen(path)) == 0,
                      "no \"%s\" in: %s", pickles[_i].says, error.text);
    pst_weights_destroy(model);
    bytes_free(&object);
    bytes_free(&file);
}
END_TEST

/* Whole objects, where S stands for a dictionary of the network's tensors. */
#define STATE "\x7f"
static const struct {
    const char *object;
    size_t count;
    const char *says; /* in the notice; NULL: none */
} nested[] = {
    {FILE_OF("}(U\5epochK\3U\12state_dict" STATE "u."), NULL},
    {FILE_OF("}U\4deep}U\4more}U\4most" STATE "sss."), NULL},
    {FILE_OF("K\3" STATE "\x86."), NULL},     /* a tuple */
    {FILE_OF("](K\3}K\7" STATE "se."), NULL}, /* a list, and a number as a key */
    {FILE_OF("}(U\1aN" STATE "q\1"
             "0U\1b"
             "h\1U\1ch\1u."),
     NULL}, /* the same under two names */
    {FILE_OF("}(U\3ema" STATE "U\5model" STATE "u."), "under \"model.\" is used, not the one under \"ema.\""},
    {FILE_OF("}(U\5model" STATE "U\4last" STATE "u."), "under \"model.\" is used, not the one under \"last.\""},
    {FILE_OF("}(U\7exp_avg" STATE "U\1m" STATE "u."), "under \"m.\" is used"},
    {FILE_OF("cmy\nDict\n" STATE "\x85R."), "my.Dict"}, /* a class of dictionaries */
    {FILE_OF("cmy\nModule\n)\x81}(U\10trainingI01\nU\10_modules}U\3net"
             "cmy\nOther\n)\x81}U\13_parameters" STATE "sbsub."),
     "my.Module"},
    {FILE_OF("cmy\nState\n)\x81" STATE "b."), "my.State"}, /* its attributes */
};

START_TEST(tensors_are_found_wherever_they_are) {
    bytes object = {0}, state = pickle_state("", 0), file;
    pst_weights *model;
    put_text(&object, "\x80\2");
    for (size_t i = 0; i < nested[_i].count; i++)
        if (nested[_i].object[i] == STATE[0])
            put(&object, state.data + 2, state.count - 3); /* without PROTO and STOP */
        else
            put(&object, nested[_i].object + i, 1);
    file = file_torch(&sound_numbers, &object);
    test_write(test_path("nested.pth"), file.data, file.count);
    ck_ok(error, pst_weights_read(&error, test_path("nested.pth"), PST_CONVENTION_AUTO, &model));
    ck_assert(sound_is_whole(model));
    ck_assert_msg(nested[_i].says ? strstr(model->notice, nested[_i].says) != NULL : !*model->notice, "%s",
                  model->notice);
    pst_weights_destroy(model);
    bytes_free(&object);
    bytes_free(&state);
    bytes_free(&file);
}
END_TEST

START_TEST(an_object_without_tensors_is_refused) {
    static const uint8_t objects[] = "\x80\2cmy\nModel\n)R.";
    bytes object = {0}, file;
    pst_weights *model;
    put(&object, objects, sizeof objects - 1);
    file = file_torch(&sound_numbers, &object);
    test_write(test_path("object.pth"), file.data, file.count);
    ck_assert_int_ne(pst_weights_read(&error, test_path("object.pth"), PST_CONVENTION_AUTO, &model), PST_OK);
    ck_assert_msg(strstr(error.text, "numbers that belong to no tensor"), "%s", error.text);
#ifdef PST_WITH_LIBZIP
    bytes archive = file_zip(&(zip_entry){"net/data.pkl", object.data, object.count}, 1);
    test_write(test_path("object.pth"), archive.data, archive.count);
    ck_assert_int_eq(pst_weights_read(&error, test_path("object.pth"), PST_CONVENTION_AUTO, &model),
                     PST_ERROR_UNSUPPORTED);
    ck_assert_msg(strstr(error.text, "my.Model") && strstr(error.text, "state_dict() instead"), "%s", error.text);
    bytes_free(&archive);
#endif
    bytes_free(&object);
    bytes_free(&file);
}
END_TEST

/* Python 2 wrote dictionaries as lists of pairs, and texts of bytes. */
START_TEST(old_dictionaries_are_read) {
    bytes object = {0}, state = pickle_state("", 0), file;
    pst_weights *model;
    put_text(&object, "ccollections\nOrderedDict\n(](");
    for (size_t at = 0, parts = 0; parts < 4; parts++) { /* each tensor of the other pickle becomes a pair */
        uint8_t *begin = state.data + at;
        while (memcmp(begin, "X", 1) != 0 || memcmp(begin + 5, "conv", 4) != 0)
            begin++;
        uint8_t *end = begin + 9;
        while (memcmp(end, ")RtR", 4) != 0)
            end++;
        put_text(&object, "](U");
        put_byte(&object, begin[1]);
        put(&object, begin + 5, (size_t)(end + 4 - begin) - 5);
        put_text(&object, "e");
        at = (size_t)(end + 4 - state.data);
    }
    put_text(&object, "etR"); /* and the attributes that a state_dict has */
    put(&object, FILE_OF("}X\x09\0\0\0_metadata}sb."));
    file = file_torch(&sound_numbers, &object);
    test_write(test_path("old.pth"), file.data, file.count);
    ck_ok(error, pst_weights_read(&error, test_path("old.pth"), PST_CONVENTION_AUTO, &model));
    ck_assert(sound_is_whole(model));
    pst_weights_destroy(model);
    bytes_free(&object);
    bytes_free(&state);
    bytes_free(&file);
}
END_TEST
/* ---- archives and HDF5 ---- */

#ifdef PST_WITH_LIBZIP
START_TEST(other_archives_are_called_what_they_are) {
    static const struct {
        const char *name, *says;
    } cases[] = {{"model.weights.h5", "damaged or incomplete HDF5 file within its archive"},
                 {"vgg19.h5", "not one of PyTorch's"},
                 {"a/data.pkl", "cut short"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        pst_weights *model;
        bytes file = file_zip(&(zip_entry){cases[i].name, "\x80\2", 2}, 1);
        test_write(test_path("archive"), file.data, file.count);
        ck_assert_int_ne(pst_weights_read(&error, test_path("archive"), PST_CONVENTION_AUTO, &model), PST_OK);
        ck_assert_msg(strstr(error.text, cases[i].says) || strstr(error.text, "build again"), "%s", error.text);
        bytes_free(&file);
    }
}
END_TEST
#endif

#if defined(PST_WITH_HDF5) && defined(PST_WITH_LIBZIP)
/* An archive that says that its weights unpack to far more than it could hold. */
START_TEST(archives_that_swell_take_no_memory) {
    pst_weights *model;
    bytes file = sound[sound_count - 1].make(); /* the archive */
    uint8_t *entry = NULL;
    for (size_t i = 0; i + 4 < file.count; i++)
        if (memcmp(file.data + i, "PK\1\2", 4) == 0)
            entry = file.data + i; /* the last is model.weights.h5 */
    ck_assert_ptr_nonnull(entry);
    entry[10] = 8; /* packed; the size is 4 bytes from 24 on */
    for (unsigned high = 0; high < 0x80; high += 0x7f) {
        entry[26] = 0x20; /* 2 MiB, and nearly 2 GiB */
        entry[27] = (uint8_t)high;
        test_write(test_path("swelling.keras"), file.data, file.count);
        ck_assert_int_eq(pst_weights_read(&error, test_path("swelling.keras"), PST_CONVENTION_AUTO, &model),
                         PST_ERROR_FORMAT);
        ck_assert_msg(strstr(error.text, "model.weights.h5 in the archive") && strstr(error.text, "larger than"), "%s",
                      error.text);
    }
    bytes_free(&file);
}
END_TEST
#endif

#ifdef PST_WITH_HDF5
/* Circles of links, sets of zeros that take no room in the file, and chunks larger than any sound_numbers. */
START_TEST(hostile_hdf5_is_refused) {
    const char *path = test_path("hostile.h5");
    pst_weights *model;
    for (int kind = 0; kind < 4; kind++) {
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        hsize_t sides[4] = {3, 3, 3, kind == 1 ? 4096 : (hsize_t)1 << 40}, chunk[4] = {3, 3, 3, (hsize_t)1 << 24};
        const char *says = kind == 0   ? "no conv1_1.weight"
                           : kind == 1 ? "in too large chunks"
                           : kind == 2 ? "expected"
                                       : "more folders";
        hid_t folder = H5Gcreate2(file, "block1_conv1", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        if (kind == 0)
            H5Lcreate_hard(file, "/", folder, "circle", H5P_DEFAULT, H5P_DEFAULT);
        if (kind == 1 || kind == 2) {
            hid_t options = H5Pcreate(H5P_DATASET_CREATE),
                  space = H5Screate_simple(4, sides, (const hsize_t[]){3, 3, 3, H5S_UNLIMITED});
            H5Pset_chunk(options, 4, chunk);
            H5Dclose(H5Dcreate2(folder, "kernel:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, options, H5P_DEFAULT));
            H5Pclose(options);
            H5Sclose(space);
            static const float zeros[4096];
            sound_write_set(folder, "bias:0", 1, (const hsize_t[]){4096}, zeros, false);
        }
        for (int i = 0; i < 10 && kind == 3; i++) { /* 10 to the power of 8 ways */
            char name[8];
            snprintf(name, sizeof name, "%d", i);
            H5Lcreate_hard(file, "/", file, name, H5P_DEFAULT, H5P_DEFAULT);
        }
        H5Gclose(folder);
        H5Fclose(file);
        pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
        ck_assert_msg(status != PST_OK, "kind %d was read", kind);
        ck_assert_msg(strstr(error.text, says), "kind %d: %s", kind, error.text);
    }
}
END_TEST
#endif
#ifdef PST_WITH_HDF5
static size_t filter_nothing(unsigned flags, size_t count, const unsigned values[], size_t given, size_t *size,
                             void **data) {
    return (void)flags, (void)count, (void)values, (void)size, (void)data, given;
}

/* h5py's LZF, for one. Without compression and with gzip, as the message says, it is read. */
START_TEST(unknown_filters_are_told_with_a_way_on) {
    static const H5Z_class2_t filter = {H5Z_CLASS_T_VERS, 32000, 1, 1, "lz\033f", NULL, NULL, filter_nothing};
    static const float zeros[54];
    const char *path = test_path("filtered.h5");
    ck_assert_int_ge(H5Zregister(&filter), 0);
    for (int filtered = 0; filtered < 3; filtered++) {
        pst_weights *model;
        const hsize_t sides[4] = {3, 3, 3, 2};
        hid_t file = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
        hid_t folder = H5Gcreate2(file, "block1_conv1", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        hid_t options = H5Pcreate(H5P_DATASET_CREATE), space = H5Screate_simple(4, sides, NULL);
        H5Pset_chunk(options, 4, sides);
        if (filtered == 1)
            H5Pset_filter(options, filter.id, 0, 0, NULL);
        if (filtered == 2)
            H5Pset_deflate(options, 6);
        hid_t set = H5Dcreate2(folder, "kernel:0", H5T_IEEE_F32LE, space, H5P_DEFAULT, options, H5P_DEFAULT);
        ck_assert_int_ge(H5Dwrite(set, H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, zeros), 0);
        H5Dclose(set);
        H5Pclose(options);
        H5Sclose(space);
        sound_write_set(folder, "bias:0", 1, (const hsize_t[]){2}, zeros, false);
        H5Gclose(folder);
        H5Fclose(file);
        pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
        ck_assert_msg(filtered == 1 ? status == PST_ERROR_UNSUPPORTED && strstr(error.text, "compressed by lz") &&
                                          strstr(error.text, "f (filter 32000)") && strstr(error.text, "with gzip")
                                    : status == PST_OK,
                      "%d: %s", filtered, error.text);
        pst_weights_destroy(model);
    }
    H5Zunregister(filter.id);
}
END_TEST
#endif

int main(void) {
    sound_begin();
    Suite *suite = suite_create("formats");
    TCase *cases = tcase_create("formats");
    suite_add_tcase(suite, cases);
    tcase_add_loop_test(cases, sound_files_are_read, 0, sound_count);
    tcase_add_loop_test(cases, other_files_are_called_what_they_are, 0, sizeof mistaken / sizeof mistaken[0]);
    tcase_add_loop_test(cases, pickles_do_nothing_but_tensors, 0, sizeof pickles / sizeof pickles[0]);
    tcase_add_loop_test(cases, tensors_are_found_wherever_they_are, 0, sizeof nested / sizeof nested[0]);
    tcase_add_test(cases, an_object_without_tensors_is_refused);
    tcase_add_test(cases, old_dictionaries_are_read);
#ifdef PST_WITH_LIBZIP
    tcase_add_test(cases, other_archives_are_called_what_they_are);
#endif
#if defined(PST_WITH_HDF5) && defined(PST_WITH_LIBZIP)
    tcase_add_test(cases, archives_that_swell_take_no_memory);
#endif
#ifdef PST_WITH_HDF5
    tcase_add_test(cases, hostile_hdf5_is_refused);
    tcase_add_test(cases, unknown_filters_are_told_with_a_way_on);
#endif
    return test_run(suite);
}
