/**
 * Numbers and offsets of the Darwin ABI on 64-bit processors (x64, arm64), all of them. Each group names the header of
 * xnu-11417.101.15 (macOS 15.4) that has it. notes/macos.md says what was read where, and that nothing ran on macOS.
 */

// bsd/sys/socket.h
export const AF_INET = 2;
export const AF_INET6 = 30;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOL_SOCKET = 0xffff;
export const SO_REUSEADDR = 0x4;
export const SO_RCVTIMEO = 0x1006;
/** A socket with it does not refuse sockets of other users. */
export const SO_REUSESHAREUID = 0x1025;

// bsd/netinet/in.h, bsd/netinet6/in6.h
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 27;
/** struct sockaddr_in and sockaddr_in6: length and family, a byte each, where Linux has a family of two. */
export const SocketAddress = {
  byteLength: 0,
  family: 1,
  port: 2,
  ipv4: 4,
  ipv6: 8,
  scopeId: 24,
  ipv4Bytes: 16,
  ipv6Bytes: 28,
} as const;

// bsd/sys/_types/_timeval64.h: seconds (8 bytes), microseconds (4) and padding
export const TimeValue = { seconds: 0, microseconds: 8, bytes: 16 } as const;

// bsd/sys/fcntl.h
export const O_RDWR = 0x2;
export const O_CREAT = 0x200;
export const O_EXCL = 0x800;
export const O_CLOEXEC = 0x100_0000;
export const F_SETFD = 2;
export const F_GETFL = 3;
export const F_SETFL = 4;
export const O_NONBLOCK = 0x4;
export const FD_CLOEXEC = 1;
export const F_OFD_SETLK = 90;
export const F_WRLCK = 3;
/** struct flock: start and length (8 bytes each), process id (4), type and whence (2 each). */
export const FileLock = { start: 0, byteLength: 8, type: 20, bytes: 24 } as const;
export const LOCK_SH = 1;
export const LOCK_EX = 2;
export const LOCK_NB = 4;
// bsd/sys/unistd.h
export const SEEK_SET = 0;
export const SEEK_CUR = 1;

// bsd/sys/mman.h
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const MAP_SHARED = 0x1;

// bsd/sys/proc_info.h
export const PROC_PIDVNODEPATHINFO = 9;
export const PROC_PIDT_SHORTBSDINFO = 13;
export const PROC_PIDTHREADID64INFO = 15;
/** struct proc_vnodepathinfo: the current directory, as struct vnode_info and a path of MAXPATHLEN, and the root. */
export const ProcessFolders = { path: 152, pathBytes: 1024, bytes: 2352 } as const;
/** struct proc_bsdshortinfo. The name has at most 16 bytes; the user is the effective one. */
export const ProcessInfo = { parentId: 4, name: 16, nameBytes: 16, userId: 36, bytes: 64 } as const;
/** sizeof(struct proc_threadinfo) */
export const THREAD_INFO_BYTES = 112;
export const PROC_PIDLISTFDS = 1;
/** struct proc_fdinfo */
export const DescriptorEntry = { descriptor: 0, type: 4, bytes: 8 } as const;
export const PROX_FDTYPE_VNODE = 1;
export const PROX_FDTYPE_SOCKET = 2;
export const PROC_PIDFDVNODEINFO = 1;
export const PROC_PIDFDSOCKETINFO = 3;
/**
 * struct socket_fdinfo: struct proc_fileinfo (24 bytes), then struct socket_info, in which soi_so comes after struct vinfo_stat
 * (136 bytes). Of a socket that listens: how many connections are in its queue, and how many of these are not made yet.
 */
export const DescriptorSocket = { handle: 160, queued: 194, incomplete: 196, bytes: 792 } as const;
/** struct vnode_fdinfo: struct proc_fileinfo (24 bytes), then struct vnode_info, which begins with the file's device and number. */
export const DescriptorFile = { device: 24, inode: 32, bytes: 176 } as const;
// bsd/sys/proc_info_private.h
export const PROC_PIDLISTTHREADIDS = 28;
export const PROC_PIDUNIQIDENTIFIERINFO = 17;
/** struct proc_uniqidentifierinfo. A process keeps the number of its parent, also when that has ended. */
export const ProcessIdentity = { uniqueId: 16, parentUniqueId: 24, bytes: 56 } as const;

// bsd/sys/sysctl.h
export const CTL_KERN = 1;
export const KERN_PROCARGS2 = 49;
export const KERN_PROC = 14;
export const KERN_PROC_PID = 1;
/**
 * struct kinfo_proc of a process of 64 bits. It begins with the struct timeval of its start (bsd/sys/proc.h, p_starttime; filled in by
 * fill_user64_externproc in bsd/kern/kern_sysctl.c). Told to everybody.
 */
export const ProcessRecord = { startSeconds: 0, startMicroseconds: 8, bytes: 648 } as const;

// Libc's unistd.h, xnu's bsd/sys/unistd.h does not have it
export const CS_DARWIN_USER_TEMP_DIR = 65_537;

// Libinfo's netdb.h: struct addrinfo, in which the address comes after the canonical name, other than on Linux
export const AddressInfo = {
  socketType: 8,
  family: 4,
  addressBytes: 16,
  address: 32,
  next: 40,
  bytes: 48,
} as const;

// bsd/sys/socketvar.h: what an item of net.inet.tcp.pcblist_n is
export const XSO_SOCKET = 0x1;
export const XSO_INPCB = 0x10;
export const XSO_TCPCB = 0x20;
/** Every item begins with these, and the next one begins at a multiple of 8. */
export const TableItem = { byteLength: 0, kind: 4, headerBytes: 8, alignment: 8 } as const;
/** struct xinpgen (bsd/netinet/in_pcb.h), at both ends of the table. */
export const TABLE_END_BYTES = 24;
/** struct xinpcb_n (bsd/netinet/in_pcb.h), packed to 4. An IPv4 address has the last 4 of its 16 bytes. */
export const ControlBlock = {
  foreignPort: 16,
  localPort: 18,
  versionFlags: 44,
  foreignAddress: 48,
  localAddress: 64,
  bytes: 104,
} as const;
export const INP_IPV4 = 0x1;
export const INP_IPV6 = 0x2;
/** struct xsocket_n (bsd/sys/socketvar.h), packed to 4. */
export const SocketItem = {
  handle: 8,
  userId: 64,
  lastProcessId: 68,
  effectiveProcessId: 72,
  bytes: 104,
} as const;
/** struct xtcpcb_n (bsd/netinet/tcp_var.h), packed to 4, and states of bsd/netinet/tcp_fsm.h. */
export const TCPItem = { state: 36, bytes: 40 } as const;
export const TCPS_CLOSED = 0;
export const TCPS_LISTEN = 1;
export const TCPS_SYN_SENT = 2;
export const TCPS_SYN_RECEIVED = 3;
export const TCPS_ESTABLISHED = 4;
export const TCPS_TIME_WAIT = 10;
