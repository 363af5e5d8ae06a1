#include "results/s3/s3_presign.h"

#include <gtest/gtest.h>

namespace windlass {
namespace {

// The example of Amazon's documentation of presigned URLs.
TEST(S3PresignTest, TheSignatureIsTheOneThatAmazonDocuments) {
  S3Place place;
  place.bucket_url = "https://examplebucket.s3.amazonaws.com";
  place.signature = {"us-east-1", "AKIAIOSFODNN7EXAMPLE",
                     "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};
  const Timestamp may_24(std::chrono::seconds(1'369'353'600));
  EXPECT_EQ(
      PresignS3Url(place, "test.txt", may_24, std::chrono::hours(24)),
      "https://examplebucket.s3.amazonaws.com/test.txt"
      "?X-Amz-Algorithm=AWS4-HMAC-SHA256"
      "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
      "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400"
      "&X-Amz-SignedHeaders=host&X-Amz-Signature="
      "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

}  // namespace
}  // namespace windlass
