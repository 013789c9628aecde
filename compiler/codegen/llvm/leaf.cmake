# The drivers, leaf/item.c, leaf/gather.c and leaf/favor.c, and the functions that a bias may call, leaf/functions.c, depend on nothing
# that is known when a kernel is made, so they are compiled here, once an instruction set and, the drivers, type of
# elements; the code generator joins them with what it generates. Each object becomes a list of bytes that target.c includes. Always clang, whatever compiles the rest: it knows every target, and the vector extensions used.
set(leaf_folder ${CMAKE_CURRENT_LIST_DIR}/leaf)
set(leaf_generated ${PROJECT_BINARY_DIR}/generated)
set(leaf_flags -std=c11 -O2 -c -fPIC -ffreestanding -fno-builtin -nostdlibinc -fomit-frame-pointer -fvisibility=hidden
               -fno-stack-protector -fno-asynchronous-unwind-tables -fno-unwind-tables
               -Wall -Wextra -Wshadow -Wmissing-prototypes $<$<BOOL:${WEFT_WERROR}>:-Werror> -I${PROJECT_SOURCE_DIR}/runtime)

# One source for one instruction set; what follows the names are its flags.
function(weft_leaf_object name source isa)
  set(object ${leaf_generated}/leaf_${name}_${isa}.o)
  set(bytes ${leaf_generated}/leaf_${name}_${isa}.inc)
  add_custom_command(
    OUTPUT ${bytes}
    COMMAND ${WEFT_CLANG} ${ARGN} ${leaf_flags} -MD -MF ${object}.d -MT ${bytes} -o ${object} ${leaf_folder}/${source}.c
    COMMAND ${CMAKE_COMMAND} -D INPUT=${object} -D OUTPUT=${bytes} -P ${leaf_folder}/embed.cmake
    DEPENDS ${leaf_folder}/${source}.c ${leaf_folder}/embed.cmake
    DEPFILE ${object}.d
    COMMENT "Kernel ${name} for ${isa}"
    VERBATIM)
  set_property(GLOBAL APPEND PROPERTY weft_leaf_bytes ${bytes})
endfunction()

function(weft_leaf isa)
  foreach(dtype F32 BF16 F16)
    string(TOLOWER ${dtype} suffix)
    foreach(driver item gather favor)
      weft_leaf_object(${driver}_${suffix} ${driver} ${isa} ${ARGN} -DELEMENT_${dtype})
    endforeach()
  endforeach()
  weft_leaf_object(functions functions ${isa} ${ARGN})
endfunction()

weft_leaf(avx512 --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mprefer-vector-width=512)
weft_leaf(avx2 --target=x86_64-unknown-linux-gnu -march=x86-64-v3)
weft_leaf(sse2 --target=x86_64-unknown-linux-gnu -march=x86-64)
weft_leaf(neon --target=aarch64-unknown-linux-gnu -mcmodel=tiny)
weft_leaf_object(item_bf16 item avx512_bf16 --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mavx512bf16
                 -mprefer-vector-width=512 -DELEMENT_BF16 -DPAIRS)
weft_leaf_object(item_bf16 item avx512_amx --target=x86_64-unknown-linux-gnu -march=x86-64-v4 -mavx512bf16 -mamx-tile
                 -mamx-bf16 -mprefer-vector-width=512 -DELEMENT_BF16 -DPAIRS -DTILES)
get_property(leaf_bytes GLOBAL PROPERTY weft_leaf_bytes)
add_custom_target(weft_leaf DEPENDS ${leaf_bytes})
