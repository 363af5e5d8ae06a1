#include "results/supabase/supabase_result_store.h"

#include <optional>
#include <string>
#include <utility>

#include "base/concat.h"
#include "base/random.h"
#include "results/cache/cache_params.h"
#include "results/content_stream.h"
#include "results/object_key.h"
#include "results/remote/chunk_reader.h"
#include "results/remote/place_url.h"
#include "results/remote/spool.h"
#include "results/supabase/resumable_upload.h"
#include "results/supabase/supabase_client.h"

namespace windlass {
namespace {

constexpr std::string_view kScheme = "supabase:";
constexpr char kServiceKey[] = "WINDLASS_SUPABASE_SERVICE_KEY";
constexpr std::int64_t kMiB = std::int64_t{1} << 20;

struct Settings {
  SupabasePlace place;
  HttpOptions http;
  DownloadOptions download;
  std::int64_t chunk_bytes = 6 * kMiB;
  enum class MissingBucket : std::uint8_t { kMake, kError };
  std::optional<CacheOptions> cache;
  MissingBucket missing_bucket = MissingBucket::kMake;
};

absl::StatusOr<std::string> KeyOf(std::string_view uri) {
  if (!uri.starts_with(kScheme)) {
    return absl::InvalidArgumentError(
        Concat("'", uri, "' is not in this result store, whose objects are ",
               "called supabase:..."));
  }
  const std::string_view key = uri.substr(kScheme.size());
  absl::Status valid = CheckObjectKey(key);
  if (!valid.ok()) return valid;
  return std::string(key);
}

ObjectInfo InfoOf(const SupabaseObject& object) {
  return ObjectInfo{.uri = Concat(kScheme, object.key),
                    .size = object.size,
                    .modified_at = object.created_at};
}

class SupabaseResultStore : public ResultStore {
 public:
  SupabaseResultStore(const Settings& settings, Clock& clock)
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
  absl::Status PutWhole(std::string_view key, std::string_view content,
                        const PutOptions& options);
  absl::Status Publish(std::string_view incoming, std::string_view key,
                       const UploadMark& mark);

  const Settings settings_;
  Clock& clock_;
  SupabaseClient client_;
};

absl::Status SupabaseResultStore::FindOrMakeBucket() {
  absl::Status found = client_.FindBucket();
  if (!absl::IsNotFound(found) ||
      settings_.missing_bucket == Settings::MissingBucket::kError) {
    return found;
  }
  return client_.CreateBucket();
}

absl::StatusOr<ObjectInfo> SupabaseResultStore::Put(std::string_view key,
                                                    ByteSource& content,
                                                    const PutOptions& options) {
  absl::Status valid = CheckObjectKey(key);
  if (!valid.ok()) return valid;
  const auto chunk = static_cast<std::size_t>(settings_.chunk_bytes);
  absl::StatusOr<std::string> head = ReadHead(content, chunk + 1);
  if (!head.ok()) return head.status();
  auto size = static_cast<std::int64_t>(head->size());
  absl::Status put;
  if (head->size() <= chunk) {
    if (options.size.value_or(size) != size) return WrongContentSize(key);
    put = PutWhole(key, *head, options);
  } else if (options.size) {
    size = *options.size;
    put = UploadResumably(client_, key, *std::move(head), content, options,
                          size, chunk);
  } else {
    absl::StatusOr<SpooledContent> spooled = Spool(*head, content);
    if (!spooled.ok()) return spooled.status();
    size = spooled->size;
    put = UploadResumably(client_, key, "", *spooled->content, options, size,
                          chunk);
  }
  if (!put.ok()) return put;
  return ObjectInfo{
      .uri = Concat(kScheme, key), .size = size, .modified_at = clock_.Now()};
}

absl::Status SupabaseResultStore::PutWhole(std::string_view key,
                                           std::string_view content,
                                           const PutOptions& options) {
  const UploadMark mark;
  const std::string incoming = Concat(key, ".incoming-", RandomToken(8));
  absl::Status done = client_.Upload(incoming, content,
                                     {options.media_type, mark.ToMetadata()});
  if (done.ok()) done = Publish(incoming, key, mark);
  // A server that does not answer would only be waited for once more: what
  // stays behind is collected as an orphan.
  if (!done.ok() && !IsWorthRetrying(done)) (void)client_.Delete(incoming);
  return done;
}

// The server's own "do not replace" is checked before an upload, not at its
// end; of moves to one key exactly one succeeds.
absl::Status SupabaseResultStore::Publish(std::string_view incoming,
                                          std::string_view key,
                                          const UploadMark& mark) {
  Retries retries(client_.retry(), clock_);
  for (;;) {
    absl::Status moved = client_.Move(incoming, key);
    if (moved.ok()) return moved;
    if (retries.Again(moved)) continue;
    // The answer of an earlier try may have been lost, also of one that libcurl
    // made by itself on a connection the server had closed.
    return mark.IsOn(client_, key) ? absl::OkStatus() : moved;
  }
}

absl::StatusOr<std::unique_ptr<ByteSource>> SupabaseResultStore::Get(
    std::string_view uri, const ByteRange& range) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  if (range.length == 0 && range.offset >= 0) {
    absl::StatusOr<SupabaseObject> found = client_.Find(*key);
    if (!found.ok()) return found.status();
    return MakeStringSource("");
  }
  OpenObject open = [this, key = *std::move(key)](const ByteRange& part,
                                                  std::stop_token stop) {
    return client_.Open(key, part, std::move(stop));
  };
  return DownloadObject(std::move(open), range, settings_.download, clock_);
}

absl::StatusOr<ObjectInfo> SupabaseResultStore::Stat(std::string_view uri) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  absl::StatusOr<SupabaseObject> found = client_.Find(*key);
  if (!found.ok()) return found.status();
  return InfoOf(*found);
}

absl::Status SupabaseResultStore::Delete(std::string_view uri) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  return key.ok() ? client_.Delete(*key) : key.status();
}

absl::Status SupabaseResultStore::List(
    std::string_view prefix,
    const std::function<bool(const ObjectInfo&)>& visit) {
  absl::Status valid = CheckObjectKeyPrefix(prefix);
  if (!valid.ok()) return valid;
  std::string cursor;
  do {
    absl::StatusOr<SupabasePage> page = client_.List(prefix, cursor);
    if (!page.ok()) return page.status();
    for (const SupabaseObject& object : page->objects) {
      // Others may keep what they like in the bucket.
      if (!CheckObjectKey(object.key).ok()) continue;
      if (!visit(InfoOf(object))) return absl::OkStatus();
    }
    cursor = std::move(page->cursor);
  } while (!cursor.empty());
  return absl::OkStatus();
}

absl::StatusOr<std::string> SupabaseResultStore::SignUrl(std::string_view uri,
                                                         Duration lifetime) {
  absl::StatusOr<std::string> key = KeyOf(uri);
  if (!key.ok()) return key.status();
  if (lifetime <= Duration::zero()) {
    return absl::InvalidArgumentError("the lifetime of a URL must be positive");
  }
  return client_.Sign(*key, lifetime);
}

absl::StatusOr<Settings> ReadSettings(std::string_view url) {
  auto place =
      PlaceUrl::Parse(url, {"bucket", "create_bucket", "chunk_size", "parallel",
                            "range_size", "attempts", "retry_delay",
                            "stall_timeout", "ca_file", "cache", "cache_size"});
  if (!place.ok()) return place.status();
  Settings settings;
  const std::string scheme =
      place->scheme().substr(place->scheme().find('+') + 1);
  settings.place.base_url = Concat(scheme, "://", place->host(), place->path());
  settings.place.bucket = place->Text("bucket", "");
  if (settings.place.bucket.empty()) {
    return absl::InvalidArgumentError(
        "result store supabase+...: no bucket; add ?bucket=NAME to its URL");
  }
  auto cache = ReadCacheParams(*place);
  auto create = place->Switch("create_bucket", true);
  auto chunk = place->Size("chunk_size", 6 * kMiB, 64 << 10, 48 * kMiB);
  auto parallel = place->Number("parallel", 1, 1, 16);
  auto range = place->Size("range_size", 4 * kMiB, 64 << 10, 48 * kMiB);
  auto attempts = place->Number("attempts", RetryOptions().attempts, 1, 100);
  auto delay = place->Time("retry_delay", RetryOptions().backoff.initial);
  auto stall = place->Time("stall_timeout", HttpOptions().stall_timeout);
  for (const absl::Status& status :
       {cache.status(), create.status(), chunk.status(), parallel.status(),
        range.status(), attempts.status(), delay.status(), stall.status()}) {
    if (!status.ok()) return status;
  }
  if (!*create) settings.missing_bucket = Settings::MissingBucket::kError;
  settings.cache = *std::move(cache);
  settings.chunk_bytes = *chunk;
  settings.download.parallel = static_cast<int>(*parallel);
  settings.download.range_bytes = *range;
  settings.download.retry.attempts = static_cast<int>(*attempts);
  settings.download.retry.backoff.initial = *delay;
  settings.http.stall_timeout = *stall;
  settings.http.authorities = place->Text("ca_file", "");
  return settings;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ResultStore>> OpenSupabaseResultStore(
    std::string_view url, Clock& clock) {
  absl::StatusOr<Settings> settings = ReadSettings(url);
  if (!settings.ok()) return settings.status();
  absl::StatusOr<std::string> key = ReadSecret(kServiceKey);
  if (!key.ok()) {
    return absl::InvalidArgumentError(Concat(
        "result store ", settings->place.base_url,
        ": there is no service key: ", std::string(key.status().message())));
  }
  settings->place.service_key = *std::move(key);
  auto store = std::make_unique<SupabaseResultStore>(*settings, clock);
  absl::Status found = store->FindOrMakeBucket();
  if (!found.ok()) return found;
  return WithCache(std::move(store), settings->cache);
}

}  // namespace windlass
