#include "server/router.h"

#include <array>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "base/concat.h"

namespace windlass {
namespace {

constexpr std::array<std::string_view, 4> kRoleNames{"none", "read", "write",
                                                     "admin"};

std::string_view TakeSegment(std::string_view& path) {
  path.remove_prefix(1);  // The slash.
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool IsCapture(std::string_view segment) {
  return segment.starts_with('{') && segment.ends_with('}');
}

// Whether `path` has the form of `form`; captures what stands in braces.
bool Matches(std::string_view form, std::string_view path,
             std::map<std::string, std::string>& captured) {
  captured.clear();
  if (!path.starts_with('/')) return false;
  while (!form.empty() && !path.empty()) {
    const std::string_view wanted = TakeSegment(form);
    const std::string_view segment = TakeSegment(path);
    if (!IsCapture(wanted)) {
      if (wanted != segment) return false;
      continue;
    }
    auto decoded = DecodePathText(segment);
    if (!decoded || decoded->empty()) return false;
    captured[std::string(wanted.substr(1, wanted.size() - 2))] =
        *std::move(decoded);
  }
  return form.empty() && path.empty();
}

bool HasBody(const Route& route) {
  return route.method == "POST" || route.method == "PUT";
}

// Browsers send other sites' requests with this type only after asking us,
// which we do not answer.
bool IsJson(const IncomingRequest& request) {
  std::string_view type = request.Header("content-type");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return absl::EqualsIgnoreCase({type.data(), type.size()}, "application/json");
}

std::optional<HttpResponse> CheckBodyForm(const IncomingRequest& request) {
  if (!IsJson(request)) {
    return ProblemResponse(415,
                           "expected the header Content-Type: application/json",
                           {{"content-type", "expected application/json"}});
  }
  const std::string_view encoding = request.Header("content-encoding");
  if (encoding.empty() || encoding == "identity") return std::nullopt;
  return ProblemResponse(415, "expected a body without Content-Encoding",
                         {{"content-encoding", "expected none"}});
}

}  // namespace

std::string_view Name(Role role) {
  return kRoleNames[static_cast<std::size_t>(role)];
}

std::optional<Role> RoleFromName(std::string_view name) {
  for (const Role role : {Role::kRead, Role::kWrite, Role::kAdmin}) {
    if (Name(role) == name) return role;
  }
  return std::nullopt;
}

Router::Router(std::vector<Route> routes, Gate gate)
    : routes_(std::move(routes)), gate_(std::move(gate)) {}

std::vector<std::string> Router::MethodsOf(IncomingRequest& request) const {
  std::vector<std::string> methods;
  for (const Route& route : routes_) {
    if (!Matches(route.path, request.path, request.captured)) continue;
    if (route.method == "GET") methods.emplace_back("HEAD");
    methods.push_back(route.method);
  }
  return methods;
}

const Route* Router::Find(IncomingRequest& request,
                          std::optional<HttpResponse>& refusal) const {
  for (const Route& route : routes_) {
    if (route.method != request.method ||
        !Matches(route.path, request.path, request.captured)) {
      continue;
    }
    if (gate_) refusal = gate_(request, route);
    if (!refusal && HasBody(route)) refusal = CheckBodyForm(request);
    return refusal ? nullptr : &route;
  }
  const std::vector<std::string> allowed = MethodsOf(request);
  if (allowed.empty()) {
    refusal =
        ProblemResponse(404, Concat("there is nothing at ", request.path));
    return nullptr;
  }
  const std::string methods = absl::StrJoin(allowed, ", ");
  refusal = ProblemResponse(
      405, Concat(request.path, " answers ", methods, " alone"));
  refusal->headers.emplace_back("Allow", methods);
  return nullptr;
}

}  // namespace windlass
