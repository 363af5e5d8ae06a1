// Reading a list that a service gives in pages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/file.h"
#include "base/http/http_transfers.h"
#include "handlers/params.h"
#include "model/cel/expression.h"
#include "windlass/handler.h"

namespace windlass {

// `paginate` of the params.
struct PagePlan {
  enum class Kind : std::uint8_t { kLink, kCursor, kOffset, kPage };
  Kind kind = Kind::kLink;
  cel::Expression items;  // The rows of an answer.
  std::optional<cel::Expression> next =
      {};                       // kCursor: what asks for the next page.
  std::string param = {};       // Of the URL; kCursor without: a URL.
  std::int64_t start = 0;       // kPage, kOffset: of the first page.
  std::string size_param = {};  // kOffset, kPage.
  std::int64_t size = 0;
  std::int64_t maximum_pages = 1000;
  std::int64_t maximum_rows = 0;  // 0: no limit.
};

void CheckPaginate(const Json& paginate, ParamStage stage,
                   ParamProblems& problems);
absl::StatusOr<PagePlan> MakePagePlan(const Json& paginate);

// Collects rows: few in memory, many in a file of the attempt. Not thread-safe.
class PageReader {
 public:
  // `url` is that of the request without what `paginate` adds. Borrows both.
  PageReader(const PagePlan& plan, TaskContext& task, std::string url)
      : plan_(plan), task_(task), url_(std::move(url)) {}

  std::string FirstUrl() const;
  // Takes the rows of an answer to `asked`. The URL of the next page; nothing
  // after the last.
  absl::StatusOr<std::optional<std::string>> Take(const std::string& asked,
                                                  const HttpHead& head,
                                                  const std::string& body);
  // {"rows", "row_count", "pages"}, or a table of JSON lines.
  absl::StatusOr<Outcome> Finish();

 private:
  absl::Status Add(const JsonArray& rows);
  std::string UrlAt(std::int64_t position) const;
  absl::StatusOr<std::optional<std::string>> Next(const std::string& asked,
                                                  const HttpHead& head,
                                                  const Json& answer,
                                                  std::size_t rows);

  const PagePlan& plan_;
  TaskContext& task_;
  const std::string url_;
  std::int64_t pages_ = 0;
  std::int64_t count_ = 0;
  JsonArray rows_;
  std::size_t bytes_ = 0;
  std::string path_;
  UniqueFd file_;
};

// The target of the link of relation "next" (RFC 8288), or "".
std::string NextLink(std::string_view header);

}  // namespace windlass
