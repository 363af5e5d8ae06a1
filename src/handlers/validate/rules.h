// What stands under `rules` of a task of type `validate`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "handlers/params.h"
#include "handlers/sql/syntax.h"
#include "windlass/json.h"

namespace windlass {

// One assertion about a table. A rule makes as many as it says things.
struct TableCheck {
  enum class Kind : std::uint8_t {
    // About each row.
    kType,
    kNotNull,
    kMinimum,
    kMaximum,
    kMinLength,
    kMaxLength,
    kPattern,
    kEnum,
    kUnique,
    kReferences,
    kExpression,
    // About the table.
    kRowCount,
    kMaxNullShare,
    kMaxAge,
  };

  Kind kind = Kind::kNotNull;
  // "price minimum", or what the rule calls itself, "sane price: minimum".
  std::string name;
  std::vector<std::string> columns;  // None for kExpression and kRowCount.
  Json value;                        // As the rule has it.

  bool IsAboutRows() const { return kind < Kind::kRowCount; }
};

// What is wrong with params.rules; `tables` is params.tables.
void CheckTableRules(const Json& rules, const JsonObject& tables,
                     const SqlSyntax& syntax, ParamStage stage,
                     ParamProblems& problems);

// Of rules that passed, in their order.
std::vector<TableCheck> TableChecksOf(const Json& rules);

// How params spell a kind: "max_null_share".
std::string_view NameOf(TableCheck::Kind kind);

}  // namespace windlass
