// windlass migrate up|down|status|sql

#include <iostream>

#include "cli/commands.h"
#include "engine/migrations.h"

namespace windlass::cli {
namespace {

int PrintStatus(const Globals& globals) {
  auto status = GetSchemaStatus(globals.store);
  if (!status.ok()) return Fail(globals, status.status());
  if (globals.json()) {
    PrintJson(
        JsonObject{{"version", status->version}, {"newest", status->newest}});
  } else {
    std::cout << "version " << status->version << " of " << status->newest
              << '\n';
  }
  return kOk;
}

int Apply(const Globals& globals, absl::Status (*migrate)(const std::string&)) {
  if (auto status = migrate(globals.store); !status.ok()) {
    return Fail(globals, status);
  }
  return PrintStatus(globals);
}

int PrintSql(const Globals& globals) {
  auto sql = MigrationSql(globals.store);
  if (!sql.ok()) return Fail(globals, sql.status());
  if (globals.json()) {
    PrintJson(JsonObject{{"sql", *sql}});
  } else {
    std::cout << *sql;
  }
  return kOk;
}

void AddStep(CLI::App& parent, Invocation& invocation, const std::string& name,
             const std::string& help, std::function<int(const Globals&)> step) {
  parent.add_subcommand(name, help)
      ->callback([&invocation, step = std::move(step)] {
        invocation.body = [&invocation, step] {
          return step(invocation.globals);
        };
      });
}

}  // namespace

void AddMigrate(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "migrate", "The store's schema: bring it up to date, look at it");
  command->require_subcommand(1);
  command->footer(
      "Every command brings an older store up to date by itself.\n"
      "Example:\n  windlass migrate status --store sqlite:other.db");
  AddStep(*command, invocation, "up", "To the newest version",
          [](const Globals& globals) { return Apply(globals, MigrateUp); });
  AddStep(*command, invocation, "down",
          "One version back; what that version cannot hold is lost",
          [](const Globals& globals) { return Apply(globals, MigrateDown); });
  AddStep(*command, invocation, "status", "Which version it has", PrintStatus);
  AddStep(*command, invocation, "sql", "Print the statements", PrintSql);
}

}  // namespace windlass::cli
