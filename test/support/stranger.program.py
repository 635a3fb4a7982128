"""Sockets of a program that knows nothing of portslice. One JSON request a line, one JSON answer a line."""

import errno
import json
import os
import random
import socket
import sys
import threading

FAMILIES = {"unix": socket.AF_UNIX, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
ADDRESSES = [(socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0"), (socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
sockets = {}
kept = []


def open_socket(request):
    family = FAMILIES[request["family"]]
    made = socket.socket(family, socket.SOCK_STREAM)
    for name in request.get("options", []):
        made.setsockopt(socket.SOL_SOCKET, getattr(socket, name), 1)
    if family == socket.AF_INET6:
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0 if request.get("dual") else 1)
    sockets[made.fileno()] = made
    return made.fileno()


def bind(request):
    if "name" in request:
        sockets[request["id"]].bind(b"\0" + request["name"].encode())
    else:
        sockets[request["id"]].bind((request["host"], request["port"]))


def listen(request):
    sockets[request["id"]].listen(5)


def connect(request):
    if "name" in request:
        sockets[request["id"]].connect(b"\0" + request["name"].encode())
    else:
        sockets[request["id"]].connect((request["host"], request["port"]))


def close(request):
    sockets.pop(request["id"]).close()


def namespace_cookie(request):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    return str(int.from_bytes(made.getsockopt(socket.SOL_SOCKET, 71, 8), sys.byteorder))


def take_name(name):
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    made.bind(b"\0" + name.encode())
    return made


def take_port(port, way):
    family, host = ADDRESSES[way % len(ADDRESSES)]
    made = socket.socket(family, socket.SOCK_STREAM)
    made.bind((host, port))
    return made


def serve_on(port):
    made = socket.create_server(("0.0.0.0", port))
    return made


def keep_all(takes):
    before = len(kept)
    for take, *arguments in takes:
        try:
            kept.append(take(*arguments))
        except OSError:
            pass
    return len(kept) - before


def take_names(request):
    return keep_all((take_name, name) for name in request["names"])


def bind_strictly(request):
    return keep_all((take_port, port, way) for way, port in enumerate(request["ports"]))


def listen_on(request):
    return keep_all((serve_on, port) for port in request["ports"])


def churn(request):
    global stop_churning
    end = threading.Event()
    taken = {"names": 0, "ports": 0}

    def work():
        mine = []
        while not end.wait(0.0005):
            kind = random.choice(["names", "ports"])
            what = random.choice(request[kind])
            try:
                mine.append(take_name(what) if kind == "names" else take_port(what, random.randrange(len(ADDRESSES))))
                taken[kind] += 1
            except OSError:
                pass
            while len(mine) > random.randrange(len(request["ports"])):
                mine.pop(random.randrange(len(mine))).close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()

    def stop(_):
        end.set()
        thread.join()
        return taken

    stop_churning = stop


if len(sys.argv) > 1:
    os.setgroups([])
    os.setgid(int(sys.argv[1]))
    os.setuid(int(sys.argv[1]))

for line in sys.stdin:
    asked = json.loads(line)
    try:
        answer = {"value": globals()[asked["act"]](asked)}
    except OSError as error:
        answer = {"error": errno.errorcode.get(error.errno, str(error.errno))}
    print(json.dumps(answer), flush=True)
