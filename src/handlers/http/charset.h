// Texts of answers, in whatever charset their server names.
#pragma once

#include <string>
#include <string_view>

namespace windlass {

// The charset of a Content-Type in lower case, or empty.
std::string CharsetOf(std::string_view content_type);

// As UTF-8, with U+FFFD in place of what is no text in that charset, which is
// as CharsetOf() gives it. One that is empty or not known counts as UTF-8.
std::string DecodeText(std::string_view bytes, const std::string& charset);

}  // namespace windlass
