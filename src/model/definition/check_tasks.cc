#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "base/concat.h"
#include "model/cel/expression.h"
#include "model/cron.h"
#include "model/definition/check.h"
#include "model/schedule.h"

namespace windlass {
namespace {

// Names an item of a map cannot have: what expressions offer anyway, and the
// words the expression language keeps for itself.
constexpr std::string_view kReservedNames[] = {
    "params",  "tasks",     "run",      "env", "secrets", "index", "true",
    "false",   "null",      "in",       "as",  "break",   "const", "continue",
    "else",    "for",       "function", "if",  "import",  "let",   "loop",
    "package", "namespace", "return",   "var", "void",    "while"};

// The rule can never be met by a task without dependencies.
bool NeedsDependencies(TriggerRule rule) {
  switch (rule) {
    case TriggerRule::kAllSuccess:
    case TriggerRule::kAllDone:
    case TriggerRule::kNoneFailed:
    case TriggerRule::kNoneSkipped:
    case TriggerRule::kAlways:
      return false;
    default:
      return true;
  }
}

void CheckType(const TaskSpec& task, const Path& path,
               const LoadOptions& options, Problems& problems) {
  const auto& types = options.task_types;
  if (types.empty() || task.type.empty()) return;
  if (std::find(types.begin(), types.end(), task.type) != types.end()) return;
  std::string suggestion = problems.DidYouMean(task.type, types);
  problems.Add(path.Member("type"),
               Concat("unknown task type '", task.type, "'"), suggestion);
}

void CheckTriggerRule(const TaskSpec& task, const Json& stated,
                      const Path& path, Problems& problems) {
  const Json* list = stated.get_object().if_contains("depends_on");
  bool has_dependencies =
      list != nullptr && !(list->is_array() && list->get_array().empty());
  if (has_dependencies || !NeedsDependencies(task.trigger_rule)) return;
  problems.Add(path.Member("trigger_rule"),
               Concat("'", TriggerRuleName(task.trigger_rule),
                      "' never lets a task without depends_on start"),
               "add depends_on or remove trigger_rule");
}

// `limit`, where it may be absent, must not be shorter than `part`.
void CheckWithin(const Path& path, std::string_view part_name,
                 const std::optional<Duration>& part,
                 std::string_view limit_name,
                 const std::optional<Duration>& limit, Problems& problems) {
  if (!part || !limit || *part <= *limit) return;
  problems.Add(path.Member(part_name),
               Concat(FormatDuration(*part), " is longer than ", limit_name,
                      " (", FormatDuration(*limit), "), so it has no effect"),
               Concat("make it at most ", FormatDuration(*limit)));
}

void CheckDurations(const TaskSpec& task, const Path& path,
                    Problems& problems) {
  CheckWithin(path, "heartbeat_timeout", task.heartbeat_timeout,
              "start_to_close_timeout", task.start_to_close_timeout, problems);
  CheckWithin(path, "start_to_close_timeout", task.start_to_close_timeout,
              "schedule_to_close_timeout", task.schedule_to_close_timeout,
              problems);
  const RetryPolicy& retry = task.retry_policy;
  CheckWithin(path.Member("retry_policy"), "initial_interval",
              retry.initial_interval, "maximum_interval",
              retry.maximum_interval, problems);
}

void CheckMapName(const TaskSpec& task, const Path& path, Problems& problems) {
  if (!task.map) return;
  const std::string& name = task.map->as;
  if (std::find(std::begin(kReservedNames), std::end(kReservedNames), name) ==
      std::end(kReservedNames)) {
    return;
  }
  problems.Add(path.Member("map").Member("as"),
               Concat("'", name, "' has a meaning in expressions already"),
               "choose another name, such as item");
}

void CheckMapBatch(const TaskSpec& task, const Path& path, Problems& problems) {
  if (!task.map || !task.map->item_results) return;
  Path map = path.Member("map");
  if (task.map->batch == 0) {
    problems.Add(map.Member("item_results"),
                 "there are no batches whose results it could take apart",
                 "add 'batch: 50', or leave it out");
  }
  if (task.map->as == "result") {
    problems.Add(map.Member("as"),
                 "'result' is the result of the batch in item_results",
                 "choose another name, such as items");
  }
}

void CheckAdaptive(const TaskSpec& task, const Path& path, Problems& problems) {
  if (!task.concurrency || !task.concurrency->adaptive) return;
  const ConcurrencySpec& spec = *task.concurrency;
  if (spec.adaptive->minimum <= spec.limit) return;
  Path concurrency = path.Member("concurrency");
  Path adaptive = concurrency.Member("adaptive");
  problems.Add(adaptive.Member("minimum"),
               Concat("minimum ", spec.adaptive->minimum,
                      " is more than the limit, ", spec.limit),
               "raise limit, or lower minimum");
}

void CheckFailure(const std::string& expression, const Path& path,
                  Problems& problems) {
  auto parsed = cel::Expression::Parse(expression);
  if (!parsed.ok()) {
    return problems.Add(path, Concat("bad expression: ",
                                     std::string(parsed.status().message())));
  }
  for (const cel::Reference& reference : parsed->References()) {
    const std::string& root = reference.path[0];
    if (root == "id" || root == "received_at" || root == "body") continue;
    problems.Add(path, Concat("unknown name '", root,
                              "'; known are id, received_at, body"));
  }
}

void CheckCallback(const TaskSpec& task, const Json& stated, const Path& path,
                   Problems& problems) {
  if (!task.callback) return;
  Path callback = path.Member("callback");
  if (task.callback->fail) {
    CheckFailure(*task.callback->fail, callback.Member("fail"), problems);
  }
  if (stated.get_object().contains("cache")) {
    problems.Add(path.Member("cache"),
                 "a task with callback cannot reuse results: who calls back "
                 "answers this run",
                 "cache a task before it or after it");
  }
  if (task.map && task.map->as == "callback") {
    problems.Add(path.Member("map").Member("as"),
                 "'callback' has a meaning in a task with callback",
                 "choose another name, such as item");
  }
}

// Calls `use` with `path` followed by "inputs.routes[0]", as far as `value`
// has such a place.
template <typename Use>
void AtField(const Json& value, const Path& path, std::string_view field,
             const Use& use) {
  if (!field.empty() && field[0] == '.') field.remove_prefix(1);
  if (!field.empty() && field[0] == '[' && value.is_array()) {
    std::size_t index = 0;
    const char* end = field.data() + field.size();
    auto [stop, error] = std::from_chars(field.data() + 1, end, index);
    if (error == std::errc() && stop != end && *stop == ']' &&
        index < value.get_array().size()) {
      field.remove_prefix(static_cast<std::size_t>(stop + 1 - field.data()));
      Path next = path.Element(index);
      return AtField(value.get_array()[index], next, field, use);
    }
  }
  std::string_view name = field.substr(0, field.find_first_of(".["));
  const Json* member =
      value.is_object() ? value.get_object().if_contains(name) : nullptr;
  if (name.empty() || member == nullptr) {
    // A field that is missing is named all the same.
    return field.empty() ? use(path) : use(path.Member(field));
  }
  Path next = path.Member(name);
  return AtField(*member, next, field.substr(name.size()), use);
}

void CheckParamsOfType(const TaskSpec& task, const Path& path,
                       const LoadOptions& options, Problems& problems) {
  if (!options.check_task_params || task.type.empty()) return;
  Path params = path.Member("params");
  for (TaskParamProblem& problem : options.check_task_params(task)) {
    AtField(task.params, params, problem.field, [&](const Path& at) {
      problems.Add(at, std::move(problem.message),
                   std::move(problem.suggestion));
    });
  }
}

// What the file says of the task, or null.
const Json* FindStated(const TaskSpec& task, const Json& document) {
  const JsonObject& root = document.get_object();
  const Json* stated = nullptr;
  if (task.id == kOnExitTaskId) {
    stated = root.if_contains(kOnExitTaskId);
  } else if (const Json* tasks = root.if_contains("tasks")) {
    stated = tasks->get_object().if_contains(task.id);
  }
  return stated != nullptr && stated->is_object() ? stated : nullptr;
}

// Where a zone that everyone has is missing, all are.
std::string ZoneSuggestion() {
  return FindTimeZone("Europe/Berlin")
             ? "write a name of the IANA database such as Europe/Berlin"
             : "this machine has no time zones but UTC; install tzdata";
}

}  // namespace

void CheckTasks(const Workflow& workflow, const Json& document,
                const LoadOptions& options, Problems& problems) {
  for (const TaskSpec& task : workflow.tasks) {
    const Json* stated = FindStated(task, document);
    if (stated == nullptr) continue;
    AtTask(task, [&](const Path& path) {
      CheckType(task, path, options, problems);
      CheckTriggerRule(task, *stated, path, problems);
      CheckDurations(task, path, problems);
      CheckMapName(task, path, problems);
      CheckMapBatch(task, path, problems);
      CheckAdaptive(task, path, problems);
      CheckCallback(task, *stated, path, problems);
      CheckParamsOfType(task, path, options, problems);
    });
  }
}

void CheckSchedule(const ScheduleSpec& schedule, Problems& problems) {
  Path root = Path::Root();
  Path path = root.Member("schedule");
  if (!schedule.cron.empty()) {
    auto cron = Cron::Parse(schedule.cron);
    if (!cron.ok()) {
      problems.Add(path.Member("cron"), std::string(cron.status().message()),
                   "for every day at 6:30 write \"30 6 * * *\"");
    }
  }
  if (!FindTimeZone(schedule.timezone)) {
    problems.Add(path.Member("timezone"),
                 Concat("unknown time zone '", schedule.timezone, "'"),
                 ZoneSuggestion());
  }
}

}  // namespace windlass
