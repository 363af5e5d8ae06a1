// URLs for people: without what nobody else should read.
#pragma once

#include <string>
#include <string_view>

namespace windlass {

// "postgres://app:secret@db/jobs?sslpassword=x" becomes
// "postgres://***@db/jobs?***". What has no "//", such as "sqlite:PATH", stays
// as it is.
std::string RedactUrl(std::string_view url);

}  // namespace windlass
