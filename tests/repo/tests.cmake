# What holds for the repository as a whole: layering, exported symbols, the README's commands.
foreach(check layers symbols readme)
  add_test(NAME repo/${check} COMMAND ${CMAKE_CURRENT_LIST_DIR}/${check}.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  set_tests_properties(repo/${check} PROPERTIES SKIP_RETURN_CODE 77)
endforeach()
