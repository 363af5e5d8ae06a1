// Commands about things that have names: alone they list them, their
// subcommands change one.
#pragma once

#include <functional>
#include <string>

#include "cli/globals.h"

namespace windlass::cli {

// `list` runs when no subcommand was chosen.
CLI::App* AddLister(CLI::App& app, Invocation& invocation,
                    const std::string& name, const std::string& help,
                    int (*list)(const Globals&));

using Change = std::function<absl::Status(Client&, const std::string&)>;

// A subcommand that applies `change` to the thing it is given the name of, and
// says that this "is `done`" afterwards.
void AddChange(CLI::App& parent, Invocation& invocation,
               const std::string& verb, const std::string& help,
               const std::string& done, Change change);

}  // namespace windlass::cli
