# Debuggers see kernels: in a build with its symbol table, where gdb may trace.
if(NOT WEFT_SANITIZE MATCHES "thread")
  add_test(NAME debug/gdb COMMAND ${CMAKE_CURRENT_LIST_DIR}/gdb.sh ${PROJECT_SOURCE_DIR} $<TARGET_FILE:weft_cli>)
  set_tests_properties(debug/gdb PROPERTIES SKIP_RETURN_CODE 77)
endif()
