// What every route of the API has around its handler.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/router.h"
#include "windlass/json.h"
#include "windlass/load.h"
#include "windlass/store.h"

namespace windlass {

class AttemptLogStore;
class Clock;
class EventFeed;
class ResultIo;

// What the API works with; all borrowed.
struct ApiParts {
  Store* store = nullptr;
  ResultIo* results = nullptr;
  EventFeed* events = nullptr;
  AttemptLogStore* logs = nullptr;  // Null for a store that keeps none.
  Clock* clock = nullptr;
  int maximum_followers = 16;  // Of logs, at a time.
  LoadOptions load;            // How definitions are checked.
};

// A request whose body, if its route takes one, fits the route's schema; an
// empty body is {}.
struct ApiCall {
  const IncomingRequest& request;
  JsonObject body;
};

using ApiHandler = std::function<absl::StatusOr<HttpResponse>(ApiCall&)>;

struct ApiRoute {
  std::string method;
  std::string path;  // Below /api/v1.
  Role role = Role::kRead;
  RouteDescription about;
  ApiHandler handle;
};

// Checks the query and the body of each request against the description of its
// route, and answers errors as problems. Parameters and fields that are not
// known are refused.
std::vector<Route> MakeRoutes(std::vector<ApiRoute> routes);

// The schemas that descriptions name: {"Run": {...}, ...}.
const JsonObject& ApiSchemas();

// --- what handlers read

absl::StatusOr<RunId> RunOf(const ApiCall& call);
// An integer of the query within [1, most].
absl::StatusOr<int> LimitOf(const ApiCall& call, int fallback, int most);
std::string QueryText(const ApiCall& call, const std::string& name);
// A field that the schema has as a string; empty when it is missing.
std::string BodyText(const ApiCall& call, std::string_view name);

// Reads `definition` and `allow_types` of the body. What is wrong with the
// definition is in `problem`, all of it; the workflow is null then.
absl::StatusOr<std::shared_ptr<const Workflow>> ReadDefinition(
    const ApiParts& parts, const ApiCall& call,
    std::optional<HttpResponse>& problem);

// A whole number from 1 on; FieldStatus of `field` otherwise.
absl::StatusOr<int> VersionOf(std::string_view field, std::string_view text);

// What the body says of a run: its `definition`, or else `version` of the
// stored workflow `name`, with `params` and `base_dir`, ready to be submitted.
absl::StatusOr<SubmitRequest> ReadGivenRun(
    const ApiParts& parts, const ApiCall& call, const std::string& name,
    std::optional<HttpResponse>& problem);

}  // namespace windlass
