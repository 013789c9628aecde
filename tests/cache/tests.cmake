# The cache's unit tests: unit/cache/NAME.c, with what lies below that layer.
weft_unit_tests(cache weft_support weft_set weft_kernel weft_cache)
add_test(NAME cache/stamp COMMAND ${CMAKE_CURRENT_LIST_DIR}/stamp.sh $<TARGET_FILE:weft_cli> ${CMAKE_LIBRARY_OUTPUT_DIRECTORY})
set_tests_properties(cache/stamp PROPERTIES SKIP_RETURN_CODE 77)
