// Telling what is wrong with a command line.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/settings.h"

namespace windlass::cli {

// For a person: what is wrong, what may have been meant, where a bad value
// comes from when no flag gave it, and where help is.
std::string ExplainUsageError(const CLI::App& app, const CLI::ParseError& error,
                              const std::vector<std::string>& arguments,
                              const LayeredSettings& settings);

}  // namespace windlass::cli
