#include "handlers/file/file.h"

#include <array>
#include <optional>
#include <utility>

#include "base/concat.h"
#include "handlers/failure.h"
#include "handlers/file/operations.h"
#include "handlers/params.h"

namespace windlass {
namespace {

constexpr auto kRequired = ParamRule::Presence::kRequired;
constexpr auto kOptional = ParamRule::Presence::kOptional;

struct Operation {
  std::string_view name;
  absl::StatusOr<Outcome> (FileJob::*run)();
  std::vector<ParamRule> rules;  // Besides `operation`.
};

// What every operation that makes a file at `to` takes.
std::vector<ParamRule> Making(std::vector<ParamRule> more) {
  std::vector<ParamRule> rules = {
      {"to", ParamType::kText, kRequired},
      {"overwrite", ParamType::kBoolean},
      {"parents", ParamType::kBoolean},
  };
  rules.insert(rules.end(), more.begin(), more.end());
  return rules;
}

std::vector<Operation> Operations() {
  const ParamRule from{"from", ParamType::kText, kRequired};
  const ParamRule path{"path", ParamType::kText, kRequired};
  const ParamRule expected{"expected", ParamType::kText};
  const ParamRule format{
      "format", ParamType::kText, kOptional, {"zstd", "gzip"}};
  return {
      {"copy", &FileJob::Copy, Making({from, expected})},
      {"move", &FileJob::Move, Making({from})},
      {"split", &FileJob::Split,
       Making({from,
               {"size", ParamType::kByteSize},
               {"lines", ParamType::kInteger},
               {"prefix", ParamType::kText}})},
      {"join", &FileJob::Join,
       Making({{"from", ParamType::kAny, kRequired}, expected})},
      {"compress", &FileJob::Compress,
       Making({from, format, {"level", ParamType::kInteger}})},
      {"decompress", &FileJob::Decompress,
       Making({from, format, expected, {"max_output", ParamType::kByteSize}})},
      {"write",
       &FileJob::Write,
       {path,
        {"content", ParamType::kAny, kRequired},
        {"overwrite", ParamType::kBoolean},
        {"parents", ParamType::kBoolean}}},
      {"checksum", &FileJob::Checksum, {path, expected}},
      {"list",
       &FileJob::List,
       {path,
        {"pattern", ParamType::kText},
        {"recursive", ParamType::kBoolean}}},
      {"watch_for",
       &FileJob::WatchFor,
       {path, {"interval", ParamType::kDuration}}},
      {"delete", &FileJob::Delete, {path}},
      {"read",
       &FileJob::Read,
       {path,
        {"result", ParamType::kText, kOptional, {"text", "json", "bytes"}},
        {"media_type", ParamType::kText},
        {"max_output", ParamType::kByteSize}}},
  };
}

bool IsSha256(std::string_view text) {
  return text.size() == 64 &&
         text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// What a table cannot say.
void CheckTogether(std::string_view operation, const Json& params,
                   ParamStage stage, ParamProblems& problems) {
  const Json* expected = FindParam(params, "expected");
  if (expected != nullptr && expected->is_string() &&
      !MayChange(*expected, stage) && !IsSha256(JsonToText(*expected))) {
    problems.emplace_back("expected",
                          "expected a SHA-256 as 64 lower-case hex digits");
  }
  const Json* from = FindParam(params, "from");
  if (operation == "join" && from != nullptr && !MayChange(*from, stage) &&
      (!from->is_array() || from->get_array().empty())) {
    problems.emplace_back("from", "expected a list of paths, at least one");
  }
  if (operation != "split") return;
  const Json* size = FindParam(params, "size");
  const Json* lines = FindParam(params, "lines");
  if ((size == nullptr) == (lines == nullptr)) {
    problems.emplace_back("", "split takes either size or lines");
  } else if (!MayChange(size != nullptr ? *size : *lines, stage) &&
             ByteSizeParam(params, "size", 1) <= 0) {
    problems.emplace_back("size", "expected a size above zero");
  } else if (lines != nullptr && lines->is_int64() && lines->get_int64() == 0) {
    problems.emplace_back("lines", "expected a number above zero");
  }
  const std::string prefix = TextParam(params, "prefix", "x");
  if (prefix.empty() || prefix.find('/') != std::string::npos) {
    problems.emplace_back("prefix", "expected a file name without \"/\"");
  }
}

class FileHandler : public TaskHandler {
 public:
  explicit FileHandler(FileHandlerOptions options)
      : options_(std::move(options)), operations_(Operations()) {}

  Outcome Execute(TaskContext& task) override {
    ParamProblems problems = Check(task.params(), ParamStage::kEvaluated);
    if (!problems.empty()) return InvalidParams(problems);
    auto places = Places::Open(task.base_dir(), options_.roots);
    if (!places.ok()) return FailureFromStatus(places.status());
    FileJob job(task, *std::move(places));
    const Operation* operation = Find(TextParam(task.params(), "operation"));
    auto outcome = (job.*operation->run)();
    return outcome.ok() ? *std::move(outcome)
                        : FailureFromStatus(outcome.status());
  }

  ParamProblems CheckParams(const Json& params) const override {
    return Check(params, ParamStage::kAsWritten);
  }

 private:
  ParamProblems Check(const Json& params, ParamStage stage) const {
    std::vector<ParamRule> rules = {{"operation", ParamType::kText, kRequired}};
    for (const Operation& known : operations_) {
      rules[0].choices.push_back(known.name);
    }
    const Json* name = FindParam(params, "operation");
    const Operation* operation =
        name == nullptr ? nullptr : Find(JsonToText(*name));
    if (operation == nullptr) return CheckOperation(params, rules, stage);
    rules.insert(rules.end(), operation->rules.begin(), operation->rules.end());
    ParamProblems problems = windlass::CheckParams(params, rules, stage);
    if (problems.empty()) {
      CheckTogether(operation->name, params, stage, problems);
    }
    return problems;
  }

  const Operation* Find(std::string_view name) const {
    for (const Operation& operation : operations_) {
      if (operation.name == name) return &operation;
    }
    return nullptr;
  }

  // Without an operation we know, only that can be said.
  static ParamProblems CheckOperation(const Json& params,
                                      const std::vector<ParamRule>& rules,
                                      ParamStage stage) {
    if (!params.is_object()) return windlass::CheckParams(params, rules, stage);
    const Json* name = FindParam(params, "operation");
    if (name != nullptr && MayChange(*name, stage)) {
      return {{"operation", "must be a plain word, not an expression"}};
    }
    JsonObject only;
    if (name != nullptr) only["operation"] = *name;
    return windlass::CheckParams(Json(only), rules, stage);
  }

  const FileHandlerOptions options_;
  const std::vector<Operation> operations_;
};

}  // namespace

std::unique_ptr<TaskHandler> MakeFileHandler(FileHandlerOptions options) {
  return std::make_unique<FileHandler>(std::move(options));
}

FileHandlerOptions FileHandlerOptionsFromEnvironment() {
  FileHandlerOptions options;
  options.roots = FileRootsFromEnvironment();
  return options;
}

}  // namespace windlass
