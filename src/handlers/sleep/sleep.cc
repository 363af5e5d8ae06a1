#include "handlers/sleep/sleep.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "base/concat.h"

namespace windlass {
namespace {

constexpr std::string_view kExpected =
    "expected either duration, such as \"2s\", or seconds, a number";

// Longer sleeps are for schedules; this also keeps the arithmetic exact.
constexpr double kMostSeconds = 366.0 * 24 * 3600;

Duration StepOf(Duration total) {
  return std::clamp<Duration>(total / 20, std::chrono::milliseconds(100),
                              std::chrono::seconds(1));
}

absl::StatusOr<Duration> FromSeconds(const Json& seconds) {
  boost::system::error_code error;
  const double value = seconds.to_number<double>(error);
  if (error || std::isnan(value) || value < 0 || value > kMostSeconds) {
    return absl::InvalidArgumentError(
        Concat("seconds: expected a number from 0 to ", kMostSeconds, ", got ",
               FormatJson(seconds)));
  }
  return Duration(std::llround(value * 1e6));
}

absl::StatusOr<Duration> FromParams(const Json& params) {
  const auto* object = params.if_object();
  const Json* duration = object ? object->if_contains("duration") : nullptr;
  const Json* seconds = object ? object->if_contains("seconds") : nullptr;
  if ((duration == nullptr) == (seconds == nullptr)) {
    return absl::InvalidArgumentError(std::string(kExpected));
  }
  if (seconds != nullptr) return FromSeconds(*seconds);
  if (!duration->is_string()) {
    return absl::InvalidArgumentError(
        Concat("duration: expected a text such as \"2s\", got ",
               FormatJson(*duration)));
  }
  absl::StatusOr<Duration> parsed = ParseDuration(JsonToText(*duration));
  if (!parsed.ok()) {
    return absl::InvalidArgumentError(
        Concat("duration: ", parsed.status().message()));
  }
  return parsed;
}

class SleepHandler : public TaskHandler {
 public:
  explicit SleepHandler(Clock& clock) : clock_(clock) {}

  Outcome Execute(TaskContext& task) override {
    absl::StatusOr<Duration> total = FromParams(task.params());
    if (!total.ok()) {
      return Outcome::FinalFailure(error_type::kInvalidParams,
                                   std::string(total.status().message()));
    }
    const Duration began = clock_.Steady();
    const Duration end = began + *total;
    const Duration step = StepOf(*total);
    for (Duration now = began; now < end; now = clock_.Steady()) {
      if (!clock_.SleepFor(std::min(step, end - now), task.stop_token())) {
        return Outcome::Cancelled();
      }
      Report(task, clock_.Steady() - began, *total);
    }
    const auto slept = std::chrono::duration_cast<std::chrono::milliseconds>(
        clock_.Steady() - began);
    return Outcome::Success(Json(JsonObject{{"slept_ms", slept.count()}}));
  }

  std::vector<std::pair<std::string, std::string>> CheckParams(
      const Json& params) const override {
    std::vector<std::pair<std::string, std::string>> problems;
    const auto* object = params.if_object();
    if (object == nullptr) return {{"", std::string(kExpected)}};
    bool is_template = false;
    for (const auto& member : *object) {
      const std::string key(member.key());
      if (key != "duration" && key != "seconds") {
        problems.emplace_back(key, Concat("unknown param; ", kExpected));
      }
      const auto* text = member.value().if_string();
      if (text != nullptr && text->find("${{") != std::string::npos) {
        is_template = true;
      }
    }
    if (!problems.empty() || is_template) return problems;
    absl::StatusOr<Duration> parsed = FromParams(params);
    if (!parsed.ok()) {
      problems.emplace_back("", std::string(parsed.status().message()));
    }
    return problems;
  }

 private:
  static void Report(TaskContext& task, Duration slept, Duration total) {
    task.Heartbeat();
    // What is over in no time has nothing to show.
    if (total < std::chrono::seconds(1)) return;
    const double fraction =
        static_cast<double>(slept.count()) / static_cast<double>(total.count());
    task.Progress(fraction, Concat("slept ", slept.count() / 1'000'000, " of ",
                                   FormatDuration(total)));
  }

  Clock& clock_;
};

}  // namespace

std::unique_ptr<TaskHandler> MakeSleepHandler(Clock& clock) {
  return std::make_unique<SleepHandler>(clock);
}

}  // namespace windlass
