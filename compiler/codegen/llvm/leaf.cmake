# The driver, leaf/item.c, and the functions that a bias may call, leaf/functions.c, depend on nothing that is known when
# a kernel is made, so they are compiled here, once an instruction set; the code generator joins them with what it
# generates. Each object becomes a list of bytes that target.c includes. Always clang, whatever compiles the rest: it knows every target, and the vector extensions used.
set(leaf_folder ${CMAKE_CURRENT_LIST_DIR}/leaf)
set(leaf_generated ${PROJECT_BINARY_DIR}/generated)
set(leaf_flags -std=c11 -O2 -c -fPIC -ffreestanding -fno-builtin -nostdlibinc -fomit-frame-pointer -fvisibility=hidden
               -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables
               -Wall -Wextra -Wshadow -Wmissing-prototypes $<$<BOOL:${WEFT_WERROR}>:-Werror> -I${PROJECT_SOURCE_DIR}/runtime)

function(weft_leaf_object name)
  foreach(source item functions)
    set(object ${leaf_generated}/leaf_${source}_${name}.o)
    set(bytes ${leaf_generated}/leaf_${source}_${name}.inc)
    add_custom_command(
      OUTPUT ${bytes}
      COMMAND ${WEFT_CLANG} ${ARGN} ${leaf_flags} -MD -MF ${object}.d -MT ${bytes} -o ${object} ${leaf_folder}/${source}.c
      COMMAND ${CMAKE_COMMAND} -D INPUT=${object} -D OUTPUT=${bytes} -P ${leaf_folder}/embed.cmake
      DEPENDS ${leaf_folder}/${source}.c ${leaf_folder}/embed.cmake
      DEPFILE ${object}.d
      COMMENT "Kernel ${source} for ${name}"
      VERBATIM)
    set_property(GLOBAL APPEND PROPERTY weft_leaf_bytes ${bytes})
  endforeach()
endfunction()

weft_leaf_object(avx512 --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mprefer-vector-width=512)
weft_leaf_object(avx2 --target=x86_64-unknown-linux-gnu -march=x86-64-v3)
weft_leaf_object(sse2 --target=x86_64-unknown-linux-gnu -march=x86-64)
weft_leaf_object(neon --target=aarch64-unknown-linux-gnu -mcmodel=tiny)
get_property(leaf_bytes GLOBAL PROPERTY weft_leaf_bytes)
add_custom_target(weft_leaf DEPENDS ${leaf_bytes})
