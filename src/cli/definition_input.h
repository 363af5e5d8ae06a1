// The part that commands share which take a workflow: a file and the
// params for a run of it, from -p name=value and --params FILE.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/globals.h"
#include "windlass/load.h"
#include "windlass/store.h"

namespace windlass::cli {

struct DefinitionInput {
  std::string file;
  std::vector<std::string> assignments;  // "name=value"
  std::string params_file;
  // Task types of executors elsewhere that this program does not know.
  std::vector<std::string> extra_types;
  int version = 0;  // Of a stored workflow; 0: the latest.
};

void AddDefinitionInput(CLI::App& command, DefinitionInput& input);

// The same for commands that take the name of a stored workflow, too.
void AddGivenInput(CLI::App& command, DefinitionInput& input);

// Loads and checks the file; "-" is standard input. Problems are printed (as
// JSON on stdout too when asked for); null then.
std::shared_ptr<const Workflow> LoadDefinition(const Globals& globals,
                                               const DefinitionInput& input);

// The params of the run, checked. A value is JSON where the param's schema
// wants something else than a string ("3", "true", "[1,2]"), text otherwise.
absl::StatusOr<Json> ReadParams(const Workflow& workflow,
                                const DefinitionInput& input);

// The folder that relative paths in the workflow are relative to.
std::string BaseDir(const DefinitionInput& input);

// What is to be run, of a file or of a stored workflow, with its params.
struct GivenRun {
  int code = kOk;  // Another: what is wrong has been printed.
  SubmitRequest request;
};
GivenRun ReadGivenRun(const Globals& globals, const DefinitionInput& input);

// Says, once, that this run leaves the workflow's schedule alone.
void MentionSchedule(const Workflow& workflow, const DefinitionInput& input);

}  // namespace windlass::cli
