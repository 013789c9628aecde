# Each shipped pattern file against the definitions of its patterns, and its kernels.
file(GLOB families CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
add_executable(test_patterns ${families} ${PROJECT_SOURCE_DIR}/compiler/cli/npy.c
               ${PROJECT_SOURCE_DIR}/compiler/cli/npy_header.c)
target_compile_definitions(test_patterns PRIVATE _GNU_SOURCE)
target_include_directories(test_patterns PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/compiler)
target_compile_options(test_patterns PRIVATE $<TARGET_PROPERTY:weft_options,INTERFACE_COMPILE_OPTIONS>)
target_link_libraries(test_patterns PRIVATE weft weft_runtime m)

file(GLOB files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/patterns/*.weft)
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  add_test(NAME patterns/${name} COMMAND test_patterns $<TARGET_FILE:weft_cli> ${file} ${name})
endforeach()
add_test(NAME patterns/format COMMAND weft_cli fmt --check ${files})
