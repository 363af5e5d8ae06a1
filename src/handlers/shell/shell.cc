#include "handlers/shell/shell.h"

#include <limits>
#include <utility>

#include "base/concat.h"
#include "base/subprocess.h"
#include "handlers/child.h"
#include "handlers/failure.h"
#include "handlers/params.h"
#include "handlers/shell/exit_codes.h"
#include "handlers/shell/shell_output.h"

namespace windlass {
namespace {

constexpr std::int64_t kTextLimit = std::int64_t{1} << 20;
constexpr std::int64_t kBytesLimit = std::int64_t{16} << 30;

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"command", ParamType::kAny, ParamRule::Presence::kRequired},
      {"stdin"},
      {"env", ParamType::kTextMap},
      {"cwd", ParamType::kText},
      {"result",
       ParamType::kText,
       ParamRule::Presence::kOptional,
       {"text", "json", "bytes"}},
      {"media_type", ParamType::kText},
      {"max_output", ParamType::kByteSize},
      {"success_exit_codes", ParamType::kIntegerList},
      {"retryable_exit_codes", ParamType::kIntegerList},
      {"exit_codes", ParamType::kObject},
  };
  return rules;
}

void CheckCommand(const Json& params, ParamStage stage,
                  ParamProblems& problems) {
  const Json* command = FindParam(params, "command");
  if (command == nullptr) return;
  if (command->is_string()) {
    if (command->get_string().empty()) {
      problems.emplace_back("command", "is empty");
    }
    return;
  }
  constexpr ParamRule kList[] = {{"command", ParamType::kTextList}};
  if (!command->is_array() || command->get_array().empty()) {
    problems.emplace_back("command",
                          "expected a line for /bin/sh, or a list of program "
                          "and arguments");
    return;
  }
  ParamProblems found =
      CheckParams(JsonObject{{"command", *command}}, kList, stage);
  problems.insert(problems.end(), found.begin(), found.end());
  if (JsonToText(command->get_array()[0]).empty()) {
    problems.emplace_back("command[0]", "expected the name of a program");
  }
}

ResultForm FormOf(const Json& params) {
  const std::string form = TextParam(params, "result", "text");
  return form == "json"    ? ResultForm::kJson
         : form == "bytes" ? ResultForm::kBytes
                           : ResultForm::kText;
}

std::vector<std::string> ArgvOf(const Json& params) {
  const Json& command = *FindParam(params, "command");
  if (command.is_array()) return TextListParam(params, "command");
  return {"/bin/sh", "-c", JsonToText(command)};
}

class ShellHandler : public TaskHandler {
 public:
  explicit ShellHandler(ShellHandlerOptions options) : options_(options) {}

  Outcome Execute(TaskContext& task) override {
    ParamProblems problems = Check(task.params(), ParamStage::kEvaluated);
    if (!problems.empty()) return InvalidParams(problems);
    ProcessOptions process;
    absl::Status status = Prepare(task, process);
    if (!status.ok()) return FailureFromStatus(status);

    // Stopped by the task, and by output that is too large.
    std::stop_source stop;
    std::stop_callback pass_on(task.stop_token(), [&] { stop.request_stop(); });
    process.stop = stop.get_token();
    ShellOutput output(task, OutputOptions(task.params(), stop));
    auto exit = RunProcess(process, &output);
    output.FlushLogs();
    if (!exit.ok()) return StartFailure(exit.status());
    return Judge(*exit, output, task);
  }

  ParamProblems CheckParams(const Json& params) const override {
    return Check(params, ParamStage::kAsWritten);
  }

  // A line for /bin/sh takes values as quoted words; everything else as is.
  Interpolation InterpolationOf(std::string_view path,
                                const Json& params) const override {
    const Json* command = FindParam(params, "command");
    return path == "command" && command != nullptr && command->is_string()
               ? Interpolation::kShellWord
               : Interpolation::kPlain;
  }

 private:
  static ParamProblems Check(const Json& params, ParamStage stage) {
    ParamProblems problems = windlass::CheckParams(params, Rules(), stage);
    CheckCommand(params, stage, problems);
    CheckExitCodes(params, stage, problems);
    return problems;
  }

  absl::Status Prepare(TaskContext& task, ProcessOptions& process) const {
    auto folder = FolderForChild(task);
    if (!folder.ok()) return folder.status();
    process.argv = ArgvOf(task.params());
    process.working_directory = *folder;
    process.environment = EnvironmentForChildren();
    process.guard = options_.guard;
    process.grace = task.grace_period();
    const Json* input = FindParam(task.params(), "stdin");
    if (input != nullptr) process.input = JsonToText(*input);
    absl::Status status = AddAttempt(task, process.environment);
    AddVariables(task.params(), process.environment);
    return status;
  }

  static ShellOutput::Options OutputOptions(const Json& params,
                                            std::stop_source& stop) {
    ShellOutput::Options options;
    options.form = FormOf(params);
    options.media_type =
        TextParam(params, "media_type", "application/octet-stream");
    options.limit = ByteSizeParam(
        params, "max_output",
        options.form == ResultForm::kBytes ? kBytesLimit : kTextLimit);
    options.give_up = [&stop] { stop.request_stop(); };
    return options;
  }

  static Outcome Judge(const ProcessExit& exit, ShellOutput& output,
                       const TaskContext& task) {
    if (task.stop_token().stop_requested() &&
        exit.end != ProcessEnd::kByItself) {
      return Outcome::Cancelled();
    }
    if (absl::IsOutOfRange(output.status())) {
      return Outcome::FinalFailure("OutputTooLarge",
                                   MessageOf(output.status()));
    }
    if (!output.status().ok()) return FailureFromStatus(output.status());
    if (!IsSuccess(exit, task.params())) {
      return FailureOfExit(exit, task.params());
    }
    return output.Result();
  }

  const ShellHandlerOptions options_;
};

}  // namespace

std::unique_ptr<TaskHandler> MakeShellHandler(ShellHandlerOptions options) {
  return std::make_unique<ShellHandler>(options);
}

}  // namespace windlass
