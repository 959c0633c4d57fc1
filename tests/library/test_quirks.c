/* What is particular to drivers, from what devices say of themselves. */
#include <string.h>

#include "cl/quirks.h"
#include "support.h"

static uint32_t threads, major, minor;

/* One of Intel's drivers, asked for the threads of an execution unit, or of NVIDIA's for its compute capability. */
static uint32_t answer(void *device, uint32_t question) {
    return device ? 0 : question == 0x4255 ? threads : question == 0x4000 ? major : question == 0x4001 ? minor : 0;
}

START_TEST(every_device_has_all_of_them) {
    static const char *const names[] = {"", "Portable Computing Language", "Advanced Micro Devices", "Intel", "NVIDIA"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int type = PST_DEVICE_CPU; type <= PST_DEVICE_OTHER; type++) {
            pst_device_info info = {.type = (pst_device_type)type};
            strcpy(info.platform, names[i]);
            strcpy(info.vendor, names[i]);
            pst_quirks quirks = pst_quirks_find(&info, answer, NULL);
            ck_assert_msg(quirks.notice != NULL, "no notice for '%s'", names[i]);
            ck_assert(quirks.undeclared != NULL);
            ck_assert(quirks.memory_share > 0 && quirks.memory_share <= 1);
            ck_assert(quirks.wave > 0 && quirks.item_registers > 0);
            ck_assert(quirks.more_registers && quirks.most_registers == quirks.item_registers);
            ck_assert(quirks.unit_registers > 0 && quirks.unit_flops > 0);
        }
}
END_TEST

/* 8 threads a unit have compilers that give 256 registers to 4 of them; others are not asked for that. */
START_TEST(newer_gpus_of_intel_have_more_registers) {
    pst_device_info info = {.type = PST_DEVICE_GPU, .vendor = "Intel(R) Corporation"};
    for (threads = 0; threads < 12; threads++) {
        const pst_quirks quirks = pst_quirks_find(&info, answer, NULL);
        const bool more = threads >= 8;
        ck_assert_int_eq(quirks.item_registers, 128);
        ck_assert_int_eq(quirks.most_registers, more ? 256 : 128);
        ck_assert_str_eq(quirks.more_registers, more ? "-cl-intel-256-GRF-per-thread" : "");
        ck_assert_uint_eq(quirks.memory_questions[0], more ? 0x4109 : 0);
    }
    ck_assert_str_eq(pst_quirks_find(&info, NULL, NULL).more_registers, "");
    info.type = PST_DEVICE_CPU;
    ck_assert_str_eq(pst_quirks_find(&info, answer, NULL).more_registers, "");
    threads = 0;
}
END_TEST

/* No device is thought to have a larger cache than it has, nor a small part of it. */
START_TEST(caches_are_no_larger_than_they_are) {
    static const struct {
        const char *vendor, *name;
        uint32_t major, minor, units;
        int mib, flops;
        bool integrated;
    } gpus[] = {
        {"NVIDIA Corporation", "NVIDIA H200", 9, 0, 132, 50, 256, false},
        {"NVIDIA Corporation", "NVIDIA A100-SXM4-40GB", 8, 0, 108, 40, 128, false},
        {"NVIDIA Corporation", "NVIDIA A100-SXM4-40GB MIG 1g.5gb", 8, 0, 14, 6, 128, false},
        {"NVIDIA Corporation", "NVIDIA GeForce RTX 4090", 8, 9, 128, 72, 256, false},
        {"NVIDIA Corporation", "NVIDIA GeForce RTX 4060", 8, 9, 24, 24, 256, false},
        {"NVIDIA Corporation", "NVIDIA GeForce RTX 5090", 12, 0, 170, 96, 256, false},
        {"NVIDIA Corporation", "NVIDIA GeForce RTX 3090", 8, 6, 82, 6, 256, false},
        {"NVIDIA Corporation", "Tesla T4", 7, 5, 40, 4, 128, false},
        {"NVIDIA Corporation", "Tesla P100-PCIE-16GB", 6, 0, 56, 4, 128, false},
        {"NVIDIA Corporation", "GeForce GTX 1080", 6, 1, 20, 2, 256, false},
        {"NVIDIA Corporation", "a driver that tells nothing", 0, 0, 20, 2, 256, false},
        {"Advanced Micro Devices, Inc.", "gfx942:sramecc+:xnack-", 0, 0, 304, 256, 128, false},
        {"Advanced Micro Devices, Inc.", "gfx90a:sramecc+:xnack-", 0, 0, 104, 8, 128, false},
        {"Advanced Micro Devices, Inc.", "gfx1030", 0, 0, 80, 128, 128, false},
        {"Advanced Micro Devices, Inc.", "gfx1101", 0, 0, 54, 48, 128, false},
        {"Advanced Micro Devices, Inc.", "gfx1201", 0, 0, 64, 64, 128, false},
        {"Advanced Micro Devices, Inc.", "gfx1036", 0, 0, 2, 2, 128, true},
    };
    for (size_t i = 0; i < sizeof gpus / sizeof *gpus; i++) {
        pst_device_info info = {
            .type = PST_DEVICE_GPU, .compute_units = gpus[i].units, .integrated = gpus[i].integrated};
        strcpy(info.vendor, gpus[i].vendor);
        strcpy(info.name, gpus[i].name);
        major = gpus[i].major;
        minor = gpus[i].minor;
        const pst_quirks quirks = pst_quirks_find(&info, answer, NULL);
        const double mib = (double)quirks.cache_bytes / (1 << 20);
        ck_assert_msg(mib <= gpus[i].mib && (mib >= gpus[i].mib / 8.0 || gpus[i].integrated), "%s: %g MiB",
                      gpus[i].name, mib);
        ck_assert_int_eq(quirks.unit_flops, gpus[i].flops);
        info.type = PST_DEVICE_CPU;
        ck_assert_uint_eq(pst_quirks_find(&info, answer, NULL).cache_bytes, 0);
    }
    major = minor = 0;
}
END_TEST

int main(void) {
    Suite *suite = suite_create("quirks");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, every_device_has_all_of_them);
    tcase_add_test(tests, caches_are_no_larger_than_they_are);
    tcase_add_test(tests, newer_gpus_of_intel_have_more_registers);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
