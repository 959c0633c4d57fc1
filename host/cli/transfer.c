/* pastiche CONTENT STYLE...: one run. */
#include "commands.h"
#include "complain.h"
#include "run.h"

int transfer_command(const settings *s)
{
    session w;
    run r = { 0 };
    int code = session_begin(&w, s);
    if (code == EXIT_OK)
        code = run_check_names(&w, s);
    if (code == EXIT_OK)
        code = session_open(&w);
    if (code == EXIT_OK)
        code = run_prepare(&r, &w, s);
    if (code == EXIT_OK)
        code = s->plan ? plan_print(pst_job_plan(r.job), w.device.name) : run_paint(&r);
    run_end(&r);
    session_end(&w);
    return code;
}
