"""A server that sets neither SO_REUSEADDR nor SO_REUSEPORT."""

import socketserver
import sys

socketserver.TCPServer(("", int(sys.argv[1])), socketserver.BaseRequestHandler).serve_forever()
