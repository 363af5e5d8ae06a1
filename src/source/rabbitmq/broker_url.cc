#include "source/rabbitmq/broker_url.h"

#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "base/concat.h"

namespace windlass::rabbitmq {
namespace {

absl::Status Bad(std::string_view what) {
  return absl::InvalidArgumentError(
      Concat("broker: ", what,
             "; expected amqp://USER:PASSWORD@HOST:PORT/VHOST or amqps://..."));
}

absl::StatusOr<std::string> Decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const std::string digits(text.substr(i + 1, 2));
    if (digits.size() < 2 || !absl::ascii_isxdigit(digits[0]) ||
        !absl::ascii_isxdigit(digits[1])) {
      return Bad("a % must be followed by two hex digits");
    }
    decoded += absl::HexStringToBytes(digits);
    i += 2;
  }
  return decoded;
}

absl::Status DecodeTo(std::string_view text, std::string& out) {
  auto decoded = Decode(text);
  if (!decoded.ok()) return decoded.status();
  out = *std::move(decoded);
  return absl::OkStatus();
}

absl::Status ReadUser(std::string_view text, BrokerUrl& url) {
  const std::size_t colon = text.find(':');
  auto status = DecodeTo(text.substr(0, colon), url.user);
  if (!status.ok() || colon == std::string_view::npos) return status;
  return DecodeTo(text.substr(colon + 1), url.password);
}

// "host", "host:5672", "[::1]:5672"
absl::Status ReadHost(std::string_view text, BrokerUrl& url) {
  std::string_view port;
  if (!text.empty() && text.front() == '[') {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return Bad("a [ has no ]");
    port = text.substr(end + 1);
    text = text.substr(1, end - 1);
  } else if (const std::size_t colon = text.find(':');
             colon != std::string_view::npos) {
    port = text.substr(colon);
    text = text.substr(0, colon);
  }
  if (!text.empty()) url.host = std::string(text);
  if (port.empty()) return absl::OkStatus();
  if (port.front() == ':' &&
      absl::SimpleAtoi(std::string(port.substr(1)), &url.port) &&
      url.port > 0 && url.port < 65536) {
    return absl::OkStatus();
  }
  return Bad("the port is not one of 1..65535");
}

absl::Status ReadNumber(std::string_view name, const std::string& text,
                        int& out) {
  if (absl::SimpleAtoi(text, &out) && out > 0) return absl::OkStatus();
  return Bad(Concat("the parameter ", name, " is not a positive number"));
}

absl::Status ReadParameter(std::string_view parameter, BrokerUrl& url) {
  const std::size_t equals = parameter.find('=');
  const std::string_view name = parameter.substr(0, equals);
  std::string value;
  if (equals != std::string_view::npos) {
    auto status = DecodeTo(parameter.substr(equals + 1), value);
    if (!status.ok()) return status;
  }
  int number = 0;
  if (name == "cacertfile") {
    url.ca_file = value;
  } else if (name == "certfile") {
    url.cert_file = value;
  } else if (name == "keyfile") {
    url.key_file = value;
  } else if (name == "heartbeat") {
    auto status = ReadNumber(name, value, number);
    url.heartbeat = std::chrono::seconds(number);
    return status;
  } else if (name == "connection_timeout") {
    auto status = ReadNumber(name, value, number);
    url.timeout = std::chrono::milliseconds(number);
    return status;
  } else {
    return Bad(Concat("unknown parameter '", name,
                      "'; there are cacertfile, certfile, keyfile, heartbeat, "
                      "connection_timeout"));
  }
  return absl::OkStatus();
}

absl::Status ReadQuery(std::string_view query, BrokerUrl& url) {
  while (!query.empty()) {
    const std::size_t end = query.find('&');
    auto status = ReadParameter(query.substr(0, end), url);
    if (!status.ok()) return status;
    query = end == std::string_view::npos ? "" : query.substr(end + 1);
  }
  return url.cert_file.empty() == url.key_file.empty()
             ? absl::OkStatus()
             : Bad("certfile and keyfile belong together");
}

}  // namespace

absl::StatusOr<BrokerUrl> ParseBrokerUrl(const std::string& text) {
  BrokerUrl url;
  std::string_view rest = text;
  if (rest.starts_with("amqps://")) {
    url.tls = true;
    url.port = 5671;
    rest.remove_prefix(8);
  } else if (rest.starts_with("amqp://")) {
    rest.remove_prefix(7);
  } else {
    return Bad("the scheme is not amqp:// or amqps://");
  }
  const std::size_t question = rest.find('?');
  const std::string_view query =
      question == std::string_view::npos ? "" : rest.substr(question + 1);
  rest = rest.substr(0, question);
  absl::Status status;
  // The last @: a password may contain one, and a slash too.
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    status = ReadUser(rest.substr(0, at), url);
    rest = rest.substr(at + 1);
  }
  const std::size_t slash = rest.find('/');
  if (slash != std::string_view::npos && slash + 1 < rest.size()) {
    status.Update(DecodeTo(rest.substr(slash + 1), url.vhost));
  }
  status.Update(ReadHost(rest.substr(0, slash), url));
  status.Update(ReadQuery(query, url));
  if (!status.ok()) return status;
  return url;
}

}  // namespace windlass::rabbitmq
