// Which handler answers a request, and who may ask.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http_message.h"

namespace windlass {

// What a caller must be allowed to do; each includes those before it.
enum class Role : std::uint8_t { kNone, kRead, kWrite, kAdmin };

std::string_view Name(Role role);
std::optional<Role> RoleFromName(std::string_view name);

using HttpHandler = std::function<HttpResponse(const IncomingRequest&)>;

// A parameter of the query or a header, for the OpenAPI document.
struct RouteParameter {
  std::string name;
  std::string description;
  std::string type = "string";  // Or "integer".
  std::string in = "query";     // Or "header".
};

// What a route takes and gives, for the OpenAPI document. Schemas are named as
// in its components.
struct RouteDescription {
  std::string id;  // "listRuns"
  std::string summary;
  std::vector<RouteParameter> parameters = {};
  std::string request = {};   // Schema of the body; empty: none is read.
  std::string response = {};  // Schema of a 2xx answer; empty: not JSON.
  std::vector<int> statuses = {200};  // The 2xx there may be.
  std::string media_type = "application/json";
  // Of the body. 0: as much as the server takes.
  std::size_t maximum_body_bytes = 0;
};

struct Route {
  std::string method;  // GET answers HEAD too.
  // "/runs/{run}": a segment in braces is any that is not empty.
  std::string path;
  // Called on several threads at a time.
  HttpHandler handle;
  Role role = Role::kNone;
  RouteDescription about = {};
};

// Judges by the head of a request whether its route may answer; nullopt: yes.
using Gate = std::function<std::optional<HttpResponse>(const IncomingRequest&,
                                                       const Route&)>;

class Router {
 public:
  // An empty gate lets everyone in.
  explicit Router(std::vector<Route> routes, Gate gate = {});

  // Finds the route and asks the gate; null with a `refusal` when nobody is to
  // answer: 404, 405 with Allow, 415 for a POST or PUT whose body is not
  // application/json, and what the gate says. Fills in request.captured. Needs
  // no body yet, so that strangers do not get to send one.
  const Route* Find(IncomingRequest& request,
                    std::optional<HttpResponse>& refusal) const;

  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<std::string> MethodsOf(IncomingRequest& request) const;

  const std::vector<Route> routes_;
  const Gate gate_;
};

}  // namespace windlass
