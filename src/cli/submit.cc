// windlass submit FILE

#include <iostream>
#include <memory>

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

absl::StatusOr<std::vector<SubmittedRun>> SubmitAll(Store& store,
                                                    SubmitRequest request,
                                                    int count) {
  std::vector<SubmittedRun> all;
  all.reserve(static_cast<std::size_t>(count));
  for (int left = count; left > 0; left -= kRunsPerCall) {
    request.copies = std::min(left, kRunsPerCall);
    auto runs = store.Submit({&request, 1});
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
  auto workflow = LoadDefinition(globals, flags.input);
  if (workflow == nullptr) return kBadInput;
  auto params = ReadParams(*workflow, flags.input);
  if (!params.ok()) return Fail(globals, params.status());
  MentionSchedule(*workflow, flags.input);
  if (!flags.key.empty() && flags.count > 1) {
    return Fail(globals, absl::InvalidArgumentError(
                             "--key names one run; it cannot go with --count"));
  }
  return WithStore(globals, [&](Engine&, Store& store) {
    SubmitRequest request;
    request.workflow = workflow;
    request.params = *params;
    request.base_dir = BaseDir(flags.input);
    request.labels = TraceLabels();
    if (!flags.key.empty()) request.idempotency_key = flags.key;
    auto runs = SubmitAll(store, std::move(request), flags.count);
    if (!runs.ok()) return Fail(globals, runs.status());
    if (!flags.follow) return PrintSubmitted(globals, *runs);
    return FollowRun(globals, store, runs->front().id);
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
      "  windlass submit flow.yaml --count 1000");
  AddDefinitionInput(*command, flags->input);
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
