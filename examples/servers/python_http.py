"""python3 python_http.py PORT LOG TEXT: an ordinary server, which knows nothing of portslice."""

import errno
import http.server
import json
import signal
import sys
import time

port, log, text = int(sys.argv[1]), sys.argv[2], sys.argv[3]


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"<h1>{text}</h1>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def note(event):
    """What happens to the port, and when."""
    with open(log, "a", encoding="utf-8") as file:
        entry = {"event": event, "port": port, "atMs": int(time.time() * 1000)}
        file.write(json.dumps(entry) + "\n")


def stop(*_):
    note("closing")
    sys.exit()


signal.signal(signal.SIGTERM, stop)
try:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
except OSError as error:
    note(errno.errorcode.get(error.errno, str(error)))
    raise
note("bound")
server.serve_forever()
