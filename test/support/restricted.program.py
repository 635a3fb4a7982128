"""Runs a program for which the kernel answers some system calls at once, without doing them.

restricted.program.py <rule>... -- <program> <argument>...
A rule is <system call>:<number of an argument>=<its value>[,<number>=<value>...]:<errno>. Errno 0 means success.
"""

import ctypes
import errno
import os
import platform
import struct
import sys

NUMBERS = {
    "x86_64": {"socket": 41, "bind": 49, "setsockopt": 54, "getsockopt": 55, "memfd_create": 319},
    "aarch64": {"socket": 198, "bind": 200, "setsockopt": 208, "getsockopt": 209, "memfd_create": 279},
}[platform.machine()]
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ANSWER = 0x7FFF0000, 0x00050000


def instruction(code, if_true, if_false, value):
    return struct.pack("HBBI", code, if_true, if_false, value)


def compile_rule(rule):
    call, conditions, answer = rule.split(":")
    pairs = [pair.split("=") for pair in conditions.split(",") if pair]
    checks = [(0, NUMBERS[call])] + [(16 + 8 * int(number), int(value)) for number, value in pairs]
    code = b""
    for position, (offset, value) in enumerate(checks):
        rest = 2 * (len(checks) - 1 - position) + 1
        code += instruction(LOAD, 0, 0, offset) + instruction(JUMP_IF_EQUAL, 0, rest, value)
    number = 0 if answer == "0" else getattr(errno, answer)
    return code + instruction(RETURN, 0, 0, ANSWER | number)


end = sys.argv.index("--")
code = b"".join(map(compile_rule, sys.argv[1:end])) + instruction(RETURN, 0, 0, ALLOW)
buffer = ctypes.create_string_buffer(code)
filter_program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(buffer))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(38, 1, 0, 0, 0) != 0 or libc.prctl(22, 2, filter_program, 0, 0) != 0:
    raise OSError(ctypes.get_errno(), "prctl")
os.execvp(sys.argv[end + 1], sys.argv[end + 1 :])
