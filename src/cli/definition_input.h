// The part that `run`, `submit` and `validate` share: a workflow file and the
// params for a run of it, from -p name=value and --params FILE.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cli/globals.h"
#include "windlass/load.h"

namespace windlass::cli {

struct DefinitionInput {
  std::string file;
  std::vector<std::string> assignments;  // "name=value"
  std::string params_file;
  // Task types of executors elsewhere that this program does not know.
  std::vector<std::string> extra_types;
};

void AddDefinitionInput(CLI::App& command, DefinitionInput& input);

// Loads and checks the file; "-" is standard input. Problems are printed (as
// JSON on stdout too when asked for); null then.
std::shared_ptr<const Workflow> LoadDefinition(const Globals& globals,
                                               const DefinitionInput& input);

// The params of the run, checked. A value is JSON where the param's schema
// wants something else than a string ("3", "true", "[1,2]"), text otherwise.
absl::StatusOr<Json> ReadParams(const Workflow& workflow,
                                const DefinitionInput& input);

// The trace this program is part of, as TRACEPARENT and TRACESTATE in the
// environment say, as labels for a run.
JsonObject TraceLabels();

// The folder that relative paths in the workflow are relative to.
std::string BaseDir(const DefinitionInput& input);

// Says, once, that this run leaves the workflow's schedule alone.
void MentionSchedule(const Workflow& workflow, const DefinitionInput& input);

}  // namespace windlass::cli
