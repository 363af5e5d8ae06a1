#include "handlers/http/plan.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/base64.h"
#include "base/concat.h"
#include "base/file.h"
#include "base/http/http_text.h"
#include "base/http/http_url.h"
#include "base/sha256.h"
#include "handlers/content.h"
#include "handlers/http/http_words.h"
#include "results/result_io.h"
#include "results/result_place.h"

namespace windlass {
namespace {

constexpr std::size_t kMaximumPem = std::size_t{1} << 20;

using Pair = std::pair<std::string, std::string>;

// Fills in a plan, part by part.
class Planner {
 public:
  Planner(TaskContext& task, ResultIo* results)
      : task_(task), params_(task.params()), results_(results) {}

  absl::StatusOr<HttpPlan> Make() {
    for (auto part :
         {&Planner::AddLine, &Planner::AddHeaders, &Planner::AddBody,
          &Planner::AddAuth, &Planner::AddTls, &Planner::AddLimits,
          &Planner::AddExpect, &Planner::AddRepeats}) {
      absl::Status added = (this->*part)();
      if (!added.ok()) return added;
    }
    request().url = WithQuery(std::move(request().url), query_);
    return std::move(plan_);
  }

 private:
  TransferRequest& request() { return plan_.request; }

  absl::Status AddLine() {
    request().url = TextParam(params_, "url");
    plan_.graphql = FindParam(params_, "graphql") != nullptr;
    request().method = absl::AsciiStrToUpper(
        TextParam(params_, "method", plan_.graphql ? "POST" : "GET"));
    query_ = TextMapParam(params_, "query");
    request().proxy = TextParam(params_, "proxy");
    const std::string& method = request().method;
    const bool safe = method == "GET" || method == "HEAD" ||
                      method == "OPTIONS" || method == "PUT" ||
                      method == "DELETE" || method == "TRACE";
    const Json* told = FindParam(params_, "idempotent");
    plan_.idempotent = told != nullptr ? told->as_bool() : safe || IsQuery();
    return absl::OkStatus();
  }

  // Of GraphQL: what changes something begins with "mutation".
  bool IsQuery() const {
    if (!plan_.graphql) return false;
    std::string query = TextParam(*FindParam(params_, "graphql"), "query");
    absl::StripLeadingAsciiWhitespace(&query);
    return query.starts_with("{") || query.starts_with("query");
  }

  void AddHeader(std::string_view name, std::string_view value) {
    request().headers.push_back(Concat(name, ": ", value));
  }

  bool HasHeader(std::string_view name) const {
    const auto& headers = plan_.request.headers;
    return std::any_of(
        headers.begin(), headers.end(), [name](const std::string& header) {
          return absl::EqualsIgnoreCase(
              absl::string_view(header).substr(0, header.find(':')),
              absl::string_view(name.data(), name.size()));
        });
  }

  absl::Status AddHeaders() {
    for (const auto& [name, value] : TextMapParam(params_, "headers")) {
      AddHeader(name, value);
    }
    if (!HasHeader("user-agent")) AddHeader("User-Agent", "windlass");
    if (FindParam(params_, "idempotency_key") != nullptr) {
      AddHeader(TextParam(params_, "idempotency_key"),
                PercentEncode(task_.idempotency_key(), "/[]"));
      plan_.idempotent = true;
    }
    request().repeatable = plan_.idempotent;
    return absl::OkStatus();
  }

  void SetText(std::string text, std::string_view media_type) {
    request().has_body = true;
    request().body = std::move(text);
    if (!HasHeader("content-type")) AddHeader("Content-Type", media_type);
  }

  absl::Status AddBody() {
    if (const Json* json = params_.as_object().if_contains("json")) {
      SetText(FormatJson(*json), "application/json");
    } else if (plan_.graphql) {
      const Json& graphql = *FindParam(params_, "graphql");
      JsonObject body = {{"query", TextParam(graphql, "query")}};
      if (const Json* values = FindParam(graphql, "variables")) {
        body["variables"] = *values;
      }
      if (FindParam(graphql, "operation") != nullptr) {
        body["operationName"] = TextParam(graphql, "operation");
      }
      SetText(FormatJson(body), "application/json");
    } else if (FindParam(params_, "form") != nullptr) {
      SetText(WithQuery("", TextMapParam(params_, "form")).substr(1),
              "application/x-www-form-urlencoded");
    } else if (const Json* parts = FindParam(params_, "multipart")) {
      return AddParts(*parts);
    } else if (const Json* body = FindParam(params_, "body")) {
      return AddRawBody(*body);
    } else {
      const std::string& method = request().method;
      request().has_body =
          method == "POST" || method == "PUT" || method == "PATCH";
    }
    return absl::OkStatus();
  }

  absl::Status AddRawBody(const Json& body) {
    if (!body.is_object() || !IsEnvelope(body.as_object())) {
      const bool text = body.is_string();
      SetText(JsonToText(body),
              text ? "text/plain; charset=utf-8" : "application/json");
      return absl::OkStatus();
    }
    auto envelope = ResultEnvelopeFromJson(body);
    if (!envelope.ok()) return envelope.status();
    auto path = CopyResult(*envelope);
    if (!path.ok()) return path.status();
    request().has_body = true;
    request().body_file = *std::move(path);
    if (!HasHeader("content-type")) {
      AddHeader("Content-Type", SafeMediaType(envelope->media_type));
    }
    return absl::OkStatus();
  }

  // To a file of the attempt, for the length must be known before.
  absl::StatusOr<std::string> CopyResult(const ResultEnvelope& envelope) {
    if (results_ == nullptr) {
      return absl::UnavailableError(
          "this executor has no result store to read");
    }
    absl::Status allowed = CheckPlace(*task_.lease().run, envelope.uri);
    if (!allowed.ok()) return allowed;
    auto content = results_->Open(envelope);
    if (!content.ok()) return content.status();
    auto folder = task_.ScratchDir();
    if (!folder.ok()) return folder.status();
    std::string path = Concat(*folder, "/request-", ++files_);
    absl::Status copied = CopyToNewFile(**content, task_.stop_token(), path);
    if (!copied.ok()) return copied;
    return path;
  }

  absl::Status AddParts(const Json& parts) {
    for (const Json& item : parts.as_array()) {
      TransferRequest::Part part;
      part.name = TextParam(item, "name");
      part.filename = TextParam(item, "filename");
      part.media_type = TextParam(item, "media_type");
      const Json* value = FindParam(item, "value");
      if (value != nullptr && value->is_object() &&
          IsEnvelope(value->as_object())) {
        auto envelope = ResultEnvelopeFromJson(*value);
        if (!envelope.ok()) return envelope.status();
        auto path = CopyResult(*envelope);
        if (!path.ok()) return path.status();
        part.file = *std::move(path);
        if (part.media_type.empty()) {
          part.media_type = SafeMediaType(envelope->media_type);
        }
      } else if (value != nullptr) {
        part.value = JsonToText(*value);
      }
      request().parts.push_back(std::move(part));
    }
    return absl::OkStatus();
  }

  absl::Status AddAuth() {
    const Json* auth = FindParam(params_, "auth");
    if (auth == nullptr) return absl::OkStatus();
    const std::string kind(auth->as_object().begin()->key());
    const Json& given = auth->as_object().begin()->value();
    if (kind == "basic") {
      SetSecretHeader("Authorization",
                      Concat("Basic ", EncodeBase64(Concat(
                                           TextParam(given, "username"), ":",
                                           TextParam(given, "password")))));
    } else if (kind == "bearer") {
      SetSecretHeader("Authorization", Concat("Bearer ", JsonToText(given)));
    } else if (kind == "api_key") {
      const std::string value = TextParam(given, "value");
      if (FindParam(given, "query") != nullptr) {
        plan_.secret_parameter = TextParam(given, "query");
        query_.emplace_back(plan_.secret_parameter, value);
      } else {
        SetSecretHeader(TextParam(given, "header"), value);
      }
    } else if (kind == "oauth2") {
      plan_.oauth =
          OAuthClient{.token_url = TextParam(given, "token_url"),
                      .client_id = TextParam(given, "client_id"),
                      .client_secret = TextParam(given, "client_secret"),
                      .scope = TextParam(given, "scope"),
                      .audience = TextParam(given, "audience"),
                      .in_body = TextParam(given, "credentials") == "body"};
    } else {
      return Sign(given);
    }
    // Evaluated values: a secret with a line end in it would do the same harm.
    const bool sound = std::all_of(request().headers.begin(),
                                   request().headers.end(), IsHeaderValue) &&
                       (FindParam(given, "header") == nullptr ||
                        IsHeaderName(TextParam(given, "header")));
    if (sound) return absl::OkStatus();
    return absl::InvalidArgumentError(
        Concat("auth.", kind, ": this cannot stand in a header"));
  }

  void SetSecretHeader(const std::string& name, std::string_view value) {
    plan_.secret_header = absl::AsciiStrToLower(name);
    AddHeader(name, value);
  }

  absl::Status Sign(const Json& given) {
    TransferRequest& request = plan_.request;
    if (!request.body_file.empty() || !request.parts.empty()) {
      return absl::InvalidArgumentError(
          "auth.aws_sigv4: expected a body of json, form or text: all of what "
          "is signed is kept in memory");
    }
    request.signature = {.region = TextParam(given, "region"),
                         .access_key = TextParam(given, "access_key"),
                         .secret_key = TextParam(given, "secret_key")};
    request.aws_service = TextParam(given, "service");
    const std::string token = TextParam(given, "session_token");
    if (!token.empty()) AddHeader("X-Amz-Security-Token", token);
    AddHeader("X-Amz-Content-Sha256", Sha256Hex(request.body));
    // What is signed is the query as a server sorts it.
    std::sort(query_.begin(), query_.end());
    return absl::OkStatus();
  }

  // PEM as it is, or in a file.
  absl::StatusOr<std::string> Pem(const Json& tls, std::string_view name) {
    std::string text = TextParam(tls, name);
    if (text.empty() || text.starts_with("-----BEGIN")) return text;
    const std::string path =
        text.front() == '/' ? text : Concat(task_.base_dir(), "/", text);
    return ReadFile(path, kMaximumPem);
  }

  absl::Status AddTls() {
    const Json* tls = FindParam(params_, "tls");
    if (tls == nullptr) return absl::OkStatus();
    for (const auto& [name, place] :
         {std::pair("ca", &request().authorities),
          std::pair("certificate", &request().certificate),
          std::pair("key", &request().key)}) {
      auto pem = Pem(*tls, name);
      if (!pem.ok()) {
        return absl::InvalidArgumentError(
            Concat("tls.", name, ": ", pem.status().message()));
      }
      *place = *std::move(pem);
    }
    const Json* verify = FindParam(*tls, "verify");
    request().verify = verify == nullptr || verify->as_bool();
    return absl::OkStatus();
  }

  absl::Status AddLimits() {
    TransferRequest& request = plan_.request;
    request.timeout = DurationParam(params_, "timeout", Duration::zero());
    request.connect_timeout =
        DurationParam(params_, "connect_timeout", request.connect_timeout);
    request.stall_timeout =
        DurationParam(params_, "stall_timeout", request.stall_timeout);
    const Json* decompress = FindParam(params_, "decompress");
    request.decompress = decompress == nullptr || decompress->as_bool();
    plan_.redirects = static_cast<int>(
        std::min<std::int64_t>(IntegerParam(params_, "redirects", 10), 100));
    const std::string output = TextParam(params_, "output", "auto");
    if (output == "json") plan_.output = HttpOutput::kJson;
    if (output == "text") plan_.output = HttpOutput::kText;
    if (output == "binary") plan_.output = HttpOutput::kBinary;
    plan_.maximum_text =
        ByteSizeParam(params_, "max_bytes", plan_.maximum_text);
    plan_.maximum_binary =
        ByteSizeParam(params_, "max_bytes", plan_.maximum_binary);
    return absl::OkStatus();
  }

  absl::Status AddExpect() {
    const Json* expect = FindParam(params_, "expect");
    if (expect == nullptr) return absl::OkStatus();
    if (const Json* status = FindParam(*expect, "status")) {
      auto patterns = ReadStatusPatterns(*status);
      if (!patterns.ok()) return patterns.status();
      plan_.statuses = *std::move(patterns);
    }
    if (const Json* schema = FindParam(*expect, "schema")) {
      auto compiled = JsonSchema::Compile(*schema);
      if (!compiled.ok()) return compiled.status();
      plan_.schema = *std::move(compiled);
    }
    for (const auto& [name, pattern] : TextMapParam(*expect, "headers")) {
      auto regex = cel::Regex::Compile(Concat("^(?:", pattern, ")$"));
      if (!regex.ok()) {
        return absl::InvalidArgumentError(
            Concat("expect.headers.", name, ": ", regex.status().message()));
      }
      plan_.headers.emplace_back(absl::AsciiStrToLower(name),
                                 *std::move(regex));
    }
    return absl::OkStatus();
  }

  absl::Status AddRepeats() {
    if (const Json* paginate = FindParam(params_, "paginate")) {
      auto pages = MakePagePlan(*paginate);
      if (!pages.ok()) return pages.status();
      plan_.pages = *std::move(pages);
      plan_.output = HttpOutput::kJson;
    }
    const Json* poll = FindParam(params_, "poll");
    if (poll == nullptr) return absl::OkStatus();
    auto until = cel::Expression::Parse(TextParam(*poll, "until"));
    if (!until.ok()) return until.status();
    plan_.poll = PollPlan{
        .until = *std::move(until),
        .fail = std::nullopt,
        .interval = DurationParam(*poll, "interval", std::chrono::seconds(5)),
        .timeout = DurationParam(*poll, "timeout", Duration::zero())};
    if (FindParam(*poll, "fail") == nullptr) return absl::OkStatus();
    auto fail = cel::Expression::Parse(TextParam(*poll, "fail"));
    if (fail.ok()) plan_.poll->fail = *std::move(fail);
    return fail.status();
  }

  TaskContext& task_;
  const Json& params_;
  ResultIo* results_;
  HttpPlan plan_;
  std::vector<Pair> query_;
  int files_ = 0;
};

}  // namespace

HttpOutput OutputFor(HttpOutput asked, const HttpHead& head) {
  if (asked != HttpOutput::kAuto) return asked;
  const std::string type =
      absl::AsciiStrToLower(std::string(head.Header("content-type")));
  const std::string name = type.substr(0, type.find(';'));
  if (name == "application/json" || absl::EndsWith(name, "+json")) {
    return HttpOutput::kJson;
  }
  const bool text = name.empty() || absl::StartsWith(name, "text/") ||
                    absl::EndsWith(name, "+xml") || name == "application/xml";
  return text ? HttpOutput::kText : HttpOutput::kBinary;
}

bool IsExpected(const HttpPlan& plan, const HttpHead& head) {
  if (plan.statuses.empty()) return head.ok();
  return std::any_of(plan.statuses.begin(), plan.statuses.end(),
                     [&head](const StatusPattern& pattern) {
                       return pattern.Holds(head.status);
                     });
}

absl::StatusOr<HttpPlan> MakeHttpPlan(TaskContext& task, ResultIo* results) {
  return Planner(task, results).Make();
}

}  // namespace windlass
