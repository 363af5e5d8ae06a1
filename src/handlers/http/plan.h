// What the params of an `http` task ask for.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/http/http_transfers.h"
#include "handlers/http/pages.h"
#include "handlers/params.h"
#include "model/cel/regex.h"
#include "model/json_schema.h"
#include "windlass/handler.h"

namespace windlass {

class ResultIo;

// What is wrong with the params.
ParamProblems CheckHttpParams(const Json& params, ParamStage stage);

enum class HttpOutput : std::uint8_t { kAuto, kJson, kText, kBinary };

// What becomes of an answer with this head: never kAuto.
HttpOutput OutputFor(HttpOutput asked, const HttpHead& head);

// The statuses a pattern stands for: "2xx", 404.
struct StatusPattern {
  int from = 0;
  int to = 0;
  bool Holds(int status) const { return from <= status && status <= to; }
};

struct OAuthClient {
  std::string token_url;
  std::string client_id;
  std::string client_secret;
  std::string scope;
  std::string audience;
  bool in_body = false;  // The credentials, and not in a header.
};

// `poll` of the params: asks again until a condition holds.
struct PollPlan {
  cel::Expression until;
  std::optional<cel::Expression> fail;
  Duration interval;
  Duration timeout;
};

struct HttpPlan {
  TransferRequest request;
  HttpOutput output = HttpOutput::kAuto;
  // Another attempt may send it again although this one may have arrived.
  bool idempotent = true;
  int redirects = 10;
  // Of the body.
  std::int64_t maximum_text = std::int64_t{64} << 20;
  std::int64_t maximum_binary = std::int64_t{16} << 30;
  std::vector<StatusPattern> statuses;  // Empty: 2xx.
  std::optional<JsonSchema> schema;
  // Lower-case names, and what their values must be like.
  std::vector<std::pair<std::string, std::shared_ptr<const cel::Regex>>>
      headers;
  std::optional<OAuthClient> oauth;
  std::optional<PagePlan> pages;
  std::optional<PollPlan> poll;
  bool graphql = false;  // An answer may be an error whatever its status.
  // Which header and which parameter of the URL is a credential; lower case.
  std::string secret_header;
  std::string secret_parameter;
};

// Whether this status is one that was asked for.
bool IsExpected(const HttpPlan& plan, const HttpHead& head);

// `params` passed CheckHttpParams(). Reads files and results that the body is
// made of: may block.
absl::StatusOr<HttpPlan> MakeHttpPlan(TaskContext& task, ResultIo* results);

}  // namespace windlass
