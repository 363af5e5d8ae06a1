#include "store/sql/callbacks.h"

#include <limits>
#include <optional>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/sha256.h"
#include "model/callback.h"
#include "model/json_schema.h"
#include "sql_query.h"
#include "store/sql/ending.h"
#include "store/sql/tasks.h"
#include "store/sql/waiting.h"

namespace windlass::sql {
namespace {

// Of messages that come from within.
constexpr char kLocalId[] = "local";

// The column `state`.
enum class State : std::uint8_t { kNew, kAwaited, kReceived, kExpired };

// The address a task has at present.
struct OpenRow {
  CallbackAddress address;
  State state = State::kNew;
  std::optional<Timestamp> expires_at;
  std::optional<CallbackMessage> message;
};

absl::StatusOr<CallbackMessage> ReadMessage(const Rows& rows, int column) {
  CallbackMessage message;
  message.received_at = rows.Time(column);
  message.id = rows.Text(column + 1);
  auto body = ParseJson(rows.Text(column + 2));
  if (!body.ok() || !body->is_object()) {
    return absl::DataLossError("damaged message of a callback");
  }
  message.body = std::move(body->as_object());
  return message;
}

absl::StatusOr<std::optional<OpenRow>> FindOpen(Transaction& tx, RunId run,
                                                TaskKey task) {
  Rows rows =
      tx.db.Read(Query::kSelectOpenCallback, run, task.node, task.index);
  if (!rows.Next()) return std::nullopt;
  OpenRow row;
  row.address = {std::string(rows.Text(0)), std::string(rows.Text(1))};
  row.state = static_cast<State>(rows.Int(2));
  row.expires_at = rows.OptionalTime(3);
  if (row.state == State::kReceived) {
    auto message = ReadMessage(rows, 4);
    if (!message.ok()) return message.status();
    row.message = *std::move(message);
  }
  return row;
}

// An address, whether it is open or not.
struct AnyRow {
  RunId run;
  TaskKey task;
  State state = State::kNew;
  bool closed = false;
  std::optional<Timestamp> expires_at;
  std::string message_id;
  std::string sha256;
};

std::optional<AnyRow> FindAny(Transaction& tx, std::string_view token) {
  Rows rows = tx.db.Read(Query::kSelectCallback, token);
  if (!rows.Next()) return std::nullopt;
  AnyRow row;
  row.run = RunId{rows.Int(0)};
  row.task = TaskKey{rows.Int32(1), rows.Int32(2)};
  row.state = static_cast<State>(rows.Int(4));
  row.closed = rows.Bool(5);
  row.expires_at = rows.OptionalTime(6);
  row.message_id = rows.Text(7);
  row.sha256 = rows.Text(8);
  return row;
}

absl::Status NoSuchToken() {
  return absl::NotFoundError("nobody has been told to send anything here");
}

std::optional<CallbackReply> WhyNot(const AnyRow& row,
                                    const CallbackDelivery& delivery,
                                    Timestamp now) {
  if (row.state == State::kReceived) {
    const bool same =
        row.message_id == delivery.id || row.sha256 == delivery.sha256;
    return same ? CallbackReply::kRepeated : CallbackReply::kOccupied;
  }
  const bool late = row.expires_at && *row.expires_at <= now;
  if (row.closed || row.state == State::kExpired || late) {
    return CallbackReply::kTooLate;
  }
  return std::nullopt;
}

// The task that waits, if it does at present. One that waits for something else
// may begin at once, too.
void Wake(Transaction& tx, LiveRun& run, TaskKey task) {
  std::optional<Ticket> ticket;
  {
    Rows rows = tx.db.Read(Query::kSelectScheduledTask, run.id(), task.node,
                           task.index);
    if (rows.Next()) ticket = ReadTicket(rows, 0);
  }
  if (!ticket) return;
  tx.db.Write(Query::kDeleteScheduled, run.id(), task.node, task.index);
  tx.tally.Scheduled(run.definition->id, task.node, -1);
  PutReady(tx, run, task, *ticket);
}

absl::Status CheckBody(const TaskSpec& spec, const JsonObject& body) {
  if (!spec.callback || !spec.callback->schema) return absl::OkStatus();
  auto schema = JsonSchema::Compile(*spec.callback->schema);
  if (!schema.ok()) return schema.status();
  const auto violations = schema->Check(body);
  if (violations.empty()) return absl::OkStatus();
  const SchemaViolation& first = violations.front();
  return absl::InvalidArgumentError(
      absl::StrCat("callback.schema: body", first.path.empty() ? "" : ".",
                   first.path, ": ", first.message));
}

// The message of a task that wants it, and whose run is locked.
absl::Status Keep(Transaction& tx, LiveRun& run, TaskKey task,
                  const CallbackDelivery& delivery) {
  auto fits = CheckBody(run.spec(task.node), delivery.body);
  if (!fits.ok()) return fits;
  const std::string body = FormatJson(delivery.body);
  tx.db.Write(Query::kReceiveCallback, std::string_view(delivery.token),
              tx.now(), std::string_view(delivery.id),
              std::string_view(delivery.sha256), std::string_view(body));
  Wake(tx, run, task);
  return absl::OkStatus();
}

absl::StatusOr<CallbackReply> Receive(Transaction& tx,
                                      const CallbackDelivery& delivery) {
  auto row = FindAny(tx, delivery.token);
  LiveRun* run = row ? tx.Run(row->run) : nullptr;
  // Until its run was locked, others could change it.
  if (run != nullptr) row = FindAny(tx, delivery.token);
  if (run == nullptr || !row) return NoSuchToken();
  if (auto why = WhyNot(*row, delivery, tx.now())) return *why;
  auto status = Keep(tx, *run, row->task, delivery);
  if (!status.ok()) return status;
  return CallbackReply::kAccepted;
}

bool Waits(const OpenRow& row, Timestamp now) {
  return row.state == State::kNew ||
         (row.state == State::kAwaited && *row.expires_at > now);
}

absl::Status ReceiveAnswer(Transaction& tx, RunId id, TaskKey task,
                           const JsonObject& body) {
  LiveRun* run = tx.Run(id);
  if (!tx.db.ok()) return tx.db.status();
  if (run == nullptr) {
    return absl::NotFoundError(
        absl::StrCat("there is no run ", FormatRunId(id)));
  }
  auto row = FindOpen(tx, id, task);
  if (!row.ok()) return row.status();
  if (!row->has_value() || !Waits(**row, tx.now())) {
    return absl::FailedPreconditionError("the task waits for no callback");
  }
  CallbackDelivery delivery;
  delivery.token = (*row)->address.token;
  delivery.id = kLocalId;
  delivery.sha256 = Sha256Hex(FormatJson(body));
  delivery.body = body;
  return Keep(tx, *run, task, delivery);
}

}  // namespace

absl::StatusOr<CallbackProgress> Tasks::OpenCallback(
    const Lease& lease, const CallbackAddress& fresh) {
  CallbackProgress progress;
  const auto body = [&](Transaction& tx) -> absl::Status {
    progress = CallbackProgress();
    const RunId run = lease.run->id;
    const TaskKey task = lease.task;
    if (!IsCurrent(tx, run, task, lease.token)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the lease ", lease.token.value, " has ended"));
    }
    auto row = FindOpen(tx, run, task);
    if (!row.ok()) return row.status();
    if (!row->has_value()) {
      progress.address = fresh;
      tx.db.Write(Query::kInsertCallback, std::string_view(fresh.token),
                  std::string_view(fresh.secret), run, task.node, task.index,
                  tx.now());
      return absl::OkStatus();
    }
    OpenRow& open = **row;
    if (open.state == State::kAwaited && *open.expires_at <= tx.now()) {
      open.state = State::kExpired;
      tx.db.Write(Query::kExpireCallback, std::string_view(open.address.token));
    }
    progress.state = static_cast<CallbackProgress::State>(open.state);
    progress.address = std::move(open.address);
    progress.message = std::move(open.message);
    return absl::OkStatus();
  };
  // What others are told must not be forgotten.
  if (auto status = ledger_.Write(Ledger::Durability::kMachine, body);
      !status.ok()) {
    return status;
  }
  return progress;
}

absl::StatusOr<CallbackRecord> Callbacks::FindCallback(
    const std::string& token) {
  std::optional<CallbackRecord> record;
  const auto body = [&](Connection& connection, Timestamp now) {
    record.reset();
    Rows rows =
        connection.Read(Query::kSelectCallback, std::string_view(token));
    if (rows.Next()) {
      record = CallbackRecord{.run = RunId{rows.Int(0)},
                              .task = TaskKey{rows.Int32(1), rows.Int32(2)},
                              .secret = std::string(rows.Text(3)),
                              .now = now};
    }
    return absl::OkStatus();
  };
  if (auto status = ledger_.Read(body); !status.ok()) return status;
  if (!record) return NoSuchToken();
  return *std::move(record);
}

absl::StatusOr<CallbackReply> Callbacks::Deliver(
    const CallbackDelivery& delivery) {
  CallbackReply reply = CallbackReply::kAccepted;
  const auto body = [&](Transaction& tx) -> absl::Status {
    auto received = Receive(tx, delivery);
    if (!tx.db.ok()) return tx.db.status();
    if (received.ok()) reply = *received;
    return received.status();
  };
  if (auto status = ledger_.Write(Ledger::Durability::kMachine, body);
      !status.ok()) {
    return status;
  }
  return reply;
}

absl::Status Callbacks::Answer(RunId run, TaskKey task,
                               const JsonObject& body) {
  return ledger_.Write(Ledger::Durability::kMachine, [&](Transaction& tx) {
    return ReceiveAnswer(tx, run, task, body);
  });
}

void PutAwaiting(Transaction& tx, LiveRun& run, TaskKey task,
                 const Ticket& ticket, Duration timeout) {
  auto row = FindOpen(tx, run.id(), task);
  if (!row.ok()) return tx.db.Fail(row.status());
  // Who has no address hears nothing, and finds that out at once.
  if (!row->has_value() || (*row)->state == State::kReceived) {
    return PutReady(tx, run, task, ticket);
  }
  const OpenRow& open = **row;
  const Timestamp due = open.expires_at.value_or(tx.now() + timeout);
  if (open.state == State::kNew) {
    tx.db.Write(Query::kAwaitCallback, std::string_view(open.address.token),
                tx.now(), due);
  }
  PutScheduled(tx, run, task, ticket, due);
}

void RenewCallback(Transaction& tx, const LiveRun& run, TaskKey task,
                   const AttemptEnd& end) {
  if (!run.spec(task.node).callback) return;
  if (!end.error || !IsSaidByCallback(*end.error)) {
    auto row = FindOpen(tx, run.id(), task);
    if (!row.ok()) return tx.db.Fail(row.status());
    if (row->has_value() && (*row)->state == State::kReceived) return;
  }
  CloseCallback(tx, run, task);
}

void CloseCallback(Transaction& tx, const LiveRun& run, TaskKey task) {
  if (!run.spec(task.node).callback) return;
  tx.db.Write(Query::kCloseCallbacks, run.id(), task.node, task.index,
              task.index);
}

void CloseCallbacks(Transaction& tx, const LiveRun& run, std::int32_t node) {
  if (!run.spec(node).callback) return;
  tx.db.Write(Query::kCloseCallbacks, run.id(), node, -1,
              std::numeric_limits<std::int32_t>::max());
}

}  // namespace windlass::sql
