/* pastiche CONTENT STYLE...: one run. */
#include "commands.h"
#include "complain.h"
#include "files.h"
#include "run.h"

int transfer_command(const settings *s) {
    if (s->sheet)
        return sheet_command(s);
    if (file_is_folder(s->content)) {
        complain("%s: is a folder; pastiche batch CONTENT... --styles STYLE... -o FOLDER paints all pictures in it",
                 s->content);
        return EXIT_FAILED;
    }
    session w;
    run r = {0};
    int code = session_begin(&w, s);
    if (code == EXIT_OK)
        code = run_check_names(&w, s);
    if (code == EXIT_OK)
        code = session_open(&w);
    if (code == EXIT_OK)
        code = run_check_output(&w, s); /* before anything that takes time */
    if (code == EXIT_OK)
        code = run_prepare(&r, &w, s);
    if (code == EXIT_OK)
        code = s->plan ? run_plan(&r) : run_paint(&r);
    run_end(&r);
    session_end(&w);
    return code;
}
