"""Sockets of a program that knows nothing of portslice. One JSON request a line, one JSON answer a line."""

import errno
import json
import os
import socket
import sys

FAMILIES = {"unix": socket.AF_UNIX, "ipv4": socket.AF_INET, "ipv6": socket.AF_INET6}
sockets = {}


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
