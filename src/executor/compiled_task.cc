#include "executor/compiled_task.h"

#include <algorithm>
#include <utility>

#include "base/concat.h"
#include "base/http/http_text.h"
#include "base/sha256.h"
#include "executor/shell_line.h"
#include "model/cel/output.h"

namespace windlass {
namespace {

constexpr std::string_view kOpen = "${{";

TaskError FinalError(std::string_view type, std::string message) {
  TaskError error;
  error.type = type;
  error.message = std::move(message);
  error.category = ErrorCategory::kValidation;
  error.retryable = false;
  return error;
}

// ------------------------------------------------------------- references

void AddTask(References& all, const Workflow& workflow,
             const std::vector<std::string>& path) {
  auto add = [&](int node) {
    References::OfTask& task = all.tasks[node];
    const bool any = path.size() < 3;
    if (any || path[2] == "result") task.result = true;
    if (any || path[2] == "state") task.state = true;
    if (any || path[2] == "error") task.error = true;
  };
  if (path.size() >= 2) {
    const int node = workflow.FindTask(path[1]);
    if (node >= 0) add(node);
    return;
  }
  for (int node = 0; node < static_cast<int>(workflow.tasks.size()); ++node) {
    add(node);
  }
}

void Add(References& all, const Workflow& workflow,
         const cel::Reference& reference) {
  const std::vector<std::string>& path = reference.path;
  if (path.empty()) return;
  all.roots.insert(path[0]);
  if (path[0] == "tasks") AddTask(all, workflow, path);
  if (path.size() < 2) return;
  if (path[0] == "secrets") all.secrets.insert(path[1]);
  if (path[0] == "env") all.env.insert(path[1]);
}

void Add(References& all, const Workflow& workflow,
         const std::vector<cel::Reference>& references) {
  for (const auto& reference : references) Add(all, workflow, reference);
}

void Add(References& all, const Workflow& workflow,
         const std::vector<TemplateReference>& references) {
  for (const auto& r : references) Add(all, workflow, r.reference);
}

std::vector<cel::Reference> ReferencesOf(const Condition& condition) {
  if (const auto* text = std::get_if<Template>(&condition)) {
    return text->References();
  }
  return std::get<cel::Expression>(condition).References();
}

// ------------------------------------------------------------------ fields

absl::StatusOr<Condition> ParseCondition(const std::string& text) {
  if (text.find(kOpen) != std::string::npos) {
    absl::StatusOr<Template> parsed = Template::Parse(text);
    if (!parsed.ok()) return parsed.status();
    return Condition(*std::move(parsed));
  }
  absl::StatusOr<cel::Expression> parsed = cel::Expression::Parse(text);
  if (!parsed.ok()) return parsed.status();
  return Condition(*std::move(parsed));
}

// The task as written, so that a cached result is not taken for that of another
// definition. Everything that is not in the key of a cache.
std::string DefinitionDigest(const Workflow& workflow, const TaskSpec& spec) {
  const Json* document = nullptr;
  if (const auto* root = workflow.document.if_object()) {
    if (spec.id == kOnExitTaskId) {
      document = root->if_contains("on_exit");
    } else if (const Json* tasks = root->if_contains("tasks")) {
      const auto* by_id = tasks->if_object();
      document = by_id == nullptr ? nullptr : by_id->if_contains(spec.id);
    }
  }
  return Sha256Hex(FormatJson(document == nullptr ? spec.params : *document));
}

class Compiler {
 public:
  Compiler(const Workflow& workflow, const HandlerRegistry& handlers)
      : workflow_(workflow), handlers_(handlers) {}

  CompiledTask Compile(const TaskSpec& spec) {
    CompiledTask task;
    task.spec = &spec;
    task.handler = handlers_.Find(spec.type);
    task.async_handler = dynamic_cast<AsyncTaskHandler*>(task.handler);
    absl::Status parsed = ParseFields(task, spec);
    if (!parsed.ok()) {
      task.broken =
          FinalError(error_type::kTemplateError, std::string(parsed.message()));
      return task;
    }
    AddReferences(task, spec);
    return task;
  }

 private:
  static absl::Status ParseFields(CompiledTask& task, const TaskSpec& spec) {
    absl::Status status;
    auto take = [&status](std::string_view field, auto parsed, auto& place) {
      if (parsed.ok()) {
        place = *std::move(parsed);
      } else if (status.ok()) {
        status = absl::InvalidArgumentError(
            field.empty() ? std::string(parsed.status().message())
                          : Concat(field, ": ", parsed.status().message()));
      }
    };
    if (spec.when) take("when", ParseCondition(*spec.when), task.when);
    if (spec.map) {
      take("", JsonTemplate::Parse(spec.map->items, "map.items"), task.items);
      if (spec.map->item_results) {
        take("map.item_results", ParseCondition(*spec.map->item_results),
             task.item_results);
      }
    }
    take("", ParamsTemplate::Parse(spec.params, task.handler, "params"),
         task.params);
    if (spec.idempotency_key) {
      take("idempotency_key", Template::Parse(*spec.idempotency_key),
           task.idempotency_key);
    }
    // One that comes from the defaults: what answers this run answers no other.
    if (spec.cache && !spec.callback) {
      take("cache.key", Template::Parse(spec.cache->key), task.cache_key);
    }
    if (spec.concurrency) {
      take("concurrency.key", Template::Parse(spec.concurrency->key),
           task.concurrency_key);
    }
    if (spec.rate_limit) {
      take("rate_limit.key", Template::Parse(spec.rate_limit->key),
           task.rate_key);
    }
    if (spec.circuit_breaker) {
      take("circuit_breaker.key", Template::Parse(spec.circuit_breaker->key),
           task.circuit_key);
    }
    if (spec.callback && spec.callback->fail) {
      take("callback.fail", cel::Expression::Parse(*spec.callback->fail),
           task.callback_fail);
    }
    if (spec.result.schema) {
      take("result.schema", JsonSchema::Compile(*spec.result.schema),
           task.result_schema);
    }
    return status;
  }

  void AddReferences(CompiledTask& task, const TaskSpec& spec) const {
    References& all = task.references;
    task.constant_params = task.params->IsConstant();
    if (task.constant_params) task.constant = spec.params;
    Add(all, workflow_, task.params->References());
    if (task.items) Add(all, workflow_, task.items->References());
    if (task.item_results) {
      Add(all, workflow_, ReferencesOf(*task.item_results));
    }
    if (task.idempotency_key) {
      Add(all, workflow_, task.idempotency_key->References());
    }
    if (task.cache_key) {
      Add(all, workflow_, task.cache_key->References());
      task.definition_digest = DefinitionDigest(workflow_, spec);
    }
    References keys;
    for (const auto& key :
         {task.concurrency_key, task.rate_key, task.circuit_key}) {
      if (!key) continue;
      Add(all, workflow_, key->References());
      Add(keys, workflow_, key->References());
    }
    // What may be in the cache asks for nothing.
    task.instances_share_limits = task.limited() && !task.cache_key &&
                                  spec.map && !keys.roots.contains("index") &&
                                  !keys.roots.contains(spec.map->as);
    if (task.when) Add(all, workflow_, ReferencesOf(*task.when));
  }

  const Workflow& workflow_;
  const HandlerRegistry& handlers_;
};

}  // namespace

absl::StatusOr<Json> Evaluate(const Condition& condition,
                              const cel::Activation& activation) {
  if (const auto* text = std::get_if<Template>(&condition)) {
    return text->Evaluate(activation);
  }
  auto value = std::get<cel::Expression>(condition).Evaluate(activation);
  if (!value.ok()) return value.status();
  return cel::ToJson(*value);
}

// ---------------------------------------------------------- ParamsTemplate

namespace {

absl::StatusOr<std::string> RenderShell(const Template& text,
                                        const cel::Activation& activation) {
  ShellLine line;
  auto quote = [&line](const cel::Value& value, std::string_view before) {
    line.AddLiteral(before);
    absl::StatusOr<std::string> word = cel::ToText(value);
    return word.ok() ? line.AddValue(*word) : word;
  };
  return text.Render(activation, Template::Quote(quote));
}

absl::StatusOr<std::string> RenderUrl(const Template& text,
                                      const cel::Activation& activation) {
  bool first = true;
  auto quote = [&first](
                   const cel::Value& value,
                   std::string_view before) -> absl::StatusOr<std::string> {
    absl::StatusOr<std::string> part = cel::ToText(value);
    if (!part.ok()) return part;
    if (std::exchange(first, false) && before.empty()) return part;
    // No encoding keeps these from being steps through the path.
    if (*part == "." || *part == "..") {
      return absl::InvalidArgumentError(
          Concat("'", *part,
                 "' cannot be a part of a URL; write it where the URL "
                 "begins, as \"${{ params.base }}/...\", if it is one"));
    }
    return PercentEncode(*part);
  };
  return text.Render(activation, Template::Quote(quote));
}

}  // namespace

absl::StatusOr<ParamsTemplate> ParamsTemplate::Parse(const Json& params,
                                                     const TaskHandler* handler,
                                                     std::string_view path) {
  ParamsTemplate result;
  result.path_ = path;
  Json rest = params;
  if (handler != nullptr) {
    std::vector<Step> place;
    absl::Status taken = result.TakeQuoted(rest, *handler, params, place, "");
    if (!taken.ok()) return taken;
  }
  absl::StatusOr<JsonTemplate> parsed = JsonTemplate::Parse(rest, path);
  if (!parsed.ok()) return parsed.status();
  result.rest_ = *std::move(parsed);
  return result;
}

absl::Status ParamsTemplate::TakeQuoted(Json& value, const TaskHandler& handler,
                                        const Json& params,
                                        std::vector<Step>& place,
                                        const std::string& path) {
  if (auto* array = value.if_array()) {
    for (std::size_t i = 0; i < array->size(); ++i) {
      place.emplace_back(i);
      absl::Status taken = TakeQuoted((*array)[i], handler, params, place,
                                      Concat(path, "[", i, "]"));
      if (!taken.ok()) return taken;
      place.pop_back();
    }
  } else if (auto* object = value.if_object()) {
    for (auto& member : *object) {
      const std::string key(member.key());
      place.emplace_back(key);
      absl::Status taken =
          TakeQuoted(member.value(), handler, params, place,
                     Concat(path, path.empty() ? "" : ".", key));
      if (!taken.ok()) return taken;
      place.pop_back();
    }
  } else if (const auto* text = value.if_string()) {
    const std::string_view view(text->data(), text->size());
    if (view.find(kOpen) == std::string_view::npos) return absl::OkStatus();
    const Interpolation how = handler.InterpolationOf(path, params);
    if (how == Interpolation::kPlain) return absl::OkStatus();
    absl::StatusOr<Template> parsed = Template::Parse(view);
    if (!parsed.ok()) {
      return absl::InvalidArgumentError(
          Concat(path_, ".", path, ": ", parsed.status().message()));
    }
    quoted_.push_back({place, path, *std::move(parsed), how});
    value = nullptr;
  }
  return absl::OkStatus();
}

bool ParamsTemplate::IsConstant() const {
  return quoted_.empty() && rest_->IsConstant();
}

absl::StatusOr<Json> ParamsTemplate::Render(
    const cel::Activation& activation) const {
  absl::StatusOr<Json> params = rest_->Render(activation);
  if (!params.ok()) return params;
  for (const Quoted& quoted : quoted_) {
    absl::StatusOr<std::string> text =
        quoted.how == Interpolation::kUrlPart
            ? RenderUrl(quoted.text, activation)
            : RenderShell(quoted.text, activation);
    if (!text.ok()) {
      return absl::Status(
          text.status().code(),
          Concat(path_, ".", quoted.path, ": ", text.status().message()));
    }
    Json* place = &*params;
    for (const Step& step : quoted.place) {
      if (const auto* index = std::get_if<std::size_t>(&step)) {
        place = &place->as_array()[*index];
      } else {
        place = &place->as_object()[std::get<std::string>(step)];
      }
    }
    *place = boost::json::string(*text);
  }
  return params;
}

std::vector<TemplateReference> ParamsTemplate::References() const {
  std::vector<TemplateReference> all = rest_->References();
  for (const Quoted& quoted : quoted_) {
    for (cel::Reference& reference : quoted.text.References()) {
      all.push_back({quoted.path, std::move(reference)});
    }
  }
  return all;
}

// ------------------------------------------------------- CompiledWorkflows

std::shared_ptr<const CompiledWorkflow> Compile(
    std::shared_ptr<const Workflow> workflow, const HandlerRegistry& handlers) {
  auto compiled = std::make_shared<CompiledWorkflow>();
  compiled->workflow = std::move(workflow);
  Compiler compiler(*compiled->workflow, handlers);
  for (const TaskSpec& spec : compiled->workflow->tasks) {
    compiled->tasks.push_back(compiler.Compile(spec));
  }
  return compiled;
}

std::shared_ptr<const CompiledWorkflow> CompiledWorkflows::Get(
    const std::shared_ptr<const Workflow>& workflow) {
  // A definition made in memory may have no digest.
  if (workflow->digest.empty()) return Compile(workflow, handlers_);
  {
    MutexLock lock(mutex_);
    auto found = by_digest_.find(workflow->digest);
    if (found != by_digest_.end()) return found->second;
  }
  auto compiled = Compile(workflow, handlers_);
  MutexLock lock(mutex_);
  if (by_digest_.size() >= kMost) by_digest_.clear();
  by_digest_[workflow->digest] = compiled;
  return compiled;
}

}  // namespace windlass
