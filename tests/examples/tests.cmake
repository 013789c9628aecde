# Every example runs.
set(patterns ${PROJECT_SOURCE_DIR}/patterns)
add_test(NAME examples/host COMMAND host ${patterns}/longformer.weft longformer)
add_test(NAME examples/ahead COMMAND ahead)
add_test(NAME examples/parallel_for COMMAND parallel_for ${patterns}/streaming_llm.weft)
foreach(pattern hybrid streaming_llm sliding_window)
  add_test(NAME examples/layer_${pattern} COMMAND layer ${patterns}/${pattern}.weft)
endforeach()
set_tests_properties(examples/ahead PROPERTIES PASS_REGULAR_EXPRESSION "pattern sliding_window, code for [a-z].*\nsum of o: 64386[.]8")

# On lesser processors, as an emulator plays them, a lesser kernel is taken.
find_program(QEMU_X86_64 qemu-x86_64)
if(QEMU_X86_64 AND CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64" AND NOT WEFT_SANITIZE)
  foreach(processor Nehalem Haswell)
    add_test(NAME examples/ahead_on_${processor} COMMAND ${QEMU_X86_64} -cpu ${processor} $<TARGET_FILE:ahead>)
  endforeach()
  set_tests_properties(examples/ahead_on_Nehalem PROPERTIES PASS_REGULAR_EXPRESSION "code for x86-64\nsum of o: 64386[.]8")
  set_tests_properties(examples/ahead_on_Haswell PROPERTIES PASS_REGULAR_EXPRESSION "code for x86-64-v3\nsum of o: 64386[.]8")
endif()
