# Every third-party package Windlass uses, and the folder each belongs to.
# All are Debian 12 packages, which tools/install_deps.sh lists, but for DuckDB,
# which tools/install_duckdb.sh fetches.

find_package(Threads REQUIRED)
find_package(absl REQUIRED)                       # everywhere: Status, mutex
find_package(Boost 1.81 REQUIRED COMPONENTS json) # everywhere: JSON values
find_package(SQLite3 REQUIRED)                    # src/store/sqlite
find_package(PostgreSQL REQUIRED)                   # src/store/postgres: libpq
find_package(CURL REQUIRED)                       # src/base/http
find_package(zstd REQUIRED)                       # src/base/compress
find_package(ZLIB REQUIRED)                       # src/handlers/file: gzip
find_package(OpenSSL REQUIRED COMPONENTS Crypto SSL)  # src/base/sha256, tls
find_package(DuckDB REQUIRED)                     # src/handlers/duckdb
find_package(pugixml REQUIRED)                    # src/results/s3
find_package(spdlog REQUIRED)                     # src/base/log
find_package(CLI11 REQUIRED)                      # src/cli
find_package(PkgConfig REQUIRED)
pkg_check_modules(fyaml REQUIRED IMPORTED_TARGET libfyaml)  # src/model/yaml
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)         # src/model/cel
pkg_check_modules(rabbitmq REQUIRED IMPORTED_TARGET librabbitmq)  # src/source/rabbitmq
# Both serve src/server. Their CMake packages, where there are any, ask for what
# we do not use.
pkg_check_modules(httplib REQUIRED cpp-httplib)
pkg_check_modules(prometheus REQUIRED IMPORTED_TARGET prometheus-cpp-core)

# httplib.h must be compiled as the library was; only the sources that include it
# get its definitions, so that it does not show in every other compilation.
function(windlass_uses_httplib)
  set_source_files_properties(${ARGN} PROPERTIES
    COMPILE_OPTIONS "${httplib_CFLAGS_OTHER}" SKIP_PRECOMPILE_HEADERS ON)
endfunction()
