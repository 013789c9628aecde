# The measuring programs of bench/: that they run and measure what they say, not what they find.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
foreach(name masks table)
  add_test(NAME bench/${name} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/${name}.py $<TARGET_FILE:weft_cli>
                                      ${PROJECT_SOURCE_DIR})
endforeach()
add_test(NAME bench/latency COMMAND latency 1)
if(WEFT_SANITIZE MATCHES "address") # see tests/cli/tests.cmake
  set_tests_properties(bench/masks bench/table bench/latency PROPERTIES ENVIRONMENT "ASAN_OPTIONS=intercept_tls_get_addr=0")
endif()
