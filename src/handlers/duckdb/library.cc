#include "handlers/duckdb/library.h"

#include <dlfcn.h>

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "base/concat.h"

namespace windlass::duckdb {
namespace {

constexpr const char* kNames[] = {
#define WINDLASS_DUCKDB_NAME(name) #name,
    WINDLASS_DUCKDB_FUNCTIONS(WINDLASS_DUCKDB_NAME)
#undef WINDLASS_DUCKDB_NAME
};

// Where a package puts it, wherever that was installed.
std::string BesideTheProgram() {
  std::error_code error;
  const auto program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return "/usr/lib/windlass/libduckdb.so";
  return program.parent_path().parent_path() / "lib/windlass/libduckdb.so";
}

std::vector<std::string> Candidates() {
  const char* named = std::getenv("WINDLASS_DUCKDB");
  if (named != nullptr && *named != '\0') return {named};
  return {WINDLASS_DUCKDB_INSTALLED, BesideTheProgram(), WINDLASS_DUCKDB_BUILT,
          "libduckdb.so"};
}

absl::Status FindFunctions(void* library, const std::string& path) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    loaded_functions[i] = dlsym(library, kNames[i]);
    if (loaded_functions[i] != nullptr) continue;
    return absl::UnavailableError(Concat("the DuckDB at ", path, " has no ",
                                         kNames[i],
                                         ": Windlass needs 1.4 or later"));
  }
  return absl::OkStatus();
}

#if defined(__has_feature)
#define WINDLASS_HAS_FEATURE(x) __has_feature(x)
#else
#define WINDLASS_HAS_FEATURE(x) 0
#endif
// Its own symbols come before those of the program: there are 53,000 of them,
// looked up when they are first called, and a program has many libraries to
// look in. The runtimes of sanitizers must come first, though.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || \
    WINDLASS_HAS_FEATURE(address_sanitizer) ||                       \
    WINDLASS_HAS_FEATURE(thread_sanitizer)
constexpr int kHow = RTLD_LAZY | RTLD_LOCAL;
#else
constexpr int kHow = RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

absl::Status Load() {
  std::string tried;
  for (const std::string& path : Candidates()) {
    void* const library = dlopen(path.c_str(), kHow);
    if (library != nullptr) return FindFunctions(library, path);
    const char* why = dlerror();
    tried += Concat(tried.empty() ? "" : "; ", why == nullptr ? path : why);
  }
  return absl::UnavailableError(
      Concat("DuckDB's library cannot be loaded, set WINDLASS_DUCKDB to the "
             "path of libduckdb.so: ",
             tried));
}

}  // namespace

std::array<void*, static_cast<std::size_t>(Symbol::kCount)> loaded_functions;

absl::Status LoadLibrary() {
  static const auto* const status = new absl::Status(Load());
  return *status;
}

}  // namespace windlass::duckdb
