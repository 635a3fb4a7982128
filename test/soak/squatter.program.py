"""Takes ports away from portslice, of which it knows nothing but the names. One JSON request a line, one answer a line.

{"names": [...]} binds abstract socket names, {"strict": [...]} binds ports without any option, {"listen": [...]} listens.
{"churn": [ports], "prefix": name, "seed": n} does both at random until the input ends.
"""

import json
import os
import random
import select
import socket
import sys

ADDRESSES = [(socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
kept = []


def take_name(name):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(b"\0" + name.encode())
    return made


def take_port(port, way):
    family, host = ADDRESSES[way % len(ADDRESSES)]
    made = socket.socket(family, socket.SOCK_STREAM)
    made.bind((host, port))
    return made


def listen(port):
    made = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("0.0.0.0", port))
    made.listen(5)
    return made


def answer(value):
    print(json.dumps(value), flush=True)


def take_all(takes):
    taken = 0
    for take in takes:
        try:
            kept.append(take())
            taken += 1
        except OSError:
            pass
    return taken


def churn(ports, prefix, seed):
    choose = random.Random(seed)
    mine = []
    taken = {"names": 0, "strict": 0}
    while not select.select([sys.stdin], [], [], 0.0005)[0]:
        port = choose.choice(ports)
        kind = choose.choice(["names", "strict"])
        try:
            way = choose.randrange(len(ADDRESSES))
            mine.append(take_name(prefix + str(port)) if kind == "names" else take_port(port, way))
            taken[kind] += 1
        except OSError:
            pass
        while len(mine) > choose.randrange(len(ports)):
            mine.pop(choose.randrange(len(mine))).close()
    return taken


if len(sys.argv) > 1:
    os.setgroups([])
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))

for line in sys.stdin:
    asked = json.loads(line)
    if "churn" in asked:
        answer("churning")
        answer(churn(asked["churn"], asked["prefix"], asked["seed"]))
    elif "names" in asked:
        answer(take_all([lambda name=name: take_name(name) for name in asked["names"]]))
    elif "strict" in asked:
        answer(take_all([lambda port=port, way=way: take_port(port, way) for way, port in enumerate(asked["strict"])]))
    elif "listen" in asked:
        answer(take_all([lambda port=port: listen(port) for port in asked["listen"]]))
