/* What the manual says about options, by name, where it says more than their help. Text between backquotes is bold.
 * Ranges, words and defaults follow from the table of options. */
#include "cli/options/option_table.h"

const option_text option_texts[] = {
    {"output", "The file of the result. Its ending selects PNG, JPEG, TIFF, WebP, BMP or TGA. `-` is standard output.\n"
               "The file appears under this name only when it is complete."},
    {"format", "The file format, whatever the ending of the name.\n"
               "Without this option the ending decides; on standard output it is PNG."},
    {"bits", "Bits per channel. 16 bits are possible in PNG and TIFF."},
    {"quality",
     "Quality of JPEG and WebP files, from 1 to 100. Without this option JPEG has 95, and WebP is lossless."},
    {"output-profile", "Convert the colors of the result to this ICC profile for RGB, and embed the profile."},
    {"proof-profile",
     "Soft proof: an ICC profile of a press or printer, CMYK or other.\n"
     "The inputs and the result are converted to its colors and back. The result then has only colors\n"
     "that the press can print."},
    {"proof-intent", "The rendering intent for `--proof-profile`."},
    {"no-metadata",
     "Do not store in the result how it was made. `pastiche info` and `pastiche again` cannot read such a\n"
     "file."},
    {"image-size", "The longer side of the result in pixels. Smaller images are enlarged."},
    {"style-scale", "The longer side of a style is this many times `--image-size`, rounded up.\n"
                    "Larger values give larger brush strokes."},
    {"style-blend-weights",
     "The share of each style in a blend: one number for each style, from 0 to 1e12. Only their\n"
     "proportions matter."},
    {"original-colors", "Keep the colors of the content. Only the lightness of the result is used."},
    {"color-space",
     "What `--original-colors` uses as lightness.\n"
     "`yuv`: the luma of BT.601, as in neural-style.\n"
     "`oklab`: the lightness of OkLab, which is closer to human vision. Saturated reds and blues stay in\n"
     "place, and a color that cannot be shown becomes paler, but keeps its hue."},
    {"keep-gray",
     "If content, start image and all styles with a weight are gray, so is the result: the run looks for the\n"
     "best gray image. `off` lets it find colors, as other programs do."},
    {"match-colors",
     "Give each style the colors of the content before the transfer. The result then has these colors.\n"
     "`cholesky`, `pca` and `symmetric` map the mean and the covariance of the colors linearly (Gatys et\n"
     "al. 2017). `symmetric` moves colors the least. `histogram` matches the whole distribution of\n"
     "colors; it follows the content's palette most closely, but may add grain."},
    {"content-mask",
     "An image that divides the content into regions. Each flat color is a region; there can be 16.\n"
     "The mask may have any size, but the proportions of the content.\n"
     "A region takes the styles that have its color in their masks. If no style has the color, the region\n"
     "stays as it is in the content. Pixels between two colors, on smooth or soft edges, belong to both\n"
     "regions."},
    {"style-masks", "The masks of the styles, one for each style, in the same colors as `--content-mask`.\n"
                    "Instead of a file, `#rrggbb` assigns the whole style to the region of that color."},
    {"guides", "Which units of the network count for a region.\n"
               "`simple`: the units that the mask covers. `all`: every unit that sees a part of the region.\n"
               "`inside`: only units that see nothing else."},
    {"start",
     "The image that the optimizer starts from: `noise`, `content`, or else the name of an image file, which is\n"
     "resized to fit."},
    {"seed", "The seed of the noise. The same number, device and build give the same image, byte for byte.\n"
             "A negative number means 0."},
    {"content-image", "The content. All arguments that are not options are then styles."},
    {"style-image", "The styles, separated by commas, instead of arguments.\n"
                    "If a file has this whole name, commas included, it is one style."},

    {"preset",
     "Use settings by name. A preset applies before all other options, wherever it stands.\n"
     "`best`: the defaults. `0.1`: those of pastiche 0.1, which have neural-style's values; options that are\n"
     "spelled as neural-style's (`-image_size`) select it. `gatys`: Gatys' PytorchNeuralStyleTransfer. The\n"
     "others have the names of their programs. If there are several presets, the last one counts."},
    {"strength", "How far to go from the photograph (0) to the painting (1). It multiplies the weights of\n"
                 "style and smoothness by 1000^(X - 0.75), because the eye sees factors of a weight as equal steps."},
    {"content-weight", "The weight of the content loss. Larger values keep more of the content."},
    {"style-weight", "The weight of the style loss. Larger values make the style stronger. Try factors of 10."},
    {"full-style-size",
     "The longer side, in pixels, from which on `--style-weight` counts in full. A smaller size, of the result\n"
     "or of a scale on the way to it, has less in proportion: with the full weight a small image loses the\n"
     "photograph. 0: the full weight at every size."},
    {"tv-weight", "The weight of smoothness (total variation). Larger values remove noise and fine detail."},
    {"tv-kind",
     "How smoothness is measured.\n"
     "`squares`: half the sum of the squared differences to the right and the lower neighbor, as in\n"
     "neural-style. `absolute`: the sum of the absolute differences, as in neural-style-pt. `nine-point`: a\n"
     "mean of the squared differences to all eight neighbors, as in style-transfer-pytorch, for samples from\n"
     "0 to 255."},
    {"range-weight",
     "The weight of samples outside 0..255, which are cut off when the image is written: X times the mean\n"
     "square of what is outside. With 100000 nearly all stay inside, and the file keeps what the\n"
     "descent reached."},
    {"content-layers", "The layers that compare the content, from relu1_1 to relu5_4, separated by commas.\n"
                       "A layer can have its own factor: `relu3_1=0.5,relu4_2`."},
    {"style-layers", "The layers that compare the styles, written as for `--content-layers`."},
    {"loss",
     "The form of the loss.\n"
     "`mean`: mean squares, with weights as in neural-style.\n"
     "`gatys`: the sums of the paper: 1/2 sum (F-P)^2 for the content, and 1/(4 N^2 M^2) sum (G-A)^2 for a style\n"
     "layer.\n"
     "`wasserstein`: for a style layer, the 2-Wasserstein distance between normal distributions that have the\n"
     "means and covariances of the features, divided by the number of channels, as in\n"
     "style-transfer-pytorch; the content loss is that of `mean`. It needs other weights than the other\n"
     "forms; `--preset style-transfer-pytorch` has good ones."},
    {"pooling", "The pooling of the network. `l2` is 0.78 times the root of the sum of squares of each window."},
    {"border", "What the first layer sees around the image: `zeros`, or the pixels of the border again (`replicate`)."},
    {"remainder",
     "Each of the four poolings of the network halves the image. What to do where a side is no multiple of 16:\n"
     "`extend`: work on the image with its border mirrored up to a multiple, and crop the result.\n"
     "`floor`: as other programs do. Deep layers do not see the last rows and columns, up to 15, which stay\n"
     "rough. `ceil`: as neural-style does; windows over the edge pool what there is."},
    {"normalize-gradients", "Divide the gradient of each layer by its L1 norm."},
    {"normalize-weights",
     "Divide each weight by the longest side of what it compares: of a content map the largest of\n"
     "channels, height and width; of a Gram matrix its channels. As in neural-style-pt."},

    {"iterations", "The maximum number of evaluations of the loss and its gradient, of all scales together."},
    {"scales",
     "Work from coarse to fine with this many sizes. Each size is the square root of two times the last one and\n"
     "starts from its result. 1 is the plain method. 0 chooses: from `--min-size` up, as many sizes as get\n"
     "about ten iterations each; one size if the run starts from an image file."},
    {"min-size", "The longer side of the coarsest scale in pixels."},
    {"optimizer", "`lbfgs` continues from the best image only, and makes broad changes before fine ones.\n"
                  "`lbfgs-plain` is the L-BFGS of other programs, which does not test the loss."},
    {"lbfgs-num-correction", "The number of vector pairs that L-BFGS keeps. Each pair takes the memory of two images.\n"
                             "0 selects the default."},
    {"lbfgs-storage",
     "When the image is worked on in tiles: `half` keeps the pairs of L-BFGS as scaled halves, in half of\n"
     "the memory. The descent is not quite the same, since they are rounded."},
    {"learning-rate",
     "The step size of Adam and of gradient descent, in units of the 256 levels of a color. 0 selects the default.\n"
     "By default gradient descent finds its own: the first step changes a sample by half a level on average; then the "
     "rate grows while the loss falls, and is halved where it does not."},
    {"adam-betas", "The decay rates of Adam's first and second moments."},
    {"clamp", "After each step of Adam or gradient descent, limit all samples to 0..255."},
    {"average",
     "For Adam and gradient descent: the result is not the best image, but the running average of all images.\n"
     "The image k steps back has the weight X^k."},
    {"momentum", "For gradient descent: the part of the last step that is kept."},
    {"decay", "For gradient descent: the learning rate falls as 1/(1 + X k) in iteration k."},
    {"loss-threshold", "Stop when the loss is X or less."},
    {"min-improvement", "Stop when the best loss falls by less than the fraction X over the iterations of\n"
                        "`--improvement-window`. 0.01 is one percent."},
    {"improvement-window", "The number of iterations for `--min-improvement`."},

    {"model",
     "The network: a VGG network such as VGG-19, as a safetensors, Keras, Caffe, PyTorch, MATLAB 5 or ONNX file,\n"
     "or the index of a network in several files. If there is no such file, the name of an installed network, or\n"
     "`small` or `medium`, which are inside the program. Default: the first installed network of `pastiche model\n"
     "list`, or else `medium`."},
    {"device",
     "The OpenCL device: a number of `pastiche devices`; `cpu`; `gpu`; `gpu:N` for graphics card N, counted from\n"
     "0; or a part of the device's name. Several devices share an image in tiles: name them with commas between,\n"
     "as in `0,1`, at most 8; `all` takes all that `pastiche devices` lists as usable. An image that is too small to\n"
     "be shared is done by the first. For one `--tile`, the result is the same on one device as on several of the\n"
     "same name and driver, byte for byte. Default: the best device."},
    {"memory",
     "The memory that the run may take of the device, or of each device: bytes, or with K, M, G or T behind the\n"
     "number their multiples by 1024. Default: what the device has, of several the least."},
    {"tile",
     "Work on the image in tiles, one after the other: N pixels a side, or W by H, as `1024x512`. Each side is "
     "rounded\n"
     "up to a multiple of 64. Loss and gradient are the same but for rounding. A scale no larger than a tile runs\n"
     "whole. 0 chooses: what fits on one device runs whole, and what does not in those tiles that fit and take the\n"
     "fewest operations. Larger tiles take less time."},
    {"spill", "When the image is worked on in tiles, keep what is as large as the image in files in this folder, and\n"
              "not in memory: maps between parts of the network, features of the content, the images of the\n"
              "optimizer. The files are gone when the program ends, in whatever way it does."},
    {"workspace",
     "The limit of the scratch memory of the convolutions, in MiB. Default: a thirty-second of the device's memory,\n"
     "but at least 64, and at most 256 on a GPU, 128 on a CPU, 64 on a CPU with AVX-512."},
    {"choices",
     "Use the convolution algorithms in a file of `pastiche tune`, to repeat a run exactly. `none` is the same\n"
     "as `--no-tune`. `pastiche tune` writes this file, and refuses `none` and `-`.\n"
     "Without this option a run uses the algorithms that were measured on the device. If there are none and\n"
     "the run is long enough, it measures them first, which takes half a minute. Long enough is, with VGG-19\n"
     "at 512 pixels, 100 iterations on a GPU or a quarter of an hour on a CPU."},
    {"no-tune", "Use the built-in choice of algorithms, and measure nothing."},
    {"no-matrix-units",
     "Never multiply matrices with the tensor cores of a GPU or the matrix units (AMX) of a processor. Where a\n"
     "device has them, a product with a known answer must come out right before they are used. `pastiche tune`\n"
     "measures them. Each number is split in two for them: on a GPU results are as exact as without. On a\n"
     "processor they are used without tuning too, for gradients alone, which they give to one part in 100,000."},
    {"ranks",
     "With `--plan`: print the plan of a run that N processes of `pastiche-mpi` share, each on a machine like this\n"
     "one: the memory of rank 0, the work of the busiest rank, and what ranks send each other. Nothing is tried."},
    {"plan",
     "Print the device memory that the run needs, to the byte, the largest size that fits, and the time, which\n"
     "two trial iterations predict. Then stop. The exit status is 0 if the run fits. What would be refused\n"
     "before the run, such as an output that cannot be written or a checkpoint of other options, is told instead."},

    {"save-iter", "Every N iterations write the best image so far, as out_100.png, out_200.png ... beside the result\n"
                  "out.png. 0 writes none."},
    {"print-iter", "Print a line every N iterations where standard error is not a terminal. 0 prints none."},
    {"checkpoint",
     "Save the state of the run in this file. `--resume` continues from it. The file is removed when the run\n"
     "is complete."},
    {"checkpoint-every", "Save the checkpoint every S seconds, and when the run is interrupted."},
    {"resume",
     "Continue from a checkpoint. Images, network and options must be the same. The result is then the same as\n"
     "that of a run without an interruption, on the same device and with the same matrix units."},
    {"log", "Write one line of JSON for every iteration: `iteration`, `seconds`, `loss` and every term of it.\n"
            "The first line also has the device (all `devices`, where there are several) and the `algorithms` of each\n"
            "layer, forward and backward. The first line after a change of `weights` has the new weights.\n"
            "In a batch or a sheet `run` is the number of the run."},
    {"web",
     "Serve a page on this machine and print its address. The page shows the image as it forms, the losses and the\n"
     "time left. Buttons and single keys save the present image as OUT_N, stop the run and write the result\n"
     "(exit status 0), or change the three weights; the run then continues from the present image.\n"
     "When the run ends, the page shows the result."},
    {"web-port", "The port of the page. 0 takes any free port. Implies `--web`."},
    {"web-address",
     "The numeric address to listen on. 127.0.0.1 and its like (127.x.x.x, ::1) cannot be reached from other "
     "machines.\n"
     "For any other address, such as 0.0.0.0 for all addresses of this machine, the address of the page\n"
     "contains a secret. Everyone who knows it can see and control the run. Nothing is encrypted.\n"
     "Implies `--web`; the studio then opens no browser."},
    {"web-wait", "Keep serving the page after the run, until its button or Ctrl-C ends the program. Implies `--web`."},
    {"help", "Print a short description of a command and its options."},
    {"help-all", "Print a short description of all options."},

    {"Batches",
     "All names, images and sizes are checked before the first run. If one image fails, the others are still\n"
     "painted; the exit status is then 1."},
    {"styles", "The arguments that follow are styles. Each style paints an image of its own with every content.\n"
               "The styles of `--style-image` are instead blended in one image for each content."},
    {"contents", "The arguments that follow are contents again."},
    {"name",
     "The file name of an image in the folder. `{content}` and `{style}` stand for the names of the two, without\n"
     "folder and ending; `{content-file}` and `{style-file}` for their names with the ending, and\n"
     "`{content-folder}` and `{style-folder}` for the names of their folders. The name may contain folders, which\n"
     "are created."},
    {"overwrite", "Paint images again that exist. Without this option they are skipped, so the same command continues\n"
                  "after it was stopped."},

    {"sheet",
     "Paint small variants into one image, instead of a result. Below each variant stand the options that make\n"
     "it, and above all the content and the styles. A frame marks the variant of the command itself."},
    {"sheet-columns", "The option that the columns vary, and its values: OPTION=VALUE,VALUE...\n"
                      "By default style weights around the one that is set, in steps of the square root of 10."},
    {"sheet-rows",
     "The option that the rows vary, and its values. There are no default rows if the run starts from an\n"
     "image file."},
    {"sheet-size", "The longer side of a variant in pixels."},
    {"sheet-iterations", "The iterations of a variant."},

    {"anyway", "Use images or a network that have changed since then. The result is then another one."},
    {"from", "Download a known network from this URL instead of its own."},
    {"sha256", "The checksum that the file of a URL must have: its first 8 digits or more."},
    {"timeout", "Give up when nothing arrives for this many seconds."},
    {"convention", "Which pixel values the first layer of the network expects, where the file does not say it.\n"
                   "`caffe`: BGR, 0 to 255, minus a mean. `torchvision`: RGB, 0 to 1, normalized."},
    {"f16", "Write half-precision numbers, which take half the bytes."},
    {"sizes", "The sizes of the square images that are evaluated."},
    {"seconds", "The duration of each measurement."},
    {"json", "Write every figure to this file."},
    {"clean", "Remove the compiled kernels that are kept for the next start, and list no devices."},
    {"compare",
     "Print files of `--json`, which are the arguments, side by side. With `--report` or `--markdown` it writes\n"
     "these instead, of one to six files."},
    {"report",
     "Write a page with charts of what was measured, or of the files of `--compare`. It is one file that needs no\n"
     "network, and can be printed."},
    {"markdown", "Write the same as tables in Markdown."},

    {"gpu", "Use graphics card N, counted from 0. With 0, where there is no graphics card, the best device is used,\n"
            "with a notice; any other card that is not there is an error.\n"
            "-1 and `c` mean the CPU. The graphics cards of a list share the tiles of the image, as with `--device`."},
    {"init", "Where the run starts. `image` is the image of `--init-image`, or the content if there is none."},
    {"init-image", "See `--init`."},
    {0},
};
