# Run by ctest, for discover_suites(): adds a test for each suite of `binary`, with
# `properties`, of its tests that match `pattern` (`choice` ONLY) or do not (WITHOUT).

if(NOT EXISTS ${binary})
  add_test(${binary}_NOT_BUILT ${binary})
  return()
endif()

# What GoogleTest calls these tests of a suite; "Suite." ends with the dot. A
# filter is "what-but not what".
string(REPLACE "*" ".*" regex "^${pattern}$")
function(filter_of suite result)
  if(choice STREQUAL WITHOUT)
    set(${result} "${suite}*-${pattern}" PARENT_SCOPE)
  elseif(suite MATCHES "${regex}")
    set(${result} "${suite}*" PARENT_SCOPE)
  else()
    set(${result} "${suite}${pattern}" PARENT_SCOPE)
  endif()
endfunction()

if(choice STREQUAL WITHOUT)
  set(filter "-${pattern}")
else()
  set(filter "${pattern}")
endif()
execute_process(
  COMMAND ${binary} --gtest_list_tests --gtest_filter=${filter}
  OUTPUT_VARIABLE listing RESULT_VARIABLE failed)
if(failed)
  message(FATAL_ERROR "${binary} cannot list its tests: ${failed}")
endif()
# "Suite.  # TypeParam = ..." in a line of its own, its tests indented below.
string(REGEX MATCHALL "\n[^ \n]+[.]" suites "\n${listing}")
foreach(suite IN LISTS suites)
  string(STRIP "${suite}" suite)
  filter_of("${suite}" filter)
  add_test("${filter}" ${binary} "--gtest_filter=${filter}")
  set_tests_properties("${filter}" PROPERTIES ${properties})
endforeach()
