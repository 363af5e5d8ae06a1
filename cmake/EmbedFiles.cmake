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
  set_property(GLOBAL APPEND PROPERTY WINDLASS_EMBEDDED ${out})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded)
endfunction()

# windlass_embed_queries(<target> SHARED <folder> DIALECTS <name>=<folder>...)
#
# The statements of the stores, one per .sql file, named for the file:
# `claim_ready.sql` is Query::kClaimReady. Writes sql_query.h with the enum and,
# for each dialect, <name>_queries.h with windlass::<name>::kQueries, the texts
# in the order of the enum: the dialect's own file or else the shared one. A
# dialect that has neither gets an empty text.
function(windlass_embed_queries target)
  cmake_parse_arguments(ARG "" "SHARED" "DIALECTS" ${ARGN})
  file(GLOB files CONFIGURE_DEPENDS ${ARG_SHARED}/*.sql)
  set(outputs ${CMAKE_CURRENT_BINARY_DIR}/embedded/sql_query.h)
  foreach(dialect IN LISTS ARG_DIALECTS)
    string(REGEX MATCH "^([^=]+)=(.*)$" _ ${dialect})
    set(name ${CMAKE_MATCH_1})
    file(GLOB own CONFIGURE_DEPENDS ${CMAKE_MATCH_2}/*.sql)
    list(APPEND files ${own})
    list(APPEND outputs ${CMAKE_CURRENT_BINARY_DIR}/embedded/${name}_queries.h)
  endforeach()
  add_custom_command(
    OUTPUT ${outputs}
    COMMAND ${CMAKE_COMMAND} -DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/embedded
            -DSHARED=${ARG_SHARED} "-DDIALECTS=${ARG_DIALECTS}"
            -P ${PROJECT_SOURCE_DIR}/cmake/WriteQueries.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/WriteQueries.cmake
    VERBATIM)
  target_sources(${target} PRIVATE ${outputs})
  set_property(GLOBAL APPEND PROPERTY WINDLASS_EMBEDDED ${outputs})
  target_include_directories(${target} PRIVATE ${CMAKE_CURRENT_BINARY_DIR}/embedded)
endfunction()
