// The table of what a workflow file may say at its top level.
#include "base/concat.h"
#include "model/definition/draft.h"

namespace windlass {
namespace {

const ObjectType<ScheduleSpec>& ScheduleType() {
  using Overlap = ScheduleSpec::Overlap;
  static const ObjectType<ScheduleSpec> type = {
      "schedule",
      "Starts runs by the clock.",
      {
          MakeField("cron", &ScheduleSpec::cron, Text{},
                    "Five fields: minute, hour, day of month, month, day of "
                    "week.",
                    Presence::kRequired),
          MakeField("timezone", &ScheduleSpec::timezone, Text{},
                    "Such as Europe/Berlin. Default UTC."),
          MakeField(
              "overlap", &ScheduleSpec::overlap,
              Choice<Overlap>{{{"skip", Overlap::kSkip},
                               {"queue", Overlap::kQueue},
                               {"allow", Overlap::kAllow},
                               {"cancel_running", Overlap::kCancelRunning}}},
              "What happens when the run before still runs. Default "
              "skip."),
          MakeField("catch_up", &ScheduleSpec::catch_up, Boolean{},
                    "Whether times missed while nothing ran are made up for. "
                    "Default false."),
      },
      {{"expression", "cron"}, {"tz", "timezone"}, {"catchup", "catch_up"}}};
  return type;
}

// Fields of the workflow itself.
Field<Draft> OfWorkflow(const Field<Workflow>& field) {
  Field<Draft> out{field.name, field.doc, field.presence, field.schema, {}};
  out.read = [read = field.read](const Json& value, const Path& path,
                                 Draft& draft, Problems& problems) {
    read(value, path, draft.workflow, problems);
  };
  return out;
}

Field<Draft> VersionField() {
  Field<Draft> field{"windlass",
                     "The version of this format: 1.",
                     Presence::kRequired,
                     {},
                     {}};
  field.schema = [](Definitions&) { return JsonObject{{"const", 1}}; };
  field.read = [](const Json& value, const Path& path, Draft&,
                  Problems& problems) {
    if (value.is_int64() && value.get_int64() == 1) return;
    if (value.is_double() && value.get_double() == 1) return;
    Expected("1, the version of this format", value, path, problems,
             "write 'windlass: 1'");
  };
  return field;
}

bool StatesInterval(const Json& task, std::string_view name) {
  const Json* policy = task.get_object().if_contains("retry_policy");
  return policy != nullptr && policy->is_object() &&
         policy->get_object().contains(name);
}

// When only initial_interval is stated, the longest delay follows it.
void ScaleMaximumInterval(const Json& task, RetryPolicy& retry) {
  if (!StatesInterval(task, "initial_interval")) return;
  if (StatesInterval(task, "maximum_interval")) return;
  bool fits = retry.initial_interval <= Duration::max() / 100;
  retry.maximum_interval =
      fits ? retry.initial_interval * 100 : Duration::max();
}

void ReadTask(const ObjectType<TaskSpec>& type, std::string id,
              const Json& value, const Path& path, Draft& draft,
              Problems& problems) {
  TaskSpec task = draft.defaults;
  task.id = std::move(id);
  if (ReadObject(type, value, path, task, problems) &&
      !draft.defaults_limit_interval) {
    ScaleMaximumInterval(value, task.retry_policy);
  }
  // One that is wrong is kept too: other tasks may depend on it.
  draft.workflow.tasks.push_back(std::move(task));
}

void CheckTaskId(const std::string& id, const Path& path, Problems& problems) {
  std::string expected;
  if (!Name{Name::Kind::kTask}.Check(id, expected)) {
    problems.AddAtKey(path, Concat(expected, ", got '", id, "'"));
  } else if (id == kOnExitTaskId) {
    problems.AddAtKey(path, Concat("a task may not be named '", id, "'"),
                      "write it as 'on_exit:' beside 'tasks:', or rename it");
  }
}

void ReadTasks(const Json& value, const Path& path, Draft& draft,
               Problems& problems) {
  if (!value.is_object()) {
    Expected("a mapping from ids to tasks", value, path, problems,
             value.is_array() ? "write 'extract: {type: ...}' instead of "
                                "'- id: extract'"
                              : "");
    return;
  }
  if (value.get_object().empty()) {
    problems.AddAtKey(path, "there are no tasks",
                      "add one: 'hello: {type: noop}'");
  }
  for (const auto& member : value.get_object()) {
    std::string id(member.key());
    Path at = path.Member(member.key());
    CheckTaskId(id, at, problems);
    if (id == kOnExitTaskId) continue;
    ReadTask(TaskType(), std::move(id), member.value(), at, draft, problems);
  }
}

Field<Draft> TasksField() {
  Field<Draft> field{"tasks",
                     "The tasks by id. A task without depends_on starts at "
                     "once.",
                     Presence::kRequired,
                     {},
                     ReadTasks};
  field.schema = [](Definitions& definitions) {
    Json ids = Name{Name::Kind::kTask}.Schema(definitions);
    ids.get_object()["not"] = JsonObject{{"const", std::string(kOnExitTaskId)}};
    return JsonObject{
        {"type", "object"},
        {"minProperties", 1},
        {"propertyNames", std::move(ids)},
        {"additionalProperties", SchemaOf(TaskType(), definitions)}};
  };
  return field;
}

Field<Draft> OnExitField() {
  Field<Draft> field{"on_exit", OnExitType().doc, Presence::kOptional, {}, {}};
  field.schema = [](Definitions& definitions) {
    return SchemaOf(OnExitType(), definitions);
  };
  field.read = [](const Json& value, const Path& path, Draft& draft,
                  Problems& problems) {
    draft.workflow.on_exit_index =
        static_cast<int>(draft.workflow.tasks.size());
    ReadTask(OnExitType(), std::string(kOnExitTaskId), value, path, draft,
             problems);
  };
  return field;
}

Field<Draft> DefaultsField() {
  Field<Draft> field =
      MakeMergedField("defaults", &Draft::defaults,
                      Nested<TaskSpec>{&DefaultsType()}, DefaultsType().doc);
  field.read = [](const Json& value, const Path& path, Draft& draft,
                  Problems& problems) {
    if (ReadObject(DefaultsType(), value, path, draft.defaults, problems)) {
      ScaleMaximumInterval(value, draft.defaults.retry_policy);
      draft.defaults_limit_interval = StatesInterval(value, "maximum_interval");
    }
  };
  return field;
}

}  // namespace

const ObjectType<Draft>& WorkflowFileType() {
  static const ObjectType<Draft> type = {
      "workflow",
      "A workflow: a named DAG of tasks.",
      {
          VersionField(),
          OfWorkflow(MakeField("name", &Workflow::name, Text{200},
                               "What the workflow is called everywhere.",
                               Presence::kRequired)),
          OfWorkflow(MakeField("description", &Workflow::description,
                               Text{10'000}, "What it is for.")),
          OfWorkflow(MakeField("params", &Workflow::params, Params{},
                               "The inputs of a run by name, each a JSON "
                               "Schema fragment with an optional default.")),
          OfWorkflow(MakeField("schedule", &Workflow::schedule,
                               Nested<ScheduleSpec>{&ScheduleType()},
                               ScheduleType().doc)),
          OfWorkflow(MakeField("timeout", &Workflow::timeout, Span{},
                               "Longest run. Default: no limit.")),
          OfWorkflow(MakeField("max_parallel", &Workflow::max_parallel,
                               Whole{0},
                               "Tasks of one run that run at a time; 0 is "
                               "without limit, the default.")),
          OfWorkflow(MakeField("labels", &Workflow::labels, Labels{},
                               "Names and values to find runs by.")),
          DefaultsField(),
          TasksField(),
          OnExitField(),
      },
      {{"version", "windlass: 1"},
       {"id", "name"},
       {"inputs", "params"},
       {"parameters", "params"},
       {"jobs", "tasks"},
       {"steps", "tasks"},
       {"nodes", "tasks"},
       {"cron", "schedule: {cron: ...}"},
       {"on_failure", "on_exit"},
       {"finally", "on_exit"},
       {"concurrency", "max_parallel"}}};
  return type;
}

}  // namespace windlass
