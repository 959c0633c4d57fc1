# Writes OUTPUT, a C file with the content of files:
#   cmake -DOUTPUT=... -DKERNELS=a.cl;b.cl -P embed.cmake             a table of kernels (see host/cl/kernels.h)
#   cmake -DOUTPUT=... -DFILES=a.json;b -DINCBIN=ON -P embed.cmake    a table of files (see host/base/embedded.h); HEADER, TYPE and
#                                                                     TABLE name another one's header, struct and array
# A compiler may refuse string literals over 4095 characters, so the content is an array of bytes. INCBIN lets the assembler read
# the files instead, as GNU's and its like can: an array of 2.3 MB takes a compiler 360 MiB and some seconds.
function(array file result)
  file(READ ${file} bytes HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
  string(REGEX REPLACE "((0x..,){32})" "\\1\n" bytes "${bytes}")
  set(${result} "${bytes}" PARENT_SCOPE)
endfunction()

set(text "/* made by cl/embed.cmake */\n#include <stddef.h>\n")
set(table "")
if(DEFINED KERNELS)
  string(APPEND text "#include \"cl/kernels.h\"\n")
  foreach(kernel IN LISTS KERNELS)
    get_filename_component(name ${kernel} NAME_WE)
    array(${kernel} bytes)
    string(APPEND text "static const char kernel_${name}[] = {\n${bytes}0};\n")
    string(APPEND table "    {\"${name}\", kernel_${name}},\n")
  endforeach()
  string(APPEND text "const pst_kernel_source pst_kernel_sources[] = {\n${table}    {NULL, NULL}\n};\n")
else()
  if(NOT DEFINED TABLE)
    set(HEADER base/embedded.h)
    set(TYPE pst_embedded_file)
    set(TABLE pst_embedded_files)
  endif()
  string(APPEND text "#include \"${HEADER}\"\n")
  if(INCBIN)
    string(APPEND text [[
#define TEXT(x) #x
#define TEXT_OF(x) TEXT(x)
#define SYMBOL(name) TEXT_OF(__USER_LABEL_PREFIX__) name
#if defined(__APPLE__)
#define BEGIN ".section __TEXT,__const\n"
#define HIDE ".private_extern "
#elif defined(_WIN32)
#define BEGIN ".section .rdata,\"dr\"\n"
#define HIDE ".globl "
#else
#define BEGIN ".section .rodata\n"
#define HIDE ".hidden "
#endif
/* Global for the linker's sake (link-time optimization takes the assembler's part and C's apart), not to be given away. */
#define INCLUDE(name, path) \
    __asm__(BEGIN ".globl " SYMBOL(name) "\n" HIDE SYMBOL(name) "\n.p2align 4\n" SYMBOL(name) ":\n.incbin \"" path "\"\n.byte 0\n.text\n")
]])
  endif()
  foreach(file IN LISTS FILES)
    get_filename_component(name ${file} NAME)
    string(MAKE_C_IDENTIFIER "pst_embedded_${name}" symbol)
    file(SIZE ${file} size)
    if(INCBIN)
      string(APPEND text "INCLUDE(\"${symbol}\", \"${file}\");\nextern const uint8_t ${symbol}[];\n")
    else()
      array(${file} bytes)
      string(APPEND text "static const uint8_t ${symbol}[] = {\n${bytes}0};\n")
    endif()
    string(APPEND table "    {\"${name}\", ${symbol}, ${size}},\n")
  endforeach()
  string(APPEND text "const ${TYPE} ${TABLE}[] = {\n${table}    {NULL, NULL, 0}\n};\n")
endif()
file(WRITE ${OUTPUT} "${text}")
