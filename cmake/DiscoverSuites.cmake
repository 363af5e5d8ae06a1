# discover_suites(<target> ONLY|WITHOUT <pattern> PROPERTIES <property>...)
#
# As gtest_discover_tests(DISCOVERY_MODE PRE_TEST), but one ctest test per suite,
# whose tests share a process: those whose full names match the pattern, or those
# whose names do not.

function(discover_suites target choice pattern)
  cmake_parse_arguments(ARG "" "" "PROPERTIES" ${ARGN})
  set(script ${CMAKE_CURRENT_BINARY_DIR}/${target}_suites_${choice}.cmake)
  file(GENERATE OUTPUT ${script} CONTENT
"set(binary [==[$<TARGET_FILE:${target}>]==])
set(choice ${choice})
set(pattern [==[${pattern}]==])
set(properties [==[${ARG_PROPERTIES}]==])
include([==[${PROJECT_SOURCE_DIR}/cmake/AddSuites.cmake]==])
")
  set_property(DIRECTORY APPEND PROPERTY TEST_INCLUDE_FILES ${script})
endfunction()
