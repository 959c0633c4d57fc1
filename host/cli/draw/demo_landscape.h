#ifndef PST_CLI_DRAW_DEMO_LANDSCAPE_H
#define PST_CLI_DRAW_DEMO_LANDSCAPE_H

void demo_draw_landscape(int width, int height, float *rgb);

#endif
