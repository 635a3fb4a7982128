/* What macOS tells of processes: libproc, and the sysctl of their arguments. Linux knows all of it but the parent of an orphan. */
#include "stand-in.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/*
 * forkproc (bsd/kern/kern_fork.c): every process gets the next number of 64 bits (++nextuniqueid), and keeps it when it executes
 * another program.
 */
enum { PID_BITS = 22 };

static uint64_t unique_id(int pid, uint64_t start_ticks) {
  return start_ticks << PID_BITS | (uint64_t)pid;
}

/* Of threads that have ended, too, the process is there as long as one of them lives. */
int read_process(int pid, struct process *process) {
  char path[64], line[1024];
  struct stat status;
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  /* The effective user. */
  int known = fstat(fd, &status) == 0;
  ssize_t size = read(fd, line, sizeof line - 1);
  close(fd);
  if (!known || size <= 0) return 0;
  line[size] = 0;
  char *begin = strchr(line, '('), *end = strrchr(line, ')');
  if (begin == NULL || end == NULL) return 0;
  unsigned long long start;
  /* proc(5): fields 3, 4 and 22 */
  if (sscanf(end + 1, " %c %u %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %llu", &process->state,
             &process->parent, &start) != 3)
    return 0;
  process->uid = status.st_uid;
  snprintf(process->name, sizeof process->name, "%.*s", (int)(end - begin - 1), begin + 1);
  process->unique_id = unique_id(pid, start);
  return 1;
}

static void parent_path(char *path, uint64_t id) {
  snprintf(path, 600, "%s/parents/%llx", machine_folder(), (unsigned long long)id);
}

void remember_parent(int pid, uint64_t id) {
  struct process process;
  char path[600];
  if (machine_folder() == NULL || id == 0 || !read_process(pid, &process)) return;
  parent_path(path, process.unique_id);
  /* What was written first is right: later the parent can have ended. */
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0) return;
  if (write(fd, &id, sizeof id) < 0) unlink(path);
  close(fd);
}

static uint64_t parent_of(const struct process *process) {
  char path[600];
  uint64_t id = 0;
  parent_path(path, process->unique_id);
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  ssize_t size = fd < 0 ? 0 : read(fd, &id, sizeof id);
  if (fd >= 0) close(fd);
  struct process parent;
  if (size == sizeof id) return id;
  return read_process((int)process->parent, &parent) ? parent.unique_id : 0;
}

/* proc_find (bsd/kern/kern_proc.c) does not find a process that has ended, which proc_find_zombref does */
static int find_living(int pid, struct process *process) {
  return read_process(pid, process) && process->state != 'Z' && process->state != 'X';
}

/* proc_security_policy (bsd/kern/proc_info.c): only some of it is told of other users' processes to whoever is not root */
static int may_look_into(uint32_t uid) {
  return geteuid() == 0 || geteuid() == uid;
}


static int list_threads(int pid, uint64_t *ids, int count) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *folder = opendir(path);
  if (folder == NULL) return 0;
  int found = 0;
  for (struct dirent *entry; found < count && (entry = readdir(folder)) != NULL;)
    if (atoi(entry->d_name) > 0) ids[found++] = THREAD_BASE + atoi(entry->d_name);
  closedir(folder);
  return found * (int)sizeof *ids;
}

static int tell_thread(int pid, uint64_t id, void *buffer, int length) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task/%d", pid, (int)(id - THREAD_BASE));
  if (id <= THREAD_BASE || access(path, F_OK)) return fail_with(ESRCH), 0;
  if (length < 112) return fail_with(ENOMEM), 0;
  memset(buffer, 0, 112);
  return 112;
}

/* bsd/sys/proc_info.h: PROX_FDTYPE_VNODE 1, SOCKET 2, KQUEUE 5, PIPE 6 */
static uint32_t descriptor_type(mode_t mode) {
  if (S_ISSOCK(mode)) return 2;
  if (S_ISFIFO(mode)) return 6;
  return S_ISREG(mode) || S_ISDIR(mode) || S_ISCHR(mode) || S_ISLNK(mode) ? 1 : 5;
}

/* proc_pidfdlist (bsd/kern/proc_info.c): with no buffer, the bytes of as many as there are and 20 more */
static int list_descriptors(int pid, uint8_t *buffer, int length) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd", pid);
  DIR *folder = opendir(path);
  if (folder == NULL) return fail_with(errno == EACCES ? EPERM : ESRCH), 0;
  int found = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    struct stat status;
    if (entry->d_name[0] == '.' || fstatat(dirfd(folder), entry->d_name, &status, 0)) continue;
    if (buffer != NULL && (found + 1) * 8 > length) break;
    int32_t descriptor = atoi(entry->d_name);
    uint32_t type = descriptor_type(status.st_mode);
    if (buffer != NULL) memcpy(buffer + 8 * found, &descriptor, 4), memcpy(buffer + 8 * found + 4, &type, 4);
    found++;
  }
  closedir(folder);
  return 8 * (buffer == NULL ? found + 20 : found);
}

/* struct proc_bsdshortinfo (bsd/sys/proc_info.h) */
static int tell_shortly(int pid, const struct process *process, void *buffer, int length) {
  uint32_t info[16] = {pid, process->parent, [3] = 2, [9] = process->uid, [11] = process->uid, [13] = process->uid};
  if (length < 64) return fail_with(ENOMEM), 0;
  memcpy(&info[4], process->name, 16);
  memcpy(buffer, info, 64);
  return 64;
}

/* struct proc_uniqidentifierinfo (bsd/sys/proc_info_private.h) */
static int tell_identity(const struct process *process, uint8_t *buffer, int length) {
  if (length < 56) return fail_with(ENOMEM), 0;
  uint64_t ids[2] = {process->unique_id, parent_of(process)};
  memset(buffer, 0, 56);
  memcpy(buffer + 16, ids, sizeof ids);
  return 56;
}

/* struct proc_vnodepathinfo (bsd/sys/proc_info.h): of the current directory and of the root, struct vnode_info (152 bytes) and a path */
static int tell_folders(int pid, uint8_t *buffer, int length) {
  enum { VNODE = 152, PATH = 1024, BYTES = 2 * (VNODE + PATH) };
  char path[64];
  if (length < BYTES) return fail_with(ENOMEM), 0;
  memset(buffer, 0, BYTES);
  snprintf(path, sizeof path, "/proc/%d/cwd", pid);
  if (readlink(path, (char *)buffer + VNODE, PATH - 1) < 0) return fail_with(ENOENT), 0;
  return BYTES;
}

/*
 * bsd/sys/proc_info.h: 1 PROC_PIDLISTFDS, 9 PROC_PIDVNODEPATHINFO, 13 PROC_PIDT_SHORTBSDINFO, 15 PROC_PIDTHREADID64INFO; proc_info_private.h:
 * 17 PROC_PIDUNIQIDENTIFIERINFO, 28 PROC_PIDLISTTHREADIDS. Of 13 and 17 proc_pidinfo (bsd/kern/proc_info.c) tells everybody, and
 * with an argument of those, too, that have ended and whose parent has not looked.
 */
int darwin_proc_pidinfo(int pid, int flavor, uint64_t argument, void *buffer, int length) {
  struct process process;
  int can_have_ended = argument != 0 && (flavor == 13 || flavor == 17);
  if (!(can_have_ended ? read_process(pid, &process) : find_living(pid, &process))) return fail_with(ESRCH), 0;
  if (flavor == 13) return tell_shortly(pid, &process, buffer, length);
  if (flavor == 17) return tell_identity(&process, buffer, length);
  if (!may_look_into(process.uid)) return fail_with(EPERM), 0;
  if (flavor == 1) return list_descriptors(pid, buffer, length);
  if (flavor == 9) return tell_folders(pid, buffer, length);
  if (flavor == 28) return list_threads(pid, buffer, length / 8);
  if (flavor == 15) return tell_thread(pid, argument, buffer, length);
  return fail_with(EINVAL), 0;
}

uint64_t handle_of(uint64_t inode) {
  return inode * 0x9e3779b97f4a7c15u;
}

/* How many connections wait, as Linux has it in its table: of a socket that listens as what it has received. */
static int16_t queue_of(uint64_t inode) {
  static const char *const tables[] = {"/proc/self/net/tcp", "/proc/self/net/tcp6"};
  unsigned waiting = 0, state, queued;
  unsigned long found;
  for (int i = 0; i < 2; i++) {
    char line[512];
    FILE *file = fopen(tables[i], "re");
    while (file != NULL && fgets(line, sizeof line, file))
      if (sscanf(line, " %*s %*s %*s %x %*x:%x %*s %*s %*s %*s %lu", &state, &queued, &found) == 3 && state == 0x0a &&
          found == inode)
        waiting = queued;
    if (file != NULL) fclose(file);
  }
  return (int16_t)waiting;
}

/* fill_socketinfo (bsd/kern/socket_info.c): struct socket_fdinfo */
static int tell_socket(const struct stat *status, uint8_t *buffer, int length) {
  enum { BYTES = 792, SO = 24 + 136, QUEUE = 24 + 170 };
  if (!S_ISSOCK(status->st_mode)) return fail_with(EBADF), 0;
  if (length < BYTES) return fail_with(ENOMEM), 0;
  uint64_t handle = handle_of(status->st_ino);
  int16_t queue = queue_of(status->st_ino);
  memset(buffer, 0, BYTES);
  memcpy(buffer + SO, &handle, sizeof handle);
  memcpy(buffer + QUEUE, &queue, sizeof queue);
  return BYTES;
}

/* fill_vnodeinfo (bsd/kern/proc_info.c): struct vnode_fdinfo */
static int tell_file(const struct stat *status, uint8_t *buffer, int length) {
  enum { BYTES = 176, DEVICE = 24, NUMBER = 24 + 8 };
  if (descriptor_type(status->st_mode) != 1) return fail_with(EBADF), 0;
  if (length < BYTES) return fail_with(ENOMEM), 0;
  uint32_t device = status->st_dev;
  uint64_t number = status->st_ino;
  memset(buffer, 0, BYTES);
  memcpy(buffer + DEVICE, &device, sizeof device);
  memcpy(buffer + NUMBER, &number, sizeof number);
  return BYTES;
}

/* proc_pidfdinfo (bsd/kern/proc_info.c): 1 is PROC_PIDFDVNODEINFO, 3 PROC_PIDFDSOCKETINFO */
int darwin_proc_pidfdinfo(int pid, int fd, int flavor, uint8_t *buffer, int length) {
  struct process process;
  struct stat status;
  char path[64];
  if (!find_living(pid, &process)) return fail_with(ESRCH), 0;
  if (!may_look_into(process.uid)) return fail_with(EPERM), 0;
  snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
  if (stat(path, &status)) return fail_with(EBADF), 0;
  if (flavor == 1) return tell_file(&status, buffer, length);
  if (flavor == 3) return tell_socket(&status, buffer, length);
  return fail_with(EINVAL), 0;
}

/* getsid (bsd/kern/kern_prot.c): of every process that lives, whoever asks */
int darwin_getsid(int pid) {
  struct process process;
  return find_living(pid, &process) ? getsid(pid) : fail_with(ESRCH);
}

int darwin_proc_listallpids(int32_t *buffer, int length) {
  DIR *folder = opendir("/proc");
  if (folder == NULL) return 0;
  int found = 0;
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (atoi(entry->d_name) <= 0) continue;
    if (buffer != NULL && (found + 1) * 4 > length) break;
    if (buffer != NULL) buffer[found] = atoi(entry->d_name);
    found++;
  }
  closedir(folder);
  return found;
}

/* cs_restricted (bsd/kern/kern_cs.c): so are the programs that come with macOS */
static int is_restricted(int pid) {
  static const char *const names[] = {"sh", "dash", "bash", "sleep", "env", "cat"};
  char path[64], program[512];
  snprintf(path, sizeof path, "/proc/%d/exe", pid);
  ssize_t size = readlink(path, program, sizeof program - 1);
  if (size <= 0) return 0;
  program[size] = 0;
  const char *slash = strrchr(program, '/');
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    if (strcmp(slash == NULL ? program : slash + 1, names[i]) == 0) return 1;
  return 0;
}

static size_t append(uint8_t *bytes, size_t at, size_t most, int pid, const char *name) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  FILE *file = fopen(path, "re");
  if (file == NULL) return at;
  size_t size = fread(bytes + at, 1, most - at, file);
  fclose(file);
  return at + size;
}

/* When it was started, in seconds since 1970, from /proc/<pid>/stat and /proc/stat. */
static double start_of(const struct process *process) {
  char line[256];
  double boot = 0;
  FILE *file = fopen("/proc/stat", "re");
  while (file != NULL && fgets(line, sizeof line, file))
    if (sscanf(line, "btime %lf", &boot) == 1) break;
  if (file != NULL) fclose(file);
  return boot + (double)(process->unique_id >> PID_BITS) / sysconf(_SC_CLK_TCK);
}

/* sysctl_prochandle (bsd/kern/kern_sysctl.c): 1.14.1 is KERN_PROC_PID, struct kinfo_proc. Of a process that has ended nothing. */
static int tell_record(int pid, void *value, size_t *length) {
  uint8_t record[648] = {0};
  struct process process;
  int is_known = find_living(pid, &process);
  double start = is_known ? start_of(&process) : 0;
  int64_t seconds = (int64_t)start;
  int32_t microseconds = (int32_t)((start - (double)seconds) * 1e6);
  memcpy(record, &seconds, sizeof seconds);
  memcpy(record + 8, &microseconds, sizeof microseconds);
  return answer_sysctl(value, length, record, is_known ? sizeof record : 0);
}

/*
 * sysctl_procargsx (bsd/kern/kern_sysctl.c): 1.49 is KERN_PROCARGS2. It reads from the memory of the process, which can have
 * written something else there. Nothing is told of other users' processes, and of a restricted one no environment to others.
 */
int darwin_sysctl(const int32_t *name, unsigned count, void *value, size_t *length, void *ignored, size_t none) {
  (void)ignored, (void)none;
  enum { MOST = 262144 };
  if (count == 4 && name[0] == 1 && name[1] == 14 && name[2] == 1) return tell_record(name[3], value, length);
  if (count != 3 || name[0] != 1 || name[1] != 49) return fail_with(ENOENT);
  int pid = name[2];
  struct process process;
  if (!find_living(pid, &process) || !may_look_into(process.uid)) return fail_with(EINVAL);
  uint8_t *bytes = calloc(1, MOST);
  int program = snprintf((char *)bytes + 4, 64, "/a/program");
  /* The path is padded to a boundary of 8. */
  size_t at = 4 + ((program + 8) & ~7), end = append(bytes, at, MOST, pid, "cmdline");
  int32_t arguments = 0;
  for (size_t i = at; i < end; i++) arguments += bytes[i] == 0;
  memcpy(bytes, &arguments, 4);
  if (pid == getpid() || !is_restricted(pid)) end = append(bytes, end, MOST, pid, "environ");
  int result = answer_sysctl(value, length, bytes, end);
  free(bytes);
  return result;
}
