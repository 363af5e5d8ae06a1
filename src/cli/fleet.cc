// windlass executors [drain NAME], windlass queues [pause|resume NAME],
// windlass limits, windlass circuits [reset KEY]

#include <iostream>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/lister.h"
#include "cli/table.h"
#include "model/documents.h"

namespace windlass::cli {
namespace {

int ListExecutors(const Globals& globals) {
  return WithClient(globals, [&](Client& client) -> int {
    auto executors = client.ListExecutors();
    if (!executors.ok()) return Fail(globals, executors.status());
    if (globals.json()) {
      PrintJson(ExecutorsDocument(*executors));
      return kOk;
    }
    Table table({"NAME", "PROFILE", "STATE", "BUSY", "HEARTBEAT", "QUEUES"});
    for (const ExecutorRecord& one : *executors) {
      table.AddRow(
          {one.info.name, one.info.profile, std::string(StateName(one)),
           absl::StrCat(one.busy_slots, "/", one.info.slots),
           ShortTime(one.last_heartbeat),
           one.info.queues.empty() ? "all"
                                   : absl::StrJoin(one.info.queues, ",")});
    }
    std::cout << table.Render();
    return kOk;
  });
}

int ListQueues(const Globals& globals) {
  return WithClient(globals, [&](Client& client) -> int {
    auto queues = client.ListQueues();
    if (!queues.ok()) return Fail(globals, queues.status());
    if (globals.json()) {
      PrintJson(QueuesDocument(*queues));
      return kOk;
    }
    Table table({"QUEUE", "STATE", "READY", "RUNNING", "SCHEDULED", "OLDEST"});
    for (const QueueRecord& queue : *queues) {
      table.AddRow({queue.name, queue.paused ? "paused" : "open",
                    absl::StrCat(queue.ready), absl::StrCat(queue.running),
                    absl::StrCat(queue.scheduled),
                    queue.oldest_ready ? ShortTime(*queue.oldest_ready) : ""});
    }
    std::cout << table.Render();
    return kOk;
  });
}

// "3 in 1s" of a rate, "3 in 1s, burst 5" of a token bucket, "23 of 64" of an
// adaptive limit.
std::string Allowance(const LimitRecord& limit) {
  if (limit.adaptive) {
    return absl::StrCat(limit.adaptive->allowed, " of ", limit.limit);
  }
  if (limit.kind == LimitRecord::Kind::kConcurrency) {
    return absl::StrCat(limit.limit);
  }
  std::string rate =
      absl::StrCat(limit.limit, " in ", FormatDuration(limit.period));
  if (limit.burst) absl::StrAppend(&rate, ", burst ", *limit.burst);
  return rate;
}

int ListLimits(const Globals& globals) {
  return WithClient(globals, [&](Client& client) -> int {
    auto limits = client.ListLimits();
    if (!limits.ok()) return Fail(globals, limits.status());
    if (globals.json()) {
      PrintJson(LimitsDocument(*limits));
      return kOk;
    }
    Table table({"LIMIT", "KEY", "ALLOWED", "IN USE", "WAITING", "NEXT"});
    for (const LimitRecord& limit : *limits) {
      table.AddRow({std::string(FieldOf(limit)), limit.key, Allowance(limit),
                    absl::StrCat(limit.in_use), absl::StrCat(limit.waiting),
                    limit.next_at ? ShortTime(*limit.next_at) : ""});
    }
    std::cout << table.Render();
    return kOk;
  });
}

int ListCircuits(const Globals& globals) {
  return WithClient(globals, [&](Client& client) -> int {
    auto circuits = client.ListCircuits();
    if (!circuits.ok()) return Fail(globals, circuits.status());
    if (globals.json()) {
      PrintJson(CircuitsDocument(*circuits));
      return kOk;
    }
    Table table({"CIRCUIT", "STATE", "FAILURES", "PROBES", "WAITING", "UNTIL"});
    for (const CircuitRecord& one : *circuits) {
      table.AddRow({one.key, std::string(StateName(one.state)),
                    absl::StrCat(one.failures, " of ", one.failure_threshold),
                    absl::StrCat(one.probing, " of ", one.probes),
                    absl::StrCat(one.waiting),
                    one.open_until ? ShortTime(*one.open_until) : ""});
    }
    std::cout << table.Render();
    return kOk;
  });
}

}  // namespace

void AddExecutors(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      AddLister(app, invocation, "executors",
                "Executors and whether they live; drain one", ListExecutors);
  command->footer("Example:\n  windlass executors drain host-1234");
  AddChange(*command, invocation, "drain",
            "Tell an executor to finish what it has and stop", "draining",
            [](Client& client, const std::string& name) {
              return client.Drain(name);
            });
}

void AddQueues(CLI::App& app, Invocation& invocation) {
  CLI::App* command =
      AddLister(app, invocation, "queues",
                "Queues and their depth; pause or resume one", ListQueues);
  command->footer("Example:\n  windlass queues pause reports");
  AddChange(*command, invocation, "pause", "Claim nothing from it", "paused",
            [](Client& client, const std::string& name) {
              return client.PauseQueue(name);
            });
  AddChange(*command, invocation, "resume", "Claim from it again", "open",
            [](Client& client, const std::string& name) {
              return client.ResumeQueue(name);
            });
}

void AddCircuits(CLI::App& app, Invocation& invocation) {
  CLI::App* command = AddLister(
      app, invocation, "circuits",
      "Circuit breakers, and who waits for them; close one", ListCircuits);
  command->footer("Example:\n  windlass circuits reset weather-api");
  AddChange(*command, invocation, "reset",
            "Close it: the service is said to be back", "closed",
            [](Client& client, const std::string& key) {
              return client.ResetCircuit(key);
            });
}

void AddLimits(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "limits", "Keys of concurrency and rate_limit, and who waits for them");
  command->footer("Example:\n  windlass limits --output json");
  command->callback([&invocation] {
    invocation.body = [&invocation] { return ListLimits(invocation.globals); };
  });
}

}  // namespace windlass::cli
