/* What is particular to drivers, from what devices say of themselves. */
#include <string.h>

#include "cl/quirks.h"
#include "support.h"

static uint32_t threads;

/* One of Intel's drivers, asked for the threads of an execution unit. */
static uint32_t answer(void *device, uint32_t question) { return !device && question == 0x4255 ? threads : 0; }

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

int main(void) {
    Suite *suite = suite_create("quirks");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, every_device_has_all_of_them);
    tcase_add_test(tests, newer_gpus_of_intel_have_more_registers);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
