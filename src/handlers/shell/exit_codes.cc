#include "handlers/shell/exit_codes.h"

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/concat.h"
#include "handlers/child.h"

namespace windlass {
namespace {

// What shells and env(1) exit with when there is nothing they could run.
constexpr int kNotExecutable = 126;
constexpr int kNotFound = 127;

const std::array<ParamRule, 2> kCodeRules = {{
    {"type", ParamType::kText},
    {"retryable", ParamType::kBoolean},
}};

bool ListHas(const Json* list, int code) {
  if (list == nullptr) return false;
  const JsonArray& codes = list->get_array();
  return std::any_of(codes.begin(), codes.end(), [code](const Json& item) {
    return item.get_int64() == code;
  });
}

}  // namespace

bool IsSuccess(const ProcessExit& exit, const Json& params) {
  if (!exit.exit_code) return false;
  const Json* codes = FindParam(params, "success_exit_codes");
  return codes == nullptr ? *exit.exit_code == 0
                          : ListHas(codes, *exit.exit_code);
}

Outcome FailureOfExit(const ProcessExit& exit, const Json& params) {
  const std::string errors = OutputTail(exit.stderr_bytes);
  const std::string last = LastLine(errors);
  TaskError error;
  error.message = Concat(exit.Describe(), last.empty() ? "" : ": ", last);
  JsonObject details;
  if (exit.signal) {
    error.type = error_type::kSignal;
    error.category = ErrorCategory::kCrash;
    details["signal"] = *exit.signal;
  } else {
    const int code = exit.exit_code.value_or(-1);
    const bool missing = code == kNotExecutable || code == kNotFound;
    const Json* retryable = FindParam(params, "retryable_exit_codes");
    error.type = missing ? "CommandNotFound" : error_type::kExitCode;
    error.retryable =
        retryable == nullptr ? !missing : ListHas(retryable, code);
    details["exit_code"] = code;
    const Json* codes = FindParam(params, "exit_codes");
    const Json* rule =
        codes == nullptr ? nullptr : FindParam(*codes, Concat(code));
    if (rule != nullptr) {
      error.type = TextParam(*rule, "type", error_type::kExitCode);
      const Json* flag = FindParam(*rule, "retryable");
      if (flag != nullptr) error.retryable = flag->get_bool();
    }
  }
  details["stderr"] = errors;
  details["stdout"] = OutputTail(exit.stdout_bytes);
  error.details = std::move(details);
  return Outcome::Failure(std::move(error));
}

void CheckExitCodes(const Json& params, ParamStage stage,
                    ParamProblems& problems) {
  const Json* codes = FindParam(params, "exit_codes");
  if (codes == nullptr || !codes->is_object()) return;
  for (const auto& item : codes->get_object()) {
    const std::string key(item.key());
    const std::string path = Concat("exit_codes.", key);
    int code = -1;
    if (!absl::SimpleAtoi(key, &code) || code < 0 || code > 255) {
      problems.emplace_back(path, "expected an exit code, 0 to 255");
      continue;
    }
    for (auto& [below, message] :
         CheckParams(item.value(), kCodeRules, stage)) {
      problems.emplace_back(below.empty() ? path : Concat(path, ".", below),
                            message);
    }
  }
}

}  // namespace windlass
