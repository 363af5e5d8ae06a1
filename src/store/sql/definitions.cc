#include "store/sql/definitions.h"

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"
#include "sql_query.h"

namespace windlass::sql {
namespace {

using LaneName = std::pair<std::string, std::string>;
using LaneIds = std::map<LaneName, std::int64_t>;

LaneIds ReadLanes(Connection& connection) {
  LaneIds lanes;
  Rows rows = connection.Read(Query::kSelectLanes);
  while (rows.Next()) {
    lanes.emplace(LaneName(rows.Text(1), rows.Text(2)), rows.Int(0));
  }
  return lanes;
}

// 0 when it is not pinned.
std::int64_t FindPinned(Connection& connection, std::string_view digest) {
  Rows rows = connection.Read(Query::kSelectDefinitionByDigest, digest);
  return rows.Next() ? rows.Int(0) : 0;
}

void InsertLanes(Connection& connection, const Workflow& workflow) {
  LaneIds lanes = ReadLanes(connection);
  for (const TaskSpec& spec : workflow.tasks) {
    if (!lanes.emplace(LaneName(spec.queue, spec.type), 0).second) continue;
    connection.Write(Query::kInsertLane, std::string_view(spec.queue),
                     std::string_view(spec.type));
  }
}

int Rank(const TaskSpec& spec) { return 9 - std::clamp(spec.priority, 0, 9); }

void FindPlaces(Connection& connection, Definition& definition) {
  const LaneIds lanes = ReadLanes(connection);
  for (const TaskSpec& spec : definition.workflow->tasks) {
    const auto lane = lanes.find(LaneName(spec.queue, spec.type));
    const Place place{lane == lanes.end() ? 0 : lane->second, Rank(spec)};
    definition.places.push_back(place);
    auto& distinct = definition.distinct_places;
    if (std::find(distinct.begin(), distinct.end(), place) == distinct.end()) {
      distinct.push_back(place);
    }
  }
}

}  // namespace

void Definitions::AnnouncePin(Connection& connection,
                              const Workflow& workflow) {
  connection.Announce(Query::kSelectDefinitionByDigest,
                      std::string_view(workflow.digest));
}

absl::StatusOr<std::shared_ptr<const Definition>> Definitions::Pin(
    Connection& connection, const std::shared_ptr<const Workflow>& workflow) {
  if (workflow == nullptr || workflow->digest.empty()) {
    return absl::InvalidArgumentError(
        "a run needs a workflow with a digest; LoadWorkflow() makes one");
  }
  const std::string_view digest = workflow->digest;
  std::int64_t id = FindPinned(connection, digest);
  if (id == 0 && connection.ok()) {
    const std::string document = FormatJson(workflow->document);
    {
      Rows rows = connection.Read(Query::kInsertDefinition, digest,
                                  std::string_view(workflow->name),
                                  std::string_view(document));
      while (rows.Next()) id = rows.Int(0);
    }
    // Another transaction pinned it meanwhile.
    if (id == 0) id = FindPinned(connection, digest);
    InsertLanes(connection, *workflow);
  }
  if (!connection.ok()) return connection.status();
  {
    MutexLock lock(mutex_);
    by_digest_.emplace(workflow->digest, workflow);
  }
  return Get(connection, id);
}

absl::StatusOr<std::shared_ptr<const Definition>> Definitions::Get(
    Connection& connection, std::int64_t id) {
  {
    MutexLock lock(mutex_);
    if (auto found = by_id_.find(id); found != by_id_.end()) {
      return found->second;
    }
  }
  auto loaded = Load(connection, id);
  if (!loaded.ok()) return loaded.status();
  MutexLock lock(mutex_);
  return by_id_.emplace(id, *std::move(loaded)).first->second;
}

absl::StatusOr<std::shared_ptr<const Definition>> Definitions::Load(
    Connection& connection, std::int64_t id) {
  std::string digest;
  std::string document;
  {
    Rows rows = connection.Read(Query::kSelectDefinition, id);
    if (rows.Next()) {
      digest = rows.Text(0);
      document = rows.Text(1);
    }
  }
  if (!connection.ok()) return connection.status();
  if (digest.empty()) {
    return absl::DataLossError(absl::StrCat("definition ", id, " is missing"));
  }
  auto workflow = Parse(digest, document);
  if (!workflow.ok()) return workflow.status();
  auto definition = std::make_shared<Definition>(id, *std::move(workflow));
  FindPlaces(connection, *definition);
  if (!connection.ok()) return connection.status();
  return definition;
}

absl::StatusOr<std::shared_ptr<const Workflow>> Definitions::Parse(
    const std::string& digest, std::string_view document) {
  {
    MutexLock lock(mutex_);
    if (auto found = by_digest_.find(digest); found != by_digest_.end()) {
      return found->second;
    }
  }
  auto json = ParseJson(document);
  if (!json.ok()) {
    return absl::DataLossError(
        absl::StrCat("pinned definition: ", json.status().message()));
  }
  auto workflow = parser_(*json);
  if (!workflow.ok()) {
    return absl::Status(
        workflow.status().code(),
        absl::StrCat("pinned definition: ", workflow.status().message()));
  }
  return workflow;
}

void Definitions::Forget() {
  MutexLock lock(mutex_);
  by_id_.clear();
}

}  // namespace windlass::sql
