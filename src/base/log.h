// Structured logging: a message that is always the same text, and fields that
// say what it is about this time.
//
//   Logger log = MakeLogger({.level = LogLevel::kInfo});
//   Logger of_run = log.With({{"run", "r42"}});
//   of_run.Info("task finished", {{"task", name}, {"attempt", 2}});
//
//   2026-11-23T20:15:00.000000Z INFO  task finished run=r42 task=load attempt=2
//
// Code receives its Logger from whoever made it; there is no global one.
#pragma once

#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "windlass/json.h"
#include "windlass/log_level.h"
#include "windlass/time.h"

namespace windlass {

class Clock;

// "trace", "debug", "info", "warn", "error" or "off".
absl::StatusOr<LogLevel> ParseLogLevel(std::string_view text);
std::string_view LogLevelName(LogLevel level);

enum class LogFormat { kText, kJson };

// A key and a value that is only looked at while the logging call lasts, so a
// message below the level costs next to nothing.
class LogField {
 public:
  LogField(std::string_view key, std::string_view value)
      : key_(key), value_(value) {}
  LogField(std::string_view key, const std::string& value)
      : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, const char* value)
      : key_(key), value_(std::string_view(value)) {}
  LogField(std::string_view key, bool value) : key_(key), value_(value) {}
  LogField(std::string_view key, double value) : key_(key), value_(value) {}
  LogField(std::string_view key, Duration value) : key_(key), value_(value) {}
  LogField(std::string_view key, const Json& value)
      : key_(key), value_(&value) {}
  LogField(std::string_view key, const absl::Status& value)
      : key_(key), value_(&value) {}
  template <std::signed_integral T>
  LogField(std::string_view key, T value)
      : key_(key), value_(std::int64_t{value}) {}
  template <std::unsigned_integral T>
  LogField(std::string_view key, T value)
      : key_(key), value_(std::uint64_t{value}) {}

  std::string_view key() const { return key_; }
  Json ToJson() const;

 private:
  std::string_view key_;
  std::variant<std::string_view, bool, std::int64_t, std::uint64_t, double,
               Duration, const Json*, const absl::Status*>
      value_;
};
using LogFields = std::initializer_list<LogField>;

// A cheap handle: copies write to the same place. Thread-safe, and so are its
// copies with one another; lines are never mixed.
class Logger {
 public:
  bool Enabled(LogLevel level) const;

  // A logger that adds these fields to all it writes.
  Logger With(LogFields fields) const;

  void Log(LogLevel level, std::string_view message,
           LogFields fields = {}) const;
  void Trace(std::string_view message, LogFields fields = {}) const;
  void Debug(std::string_view message, LogFields fields = {}) const;
  void Info(std::string_view message, LogFields fields = {}) const;
  void Warn(std::string_view message, LogFields fields = {}) const;
  void Error(std::string_view message, LogFields fields = {}) const;

 private:
  friend Logger MakeLogger(struct LogOptions options);
  struct Output;
  explicit Logger(std::shared_ptr<const Output> output)
      : output_(std::move(output)) {}

  // Shared because copies may outlive the logger they were made from.
  std::shared_ptr<const Output> output_;
  JsonObject bound_;
};

struct LogOptions {
  LogLevel level = LogLevel::kInfo;
  // kJson writes one object per line: time, level, message, then the fields.
  LogFormat format = LogFormat::kText;
  // Takes every line, without its line end, one at a time. By default lines go
  // to standard error, in colour when that is a terminal and NO_COLOR is unset.
  std::function<void(LogLevel, std::string_view line)> sink = nullptr;
  // Dates the lines; by default the machine's clock. Outlives the loggers.
  const Clock* clock = nullptr;
};

Logger MakeLogger(LogOptions options);

// Writes nothing.
Logger MakeNullLogger();

}  // namespace windlass
