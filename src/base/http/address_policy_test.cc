#include "base/http/address_policy.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

AddressPolicy Policy(std::string_view allowed) {
  auto policy = AddressPolicy::Parse(allowed);
  EXPECT_TRUE(policy.ok()) << policy.status();
  return *policy;
}

TEST(AddressPolicyTest, PublicAddressesAreAllowedAndOthersAreNot) {
  const AddressPolicy policy = Policy("none");
  for (const char* host : {"8.8.8.8", "172.32.0.1", "2606:4700::1111"}) {
    EXPECT_TRUE(policy.AllowsHost(host)) << host;
  }
  for (const char* host :
       {"127.0.0.1", "127.9.9.9", "10.0.0.1", "172.31.255.255", "192.168.1.1",
        "100.64.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::", "::1", "fe80::1", "fd00:ec2::254", "ff02::1",
        "192.0.2.1"}) {
    EXPECT_FALSE(policy.AllowsHost(host)) << host;
  }
}

TEST(AddressPolicyTest, AnIpv4AddressInsideAnIpv6OneCountsAsItself) {
  const AddressPolicy policy = Policy("none");
  for (const char* host : {"::ffff:127.0.0.1", "::127.0.0.1",
                           "64:ff9b::169.254.169.254", "2002:7f00:1::"}) {
    EXPECT_FALSE(policy.AllowsHost(host)) << host;
  }
  EXPECT_TRUE(policy.AllowsHost("::ffff:8.8.8.8"));
  EXPECT_TRUE(Policy("127.0.0.1").AllowsHost("::ffff:127.0.0.1"));
}

TEST(AddressPolicyTest, WhatIsAllowedIsNamed) {
  const AddressPolicy policy = Policy("loopback, 10.1.0.0/16,fd00:1::/32");
  EXPECT_TRUE(policy.AllowsHost("127.0.0.1"));
  EXPECT_TRUE(policy.AllowsHost("::1"));
  EXPECT_TRUE(policy.AllowsHost("10.1.255.1"));
  EXPECT_FALSE(policy.AllowsHost("10.2.0.1"));
  EXPECT_TRUE(policy.AllowsHost("fd00:1::5"));
  EXPECT_FALSE(policy.AllowsHost("fd00:2::5"));
  EXPECT_TRUE(Policy("private").AllowsHost("192.168.1.1"));
  EXPECT_FALSE(Policy("private").AllowsHost("169.254.169.254"));
  EXPECT_TRUE(Policy("link-local").AllowsHost("169.254.169.254"));
  EXPECT_TRUE(Policy("any").AllowsHost("0.0.0.0"));
}

TEST(AddressPolicyTest, ANameIsNotKnownYet) {
  EXPECT_TRUE(Policy("none").AllowsHost("localhost"));
}

TEST(AddressPolicyTest, WhatItDoesNotKnowIsAnError) {
  for (const char* text : {"local", "10.0.0.0/33", "10.0.0/8", "::1/129",
                           "10.0.0.1/x", "fe80::1/"}) {
    EXPECT_FALSE(AddressPolicy::Parse(text).ok()) << text;
  }
}

}  // namespace
}  // namespace windlass
