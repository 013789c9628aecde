# weft_kernels(TARGET FILE [OPTIONS ...]): kernels of a pattern in a program or library. `weft build` makes NAME.o and NAME.h, where
# NAME is the file's without its ending; the target gets both, and weft::runtime. OPTIONS are more arguments of weft build, such as
# -p PATTERN --dtype f32,bf16 --head-dim 64,128 --target x86-64-v3 --target x86-64-v4.
function(weft_kernels target file)
  cmake_parse_arguments(PARSE_ARGV 2 ARG "" "" OPTIONS)
  get_filename_component(file ${file} ABSOLUTE)
  get_filename_component(name ${file} NAME_WE)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/weft_kernels/${target})
  file(MAKE_DIRECTORY ${folder})
  add_custom_command(
    OUTPUT ${folder}/${name}.o ${folder}/${name}.h
    COMMAND weft::command build ${file} -o ${folder}/${name}.o --header ${folder}/${name}.h --no-cache ${ARG_OPTIONS}
    DEPENDS ${file} weft::command
    COMMENT "Kernels of ${name}"
    VERBATIM)
  target_sources(${target} PRIVATE ${folder}/${name}.o ${folder}/${name}.h)
  target_include_directories(${target} PRIVATE ${folder})
  target_link_libraries(${target} PRIVATE weft::runtime)
endfunction()
