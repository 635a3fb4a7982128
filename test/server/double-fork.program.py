"""Starts a web server as a daemon of its own session, and ends: double_fork.program.py <port> <pid file> [erase]."""

import http.server
import os
import sys
import time

port, pid_file = int(sys.argv[1]), sys.argv[2]
if os.fork() > 0:
    # As pg_ctl: it ends when the server runs.
    while not os.path.exists(pid_file):
        time.sleep(0.01)
    os._exit(0)
os.setsid()
if os.fork() > 0:
    os._exit(0)
server = http.server.HTTPServer(("", port), http.server.SimpleHTTPRequestHandler)
with open(pid_file + ".new", "w") as file:
    file.write(str(os.getpid()))
os.rename(pid_file + ".new", pid_file)
server.serve_forever()
