# Unit tests of the code generator see LLVM; the benchmark beside them is built and not run.
weft_unit_tests(codegen weft_support weft_set weft_llvm_objects)
file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/codegen/*.c)
foreach(program ${programs})
  get_filename_component(name ${program} NAME_WE)
  target_link_libraries(test_codegen_${name} PRIVATE LLVM)
endforeach()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  add_executable(bench_kernel ${PROJECT_SOURCE_DIR}/tests/codegen/bench_kernel.c $<TARGET_OBJECTS:weft_support> $<TARGET_OBJECTS:weft_set>
                              $<TARGET_OBJECTS:weft_llvm_objects>)
  target_link_libraries(bench_kernel PRIVATE weft_test_options LLVM)
endif()
