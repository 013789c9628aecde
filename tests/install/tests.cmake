# Weft in other people's builds: installed once, then found by CMake and by pkg-config, from C and C++; or a part of their tree, for
# another architecture. What sanitizers build is not for others.
if(BUILD_SHARED_LIBS AND NOT WEFT_SANITIZE)
  foreach(check prefix cmake pkgconfig subdirectory manual completion package)
    add_test(NAME install/${check} COMMAND ${CMAKE_CURRENT_LIST_DIR}/${check}.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
    set_tests_properties(install/${check} PROPERTIES SKIP_RETURN_CODE 77 FIXTURES_REQUIRED prefix)
  endforeach()
  set_tests_properties(install/prefix PROPERTIES FIXTURES_REQUIRED "" FIXTURES_SETUP prefix)
  set_tests_properties(install/subdirectory install/package PROPERTIES FIXTURES_REQUIRED "")
endif()
