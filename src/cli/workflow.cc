// windlass workflow put FILE|list|show NAME|versions NAME|delete NAME

#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/access.h"
#include "cli/commands.h"
#include "cli/definition_input.h"
#include "cli/lister.h"
#include "cli/table.h"
#include "model/documents.h"

namespace windlass::cli {
namespace {

struct PutFlags {
  DefinitionInput input;
  std::optional<int> expected;
};

int Put(const Globals& globals, const PutFlags& flags) {
  PutWorkflowRequest request;
  request.workflow = LoadDefinition(globals, flags.input);
  if (request.workflow == nullptr) return kBadInput;
  request.base_dir = BaseDir(flags.input);
  request.expected_version = flags.expected;
  return WithClient(globals, [&](Client& client) -> int {
    auto stored = client.PutWorkflow(request);
    if (!stored.ok()) return Fail(globals, stored.status());
    if (globals.json()) {
      PrintJson(WorkflowDocument(*stored));
    } else {
      std::cout << stored->name << " is version " << stored->version << '\n';
    }
    return kOk;
  });
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

int List(const Globals& globals, const WorkflowFilter& filter) {
  return WithClient(globals, [&](Client& client) -> int {
    auto workflows = client.ListWorkflows(filter);
    if (!workflows.ok()) return Fail(globals, workflows.status());
    if (globals.json()) {
      PrintJson(WorkflowsDocument(*workflows));
      return kOk;
    }
    Table table({"WORKFLOW", "VERSION", "STORED (UTC)", "DESCRIPTION"});
    for (const WorkflowVersion& one : *workflows) {
      table.AddRow({one.name, std::to_string(one.version),
                    ShortTime(one.created_at), FirstLine(one.description)});
    }
    std::cout << table.Render();
    return kOk;
  });
}

int Versions(const Globals& globals, const std::string& name) {
  return WithClient(globals, [&](Client& client) -> int {
    auto versions = client.ListWorkflowVersions(name);
    if (!versions.ok()) return Fail(globals, versions.status());
    if (globals.json()) {
      PrintJson(VersionsDocument(*versions));
      return kOk;
    }
    Table table({"VERSION", "STORED (UTC)", "DIGEST"});
    for (const WorkflowVersion& one : *versions) {
      table.AddRow(
          {std::to_string(one.version), ShortTime(one.created_at), one.digest});
    }
    std::cout << table.Render();
    return kOk;
  });
}

struct ShowFlags {
  std::string name;
  std::optional<int> version;
};

int Show(const Globals& globals, const ShowFlags& flags) {
  return WithClient(globals, [&](Client& client) -> int {
    auto stored = client.GetWorkflow(flags.name, flags.version);
    if (!stored.ok()) return Fail(globals, stored.status());
    if (globals.json()) {
      PrintJson(WorkflowDocument(*stored));
    } else {
      std::cout << FormatJsonPretty(stored->workflow->document) << '\n';
    }
    return kOk;
  });
}

void AddWorkflowPut(CLI::App& parent, Invocation& invocation) {
  auto flags = std::make_shared<PutFlags>();
  CLI::App* command = parent.add_subcommand(
      "put", "Store a workflow: a new version, unless it equals the latest");
  command
      ->add_option("file", flags->input.file,
                   "Workflow file, YAML or JSON; - is stdin")
      ->required();
  command
      ->add_option("--allow-type", flags->input.extra_types,
                   "Accept a task type that only other executors know")
      ->allow_extra_args(false);
  command
      ->add_option("--expect", flags->expected,
                   "Refuse when the latest version is not this one; 0: when "
                   "there is one")
      ->check(CLI::NonNegativeNumber);
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Put(invocation.globals, *flags);
    };
  });
}

void AddWorkflowList(CLI::App& parent, Invocation& invocation) {
  auto filter = std::make_shared<WorkflowFilter>();
  CLI::App* command =
      parent.add_subcommand("list", "The latest version of each, by name");
  command->add_option("--name", filter->name, "Only with this in their names");
  command->add_option("--limit", filter->limit, "At most this many")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command->callback([&invocation, filter] {
    invocation.body = [&invocation, filter] {
      return List(invocation.globals, *filter);
    };
  });
}

void AddWorkflowShow(CLI::App& parent, Invocation& invocation) {
  auto flags = std::make_shared<ShowFlags>();
  CLI::App* command = parent.add_subcommand("show", "A stored definition");
  command->add_option("name", flags->name, "Its name")->required();
  command
      ->add_option("--version", flags->version,
                   "Another version than the latest")
      ->check(CLI::PositiveNumber);
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return Show(invocation.globals, *flags);
    };
  });
}

void AddWorkflowVersions(CLI::App& parent, Invocation& invocation) {
  auto name = std::make_shared<std::string>();
  CLI::App* command = parent.add_subcommand("versions", "Newest first");
  command->add_option("name", *name, "Its name")->required();
  command->callback([&invocation, name] {
    invocation.body = [&invocation, name] {
      return Versions(invocation.globals, *name);
    };
  });
}

}  // namespace

void AddWorkflow(CLI::App& app, Invocation& invocation) {
  CLI::App* command = app.add_subcommand(
      "workflow", "Workflows kept under their names: put, list, show, delete");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  windlass workflow put flow.yaml\n"
      "  windlass workflow show airport-report --version 2\n"
      "  windlass submit airport-report -p state=WA\n"
      "Runs and schedules keep the version they were made with.");
  AddWorkflowPut(*command, invocation);
  AddWorkflowList(*command, invocation);
  AddWorkflowShow(*command, invocation);
  AddWorkflowVersions(*command, invocation);
  AddChange(*command, invocation, "delete",
            "Forget it and all its versions; its runs go on", "deleted",
            [](Client& client, const std::string& name) {
              return client.DeleteWorkflow(name);
            });
}

}  // namespace windlass::cli
