// The ways notices go.
#pragma once

#include <string>

#include "server/notifier.h"

namespace windlass {

// Posts each message to a URL, signed as server/webhook.h has it when there is
// a secret. Any 2xx means that it has been taken.
Notifier::Send SendByWebhook(std::string url, std::string secret);

// Gives each message to a shell command, on standard input; exit code 0 means
// that it has been taken. After a minute the command is killed.
Notifier::Send SendByCommand(std::string command);

}  // namespace windlass
