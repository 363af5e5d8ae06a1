// /api/v1/callbacks/{token}, /api/v1/runs/{run}/tasks/{task}/callback

#include <cstddef>
#include <string>
#include <utility>

#include "base/sha256.h"
#include "results/task_result.h"
#include "server/api.h"
#include "server/webhook.h"

namespace windlass {
namespace {

constexpr std::size_t kMostBytes = 256 * 1024;

HttpResponse ReplyOf(CallbackReply reply) {
  switch (reply) {
    case CallbackReply::kAccepted:
      return JsonResponse(200, JsonObject{{"state", "accepted"}});
    case CallbackReply::kRepeated:
      return JsonResponse(200, JsonObject{{"state", "repeated"}});
    case CallbackReply::kOccupied:
      return ProblemResponse(409, "another message has come before");
    case CallbackReply::kTooLate:
      break;
  }
  return ProblemResponse(410, "nobody waits for this message any more");
}

absl::StatusOr<HttpResponse> Receive(Store& store, ApiCall& call) {
  const IncomingRequest& request = call.request;
  if (auto refusal = CheckWebhookHeaders(request)) return *refusal;
  const std::string& token = call.request.Captured("token");
  auto record = store.FindCallback(token);
  if (!record.ok()) return record.status();
  if (auto refusal =
          CheckWebhookSignature(request, record->secret, record->now)) {
    return *refusal;
  }
  CallbackDelivery delivery;
  delivery.token = token;
  delivery.id = request.Header("webhook-id");
  delivery.sha256 = Sha256Hex(request.body);
  delivery.body = std::move(call.body);
  auto reply = store.Deliver(delivery);
  if (!reply.ok()) return reply.status();
  return ReplyOf(*reply);
}

absl::StatusOr<HttpResponse> Answer(Store& store, const ApiCall& call) {
  auto run = RunOf(call);
  if (!run.ok()) return run.status();
  auto info = store.GetRunInfo(*run);
  if (!info.ok()) return info.status();
  auto task = FindTask(*(*info)->workflow, call.request.Captured("task"));
  if (!task.ok()) return task.status();
  auto status = store.Answer(*run, *task, call.body);
  if (!status.ok()) return status;
  return ReplyOf(CallbackReply::kAccepted);
}

RouteParameter Header(std::string name, std::string description) {
  return {std::move(name), std::move(description), "string", "header"};
}

}  // namespace

std::vector<ApiRoute> CallbackRoutes(const ApiParts& parts) {
  Store& store = *parts.store;
  return {
      {"POST",
       "/callbacks/{token}",
       // The token, which nobody can guess, and the signature are the right.
       Role::kNone,
       {.id = "callBack",
        .summary = "The message that a task with callback waits for",
        .parameters =
            {Header("webhook-id", "The same when it is sent again"),
             Header("webhook-timestamp",
                    "Seconds since 1970, within 5 minutes"),
             Header("webhook-signature",
                    "v1,<base64> of HMAC-SHA256 over id.timestamp.body")},
        .request = "CallbackBody",
        .response = "CallbackReceipt",
        .maximum_body_bytes = kMostBytes},
       [&store](ApiCall& call) { return Receive(store, call); }},
      {"POST",
       "/runs/{run}/tasks/{task}/callback",
       Role::kWrite,
       {.id = "answerTask",
        .summary = "The message that a task waits for, from who needs no "
                   "signature",
        .request = "CallbackBody",
        .response = "CallbackReceipt",
        .maximum_body_bytes = kMostBytes},
       [&store](ApiCall& call) { return Answer(store, call); }}};
}

}  // namespace windlass
