#include "server/http_server.h"

#include <httplib.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <charconv>
#include <condition_variable>
#include <csignal>
#include <deque>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/concat.h"
#include "base/mutex.h"
#include "base/service.h"
#include "server/http_connection.h"

namespace windlass {
namespace {

// httplib's default is SO_REUSEPORT, with which a second executor would share
// the port of the first, and probes would reach either.
void SetSocketOptions(int socket) {
  int yes = 1;
  setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

// httplib's server ignores SIGPIPE for the whole process, and children would
// inherit that: `yes | head` would not end. Our own threads block it instead.
class KeepsSigpipe {
 public:
  KeepsSigpipe() { sigaction(SIGPIPE, nullptr, &before_); }
  ~KeepsSigpipe() { sigaction(SIGPIPE, &before_, nullptr); }
  KeepsSigpipe(const KeepsSigpipe&) = delete;
  KeepsSigpipe& operator=(const KeepsSigpipe&) = delete;

 private:
  struct sigaction before_ {};
};

void BlockSigpipe() {
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &blocked, nullptr);
}

// Set on the thread that accepts while it turns a connection away.
thread_local bool turning_away = false;

// So many threads, and so many connections that wait for one: httplib's own
// queue has no end.
class BoundedThreads : public httplib::TaskQueue {
 public:
  BoundedThreads(int threads, int maximum_waiting)
      : maximum_(threads + maximum_waiting) {
    for (int i = 0; i < threads; ++i) {
      threads_.push_back(
          StartThread("wl-http-answer", [this](std::stop_token) { Work(); }));
    }
  }

  void enqueue(std::function<void()> serve) override {
    {
      MutexLock lock(mutex_);
      if (connections_ < maximum_) {
        ++connections_;
        waiting_.push_back(std::move(serve));
        serve = nullptr;
      }
    }
    changed_.notify_one();
    if (!serve) return;
    turning_away = true;
    serve();
    turning_away = false;
  }

  void shutdown() override {
    {
      MutexLock lock(mutex_);
      stopped_ = true;
    }
    changed_.notify_all();
    threads_.clear();
  }

 private:
  void Work() {
    while (true) {
      std::function<void()> serve;
      {
        MutexLock lock(mutex_);
        changed_.wait(mutex_, [this] {
          mutex_.AssertHeld();
          return stopped_ || !waiting_.empty();
        });
        if (waiting_.empty()) return;
        serve = std::move(waiting_.front());
        waiting_.pop_front();
      }
      serve();
      MutexLock lock(mutex_);
      --connections_;
    }
  }

  const int maximum_;
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;  // Waiting or being served.
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::jthread> threads_;
};

// httplib compresses by brotli as slowly as it can be done, which takes seconds
// for a list of ten thousand tasks; by gzip it takes milliseconds.
void LeaveOutBrotli(httplib::Request& request) {
  const std::string accepted = request.get_header_value("Accept-Encoding");
  if (accepted.find("br") == std::string::npos) return;
  request.headers.erase("Accept-Encoding");
  if (accepted.find("gzip") != std::string::npos) {
    request.set_header("Accept-Encoding", "gzip");
  }
}

IncomingRequest Translate(const httplib::Request& from) {
  IncomingRequest request;
  request.method = from.method == "HEAD" ? "GET" : from.method;
  const std::string_view target = from.target;
  request.path = std::string(target.substr(0, target.find('?')));
  for (const auto& [name, value] : from.headers) {
    request.headers.emplace(absl::AsciiStrToLower(name), value);
  }
  request.remote = from.remote_addr;
  return request;
}

// The length that a request states; -1 for none, nullopt for nonsense.
std::optional<std::int64_t> StatedLength(const IncomingRequest& request) {
  const std::string_view text = request.Header("content-length");
  if (text.empty()) return -1;
  std::int64_t length = 0;
  auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), length);
  if (error != std::errc() || end != text.data() + text.size() || length < 0) {
    return std::nullopt;
  }
  return length;
}

void SendStream(HttpStream stream, const std::string& content_type,
                httplib::Response& out) {
  if (!stream.size) {
    out.set_chunked_content_provider(
        content_type,
        [next = std::move(stream.next)](std::size_t, httplib::DataSink& sink) {
          auto piece = next();
          if (absl::IsOutOfRange(piece.status())) {
            sink.done();
            return true;
          }
          if (!piece.ok()) return false;
          return piece->empty() || sink.write(piece->data(), piece->size());
        });
    return;
  }
  if (*stream.size == 0) return out.set_content("", content_type);
  out.set_content_provider(
      static_cast<std::size_t>(*stream.size), content_type,
      [next = std::move(stream.next)](std::size_t, std::size_t left,
                                      httplib::DataSink& sink) {
        auto piece = next();
        return piece.ok() && !piece->empty() && piece->size() <= left &&
               sink.write(piece->data(), piece->size());
      });
}

class HttplibServer : public HttpServer, private httplib::Server {
 public:
  HttplibServer(Router router, HttpServerOptions options)
      : router_(std::move(router)), options_(std::move(options)) {
    set_tcp_nodelay(true);
    set_socket_options(SetSocketOptions);
    new_task_queue = [this] {
      return new BoundedThreads(options_.threads, options_.maximum_waiting);
    };
    // Every request is routed by us: httplib's matching is by std::regex, and
    // it has its own ideas of ranges, methods and bodies.
    const Handler bodiless = [this](const httplib::Request& request,
                                    httplib::Response& response) {
      Serve(request, response, nullptr);
    };
    const HandlerWithContentReader with_body =
        [this](const httplib::Request& request, httplib::Response& response,
               const httplib::ContentReader& reader) {
          Serve(request, response, &reader);
        };
    Get("/", bodiless);
    Options("/", bodiless);
    Post("/", with_body);
    Put("/", with_body);
    Patch("/", with_body);
    Delete("/", with_body);
    set_error_handler(Handler(ExplainOwnErrors));
    set_exception_handler([](const httplib::Request&,
                             httplib::Response& response,
                             std::exception_ptr) { response.status = 500; });
  }

  ~HttplibServer() override {
    if (thread_.joinable()) stop();
  }

  absl::Status Listen(const ListenAddress& address) {
    address_ = address;
    errno = 0;
    if (address.port == 0) {
      address_.port = bind_to_any_port(address.host);
    } else if (!bind_to_port(address.host, address.port)) {
      address_.port = -1;
    }
    if (address_.port < 0) {
      // Without an errno it was the name that could not be resolved.
      return absl::UnavailableError(
          Concat("listen on ", FormatListenAddress(address), ": ",
                 errno == 0 ? "no such host"
                            : std::generic_category().message(errno)));
    }
    thread_ = StartThread("wl-http", [this](std::stop_token) {
      BlockSigpipe();
      listen_after_bind();
      ended_ = true;
    });
    // stop() does nothing before the loop runs.
    while (!is_running() && !ended_) std::this_thread::yield();
    return absl::OkStatus();
  }

  const ListenAddress& address() const override { return address_; }

 private:
  // Of what httplib itself refuses.
  static void ExplainOwnErrors(const httplib::Request&,
                               httplib::Response& response) {
    if (response.has_header("Content-Type")) return;
    const char* detail =
        response.status == 414   ? "the URI is too long"
        : response.status == 416 ? "expected a Range such as bytes=0-99"
        : response.status >= 500 ? "an internal error"
                                 : "this is not a request of HTTP/1.1";
    Send(ProblemResponse(response.status, detail), response);
  }

  bool process_and_close_socket(socket_t socket) override {
    HttpConnection connection(UniqueFd(socket),
                              {.head_deadline = options_.head_deadline,
                               .body_deadline = options_.body_deadline,
                               .write_patience = options_.write_patience},
                              options_.identity.get());
    if (turning_away) return TurnAway(connection);
    if (!connection.Open()) return false;
    bool closed = false;
    return process_request(connection, /*close_connection=*/true, closed,
                           [&connection](httplib::Request& request) {
                             connection.BeginBody();
                             LeaveOutBrotli(request);
                             request.path.assign(1, '/');
                             request.ranges.clear();
                           });
  }

  // Quickly: nothing is accepted meanwhile. Over TLS that is without a word.
  bool TurnAway(HttpConnection& connection) const {
    if (options_.identity != nullptr) return false;
    const HttpResponse busy =
        ProblemResponse(503, "too many requests at a time; try again");
    connection.write(
        Concat("HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\n"
               "Retry-After: 1\r\nContent-Type: ",
               busy.content_type, "\r\nContent-Length: ", busy.body.size(),
               "\r\n\r\n", busy.body));
    connection.Abandon();
    return false;
  }

  void Serve(const httplib::Request& from, httplib::Response& to,
             const httplib::ContentReader* reader) {
    const auto begun = std::chrono::steady_clock::now();
    IncomingRequest request = Translate(from);
    const Route* route = nullptr;
    const HttpResponse response = Answer(from, request, reader, route);
    if (options_.on_answer) {
      options_.on_answer(request, route, response.status,
                         std::chrono::duration_cast<Duration>(
                             std::chrono::steady_clock::now() - begun));
    }
    Send(response, to);
  }

  HttpResponse Answer(const httplib::Request& from, IncomingRequest& request,
                      const httplib::ContentReader* reader,
                      const Route*& route) const {
    const std::size_t question = from.target.find('?');
    if (question != std::string::npos) {
      auto query =
          ParseQuery(std::string_view(from.target).substr(question + 1));
      if (!query) return ProblemResponse(400, "the query is malformed");
      request.query = *std::move(query);
    }
    std::optional<HttpResponse> refusal;
    route = router_.Find(request, refusal);
    if (route != nullptr && reader != nullptr) {
      refusal = ReadBody(*reader, *route, request);
    }
    if (refusal) return *std::move(refusal);
    return route->handle(request);
  }

  std::optional<HttpResponse> ReadBody(const httplib::ContentReader& reader,
                                       const Route& route,
                                       IncomingRequest& request) const {
    const std::size_t most = route.about.maximum_body_bytes;
    const std::size_t maximum =
        most == 0 ? options_.maximum_body_bytes
                  : std::min(most, options_.maximum_body_bytes);
    const auto length = StatedLength(request);
    if (!length) return FieldProblem("content-length", "expected a number");
    const bool is_chunked = !request.Header("transfer-encoding").empty();
    if (*length < 0 && !is_chunked) return std::nullopt;
    bool too_large = *length > static_cast<std::int64_t>(maximum);
    const auto take = [&](const char* bytes, std::size_t count) {
      too_large = request.body.size() + count > maximum;
      if (!too_large) request.body.append(bytes, count);
      return !too_large;
    };
    const bool is_whole = !too_large && reader(take);
    if (too_large) {
      return ProblemResponse(
          413, Concat("expected a body of at most ", maximum, " bytes"));
    }
    if (!is_whole) return ProblemResponse(400, "the body is incomplete");
    return std::nullopt;
  }

  static void Send(const HttpResponse& from, httplib::Response& to) {
    to.status = from.status;
    for (const auto& [name, value] : from.headers) to.set_header(name, value);
    // What we answer is for who asked, now, unless its handler knows better,
    // and as the type it has.
    if (!to.has_header("Cache-Control")) {
      to.set_header("Cache-Control", "no-store");
    }
    to.set_header("X-Content-Type-Options", "nosniff");
    if (from.stream) {
      SendStream(*from.stream, from.content_type, to);
    } else {
      to.set_content(from.body, from.content_type);
    }
  }

  const Router router_;
  const HttpServerOptions options_;
  ListenAddress address_;
  std::atomic<bool> ended_ = false;
  std::jthread thread_;  // Joined before the rest goes.
};

}  // namespace

absl::StatusOr<std::unique_ptr<HttpServer>> OpenHttpServer(
    const ListenAddress& address, Router router,
    const HttpServerOptions& options) {
  std::unique_ptr<HttplibServer> server;
  {
    KeepsSigpipe keep;
    server = std::make_unique<HttplibServer>(std::move(router), options);
  }
  if (auto status = server->Listen(address); !status.ok()) return status;
  return server;
}

}  // namespace windlass
