# leaf/item.c becomes bitcode, once an instruction set, and each bitcode a list of bytes that target.c includes.
set(leaf_folder ${CMAKE_CURRENT_LIST_DIR}/leaf)
set(leaf_generated ${PROJECT_BINARY_DIR}/generated)
set(leaf_flags -std=c11 -O2 -emit-llvm -c -ffreestanding -fno-builtin -nostdlibinc -fomit-frame-pointer -fvisibility=hidden
               -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables -fno-vectorize -fno-slp-vectorize
               -Wall -Wextra -Wshadow -Wmissing-prototypes $<$<BOOL:${WEFT_WERROR}>:-Werror> -I${PROJECT_SOURCE_DIR}/runtime)

function(weft_leaf_bitcode name)
  set(bitcode ${leaf_generated}/leaf_${name}.bc)
  set(bytes ${leaf_generated}/leaf_${name}.inc)
  add_custom_command(
    OUTPUT ${bytes}
    COMMAND ${WEFT_CLANG} ${ARGN} ${leaf_flags} -MD -MF ${bitcode}.d -MT ${bytes} -o ${bitcode} ${leaf_folder}/item.c
    COMMAND ${CMAKE_COMMAND} -D INPUT=${bitcode} -D OUTPUT=${bytes} -P ${leaf_folder}/embed.cmake
    DEPENDS ${leaf_folder}/item.c ${leaf_folder}/embed.cmake
    DEPFILE ${bitcode}.d
    COMMENT "Leaf bitcode ${name}"
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY weft_leaf_bytes ${bytes})
endfunction()

weft_leaf_bitcode(avx512 --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mprefer-vector-width=512)
weft_leaf_bitcode(avx2 --target=x86_64-unknown-linux-gnu -march=x86-64-v3)
weft_leaf_bitcode(sse2 --target=x86_64-unknown-linux-gnu -march=x86-64)
weft_leaf_bitcode(neon --target=aarch64-unknown-linux-gnu)
get_property(leaf_bytes GLOBAL PROPERTY weft_leaf_bytes)
add_custom_target(weft_leaf DEPENDS ${leaf_bytes})
