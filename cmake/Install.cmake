# cmake --install: the binary, the library, its headers and the package files
# behind find_package(windlass).

include(CMakePackageConfigHelpers)

install(TARGETS windlass EXPORT windlassTargets)
if(TARGET windlass_cli)
  install(TARGETS windlass_cli COMPONENT package)
endif()
# src/handlers/duckdb/library.cc looks for it here.
install(FILES ${DuckDB_LIBRARY}
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/windlass COMPONENT package)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/windlass
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT windlassTargets NAMESPACE windlass::
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/windlass)
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/windlassConfig.cmake.in
  ${PROJECT_BINARY_DIR}/windlassConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/windlass)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/windlassConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/windlassConfig.cmake
              ${PROJECT_BINARY_DIR}/windlassConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/windlass)
