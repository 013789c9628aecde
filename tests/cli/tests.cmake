# The command line: parts of it as unit tests; each .case file is a test of the tool itself; the example runs.
function(weft_cli_test name)
  list(TRANSFORM ARGN PREPEND ${PROJECT_SOURCE_DIR}/compiler/cli/)
  add_executable(test_cli_${name} ${PROJECT_SOURCE_DIR}/tests/cli/${name}.c ${ARGN})
  target_link_libraries(test_cli_${name} PRIVATE weft_test_options)
endfunction()
weft_cli_test(npy npy.c npy_header.c)
weft_cli_test(files file.c message.c json.c npy.c npy_header.c)
weft_cli_test(mismatch verify_masks.c verify_runs.c inputs.c file.c message.c interrupt.c npy.c npy_header.c)
weft_cli_test(cases npy.c npy_header.c)
foreach(name npy files mismatch)
  add_test(NAME cli/${name} COMMAND test_cli_${name})
endforeach()

file(GLOB cases CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.case)
foreach(case ${cases})
  get_filename_component(name ${case} NAME_WE)
  add_test(NAME cli/${name}_case COMMAND test_cli_cases $<TARGET_FILE:weft_cli> ${PROJECT_SOURCE_DIR} ${case})
endforeach()

add_test(NAME examples/host COMMAND host ${PROJECT_SOURCE_DIR}/patterns/longformer.weft longformer)

# LeakSanitizer stumbles over the thread-local storage of libraries opened at run time, as LLVM is.
if(WEFT_SANITIZE MATCHES "address")
  get_property(tests DIRECTORY PROPERTY TESTS)
  list(FILTER tests INCLUDE REGEX "^(cli|examples)/")
  set_tests_properties(${tests} PROPERTIES ENVIRONMENT "ASAN_OPTIONS=intercept_tls_get_addr=0")
endif()
