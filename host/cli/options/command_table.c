#include "cli/options/command_table.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "cli/options/complain.h"

static const char *const first_of_batch[] = {"--save-iter=0", NULL};
static const char *const first_of_demo[] = {"pastiche-landscape.png",
                                            "pastiche-strokes.png",
                                            "--output=pastiche-demo.png",
                                            "--start=content",
                                            "--iterations=200",
                                            "--save-iter=0",
                                            NULL};

/* The lines of `about` are at most 80 characters long. */
const command command_table[COMMAND_COUNT] = {
    [COMMAND_RUN] = {"", "CONTENT STYLE... [-o OUT] [option...]", "paint one photograph",
                     "Paints the photograph CONTENT in the style of the paintings STYLE.", .most = ANY_WORDS},
    [COMMAND_BATCH] = {"batch", "CONTENT... --styles STYLE... -o FOLDER [option...]",
                       "paint every content in every style",
                       "Paints every content in every style: 4 contents and 3 styles make 12 images,\n"
                       "CONTENT__STYLE.png in FOLDER. A folder stands for the images in it, and a\n"
                       "pattern such as 'photos/*.jpg' for the files that match. Images that exist are\n"
                       "skipped, so the same command continues after it was stopped.",
                       .most = ANY_WORDS, .first = first_of_batch},
    [COMMAND_DEMO] = {"demo", "[option...]", "draw test images and paint one of them",
                      "Draws a landscape and two styles into this folder: pastiche-landscape.png,\n"
                      "pastiche-strokes.png and pastiche-mosaic.png. Then paints the landscape in the\n"
                      "first style, as pastiche-demo.png, with --start content and --iterations 200.\n"
                      "Takes all options of a run.",
                      .most = ANY_WORDS, .first = first_of_demo},
    [COMMAND_STUDIO] = {"studio", "[FOLDER] [option...]", "paint in the browser",
                        "Opens a page in the browser where images are chosen, painted and kept, all in\n"
                        "FOLDER: pastiche in the user's folder of pictures if none is given. Ctrl-C ends\n"
                        "it; the next start continues where it stopped.",
                        0, 1},
    [COMMAND_STYLE_MAKE] = {"style make", "IMAGE... -o OUT.style [option...]", "store a style in a file",
                            "Stores what the network sees in one painting or in a blend of several. Runs with\n"
                            "this file need no images of the style: pastiche photo.jpg OUT.style -o out.png",
                            .most = ANY_WORDS},
    [COMMAND_STYLE_INFO] = {"style info", "FILE", "print what a style file contains",
                            "Prints which images and which network a style file was made from, and its layers\n"
                            "and sizes.",
                            1, 1, "no file given"},
    [COMMAND_INFO] = {"info", "FILE", "print how a result was made",
                      "Prints how a result was made, as JSON: options, seed, checksums of the images\n"
                      "and of the network, version, device and algorithms. Of a checkpoint: its\n"
                      "settings, and how many iterations are done.",
                      1, 1, "no image given"},
    [COMMAND_AGAIN] = {"again", "IMAGE [-o NEW] [option...]", "repeat the run that made a result",
                       "Repeats the run that made IMAGE. The settings are stored in the image. On the\n"
                       "same device the new file has the same bytes. Images and network must be\n"
                       "unchanged, which their SHA-256 shows; --anyway accepts others.",
                       1, 1, "no image given"},
    [COMMAND_MODEL_LIST] = {"model list", "", "list the known networks",
                            "Lists the known networks, the best first, and where they are installed.", 0, 0},
    [COMMAND_MODEL_FETCH] = {"model fetch", "NAME|URL [option...]", "download and install a network",
                             "Downloads a network that pastiche model list shows, or the file of a URL. Checks\n"
                             "it and installs it in the folder that pastiche model list shows. An interrupted\n"
                             "download continues where it stopped. http_proxy and https_proxy are used.",
                             1, 1, "no network named, and pastiche model list shows the names"},
    [COMMAND_MODEL_INFO] = {"model info", "FILE [option...]", "print what a network file contains",
                            "Prints the format of a network file, which pixel values its first convolution\n"
                            "expects, its convolutions, and which of the default layers it lacks.",
                            1, 1, "no file given"},
    [COMMAND_MODEL_CONVERT] = {"model convert", "FILE OUT.safetensors [option...]", "convert a network to safetensors",
                               "Writes the convolutions of a network as safetensors, for pixels as Caffe's\n"
                               "networks expect them. FILE can be Keras, Caffe, ONNX, PyTorch, MATLAB 5 or\n"
                               "safetensors.",
                               2, 2, "two files are needed"},
    [COMMAND_DEVICES] = {"devices", "[option...]", "list the OpenCL devices",
                         "Lists the OpenCL devices, the best first, and marks the one that a run uses.", 0, 0},
    [COMMAND_TUNE] = {"tune", "[option...]", "measure the fastest algorithms of a device",
                      "Measures which convolution algorithms are the fastest on a device, and stores\n"
                      "the choices for later runs. A run does so itself when it is worth the time.\n"
                      "What was measured before is measured again and replaced.",
                      0, 0},
    [COMMAND_BENCH] = {"bench", "[option...] | --compare A.json B.json ...", "measure the speed of a device",
                       "Measures a device: its score, arithmetic and bandwidth, each convolution\n"
                       "algorithm for each layer, and whole evaluations of the loss and its gradient.",
                       0, BENCH_RESULTS_MOST},
};

char *command_title(const command *c, char text[32]) {
    snprintf(text, 32, "pastiche%s%s", *c->name ? " " : "", c->name);
    return text;
}

char *command_usage(const command *c, char text[COMMAND_USAGE_MOST]) {
    char title[32];
    snprintf(text, COMMAND_USAGE_MOST, "%s%s%s", command_title(c, title), *c->usage ? " " : "", c->usage);
    return text;
}

static bool asks_for_help(const char *word) { return strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0; }

char *command_second_words(const char *name, const char *between, char text[COMMAND_USAGE_MOST]) {
    const size_t length = strcspn(name, " ");
    size_t used = 0;
    for (const command *c = command_table + COMMAND_RUN + 1; c < command_table + COMMAND_COUNT; c++)
        if (strncmp(c->name, name, length) == 0 && c->name[length] == ' ' && used < COMMAND_USAGE_MOST)
            used += (size_t)snprintf(text + used, COMMAND_USAGE_MOST - used, "%s%s", used ? between : "",
                                     c->name + length + 1);
    return text;
}

const command *command_find(int count, char **arguments, int *used) {
    const char *first = count > 0 ? arguments[0] : "", *second = count > 1 ? arguments[1] : "";
    char words[COMMAND_USAGE_MOST];
    bool group = false;
    for (const command *c = command_table + COMMAND_RUN + 1; c < command_table + COMMAND_COUNT; c++) {
        size_t length = strcspn(c->name, " ");
        if (strlen(first) != length || strncmp(first, c->name, length) != 0)
            continue;
        group = c->name[length] == ' ';
        *used = group ? 2 : 1;
        if (!group || strcmp(second, c->name + length + 1) == 0)
            return c;
    }
    *used = 0;
    if (!group)
        return &command_table[COMMAND_RUN];
    if (asks_for_help(second))
        *used = 1;
    else
        complain("%s%s%s: %s (%s); see pastiche %s --help", first, *second ? " " : "", second,
                 *second ? "there is no such command" : "a second word is missing",
                 command_second_words(first, ", ", words), first);
    return NULL;
}
