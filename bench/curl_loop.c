/* The plainest way to make many calls at a time with libcurl, for comparison:
 *
 *     curl_loop URL IN_FLIGHT CALLS
 *
 * One thread, curl_multi_perform() and curl_multi_poll(), answers thrown away. Prints
 * calls per second, the 99th percentile of a call in ms, CPU us per call, and MiB. */
#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

static size_t Discard(char* bytes, size_t size, size_t count, void* to) {
  (void)bytes;
  (void)to;
  return size * count;
}

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int Ascending(const void* a, const void* b) {
  const double x = *(const double*)a;
  const double y = *(const double*)b;
  return (x > y) - (x < y);
}

int main(int count, char** arguments) {
  if (count != 4) return 2;
  const char* const url = arguments[1];
  const int in_flight = atoi(arguments[2]);
  const int calls = atoi(arguments[3]);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  CURLM* const multi = curl_multi_init();
  curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, (long)in_flight);
  double* const took = calloc((size_t)calls, sizeof(double));
  int begun = 0;
  int ended = 0;
  const double start = Now();
  for (; begun < in_flight && begun < calls; ++begun) {
    CURL* const call = curl_easy_init();
    curl_easy_setopt(call, CURLOPT_URL, url);
    curl_easy_setopt(call, CURLOPT_WRITEFUNCTION, Discard);
    curl_multi_add_handle(multi, call);
  }
  while (ended < calls) {
    int running = 0;
    int left = 0;
    CURLMsg* message = NULL;
    curl_multi_perform(multi, &running);
    while ((message = curl_multi_info_read(multi, &left)) != NULL) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* const call = message->easy_handle;
      if (message->data.result != CURLE_OK) {
        fprintf(stderr, "%s\n", curl_easy_strerror(message->data.result));
        return 1;
      }
      curl_easy_getinfo(call, CURLINFO_TOTAL_TIME, &took[ended++]);
      curl_multi_remove_handle(multi, call);
      if (begun < calls) {
        ++begun;
        curl_multi_add_handle(multi, call);
      } else {
        curl_easy_cleanup(call);
      }
    }
    if (ended < calls) curl_multi_poll(multi, NULL, 0, 100, NULL);
  }
  const double seconds = Now() - start;
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const double cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
  qsort(took, (size_t)calls, sizeof(double), Ascending);
  printf("%.0f %.2f %.1f %.1f\n", calls / seconds, took[(size_t)calls * 99 / 100] * 1000,
         cpu / calls, (double)usage.ru_maxrss / 1024);
  free(took);
  curl_multi_cleanup(multi);
  curl_global_cleanup();
  return 0;
}
