// windlass submit FILE|NAME

#include <iostream>
#include <memory>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/definition_input.h"
#include "cli/follow.h"
#include "model/documents.h"

namespace windlass::cli {
namespace {

struct SubmitFlags {
  DefinitionInput input;
  std::string key;
  int count = 1;
  bool follow = false;
};

// Bounds the transaction and its memory; a million runs are a hundred of them.
constexpr int kRunsPerCall = 10'000;

absl::StatusOr<std::vector<SubmittedRun>> SubmitAll(Client& client,
                                                    SubmitRequest request,
                                                    int count) {
  std::vector<SubmittedRun> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int left = count; left > 0; left -= kRunsPerCall) {
    request.copies = std::min(left, kRunsPerCall);
    auto runs = client.Submit({&request, 1});
    if (!runs.ok()) return runs.status();
    all.insert(all.end(), runs->begin(), runs->end());
  }
  return all;
}

int PrintSubmitted(const Globals& globals,
                   const std::vector<SubmittedRun>& runs) {
  if (globals.json()) {
    PrintJson(SubmittedDocument(runs));
    return kOk;
  }
  for (const SubmittedRun& run : runs) std::cout << FormatRunId(run.id) << '\n';
  return kOk;
}

int Submit(const Globals& globals, const SubmitFlags& flags) {
  GivenRun given = ReadGivenRun(globals, flags.input);
  if (given.code != kOk) return given.code;
  MentionSchedule(*given.request.workflow, flags.input);
  if (!flags.key.empty() && flags.count > 1) {
    return Fail(globals, absl::InvalidArgumentError(
                             "--key names one run; it cannot go with --count"));
  }
  return WithClient(globals, [&](Client& client) {
    if (!flags.key.empty()) given.request.idempotency_key = flags.key;
    auto runs = SubmitAll(client, given.request, flags.count);
    if (!runs.ok()) return Fail(globals, runs.status());
    if (!flags.follow) return PrintSubmitted(globals, *runs);
    return FollowRun(globals, client, runs->front().id);
  });
}

}  // namespace

void AddSubmit(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<SubmitFlags>();
  CLI::App* command = app.add_subcommand(
      "submit", "Hand a workflow to the executors; prints the run's id");
  command->footer(
      "Examples:\n"
      "  windlass submit flow.yaml -p state=WA --key report-2026-11-23\n"
      "  windlass submit flow.yaml --count 1000\n"
      "  windlass submit airport-report --version 3");
  AddGivenInput(*command, flags->input);
  command->add_option("--key", flags->key,
                      "Idempotency key: a second submit with the same key "
                      "returns the first run");
  command->add_option("--count", flags->count, "Submit this many runs")
      ->check(CLI::Range(1, 10'000'000));
  command->add_flag("--follow", flags->follow,
                    "Watch the run until it has ended");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Submit(invocation.globals, *flags);
    };
  });
}

}  // namespace windlass::cli
