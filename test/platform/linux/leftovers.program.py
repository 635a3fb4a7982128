"""Leaves ports as earlier servers do: each line of its input, or its command line, is <port> <host> <state> <option>...

Answers "left" when the server has ended and what it has left is there. An empty line drops what has a socket still.
"""

import socket
import sys

kept = []


def leave(port, host, state, *options):
    server = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    for option in options:
        server.setsockopt(socket.SOL_SOCKET, getattr(socket, option), 1)
    server.bind((host, int(port)))
    server.listen(5)
    client = socket.create_connection((host, int(port)))
    accepted, _ = server.accept()
    server.close()
    if state == "TIME_WAIT":
        accepted.close()
        client.recv(1)
        client.close()
    elif state == "FIN_WAIT2":
        accepted.shutdown(socket.SHUT_WR)
    elif state == "orphaned-FIN_WAIT2":
        accepted.close()
    elif state == "CLOSE_WAIT":
        client.shutdown(socket.SHUT_WR)
    elif state != "ESTABLISHED":
        raise ValueError(state)
    kept.extend([accepted, client])


for arguments in [sys.argv[1:]] if len(sys.argv) > 1 else map(str.split, sys.stdin):
    if arguments:
        leave(*arguments)
    else:
        for left in kept:
            left.close()
        kept.clear()
    print("left", flush=True)
