/* Each read of a network's file fails in turn: the message is the cause, whatever the reader was looking for. */
/* promise: faults */
#include <string.h>

#include "faults.h"
#include "model/weights_read.h"
#include "sound_networks.h"
#include "support.h"

START_TEST(a_failed_read_is_told_as_such) {
    pst_error error = {0};
    pst_weights *model = NULL;
    bytes file = sound[_i].make();
    const char *path = test_path(sound[_i].name);
    test_write(path, file.data, file.count);
    bytes_free(&file);
    for (unsigned n = 1;; n++) {
        faults_begin(FAULT_FILE, n, true, false);
        pst_status status = pst_weights_read(&error, path, PST_CONVENTION_AUTO, &model);
        unsigned failed = faults_failed();
        faults_end();
        pst_weights_destroy(model);
        if (failed == 0)
            break;
        ck_assert_msg(status == PST_OK || /* only closing failed */
                          (status == PST_ERROR_FILE && strncmp(error.text, path, strlen(path)) == 0 &&
                           strstr(error.text, "cannot be ")),
                      "%s, call %u: %s", sound[_i].name, n, error.text);
    }
}
END_TEST

int main(void) {
    sound_begin();
    Suite *suite = suite_create("faulty networks");
    TCase *cases = tcase_create("faulty networks");
    suite_add_tcase(suite, cases);
    for (int i = 0; i < sound_count; i++)
        if (!strstr(sound[i].format, "Keras") && !strstr(sound[i].format, "zip")) /* whose libraries open files */
            tcase_add_loop_test(cases, a_failed_read_is_told_as_such, i, i + 1);
    return test_run(suite);
}
