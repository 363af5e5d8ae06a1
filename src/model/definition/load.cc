// Reading workflow files: text to document, document to Workflow, and every
// problem on the way.
#include "windlass/load.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "base/concat.h"
#include "base/sha256.h"
#include "model/definition/check.h"
#include "model/definition/draft.h"
#include "model/definition/problems.h"
#include "model/positioned_json.h"

namespace windlass {
namespace {

// Aliases in a document that came as a value are expanded already; only its
// depth can be hostile.
bool IsDeeperThan(const Json& value, int limit) {
  if (value.is_array()) {
    if (limit == 0) return true;
    for (const Json& item : value.get_array()) {
      if (IsDeeperThan(item, limit - 1)) return true;
    }
  } else if (value.is_object()) {
    if (limit == 0) return true;
    for (const auto& member : value.get_object()) {
      if (IsDeeperThan(member.value(), limit - 1)) return true;
    }
  }
  return false;
}

Draft ReadDraft(const PositionedJson& document, const LoadOptions& options,
                Problems& problems) {
  Draft draft;
  if (!ReadObject(WorkflowFileType(), document.value, Path::Root(), draft,
                  problems)) {
    return draft;
  }
  const Workflow& workflow = draft.workflow;
  if (workflow.schedule) CheckSchedule(*workflow.schedule, problems);
  CheckTasks(workflow, document.value, options, problems);
  DraftGraph graph = CheckGraph(workflow.tasks, problems);
  CheckExpressions(workflow, graph, problems);
  return draft;
}

LoadedWorkflow Load(PositionedJson document, std::string_view text,
                    const LoadOptions& options) {
  LoadedWorkflow loaded;
  Problems problems(document, text);
  for (TextProblem& problem : document.problems) {
    problems.AddAt(problem.offset, "", std::move(problem.message),
                   std::move(problem.suggestion));
  }
  std::optional<Draft> draft;
  if (problems.empty()) draft = ReadDraft(document, options, problems);
  if (!problems.empty()) {
    loaded.problems = std::move(problems).Finish(options.file);
    return loaded;
  }
  draft->workflow.digest = Sha256Hex(FormatJson(document.value));
  draft->workflow.document = std::move(document.value);
  loaded.workflow =
      std::make_shared<const Workflow>(std::move(draft->workflow));
  return loaded;
}

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() &&
         text.substr(text.size() - end.size()) == end;
}

LoadedWorkflow Unreadable(const std::string& path, std::string reason) {
  LoadedWorkflow loaded;
  Problem& problem = loaded.problems.emplace_back();
  problem.file = path;
  problem.message = std::move(reason);
  return loaded;
}

}  // namespace

std::string FormatProblem(const Problem& problem) {
  std::string out = problem.file;
  if (problem.line > 0) {
    out += Concat(":", problem.line, ":", problem.column);
  }
  if (!problem.field.empty()) out += Concat(": ", problem.field);
  out += Concat(": ", problem.message);
  if (!problem.suggestion.empty()) out += Concat("; ", problem.suggestion);
  return out;
}

LoadedWorkflow ParseWorkflow(std::string_view text,
                             const LoadOptions& options) {
  text = WithoutByteOrderMark(text);
  TextLimits limits;
  limits.maximum_bytes = options.maximum_bytes;
  TextFormat format =
      EndsWith(options.file, ".json") ? TextFormat::kJson : TextFormat::kAny;
  return Load(ParsePositioned(text, format, limits), text, options);
}

LoadedWorkflow ParseWorkflow(const Json& document, const LoadOptions& options) {
  PositionedJson positioned;
  if (IsDeeperThan(document, TextLimits().maximum_depth)) {
    positioned.problems.push_back(
        {kNoOffset,
         Concat("nested deeper than ", TextLimits().maximum_depth, " levels"),
         ""});
  } else {
    positioned.value = document;
  }
  return Load(std::move(positioned), "", options);
}

LoadedWorkflow LoadWorkflow(const std::string& path, LoadOptions options) {
  options.file = path;
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Unreadable(path,
                      Concat("cannot read the file: ", std::strerror(errno)));
  }
  // One byte more than allowed is enough to know that it is too large.
  std::string text(options.maximum_bytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad()) {
    std::error_code ignored;
    bool is_folder = std::filesystem::is_directory(path, ignored);
    return Unreadable(path,
                      is_folder ? "it is a directory" : "cannot read the file");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return ParseWorkflow(text, options);
}

}  // namespace windlass
