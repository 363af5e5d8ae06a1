// Feeds arbitrary texts to ParseWorkflow(). Not built by default:
//   clang++-14 -fsanitize=fuzzer,address,undefined ... (see CONTRIBUTING.md)
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "windlass/load.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  windlass::LoadOptions options;
  auto loaded = windlass::ParseWorkflow(text, options);
  if (loaded.ok() != loaded.problems.empty()) std::abort();
  for (const auto& problem : loaded.problems) {
    if (windlass::FormatProblem(problem).empty()) std::abort();
  }
  if (!loaded.ok()) return 0;
  // What was read is read again from its own document, to the same.
  auto again = windlass::ParseWorkflow(loaded.workflow->document, options);
  if (!again.ok() || again.workflow->digest != loaded.workflow->digest) {
    std::abort();
  }
  return 0;
}
