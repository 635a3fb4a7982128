/*
 * A stand-in for macOS' kernel on Linux, for tests: what its parts share. It keeps the rules of xnu-11417.101.15, each named
 * where it is kept, in a table that all processes of a "machine" have mapped. It knows nothing of portslice.
 *
 * What it cannot show: connections that are dropped in silence by sockets that do not listen, TIME_WAIT, which port the kernel picks,
 * sockets that a child has inherited and that do not listen, costs.
 */
#define _GNU_SOURCE
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

/* bsd/sys/socket.h, bsd/netinet6/in6.h */
enum {
  DARWIN_AF_INET = 2,
  DARWIN_AF_INET6 = 30,
  DARWIN_SOL_SOCKET = 0xffff,
  DARWIN_SO_REUSEADDR = 0x4,
  DARWIN_SO_REUSEPORT = 0x200,
  DARWIN_SO_RCVTIMEO = 0x1006,
  DARWIN_SO_REUSESHAREUID = 0x1025,
  DARWIN_IPV6_V6ONLY = 27,
};

/* bsd/sys/errno.h, where it differs from Linux */
enum {
  DARWIN_EAGAIN = 35,
  DARWIN_ENOTSOCK = 38,
  DARWIN_ENOPROTOOPT = 42,
  DARWIN_EAFNOSUPPORT = 47,
  DARWIN_EADDRINUSE = 48,
  DARWIN_EADDRNOTAVAIL = 49,
  DARWIN_ENOBUFS = 55,
  DARWIN_ENAMETOOLONG = 63,
};

/* A protocol control block: one bound socket. */
struct pcb {
  int32_t pid, fd;
  uint64_t inode;
  /* DARWIN_AF_INET or DARWIN_AF_INET6. */
  int32_t domain;
  int32_t options;
  uint8_t v4, v6, v6only, shares_uid, listening, connected, is_gone, is_udp;
  uint16_t port;
  uint32_t uid, scope;
  /* An IPv4 address has the first four. */
  uint8_t address[16];
};

void lock_table(void);
void unlock_table(void);
/* Inside the lock; both answer with Darwin's errno, 0 for success. */
int xnu_bind_problem(const struct pcb *wanted);
int add_pcb(const struct pcb *added);
/* Drops those of the port whose sockets are closed. Inside the lock. */
void sweep_port(uint16_t port);
/* That of the socket, whichever of its processes is asked about. */
struct pcb *find_pcb(int fd);
/* Another process that has the socket open gets it, in the table. */
int find_heir(struct pcb *pcb);
int pcb_count(void);
struct pcb *pcb_at(int index);
void remove_pcb(struct pcb *gone);
int is_loopback_link_local(const uint8_t *address);
/* Whether this machine lacks or has something, as a test wants it: names in DARWIN_STAND_IN_TRAITS. */
int machine_has_trait(const char *name);
/* The machine's folder: DARWIN_STAND_IN. NULL: this process is on no such machine. */
const char *machine_folder(void);
uint64_t inode_of(int fd);

/* Threads have numbers of 64 bits. */
#define THREAD_BASE UINT64_C(0x500000000)

/* What the system tells of processes (processes.c). */
struct process {
  uint32_t parent, uid;
  char state, name[16];
  uint64_t unique_id;
};
int read_process(int pid, struct process *process);
/* Whose process it was that has started this one, which is remembered from its beginning. */
void remember_parent(int pid, uint64_t unique_id);
/* Binds for real. On Linux nothing may be in its way: the table alone decides. */
int bind_for_real(int fd, const struct sockaddr *address, socklen_t length);
int listen_for_real(int fd, int backlog);

/* Sets the errno. Answers -1. */
int fail_with(int darwin_errno);
/* As sysctl does: with the size alone where there is no buffer, with ENOMEM where it is too small. */
int answer_sysctl(void *value, size_t *length, const void *bytes, size_t count);
/* VM_KERNEL_ADDRHASH: what a socket is called in every table. */
uint64_t handle_of(uint64_t inode);
