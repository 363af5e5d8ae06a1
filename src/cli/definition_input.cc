#include "cli/definition_input.h"

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <optional>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "cli/access.h"
#include "cli/document_file.h"
#include "engine/builtin_handlers.h"
#include "model/documents.h"
#include "model/stored_workflow.h"
#include "model/trace.h"

namespace windlass::cli {
namespace {

constexpr std::size_t kMaximumParamsBytes = 64 * 1024 * 1024;

const ParamSpec* FindParam(const Workflow& workflow, std::string_view name) {
  for (const ParamSpec& param : workflow.params) {
    if (param.name == name) return &param;
  }
  return nullptr;
}

bool AllowsType(const Json& schema, std::string_view wanted) {
  const Json* type =
      schema.is_object() ? schema.get_object().if_contains("type") : nullptr;
  if (type == nullptr) return false;
  if (type->is_string()) return type->get_string() == wanted;
  if (!type->is_array()) return false;
  for (const Json& one : type->get_array()) {
    if (one.is_string() && one.get_string() == wanted) return true;
  }
  return false;
}

Json ParamValue(const ParamSpec* param, const std::string& text) {
  if (param != nullptr && AllowsType(param->schema, "string")) {
    return Json(text);
  }
  auto parsed = ParseJson(text);
  return parsed.ok() ? *std::move(parsed) : Json(text);
}

void PrintProblems(const Globals& globals,
                   const std::vector<Problem>& problems) {
  for (const Problem& problem : problems) {
    std::cerr << FormatProblem(problem) << '\n';
  }
  if (!globals.json()) return;
  JsonArray list;
  for (const Problem& problem : problems) {
    list.push_back(ProblemDocument(problem));
  }
  PrintJson(JsonObject{{"valid", false}, {"problems", std::move(list)}});
}

// One byte more than allowed is enough to know that it is too large.
std::string ReadInput(std::size_t maximum_bytes) {
  std::string text(maximum_bytes + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::cin.gcount()));
  return text;
}

void AddParams(CLI::App& command, DefinitionInput& input) {
  command
      .add_option("-p,--param", input.assignments,
                  "A param of the run: name=value (several times)")
      ->allow_extra_args(false);
  command.add_option("--params", input.params_file,
                     "JSON or YAML file with params; -p wins over it");
  command
      .add_option("--allow-type", input.extra_types,
                  "Accept a task type that only other executors know")
      ->allow_extra_args(false);
}

// A file that is not there is a name, unless it looks like a file's.
bool IsStoredName(const DefinitionInput& input) {
  if (input.version != 0) return true;
  if (input.file == "-") return false;
  // What cannot be looked at is told by who reads it.
  std::error_code error;
  if (std::filesystem::exists(input.file, error) || error) return false;
  const std::string extension =
      std::filesystem::path(input.file).extension().string();
  return input.file.find('/') == std::string::npos && extension != ".yaml" &&
         extension != ".yml" && extension != ".json";
}

absl::StatusOr<SubmitRequest> FindStored(Client& client,
                                         const DefinitionInput& input) {
  auto stored = client.GetWorkflow(
      input.file,
      input.version == 0 ? std::nullopt : std::optional<int>(input.version));
  if (absl::IsNotFound(stored.status()) && input.version == 0) {
    return absl::NotFoundError(absl::StrCat(
        "there is neither a file nor a stored workflow named ", input.file));
  }
  if (!stored.ok()) return stored.status();
  return RequestFor(*stored);
}

GivenRun ReadStored(const Globals& globals, const DefinitionInput& input) {
  GivenRun given;
  given.code = WithClient(globals, [&](Client& client) -> int {
    auto request = FindStored(client, input);
    if (!request.ok()) return Fail(globals, request.status());
    given.request = *std::move(request);
    return kOk;
  });
  return given;
}

GivenRun ReadDefinition(const Globals& globals, const DefinitionInput& input) {
  GivenRun given;
  given.request.workflow = LoadDefinition(globals, input);
  if (given.request.workflow == nullptr) given.code = kBadInput;
  given.request.base_dir = BaseDir(input);
  return given;
}

// Labels that make the run part of the trace that this program is part of, as
// TRACEPARENT and TRACESTATE in the environment say.
void AddTrace(JsonObject& labels) {
  const auto value = [](const char* name) -> std::string {
    const char* set = std::getenv(name);
    return set == nullptr ? "" : set;
  };
  AddTraceLabels(value("TRACEPARENT"), value("TRACESTATE"), labels);
}

}  // namespace

void AddGivenInput(CLI::App& command, DefinitionInput& input) {
  command
      .add_option("file", input.file,
                  "Workflow file, YAML or JSON; - is stdin; or the name of a "
                  "stored workflow")
      ->required();
  AddParams(command, input);
  command
      .add_option("--version", input.version,
                  "Of the stored workflow (default: the latest)")
      ->check(CLI::PositiveNumber);
}

void AddDefinitionInput(CLI::App& command, DefinitionInput& input) {
  command
      .add_option("file", input.file, "Workflow file, YAML or JSON; - is stdin")
      ->required();
  AddParams(command, input);
}

std::shared_ptr<const Workflow> LoadDefinition(const Globals& globals,
                                               const DefinitionInput& input) {
  LoadOptions options = CheckedLoadOptions();
  options.task_types.insert(options.task_types.end(), input.extra_types.begin(),
                            input.extra_types.end());
  LoadedWorkflow loaded;
  if (input.file == "-") {
    options.file = "<stdin>";
    loaded = ParseWorkflow(std::string_view(ReadInput(options.maximum_bytes)),
                           options);
  } else {
    loaded = LoadWorkflow(input.file, options);
  }
  if (!loaded.ok()) PrintProblems(globals, loaded.problems);
  return loaded.workflow;
}

absl::StatusOr<Json> ReadParams(const Workflow& workflow,
                                const DefinitionInput& input) {
  JsonObject params;
  if (!input.params_file.empty()) {
    auto document = ReadMappingFile(input.params_file, kMaximumParamsBytes);
    if (!document.ok()) return document.status();
    params = *std::move(document);
  }
  for (const std::string& assignment : input.assignments) {
    std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("-p ", assignment, ": expected name=value"));
    }
    std::string name = assignment.substr(0, equals);
    params[name] =
        ParamValue(FindParam(workflow, name), assignment.substr(equals + 1));
  }
  return CheckParams(workflow, params);
}

std::string BaseDir(const DefinitionInput& input) {
  namespace fs = std::filesystem;
  if (input.file == "-") return fs::current_path().string();
  return fs::absolute(input.file).lexically_normal().parent_path().string();
}

GivenRun ReadGivenRun(const Globals& globals, const DefinitionInput& input) {
  GivenRun given = IsStoredName(input) ? ReadStored(globals, input)
                                       : ReadDefinition(globals, input);
  if (given.code != kOk) return given;
  AddTrace(given.request.labels);
  auto params = ReadParams(*given.request.workflow, input);
  if (params.ok()) {
    given.request.params = *std::move(params);
  } else {
    given.code = Fail(globals, params.status());
  }
  return given;
}

void MentionSchedule(const Workflow& workflow, const DefinitionInput& input) {
  if (!workflow.schedule) return;
  std::cerr << "windlass: runs now and once; `windlass schedules add "
            << input.file << "` runs it by its schedule\n";
}

}  // namespace windlass::cli
