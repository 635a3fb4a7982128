/* For programs that know nothing of all this (LD_PRELOAD): what they bind obeys the machine's rules. Linux' layouts and errno. */
#include "stand-in.h"

#include <dlfcn.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

int bind_for_real(int fd, const struct sockaddr *address, socklen_t length) {
  static int (*real)(int, const struct sockaddr *, socklen_t);
  if (real == NULL) real = dlsym(RTLD_NEXT, "bind");
  return real(fd, address, length);
}

int listen_for_real(int fd, int backlog) {
  static int (*real)(int, int);
  if (real == NULL) real = dlsym(RTLD_NEXT, "listen");
  return real(fd, backlog);
}

static int option(int fd, int level, int name) {
  int value = 0;
  socklen_t length = sizeof value;
  getsockopt(fd, level, name, &value, &length);
  return value;
}

/* Linux refuses less than xnu only if every socket shares its port. */
static void share(int fd) {
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
}

static void describe(struct pcb *pcb, int fd, const struct sockaddr *address) {
  int is_ipv4 = address->sa_family == AF_INET;
  *pcb = (struct pcb){.pid = getpid(), .fd = fd, .inode = inode_of(fd), .uid = geteuid()};
  pcb->is_udp = option(fd, SOL_SOCKET, SO_TYPE) == SOCK_DGRAM;
  pcb->domain = is_ipv4 ? DARWIN_AF_INET : DARWIN_AF_INET6;
  if (option(fd, SOL_SOCKET, SO_REUSEADDR)) pcb->options |= DARWIN_SO_REUSEADDR;
  if (option(fd, SOL_SOCKET, SO_REUSEPORT)) pcb->options |= DARWIN_SO_REUSEPORT;
  if (is_ipv4) {
    const struct sockaddr_in *ipv4 = (const void *)address;
    pcb->port = ntohs(ipv4->sin_port);
    memcpy(pcb->address, &ipv4->sin_addr, 4);
    pcb->v4 = 1;
    return;
  }
  static const uint8_t any[16];
  const struct sockaddr_in6 *ipv6 = (const void *)address;
  pcb->port = ntohs(ipv6->sin6_port);
  memcpy(pcb->address, &ipv6->sin6_addr, 16);
  pcb->v6 = 1;
  pcb->v6only = option(fd, IPPROTO_IPV6, IPV6_V6ONLY) != 0;
  pcb->v4 = !pcb->v6only && memcmp(pcb->address, any, 16) == 0;
}

/* A port that Linux has picked. */
static uint16_t picked_port(int fd) {
  struct sockaddr_storage name;
  socklen_t length = sizeof name;
  if (getsockname(fd, (struct sockaddr *)&name, &length)) return 0;
  return ntohs(name.ss_family == AF_INET ? ((struct sockaddr_in *)&name)->sin_port : ((struct sockaddr_in6 *)&name)->sin6_port);
}

int bind(int fd, const struct sockaddr *address, socklen_t length) {
  int type = option(fd, SOL_SOCKET, SO_TYPE);
  int is_internet = (type == SOCK_STREAM || type == SOCK_DGRAM) &&
                    (address->sa_family == AF_INET || address->sa_family == AF_INET6);
  if (!is_internet || machine_folder() == NULL) return bind_for_real(fd, address, length);
  struct pcb pcb;
  describe(&pcb, fd, address);
  lock_table();
  int code = pcb.port != 0 && xnu_bind_problem(&pcb) ? EADDRINUSE : 0;
  if (code == 0 && pcb.port != 0) share(fd);
  if (code == 0 && bind_for_real(fd, address, length)) code = errno;
  if (code == 0 && pcb.port == 0) pcb.port = picked_port(fd);
  if (code == 0 && add_pcb(&pcb)) code = ENOBUFS;
  unlock_table();
  if (code == 0) return 0;
  errno = code;
  return -1;
}

/* tcp_usr_listen (bsd/netinet/tcp_usrreq.c) looks for no conflict. */
int listen(int fd, int backlog) {
  int result = listen_for_real(fd, backlog);
  if (result != 0 || machine_folder() == NULL) return result;
  lock_table();
  struct pcb *pcb = find_pcb(fd);
  if (pcb != NULL) pcb->listening = 1;
  unlock_table();
  return 0;
}

/*
 * forkproc (bsd/kern/kern_fork.c): a process has the number of its parent for ever. Linux forgets it with the parent, so it is
 * written down at the beginning: after a fork, or when the program begins where the C library did not fork.
 */
static uint64_t parent_id;

static uint64_t own_id(int pid) {
  struct process process;
  return read_process(pid, &process) ? process.unique_id : 0;
}

static void before_fork(void) {
  parent_id = own_id(getpid());
}

static void after_fork(void) {
  remember_parent(getpid(), parent_id);
}

__attribute__((constructor)) static void begin(void) {
  if (machine_folder() == NULL) return;
  remember_parent(getpid(), own_id(getppid()));
  pthread_atfork(before_fork, NULL, after_fork);
}
