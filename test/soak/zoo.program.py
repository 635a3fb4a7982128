"""A process with every kind of descriptor that a wrong pool handle can name. Prints them, and at the end what happened to them.

Lines of JSON: first {"kind": descriptor, ...}; after any line of input {"opened": [...], "read": [...]}.
"""

import fcntl
import json
import os
import pty
import select
import socket
import struct
import sys
import tempfile

F_ADD_SEALS = 1033
SHRINK, GROW, WRITE, FUTURE_WRITE = 2, 4, 8, 16
kept = []
zoo = {}


def keep(kind, thing):
    kept.append(thing)
    zoo[kind] = thing if isinstance(thing, int) else thing.fileno()
    return zoo[kind]


def memory(kind, name, size, seals, content=b""):
    descriptor = os.memfd_create(name, os.MFD_ALLOW_SEALING)
    os.ftruncate(descriptor, size)
    os.pwrite(descriptor, content, 0)
    fcntl.fcntl(descriptor, F_ADD_SEALS, seals)
    keep(kind, descriptor)


def file_with_name(kind, name):
    """A deleted file of the root folder is shown with the name of a memfd."""
    try:
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    except OSError:
        return
    os.unlink(name)
    keep(kind, descriptor)


with tempfile.TemporaryDirectory() as folder:
    for name in ["silent", "full"]:
        os.mkfifo(os.path.join(folder, name))
    # Nobody has ever opened it to write: if anybody does, a poll of the reader says so for ever.
    silent = keep("a FIFO without a writer", os.open(os.path.join(folder, "silent"), os.O_RDONLY | os.O_NONBLOCK))
    full = keep("a FIFO with data", os.open(os.path.join(folder, "full"), os.O_RDWR | os.O_NONBLOCK))
    os.write(full, b"unread")
    keep("a deleted file", open(os.path.join(folder, "file"), "w+"))
    keep("a file with line breaks in its name", open(os.path.join(folder, "one\ntwo\r\x1b[31mthree"), "w+"))

reader, writer = os.pipe()
os.write(writer, b"unread")
keep("a pipe to read", reader)
keep("a pipe to write", writer)
main, terminal = pty.openpty()
keep("a terminal's main side", main)
keep("a terminal", terminal)
tcp = socket.socket()
tcp.bind(("127.0.0.1", 0))
tcp.listen()
keep("a listening socket", tcp)
left, right = socket.socketpair()
left.send(b"unread")
keep("a socket pair", left)
keep("its other side", right)
keep("a directory", os.open("/", os.O_RDONLY))
keep("a namespace", os.open("/proc/self/ns/net", os.O_RDONLY))
keep("a device", os.open("/dev/null", os.O_RDWR))
keep("an endless device", os.open("/dev/zero", os.O_RDWR))
keep("a path", os.open("/etc", os.O_PATH))
keep("an event counter", os.eventfd(7))
keep("a poll", select.epoll())
BOTH = SHRINK | GROW
memory("a memfd of another name", "other", 8192, BOTH)
memory("a memfd without seals", "portslice", 8192, 0)
memory("a memfd that can shrink", "portslice", 8192, GROW)
memory("a memfd that can grow", "portslice", 8192, SHRINK)
memory("a memfd that cannot be written", "portslice", 8192, BOTH | WRITE)
memory("a memfd that can no more be written", "portslice", 8192, BOTH | FUTURE_WRITE)
memory("an empty memfd", "portslice", 0, BOTH)
memory("a tiny memfd", "portslice", 1, BOTH)
memory("zeros", "portslice", 8192, BOTH)
memory("ones", "portslice", 8192, BOTH, b"\xff" * 8192)
memory("an endless memfd", "portslice", 2**43, BOTH)
memory("a segment of version 1", "portslice", 8192, BOTH, struct.pack("<ii", 0x434C5350, 1))
memory("a segment of version 99", "portslice", 8192, BOTH, struct.pack("<ii", 0x434C5350, 99))
file_with_name("a file that looks like a memfd", "/memfd:portslice")

print(json.dumps({kind: number for kind, number in zoo.items()}), flush=True)
sys.stdin.readline()


def was_opened():
    poll = select.poll()
    poll.register(silent, select.POLLIN)
    return any(event & select.POLLHUP for _, event in poll.poll(0))


def lacks_data(descriptor, read):
    return not select.select([descriptor], [], [], 0)[0] or read() != b"unread"


print(
    json.dumps(
        {
            "opened": ["a FIFO without a writer"] if was_opened() else [],
            "read": [
                kind
                for kind, lost in {
                    "a FIFO with data": lacks_data(full, lambda: os.read(full, 99)),
                    "a pipe to read": lacks_data(reader, lambda: os.read(reader, 99)),
                    "its other side": lacks_data(right, lambda: right.recv(99)),
                    "an event counter": os.eventfd_read(zoo["an event counter"]) != 7,
                }.items()
                if lost
            ],
        }
    ),
    flush=True,
)
