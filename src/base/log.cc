#include "base/log.h"

#include <spdlog/logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/ansicolor_sink.h>
#include <spdlog/sinks/base_sink.h>

#include <array>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "windlass/clock.h"

namespace windlass {
namespace {

constexpr std::array<std::string_view, 6> kLevelNames = {
    "trace", "debug", "info", "warn", "error", "off"};
constexpr std::array<std::string_view, 6> kLevelLabels = {
    "TRACE", "DEBUG", "INFO ", "WARN ", "ERROR", "OFF  "};

LogLevel FromSpdlog(spdlog::level::level_enum level) {
  switch (level) {
    case spdlog::level::trace:
      return LogLevel::kTrace;
    case spdlog::level::debug:
      return LogLevel::kDebug;
    case spdlog::level::info:
      return LogLevel::kInfo;
    case spdlog::level::warn:
      return LogLevel::kWarn;
    default:
      return LogLevel::kError;
  }
}

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kTrace:
      return spdlog::level::trace;
    case LogLevel::kDebug:
      return spdlog::level::debug;
    case LogLevel::kInfo:
      return spdlog::level::info;
    case LogLevel::kWarn:
      return spdlog::level::warn;
    case LogLevel::kError:
      return spdlog::level::err;
    case LogLevel::kOff:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

// Hands finished lines to a function.
class FunctionSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  using Function = std::function<void(LogLevel, std::string_view)>;
  explicit FunctionSink(Function function) : function_(std::move(function)) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    function_(FromSpdlog(message.level),
              std::string_view(message.payload.data(), message.payload.size()));
  }
  void flush_() override {}

  Function function_;
};

spdlog::sink_ptr MakeStandardErrorSink(LogFormat format) {
  const char* no_color = std::getenv("NO_COLOR");
  bool plain =
      format == LogFormat::kJson || (no_color != nullptr && *no_color != '\0');
  // Automatic: colour only on a terminal.
  return std::make_shared<spdlog::sinks::ansicolor_stderr_sink_mt>(
      plain ? spdlog::color_mode::never : spdlog::color_mode::automatic);
}

bool IsBare(std::string_view text) {
  if (text.empty()) return false;
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte <= ' ' || byte == 0x7f || c == '"' || c == '=' || c == '\\') {
      return false;
    }
  }
  return true;
}

// A line break in a message must not look like a second message.
bool HasControlCharacter(std::string_view text) {
  for (char c : text) {
    auto byte = static_cast<unsigned char>(c);
    if (byte < ' ' || byte == 0x7f) return true;
  }
  return false;
}

void AppendTextField(std::string_view key, const Json& value,
                     std::string& line) {
  absl::StrAppend(&line, " ", std::string(key), "=");
  if (value.is_string()) {
    const auto& text = value.get_string();
    if (IsBare(std::string_view(text.data(), text.size()))) {
      line.append(text.data(), text.size());
      return;
    }
  }
  line += FormatJson(value);
}

}  // namespace

// Where lines go; the same for a logger and all its copies.
struct Logger::Output {
  std::unique_ptr<spdlog::logger> logger;
  LogLevel level;
  LogFormat format;
  std::unique_ptr<Clock> own_clock;
  const Clock* clock;

  std::string TextLine(LogLevel at, std::string_view message,
                       const JsonObject& bound, LogFields fields) const {
    std::string line = FormatTimestamp(clock->Now());
    line += ' ';
    line += kLevelLabels[static_cast<std::size_t>(at)];
    line += ' ';
    line += HasControlCharacter(message)
                ? FormatJson(Json(
                      boost::json::string_view(message.data(), message.size())))
                : std::string(message);
    for (const auto& [key, value] : bound) {
      AppendTextField(std::string_view(key.data(), key.size()), value, line);
    }
    for (const LogField& field : fields) {
      AppendTextField(field.key(), field.ToJson(), line);
    }
    return line;
  }

  std::string JsonLine(LogLevel at, std::string_view message,
                       const JsonObject& bound, LogFields fields) const {
    JsonObject line;
    line["time"] = FormatTimestamp(clock->Now());
    line["level"] = LogLevelName(at);
    line["message"] = message;
    for (const auto& [key, value] : bound) line.insert_or_assign(key, value);
    for (const LogField& field : fields) {
      line.insert_or_assign(field.key(), field.ToJson());
    }
    return FormatJson(Json(std::move(line)));
  }
};

absl::StatusOr<LogLevel> ParseLogLevel(std::string_view text) {
  for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
    if (kLevelNames[i] == text) return static_cast<LogLevel>(i);
  }
  return absl::InvalidArgumentError(
      absl::StrCat("there is no log level \"", std::string(text),
                   "\"; use trace, debug, info, warn, error or off"));
}

std::string_view LogLevelName(LogLevel level) {
  return kLevelNames[static_cast<std::size_t>(level)];
}

Json LogField::ToJson() const {
  struct Convert {
    Json operator()(std::string_view text) const {
      return Json(boost::json::string_view(text.data(), text.size()));
    }
    Json operator()(Duration duration) const {
      return Json(boost::json::string(FormatDuration(duration)));
    }
    Json operator()(const Json* json) const { return *json; }
    Json operator()(const absl::Status* status) const {
      return Json(boost::json::string(status->ToString()));
    }
    Json operator()(bool value) const { return Json(value); }
    Json operator()(std::int64_t value) const { return Json(value); }
    Json operator()(std::uint64_t value) const { return Json(value); }
    Json operator()(double value) const { return Json(value); }
  };
  return std::visit(Convert{}, value_);
}

bool Logger::Enabled(LogLevel level) const {
  return level >= output_->level && level != LogLevel::kOff;
}

Logger Logger::With(LogFields fields) const {
  Logger child = *this;
  for (const LogField& field : fields) {
    child.bound_.insert_or_assign(field.key(), field.ToJson());
  }
  return child;
}

void Logger::Log(LogLevel level, std::string_view message,
                 LogFields fields) const {
  if (!Enabled(level)) return;
  std::string line = output_->format == LogFormat::kJson
                         ? output_->JsonLine(level, message, bound_, fields)
                         : output_->TextLine(level, message, bound_, fields);
  output_->logger->log(ToSpdlog(level),
                       spdlog::string_view_t(line.data(), line.size()));
}

void Logger::Trace(std::string_view message, LogFields fields) const {
  Log(LogLevel::kTrace, message, fields);
}
void Logger::Debug(std::string_view message, LogFields fields) const {
  Log(LogLevel::kDebug, message, fields);
}
void Logger::Info(std::string_view message, LogFields fields) const {
  Log(LogLevel::kInfo, message, fields);
}
void Logger::Warn(std::string_view message, LogFields fields) const {
  Log(LogLevel::kWarn, message, fields);
}
void Logger::Error(std::string_view message, LogFields fields) const {
  Log(LogLevel::kError, message, fields);
}

Logger MakeLogger(LogOptions options) {
  auto output = std::make_shared<Logger::Output>();
  output->level = options.level;
  output->format = options.format;
  output->clock = options.clock;
  if (output->clock == nullptr) {
    output->own_clock = MakeSystemClock();
    output->clock = output->own_clock.get();
  }
  auto sink = options.sink
                  ? std::make_shared<FunctionSink>(std::move(options.sink))
                  : MakeStandardErrorSink(options.format);
  output->logger = std::make_unique<spdlog::logger>("windlass", sink);
  output->logger->set_level(ToSpdlog(options.level));
  output->logger->flush_on(spdlog::level::trace);
  // The line is complete; the pattern only says what is coloured.
  output->logger->set_pattern("%^%v%$");
  return Logger(std::move(output));
}

Logger MakeNullLogger() {
  return MakeLogger(
      {.level = LogLevel::kOff, .sink = [](LogLevel, std::string_view) {}});
}

}  // namespace windlass
