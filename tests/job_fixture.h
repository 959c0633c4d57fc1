/* What tests of whole jobs share: a small network with random weights, a content and a style on the best device. */
#ifndef TEST_JOB_FIXTURE_H
#define TEST_JOB_FIXTURE_H

#include "on_device.h"
#include "transfer/job.h"

#define WIDTH 45 /* of both images */
#define HEIGHT 31

extern pst_context *context;
extern pst_network *network;
extern pst_image *content, *style;

/* The unchecked fixture of a test case; ends the program as skipped where there is no device. */
void job_open(void);
void job_close(void);

/* Content and style over two blocks of the network, with 4 pairs of L-BFGS and some momentum of gradient descent. */
pst_transfer_options job_options(pst_optimizer_kind kind, int image_size, int iterations);

/* Fails the test with the library's message. */
pst_job *job_make(const pst_transfer_options *options);

#endif
