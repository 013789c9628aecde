# The measuring programs of bench/: that they run and measure what they say, not what they find.
find_package(Python3 COMPONENTS Interpreter REQUIRED)
foreach(name masks table)
  add_test(NAME bench/${name} COMMAND ${Python3_EXECUTABLE} ${CMAKE_CURRENT_LIST_DIR}/${name}.py $<TARGET_FILE:weft_cli>
                                      ${PROJECT_SOURCE_DIR})
endforeach()
add_test(NAME bench/recall COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/bench/recall.py $<TARGET_FILE:weft_cli>
                                   all_three)
set_tests_properties(bench/recall PROPERTIES PASS_REGULAR_EXPRESSION "all_three [|] [0-9]+ [|]")
add_test(NAME bench/latency COMMAND latency 1)
add_test(NAME bench/costs COMMAND costs 1)
