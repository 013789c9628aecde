# The binary interface of the libraries, against the text that describes it.
add_test(NAME abi COMMAND ${CMAKE_CURRENT_LIST_DIR}/abi.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
set_tests_properties(abi PROPERTIES SKIP_RETURN_CODE 77)
