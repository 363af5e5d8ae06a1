#include "server/access.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "base/concat.h"
#include "base/sha256.h"

namespace windlass {
namespace {

// 16 random characters of hex or base64 are 64 bits at the least.
constexpr std::size_t kShortestToken = 16;

bool IsSeparator(char c) {
  return c == ',' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

// RFC 6750, section 2.1.
bool IsTokenText(std::string_view text) {
  for (const char c : text) {
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c >= '0' && c <= '9');
    if (!is_letter &&
        std::string_view("-._~+/=").find(c) == std::string_view::npos) {
      return false;
    }
  }
  return true;
}

std::string WithoutRemarks(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') continue;
    kept.append(line).append("\n");
  }
  return kept;
}

absl::Status BadEntry(std::size_t number, std::string_view why) {
  return absl::InvalidArgumentError(
      Concat("entry ", number, " of the tokens: ", why));
}

std::string_view BearerToken(const IncomingRequest& request) {
  constexpr std::string_view kScheme = "bearer ";
  std::string_view header = request.Header("authorization");
  if (header.size() < kScheme.size() ||
      !absl::EqualsIgnoreCase({header.data(), kScheme.size()},
                              {kScheme.data(), kScheme.size()})) {
    return {};
  }
  header.remove_prefix(kScheme.size());
  while (header.starts_with(' ')) header.remove_prefix(1);
  return header;
}

std::optional<HttpResponse> CheckToken(const AccessTokens& tokens,
                                       const IncomingRequest& request,
                                       Role needed) {
  if (needed == Role::kNone) return std::nullopt;
  const std::string_view token = BearerToken(request);
  const auto role = tokens.RoleOf(token);
  if (!role) {
    HttpResponse refusal = ProblemResponse(
        401, token.empty() ? "expected a token: Authorization: Bearer TOKEN"
                           : "the token is not valid");
    refusal.headers.emplace_back(
        "WWW-Authenticate",
        token.empty() ? "Bearer" : "Bearer error=\"invalid_token\"");
    return refusal;
  }
  if (*role >= needed) return std::nullopt;
  HttpResponse refusal =
      ProblemResponse(403, Concat("a token with the role ", Name(needed),
                                  " is needed; this one has ", Name(*role)));
  refusal.headers.emplace_back("WWW-Authenticate",
                               "Bearer error=\"insufficient_scope\"");
  return refusal;
}

// "localhost:8080" and "[::1]:8080" without the port.
std::string_view HostOf(std::string_view authority) {
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == std::string_view::npos) return {};
    return authority.substr(1, end - 1);
  }
  return authority.substr(0, authority.find(':'));
}

std::optional<HttpResponse> CheckIsOfThisMachine(
    const IncomingRequest& request) {
  const std::string_view host = request.Header("host");
  if (!IsLoopback(HostOf(host))) {
    return ProblemResponse(
        403,
        Concat("Host '", host,
               "': without tokens only localhost is answered, so that no web "
               "site can reach this server through a browser"));
  }
  const std::string_view site = request.Header("sec-fetch-site");
  const std::string_view origin = request.Header("origin");
  const bool is_own_origin = origin.empty() ||
                             origin == Concat("http://", host) ||
                             origin == Concat("https://", host);
  if (is_own_origin && site != "cross-site" && site != "same-site") {
    return std::nullopt;
  }
  return ProblemResponse(403, "requests of other web sites are refused");
}

}  // namespace

absl::StatusOr<AccessTokens> AccessTokens::Parse(std::string_view text) {
  AccessTokens tokens;
  const std::string kept = WithoutRemarks(text);
  std::string_view rest = kept;
  while (true) {
    while (!rest.empty() && IsSeparator(rest.front())) rest.remove_prefix(1);
    if (rest.empty()) return tokens;
    std::size_t size = 0;
    while (size < rest.size() && !IsSeparator(rest[size])) ++size;
    const std::string_view entry = rest.substr(0, size);
    rest.remove_prefix(size);
    const std::size_t number = tokens.entries_.size() + 1;
    const std::size_t colon = std::min(entry.find(':'), entry.size());
    const auto role = RoleFromName(entry.substr(0, colon));
    if (!role || colon == entry.size()) {
      return BadEntry(number,
                      "expected ROLE:TOKEN with the role read, write or admin");
    }
    const std::string_view token = entry.substr(colon + 1);
    if (token.size() < kShortestToken || !IsTokenText(token)) {
      return BadEntry(number,
                      Concat("expected a token of at least ", kShortestToken,
                             " letters, digits and -._~+/="));
    }
    tokens.entries_.push_back({Sha256Hex(token), *role});
  }
}

std::optional<Role> AccessTokens::RoleOf(std::string_view token) const {
  const std::string digest = Sha256Hex(token);
  std::optional<Role> role;
  for (const Entry& entry : entries_) {
    unsigned difference = 0;
    for (std::size_t i = 0; i < digest.size(); ++i) {
      difference |= static_cast<unsigned char>(digest[i] ^ entry.digest[i]);
    }
    if (difference == 0) role = entry.role;
  }
  return role;
}

bool IsLoopback(std::string_view host) {
  if (absl::EqualsIgnoreCase({host.data(), host.size()}, "localhost")) {
    return true;
  }
  if (host == "::1") return true;
  // 127.0.0.0/8, and no name that begins so.
  return host.starts_with("127.") &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

absl::Status CheckMayListen(const ListenAddress& address,
                            const AccessTokens& tokens) {
  if (!tokens.empty() || IsLoopback(address.host)) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Concat(FormatListenAddress(address),
             ": whoever can reach it could run anything on the executors; give "
             "tokens, or listen on 127.0.0.1"));
}

Gate MakeGate(AccessTokens tokens) {
  return [tokens = std::move(tokens)](
             const IncomingRequest& request,
             const Route& route) -> std::optional<HttpResponse> {
    if (tokens.empty()) return CheckIsOfThisMachine(request);
    return CheckToken(tokens, request, route.role);
  };
}

}  // namespace windlass
