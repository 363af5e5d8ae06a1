#include "model/cel/test_support.h"
#include "model/cel/time_text.h"

namespace windlass::cel {
namespace {

TEST(CelTimeTest, TimestampsAreRfc3339) {
  Check({
      {"timestamp('2009-02-13T23:31:30Z')",
       "timestamp \"2009-02-13T23:31:30Z\""},
      {"timestamp('2009-02-13T23:31:30.5+01:00')",
       "timestamp \"2009-02-13T22:31:30.5Z\""},
      {"timestamp('9999-12-31T23:59:59.999999999Z')",
       "timestamp \"9999-12-31T23:59:59.999999999Z\""},
      {"timestamp('0001-01-01T00:00:00Z')",
       "timestamp \"0001-01-01T00:00:00Z\""},
      {"timestamp('1969-12-31T23:59:59.5Z')",
       "timestamp \"1969-12-31T23:59:59.5Z\""},
      {"timestamp(1234567890)", "timestamp \"2009-02-13T23:31:30Z\""},
      {"string(timestamp('2009-02-13T23:31:30Z'))",
       "string \"2009-02-13T23:31:30Z\""},
      {"timestamp(timestamp(0)) == timestamp(0)", "bool true"},
      {"timestamp('0000-01-01T00:00:00Z')", "error: range"},
      {"timestamp('10000-01-01T00:00:00Z')", "error: range"},
      {"timestamp('0001-01-01T00:00:00+01:00')", "error: range"},
      {"timestamp(253402300800)", "error: range"},
      {"timestamp('2009-02-30T00:00:00Z')", "error: invalid timestamp"},
      {"timestamp('2009-02-13 23:31:30Z')", "error: invalid timestamp"},
      {"timestamp('2009-02-13T23:31:30')", "error: invalid timestamp"},
      {"timestamp('2009-02-13T23:31:30.Z')", "error: invalid timestamp"},
      {"timestamp('2009-02-13T24:00:00Z')", "error: invalid timestamp"},
      {"timestamp('')", "error: invalid timestamp"},
      {"timestamp(1.5)", "error: no such overload: timestamp(double)"},
  });
}

TEST(CelTimeTest, DurationsAreNumbersWithUnits) {
  Check({
      {"duration('1000000s')", "duration \"1000000s\""},
      {"duration('1h45m47s')", "duration \"6347s\""},
      {"duration('-1.5h')", "duration \"-5400s\""},
      {"duration('250ms')", "duration \"0.25s\""},
      {"duration('-250ms')", "duration \"-0.25s\""},
      {"duration('1us')", "duration \"0.000001s\""},
      {"duration('1ns')", "duration \"0.000000001s\""},
      {"duration('1µs') == duration('1000ns')", "bool true"},
      {"duration('0.1h') == duration('6m')", "bool true"},
      {"duration('.5s') == duration('+0.5s')", "bool true"},
      {"duration('0')", "duration \"0s\""},
      {"duration('9223372036854775807ns')",
       "duration \"9223372036.854775807s\""},
      {"duration('-9223372036854775808ns')",
       "duration \"-9223372036.854775808s\""},
      {"duration('9223372036854775808ns')", "error: range"},
      {"duration('320000000000s')", "error: range"},
      {"duration('-320000000000s')", "error: range"},
      {"duration('1')", "error: invalid duration"},
      {"duration('')", "error: invalid duration"},
      {"duration('-')", "error: invalid duration"},
      {"duration('s')", "error: invalid duration"},
      {"duration('1s ')", "error: invalid duration"},
      {"duration('1d')", "error: invalid duration"},
  });
}

TEST(CelTimeTest, PartsAreOfTheZone) {
  Json data = JsonObject{{"t", "2009-02-13T23:31:30Z"}};
  Check(
      {
          {"timestamp(t).getFullYear()", "int 2009"},
          {"timestamp(t).getMonth()", "int 1"},
          {"timestamp(t).getDate()", "int 13"},
          {"timestamp(t).getDayOfMonth()", "int 12"},
          {"timestamp(t).getDayOfWeek()", "int 5"},
          {"timestamp('2009-02-15T00:00:00Z').getDayOfWeek()", "int 0"},
          {"timestamp(t).getDayOfYear()", "int 43"},
          {"timestamp(t).getHours()", "int 23"},
          {"timestamp(t).getMinutes()", "int 31"},
          {"timestamp(t).getSeconds()", "int 30"},
          {"timestamp('2009-02-13T23:31:20.123456789Z').getMilliseconds()",
           "int 123"},
          {"timestamp(t).getDate('Australia/Sydney')", "int 14"},
          {"timestamp(t).getDayOfMonth('US/Central')", "int 12"},
          {"timestamp(t).getDayOfMonth('+11:00')", "int 13"},
          {"timestamp('2009-02-13T02:00:00Z').getDayOfMonth('-02:30')",
           "int 11"},
          {"timestamp('2009-02-13T02:00:00Z').getDayOfMonth('America/"
           "St_Johns')",
           "int 11"},
          {"timestamp(t).getHours('02:00')", "int 1"},
          {"timestamp(t).getMinutes('Asia/Kathmandu')", "int 16"},
          {"timestamp(t).getSeconds('-00:00')", "int 30"},
          {"timestamp('0001-01-01T00:00:00Z').getFullYear('-01:00')", "int 0"},
          {"timestamp(t).getHours('Mars/Base')", "error: unknown time zone"},
          {"timestamp(t).getHours('../../etc/passwd')",
           "error: unknown time zone"},
          {"timestamp(t).getMilliseconds('nowhere')",
           "error: unknown time zone"},
          {"timestamp(t).getHours(1)",
           "error: no such overload: timestamp.getHours(int)"},
          {"t.getHours()", "error: no such overload: string.getHours()"},
          {"duration('10000s').getHours()", "int 2"},
          {"duration('3730s').getMinutes()", "int 62"},
          {"duration('3730s').getSeconds()", "int 3730"},
          {"duration('123.321456789s').getMilliseconds()", "int 321"},
          {"duration('1s').getFullYear()",
           "error: no such overload: duration.getFullYear()"},
          {"duration('1s').getHours('UTC')", "error: no such overload"},
      },
      data);
}

TEST(CelTimeTest, ArithmeticStaysInRange) {
  CheckTrue({
      "timestamp('2009-02-13T23:00:00Z') + duration('240s') == "
      "timestamp('2009-02-13T23:04:00Z')",
      "duration('120s') + timestamp('2009-02-13T23:01:00Z') == "
      "timestamp('2009-02-13T23:03:00Z')",
      "duration('600s') + duration('50s') == duration('650s')",
      "timestamp('0001-01-01T00:00:01.000000001Z') + "
      "duration('-999999999ns') == timestamp('0001-01-01T00:00:00.000000002Z')",
      "timestamp('0001-01-01T00:00:01.999999999Z') + duration('999999999ns') "
      "== timestamp('0001-01-01T00:00:02.999999998Z')",
      "timestamp('2009-02-13T23:10:00Z') - duration('600s') == "
      "timestamp('2009-02-13T23:00:00Z')",
      "timestamp(60) - timestamp(0) == duration('1m')",
      "duration('900s') - duration('42s') == duration('858s')",
  });
  Check({
      {"timestamp('0001-01-01T00:00:00Z') + duration('-1s')", "error: range"},
      {"timestamp('9999-12-31T23:59:59Z') + duration('1s')", "error: range"},
      {"timestamp('9999-12-31T23:59:59.999999999Z') + duration('1ns')",
       "error: range"},
      {"timestamp('0001-01-01T00:00:00Z') + duration('-1ns')", "error: range"},
      {"timestamp('9999-12-31T23:59:59Z') - timestamp('0001-01-01T00:00:00Z')",
       "error: range"},
      {"duration('9000000000s') + duration('9000000000s')", "error: range"},
      {"duration('-9000000000s') - duration('9000000000s')", "error: range"},
      {"timestamp(0) + timestamp(0)",
       "error: no such overload: timestamp + timestamp"},
      {"duration('1s') - timestamp(0)",
       "error: no such overload: duration - timestamp"},
  });
}

}  // namespace
}  // namespace windlass::cel
