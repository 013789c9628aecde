# The command line: .npy files as a unit test; each .case file is a test of the tool itself; the examples run.
add_executable(test_cli_npy ${CMAKE_CURRENT_LIST_DIR}/npy.c ${PROJECT_SOURCE_DIR}/compiler/cli/npy.c
                            ${PROJECT_SOURCE_DIR}/compiler/cli/npy_header.c)
target_link_libraries(test_cli_npy PRIVATE weft_test_options)
add_test(NAME cli/npy COMMAND test_cli_npy)

add_executable(test_cli_cases ${CMAKE_CURRENT_LIST_DIR}/cases.c ${PROJECT_SOURCE_DIR}/compiler/cli/npy.c
                              ${PROJECT_SOURCE_DIR}/compiler/cli/npy_header.c)
target_link_libraries(test_cli_cases PRIVATE weft_test_options)
file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.case)
foreach(case ${cases})
  get_filename_component(name ${case} NAME_WE)
  add_test(NAME cli/${name} COMMAND test_cli_cases $<TARGET_FILE:weft_cli> ${PROJECT_SOURCE_DIR} ${case})
endforeach()

# Every published pattern is what its file says, and its kernel computes it.
file(GLOB patterns CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/patterns/*.weft)
foreach(file ${patterns})
  get_filename_component(name ${file} NAME_WE)
  add_test(NAME patterns/${name} COMMAND weft_cli verify ${file} -p ${name})
endforeach()

add_test(NAME examples/host COMMAND host ${PROJECT_SOURCE_DIR}/patterns/longformer.weft longformer)
