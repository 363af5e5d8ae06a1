// windlass doctor

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/table.h"
#include "engine/diagnostics.h"
#include "engine/result_care.h"
#include "windlass/self_check.h"

namespace windlass::cli {
namespace {

enum class Depth : std::uint8_t { kShallow, kDeep };

struct Verification {
  bool wanted = false;
  std::string place;  // Empty: where --results before the command says.
  int sample = 100;
};

JsonArray ToJson(const std::vector<Finding>& findings) {
  JsonArray list;
  for (const Finding& one : findings) {
    list.push_back(JsonObject{{"check", one.check},
                              {"level", Name(one.level)},
                              {"detail", one.detail},
                              {"advice", one.advice}});
  }
  return list;
}

JsonArray ToJson(const std::vector<Contradiction>& contradictions) {
  JsonArray list;
  for (const Contradiction& one : contradictions) {
    list.push_back(
        JsonObject{{"run", one.run.value == 0 ? "" : FormatRunId(one.run)},
                   {"task", one.task},
                   {"what", one.what}});
  }
  return list;
}

void Print(const std::vector<Finding>& findings) {
  Table table({"", "CHECK", "FOUND", "WHAT TO DO"});
  for (const Finding& one : findings) {
    table.AddRow(
        {std::string(Name(one.level)), one.check, one.detail, one.advice});
  }
  std::cout << table.Render();
}

void Print(const std::vector<Contradiction>& contradictions) {
  if (contradictions.empty()) {
    std::cout << "The store does not contradict itself.\n";
    return;
  }
  Table table({"RUN", "TASK", "CONTRADICTION"});
  for (const Contradiction& one : contradictions) {
    table.AddRow({one.run.value == 0 ? "the store" : FormatRunId(one.run),
                  one.task, one.what});
  }
  std::cout << table.Render();
}

absl::StatusOr<std::vector<Contradiction>> LookDeep(Engine& engine) {
  auto store = engine.store();
  if (!store.ok()) return store.status();
  return FindContradictions(**store);
}

// What cannot be opened is among the other findings.
void VerifySample(Engine& engine, int sample, std::vector<Finding>& findings) {
  auto store = engine.store();
  auto results = engine.results();
  if (!store.ok() || !results.ok()) return;
  for (Finding& one : VerifyResults(**store, **results, sample)) {
    findings.push_back(std::move(one));
  }
}

int Doctor(const Globals& globals, const ExecutorConfig& executor, Depth depth,
           const Verification& verify) {
  Engine engine(EngineConfigFrom(globals));
  std::vector<Finding> findings = Diagnose(engine, executor);
  if (verify.wanted) VerifySample(engine, verify.sample, findings);
  const bool broken = std::any_of(
      findings.begin(), findings.end(),
      [](const Finding& one) { return one.level == Finding::Level::kProblem; });
  std::vector<Contradiction> contradictions;
  if (depth == Depth::kDeep) {
    auto found = LookDeep(engine);
    if (!found.ok()) return Fail(globals, found.status());
    contradictions = *std::move(found);
  }
  if (globals.json()) {
    JsonObject document{{"healthy", !broken && contradictions.empty()},
                        {"findings", ToJson(findings)}};
    if (depth == Depth::kDeep) {
      document["contradictions"] = ToJson(contradictions);
    }
    PrintJson(document);
  } else {
    Print(findings);
    if (depth == Depth::kDeep) Print(contradictions);
  }
  if (broken) return kUnreachable;
  return contradictions.empty() ? kOk : kRunFailed;
}

}  // namespace

void AddDoctor(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "doctor", "Look for what may keep executors here from working");
  command->footer(
      "Examples:\n  windlass doctor --slots 64\n"
      "  windlass doctor --deep --output json\n"
      "  windlass doctor --results --sample 1000");
  auto deep = std::make_shared<bool>(false);
  AddSwitch(*command, "--deep", *deep,
            "Read the whole store, and exit 1 if it contradicts itself");
  auto verify = std::make_shared<Verification>();
  CLI::Option* chosen =
      command
          ->add_option("--results", verify->place,
                       "Read results, chosen at random, and compare their "
                       "checksums; with a URL, those there")
          ->expected(0, 1);
  AddSetting(*command, "--sample", verify->sample,
             "How many results --results reads")
      ->check(CLI::Range(1, 1'000'000));
  auto executor = std::make_shared<ExecutorConfig>();
  AddSetting(*command, "--slots", executor->slots,
             "For an executor with these; 0 is one per core")
      ->check(CLI::Range(0, 10'000));
  AddSetting(*command, "--scratch-dir", executor->scratch_dir,
             "Where attempts get their scratch folders");
  AddSetting(*command, "--secrets-dir", executor->secrets_dir,
             "Folder with a file per secret");
  command->callback([&invocation, executor, deep, verify, chosen] {
    verify->wanted = chosen->count() > 0;
    if (!verify->place.empty()) invocation.globals.results = verify->place;
    invocation.body = [&invocation, executor, deep, verify] {
      return Doctor(invocation.globals, *executor,
                    *deep ? Depth::kDeep : Depth::kShallow, *verify);
    };
  });
}

}  // namespace windlass::cli
