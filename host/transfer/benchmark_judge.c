/* When a score is reliable. */
#include <math.h>
#include <stdio.h>

#include "transfer/benchmark.h"

#define LOAD_MOST 0.03         /* of a processor's measurement, taken by others */
#define LOAD_MOST_GRAPHICS 0.5 /* a graphics card only wants to be fed */
#define SPEED_MOST 0.02        /* of change; evaluations, which also wait for memory, then change by twice as much */
#define SPREAD_MOST 0.1        /* median above the least, where the load is not known */
#define ROUNDS_APART_MOST \
    0.03 /* the least of one half of the rounds above that of the other, the third above the least */
#define ROUNDS_FEW 6

/* How far the halves, and the third least round, are from the least one. */
static double halves_apart(const pst_score_size *s) {
    return fabs(s->half_seconds[0] - s->half_seconds[1]) / s->least_seconds;
}

/* Of few rounds the third is none of the least. */
static double third_apart(const pst_score_size *s) {
    return s->rounds < ROUNDS_FEW ? 0 : s->third_seconds / s->least_seconds - 1;
}

bool pst_score_is_settled(const pst_score *score) {
    bool settled = score->speed_varied <= SPEED_MOST;
    for (size_t i = 0; i < PST_SCORE_SIZES; i++)
        settled = settled && halves_apart(&score->sizes[i]) <= ROUNDS_APART_MOST &&
                  third_apart(&score->sizes[i]) <= ROUNDS_APART_MOST;
    return settled;
}

static bool say_what_differs(const pst_score_size *s, char *reason, size_t room) {
    if (halves_apart(s) > ROUNDS_APART_MOST)
        snprintf(reason, room, "the two halves of the rounds differ by %.1f %%; close other programs and measure again",
                 100 * halves_apart(s));
    else if (third_apart(s) > ROUNDS_APART_MOST)
        snprintf(reason, room,
                 "the third least round is %.1f %% above the least; close other programs and measure again",
                 100 * third_apart(s));
    else
        return false;
    return true;
}

void pst_score_judge(pst_score *score, bool graphics, bool vgg19) {
    char *reason = score->reason;
    const size_t room = sizeof score->reason;
    score->reliable = false;
    if (!vgg19) {
        snprintf(reason, room, "the network has not the shapes of VGG-19");
        return;
    }
    if (score->other_load > (graphics ? LOAD_MOST_GRAPHICS : LOAD_MOST)) {
        snprintf(reason, room, "other programs took %.0f %% of the processors' time; close them and measure again",
                 100 * score->other_load);
        return;
    }
    if (score->speed_varied > SPEED_MOST) {
        snprintf(reason, room,
                 "the processor's own speed varied by %.1f %% (another guest or its clock); measure again",
                 100 * score->speed_varied);
        return;
    }
    for (size_t i = 0; i < PST_SCORE_SIZES; i++) {
        const pst_score_size *s = &score->sizes[i];
        const double spread = s->median_seconds / s->least_seconds - 1;
        if (say_what_differs(s, reason, room))
            return;
        if (score->other_load < 0 && spread > SPREAD_MOST) {
            snprintf(reason, room,
                     "the load is not known, and the median of the rounds is %.0f %% above the least; close other "
                     "programs and measure again",
                     100 * spread);
            return;
        }
    }
    score->reliable = true;
    reason[0] = '\0';
}
