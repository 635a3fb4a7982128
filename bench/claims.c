/*
 * What a claim and its release take at least: the system calls of claim-calls.ts, one cycle after another.
 * usage: claims <milliseconds> <first port> <last port>. Prints CPU and wall time of a cycle in milliseconds, as JSON.
 * It is compiled with -DCYCLE='CALL(call_socket(lock)) ...'. The ports rotate, as those of a pool do.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum socket { lock, hold, SOCKETS };
enum { CYCLES_PER_GROUP = 16 };

static int sockets[SOCKETS] = {-1, -1};
static int port;

static int call_socket(enum socket name) {
  return sockets[name] = socket(name == lock ? AF_UNIX : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

static int call_bind(enum socket name) {
  if (name == lock) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int bytes = 1 + sprintf(address.sun_path + 1, "portslice/%d", port);
    return bind(sockets[name], (struct sockaddr *)&address, (socklen_t)offsetof(struct sockaddr_un, sun_path) + (socklen_t)bytes);
  }
  struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
  return bind(sockets[name], (struct sockaddr *)&address, sizeof address);
}

static int call_setsockopt(enum socket name, int option, int value) {
  return setsockopt(sockets[name], SOL_SOCKET, option, &value, sizeof value);
}

static int call_listen(enum socket name) { return listen(sockets[name], 0); }

static int call_close(enum socket name) {
  int result = close(sockets[name]);
  sockets[name] = -1;
  return result;
}

/* 0 if somebody else has the port. */
static int abandon(const char *call) {
  if (errno != EADDRINUSE) {
    fprintf(stderr, "claims: %s: %s\n", call, strerror(errno));
    exit(1);
  }
  for (int name = 0; name < SOCKETS; name++)
    if (sockets[name] != -1) call_close(name);
  return 0;
}

static int make_cycle(void) {
#define CALL(call) if ((call) == -1) return abandon(#call);
  CYCLE
  return 1;
}

static double clock_ms(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

int main(int count, char **arguments) {
  if (count != 4) return 2;
  int first_port = atoi(arguments[2]), last_port = atoi(arguments[3]), made = 0;
  double cpu_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID), start_ms = clock_ms(CLOCK_MONOTONIC), now_ms;
  do {
    for (int cycle = 0; cycle < CYCLES_PER_GROUP; cycle++) {
      port = port < first_port || port >= last_port ? first_port : port + 1;
      made += make_cycle();
    }
    now_ms = clock_ms(CLOCK_MONOTONIC);
  } while (now_ms - start_ms < atof(arguments[1]));
  cpu_ms = clock_ms(CLOCK_PROCESS_CPUTIME_ID) - cpu_ms;
  printf("{\"cpuMs\": %.9f, \"wallMs\": %.9f}\n", cpu_ms / made, (now_ms - start_ms) / made);
  return 0;
}
