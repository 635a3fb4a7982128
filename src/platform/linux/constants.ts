/** Numbers of the Linux ABI, as in the kernel's generic uapi headers (x64, arm64, riscv64, loong64). */

export const AF_UNIX = 1;
export const AF_INET = 2;
export const AF_INET6 = 10;
export const AF_NETLINK = 16;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_CLOEXEC = 0x80000;

export const SOL_SOCKET = 1;
export const SO_REUSEADDR = 2;
export const SO_REUSEPORT = 15;
export const SO_NETNS_COOKIE = 71;
export const TCP_INFO = 11;
export const IPPROTO_IP = 0;
export const IP_FREEBIND = 15;
export const IPPROTO_IPV6 = 41;
export const IPV6_V6ONLY = 26;
export const IPV6_FREEBIND = 78;

export const IPPROTO_TCP = 6;
export const MSG_DONTWAIT = 0x40;
export const NETLINK_SOCK_DIAG = 4;

/** States of sockets, also of AF_UNIX, as the kernel's tcp_states.h numbers them. */
export const TCPState = {
  established: 1,
  synSent: 2,
  synReceived: 3,
  timeWait: 6,
  close: 7,
  listen: 10,
  newSynReceived: 12,
  /** To ask for; such sockets are in `close`. Since Linux 6.8. */
  boundInactive: 13,
} as const;

export const F_GETFL = 3;
export const F_SETFL = 4;
export const O_NONBLOCK = 0x800;
export const F_SETSIG = 10;
export const F_GETSIG = 11;
export const F_SETOWN_EX = 15;
export const F_GETOWN_EX = 16;
export const F_OWNER_TID = 0;
export const F_ADD_SEALS = 1033;
export const F_GET_SEALS = 1034;
export const F_SEAL_SEAL = 0x1;
export const F_SEAL_SHRINK = 0x2;
export const F_SEAL_GROW = 0x4;
export const F_SEAL_WRITE = 0x8;
export const F_SEAL_FUTURE_WRITE = 0x10;

export const MFD_CLOEXEC = 0x1;
export const MFD_ALLOW_SEALING = 0x2;
export const PROT_READ = 0x1;
export const PROT_WRITE = 0x2;
export const MAP_SHARED = 0x1;
export const RLIMIT_LOCKS = 10;
