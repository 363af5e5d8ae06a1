# The Debian package, `make package`: the component "package" of what is
# installed, and what only a package has: man pages, completions, units.
#
# All of these are left out of `cmake --install`, which a library needs.

set(package_files ${PROJECT_BINARY_DIR}/package)
string(TIMESTAMP package_date "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(${PROJECT_SOURCE_DIR}/deploy/debian/changelog.in
               ${package_files}/changelog @ONLY)
get_filename_component(duckdb_folder ${DuckDB_LIBRARY} DIRECTORY)
configure_file(${duckdb_folder}/LICENSE
               ${package_files}/duckdb-license COPYONLY)

# Made by the program itself, so they cannot be out of date.
if(TARGET windlass_cli)
  add_custom_target(windlass_package_files
    COMMAND ${CMAKE_COMMAND} -E env WINDLASS_BINARY=$<TARGET_FILE:windlass_cli>
      ${PROJECT_SOURCE_DIR}/deploy/debian/make_files.sh ${package_files}
    DEPENDS windlass_cli VERBATIM)
endif()

function(package_install)
  install(${ARGN} COMPONENT package EXCLUDE_FROM_ALL)
endfunction()

package_install(DIRECTORY ${package_files}/man/ DESTINATION share/man/man1)
package_install(FILES ${package_files}/windlass.bash
  DESTINATION share/bash-completion/completions RENAME windlass)
package_install(FILES ${package_files}/windlass.zsh
  DESTINATION share/zsh/vendor-completions RENAME _windlass)
package_install(FILES ${package_files}/windlass.fish
  DESTINATION share/fish/vendor_completions.d)
package_install(FILES ${package_files}/changelog.gz
  ${package_files}/copyright DESTINATION share/doc/windlass)
package_install(FILES ${PROJECT_SOURCE_DIR}/schema/workflow.schema.json
  DESTINATION share/windlass)
file(GLOB python_package CONFIGURE_DEPENDS
     ${PROJECT_SOURCE_DIR}/python/windlass/*.py)
package_install(FILES ${python_package}
  DESTINATION lib/python3/dist-packages/windlass)
package_install(FILES
  ${PROJECT_SOURCE_DIR}/deploy/systemd/windlass-executor@.service
  ${PROJECT_SOURCE_DIR}/deploy/systemd/windlass-server.service
  DESTINATION lib/systemd/system)
package_install(FILES ${PROJECT_SOURCE_DIR}/deploy/systemd/windlass.env
  DESTINATION /etc/windlass)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME windlass)
set(CPACK_PACKAGE_CONTACT "Windlass maintainers <maintainers@windlass.invalid>")
set(CPACK_COMPONENTS_ALL package)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE
    WORLD_READ WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
# For /etc: everything else is below the prefix.
set(CPACK_SET_DESTDIR ON)
set(CPACK_INSTALL_PREFIX /usr)
# What goes in was built before; tests need not be.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)
set(CPACK_DEBIAN_PACKAGE_SECTION utils)
# Below PROJECT_DESCRIPTION.
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Executors, the HTTP server and the command line of Windlass, with DuckDB for
 SQL tasks, the Python package for tasks in Python, and units for systemd.")
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "adduser, tzdata")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, python3")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "python3-pandas")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${PROJECT_SOURCE_DIR}/deploy/debian/postinst
  ${PROJECT_SOURCE_DIR}/deploy/debian/prerm
  ${PROJECT_SOURCE_DIR}/deploy/debian/postrm
  ${PROJECT_SOURCE_DIR}/deploy/debian/conffiles)
include(CPack)
