// windlass result RUN TASK

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <functional>
#include <iostream>
#include <memory>

#include "absl/strings/str_cat.h"
#include "base/file.h"
#include "cli/access.h"
#include "cli/commands.h"
#include "cli/find_run.h"
#include "results/task_result.h"

namespace windlass::cli {
namespace {

struct Flags {
  std::string run;
  std::string task;
  std::string to;
};

// Calls `write` with all that `source` holds, piece by piece.
absl::Status Pump(ByteSource& source,
                  const std::function<absl::Status(std::string_view)>& write) {
  std::array<char, 1 << 16> buffer;
  while (true) {
    auto count = source.Read(buffer);
    if (!count.ok()) return count.status();
    if (*count == 0) return absl::OkStatus();
    if (auto status = write({buffer.data(), *count}); !status.ok()) {
      return status;
    }
  }
}

// The file gets its name only once its content is whole and verified.
absl::Status CopyToFile(ByteSource& source, const std::string& path) {
  std::string partial = absl::StrCat(path, ".partial-", getpid());
  UniqueFd file(
      open(partial.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666));
  if (!file) return ErrnoStatus(errno, "create " + partial);
  auto status = Pump(source, [&](std::string_view piece) {
    return WriteAll(file.get(), piece, "write " + partial);
  });
  if (status.ok() && rename(partial.c_str(), path.c_str()) != 0) {
    status = ErrnoStatus(errno, "rename to " + path);
  }
  if (!status.ok()) unlink(partial.c_str());
  return status;
}

absl::Status CopyTo(ByteSource& source, const std::string& path) {
  if (!path.empty()) return CopyToFile(source, path);
  return Pump(source, [](std::string_view piece) {
    return WriteAll(STDOUT_FILENO, piece, "write to stdout");
  });
}

absl::StatusOr<TaskRecord> Finished(Client& client, RunId run, TaskKey key,
                                    const std::string& name) {
  auto task = client.GetTask(run, key);
  if (absl::IsNotFound(task.status())) {
    return absl::NotFoundError(
        absl::StrCat("run ", FormatRunId(run), " has no task ", name));
  }
  if (!task.ok() || task->state == TaskState::kSucceeded) return task;
  std::string message = absl::StrCat("task ", name, " has no result: it is ",
                                     std::string(windlass::Name(task->state)));
  if (task->error) absl::StrAppend(&message, " (", task->error->message, ")");
  return absl::FailedPreconditionError(message);
}

absl::Status PrintJsonText(const Globals& globals, const Json& value,
                           const std::string& to) {
  std::string text =
      globals.json() ? FormatJson(value) : FormatJsonPretty(value);
  text += '\n';
  if (!to.empty()) return WriteFileAtomically(to, text);
  std::cout << text << std::flush;
  return absl::OkStatus();
}

// A string is printed as the text it is: what a person or a pipe wants of a
// task that printed something.
absl::Status PrintInline(const Globals& globals, const Json& value,
                         const std::string& to) {
  if (!value.is_string() || globals.json()) {
    return PrintJsonText(globals, value, to);
  }
  std::string text(value.get_string());
  if (!to.empty()) return WriteFileAtomically(to, text);
  if (text.empty() || text.back() != '\n') text += '\n';
  std::cout << text << std::flush;
  return absl::OkStatus();
}

absl::Status PrintResult(const Globals& globals, Access& access,
                         const Flags& flags) {
  Client& client = access.client();
  auto run = FindRun(client, flags.run);
  if (!run.ok()) return run.status();
  auto info = client.GetRunInfo(*run);
  if (!info.ok()) return info.status();
  auto key = FindTask(*(*info)->workflow, flags.task);
  if (!key.ok()) return key.status();
  auto task = Finished(client, *run, *key, flags.task);
  if (!task.ok()) return task.status();
  if (key->index < 0 && task->item_count >= 0) {
    auto value = access.ReadValue(*run, flags.task);
    if (!value.ok()) return value.status();
    return PrintJsonText(globals, *value, flags.to);
  }
  ResultEnvelope envelope = task->result.value_or(ResultEnvelope{});
  if (envelope.kind == ResultEnvelope::Kind::kNone) {
    return PrintJsonText(globals, nullptr, flags.to);
  }
  if (envelope.kind == ResultEnvelope::Kind::kJson) {
    auto value = access.ReadValue(*run, flags.task);
    if (!value.ok()) return value.status();
    return PrintInline(globals, *value, flags.to);
  }
  if (globals.json() && flags.to.empty()) {
    PrintJson(ToJson(envelope));
    return absl::OkStatus();
  }
  auto source = access.OpenContent(*run, flags.task, envelope);
  if (!source.ok()) return source.status();
  return CopyTo(**source, flags.to);
}

}  // namespace

void AddResult(CLI::App& app, Invocation& invocation) {
  auto flags = std::make_shared<Flags>();
  CLI::App* command = app.add_subcommand(
      "result", "A task's result, wherever it is stored; verified");
  command->footer(
      "Examples:\n"
      "  windlass result last report\n"
      "  windlass result r42 per_airport[3] --output json\n"
      "  windlass result r42 archive --to archive.zip");
  command->add_option("run", flags->run, "Run id, or `last`")->required();
  command->add_option("task", flags->task, "Task id, or id[3]")->required();
  command->add_option("--to", flags->to, "Write it to this file");
  command->callback([&invocation, flags] {
    invocation.body = [&invocation, flags] {
      return WithAccess(invocation.globals, [&](Access& access) {
        auto status = PrintResult(invocation.globals, access, *flags);
        return status.ok() ? kOk : Fail(invocation.globals, status);
      });
    };
  });
}

}  // namespace windlass::cli
