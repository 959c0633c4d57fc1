/* In place of server.c where libmicrohttpd was not to be had. */
#include <stdio.h>

#include "web/state.h"

bool web_server_start(web *w, char message[512]) {
    (void)w;
    snprintf(message, 512,
             "this build has no web server; build it where libmicrohttpd is installed (Debian: libmicrohttpd-dev)");
    return false;
}

void web_server_stop(web *w) { (void)w; }
