#include "store/postgres/catalog.h"

#include <algorithm>
#include <cctype>
#include <utility>

#include "absl/strings/str_cat.h"
#include "postgres_queries.h"

namespace windlass::postgres {
namespace {

std::size_t Place(sql::Query query) { return static_cast<std::size_t>(query); }

bool IsWord(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_';
}

std::string_view WithoutComments(std::string_view sql) {
  while (sql.starts_with("--")) sql.remove_prefix(sql.find('\n') + 1);
  return sql;
}

struct Statement {
  std::string text;
  std::string_view target;
};

// "?3" is "$3" here. No statement of ours has a question mark otherwise.
Statement Translate(std::string_view sql) {
  Statement statement;
  statement.text = std::string(WithoutComments(sql));
  std::replace(statement.text.begin(), statement.text.end(), '?', '$');
  return statement;
}

std::string_view FindTarget(std::string_view text) {
  for (const std::string_view verb :
       {"INSERT INTO ", "DELETE FROM ", "UPDATE "}) {
    const std::size_t at = text.find(verb);
    if (at == std::string_view::npos) continue;
    const std::string_view rest = text.substr(at + verb.size());
    return rest.substr(
        0,
        static_cast<std::size_t>(
            std::find_if_not(rest.begin(), rest.end(), IsWord) - rest.begin()));
  }
  return {};
}

const std::array<Statement, sql::kQueryCount>& Statements() {
  static const auto* const statements = [] {
    auto* all = new std::array<Statement, sql::kQueryCount>();
    for (std::size_t i = 0; i < all->size(); ++i) {
      (*all)[i] = Translate(kQueries[i]);
      (*all)[i].target = FindTarget((*all)[i].text);
    }
    return all;
  }();
  return *statements;
}

}  // namespace

std::string_view TextOf(sql::Query query) {
  return Statements()[Place(query)].text;
}

std::string NameOf(sql::Query query) { return absl::StrCat("q", Place(query)); }

std::string_view TargetOf(sql::Query query) {
  return Statements()[Place(query)].target;
}

std::string_view FirstLineOf(sql::Query query) {
  const std::string_view text = TextOf(query);
  return text.substr(0, text.find('\n'));
}

bool Mentions(sql::Query query, std::string_view table) {
  const std::string_view text = TextOf(query);
  std::size_t at = text.find(table);
  while (at != std::string_view::npos) {
    const std::size_t end = at + table.size();
    if ((at == 0 || !IsWord(text[at - 1])) &&
        (end == text.size() || !IsWord(text[end]))) {
      return true;
    }
    at = text.find(table, end);
  }
  return false;
}

std::shared_ptr<const StatementInfo> Catalog::Find(sql::Query query) const {
  MutexLock lock(mutex_);
  return known_[Place(query)];
}

std::shared_ptr<const StatementInfo> Catalog::Add(sql::Query query,
                                                  std::vector<TypeId> types) {
  auto info = std::make_shared<StatementInfo>();
  info->takes_rows = !types.empty() &&
                     std::all_of(types.begin(), types.end(),
                                 [](TypeId id) { return ElementOf(id) != 0; });
  const std::string_view text = TextOf(query);
  info->only_adds = text.starts_with("INSERT INTO ") &&
                    text.find("ON CONFLICT") == std::string_view::npos &&
                    text.find("RETURNING") == std::string_view::npos;
  info->types = std::move(types);
  MutexLock lock(mutex_);
  known_[Place(query)] = info;
  return info;
}

}  // namespace windlass::postgres
