// Where the broker is and as whom, from one URL:
//
//   amqp://user:password@host:5672/vhost
//   amqps://user:password@host/?cacertfile=/etc/ca.pem&heartbeat=10
//
// The form and the parameters are RabbitMQ's (rabbitmq.com/uri-spec.html,
// uri-query-parameters.html): cacertfile, certfile, keyfile, heartbeat in
// seconds, connection_timeout in milliseconds. What is missing is
// guest@localhost and the vhost "/"; everything may be percent-encoded.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "windlass/time.h"

namespace windlass::rabbitmq {

struct BrokerUrl {
  std::string host = "localhost";
  int port = 5672;
  std::string user = "guest";
  std::string password = "guest";
  std::string vhost = "/";

  bool tls = false;
  std::string ca_file;    // Empty: Debian's authorities.
  std::string cert_file;  // Of the client, with key_file.
  std::string key_file;

  // After two of these without a word the connection is given up.
  std::chrono::seconds heartbeat{20};
  // Of connecting and of logging in. A request to a broker that is there may
  // take longer.
  Duration timeout = std::chrono::seconds(5);
};

// Errors never repeat the URL: it may hold a password.
absl::StatusOr<BrokerUrl> ParseBrokerUrl(const std::string& url);

}  // namespace windlass::rabbitmq
