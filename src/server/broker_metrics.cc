#include "server/broker_metrics.h"

#include <string>
#include <utility>

#include "server/gauges.h"

namespace windlass {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

using Links = std::vector<std::pair<std::string, BrokerLink>>;

Links LinksOf(const BrokerStatus& status) {
  Links links{{"publishing", status.publishing}};
  if (status.consuming) links.emplace_back("consuming", status.consuming->link);
  if (status.ingest) links.emplace_back("ingest", status.ingest->link);
  return links;
}

void AddLinks(const Links& links, std::vector<MetricFamily>& families) {
  MetricFamily up =
      MakeFamily("windlass_broker_connected",
                 "Whether this connection to the broker exists: 1 yes, 0 no.");
  MetricFamily blocked =
      MakeFamily("windlass_broker_blocked",
                 "Whether the broker takes nothing for now, being short of "
                 "memory or disk.");
  MetricFamily connects = MakeFamily(
      "windlass_broker_connects_total",
      "Connections made: one more than were lost.", MetricType::Counter);
  for (const auto& [name, link] : links) {
    AddSample(up, link.connected ? 1 : 0, {{"link", name}});
    AddSample(blocked, link.blocked ? 1 : 0, {{"link", name}});
    AddSample(connects, static_cast<double>(link.connects), {{"link", name}});
  }
  families.push_back(std::move(up));
  families.push_back(std::move(blocked));
  families.push_back(std::move(connects));
}

MetricFamily HintsFamily(const BrokerStatus& status) {
  MetricFamily hints = MakeFamily("windlass_hints_total",
                                  "Hints about work, by what became of them; "
                                  "nudged: hints about commands that came.",
                                  MetricType::Counter);
  const auto add = [&hints](std::int64_t count, const char* event) {
    AddSample(hints, static_cast<double>(count), {{"event", event}});
  };
  add(status.hints_published, "published");
  add(status.hints_dropped, "dropped");
  add(status.hints_unroutable, "unroutable");
  add(status.hints_rejected, "rejected");
  if (status.consuming) {
    add(status.consuming->hints_received, "received");
    add(status.consuming->hints_malformed, "malformed");
    add(status.consuming->hints_returned, "returned");
    add(status.consuming->nudges_received, "nudged");
  }
  return hints;
}

void AddConsuming(const BrokerStatus::Consuming& consuming,
                  std::vector<MetricFamily>& families) {
  MetricFamily claims = MakeFamily(
      "windlass_hinted_claims_total",
      "Claims that followed a hint, by what they found.", MetricType::Counter);
  AddSample(
      claims,
      static_cast<double>(consuming.claims_hinted - consuming.claims_empty),
      {{"found", "tasks"}});
  AddSample(claims, static_cast<double>(consuming.claims_empty),
            {{"found", "nothing"}});
  families.push_back(std::move(claims));
  MetricFamily tasks =
      MakeFamily("windlass_hinted_tasks_total",
                 "Leases taken after a hint; windlass_claims_total of hint.",
                 MetricType::Counter);
  AddSample(tasks, static_cast<double>(consuming.tasks_hinted));
  families.push_back(std::move(tasks));
  MetricFamily drifts =
      MakeFamily("windlass_broker_topology_drift",
                 "Queues of the broker with other arguments than ours.");
  AddSample(drifts, static_cast<double>(consuming.topology_drifts));
  families.push_back(std::move(drifts));
  if (!consuming.hint_age) return;
  MetricFamily age = MakeFamily("windlass_hint_age_seconds",
                                "How old the last hint was when it came.");
  AddSample(age, std::chrono::duration<double>(*consuming.hint_age).count());
  families.push_back(std::move(age));
}

MetricFamily IngestFamily(const BrokerStatus::Ingest& ingest) {
  MetricFamily messages =
      MakeFamily("windlass_ingested_total",
                 "Messages of foreign programs, by what became of them.",
                 MetricType::Counter);
  AddSample(messages, static_cast<double>(ingest.accepted),
            {{"outcome", "accepted"}});
  AddSample(messages, static_cast<double>(ingest.duplicates),
            {{"outcome", "duplicate"}});
  AddSample(messages, static_cast<double>(ingest.refused),
            {{"outcome", "refused"}});
  return messages;
}

}  // namespace

std::vector<MetricFamily> CollectBrokerMetrics(const BrokerStatus& status) {
  std::vector<MetricFamily> families;
  AddLinks(LinksOf(status), families);
  families.push_back(HintsFamily(status));
  MetricFamily unconfirmed = MakeFamily("windlass_hints_unconfirmed",
                                        "Hints sent that the broker has not "
                                        "confirmed yet.");
  AddSample(unconfirmed, static_cast<double>(status.hints_unconfirmed));
  families.push_back(std::move(unconfirmed));
  if (status.consuming) AddConsuming(*status.consuming, families);
  if (status.ingest) families.push_back(IngestFamily(*status.ingest));
  return families;
}

JsonObject ToJson(const BrokerStatus& status) {
  JsonObject document;
  for (const auto& [name, link] : LinksOf(status)) {
    document[name] = JsonObject{{"connected", link.connected},
                                {"blocked", link.blocked},
                                {"server", link.server},
                                {"last_error", link.last_error}};
  }
  return document;
}

}  // namespace windlass
