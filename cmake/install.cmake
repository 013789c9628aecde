# What is installed, in three components: runtime (libweft_runtime), command (the tool, the libraries that compile, patterns), and
# development (headers, links for linkers, CMake and pkg-config files). Everything finds its parts relative to itself.
include(CMakePackageConfigHelpers)
set(config_folder ${CMAKE_INSTALL_LIBDIR}/cmake/weft)

# Libraries of a component; what a project needs to link them, weft-EXPORT.cmake, may be another's.
function(weft_install_libraries component export export_component)
  install(TARGETS ${ARGN} EXPORT weft-${export}
          LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT ${component} NAMELINK_COMPONENT development
          ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT development)
  set_target_properties(${ARGN} PROPERTIES INSTALL_RPATH "$ORIGIN")
  install(EXPORT weft-${export} NAMESPACE weft:: DESTINATION ${config_folder} COMPONENT ${export_component})
endfunction()

function(weft_install_pc pc_name pc_library pc_requires pc_description)
  file(RELATIVE_PATH WEFT_PREFIX_FROM_PC /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  string(REGEX REPLACE "/$" "" WEFT_PREFIX_FROM_PC ${WEFT_PREFIX_FROM_PC})
  set(pc_private "-lpthread -lm")
  if(WEFT_PTHREADPOOL)
    string(PREPEND pc_private "-lpthreadpool ")
  endif()
  set(pc_include "")
  if(NOT DLPACK_INCLUDE_DIR IN_LIST CMAKE_C_IMPLICIT_INCLUDE_DIRECTORIES)
    set(pc_include " -I${DLPACK_INCLUDE_DIR}")
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/weft.pc.in ${PROJECT_BINARY_DIR}/generated/${pc_name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/generated/${pc_name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT development)
endfunction()

# ---- runtime
weft_install_libraries(runtime runtime development weft_runtime)
set_target_properties(weft_runtime PROPERTIES EXPORT_NAME runtime)
weft_install_pc(weft-runtime weft_runtime "" "Plans and runs kernels of sparse attention")
install(DIRECTORY runtime/include/weft DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT development)
configure_package_config_file(cmake/weft-config.cmake.in ${PROJECT_BINARY_DIR}/generated/weft-config.cmake
                              INSTALL_DESTINATION ${config_folder})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/generated/weft-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/generated/weft-config.cmake ${PROJECT_BINARY_DIR}/generated/weft-config-version.cmake
              cmake/weft_kernels.cmake DESTINATION ${config_folder} COMPONENT development)
