"""Programs that are given ports by the kernel: each does SO_REUSEADDR, bind(0), listen() and close(), with pauses in between.

race-strangers.program.py <count> <longest pause in us> <address>...    An address with the prefix "only:" serves IPv6 alone.
Prints "ready", and when its input has ended one line for each program: [[port, from, to, address], ...], times of CLOCK_MONOTONIC in ns.
"""

import json
import mmap
import os
import random
import socket
import sys
import time

count, longest_us, *addresses = sys.argv[1:]
ended = mmap.mmap(-1, 1)


def pause():
    until = time.monotonic_ns() + random.randrange(int(longest_us) * 1000)
    while time.monotonic_ns() < until:
        pass


def bind(address):
    host = address.removeprefix("only:")
    made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    if ":" in host:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != address))
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind((host, 0))
    return made


def run():
    listened = []
    while not ended[0]:
        address = random.choice(addresses)
        try:
            made = bind(address)
        except OSError:
            continue
        port = made.getsockname()[1]
        pause()
        try:
            made.listen(511)
            start = time.monotonic_ns()
            pause()
            listened.append([port, start, time.monotonic_ns(), address])
        except OSError:
            pass
        made.close()
    return listened


pipes = []
for _ in range(int(count)):
    reading, writing = os.pipe()
    if os.fork() == 0:
        random.seed()
        with open(writing, "w") as answer:
            json.dump(run(), answer)
        os._exit(0)
    os.close(writing)
    pipes.append(reading)

print("ready", flush=True)
sys.stdin.read()
ended[0] = 1
for pipe in pipes:
    with open(pipe) as answer:
        print(answer.read())
