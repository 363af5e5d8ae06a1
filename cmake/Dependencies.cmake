# Every third-party package Windlass uses, and the folder each belongs to.
# All are Debian 12 packages; tools/install_deps.sh lists their names.

find_package(Threads REQUIRED)
find_package(absl REQUIRED)                       # everywhere: Status, mutex
find_package(Boost 1.81 REQUIRED COMPONENTS json) # everywhere: JSON values
find_package(SQLite3 REQUIRED)                    # src/store/sqlite
find_package(PostgreSQL REQUIRED)                   # src/store/postgres: libpq
find_package(zstd REQUIRED)                       # src/base/compress
find_package(ZLIB REQUIRED)                       # src/handlers/file: gzip
find_package(OpenSSL REQUIRED COMPONENTS Crypto)  # src/base/sha256
find_package(spdlog REQUIRED)                     # src/base/log
find_package(CLI11 REQUIRED)                      # src/cli
find_package(PkgConfig REQUIRED)
pkg_check_modules(fyaml REQUIRED IMPORTED_TARGET libfyaml)  # src/model/yaml
pkg_check_modules(re2 REQUIRED IMPORTED_TARGET re2)         # src/model/cel
pkg_check_modules(libpq REQUIRED IMPORTED_TARGET libpq)     # src/store/postgres
