#include "results/s3/s3_presign.h"

#include <ctime>

#include "base/concat.h"
#include "base/hex.h"
#include "base/hmac.h"
#include "base/http/http_text.h"
#include "base/sha256.h"

namespace windlass {
namespace {

constexpr char kAlgorithm[] = "AWS4-HMAC-SHA256";

// "20130524T000000Z"
std::string BasicTime(Timestamp time) {
  const std::time_t seconds =
      std::chrono::floor<std::chrono::seconds>(time.time_since_epoch()).count();
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y%m%dT%H%M%SZ", &parts)};
}

// "https://host:1/a/b" in "host:1" and "/a/b".
struct UrlParts {
  std::string_view host;
  std::string_view path;
};
UrlParts PartsOf(std::string_view url) {
  const std::size_t host = url.find("://") + 3;
  const std::size_t slash = url.find('/', host);
  return {url.substr(host, slash - host), url.substr(slash)};
}

std::string SigningKey(const AwsSignature& keys, std::string_view day) {
  std::string key = Concat("AWS4", keys.secret_key);
  for (const std::string_view part :
       {day, std::string_view(keys.region), std::string_view("s3"),
        std::string_view("aws4_request")}) {
    key = HmacSha256(key, part);
  }
  return key;
}

}  // namespace

std::string PresignS3Url(const S3Place& place, std::string_view key,
                         Timestamp now, Duration lifetime) {
  const std::string url =
      Concat(place.bucket_url, "/", PercentEncode(key, "/"));
  const UrlParts parts = PartsOf(url);
  const std::string time = BasicTime(now);
  const std::string day = time.substr(0, 8);
  const std::string scope =
      Concat(day, "/", place.signature.region, "/s3/aws4_request");
  // The names must stand in the order of the alphabet.
  std::string query =
      Concat("X-Amz-Algorithm=", kAlgorithm, "&X-Amz-Credential=",
             PercentEncode(Concat(place.signature.access_key, "/", scope)),
             "&X-Amz-Date=", time, "&X-Amz-Expires=",
             std::chrono::floor<std::chrono::seconds>(lifetime).count());
  if (!place.session_token.empty()) {
    query +=
        Concat("&X-Amz-Security-Token=", PercentEncode(place.session_token));
  }
  query += "&X-Amz-SignedHeaders=host";
  const std::string canonical =
      Concat("GET\n", parts.path, "\n", query, "\nhost:", parts.host,
             "\n\nhost\nUNSIGNED-PAYLOAD");
  const std::string to_sign =
      Concat(kAlgorithm, "\n", time, "\n", scope, "\n", Sha256Hex(canonical));
  const std::string signature =
      HexText(HmacSha256(SigningKey(place.signature, day), to_sign));
  return Concat(url, "?", query, "&X-Amz-Signature=", signature);
}

}  // namespace windlass
