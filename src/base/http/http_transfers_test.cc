#include "base/http/http_transfers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <string>
#include <vector>

#include "base/concat.h"
#include "base/mutex.h"
#include "support/stand_in.h"

namespace windlass {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::chrono::seconds kPatience{20};

TransfersOptions Loopback() {
  TransfersOptions options;
  options.policy = *AddressPolicy::Parse("loopback");
  return options;
}

struct Answer {
  TransferResult result;
  std::string body;
};

// What transfers end with, in the order they end.
class Answers {
 public:
  HttpTransfers::Done Next(std::shared_ptr<std::string> body) {
    return [this, body = std::move(body)](TransferResult result) {
      MutexLock lock(mutex_);
      answers_.push_back({std::move(result), *body});
      changed_.notify_all();
    };
  }
  std::vector<Answer> Wait(std::size_t count) {
    MutexLock lock(mutex_);
    EXPECT_TRUE(changed_.wait_for(mutex_, kPatience, [&] {
      mutex_.AssertHeld();
      return answers_.size() >= count;
    }));
    return answers_;
  }

 private:
  Mutex mutex_;
  std::condition_variable_any changed_;
  std::vector<Answer> answers_ ABSL_GUARDED_BY(mutex_);
};

class HttpTransfersTest : public ::testing::Test {
 protected:
  TransferRequest Request(const std::string& path) {
    TransferRequest request;
    request.url = server_.url() + path;
    return request;
  }

  HttpTransfers::Id Begin(TransferRequest request) {
    auto body = std::make_shared<std::string>();
    request.on_body = [body](const HttpHead&, std::string_view bytes) {
      body->append(bytes);
      return absl::OkStatus();
    };
    return transfers_.Begin(std::move(request), answers_.Next(body));
  }

  Answer Send(TransferRequest request) {
    const std::size_t before = sent_++;
    Begin(std::move(request));
    const auto answers = answers_.Wait(before + 1);
    return answers.size() > before ? answers[before] : Answer{};
  }

  testing::StandIn server_{"http"};
  Answers answers_;
  std::size_t sent_ = 0;
  HttpTransfers transfers_{Loopback()};
};

TEST_F(HttpTransfersTest, HundredsAreInFlightAtATime) {
  constexpr int kMany = 300;
  for (int i = 0; i < kMany; ++i) Begin(Request("/delay/0.2"));
  for (const Answer& answer : answers_.Wait(kMany)) {
    EXPECT_EQ(answer.result.fault, HttpFault::kNone) << answer.result.message;
    EXPECT_EQ(answer.result.head.status, 200);
  }
}

TEST_F(HttpTransfersTest, AConnectionServesManyRequests) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(Send(Request("/echo")).result.head.status, 200);
  }
  EXPECT_EQ(Send(Request("/_connections")).body, "1");
}

TEST_F(HttpTransfersTest, WhatMayNotBeRepeatedHasAConnectionOfItsOwn) {
  Send(Request("/echo"));
  TransferRequest request = Request("/echo");
  request.repeatable = false;
  EXPECT_EQ(Send(request).result.head.status, 200);
  EXPECT_EQ(Send(Request("/_connections")).body, "2");
}

TEST_F(HttpTransfersTest, ABodyIsSentWithItsLength) {
  TransferRequest request = Request("/echo");
  request.method = "POST";
  request.has_body = true;
  request.body = "hello";
  request.headers = {"Content-Type: text/plain", "X-Empty: "};
  const Answer answer = Send(request);
  EXPECT_THAT(answer.body, HasSubstr(R"("content-length": "5")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("body": "hello")"));
  EXPECT_THAT(answer.body, HasSubstr(R"("x-empty": "")"));
  EXPECT_THAT(answer.body, Not(HasSubstr("expect")));
}

TEST_F(HttpTransfersTest, AnAnswerIsDecompressed) {
  EXPECT_THAT(Send(Request("/gzip")).body, HasSubstr("/gzip"));
  EXPECT_EQ(Send(Request("/unzip")).result.fault, HttpFault::kProtocol);
}

TEST_F(HttpTransfersTest, WhatIsNotAllowedIsNotConnectedTo) {
  HttpTransfers strict{TransfersOptions{.policy = {}, .authorities = ""}};
  for (const char* host : {"127.0.0.1", "localhost", "[::1]", "2130706433",
                           "0x7f.1", "169.254.169.254"}) {
    TransferRequest request;
    request.url = Concat("http://", host, ":9/");
    strict.Begin(request, answers_.Next(std::make_shared<std::string>()));
    const Answer answer = answers_.Wait(++sent_).back();
    EXPECT_EQ(answer.result.fault, HttpFault::kForbidden)
        << host << ": " << answer.result.message;
    EXPECT_FALSE(answer.result.sent);
  }
}

TEST_F(HttpTransfersTest, ANameIsLookedUp) {
  TransferRequest request = Request("/echo");
  request.url = Concat("http://localhost",
                       server_.url().substr(server_.url().rfind(':')), "/echo");
  EXPECT_EQ(Send(request).result.head.status, 200);
  request.url = "http://nowhere.invalid/";
  const Answer answer = Send(request);
  EXPECT_EQ(answer.result.fault, HttpFault::kNetwork);
  EXPECT_THAT(answer.result.message, HasSubstr("nowhere.invalid"));
}

TEST_F(HttpTransfersTest, WhatIsNoUrlIsInvalid) {
  for (const char* url :
       {"", "ftp://127.0.0.1/", "http://", "file:///etc/passwd",
        "http://127.0.0.1:99999/", "gopher://127.0.0.1/"}) {
    TransferRequest request;
    request.url = url;
    EXPECT_EQ(Send(request).result.fault, HttpFault::kInvalid) << url;
  }
}

TEST_F(HttpTransfersTest, ATimeoutEndsATransfer) {
  TransferRequest request = Request("/stall");
  request.timeout = std::chrono::milliseconds(50);
  EXPECT_EQ(Send(request).result.fault, HttpFault::kTimeout);
  request = Request("/drip");
  request.timeout = std::chrono::milliseconds(120);
  EXPECT_EQ(Send(request).result.fault, HttpFault::kTimeout);
}

TEST_F(HttpTransfersTest, ACancelledTransferEndsAtOnce) {
  const auto id = Begin(Request("/stall"));
  while (server_.CountRequests("/stall") == 0) {
  }
  transfers_.Cancel(id);
  EXPECT_EQ(answers_.Wait(++sent_).back().result.fault, HttpFault::kCancelled);
  transfers_.Cancel(id);  // It is gone: nothing happens.
  EXPECT_EQ(Send(Request("/echo")).result.head.status, 200);
}

TEST_F(HttpTransfersTest, WhatBreaksOffIsAFaultOfTheNetwork) {
  for (const char* path : {"/reset", "/half"}) {
    EXPECT_EQ(Send(Request(path)).result.fault, HttpFault::kNetwork) << path;
  }
  TransferRequest request;
  request.url = "http://127.0.0.1:1/";
  const Answer refused = Send(request);
  EXPECT_EQ(refused.result.fault, HttpFault::kNetwork);
  EXPECT_FALSE(refused.result.sent);
}

TEST_F(HttpTransfersTest, WhatIsNoHttpIsAFaultOfTheProtocol) {
  const Answer answer = Send(Request("/garbage"));
  EXPECT_EQ(answer.result.fault, HttpFault::kProtocol) << answer.result.message;
}

TEST_F(HttpTransfersTest, AnEndlessHeadIsGivenUp) {
  const Answer answer = Send(Request("/headers/2000000"));
  EXPECT_EQ(answer.result.fault, HttpFault::kTooLarge) << answer.result.message;
}

TEST_F(HttpTransfersTest, TheSinkMayEndATransfer) {
  TransferRequest request = Request("/bytes/1000000");
  std::size_t taken = 0;
  request.on_body = [&taken](const HttpHead&, std::string_view bytes) {
    taken += bytes.size();
    return taken > 1000 ? absl::ResourceExhaustedError("enough")
                        : absl::OkStatus();
  };
  transfers_.Begin(request, answers_.Next(std::make_shared<std::string>()));
  const Answer answer = answers_.Wait(++sent_).back();
  EXPECT_EQ(answer.result.fault, HttpFault::kTooLarge);
  EXPECT_THAT(answer.result.message, HasSubstr("enough"));
}

TEST_F(HttpTransfersTest, MessagesKeepWhatUrlsMustNotShow) {
  TransferRequest request;
  request.url = "http://user:hidden@127.0.0.1:1/?token=hidden";
  EXPECT_THAT(Send(request).result.message, Not(HasSubstr("hidden")));
}

TEST_F(HttpTransfersTest, TimesAndThePeerAreTold) {
  const TransferResult result = Send(Request("/delay/0.02")).result;
  EXPECT_GE(result.times.first_byte, std::chrono::milliseconds(20));
  EXPECT_GE(result.times.total, result.times.first_byte);
  EXPECT_EQ(result.http_version, "1.1");
  EXPECT_EQ(result.peer, server_.host());
}

TEST(HttpTransfersEndTest, WhatIsInFlightAtItsEndIsCancelled) {
  testing::StandIn server{"http"};
  Answers answers;
  {
    HttpTransfers transfers{Loopback()};
    for (int i = 0; i < 3; ++i) {
      TransferRequest request;
      request.url = server.url() + "/stall";
      transfers.Begin(request, answers.Next(std::make_shared<std::string>()));
    }
  }
  for (const Answer& answer : answers.Wait(3)) {
    EXPECT_EQ(answer.result.fault, HttpFault::kCancelled);
  }
}

}  // namespace
}  // namespace windlass
