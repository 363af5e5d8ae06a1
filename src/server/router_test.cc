#include "server/router.h"

#include <gtest/gtest.h>

#include <string>

namespace windlass {
namespace {

HttpResponse Answer(const IncomingRequest&) { return {}; }

std::vector<Route> Routes() {
  return {{"GET", "/runs", Answer},
          {"POST", "/runs", Answer},
          {"GET", "/runs/{run}/tasks/{task}", Answer, Role::kRead},
          {"POST", "/letters/requeue", Answer},
          {"GET", "/letters/{id}", Answer}};
}

IncomingRequest Asking(std::string method, std::string path) {
  IncomingRequest request;
  request.method = std::move(method);
  request.path = std::move(path);
  request.headers["content-type"] = "application/json";
  return request;
}

// "GET /runs" of the route that answers, or the status.
std::string Found(const Router& router, IncomingRequest request) {
  std::optional<HttpResponse> refusal;
  const Route* route = router.Find(request, refusal);
  EXPECT_NE(route == nullptr, !refusal.has_value());
  if (route == nullptr) return std::to_string(refusal->status);
  return route->method + " " + route->path;
}

TEST(RouterTest, MethodAndPathChoose) {
  const Router router(Routes());
  EXPECT_EQ(Found(router, Asking("GET", "/runs")), "GET /runs");
  EXPECT_EQ(Found(router, Asking("POST", "/runs")), "POST /runs");
  EXPECT_EQ(Found(router, Asking("POST", "/letters/requeue")),
            "POST /letters/requeue");
  EXPECT_EQ(Found(router, Asking("GET", "/letters/requeue")),
            "GET /letters/{id}");
}

TEST(RouterTest, OtherPathsAreNotFound) {
  const Router router(Routes());
  for (const char* path :
       {"", "/", "runs", "/run", "/runs/", "/runs/r1", "//runs",
        "/runs/r1/tasks/", "/runs//tasks/a", "/runs/r1/tasks/a/b",
        "/letters/%zz", "/letters/%4", "/letters/a%00b"}) {
    EXPECT_EQ(Found(router, Asking("GET", path)), "404") << path;
  }
}

TEST(RouterTest, OtherMethodsAreToldWhichThereAre) {
  const Router router(Routes());
  IncomingRequest request = Asking("DELETE", "/runs");
  std::optional<HttpResponse> refusal;
  EXPECT_EQ(router.Find(request, refusal), nullptr);
  ASSERT_TRUE(refusal);
  EXPECT_EQ(refusal->status, 405);
  EXPECT_EQ(refusal->headers.front().second, "HEAD, GET, POST");
}

TEST(RouterTest, SegmentsAreCapturedAndDecoded) {
  const Router router(Routes());
  IncomingRequest request = Asking("GET", "/runs/r1/tasks/a%5B3%5D%2fb+c");
  std::optional<HttpResponse> refusal;
  ASSERT_NE(router.Find(request, refusal), nullptr);
  EXPECT_EQ(request.Captured("run"), "r1");
  EXPECT_EQ(request.Captured("task"), "a[3]/b+c");
}

TEST(RouterTest, BodiesAreJson) {
  const Router router(Routes());
  IncomingRequest request = Asking("POST", "/runs");
  for (const char* type : {"application/json", "Application/JSON",
                           "application/json; charset=utf-8"}) {
    request.headers["content-type"] = type;
    EXPECT_EQ(Found(router, request), "POST /runs") << type;
  }
  for (const char* type : {"", "text/plain", "application/jsonx",
                           "text/plain; application/json"}) {
    request.headers["content-type"] = type;
    EXPECT_EQ(Found(router, request), "415") << type;
  }
  request.headers["content-type"] = "application/json";
  request.headers["content-encoding"] = "gzip";
  EXPECT_EQ(Found(router, request), "415");
}

TEST(RouterTest, TheGateHasTheLastWord) {
  const Router router(Routes(), [](const IncomingRequest&, const Route& route) {
    return route.role == Role::kRead ? std::optional(ProblemResponse(401, "no"))
                                     : std::nullopt;
  });
  EXPECT_EQ(Found(router, Asking("GET", "/runs")), "GET /runs");
  EXPECT_EQ(Found(router, Asking("GET", "/runs/r1/tasks/a")), "401");
}

TEST(RouterTest, RolesHaveNames) {
  for (const Role role : {Role::kRead, Role::kWrite, Role::kAdmin}) {
    EXPECT_EQ(RoleFromName(Name(role)), role);
  }
  EXPECT_EQ(RoleFromName("none"), std::nullopt);
  EXPECT_LT(Role::kRead, Role::kWrite);
  EXPECT_LT(Role::kWrite, Role::kAdmin);
}

}  // namespace
}  // namespace windlass
