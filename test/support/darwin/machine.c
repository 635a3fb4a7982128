/* The table of bound sockets that the processes of a machine share, and xnu's rules of who may bind what. */
#include "stand-in.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_PCBS = 8192 };

/*
 * A process can be killed at any moment, also in the middle of a change. So entries are only added at the end, before the count
 * says so, or marked as gone; to shorten the list it is copied to the other half, before the other half is said to be the one.
 */
static struct table {
  pthread_mutex_t mutex;
  int is_ready;
  uint64_t process_namespace;
  /* The half in use, and how many entries it has. */
  struct list { uint32_t half, count; } list;
  struct pcb halves[2][MAX_PCBS];
} *table;

#define PCBS (table->halves[table->list.half])
#define COUNT ((int)table->list.count)

static const uint8_t ANY[16];

static void fail(const char *what) {
  dprintf(2, "The Darwin stand-in cannot %s: %s\n", what, strerror(errno));
  abort();
}

const char *machine_folder(void) {
  return getenv("DARWIN_STAND_IN");
}

int machine_has_trait(const char *name) {
  const char *traits = getenv("DARWIN_STAND_IN_TRAITS");
  return traits != NULL && strstr(traits, name) != NULL;
}

static uint64_t namespace_of(const char *kind) {
  char path[64];
  struct stat status;
  snprintf(path, sizeof path, "/proc/self/ns/%s", kind);
  return stat(path, &status) ? 0 : status.st_ino;
}

static void prepare(struct table *fresh) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
  /* A process can be killed while it has the lock. */
  pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
  pthread_mutex_init(&fresh->mutex, &attributes);
  fresh->process_namespace = namespace_of("pid");
  fresh->is_ready = 1;
}

static void map_table(void) {
  char path[512];
  /* A network namespace of Linux is a machine of its own. */
  snprintf(path, sizeof path, "%s/table-%lu", machine_folder(), (unsigned long)namespace_of("net"));
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) fail("open its table");
  fchmod(fd, 0666);
  flock(fd, LOCK_EX);
  struct stat status;
  fstat(fd, &status);
  if (status.st_size < (off_t)sizeof *table && ftruncate(fd, sizeof *table)) fail("size its table");
  struct table *mapped = mmap(NULL, sizeof *table, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (mapped == MAP_FAILED) fail("map its table");
  if (!mapped->is_ready) prepare(mapped);
  flock(fd, LOCK_UN);
  close(fd);
  table = mapped;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;

void lock_table(void) {
  pthread_once(&once, map_table);
  if (pthread_mutex_lock(&table->mutex) == EOWNERDEAD) pthread_mutex_consistent(&table->mutex);
}

void unlock_table(void) {
  pthread_mutex_unlock(&table->mutex);
}

uint64_t inode_of(int fd) {
  struct stat status;
  return fstat(fd, &status) ? 0 : status.st_ino;
}

/*
 * A process that is killed has no descriptors any more some time before the last of its sockets is closed: that is certain when all
 * of its threads are gone and it waits for its parent.
 */
static int is_exiting(int pid) {
  char path[64], line[512], target[8];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  if (readlink(path, target, sizeof target) >= 0 || errno != ENOENT) return 0;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *file = fopen(path, "re");
  if (file == NULL) return 0;
  const char *end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
  fclose(file);
  char state = 0;
  long threads = 0;
  /* proc(5): field 3 and field 20 */
  int known = end && sscanf(end + 1, " %c%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%*s%ld", &state, &threads) == 2;
  return known && (state != 'Z' || threads > 1);
}

/* A child can have inherited it. */
int find_heir(struct pcb *pcb) {
  int found = 0;
  DIR *processes = opendir("/proc");
  for (struct dirent *process; !found && processes != NULL && (process = readdir(processes)) != NULL;) {
    int pid = atoi(process->d_name);
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    DIR *descriptors = pid <= 0 || pid == pcb->pid ? NULL : opendir(path);
    for (struct dirent *entry; !found && descriptors != NULL && (entry = readdir(descriptors)) != NULL;) {
      struct stat status;
      int is_it = !fstatat(dirfd(descriptors), entry->d_name, &status, 0) && S_ISSOCK(status.st_mode) &&
                  status.st_ino == pcb->inode;
      if (is_it) pcb->pid = pid, pcb->fd = atoi(entry->d_name), found = 1;
    }
    if (descriptors != NULL) closedir(descriptors);
  }
  if (processes != NULL) closedir(processes);
  return found;
}

/* A socket lives as long as its process has it. Of other users' processes we may not see that: then the process counts. */
static int is_open_there(const struct pcb *pcb) {
  if (pcb->pid == getpid()) return inode_of(pcb->fd) == pcb->inode;
  char path[64];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d/fd/%d", pcb->pid, pcb->fd);
  if (stat(path, &status) == 0) return status.st_ino == pcb->inode;
  if (errno == EACCES || errno == EPERM) return kill(pcb->pid, 0) == 0 || errno == EPERM;
  /* From a process namespace, or without /proc, nobody else can be seen: all count as alive. */
  if (errno != ENOENT || namespace_of("pid") != table->process_namespace) return 1;
  return is_exiting(pcb->pid);
}

/* Only one that listens is searched for elsewhere. */
static int is_open(struct pcb *pcb) {
  return is_open_there(pcb) || (pcb->listening && find_heir(pcb));
}

void remove_pcb(struct pcb *gone) {
  gone->is_gone = 1;
}

static void sweep(int everything, uint16_t port) {
  for (int i = 0; i < COUNT; i++) {
    struct pcb *pcb = &PCBS[i];
    if (!pcb->is_gone && (everything || pcb->port == port) && !is_open(pcb)) remove_pcb(pcb);
  }
}

/* Copies what is still there to the other half. */
static void shorten(void) {
  struct list other = {.half = 1 - table->list.half};
  for (int i = 0; i < COUNT; i++)
    if (!PCBS[i].is_gone) table->halves[other.half][other.count++] = PCBS[i];
  __atomic_store(&table->list, &other, __ATOMIC_RELEASE);
}

void sweep_port(uint16_t port) {
  sweep(0, port);
}

int pcb_count(void) {
  sweep(1, 0);
  shorten();
  return COUNT;
}

struct pcb *pcb_at(int index) {
  return &PCBS[index];
}

struct pcb *find_pcb(int fd) {
  uint64_t inode = inode_of(fd);
  for (int i = 0; i < COUNT; i++) {
    struct pcb *pcb = &PCBS[i];
    if (!pcb->is_gone && pcb->inode == inode) return pcb;
  }
  return NULL;
}

int add_pcb(const struct pcb *added) {
  enum { SHORTEN_EVERY = 256 };
  if (COUNT % SHORTEN_EVERY == SHORTEN_EVERY - 1) pcb_count();
  if (COUNT == MAX_PCBS) return DARWIN_ENOBUFS;
  PCBS[COUNT] = *added;
  struct list longer = {table->list.half, table->list.count + 1};
  __atomic_store(&table->list, &longer, __ATOMIC_RELEASE);
  return 0;
}

static int is_any(const struct pcb *pcb) {
  return memcmp(pcb->address, ANY, 16) == 0;
}

/* in6_are_addr_equal_scoped (bsd/netinet6/in6.c): of link-local addresses the interfaces count too. */
static int same_address(const struct pcb *one, const struct pcb *other) {
  return memcmp(one->address, other->address, 16) == 0 && one->scope == other->scope;
}

int is_loopback_link_local(const uint8_t *address) {
  static const uint8_t expected[16] = {0xfe, 0x80, [15] = 1};
  return memcmp(address, expected, 16) == 0;
}

/*
 * in_pcblookup_local (bsd/netinet/in_pcb.c:2374), in6_pcblookup_local (bsd/netinet6/in6_pcb.c:1232). Without `wild`: the
 * unconnected socket of the identical address. With it: the one that fits best of all that overlap. A list begins with its newest. TCP and UDP
 * have tables of their own (tcbinfo, udbinfo).
 */
static struct pcb *lookup(int domain, const struct pcb *wanted, int wild) {
  struct pcb *match = NULL;
  int best = 3;
  for (int i = COUNT - 1; i >= 0; i--) {
    struct pcb *pcb = &PCBS[i];
    if (pcb->is_gone || pcb->port != wanted->port || pcb->is_udp != wanted->is_udp) continue;
    if (!(domain == DARWIN_AF_INET ? pcb->v4 : pcb->v6)) continue;
    if (!wild) {
      if (!pcb->connected && same_address(pcb, wanted)) return pcb;
      continue;
    }
    int wildcards = pcb->connected ? 1 : 0;
    if (!is_any(pcb)) {
      if (is_any(wanted)) wildcards++;
      else if (!same_address(pcb, wanted)) continue;
    } else if (!is_any(wanted)) {
      wildcards++;
    }
    if (wildcards >= best) continue;
    match = pcb;
    best = wildcards;
    if (best == 0) break;
  }
  return match;
}

static int both_share_port(const struct pcb *one, const struct pcb *other) {
  return one->options & other->options & DARWIN_SO_REUSEPORT;
}

/* in_pcbbind (bsd/netinet/in_pcb.c:868) */
static int bind_problem_of_ipv4(const struct pcb *wanted, int wild) {
  const struct pcb *other = wanted->uid == 0 ? NULL : lookup(DARWIN_AF_INET, wanted, 1);
  if (other != NULL && wanted->uid != other->uid && !other->shares_uid && (!is_any(wanted) || !is_any(other)))
    return DARWIN_EADDRINUSE;
  other = lookup(DARWIN_AF_INET, wanted, wild);
  if (other != NULL && !both_share_port(wanted, other)) return DARWIN_EADDRINUSE;
  return 0;
}

/* in6_pcbbind (bsd/netinet6/in6_pcb.c:188) */
static int bind_problem_of_ipv6(const struct pcb *wanted, int wild) {
  int is_dual = !wanted->v6only && is_any(wanted);
  if (wanted->uid != 0) {
    const struct pcb *other = lookup(DARWIN_AF_INET6, wanted, 1);
    if (other != NULL && (!is_any(wanted) || !is_any(other) || !(other->options & DARWIN_SO_REUSEPORT)) &&
        wanted->uid != other->uid && !other->shares_uid)
      return DARWIN_EADDRINUSE;
    other = is_dual ? lookup(DARWIN_AF_INET, wanted, 1) : NULL;
    if (other != NULL && !(other->options & DARWIN_SO_REUSEPORT) && wanted->uid != other->uid &&
        (!is_any(other) || other->domain == DARWIN_AF_INET6))
      return DARWIN_EADDRINUSE;
  }
  const struct pcb *other = lookup(DARWIN_AF_INET6, wanted, wild);
  if (other != NULL && !both_share_port(wanted, other)) return DARWIN_EADDRINUSE;
  /* A dual wildcard does not conflict with an IPv4 wildcard that is there already. */
  other = is_dual ? lookup(DARWIN_AF_INET, wanted, wild) : NULL;
  if (other != NULL && !both_share_port(wanted, other) && (!is_any(other) || other->domain == DARWIN_AF_INET6))
    return DARWIN_EADDRINUSE;
  return 0;
}

int xnu_bind_problem(const struct pcb *wanted) {
  /* Both functions: without the options any overlap conflicts, with one of them only the identical address. */
  int wild = !(wanted->options & (DARWIN_SO_REUSEADDR | DARWIN_SO_REUSEPORT));
  sweep_port(wanted->port);
  return wanted->domain == DARWIN_AF_INET ? bind_problem_of_ipv4(wanted, wild) : bind_problem_of_ipv6(wanted, wild);
}
