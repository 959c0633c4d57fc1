/* One algorithm of the convolution menu for a whole network. */
#ifndef PST_TESTS_FORCED_H
#define PST_TESTS_FORCED_H

#include "net/device_network.h"
#include "op/choices.h"

/* Chooses it for every product of images of about h x w that it supports; the others keep their defaults. */
pst_status force_algorithm(pst_error *error, const pst_device_network *net, int h, int w, const char *algorithm,
                           pst_conv_choices *choices);

#endif
