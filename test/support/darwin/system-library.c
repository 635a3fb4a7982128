/*
 * The functions of macOS' system library that are called through the foreign function interface, with Darwin's numbers, layouts and
 * errors; each is here under its name with darwin_ before it.
 */
#include "stand-in.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

int fail_with(int darwin_errno) {
  errno = darwin_errno;
  return -1;
}

/* Of a call to Linux. */
static int translated(int result) {
  if (result >= 0) return result;
  switch (errno) {
    case EAGAIN: return fail_with(DARWIN_EAGAIN);
    case ENOTSOCK: return fail_with(DARWIN_ENOTSOCK);
    case EADDRINUSE: return fail_with(DARWIN_EADDRINUSE);
    case EADDRNOTAVAIL: return fail_with(DARWIN_EADDRNOTAVAIL);
    case EAFNOSUPPORT: return fail_with(DARWIN_EAFNOSUPPORT);
    case ENOBUFS: return fail_with(DARWIN_ENOBUFS);
    default: return -1;
  }
}

/* What Linux would not keep of a socket. Found by its number, and its own if the inode is the same. */
struct note {
  uint64_t inode;
  int domain, type, options, shares_uid, v6only;
  int64_t timeout[2];
};
static struct note notes[65536];

static struct note *note_of(int fd) {
  if (fd < 0 || fd >= 65536) return NULL;
  uint64_t inode = inode_of(fd);
  return inode != 0 && notes[fd].inode == inode ? &notes[fd] : NULL;
}

/* socket_common (bsd/kern/uipc_syscalls.c): there is no SOCK_CLOEXEC, any higher bit is an unknown type. */
int darwin_socket(int domain, int type, int protocol) {
  if (type & ~0xff) return fail_with(43 /* EPROTONOSUPPORT */);
  int family = domain == DARWIN_AF_INET6 ? AF_INET6 : domain == DARWIN_AF_INET ? AF_INET : -1;
  if (family == -1) return fail_with(DARWIN_EAFNOSUPPORT);
  int fd = socket(family, type, protocol);
  if (fd < 0) return translated(fd);
  if (fd < 65536) notes[fd] = (struct note){.inode = inode_of(fd), .domain = domain, .type = type};
  return fd;
}

int darwin_close(int fd) {
  struct note *note = note_of(fd);
  if (note == NULL) return translated(close(fd));
  lock_table();
  struct pcb *pcb = find_pcb(fd);
  int is_ours = pcb != NULL && pcb->pid == getpid() && pcb->fd == fd;
  int can_be_inherited = pcb != NULL && (pcb->listening || !(fcntl(fd, F_GETFD) & FD_CLOEXEC));
  if (is_ours && !(can_be_inherited && find_heir(pcb))) remove_pcb(pcb);
  note->inode = 0;
  int result = close(fd);
  unlock_table();
  return translated(result);
}

/* sosetoptlock (bsd/kern/uipc_socket.c:4849) */
static int set_socket_option(struct note *note, int option, const void *value, uint32_t length) {
  int flag;
  switch (option) {
    case DARWIN_SO_RCVTIMEO:
      /* sooptcopyin_timeval: 8 bytes of seconds, 4 of microseconds, 4 of padding */
      if (length < sizeof note->timeout) return fail_with(EINVAL);
      int64_t timeout[2];
      memcpy(timeout, value, sizeof timeout);
      timeout[1] = (int32_t)timeout[1];
      if (timeout[0] < 0 || timeout[1] < 0 || timeout[1] >= 1000000) return fail_with(33 /* EDOM */);
      memcpy(note->timeout, timeout, sizeof timeout);
      return 0;
    case DARWIN_SO_REUSEADDR:
    case DARWIN_SO_REUSEPORT:
    case DARWIN_SO_REUSESHAREUID:
      if (length < sizeof flag) return fail_with(EINVAL);
      memcpy(&flag, value, sizeof flag);
      if (option == DARWIN_SO_REUSESHAREUID) note->shares_uid = flag != 0;
      else note->options = flag ? note->options | option : note->options & ~option;
      return 0;
    default:
      return fail_with(DARWIN_ENOPROTOOPT);
  }
}

int darwin_setsockopt(int fd, int level, int option, const void *value, uint32_t length) {
  struct note *note = note_of(fd);
  if (note == NULL) return fail_with(fcntl(fd, F_GETFD) < 0 ? EBADF : DARWIN_ENOTSOCK);
  if (level == IPPROTO_IPV6 && option == DARWIN_IPV6_V6ONLY && length == sizeof(int)) {
    memcpy(&note->v6only, value, sizeof(int));
    return translated(setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, value, length));
  }
  if (level != DARWIN_SOL_SOCKET) return fail_with(DARWIN_ENOPROTOOPT);
  int result = set_socket_option(note, option, value, length);
  if (result != 0) return result;
  /* so_options are the socket's: a bind of another one looks at what they are then. */
  lock_table();
  struct pcb *pcb = find_pcb(fd);
  if (pcb != NULL) {
    pcb->options = note->options;
    pcb->shares_uid = note->shares_uid;
  }
  unlock_table();
  return 0;
}

int darwin_getsockopt(int fd, int level, int option, void *value, uint32_t *length) {
  struct stat status;
  if (fstat(fd, &status)) return fail_with(EBADF);
  if (!S_ISSOCK(status.st_mode)) return fail_with(DARWIN_ENOTSOCK);
  if (level != DARWIN_SOL_SOCKET || option != DARWIN_SO_RCVTIMEO) return fail_with(DARWIN_ENOPROTOOPT);
  static const struct note unknown;
  const struct note *note = note_of(fd);
  uint32_t size = *length < sizeof unknown.timeout ? *length : sizeof unknown.timeout;
  memcpy(value, (note == NULL ? &unknown : note)->timeout, size);
  *length = size;
  return 0;
}

static int is_ipv4(const struct note *note) {
  return note->domain == DARWIN_AF_INET;
}

static void describe(struct pcb *pcb, int fd, const struct note *note, const uint8_t *address) {
  static const uint8_t any[16];
  *pcb = (struct pcb){.pid = getpid(), .fd = fd, .inode = note->inode, .uid = geteuid()};
  pcb->domain = note->domain;
  pcb->is_udp = note->type == SOCK_DGRAM;
  pcb->options = note->options;
  pcb->shares_uid = note->shares_uid;
  pcb->port = address[2] << 8 | address[3];
  pcb->v4 = is_ipv4(note);
  pcb->v6 = !pcb->v4;
  memcpy(pcb->address, address + (pcb->v4 ? 4 : 8), pcb->v4 ? 4 : 16);
  if (pcb->v4) return;
  memcpy(&pcb->scope, address + 24, 4);
  pcb->v6only = note->v6only != 0;
  pcb->v4 = !pcb->v6only && memcmp(pcb->address, any, 16) == 0;
}

static int bind_on_linux(int fd, const struct note *note, const struct pcb *pcb) {
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (pcb->port != 0) setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
  struct sockaddr_in ipv4 = {.sin_family = AF_INET, .sin_port = htons(pcb->port)};
  struct sockaddr_in6 ipv6 = {.sin6_family = AF_INET6, .sin6_port = htons(pcb->port), .sin6_scope_id = pcb->scope};
  memcpy(&ipv4.sin_addr, pcb->address, 4);
  memcpy(&ipv6.sin6_addr, pcb->address, 16);
  return is_ipv4(note) ? bind_for_real(fd, (struct sockaddr *)&ipv4, sizeof ipv4)
                       : bind_for_real(fd, (struct sockaddr *)&ipv6, sizeof ipv6);
}

/* in_pcbbind, in6_pcbbind: the length byte is checked, and a link-local address needs its interface, which here is lo0, number 1. */
int darwin_bind(int fd, const uint8_t *address, uint32_t length) {
  struct note *note = note_of(fd);
  if (note == NULL) return fail_with(DARWIN_ENOTSOCK);
  uint32_t expected = is_ipv4(note) ? 16 : 28;
  if (length != expected || address[0] != expected) return fail_with(EINVAL);
  if (address[1] != note->domain) return fail_with(DARWIN_EAFNOSUPPORT);
  struct pcb pcb;
  describe(&pcb, fd, note, address);
  int is_link_local = pcb.v6 && pcb.address[0] == 0xfe && (pcb.address[1] & 0xc0) == 0x80;
  if (is_link_local && !(is_loopback_link_local(pcb.address) && pcb.scope == 1 && !machine_has_trait("no-link-local")))
    return fail_with(DARWIN_EADDRNOTAVAIL);
  lock_table();
  int code = pcb.port == 0 ? 0 : xnu_bind_problem(&pcb);
  /* Linux' loopback interface has no such address: this socket is in the table alone. */
  if (code == 0 && !is_link_local && translated(bind_on_linux(fd, note, &pcb))) code = errno;
  if (code == 0 && pcb.port != 0) code = add_pcb(&pcb);
  unlock_table();
  return code == 0 ? 0 : fail_with(code);
}

/* solisten (bsd/kern/uipc_socket.c) */
int darwin_listen(int fd, int backlog) {
  if (note_of(fd) == NULL) return fail_with(DARWIN_ENOTSOCK);
  int result = translated(listen_for_real(fd, backlog));
  lock_table();
  struct pcb *pcb = result == 0 ? find_pcb(fd) : NULL;
  if (pcb != NULL) pcb->listening = 1;
  unlock_table();
  return result;
}

/* bsd/sys/fcntl.h: O_NONBLOCK is 4 */
static int status_flags(int fd, int command, int flags) {
  if (command == 4 /* F_SETFL */) return translated(fcntl(fd, F_SETFL, (flags & 3) | (flags & 4 ? O_NONBLOCK : 0)));
  int found = translated(fcntl(fd, F_GETFL));
  return found < 0 ? found : (found & 3) | (found & O_NONBLOCK ? 4 : 0);
}

int darwin_fcntl(int fd, int command, ...) {
  va_list arguments;
  va_start(arguments, command);
  uintptr_t argument = va_arg(arguments, uintptr_t);
  va_end(arguments);
  if (command == F_GETFD || command == F_SETFD) return translated(fcntl(fd, command, (int)argument));
  if (command == 3 /* F_GETFL */ || command == 4) return status_flags(fd, command, (int)argument);
  if (command != 90 /* F_OFD_SETLK */) return fail_with(EINVAL);
  const struct { int64_t start, length; int32_t pid; int16_t type, whence; } *lock = (void *)argument;
  struct flock linux_lock = {.l_start = lock->start, .l_len = lock->length, .l_whence = lock->whence};
  /* F_RDLCK 1, F_UNLCK 2, F_WRLCK 3 */
  linux_lock.l_type = lock->type == 3 ? F_WRLCK : lock->type == 1 ? F_RDLCK : F_UNLCK;
  return translated(fcntl(fd, F_OFD_SETLK, &linux_lock));
}

static int linux_flags(int flags) {
  return (flags & 3) | (flags & 0x200 ? O_CREAT : 0) | (flags & 0x800 ? O_EXCL : 0) | (flags & 0x1000000 ? O_CLOEXEC : 0);
}

int darwin_open(const char *path, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  int mode = va_arg(arguments, int);
  va_end(arguments);
  return translated(open(path, linux_flags(flags), mode));
}

int darwin_fchmod(int fd, int mode) { return translated(fchmod(fd, mode)); }
int darwin_flock(int fd, int operation) { return translated(flock(fd, operation)); }
int64_t darwin_lseek(int fd, int64_t offset, int whence) { return lseek(fd, offset, whence); }

/* The objects of shared memory are files of a folder. */
static void shared_path(char *path, const char *name) {
  snprintf(path, 512, "%s/shm/", machine_folder());
  char *end = path + strlen(path);
  for (snprintf(end, 64, "%s", name); *end; end++) if (*end == '/') *end = '_';
}

/* bsd/kern/posix_shm.c: a name has at most PSHMNAMLEN (31) bytes */
int darwin_shm_open(const char *name, int flags, ...) {
  va_list arguments;
  va_start(arguments, flags);
  int mode = va_arg(arguments, int);
  va_end(arguments);
  if (strlen(name) > 31) return fail_with(DARWIN_ENAMETOOLONG);
  char path[600];
  shared_path(path, name);
  return translated(open(path, linux_flags(flags) | O_CLOEXEC, mode));
}

int darwin_shm_unlink(const char *name) {
  char path[600];
  shared_path(path, name);
  return translated(unlink(path));
}

/* pshm_truncate: once in its life; rounded up to pages, which have 16 KiB on Apple silicon */
int darwin_ftruncate(int fd, int64_t length) {
  struct stat status;
  if (fstat(fd, &status) || status.st_size != 0) return fail_with(EINVAL);
  return translated(ftruncate(fd, (length + 16383) & ~(int64_t)16383));
}

/* pshm_mmap: not beyond the object's size */
void *darwin_mmap(void *address, size_t length, int protection, int flags, int fd, int64_t offset) {
  struct stat status;
  if (fstat(fd, &status) || offset + (int64_t)length > status.st_size) {
    fail_with(EINVAL);
    return MAP_FAILED;
  }
  return mmap(address, length, protection, flags, fd, offset);
}

int darwin_munmap(void *address, size_t length) { return translated(munmap(address, length)); }
void *darwin_memcpy(void *destination, const void *source, size_t length) { return memcpy(destination, source, length); }
int darwin_getentropy(void *buffer, size_t length) { return translated(getentropy(buffer, length)); }

/* Libc's confstr: with the zero at the end, a folder of each user that nobody else can enter */
size_t darwin_confstr(int name, char *buffer, size_t length) {
  if (name != 65537 /* _CS_DARWIN_USER_TEMP_DIR */) return fail_with(EINVAL), 0;
  char path[600];
  snprintf(path, sizeof path, "%s/temporary-%d/", machine_folder(), geteuid());
  mkdir(path, 0700);
  return snprintf(buffer, length, "%s", path) + 1;
}

unsigned darwin_if_nametoindex(const char *name) { return strcmp(name, "lo0") == 0 ? 1 : 0; }
int darwin_pthread_main_np(void) { return syscall(SYS_gettid) == getpid(); }

int darwin_pthread_threadid_np(void *thread, uint64_t *id) {
  (void)thread;
  *id = THREAD_BASE + syscall(SYS_gettid);
  return 0;
}

/* Answers as sysctl does: with the size alone where there is no buffer, with ENOMEM where it is too small. */
int answer_sysctl(void *value, size_t *length, const void *bytes, size_t count) {
  int fits = value == NULL || *length >= count;
  if (value != NULL && fits) memcpy(value, bytes, count);
  *length = count;
  return fits ? 0 : fail_with(ENOMEM);
}

static void put(uint8_t *at, uint64_t value, int bytes) {
  memcpy(at, &value, bytes);
}

/* The other end of a connection, as Linux has it in its tables. */
struct peer {
  unsigned long inode;
  unsigned port;
  int is_ipv4;
  uint8_t address[16];
};

static int read_peers(struct peer *peers, int most) {
  static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};
  enum { ESTABLISHED = 1 };
  int count = 0;
  for (int i = 0; i < 2; i++) {
    char line[512], address[33];
    FILE *file = fopen(tables[i], "re");
    while (file != NULL && count < most && fgets(line, sizeof line, file)) {
      struct peer peer = {.is_ipv4 = i == 0};
      unsigned state;
      if (sscanf(line, " %*d: %*[0-9A-F]:%*x %32[0-9A-F]:%x %x %*x:%*x %*x:%*x %*x %*u %*d %lu", address, &peer.port, &state,
                 &peer.inode) != 4 ||
          state != ESTABLISHED)
        continue;
      /* Words of 32 bits, with their last byte first. */
      for (int at = 0; address[2 * at] != 0; at++) {
        unsigned byte;
        sscanf(address + 2 * at, "%2x", &byte);
        peer.address[(at & ~3) + 3 - (at & 3)] = byte;
      }
      peers[count++] = peer;
    }
    if (file != NULL) fclose(file);
  }
  return count;
}

static const struct peer *find_peer(const struct peer *peers, int count, uint64_t inode) {
  for (int i = 0; i < count; i++)
    if (peers[i].inode == inode) return &peers[i];
  return NULL;
}

/*
 * get_pcblist_n (bsd/netinet/in_pcblist.c): struct xinpgen at both ends, and for each socket xinpcb_n (104 bytes), xsocket_n (104),
 * xsockbuf_n (32) twice, xsockstat_n (136), of TCP xtcpcb_n (208), each rounded up to 8.
 */
static int socket_table(void *value, size_t *length, int is_udp) {
  enum { PCB = 104, SOCKET = 104, BUFFER = 32, STATISTICS = 136, CONNECTION = 208 };
  enum { ITEM = PCB + SOCKET + 2 * BUFFER + STATISTICS + CONNECTION, END = 24 };
  enum { MOST_PEERS = 4096 };
  struct peer *peers = calloc(MOST_PEERS, sizeof *peers);
  int peer_count = read_peers(peers, MOST_PEERS);
  lock_table();
  int count = pcb_count();
  uint8_t *bytes = calloc(1, 2 * END + (size_t)count * ITEM), *at = bytes;
  put(at, END, 4), put(at + 4, count, 4), at += END;
  for (int i = 0; i < count; i++) {
    const struct pcb *pcb = pcb_at(i);
    if (pcb->is_udp != is_udp) continue;
    const struct peer *peer = find_peer(peers, peer_count, pcb->inode);
    int only_ipv4 = pcb->domain == DARWIN_AF_INET;
    put(at, PCB, 4), put(at + 4, 0x10, 4);
    if (peer != NULL) {
      at[16] = peer->port >> 8, at[17] = peer->port & 0xff;
      memcpy(at + 48 + (peer->is_ipv4 ? 12 : 0), peer->address, peer->is_ipv4 ? 4 : 16);
    }
    at[18] = pcb->port >> 8, at[19] = pcb->port & 0xff;
    at[44] = (pcb->v4 ? 1 : 0) | (pcb->v6 ? 2 : 0);
    memcpy(at + 64 + (only_ipv4 ? 12 : 0), pcb->address, only_ipv4 ? 4 : 16);
    /* in6_embedscope: the interface is in the address */
    if (pcb->scope != 0) at[64 + 3] = pcb->scope;
    at += PCB;
    put(at, SOCKET, 4), put(at + 4, 0x1, 4), put(at + 8, handle_of(pcb->inode), 8), put(at + 64, pcb->uid, 4), put(at + 68, pcb->pid, 4);
    at += SOCKET;
    put(at, BUFFER, 4), put(at + 4, 0x2, 4), at += BUFFER;
    put(at, BUFFER, 4), put(at + 4, 0x4, 4), at += BUFFER;
    put(at, STATISTICS, 4), put(at + 4, 0x8, 4), at += STATISTICS;
    if (is_udp) continue;
    int is_connected = pcb->connected || peer != NULL;
    put(at, CONNECTION, 4), put(at + 4, 0x20, 4), put(at + 36, pcb->listening ? 1 : is_connected ? 4 : 0, 4);
    at += CONNECTION;
  }
  unlock_table();
  put(at, END, 4), at += END;
  int result = answer_sysctl(value, length, bytes, at - bytes);
  free(bytes);
  free(peers);
  return result;
}

int darwin_sysctlbyname(const char *name, void *value, size_t *length, void *ignored, size_t none) {
  (void)ignored, (void)none;
  if (strcmp(name, "net.inet.tcp.pcblist_n") == 0) return socket_table(value, length, 0);
  if (strcmp(name, "net.inet.udp.pcblist_n") == 0) return socket_table(value, length, 1);
  /* The ports are picked by the system underneath. */
  int32_t range[2];
  FILE *file = fopen("/proc/sys/net/ipv4/ip_local_port_range", "re");
  int known = file != NULL && fscanf(file, "%d %d", &range[0], &range[1]) == 2;
  if (file != NULL) fclose(file);
  if (known && strcmp(name, "net.inet.ip.portrange.first") == 0) return answer_sysctl(value, length, &range[0], 4);
  if (known && strcmp(name, "net.inet.ip.portrange.last") == 0) return answer_sysctl(value, length, &range[1], 4);
  return fail_with(ENOENT);
}

/* Libinfo's netdb.h */
struct darwin_addrinfo {
  int flags, family, type, protocol;
  uint32_t length;
  char *canonical_name;
  uint8_t *address;
  struct darwin_addrinfo *next;
};

static struct darwin_addrinfo *prepend(struct darwin_addrinfo *next, int family, const void *address, uint32_t scope) {
  int is_ipv4 = family == AF_INET;
  struct darwin_addrinfo *entry = calloc(1, sizeof *entry + 28);
  entry->family = is_ipv4 ? DARWIN_AF_INET : DARWIN_AF_INET6;
  entry->length = is_ipv4 ? 16 : 28;
  entry->address = (uint8_t *)(entry + 1);
  entry->address[0] = entry->length;
  entry->address[1] = entry->family;
  memcpy(entry->address + (is_ipv4 ? 4 : 8), address, is_ipv4 ? 4 : 16);
  if (!is_ipv4) memcpy(entry->address + 24, &scope, 4);
  entry->next = next;
  return entry;
}

int darwin_getaddrinfo(const char *node, const char *service, const int *hints, struct darwin_addrinfo **result) {
  struct addrinfo linux_hints = {.ai_socktype = hints[2]}, *found;
  int code = getaddrinfo(node, service, &linux_hints, &found);
  if (code != 0) return code;
  *result = NULL;
  static const uint8_t link_local[16] = {0xfe, 0x80, [15] = 1};
  if (strcmp(node, "localhost") == 0 && machine_has_trait("localhost-is-link-local"))
    *result = prepend(*result, AF_INET6, link_local, 1);
  for (struct addrinfo *each = found; each != NULL; each = each->ai_next) {
    const struct sockaddr_in6 *ipv6 = (void *)each->ai_addr;
    const struct sockaddr_in *ipv4 = (void *)each->ai_addr;
    if (each->ai_family == AF_INET) *result = prepend(*result, AF_INET, &ipv4->sin_addr, 0);
    if (each->ai_family == AF_INET6) *result = prepend(*result, AF_INET6, &ipv6->sin6_addr, ipv6->sin6_scope_id);
  }
  freeaddrinfo(found);
  return 0;
}

/* user_from_uid (Libc's pwcache.c): NULL for a user without a name, if only a name is wanted */
const char *darwin_user_from_uid(unsigned uid, int only_name) {
  struct passwd *user = getpwuid(uid);
  return user != NULL || only_name ? user == NULL ? NULL : user->pw_name : "";
}

const char *darwin_gai_strerror(int code) { return gai_strerror(code); }

void darwin_freeaddrinfo(struct darwin_addrinfo *list) {
  while (list != NULL) {
    struct darwin_addrinfo *next = list->next;
    free(list);
    list = next;
  }
}
