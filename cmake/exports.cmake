# What a shared library exports: the functions that its public header declares, as version WEFT_0; what the libraries share
# among themselves, as a version that no other release has, so that parts of two releases are refused when they are loaded.
function(weft_exports library header)
  set(names "")
  if(header)
    set_property(DIRECTORY ${PROJECT_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${header})
    file(STRINGS ${PROJECT_SOURCE_DIR}/${header} lines REGEX "^WEFT_API ")
    foreach(line ${lines})
      string(REGEX MATCH "(weft_[a-z0-9_]+)\\(" found "${line}")
      string(APPEND names " ${CMAKE_MATCH_1};")
    endforeach()
    string(PREPEND names " global:")
  endif()
  set(map ${PROJECT_BINARY_DIR}/generated/${library}.map)
  file(CONFIGURE OUTPUT ${map} @ONLY CONTENT
       "WEFT_0 {@names@ local: *; };\nWEFT_PRIVATE_@PROJECT_VERSION@ { global: weft_*; };\n")
  target_link_options(${library} PRIVATE -Wl,--version-script=${map})
  set_target_properties(${library} PROPERTIES LINK_DEPENDS ${map})
endfunction()
