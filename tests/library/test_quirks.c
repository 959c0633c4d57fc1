/* What is particular to drivers, from what devices say of themselves. */
#include <string.h>

#include "cl/quirks.h"
#include "support.h"

START_TEST(every_device_has_all_of_them) {
    static const char *const names[] = {"", "Portable Computing Language", "Advanced Micro Devices", "Intel", "NVIDIA"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        for (int type = PST_DEVICE_CPU; type <= PST_DEVICE_OTHER; type++) {
            pst_device_info info = {.type = (pst_device_type)type};
            strcpy(info.platform, names[i]);
            strcpy(info.vendor, names[i]);
            pst_quirks quirks = pst_quirks_find(&info);
            ck_assert_msg(quirks.notice != NULL, "no notice for '%s'", names[i]);
            ck_assert(quirks.undeclared != NULL);
            ck_assert(quirks.memory_share > 0 && quirks.memory_share <= 1);
            ck_assert(quirks.wave > 0 && quirks.item_registers > 0);
            ck_assert(quirks.unit_registers > 0 && quirks.unit_flops > 0);
        }
}
END_TEST

int main(void) {
    Suite *suite = suite_create("quirks");
    TCase *tests = tcase_create("all");
    tcase_add_test(tests, every_device_has_all_of_them);
    suite_add_tcase(suite, tests);
    return test_run(suite);
}
