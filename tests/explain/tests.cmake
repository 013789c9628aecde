# `weft explain`: every code has its explanation, and every example does what it says when the tool runs it.
add_executable(test_explain ${CMAKE_CURRENT_LIST_DIR}/explain.c ${PROJECT_SOURCE_DIR}/compiler/cli/explain.c)
target_link_libraries(test_explain PRIVATE weft_test_options)
target_include_directories(test_explain PRIVATE ${PROJECT_SOURCE_DIR}/compiler/cli)
add_test(NAME explain COMMAND test_explain $<TARGET_FILE_DIR:weft_cli>)
