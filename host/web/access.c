#include "web/access.h"

#include <string.h>

#include "web/platform.h"

bool access_same_secret(const char *secret, const char *given, size_t length) {
    unsigned char differs = 0;
    if (!given || strlen(given) < length)
        return false;
    for (size_t i = 0; i < length; i++)
        differs |= (unsigned char)(secret[i] ^ given[i]);
    return differs == 0;
}

static bool begins(const char *text, const char *word, const char **rest) {
    for (; *word; text++, word++)
        if (*text != *word && !(*text >= 'A' && *text <= 'Z' && *text + ('a' - 'A') == *word))
            return false;
    *rest = text;
    return true;
}

bool access_is_loopback_name(const char *host) {
    char name[64];
    const char *rest;
    if (!host)
        return false;
    bool six = *host == '[';
    size_t length = strcspn(host += six, six ? "]" : ":");
    const char *port = host + length;
    if (length >= sizeof name || (six && *port++ != ']') ||
        (*port && (*port != ':' || strspn(port + 1, "0123456789") != strlen(port + 1))))
        return false;
    memcpy(name, host, length);
    name[length] = '\0';
    return web_is_loopback(name) || (begins(name, "localhost", &rest) && !*rest);
}

const char *access_path(const char *secret, const char *path, bool *slash) {
    size_t length = strlen(secret);
    *slash = true;
    if (*path++ != '/')
        return NULL;
    if (length == 0)
        return path;
    if (!access_same_secret(secret, path, length) || (path[length] && path[length] != '/'))
        return NULL;
    *slash = path[length] == '/';
    return path + length + *slash;
}

bool access_is_own_origin(const char *origin, const char *host) {
    const char *rest;
    return !origin || (host && begins(origin, "http://", &rest) && strcmp(rest, host) == 0);
}

bool access_is_own_site(const char *site) {
    return !site || strcmp(site, "same-origin") == 0 || strcmp(site, "none") == 0;
}
