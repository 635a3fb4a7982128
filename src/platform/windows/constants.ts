/**
 * Numbers and structure layouts of 64-bit Windows, each with the header of the Windows SDK that it comes from; what the SDK does
 * not declare is in phnt, the headers of System Informer. They were used under Wine, never on Windows.
 */

// ws2def.h
export const AF_INET = 2;
export const AF_INET6 = 23;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;
export const IPPROTO_IPV6 = 41;
export const SOL_SOCKET = 0xffff;
// ws2ipdef.h
export const IPV6_V6ONLY = 27;
// winsock2.h: the complement of SO_REUSEADDR, which is 4.
export const SO_EXCLUSIVEADDRUSE: number = ~4;
export const INVALID_SOCKET = -1;
export const WSA_FLAG_OVERLAPPED = 0x01;
export const WSA_FLAG_NO_HANDLE_INHERIT = 0x80;

/** struct sockaddr_in and sockaddr_in6: ws2def.h, ws2ipdef.h. */
export const SocketAddress = {
  family: 0,
  port: 2,
  ipv4Address: 4,
  ipv4Bytes: 16,
  ipv6Address: 8,
  ipv6ScopeId: 24,
  ipv6Bytes: 28,
} as const;

/** struct addrinfoW: ws2def.h. */
export const AddressInfo = {
  family: 4,
  socketType: 8,
  addressLength: 16,
  address: 32,
  next: 40,
  byteLength: 48,
} as const;

// winerror.h
export const ERROR_FILE_NOT_FOUND = 2;
export const ERROR_ACCESS_DENIED = 5;
export const ERROR_INVALID_HANDLE = 6;
export const ERROR_INSUFFICIENT_BUFFER = 122;
export const ERROR_MORE_DATA = 234;

// winnt.h
export const SYNCHRONIZE = 0x10_0000;
export const PROCESS_TERMINATE = 0x0001;
export const PROCESS_SET_QUOTA = 0x0100;
export const PROCESS_QUERY_LIMITED_INFORMATION = 0x1000;
export const PAGE_READWRITE = 4;
export const MUTANT_QUERY_STATE = 0x0001;
// memoryapi.h: FILE_MAP_READ and FILE_MAP_WRITE
export const FILE_MAP_READ_WRITE = 0x6;
// handleapi.h
export const INVALID_HANDLE_VALUE = -1;

/** Our own: what memory that is named after a served port says of it. A change needs another name. */
export const ServedRecord = { port: 0, processId: 4, processStart: 8, byteLength: 16 } as const;

/** struct MEMORY_BASIC_INFORMATION: winnt.h. */
export const MemoryInformation = { regionSize: 24, byteLength: 48 } as const;

// winbase.h, winnt.h, winerror.h: what WaitForSingleObject answers.
export const WAIT_OBJECT_0 = 0;
export const WAIT_ABANDONED = 0x80;
export const WAIT_TIMEOUT = 258;

// phnt/ntexapi.h: MUTANT_INFORMATION_CLASS.
export const MUTANT_BASIC_INFORMATION = 0;
export const MUTANT_OWNER_INFORMATION = 1;
/** struct MUTANT_BASIC_INFORMATION: CurrentCount is 1 when nobody owns it, 0 when its owner took it once, less when more often. */
export const MutantBasicInformation = { currentCount: 0, byteLength: 8 } as const;
/** struct MUTANT_OWNER_INFORMATION, a CLIENT_ID. */
export const MutantOwnerInformation = { processId: 0, byteLength: 16 } as const;

// winternl.h, phnt/ntpsapi.h: PROCESSINFOCLASS.
export const PROCESS_BASIC_INFORMATION = 0;
export const PROCESS_SESSION_INFORMATION = 24;
export const PROCESS_COMMAND_LINE_INFORMATION = 60;
/** struct PROCESS_BASIC_INFORMATION: winternl.h; the parent's id is its Reserved3, InheritedFromUniqueProcessId in phnt. */
export const ProcessBasicInformation = { environmentBlock: 8, parentProcessId: 40, byteLength: 48 } as const;
export const PROCESS_VM_READ = 0x0010;
/**
 * In the memory of a process of 64 bits: where its PEB has the address of its RTL_USER_PROCESS_PARAMETERS, and where these have the
 * UNICODE_STRING of the current directory (winternl.h and phnt).
 */
export const ProcessMemory = { parameters: 0x20, currentDirectory: 0x38 } as const;
/** struct UNICODE_STRING, ntdef.h, and behind it the text that it points to. */
export const CommandLine = { textBytes: 0, text: 16, byteLength: 65_551 } as const;

// winnt.h: the least that tells of a thread whose it is.
export const THREAD_QUERY_LIMITED_INFORMATION = 0x0800;

// winternl.h, phnt/ntobapi.h: the names of objects.
export const DIRECTORY_QUERY = 0x0001;
/** struct UNICODE_STRING, of 64 bits. */
export const UnicodeString = { textBytes: 0, spaceBytes: 2, text: 8, byteLength: 16 } as const;
/** struct OBJECT_ATTRIBUTES. */
export const ObjectAttributes = { length: 0, name: 16, byteLength: 48 } as const;
/** struct OBJECT_DIRECTORY_INFORMATION: the name and the kind of an object, each a UNICODE_STRING, whose texts stand behind it. */
export const DirectoryEntry = { name: 0, kind: 16, byteLength: 1024 } as const;

// tlhelp32.h
export const TH32CS_SNAPPROCESS = 0x2;
/** struct PROCESSENTRY32W. */
export const ProcessEntry = { processId: 8, parentProcessId: 32, byteLength: 568 } as const;

// winnt.h: JOBOBJECTINFOCLASS.
export const JOB_OBJECT_BASIC_PROCESS_ID_LIST = 3;
export const JOB_OBJECT_EXTENDED_LIMIT_INFORMATION = 9;
export const JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE = 0x2000;
/** struct JOBOBJECT_EXTENDED_LIMIT_INFORMATION; the flags are those of the JOBOBJECT_BASIC_LIMIT_INFORMATION that it begins with. */
export const JobLimits = { limitFlags: 16, byteLength: 144 } as const;
/** struct JOBOBJECT_BASIC_PROCESS_ID_LIST: how many there are, how many of them are in the list, and the list. */
export const JobProcessIds = { listed: 4, ids: 8, idBytes: 8 } as const;
// winnt.h, winbase.h
export const WT_EXECUTEONLYONCE = 0x8;
export const INFINITE = 0xffff_ffff;

// iprtrmib.h: TCP_TABLE_CLASS and UDP_TABLE_CLASS.
export const TCP_TABLE_OWNER_PID_LISTENER = 3;
export const TCP_TABLE_OWNER_PID_ALL = 5;
export const UDP_TABLE_OWNER_PID = 1;
// tcpmib.h: MIB_TCP_STATE.
export const MIB_TCP_STATE_CLOSED = 1;
export const MIB_TCP_STATE_LISTEN = 2;
export const MIB_TCP_STATE_SYN_SENT = 3;
export const MIB_TCP_STATE_SYN_RCVD = 4;
export const MIB_TCP_STATE_ESTAB = 5;
export const MIB_TCP_STATE_TIME_WAIT = 11;
/** A table of either kind: a count, and then rows. */
export const SocketTable = { count: 0, rows: 4 } as const;
/** struct MIB_TCPROW_OWNER_PID and MIB_TCP6ROW_OWNER_PID: tcpmib.h. Ports are in network order. */
export const TCPRow = {
  ipv4: {
    rowBytes: 24,
    state: 0,
    address: 4,
    addressBytes: 4,
    port: 8,
    peerAddress: 12,
    peerPort: 16,
    processId: 20,
  },
  ipv6: {
    rowBytes: 56,
    state: 48,
    address: 0,
    addressBytes: 16,
    port: 20,
    peerAddress: 24,
    peerPort: 44,
    processId: 52,
  },
} as const;
/** struct MIB_UDPROW_OWNER_PID and MIB_UDP6ROW_OWNER_PID: udpmib.h. */
export const UDPRow = {
  ipv4: { rowBytes: 12, address: 0, addressBytes: 4, port: 4, processId: 8 },
  ipv6: { rowBytes: 28, address: 0, addressBytes: 16, port: 20, processId: 24 },
} as const;

// bcrypt.h
export const BCRYPT_USE_SYSTEM_PREFERRED_RNG = 2;
