// URLs that carry their signature in the query (AWS Signature Version 4), which
// libcurl does not make:
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
#pragma once

#include <string>
#include <string_view>

#include "results/s3/s3_client.h"
#include "windlass/time.h"

namespace windlass {

// Lets anyone read the object of the bucket from `now` on for `lifetime`, of
// which S3 takes one second to seven days, in whole seconds.
std::string PresignS3Url(const S3Place& place, std::string_view key,
                         Timestamp now, Duration lifetime);

}  // namespace windlass
