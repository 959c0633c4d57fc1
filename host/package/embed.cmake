# Writes OUTPUT, a C file with the content of FILES as the array TABLE (see embedded.h):
#   cmake -DOUTPUT=... -DTABLE=... -DFILES=a.json;b -DINCBIN=ON -P embed.cmake
# A compiler may refuse string literals over 4095 characters, so the content is an array of bytes. With INCBIN the assembler
# reads the files instead, which GNU's and compatible ones can: an array of 2.3 MB takes a compiler 360 MiB and some seconds.
set(text "/* made by host/package/embed.cmake */\n#include \"package/embedded.h\"\n")
set(table "")
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
  string(MAKE_C_IDENTIFIER "${TABLE}_${name}" symbol)
  file(SIZE ${file} size)
  if(INCBIN)
    string(APPEND text "INCLUDE(\"${symbol}\", \"${file}\");\nextern const uint8_t ${symbol}[];\n")
  else()
    file(READ ${file} bytes HEX)
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
    string(REGEX REPLACE "((0x..,){32})" "\\1\n" bytes "${bytes}")
    string(APPEND text "static const uint8_t ${symbol}[] = {\n${bytes}0};\n")
  endif()
  string(APPEND table "    {\"${name}\", ${symbol}, ${size}},\n")
endforeach()
string(APPEND text "extern const embedded_file ${TABLE}[];\nconst embedded_file ${TABLE}[] = {\n${table}    {NULL, NULL, 0}\n};\n")
file(WRITE ${OUTPUT} "${text}")
