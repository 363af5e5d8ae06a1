// Checking the params of an `http` task.
#include <algorithm>
#include <array>
#include <span>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "base/concat.h"
#include "handlers/http/http_words.h"
#include "handlers/http/plan.h"

namespace windlass {
namespace {

constexpr std::array<std::string_view, 5> kBodies = {
    "json", "form", "multipart", "body", "graphql"};

const std::vector<ParamRule>& Rules() {
  static const std::vector<ParamRule> rules = {
      {"url", ParamType::kText, ParamRule::Presence::kRequired},
      {"method", ParamType::kText},
      {"query", ParamType::kTextMap},
      {"headers", ParamType::kTextMap},
      {"json"},
      {"form", ParamType::kTextMap},
      {"multipart"},
      {"body"},
      {"graphql", ParamType::kObject},
      {"paginate", ParamType::kObject},
      {"poll", ParamType::kObject},
      {"auth", ParamType::kObject},
      {"tls", ParamType::kObject},
      {"proxy", ParamType::kText},
      {"redirects", ParamType::kInteger},
      {"decompress", ParamType::kBoolean},
      {"timeout", ParamType::kDuration},
      {"connect_timeout", ParamType::kDuration},
      {"stall_timeout", ParamType::kDuration},
      {"max_bytes", ParamType::kByteSize},
      {"output",
       ParamType::kText,
       ParamRule::Presence::kOptional,
       {"auto", "json", "text", "binary"}},
      {"expect", ParamType::kObject},
      {"idempotent", ParamType::kBoolean},
      {"idempotency_key", ParamType::kText},
  };
  return rules;
}

// One kind of `auth`, and what it takes.
struct AuthRule {
  std::string_view kind;
  std::vector<ParamRule> rules;
};

ParamRule Needs(std::string_view name) {
  return {name, ParamType::kText, ParamRule::Presence::kRequired};
}

const std::vector<AuthRule>& AuthRules() {
  static const std::vector<AuthRule> rules = {
      {"basic", {Needs("username"), Needs("password")}},
      {"bearer", {}},  // A text.
      {"api_key",
       {Needs("value"),
        {"header", ParamType::kText},
        {"query", ParamType::kText}}},
      {"oauth2",
       {Needs("token_url"),
        Needs("client_id"),
        Needs("client_secret"),
        {"scope", ParamType::kText},
        {"audience", ParamType::kText},
        {"credentials",
         ParamType::kText,
         ParamRule::Presence::kOptional,
         {"header", "body"}}}},
      {"aws_sigv4",
       {Needs("region"),
        Needs("service"),
        Needs("access_key"),
        Needs("secret_key"),
        {"session_token", ParamType::kText}}},
  };
  return rules;
}

// As CheckParams() below `path`.
void CheckBelow(std::string_view path, const Json& value,
                std::span<const ParamRule> rules, ParamStage stage,
                ParamProblems& problems) {
  for (auto& [field, message] : CheckParams(value, rules, stage)) {
    problems.emplace_back(Concat(path, field.empty() ? "" : ".", field),
                          std::move(message));
  }
}

void CheckAuth(const Json& auth, ParamStage stage, ParamProblems& problems) {
  const JsonObject& object = auth.as_object();
  constexpr const char* kKinds =
      "expected one of basic, bearer, api_key, oauth2, aws_sigv4";
  if (object.size() != 1) {
    problems.emplace_back("auth", kKinds);
    return;
  }
  const std::string kind(object.begin()->key());
  const Json& given = object.begin()->value();
  const auto& rules = AuthRules();
  const auto rule =
      std::find_if(rules.begin(), rules.end(),
                   [&kind](const AuthRule& one) { return one.kind == kind; });
  if (rule == rules.end()) {
    problems.emplace_back(Concat("auth.", kind), kKinds);
    return;
  }
  if (MayChange(given, stage)) return;
  const std::string path = Concat("auth.", kind);
  if (kind == "bearer") {
    if (!given.is_string()) problems.emplace_back(path, "expected the token");
    return;
  }
  if (!given.is_object()) {
    problems.emplace_back(path, "expected an object");
    return;
  }
  CheckBelow(path, given, rule->rules, stage, problems);
  if (kind == "api_key" && (FindParam(given, "header") == nullptr) ==
                               (FindParam(given, "query") == nullptr)) {
    problems.emplace_back(path, "expected either header or query: the name");
  }
}

void CheckParts(const Json& parts, ParamStage stage, ParamProblems& problems) {
  if (MayChange(parts, stage)) return;
  if (!parts.is_array() || parts.as_array().empty()) {
    problems.emplace_back("multipart", "expected a list of parts");
    return;
  }
  static const std::vector<ParamRule> rules = {
      Needs("name"),
      {"value"},
      {"filename", ParamType::kText},
      {"media_type", ParamType::kText}};
  for (std::size_t i = 0; i < parts.as_array().size(); ++i) {
    const Json& part = parts.as_array()[i];
    if (MayChange(part, stage)) continue;
    CheckBelow(Concat("multipart[", i, "]"), part, rules, stage, problems);
  }
}

void CheckExpect(const Json& expect, ParamStage stage,
                 ParamProblems& problems) {
  static const std::vector<ParamRule> rules = {
      {"status"}, {"schema"}, {"headers", ParamType::kTextMap}};
  CheckBelow("expect", expect, rules, stage, problems);
  const Json* status = FindParam(expect, "status");
  if (status != nullptr && !MayChange(*status, stage)) {
    const auto patterns = ReadStatusPatterns(*status);
    if (!patterns.ok()) {
      problems.emplace_back("expect.status", patterns.status().message());
    }
  }
  const Json* schema = FindParam(expect, "schema");
  if (schema != nullptr && !MayChange(*schema, stage)) {
    const auto compiled = JsonSchema::Compile(*schema);
    if (!compiled.ok()) {
      problems.emplace_back("expect.schema", compiled.status().message());
    }
  }
}

void CheckTls(const Json& tls, ParamStage stage, ParamProblems& problems) {
  static const std::vector<ParamRule> rules = {
      {"ca", ParamType::kText},
      {"certificate", ParamType::kText},
      {"key", ParamType::kText},
      {"verify", ParamType::kBoolean}};
  CheckBelow("tls", tls, rules, stage, problems);
  if ((FindParam(tls, "certificate") == nullptr) !=
      (FindParam(tls, "key") == nullptr)) {
    problems.emplace_back("tls", "expected certificate and key, or neither");
  }
}

void CheckGraphql(const Json& graphql, ParamStage stage,
                  ParamProblems& problems) {
  static const std::vector<ParamRule> rules = {
      Needs("query"),
      {"variables", ParamType::kObject},
      {"operation", ParamType::kText}};
  CheckBelow("graphql", graphql, rules, stage, problems);
}

void CheckPoll(const Json& poll, ParamStage stage, ParamProblems& problems) {
  static const std::vector<ParamRule> rules = {
      Needs("until"),
      {"fail", ParamType::kText},
      {"interval", ParamType::kDuration},
      {"timeout", ParamType::kDuration}};
  CheckBelow("poll", poll, rules, stage, problems);
  for (const char* name : {"until", "fail"}) {
    const Json* text = FindParam(poll, name);
    if (text == nullptr || !text->is_string() || MayChange(*text, stage)) {
      continue;
    }
    auto parsed = cel::Expression::Parse(JsonToText(*text));
    if (!parsed.ok()) {
      problems.emplace_back(Concat("poll.", name),
                            std::string(parsed.status().message()));
    }
  }
}

void CheckHeaders(const Json& headers, ParamStage stage,
                  ParamProblems& problems) {
  if (!headers.is_object()) return;
  for (const auto& [name, value] : headers.as_object()) {
    const std::string path = Concat("headers.", std::string_view(name));
    if (!IsHeaderName(name)) {
      problems.emplace_back(path, "this cannot be the name of a header");
    }
    if (MayChange(value, stage) || value.is_null()) continue;
    if (!IsHeaderValue(JsonToText(value))) {
      problems.emplace_back(path,
                            "a header cannot hold line ends or other control "
                            "characters");
    }
  }
}

void CheckWords(const Json& params, ParamStage stage, ParamProblems& problems) {
  const Json* method = FindParam(params, "method");
  if (method != nullptr && method->is_string() && !MayChange(*method, stage) &&
      !IsHeaderName(JsonToText(*method))) {
    problems.emplace_back("method", "expected a method as GET or POST");
  }
  const Json* key = FindParam(params, "idempotency_key");
  if (key != nullptr && key->is_string() && !MayChange(*key, stage) &&
      !IsHeaderName(JsonToText(*key))) {
    problems.emplace_back("idempotency_key", "expected the name of a header");
  }
  const Json* url = FindParam(params, "url");
  if (url != nullptr && url->is_string() && !MayChange(*url, stage)) {
    const std::string text = JsonToText(*url);
    if (!absl::StartsWithIgnoreCase(text, "http://") &&
        !absl::StartsWithIgnoreCase(text, "https://")) {
      problems.emplace_back("url", "expected http://... or https://...");
    }
  }
}

}  // namespace

ParamProblems CheckHttpParams(const Json& params, ParamStage stage) {
  ParamProblems problems = CheckParams(params, Rules(), stage);
  if (!params.is_object() || !problems.empty()) return problems;
  CheckWords(params, stage, problems);
  std::vector<std::string> bodies;
  for (const std::string_view name : kBodies) {
    if (params.as_object().contains(name)) bodies.emplace_back(name);
  }
  if (bodies.size() > 1) {
    problems.emplace_back(bodies[1],
                          Concat("there is ", bodies[0],
                                 " already; expected one of json, form, "
                                 "multipart, body and graphql"));
  }
  const auto check = [&](std::string_view name, auto checker) {
    const Json* value = FindParam(params, name);
    if (value != nullptr && !MayChange(*value, stage)) {
      checker(*value, stage, problems);
    }
  };
  check("auth", CheckAuth);
  check("multipart", CheckParts);
  check("expect", CheckExpect);
  check("tls", CheckTls);
  check("headers", CheckHeaders);
  check("graphql", CheckGraphql);
  check("paginate", CheckPaginate);
  check("poll", CheckPoll);
  if (FindParam(params, "poll") != nullptr &&
      FindParam(params, "paginate") != nullptr) {
    problems.emplace_back("poll", "expected either poll or paginate");
  }
  return problems;
}

}  // namespace windlass
