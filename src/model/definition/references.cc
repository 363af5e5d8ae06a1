#include "model/definition/references.h"

#include <cstdio>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/concat.h"
#include "model/template.h"

namespace windlass {
namespace {

constexpr std::string_view kOpen = "${{";

class Walker {
 public:
  Walker(Problems& problems, const std::function<void(const UsedName&)>& use)
      : problems_(problems), use_(use) {}

  void Walk(const TaskSpec& task, const Path& path) {
    WalkJson(task.params, path.Member("params"), Scope::kItem);
    if (task.when) WalkWhole(*task.when, path.Member("when"), Scope::kTask);
    if (task.map) WalkMap(*task.map, path.Member("map"));
    WalkKey(task.cache, path, "cache");
    if (task.idempotency_key) {
      WalkText(*task.idempotency_key, path.Member("idempotency_key"),
               Scope::kItem);
    }
    WalkKey(task.concurrency, path, "concurrency");
    WalkKey(task.rate_limit, path, "rate_limit");
    WalkKey(task.circuit_breaker, path, "circuit_breaker");
  }

 private:
  void WalkMap(const MapSpec& map, const Path& path) {
    Path items = path.Member("items");
    if (map.items.is_string()) {
      const auto& text = map.items.get_string();
      WalkWhole({text.data(), text.size()}, items, Scope::kItems);
    } else {
      WalkJson(map.items, items, Scope::kItems);
    }
    if (map.item_results) {
      WalkWhole(*map.item_results, path.Member("item_results"),
                Scope::kItemResults);
    }
  }

  template <typename Spec>
  void WalkKey(const Spec& spec, const Path& path, std::string_view name) {
    if (!spec) return;
    Path field = path.Member(name);
    WalkText(spec->key, field.Member("key"), Scope::kItem);
  }

  void WalkJson(const Json& value, const Path& path, Scope scope) {
    if (value.is_string()) {
      const auto& text = value.get_string();
      WalkText({text.data(), text.size()}, path, scope);
    } else if (value.is_array()) {
      const JsonArray& array = value.get_array();
      for (std::size_t i = 0; i < array.size(); ++i) {
        WalkJson(array[i], path.Element(i), scope);
      }
    } else if (value.is_object()) {
      for (const auto& member : value.get_object()) {
        WalkJson(member.value(), path.Member(member.key()), scope);
      }
    }
  }

  // A text with expressions in it.
  void WalkText(std::string_view text, const Path& path, Scope scope) {
    if (text.find(kOpen) == std::string_view::npos) return;
    auto parsed = Template::Parse(text);
    if (!parsed.ok()) return ReportSyntax(parsed.status(), text, path);
    for (const cel::Reference& reference : parsed->References()) {
      use_({reference, text, path, scope});
    }
  }

  // A text that is one expression, bare or in ${{ }}.
  void WalkWhole(std::string_view text, const Path& path, Scope scope) {
    cel::Cursor cursor;
    std::size_t start = text.find_first_not_of(" \t\r\n");
    bool wrapped = start != std::string_view::npos &&
                   text.substr(start, kOpen.size()) == kOpen;
    if (wrapped) cursor.Advance(text, start + kOpen.size());
    auto parsed = wrapped ? cel::Expression::ParseEmbedded(text, cursor)
                          : cel::Expression::Parse(text);
    if (!parsed.ok()) return ReportSyntax(parsed.status(), text, path);
    if (wrapped && !EndsHere(text.substr(cursor.offset))) {
      return ReportNotWhole(text, cursor.position, path);
    }
    for (const cel::Reference& reference : parsed->References()) {
      use_({reference, text, path, scope});
    }
  }

  static bool EndsHere(std::string_view rest) {
    return absl::StripAsciiWhitespace(
               absl::string_view(rest.data(), rest.size())) == "}}";
  }

  void ReportNotWhole(std::string_view text, cel::Position position,
                      const Path& path) {
    problems_.AddAt(
        problems_.OffsetInText(path, text, position.line, position.column),
        path.ToString(), "expected one expression and nothing else",
        "put all of it between one ${{ and one }}");
  }

  // "line 1, column 5: what is wrong": the place becomes one in the file.
  void ReportSyntax(const absl::Status& status, std::string_view text,
                    const Path& path) {
    std::string message(status.message());
    int line = 1;
    int column = 1;
    int length = 0;
    if (std::sscanf(message.c_str(), "line %d, column %d: %n", &line, &column,
                    &length) == 2 &&
        length > 0) {
      message.erase(0, static_cast<std::size_t>(length));
    }
    problems_.AddAt(problems_.OffsetInText(path, text, line, column),
                    path.ToString(), Concat("bad expression: ", message));
  }

  Problems& problems_;
  const std::function<void(const UsedName&)>& use_;
};

}  // namespace

void ForEachUsedName(const TaskSpec& task, const Path& path, Problems& problems,
                     const std::function<void(const UsedName&)>& use) {
  Walker(problems, use).Walk(task, path);
}

}  // namespace windlass
