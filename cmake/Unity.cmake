# Compiles the files of a folder as one: their templates are made once, which saves
# half of the time that a build from nothing takes. For the sanitizers, whose builds
# nobody edits in. Files that would not go together are told apart by name.

option(WINDLASS_UNITY "Compile the files of a folder together" OFF)

# windlass_unite(target [APART files...]): those are compiled one by one.
function(windlass_unite target)
  if(NOT WINDLASS_UNITY)
    return()
  endif()
  cmake_parse_arguments(arg "" "" "APART" ${ARGN})
  set_source_files_properties(${arg_APART} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_MODE GROUP)
  get_target_property(sources ${target} SOURCES)
  foreach(source ${sources})
    if(source MATCHES "\\.cc$")
      get_filename_component(folder ${source} DIRECTORY)
      file(RELATIVE_PATH folder ${CMAKE_CURRENT_SOURCE_DIR} ${folder})
      string(REPLACE "/" "_" folder "${folder}")
      set_source_files_properties(${source} PROPERTIES UNITY_GROUP "${folder}")
    endif()
  endforeach()
endfunction()
