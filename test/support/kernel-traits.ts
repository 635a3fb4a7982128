/** What the kernel has on which the tests run: a test that needs something skips itself where it is not there. */
const isLinux = process.platform === 'linux';

/** Ports are held, and leftovers of earlier servers are in the way of that. */
export const hasHolds = isLinux;
/** Pools are memory files of Linux, and processes are looked up in /proc. */
export const hasLinuxFiles = isLinux;
/** A probe sees listeners on all of 127.0.0.0/8, and not on the usual addresses alone. */
export const seesEveryAddress = isLinux;
/** Nobody can listen on a single address beside a server on all of them. */
export const listenersGuardEveryAddress = isLinux;
/** Processes carry the mark of their tree in their limits too, and the environment of every one of them can be read. */
export const marksEveryProcess = isLinux;
/** What outlives a worker is a shell, found by PATH. */
export const hasShellWatchdog = isLinux;
/** The system's table of UDP sockets is read. */
export const tellsUDPUsers = isLinux;
/** Whose a lock or a socket is can be found out: not under Wine, which tells no command lines either. */
export const tellsOwners = process.platform !== 'win32';
/** Programs for this very system run, such as bundlers and other versions of Node. */
export const runsEveryProgram = isLinux;
