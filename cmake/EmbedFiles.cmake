# windlass_embed(<target> <header> <namespace> FILES <file>...)
#
# Writes <header> into the build tree with one `inline constexpr
# std::string_view k<Name>` per file: `claim_ready.sql` becomes kClaimReady.
# `0001_initial.up.sql` becomes k0001InitialUp.
# SQL and schemas stay files of their own and still ship inside the binary.
function(windlass_embed target header namespace)
  cmake_parse_arguments(ARG "" "" "FILES" ${ARGN})
  set(out ${CMAKE_CURRENT_BINARY_DIR}/embedded/${header})
  add_custom_command(
    OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DNAMESPACE=${namespace}
            "-DFILES=${ARG_FILES}" -P ${PROJECT_SOURCE_DIR}/cmake/WriteEmbedded.cmake
    DEPENDS ${ARG_FILES} ${PROJECT_SOURCE_DIR}/cmake/WriteEmbedded.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${out})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded)
endfunction()
