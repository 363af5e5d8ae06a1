#include "handlers/http/pages.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <limits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/concat.h"
#include "base/http/http_url.h"
#include "handlers/http/reading.h"
#include "windlass/result_store.h"

namespace windlass {
namespace {

constexpr std::size_t kInMemory = std::size_t{1} << 20;
// How far it is.
constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr std::string_view kJsonLines = "application/x-ndjson";

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"by",
       ParamType::kText,
       ParamRule::Presence::kRequired,
       {"link", "cursor", "offset", "page"}},
      {"items", ParamType::kText},
      {"next", ParamType::kText},
      {"param", ParamType::kText},
      {"start", ParamType::kInteger},
      {"size_param", ParamType::kText},
      {"size", ParamType::kInteger},
      {"max_pages", ParamType::kInteger},
      {"max_rows", ParamType::kInteger},
  };
  return rules;
}

void CheckExpression(const Json& paginate, std::string_view name,
                     ParamStage stage, ParamProblems& problems) {
  const Json* text = FindParam(paginate, name);
  if (text == nullptr || !text->is_string() || MayChange(*text, stage)) return;
  auto parsed = cel::Expression::Parse(JsonToText(*text));
  if (!parsed.ok()) {
    problems.emplace_back(Concat("paginate.", name),
                          std::string(parsed.status().message()));
  }
}

}  // namespace

void CheckPaginate(const Json& paginate, ParamStage stage,
                   ParamProblems& problems) {
  for (auto& [field, message] : CheckParams(paginate, Rules(), stage)) {
    problems.emplace_back(Concat("paginate", field.empty() ? "" : ".", field),
                          std::move(message));
  }
  if (!paginate.is_object()) return;
  CheckExpression(paginate, "items", stage, problems);
  CheckExpression(paginate, "next", stage, problems);
  const std::string by = TextParam(paginate, "by");
  if (by == "cursor" && FindParam(paginate, "next") == nullptr) {
    problems.emplace_back("paginate.next",
                          "expected where the cursor of the next page is, as "
                          "body.next_cursor");
  }
  if (by == "offset" && IntegerParam(paginate, "size", 0) == 0) {
    problems.emplace_back("paginate.size", "expected the rows of a page");
  }
}

absl::StatusOr<PagePlan> MakePagePlan(const Json& paginate) {
  auto items = cel::Expression::Parse(TextParam(paginate, "items", "body"));
  if (!items.ok()) return items.status();
  PagePlan plan{.items = *std::move(items)};
  const std::string by = TextParam(paginate, "by");
  if (by == "cursor") plan.kind = PagePlan::Kind::kCursor;
  if (by == "offset") plan.kind = PagePlan::Kind::kOffset;
  if (by == "page") plan.kind = PagePlan::Kind::kPage;
  if (FindParam(paginate, "next") != nullptr) {
    auto next = cel::Expression::Parse(TextParam(paginate, "next"));
    if (!next.ok()) return next.status();
    plan.next = *std::move(next);
  }
  const bool by_page = plan.kind == PagePlan::Kind::kPage;
  const bool counts = by_page || plan.kind == PagePlan::Kind::kOffset;
  plan.param = TextParam(paginate, "param", counts ? by : "");
  plan.start = IntegerParam(paginate, "start", by_page ? 1 : 0);
  plan.size = IntegerParam(paginate, "size", 0);
  plan.size_param =
      TextParam(paginate, "size_param", plan.size > 0 && counts ? "limit" : "");
  plan.maximum_pages = IntegerParam(paginate, "max_pages", plan.maximum_pages);
  plan.maximum_rows = IntegerParam(paginate, "max_rows", 0);
  return plan;
}

std::string NextLink(std::string_view header) {
  // <https://host/?page=2>; rel="next", <...>; rel="last"
  for (std::size_t at = header.find('<'); at != std::string_view::npos;
       at = header.find('<', at + 1)) {
    const std::size_t close = header.find('>', at);
    if (close == std::string_view::npos) return "";
    const std::size_t end = std::min(header.find(",", close), header.size());
    std::string params =
        absl::AsciiStrToLower(std::string(header.substr(close, end - close)));
    params.erase(std::remove(params.begin(), params.end(), ' '), params.end());
    const std::size_t rel = params.find(";rel=");
    if (rel == std::string::npos) continue;
    // Several relations may stand in quotes.
    std::string names =
        params.substr(rel + 5, params.find(';', rel + 5) - rel - 5);
    std::erase(names, '"');
    if (names == "next") {
      return std::string(header.substr(at + 1, close - at - 1));
    }
  }
  return "";
}

std::string PageReader::UrlAt(std::int64_t position) const {
  std::vector<std::pair<std::string, std::string>> query = {
      {plan_.param, Concat(position)}};
  if (!plan_.size_param.empty()) {
    query.emplace_back(plan_.size_param, Concat(plan_.size));
  }
  return WithQuery(url_, query);
}

std::string PageReader::FirstUrl() const {
  const bool counts = plan_.kind == PagePlan::Kind::kPage ||
                      plan_.kind == PagePlan::Kind::kOffset;
  return counts ? UrlAt(plan_.start) : url_;
}

absl::StatusOr<std::optional<std::string>> PageReader::Take(
    const std::string& asked, const HttpHead& head, const std::string& body) {
  const Json answer = ReadAnswer(head, body);
  auto items = ReadValue(plan_.items, answer, "paginate.items");
  if (!items.ok()) return items.status();
  if (items->is_null()) *items = JsonArray();
  if (!items->is_array()) {
    return absl::InvalidArgumentError(
        Concat("paginate.items: expected a list, got ",
               FormatJson(*items).substr(0, 200)));
  }
  ++pages_;
  JsonArray& rows = items->as_array();
  const std::size_t found = rows.size();
  bool enough = false;
  if (plan_.maximum_rows > 0 &&
      count_ + static_cast<std::int64_t>(found) >= plan_.maximum_rows) {
    rows.resize(static_cast<std::size_t>(plan_.maximum_rows - count_));
    enough = true;
  }
  if (auto added = Add(rows); !added.ok()) return added;
  task_.Progress(kUnknown, Concat(count_, " rows of ", pages_, " pages"));
  if (enough) return std::nullopt;
  auto next = Next(asked, head, answer, found);
  if (!next.ok() || !next->has_value()) return next;
  if (pages_ >= plan_.maximum_pages) {
    return absl::OutOfRangeError(
        Concat("there are more than ", pages_, " pages (paginate.max_pages)"));
  }
  if (**next == asked) {
    return absl::DataLossError(
        "paginate: the next page is the one that was just read");
  }
  return next;
}

absl::StatusOr<std::optional<std::string>> PageReader::Next(
    const std::string& asked, const HttpHead& head, const Json& answer,
    std::size_t rows) {
  switch (plan_.kind) {
    case PagePlan::Kind::kLink: {
      const std::string link = NextLink(head.Header("link"));
      if (link.empty()) return std::nullopt;
      auto url = ResolveUrl(asked, link);
      if (!url.ok()) return url.status();
      return *std::move(url);
    }
    case PagePlan::Kind::kCursor: {
      auto cursor = ReadValue(*plan_.next, answer, "paginate.next");
      if (!cursor.ok()) return cursor.status();
      const std::string text = cursor->is_null() ? "" : JsonToText(*cursor);
      if (text.empty() || (cursor->is_bool() && !cursor->as_bool())) {
        return std::nullopt;
      }
      if (!plan_.param.empty()) return WithQuery(url_, {{plan_.param, text}});
      auto url = ResolveUrl(asked, text);
      if (!url.ok()) return url.status();
      return *std::move(url);
    }
    case PagePlan::Kind::kOffset:
      if (static_cast<std::int64_t>(rows) < plan_.size) return std::nullopt;
      return UrlAt(plan_.start + pages_ * plan_.size);
    case PagePlan::Kind::kPage:
      if (rows == 0 || static_cast<std::int64_t>(rows) < plan_.size) {
        return std::nullopt;
      }
      return UrlAt(plan_.start + pages_);
  }
  return std::nullopt;
}

absl::Status PageReader::Add(const JsonArray& rows) {
  std::string lines;
  for (const Json& row : rows) {
    ++count_;
    std::string line = FormatJson(row) + "\n";
    bytes_ += line.size();
    if (!file_) rows_.push_back(row);
    if (file_ || bytes_ > kInMemory) lines += line;
    if (file_ || bytes_ <= kInMemory) continue;
    auto folder = task_.ScratchDir();
    if (!folder.ok()) return folder.status();
    path_ = Concat(*folder, "/pages.jsonl");
    file_ =
        UniqueFd(open(path_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
                      S_IRUSR | S_IWUSR));
    if (!file_) return ErrnoStatus(errno, Concat("create ", path_));
    lines.clear();
    for (const Json& kept : rows_) lines += FormatJson(kept) + "\n";
    rows_.clear();
  }
  return lines.empty() ? absl::OkStatus() : WriteAll(file_.get(), lines, path_);
}

absl::StatusOr<Outcome> PageReader::Finish() {
  Outcome outcome;
  if (!file_) {
    outcome = Outcome::Success(Json(JsonObject{
        {"rows", std::move(rows_)}, {"row_count", count_}, {"pages", pages_}}));
  } else {
    file_.Reset();
    outcome = Outcome::Success(
        FileContent{.path = path_, .media_type = std::string(kJsonLines)});
  }
  outcome.metadata["rows"] = count_;
  outcome.metadata["pages"] = pages_;
  return outcome;
}

}  // namespace windlass
