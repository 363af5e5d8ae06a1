#include "results/s3/s3_result_store.h"

#include <algorithm>
#include <cstdlib>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/concat.h"
#include "base/random.h"
#include "results/cache/cache_params.h"
#include "results/content_stream.h"
#include "results/object_key.h"
#include "results/remote/chunk_reader.h"
#include "results/remote/place_url.h"
#include "results/s3/s3_client.h"

namespace windlass {
namespace {

constexpr std::string_view kScheme = "s3:";
constexpr std::int64_t kMiB = std::int64_t{1} << 20;
constexpr std::int64_t kMaximumParts = 10'000;

struct Settings {
  S3Place place;
  std::string prefix;  // "" or "windlass/results/".
  HttpOptions http;
  DownloadOptions download;
  std::int64_t part_bytes = 8 * kMiB;
  enum class MissingBucket : std::uint8_t { kMake, kError };
  std::optional<CacheOptions> cache;
  MissingBucket missing_bucket = MissingBucket::kError;
};

absl::StatusOr<std::string> KeyOf(std::string_view uri) {
  if (!uri.starts_with(kScheme)) {
    return absl::InvalidArgumentError(
        Concat("'", uri, "' is not in this result store, whose objects are ",
               "called s3:..."));
  }
  const std::string_view key = uri.substr(kScheme.size());
  absl::Status valid = CheckObjectKey(key);
  if (!valid.ok()) return valid;
  return std::string(key);
}

class S3ResultStore : public ResultStore {
 public:
  S3ResultStore(const Settings& settings, Clock& clock)
      : settings_(settings),
        clock_(clock),
        client_(settings.place, settings.http, settings.download.retry, clock) {
  }

  absl::Status FindOrMakeBucket();

  absl::StatusOr<ObjectInfo> Put(std::string_view key, ByteSource& content,
                                 const PutOptions& options) override;
  absl::StatusOr<std::unique_ptr<ByteSource>> Get(
      std::string_view uri, const ByteRange& range) override;
  absl::StatusOr<ObjectInfo> Stat(std::string_view uri) override;
  absl::Status Delete(std::string_view uri) override;
  absl::Status List(
      std::string_view prefix,
      const std::function<bool(const ObjectInfo&)>& visit) override;
  absl::StatusOr<std::string> SignUrl(std::string_view uri,
                                      Duration lifetime) override;

 private:
  std::string InBucket(std::string_view key) const {
    return Concat(settings_.prefix, key);
  }
  // Of `object`, whose key begins with the prefix.
  ObjectInfo InfoOf(const S3Object& object) const {
    return ObjectInfo{
        .uri = Concat(
            kScheme,
            std::string_view(object.key).substr(settings_.prefix.size())),
        .size = object.size,
        .modified_at = object.modified_at};
  }
  // Both return how many bytes there were.
  absl::StatusOr<std::int64_t> PutInParts(std::string_view key,
                                          std::string head, ByteSource& rest,
                                          const PutOptions& options);
  absl::StatusOr<std::int64_t> PutParts(std::string_view key,
                                        std::string_view id, ChunkReader parts,
                                        std::vector<std::string>& etags);

  const Settings settings_;
  Clock& clock_;
  S3Client client_;
};

absl::Status S3ResultStore::FindOrMakeBucket() {
  absl::Status found = client_.FindBucket();
  if (!absl::IsNotFound(found) ||
      settings_.missing_bucket == Settings::MissingBucket::kError) {
    return found;
  }
  return client_.CreateBucket();
}

absl::StatusOr<ObjectInfo> S3ResultStore::Put(std::string_view key,
                                              ByteSource& content,
                                              const PutOptions& options) {
  absl::Status valid = CheckObjectKey(key);
  if (!valid.ok()) return valid;
  const auto part = static_cast<std::size_t>(settings_.part_bytes);
  absl::StatusOr<std::string> head = ReadHead(content, part + 1);
  if (!head.ok()) return head.status();
  auto size = static_cast<std::int64_t>(head->size());
  if (head->size() <= part) {
    if (options.size.value_or(size) != size) return WrongContentSize(key);
    absl::Status put = client_.Put(InBucket(key), *head,
                                   {options.media_type, RandomToken(16)});
    if (!put.ok()) return put;
  } else {
    absl::StatusOr<std::int64_t> put =
        PutInParts(key, *std::move(head), content, options);
    if (!put.ok()) return put.status();
    size = *put;
  }
  return ObjectInfo{
      .uri = Concat(kScheme, key), .size = size, .modified_at = clock_.Now()};
}

absl::StatusOr<std::int64_t> S3ResultStore::PutInParts(
    std::string_view key, std::string head, ByteSource& rest,
    const PutOptions& options) {
  const S3Facts facts{options.media_type, RandomToken(16)};
  const std::string there = InBucket(key);
  absl::StatusOr<std::string> id = client_.BeginUpload(there, facts);
  if (!id.ok()) return id.status();
  // Of content whose size is known, parts are as large as their number demands.
  const std::int64_t part_bytes =
      std::max(settings_.part_bytes,
               (options.size.value_or(0) + kMaximumParts - 1) / kMaximumParts);
  std::vector<std::string> etags;
  absl::StatusOr<std::int64_t> size = PutParts(
      there, *id,
      ChunkReader(std::move(head), rest, static_cast<std::size_t>(part_bytes)),
      etags);
  absl::Status done = size.status();
  if (done.ok() && options.size.value_or(*size) != *size) {
    done = WrongContentSize(key);
  }
  if (done.ok()) done = client_.CompleteUpload(there, *id, etags, facts.mark);
  if (done.ok()) return size;
  client_.AbandonUpload(there, *id);
  return done;
}

// Sends a part while the next one is read: making content (checksums,
// compression) takes as long as sending it.
absl::StatusOr<std::int64_t> S3ResultStore::PutParts(
    std::string_view key, std::string_view id, ChunkReader parts,
    std::vector<std::string>& etags) {
  std::int64_t size = 0;
  std::string sending;
  // Its destructor waits for what is being sent.
  std::future<absl::StatusOr<std::string>> sent;
  const auto take = [&]() -> absl::Status {
    if (!sent.valid()) return absl::OkStatus();
    absl::StatusOr<std::string> etag = sent.get();
    if (etag.ok()) etags.push_back(*std::move(etag));
    return etag.status();
  };
  do {
    absl::StatusOr<std::string_view> part = parts.Next();
    if (!part.ok()) return part.status();
    if (auto status = take(); !status.ok()) return status;
    if (etags.size() == kMaximumParts) {
      return absl::ResourceExhaustedError(
          Concat("write ", key, ": more than 10000 parts of ",
                 settings_.part_bytes, " bytes; raise part_size"));
    }
    size += static_cast<std::int64_t>(part->size());
    sending.assign(*part);
    const int number = static_cast<int>(etags.size()) + 1;
    sent = std::async(std::launch::async, [this, key, id, number, &sending] {
      return client_.PutPart(key, id, number, sending);
    });
  } while (!parts.is_last());
  if (auto status = take(); !status.ok()) return status;
  return size;
}

absl::StatusOr<std::unique_ptr<ByteSource>> S3ResultStore::Get(
    std::string_view uri, const ByteRange& range) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  if (range.length == 0 && range.offset >= 0) {
    absl::StatusOr<S3Object> found = client_.Find(InBucket(*key));
    if (!found.ok()) return found.status();
    return MakeStringSource("");
  }
  OpenObject open = [this, key = InBucket(*key)](const ByteRange& part,
                                                 std::stop_token stop) {
    return client_.Open(key, part, std::move(stop));
  };
  return DownloadObject(std::move(open), range, settings_.download, clock_);
}

absl::StatusOr<ObjectInfo> S3ResultStore::Stat(std::string_view uri) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  absl::StatusOr<S3Object> found = client_.Find(InBucket(*key));
  if (!found.ok()) return found.status();
  return InfoOf(*found);
}

absl::Status S3ResultStore::Delete(std::string_view uri) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  return key.ok() ? client_.Delete(InBucket(*key)) : key.status();
}

absl::StatusOr<std::string> S3ResultStore::SignUrl(std::string_view uri,
                                                   Duration lifetime) {
  constexpr Duration kLongest = std::chrono::hours(24 * 7);
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  if (lifetime < std::chrono::seconds(1) || lifetime > kLongest) {
    return absl::InvalidArgumentError(
        "the lifetime of a URL of S3 must be between a second and seven days");
  }
  return client_.Sign(InBucket(*key), lifetime);
}

absl::Status S3ResultStore::List(
    std::string_view prefix,
    const std::function<bool(const ObjectInfo&)>& visit) {
  absl::Status valid = CheckObjectKeyPrefix(prefix);
  if (!valid.ok()) return valid;
  std::string cursor;
  do {
    absl::StatusOr<S3Page> page = client_.List(InBucket(prefix), cursor);
    if (!page.ok()) return page.status();
    for (const S3Object& object : page->objects) {
      // Others may keep what they like in the bucket.
      const std::string_view key =
          std::string_view(object.key).substr(settings_.prefix.size());
      if (!CheckObjectKey(key).ok()) continue;
      if (!visit(InfoOf(object))) return absl::OkStatus();
    }
    cursor = std::move(page->cursor);
  } while (!cursor.empty());
  return absl::OkStatus();
}

std::string EnvironmentOr(const char* name, std::string_view fallback) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : std::string(fallback);
}

// "https://bucket.s3.eu-central-1.amazonaws.com", or with a path for it.
absl::StatusOr<std::string> BucketUrl(const PlaceUrl& place,
                                      std::string_view region) {
  std::string endpoint = place.Text("endpoint", "");
  std::string style =
      place.Text("style", endpoint.empty() ? "virtual" : "path");
  if (endpoint.empty()) {
    endpoint = Concat("https://s3.", region, ".amazonaws.com");
  }
  while (endpoint.ends_with('/')) endpoint.pop_back();
  const std::size_t slashes = endpoint.find("://");
  if (!endpoint.starts_with("http://") && !endpoint.starts_with("https://")) {
    return absl::InvalidArgumentError(
        Concat("result store s3://", place.host(), ": endpoint=", endpoint,
               ": expected http://HOST or https://HOST"));
  }
  if (style == "path") return Concat(endpoint, "/", place.host());
  if (style == "virtual") {
    return Concat(endpoint.substr(0, slashes + 3), place.host(), ".",
                  endpoint.substr(slashes + 3));
  }
  return absl::InvalidArgumentError(Concat("result store s3://", place.host(),
                                           ": style=", style,
                                           ": expected path or virtual"));
}

absl::Status ReadTuning(const PlaceUrl& place, Settings& settings) {
  auto cache = ReadCacheParams(place);
  auto create = place.Switch("create_bucket", false);
  auto part = place.Size("part_size", 8 * kMiB, 64 << 10, 48 * kMiB);
  auto parallel = place.Number("parallel", 4, 1, 16);
  auto range = place.Size("range_size", 4 * kMiB, 64 << 10, 48 * kMiB);
  auto attempts = place.Number("attempts", RetryOptions().attempts, 1, 100);
  auto delay = place.Time("retry_delay", RetryOptions().backoff.initial);
  auto stall = place.Time("stall_timeout", HttpOptions().stall_timeout);
  for (const absl::Status& status :
       {cache.status(), create.status(), part.status(), parallel.status(),
        range.status(), attempts.status(), delay.status(), stall.status()}) {
    if (!status.ok()) return status;
  }
  if (*create) settings.missing_bucket = Settings::MissingBucket::kMake;
  settings.cache = *std::move(cache);
  settings.part_bytes = *part;
  settings.download.parallel = static_cast<int>(*parallel);
  settings.download.range_bytes = *range;
  settings.download.retry.attempts = static_cast<int>(*attempts);
  settings.download.retry.backoff.initial = *delay;
  settings.http.stall_timeout = *stall;
  settings.http.authorities = place.Text("ca_file", "");
  return absl::OkStatus();
}

absl::Status ReadKeys(S3Place& place) {
  for (auto [name, key] :
       {std::pair("AWS_ACCESS_KEY_ID", &place.signature.access_key),
        std::pair("AWS_SECRET_ACCESS_KEY", &place.signature.secret_key)}) {
    absl::StatusOr<std::string> secret = ReadSecret(name);
    if (!secret.ok()) {
      return absl::InvalidArgumentError(
          Concat("result store s3: ", std::string(secret.status().message())));
    }
    *key = *std::move(secret);
  }
  place.session_token = ReadSecret("AWS_SESSION_TOKEN").value_or("");
  return absl::OkStatus();
}

absl::StatusOr<Settings> ReadSettings(std::string_view url) {
  auto place = PlaceUrl::Parse(
      url, {"endpoint", "region", "style", "create_bucket", "part_size",
            "parallel", "range_size", "attempts", "retry_delay",
            "stall_timeout", "ca_file", "cache", "cache_size"});
  if (!place.ok()) return place.status();
  Settings settings;
  std::string& region = settings.place.signature.region;
  region = place->Text("region", EnvironmentOr("AWS_REGION", "us-east-1"));
  auto bucket_url = BucketUrl(*place, region);
  if (!bucket_url.ok()) return bucket_url.status();
  settings.place.bucket_url = *std::move(bucket_url);
  if (!place->path().empty()) settings.prefix = place->path().substr(1) + "/";
  absl::Status valid = CheckObjectKeyPrefix(settings.prefix);
  if (!valid.ok()) return valid;
  absl::Status tuned = ReadTuning(*place, settings);
  if (!tuned.ok()) return tuned;
  absl::Status keys = ReadKeys(settings.place);
  if (!keys.ok()) return keys;
  return settings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultStore>> OpenS3ResultStore(
    std::string_view url, Clock& clock) {
  absl::StatusOr<Settings> settings = ReadSettings(url);
  if (!settings.ok()) return settings.status();
  auto store = std::make_unique<S3ResultStore>(*settings, clock);
  absl::Status found = store->FindOrMakeBucket();
  if (!found.ok()) return found;
  return WithCache(std::move(store), settings->cache);
}

}  // namespace windlass
