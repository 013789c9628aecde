# Unit tests of the code generator see LLVM; the benchmark beside them is built and not run.
weft_unit_tests(codegen weft_support weft_set weft_kernel weft_llvm_objects)
file(GLOB programs CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/codegen/*.c)
foreach(program ${programs})
  get_filename_component(name ${program} NAME_WE)
  target_link_libraries(test_codegen_${name} PRIVATE LLVM)
endforeach()
if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
  # The driver on tile registers of plain C, for processors that have none.
  set(emulated ${CMAKE_CURRENT_BINARY_DIR}/emulated_item.o)
  add_custom_command(
    OUTPUT ${emulated}
    COMMAND ${WEFT_CLANG} -std=c11 -O2 -c -fPIC -march=x86-64-v4 -mavx512bf16 -DELEMENT_BF16 -DPAIRS -DTILES
            -I${PROJECT_SOURCE_DIR}/runtime -I${PROJECT_SOURCE_DIR}/compiler -MD -MF ${emulated}.d -o ${emulated}
            ${PROJECT_SOURCE_DIR}/tests/codegen/emulated_item.c
    DEPENDS ${PROJECT_SOURCE_DIR}/tests/codegen/emulated_item.c
    DEPFILE ${emulated}.d
    VERBATIM)
  target_sources(test_codegen_kernels PRIVATE ${emulated})
  target_compile_definitions(test_codegen_kernels PRIVATE WEFT_EMULATED_TILES)
  add_executable(bench_kernel ${PROJECT_SOURCE_DIR}/tests/codegen/bench_kernel.c $<TARGET_OBJECTS:weft_support> $<TARGET_OBJECTS:weft_set>
                              $<TARGET_OBJECTS:weft_kernel>
                              $<TARGET_OBJECTS:weft_llvm_objects>)
  target_link_libraries(bench_kernel PRIVATE weft_test_options LLVM)
endif()
