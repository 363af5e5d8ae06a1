#include "server/notice_senders.h"

#include <memory>
#include <utility>

#include "base/concat.h"
#include "base/http/http_client.h"
#include "base/redact_url.h"
#include "base/subprocess.h"
#include "base/utf8.h"
#include "server/webhook.h"

namespace windlass {
namespace {

constexpr Duration kWebhookTimeout = std::chrono::seconds(30);
constexpr Duration kCommandTimeout = std::chrono::minutes(1);
constexpr std::size_t kShownBytes = 300;

}  // namespace

Notifier::Send SendByWebhook(std::string url, std::string secret) {
  auto client = std::make_shared<HttpClient>();
  return
      [client, url = std::move(url), secret = std::move(secret)](
          const NoticeMessage& message, std::stop_token stop) -> absl::Status {
        HttpRequest request;
        request.method = "POST";
        request.url = url;
        request.headers = {"Content-Type: application/json",
                           "User-Agent: windlass"};
        const auto now = std::chrono::time_point_cast<Duration>(
            std::chrono::system_clock::now());
        for (const std::string& header :
             WebhookHeaders(message.id, now, message.body, secret)) {
          request.headers.push_back(header);
        }
        request.body = message.body;
        request.timeout = kWebhookTimeout;
        request.stop = std::move(stop);
        auto answer = client->Send(request);
        if (!answer.ok()) return answer.status();
        if (answer->ok()) return absl::OkStatus();
        return absl::UnavailableError(
            Concat(RedactUrl(url), " answered ", answer->status, ": ",
                   Utf8Head(answer->body, kShownBytes)));
      };
}

Notifier::Send SendByCommand(std::string command) {
  return [command = std::move(command)](const NoticeMessage& message,
                                        std::stop_token stop) -> absl::Status {
    ProcessOptions process;
    process.argv = {"/bin/sh", "-c", command};
    process.input = message.body;
    process.timeout = kCommandTimeout;
    process.stop = std::move(stop);
    auto exit = RunProcess(process, nullptr);
    if (!exit.ok()) return exit.status();
    if (exit->Succeeded()) return absl::OkStatus();
    return absl::UnavailableError(
        Concat("the command ended with ", exit->Describe()));
  };
}

}  // namespace windlass
