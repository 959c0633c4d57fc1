# Writes OUTPUT, a C file with the text of every file of KERNELS: cmake -DOUTPUT=... -DKERNELS=a.cl;b.cl -P embed.cmake
# A compiler may refuse string literals over 4095 characters, so the text is an array of bytes.
set(text "/* made by cl/embed.cmake */\n#include <stddef.h>\n#include \"cl/kernels.h\"\n")
set(table "")
foreach(kernel IN LISTS KERNELS)
  get_filename_component(name ${kernel} NAME_WE)
  file(READ ${kernel} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "((0x..,){32})" "\\1\n" bytes "${bytes}")
  string(APPEND text "static const char kernel_${name}[] = {\n${bytes}0};\n")
  string(APPEND table "    {\"${name}\", kernel_${name}},\n")
endforeach()
string(APPEND text "const pst_kernel_source pst_kernel_sources[] = {\n${table}    {NULL, NULL}\n};\n")
file(WRITE ${OUTPUT} "${text}")
