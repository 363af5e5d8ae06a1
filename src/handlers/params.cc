#include "handlers/params.h"

#include <algorithm>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "model/definition/byte_size.h"
#include "model/definition/suggest.h"

namespace windlass {
namespace {

std::string_view View(const boost::json::string& text) {
  return {text.data(), text.size()};
}

// One item of a kTextList or kTextMap. Windlass passes numbers, lists and
// objects as their JSON text; null is more often a mistake than a word.
std::string ItemProblem(const Json& item) {
  if (item.is_null()) {
    return "is null; use default(x, \"\") where a value may be missing";
  }
  if (item.is_string() &&
      View(item.get_string()).find('\0') != std::string_view::npos) {
    return "holds a NUL byte, which no program can be given";
  }
  return "";
}

class Checker {
 public:
  Checker(ParamProblems& problems, ParamStage stage)
      : problems_(problems), stage_(stage) {}

  void Check(const ParamRule& rule, const Json& value) {
    if (MayChange(value, stage_)) return;
    const std::string name(rule.name);
    switch (rule.type) {
      case ParamType::kAny:
        return;
      case ParamType::kText:
        return CheckText(rule, value);
      case ParamType::kInteger:
        return Expect(name, IsCount(value), "a number, 0 or more");
      case ParamType::kBoolean:
        return Expect(name, value.is_bool(), "true or false");
      case ParamType::kByteSize:
        return Expect(name, IsCount(value) || IsByteSize(value),
                      "a size such as 64MiB");
      case ParamType::kDuration:
        return Expect(name, IsDuration(value),
                      "a duration above zero such as 500ms or 2m");
      case ParamType::kTextList:
        return CheckTextList(name, value);
      case ParamType::kTextMap:
        return CheckTextMap(name, value);
      case ParamType::kIntegerList:
        return CheckIntegerList(name, value);
      case ParamType::kObject:
        return Expect(name, value.is_object(), "a mapping");
    }
  }

  void Add(std::string path, std::string message) {
    problems_.emplace_back(std::move(path), std::move(message));
  }

 private:
  static bool IsCount(const Json& value) {
    return value.is_int64() && value.get_int64() >= 0;
  }
  static bool IsByteSize(const Json& value) {
    return value.is_string() && ParseByteSize(View(value.get_string())).ok();
  }
  static bool IsDuration(const Json& value) {
    if (!value.is_string()) return false;
    auto duration = ParseDuration(View(value.get_string()));
    return duration.ok() && *duration > Duration::zero();
  }

  void Expect(const std::string& path, bool holds, std::string_view what) {
    if (!holds) Add(path, Concat("expected ", what));
  }

  void CheckText(const ParamRule& rule, const Json& value) {
    const std::string name(rule.name);
    if (!value.is_string()) return Add(name, "expected a text");
    std::string_view text = View(value.get_string());
    if (rule.choices.empty() ||
        std::find(rule.choices.begin(), rule.choices.end(), text) !=
            rule.choices.end()) {
      return;
    }
    std::vector<std::string> words(rule.choices.begin(), rule.choices.end());
    std::string nearest = Nearest(text, words);
    Add(name, Concat("\"", text, "\" is none of ", absl::StrJoin(words, ", "),
                     nearest.empty() ? "" : "; did you mean ", nearest,
                     nearest.empty() ? "" : "?"));
  }

  void CheckTextList(const std::string& name, const Json& value) {
    if (!value.is_array()) return Add(name, "expected a list");
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      std::string problem = ItemProblem(value.get_array()[i]);
      if (!problem.empty()) Add(Concat(name, "[", i, "]"), problem);
    }
  }

  void CheckTextMap(const std::string& name, const Json& value) {
    if (!value.is_object()) return Add(name, "expected a mapping");
    for (const auto& item : value.get_object()) {
      std::string problem = ItemProblem(item.value());
      std::string_view key(item.key().data(), item.key().size());
      if (!problem.empty()) Add(Concat(name, ".", key), problem);
    }
  }

  void CheckIntegerList(const std::string& name, const Json& value) {
    if (!value.is_array()) return Add(name, "expected a list of numbers");
    for (std::size_t i = 0; i < value.get_array().size(); ++i) {
      const Json& item = value.get_array()[i];
      Expect(Concat(name, "[", i, "]"),
             IsCount(item) || MayChange(item, stage_), "a number, 0 or more");
    }
  }

  ParamProblems& problems_;
  const ParamStage stage_;
};

std::string UnknownName(std::string_view name,
                        std::span<const ParamRule> rules) {
  std::vector<std::string> known;
  for (const ParamRule& rule : rules) known.emplace_back(rule.name);
  std::string nearest = Nearest(name, known);
  if (!nearest.empty()) {
    return Concat("unknown name; did you mean ", nearest, "?");
  }
  return Concat("unknown name; there are ", absl::StrJoin(known, ", "));
}

}  // namespace

bool MayChange(const Json& value, ParamStage stage) {
  return stage == ParamStage::kAsWritten && value.is_string() &&
         View(value.get_string()).find("${{") != std::string_view::npos;
}

ParamProblems CheckParams(const Json& params, std::span<const ParamRule> rules,
                          ParamStage stage) {
  ParamProblems problems;
  Checker checker(problems, stage);
  if (!params.is_object()) {
    checker.Add("", "expected a mapping");
    return problems;
  }
  for (const auto& item : params.get_object()) {
    std::string_view name(item.key().data(), item.key().size());
    auto rule = std::find_if(rules.begin(), rules.end(),
                             [&](const auto& r) { return r.name == name; });
    if (rule == rules.end()) {
      checker.Add(std::string(name), UnknownName(name, rules));
    } else if (!item.value().is_null()) {
      checker.Check(*rule, item.value());
    }
  }
  for (const ParamRule& rule : rules) {
    if (rule.presence == ParamRule::Presence::kRequired &&
        FindParam(params, rule.name) == nullptr) {
      checker.Add(std::string(rule.name), "is missing");
    }
  }
  return problems;
}

Outcome InvalidParams(const ParamProblems& problems) {
  std::vector<std::string> lines;
  for (const auto& [path, message] : problems) {
    lines.push_back(
        Concat(path.empty() ? "params" : "params.", path, ": ", message));
  }
  TaskError error;
  error.type = error_type::kInvalidParams;
  error.message = absl::StrJoin(lines, "; ");
  error.category = ErrorCategory::kValidation;
  error.retryable = false;
  return Outcome::Failure(std::move(error));
}

const Json* FindParam(const Json& params, std::string_view name) {
  if (!params.is_object()) return nullptr;
  const Json* found =
      params.get_object().if_contains({name.data(), name.size()});
  return found == nullptr || found->is_null() ? nullptr : found;
}

std::string TextParam(const Json& params, std::string_view name,
                      std::string_view fallback) {
  const Json* value = FindParam(params, name);
  return value == nullptr ? std::string(fallback) : JsonToText(*value);
}

std::int64_t IntegerParam(const Json& params, std::string_view name,
                          std::int64_t fallback) {
  const Json* value = FindParam(params, name);
  return value == nullptr ? fallback : value->get_int64();
}

bool FlagParam(const Json& params, std::string_view name) {
  const Json* value = FindParam(params, name);
  return value != nullptr && value->get_bool();
}

std::int64_t ByteSizeParam(const Json& params, std::string_view name,
                           std::int64_t fallback) {
  const Json* value = FindParam(params, name);
  if (value == nullptr) return fallback;
  if (value->is_int64()) return value->get_int64();
  return ParseByteSize(View(value->get_string())).value_or(fallback);
}

Duration DurationParam(const Json& params, std::string_view name,
                       Duration fallback) {
  const Json* value = FindParam(params, name);
  if (value == nullptr) return fallback;
  return ParseDuration(View(value->get_string())).value_or(fallback);
}

std::vector<std::string> TextListParam(const Json& params,
                                       std::string_view name) {
  std::vector<std::string> texts;
  const Json* value = FindParam(params, name);
  if (value == nullptr) return texts;
  for (const Json& item : value->get_array()) texts.push_back(JsonToText(item));
  return texts;
}

std::vector<std::pair<std::string, std::string>> TextMapParam(
    const Json& params, std::string_view name) {
  std::vector<std::pair<std::string, std::string>> texts;
  const Json* value = FindParam(params, name);
  if (value == nullptr) return texts;
  for (const auto& item : value->get_object()) {
    texts.emplace_back(std::string(item.key()), JsonToText(item.value()));
  }
  return texts;
}

}  // namespace windlass
