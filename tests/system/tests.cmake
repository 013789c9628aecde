# The whole path through the public API: a file with a main is a test; generate*.c belong to random_patterns.
file(GLOB files CONFIGURE_DEPENDS ${CMAKE_CURRENT_LIST_DIR}/*.c)
set(generator ${files})
list(FILTER generator INCLUDE REGEX "/generate[a-z_]*\\.c$")
list(FILTER files EXCLUDE REGEX "/generate[a-z_]*\\.c$")
foreach(file ${files})
  get_filename_component(name ${file} NAME_WE)
  add_executable(test_system_${name} ${file})
  target_compile_definitions(test_system_${name} PRIVATE _GNU_SOURCE WEFT_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  target_include_directories(test_system_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests ${PROJECT_SOURCE_DIR}/runtime) # atoms.def
  target_compile_options(test_system_${name} PRIVATE $<TARGET_PROPERTY:weft_options,INTERFACE_COMPILE_OPTIONS>)
  target_link_libraries(test_system_${name} PRIVATE weft weft_runtime PkgConfig::CHECK Threads::Threads m)
  add_test(NAME system/${name} COMMAND test_system_${name})
endforeach()
target_sources(test_system_random_patterns PRIVATE ${generator})
foreach(name choices hard_choices lowrank shared) # their tensors
  target_sources(test_system_${name} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/generate_data.c)
endforeach()
