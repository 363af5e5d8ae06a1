# DuckDB::DuckDB, to compile with, and DuckDB_LIBRARY, which is loaded when it is
# needed: what tools/install_duckdb.sh fetched, or what -DDuckDB_ROOT (or
# the environment's DuckDB_ROOT) names: a folder with duckdb.h and libduckdb.so,
# as DuckDB's own archives are laid out.

set(duckdb_npm ${CMAKE_CURRENT_LIST_DIR}/duckdb/node_modules)
if(CMAKE_SYSTEM_PROCESSOR MATCHES "aarch64|arm64")
  set(duckdb_cpu arm64)
else()
  set(duckdb_cpu x64)
endif()
find_path(DuckDB_INCLUDE_DIR duckdb.h HINTS ${duckdb_npm}/.include)
find_library(DuckDB_LIBRARY duckdb
  HINTS ${duckdb_npm}/@duckdb/node-bindings-linux-${duckdb_cpu})

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(DuckDB
  REQUIRED_VARS DuckDB_LIBRARY DuckDB_INCLUDE_DIR
  REASON_FAILURE_MESSAGE "run tools/install_duckdb.sh, or say -DDuckDB_ROOT=FOLDER")

if(DuckDB_FOUND AND NOT TARGET DuckDB::DuckDB)
  add_library(DuckDB::DuckDB INTERFACE IMPORTED)
  set_target_properties(DuckDB::DuckDB PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES ${DuckDB_INCLUDE_DIR}
    # Without the calls DuckDB is about to drop.
    INTERFACE_COMPILE_DEFINITIONS DUCKDB_API_NO_DEPRECATED)
endif()
