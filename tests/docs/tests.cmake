# What the pages for readers say is done: their patterns load, their commands print what is there, their pictures are true.
add_executable(test_docs ${CMAKE_CURRENT_LIST_DIR}/docs.c ${CMAKE_CURRENT_LIST_DIR}/pictures.c)
target_compile_definitions(test_docs PRIVATE _GNU_SOURCE)
target_compile_options(test_docs PRIVATE $<TARGET_PROPERTY:weft_options,INTERFACE_COMPILE_OPTIONS>)
target_link_libraries(test_docs PRIVATE weft weft_runtime)
file(GLOB pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/*.md)
list(FILTER pages EXCLUDE REGEX "/python.md$") # tests/python does that one
foreach(page ${pages})
  get_filename_component(name ${page} NAME_WE)
  add_test(NAME docs/${name} COMMAND test_docs $<TARGET_FILE:weft_cli> ${PROJECT_SOURCE_DIR}/patterns ${page})
endforeach()
