/* pastiche studio: a page in the browser, over a folder. */
#include "cli/commands.h"
#include "cli/options/complain.h"
#include "cli/options/file_names.h"
#include "cli/run/signals.h"
#include "cli/studio/painter.h"
#include "cli/studio/places.h"
#include "cli/studio/service.h"

int studio_command(const settings *s) {
    studio made;
    size_t count;
    pst_devices(NULL, 0, &count, NULL); /* may set variables that drivers read: before there are other threads */
    signals_catch(false);               /* from here on there is something to end in order */
    bool good = studio_open(&made, s) && studio_serve(&made);
    if (good) {
        complain("studio: %s", web_url(made.web)); /* with --quiet too: nobody could guess it */
        /* A URL for other machines has a secret, which other users would see in the list of processes. */
        const bool opens = !s->no_browser && !s->web_address;
        if (opens && !web_open_browser(web_url(made.web)) && !s->quiet)
            complain("no browser could be opened; open this address in one");
        painter_work(&made);
        good = file_is_folder(STUDIO_OWN);
        if (!good)
            complain("the studio's folder is gone, and the queue with it");
        else if (!s->quiet && signals_caught())
            complain(STUDIO_HAS_ENDED);
    }
    studio_close(&made);
    return good ? EXIT_OK : EXIT_FAILED;
}
