// A task's templates, schema and handler, worked out once per definition and
// not once per attempt.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"
#include "model/cel/expression.h"
#include "model/json_schema.h"
#include "model/template.h"
#include "windlass/executor.h"

namespace windlass {

// What the templates of a task read from outside.
struct References {
  // `tasks` by node, and which of result, state, error of each; any of them
  // when the expression does not say.
  struct OfTask {
    bool result = false;
    bool state = false;
    bool error = false;
  };
  absl::flat_hash_map<int, OfTask> tasks;
  std::set<std::string> secrets;
  std::set<std::string> env;
  // Names of other variables: "params", "run", "airport", "index".
  std::set<std::string> roots;
};

// `when`, `map.item_results`: an expression, or a template of one.
using Condition = std::variant<cel::Expression, Template>;

// Its value, with its type.
absl::StatusOr<Json> Evaluate(const Condition& condition,
                              const cel::Activation& activation);

// Params whose values enter some of their strings quoted, for a shell or a URL.
class ParamsTemplate {
 public:
  // Errors name the path, beginning with `path`.
  static absl::StatusOr<ParamsTemplate> Parse(const Json& params,
                                              const TaskHandler* handler,
                                              std::string_view path);

  bool IsConstant() const;
  absl::StatusOr<Json> Render(const cel::Activation& activation) const;
  std::vector<TemplateReference> References() const;

 private:
  using Step = std::variant<std::string, std::size_t>;
  // A string that JsonTemplate does not get to see.
  struct Quoted {
    std::vector<Step> place;
    std::string path;
    Template text;
    Interpolation how;
  };

  absl::Status TakeQuoted(Json& value, const TaskHandler& handler,
                          const Json& params, std::vector<Step>& place,
                          const std::string& path);

  std::optional<JsonTemplate> rest_;
  std::vector<Quoted> quoted_;
  std::string path_;
};

// Constant once made.
struct CompiledTask {
  const TaskSpec* spec = nullptr;
  TaskHandler* handler = nullptr;             // Null: this executor has none.
  AsyncTaskHandler* async_handler = nullptr;  // The same, if it is one.
  // Why no attempt can work; checked before everything else.
  std::optional<TaskError> broken;

  std::optional<Condition> when;
  std::optional<ParamsTemplate> params;
  bool constant_params = true;
  Json constant = JsonObject{};  // The params, when they are constant.
  std::optional<JsonTemplate> items;
  std::optional<Condition> item_results;
  std::optional<Template> idempotency_key;
  std::optional<Template> cache_key;
  std::optional<Template> concurrency_key;
  std::optional<Template> rate_key;
  std::optional<Template> circuit_key;
  // An instance tells what limits all of them ask for.
  bool instances_share_limits = false;
  std::string definition_digest;  // With a cache key only.
  std::optional<JsonSchema> result_schema;
  std::optional<cel::Expression> callback_fail;

  References references;

  // There is nothing to do before the handler runs.
  bool plain() const {
    return !broken && !when && constant_params && !items && !idempotency_key &&
           !cache_key && !limited() && !spec->callback && handler != nullptr;
  }
  bool limited() const { return concurrency_key || rate_key || circuit_key; }
};

struct CompiledWorkflow {
  // Kept alive: the tasks point into it.
  std::shared_ptr<const Workflow> workflow;
  std::vector<CompiledTask> tasks;  // By node.
};

// Never fails: what is wrong with a task is its `broken`.
std::shared_ptr<const CompiledWorkflow> Compile(
    std::shared_ptr<const Workflow> workflow, const HandlerRegistry& handlers);

// The workflows compiled of late, by digest. Thread-safe.
class CompiledWorkflows {
 public:
  // `handlers` is borrowed.
  explicit CompiledWorkflows(const HandlerRegistry& handlers)
      : handlers_(handlers) {}

  std::shared_ptr<const CompiledWorkflow> Get(
      const std::shared_ptr<const Workflow>& workflow);

 private:
  static constexpr std::size_t kMost = 256;

  const HandlerRegistry& handlers_;
  Mutex mutex_;
  // Shared with the slots that use them.
  absl::flat_hash_map<std::string, std::shared_ptr<const CompiledWorkflow>>
      by_digest_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace windlass
