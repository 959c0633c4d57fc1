/* pastiche CONTENT STYLE...: one run. */
#include "cli/commands.h"
#include "cli/draw/sheet.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/ranks/world.h"
#include "cli/run/run_paint.h"
#include "cli/run/run_plan.h"

int transfer_command(const settings *s) {
    if (s->sheet)
        return sheet_command(s);
    if (file_is_folder(s->content)) {
        complain("%s: is a folder; pastiche batch CONTENT... --styles STYLE... -o FOLDER paints all images in it",
                 s->content);
        return EXIT_FAILED;
    }
    if (s->plan_ranks && !s->plan) {
        complain("--ranks is for --plan; mpirun -n %d pastiche-mpi starts a run on so many", s->plan_ranks);
        return EXIT_USAGE;
    }
    if (s->plan_ranks && !world_imagine(s->plan_ranks))
        return EXIT_USAGE;
    invocation w;
    run r = {0};
    int code = invocation_begin(&w, s);
    if (code == EXIT_OK)
        code = run_check_names(&w, s);
    code = world_agree(code);
    if (code == EXIT_OK)
        code = invocation_open(&w);
    if (code == EXIT_OK)
        code = run_check_output(&w, s); /* before anything that takes time */
    if (code == EXIT_OK)
        code = run_prepare(&r, &w, s);
    code = world_agree(code);
    if (code == EXIT_OK)
        code = s->plan ? run_plan(&r) : run_paint(&r);
    run_end(&r);
    invocation_end(&w);
    return code;
}
