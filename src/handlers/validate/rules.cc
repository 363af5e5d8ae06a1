#include "handlers/validate/rules.h"

#include <algorithm>
#include <array>

#include "absl/strings/str_join.h"
#include "base/concat.h"
#include "handlers/duckdb/sql_text.h"
#include "handlers/failure.h"
#include "model/cel/regex.h"

namespace windlass {
namespace {

using Kind = TableCheck::Kind;

// In the order of the enum.
constexpr std::array<std::string_view, 14> kNames = {
    "type",       "not_null",  "minimum",        "maximum", "min_length",
    "max_length", "pattern",   "enum",           "unique",  "references",
    "expression", "row_count", "max_null_share", "max_age"};

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"name", ParamType::kText},
      {"column", ParamType::kText},
      {"columns", ParamType::kTextList},
      {"type",
       ParamType::kText,
       ParamRule::Presence::kOptional,
       {"integer", "number", "boolean", "date", "time", "timestamp", "uuid",
        "json"}},
      {"not_null", ParamType::kBoolean},
      {"minimum"},
      {"maximum"},
      {"min_length", ParamType::kInteger},
      {"max_length", ParamType::kInteger},
      {"pattern", ParamType::kText},
      {"enum", ParamType::kTextList},
      {"unique", ParamType::kBoolean},
      {"references", ParamType::kObject},
      {"expression", ParamType::kText},
      {"row_count", ParamType::kObject},
      {"max_null_share"},
      {"max_age", ParamType::kDuration},
  };
  return rules;
}

bool NeedsNoColumn(Kind kind) {
  return kind == Kind::kExpression || kind == Kind::kRowCount;
}

// The checks of a rule are its members of these names that are not `false`.
bool Says(const Json& rule, Kind kind) {
  const Json* value = FindParam(rule, NameOf(kind));
  return value != nullptr && !(value->is_bool() && !value->get_bool());
}

bool IsMoment(const Json& value) {
  static const auto pattern = cel::Regex::Compile(
      R"(^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d(:?\d\d)?)?)?$)");
  return value.is_string() &&
         (*pattern)->Matches(std::string_view(value.get_string()));
}

// One rule; problems get its path.
class RuleChecker {
 public:
  RuleChecker(std::string path, const Json& rule, ParamStage stage,
              ParamProblems& problems)
      : path_(std::move(path)),
        rule_(rule),
        stage_(stage),
        problems_(problems) {}

  void Check(const JsonObject& tables, const SqlSyntax& syntax) {
    if (!rule_.is_object()) return Add("", "expected a mapping");
    for (auto& [path, message] : CheckParams(rule_, Rules(), stage_)) {
      Add(path, std::move(message));
    }
    CheckColumns();
    CheckLimit("minimum");
    CheckLimit("maximum");
    CheckPattern();
    CheckShare();
    CheckRowCount();
    CheckReferences(tables);
    CheckExpression(syntax);
  }

 private:
  void Add(std::string_view path, std::string message) {
    problems_.emplace_back(path.empty() ? path_ : Concat(path_, ".", path),
                           std::move(message));
  }

  // The member, if it is there and says what it will say.
  const Json* Find(std::string_view name) const {
    const Json* value = FindParam(rule_, name);
    return value == nullptr || MayChange(*value, stage_) ? nullptr : value;
  }

  void CheckColumns() {
    bool any = false;
    bool of_columns = false;
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const Kind kind = static_cast<Kind>(i);
      if (!Says(rule_, kind)) continue;
      any = true;
      of_columns = of_columns || !NeedsNoColumn(kind);
    }
    const bool one = FindParam(rule_, "column") != nullptr;
    const bool several = FindParam(rule_, "columns") != nullptr;
    if (!any) {
      Add("", Concat("says nothing; expected one of ",
                     absl::StrJoin(kNames, ", ",
                                   [](std::string* out, std::string_view name) {
                                     out->append(name);
                                   })));
    } else if (of_columns && one == several) {
      Add("", "expected either column or columns");
    }
    const Json* columns = Find("columns");
    if (columns != nullptr && columns->is_array() &&
        columns->get_array().empty()) {
      Add("columns", "expected at least one column");
    }
  }

  void CheckLimit(std::string_view name) {
    const Json* limit = Find(name);
    if (limit == nullptr || limit->is_number() || IsMoment(*limit)) return;
    Add(name, "expected a number, a date or a timestamp such as 2024-02-29");
  }

  void CheckPattern() {
    const Json* pattern = Find("pattern");
    if (pattern == nullptr || !pattern->is_string()) return;
    auto compiled =
        cel::Regex::Compile(std::string_view(pattern->get_string()));
    if (!compiled.ok()) {
      Add("pattern", Concat("bad regular expression (RE2 syntax): ",
                            compiled.status().message()));
    }
  }

  void CheckShare() {
    const Json* share = Find("max_null_share");
    if (share == nullptr) return;
    const double value = share->is_number() ? share->to_number<double>() : -1;
    if (!(value >= 0 && value <= 1)) {
      Add("max_null_share", "expected a number from 0 to 1");
    }
  }

  void CheckRowCount() {
    static const std::vector<ParamRule> rules = {
        {"minimum", ParamType::kInteger}, {"maximum", ParamType::kInteger}};
    CheckMembers("row_count", rules);
    const Json* count = Find("row_count");
    if (count != nullptr && count->is_object() && count->get_object().empty()) {
      Add("row_count", "expected minimum, maximum or both");
    }
  }

  void CheckReferences(const JsonObject& tables) {
    static const std::vector<ParamRule> rules = {
        {"table", ParamType::kText, ParamRule::Presence::kRequired},
        {"column", ParamType::kText, ParamRule::Presence::kRequired}};
    CheckMembers("references", rules);
    const Json* references = Find("references");
    if (references == nullptr || !references->is_object()) return;
    if (FindParam(rule_, "columns") != nullptr) {
      Add("references", "expected column, not columns, beside it");
    }
    const Json* table = FindParam(*references, "table");
    if (table == nullptr || MayChange(*table, stage_) ||
        tables.contains(JsonToText(*table)) || JsonToText(*table) == "input") {
      return;
    }
    Add("references.table", Concat("\"", JsonToText(*table),
                                   "\" is neither among the task's tables nor "
                                   "the word input"));
  }

  void CheckMembers(std::string_view name,
                    const std::vector<ParamRule>& rules) {
    const Json* value = Find(name);
    if (value == nullptr || !value->is_object()) return;
    for (auto& [path, message] : CheckParams(*value, rules, stage_)) {
      Add(Concat(name, ".", path), std::move(message));
    }
  }

  void CheckExpression(const SqlSyntax& syntax) {
    const Json* expression = FindParam(rule_, "expression");
    if (expression == nullptr || !expression->is_string()) return;
    // Whoever wrote it: it is put into a condition.
    if (!duckdb::StandsAlone(expression->get_string())) {
      return Add("expression",
                 "expected one expression, without \";\" and with a \")\" for "
                 "every \"(\"");
    }
    if (stage_ != ParamStage::kAsWritten) return;
    if (MayChange(*expression, stage_)) {
      return Add("expression", "workflow expressions may not stand in SQL");
    }
    const absl::Status parsed = syntax.Check(
        Concat("SELECT (", JsonToText(*expression), "\n) FROM data"));
    if (!parsed.ok()) Add("expression", std::string(MessageOf(parsed)));
  }

  const std::string path_;
  const Json& rule_;
  const ParamStage stage_;
  ParamProblems& problems_;
};

std::vector<std::string> ColumnsOf(const Json& rule) {
  if (FindParam(rule, "column") != nullptr) {
    return {TextParam(rule, "column")};
  }
  return TextListParam(rule, "columns");
}

std::string CheckName(const Json& rule, const TableCheck& check) {
  const std::string name = TextParam(rule, "name");
  if (!name.empty()) return Concat(name, ": ", NameOf(check.kind));
  if (check.columns.empty()) return std::string(NameOf(check.kind));
  return Concat(absl::StrJoin(check.columns, ", "), " ", NameOf(check.kind));
}

// One check for all columns of a key, else one for each column.
void AddChecks(const Json& rule, Kind kind, std::vector<TableCheck>& checks) {
  std::vector<std::vector<std::string>> groups;
  if (NeedsNoColumn(kind)) {
    groups.emplace_back();
  } else if (kind == Kind::kUnique) {
    groups.push_back(ColumnsOf(rule));
  } else {
    for (std::string& column : ColumnsOf(rule)) {
      groups.push_back({std::move(column)});
    }
  }
  for (std::vector<std::string>& columns : groups) {
    TableCheck check{.kind = kind,
                     .name = "",
                     .columns = std::move(columns),
                     .value = *FindParam(rule, NameOf(kind))};
    check.name = CheckName(rule, check);
    checks.push_back(std::move(check));
  }
}

}  // namespace

std::string_view NameOf(TableCheck::Kind kind) {
  return kNames[static_cast<std::size_t>(kind)];
}

void CheckTableRules(const Json& rules, const JsonObject& tables,
                     const SqlSyntax& syntax, ParamStage stage,
                     ParamProblems& problems) {
  // Written out, for what comes from an expression could bring SQL along.
  if (!rules.is_array() || rules.get_array().empty()) {
    problems.emplace_back("rules",
                          "expected a list of rules; expressions may stand "
                          "for values in them");
    return;
  }
  for (std::size_t i = 0; i < rules.get_array().size(); ++i) {
    const Json& rule = rules.get_array()[i];
    RuleChecker(Concat("rules[", i, "]"), rule, stage, problems)
        .Check(tables, syntax);
  }
}

std::vector<TableCheck> TableChecksOf(const Json& rules) {
  std::vector<TableCheck> checks;
  for (const Json& rule : rules.get_array()) {
    for (std::size_t i = 0; i < kNames.size(); ++i) {
      const Kind kind = static_cast<Kind>(i);
      if (Says(rule, kind)) AddChecks(rule, kind, checks);
    }
  }
  return checks;
}

}  // namespace windlass
