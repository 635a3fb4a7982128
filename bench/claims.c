/*
 * What a claim and its release cost at least: the bare system calls, in a loop, without an allocator around them.
 * usage: claims <milliseconds> <first port> <last port> <calls before> <calls of a cycle>
 *
 * Each list of calls is one argument, with spaces: `lock.socket lock.bind hold.socket hold.V6ONLY=0 ... hold.close lock.close`.
 * The socket `lock` is an AF_UNIX one that is bound to the abstract name of portslice's lock; every other name stands
 * for a dual AF_INET6 socket. The ports rotate, as those of a pool do; `bind0` lets the kernel choose. The calls before are
 * made once, for sockets that are made ahead. Prints the nanoseconds of a cycle: the mean, and the median of groups of cycles.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CALLS = 64, MAX_SOCKETS = 8, BACKLOG = 511, CYCLES_PER_GROUP = 16, MAX_GROUPS = 1 << 16 };

enum what { OPEN, BIND, BIND0, GETSOCKNAME, LISTEN, CLOSE, OPTION };

struct call {
  enum what what;
  int slot, level, option, value;
};

struct calls {
  int count;
  struct call list[MAX_CALLS];
};

static const struct { const char *name; enum what what; int level, option; } known_calls[] = {
  {"socket", OPEN, 0, 0},
  {"bind", BIND, 0, 0},
  {"bind0", BIND0, 0, 0},
  {"getsockname", GETSOCKNAME, 0, 0},
  {"listen", LISTEN, 0, 0},
  {"close", CLOSE, 0, 0},
  {"V6ONLY", OPTION, IPPROTO_IPV6, IPV6_V6ONLY},
  {"REUSEADDR", OPTION, SOL_SOCKET, SO_REUSEADDR},
  {"REUSEPORT", OPTION, SOL_SOCKET, SO_REUSEPORT},
};

static struct { const char *name; int descriptor; } sockets[MAX_SOCKETS];
static struct sockaddr_un lock_address = {.sun_family = AF_UNIX};
static struct sockaddr_in6 port_address = {.sin6_family = AF_INET6};

static void fail(const char *what, int code) {
  fprintf(stderr, "claims: %s: %s\n", what, strerror(code));
  exit(1);
}

static int slot_of(const char *name) {
  for (int slot = 0; slot < MAX_SOCKETS; slot++) {
    if (sockets[slot].name == NULL) {
      sockets[slot].name = name;
      sockets[slot].descriptor = -1;
    }
    if (strcmp(sockets[slot].name, name) == 0) return slot;
  }
  fail(name, E2BIG);
  return -1;
}

static struct call parse_call(char *text) {
  char *name = strtok(text, "."), *what = strtok(NULL, "="), *value = strtok(NULL, "");
  if (name == NULL || what == NULL) fail("a call is <socket>.<call>", EINVAL);
  for (size_t i = 0; i < sizeof known_calls / sizeof known_calls[0]; i++) {
    if (strcmp(known_calls[i].name, what) != 0) continue;
    return (struct call){known_calls[i].what, slot_of(name), known_calls[i].level, known_calls[i].option,
                         value == NULL ? 0 : atoi(value)};
  }
  fail(what, EINVAL);
  return (struct call){0};
}

static struct calls parse_calls(char *text) {
  struct calls calls = {0};
  char *rest = NULL;
  char *words[MAX_CALLS];
  for (char *word = strtok_r(text, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
    if (calls.count == MAX_CALLS) fail(text, E2BIG);
    words[calls.count++] = word;
  }
  for (int i = 0; i < calls.count; i++) calls.list[i] = parse_call(words[i]);
  return calls;
}

static int is_lock(int slot) { return strcmp(sockets[slot].name, "lock") == 0; }

static int bind_port(int descriptor, int port) {
  port_address.sin6_port = htons((uint16_t)port);
  return bind(descriptor, (struct sockaddr *)&port_address, sizeof port_address);
}

static int bind_lock(int descriptor, int port) {
  int bytes = 1 + sprintf(lock_address.sun_path + 1, "portslice/%d", port);
  return bind(descriptor, (struct sockaddr *)&lock_address, (socklen_t)offsetof(struct sockaddr_un, sun_path) + (socklen_t)bytes);
}

static int get_name(int descriptor) {
  struct sockaddr_in6 address;
  socklen_t bytes = sizeof address;
  return getsockname(descriptor, (struct sockaddr *)&address, &bytes);
}

static int make_call(const struct call *call, int port) {
  int *descriptor = &sockets[call->slot].descriptor;
  int closed;
  switch (call->what) {
    case OPEN:
      *descriptor = socket(is_lock(call->slot) ? AF_UNIX : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
      return *descriptor == -1 ? -1 : 0;
    case BIND: return is_lock(call->slot) ? bind_lock(*descriptor, port) : bind_port(*descriptor, port);
    case BIND0: return bind_port(*descriptor, 0);
    case GETSOCKNAME: return get_name(*descriptor);
    case LISTEN: return listen(*descriptor, BACKLOG);
    case CLOSE:
      closed = close(*descriptor);
      *descriptor = -1;
      return closed;
    case OPTION: return setsockopt(*descriptor, call->level, call->option, &call->value, sizeof call->value);
  }
  return -1;
}

/* 0 if somebody else has the port. */
static int make_calls(const struct calls *calls, int port) {
  for (int i = 0; i < calls->count; i++) {
    if (make_call(&calls->list[i], port) == 0) continue;
    if (errno == EADDRINUSE) return 0;
    fail("a call", errno);
  }
  return 1;
}

static void start_again(const struct calls *before) {
  for (int slot = 0; slot < MAX_SOCKETS; slot++) {
    if (sockets[slot].name != NULL && sockets[slot].descriptor != -1) close(sockets[slot].descriptor);
    sockets[slot].descriptor = -1;
  }
  if (!make_calls(before, 0)) fail("the calls before", EADDRINUSE);
}

static int64_t now_ns(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static double group_ns[MAX_GROUPS];

static int compare_ns(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* The mean time of its cycles. */
static double time_group(const struct calls *before, const struct calls *cycle, int first_port, int last_port) {
  static int port = 0;
  int made = 0;
  int64_t start_ns = now_ns();
  for (int i = 0; i < CYCLES_PER_GROUP; i++) {
    port = port < first_port || port >= last_port ? first_port : port + 1;
    if (make_calls(cycle, port)) made++;
    else start_again(before);
  }
  if (made == 0) fail("every port", EADDRINUSE);
  return (double)(now_ns() - start_ns) / made;
}

int main(int count, char **arguments) {
  if (count != 6) fail("usage: claims <milliseconds> <first port> <last port> <calls before> <calls of a cycle>", EINVAL);
  int64_t end_ns = now_ns() + atoll(arguments[1]) * 1000000;
  int first_port = atoi(arguments[2]), last_port = atoi(arguments[3]);
  struct calls before = parse_calls(arguments[4]), cycle = parse_calls(arguments[5]);
  start_again(&before);
  double sum_ns = 0;
  int groups = 0;
  do {
    group_ns[groups] = time_group(&before, &cycle, first_port, last_port);
    sum_ns += group_ns[groups++];
  } while (now_ns() < end_ns && groups < MAX_GROUPS);
  qsort(group_ns, (size_t)groups, sizeof group_ns[0], compare_ns);
  printf("%.1f %.1f\n", sum_ns / groups, group_ns[groups / 2]);
  return 0;
}
