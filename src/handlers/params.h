// Checking the params of a task type against a table of rules, and reading
// them afterwards.
//
// The same check runs twice: on params as a workflow file has them, where a
// string that holds "${{" may become anything, and on the evaluated ones just
// before an attempt.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "windlass/handler.h"
#include "windlass/json.h"
#include "windlass/time.h"

namespace windlass {

// A path below params ("" is the whole) and what is wrong there.
using ParamProblems = std::vector<std::pair<std::string, std::string>>;

enum class ParamType : std::uint8_t {
  kAny,
  kText,     // A string.
  kInteger,  // Not negative.
  kBoolean,
  kByteSize,  // A number of bytes, or "64MiB".
  kDuration,  // "250ms"; not zero.
  kTextList,  // Of anything but null; what is no string becomes JSON text.
  kTextMap,   // From names to anything but null, likewise.
  kIntegerList,
  kObject,
};

struct ParamRule {
  enum class Presence : std::uint8_t { kOptional, kRequired };

  std::string_view name;
  ParamType type = ParamType::kAny;
  Presence presence = Presence::kOptional;
  // Of a kText: the words it may be. Empty: any.
  std::vector<std::string_view> choices = {};
};

enum class ParamStage : std::uint8_t { kAsWritten, kEvaluated };

// Everything that is wrong: unknown names (with what may have been meant),
// missing and ill-typed ones.
ParamProblems CheckParams(const Json& params, std::span<const ParamRule> rules,
                          ParamStage stage);

// Whether the value is a text that may become something else when it is
// evaluated.
bool MayChange(const Json& value, ParamStage stage);

// One failure of type InvalidParams that names every problem. Not retried.
Outcome InvalidParams(const ParamProblems& problems);

// Readers for params that passed CheckParams() as evaluated. A param that is
// null counts as absent.
const Json* FindParam(const Json& params, std::string_view name);
std::string TextParam(const Json& params, std::string_view name,
                      std::string_view fallback = "");
std::int64_t IntegerParam(const Json& params, std::string_view name,
                          std::int64_t fallback);
bool FlagParam(const Json& params, std::string_view name);  // Default false.
std::int64_t ByteSizeParam(const Json& params, std::string_view name,
                           std::int64_t fallback);
Duration DurationParam(const Json& params, std::string_view name,
                       Duration fallback);
std::vector<std::string> TextListParam(const Json& params,
                                       std::string_view name);
std::vector<std::pair<std::string, std::string>> TextMapParam(
    const Json& params, std::string_view name);

}  // namespace windlass
