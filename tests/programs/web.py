"""An HTTP server at a port of the loopback, or at a path, whose answers stdin decides.

`open` begins to listen, `close` ends that, a number is the status of the answers to come, `hang` lets them
wait, `say X` prints X. Begins to listen at once, unless there is a second argument.
"""

import os
import socketserver
import sys
import threading

answer = "200"


class Handler(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        request = self.request.recv(65536)
        if not request:
            return
        if answer == "hang":
            threading.Event().wait()
        if answer == "garbage":
            self.request.sendall(b"\xff\xfe nothing\r\n\r\n")
            return
        body = b"all is well, " + request.split(b" ")[1]
        head = f"HTTP/1.1 {answer} X\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: {len(body)}\r\n\r\n"
        self.request.sendall(head.encode() + body)


class Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


class Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


def listen() -> socketserver.BaseServer:
    place = sys.argv[1]
    server: socketserver.BaseServer
    if place.isdigit():
        server = Tcp(("127.0.0.1", int(place)), Handler)
    else:
        if os.path.exists(place):
            os.unlink(place)
        server = Unix(place, Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    print("open", flush=True)
    return server


running = listen() if len(sys.argv) == 2 else None
print("begun", flush=True)
for line in sys.stdin:
    word, _, rest = line.strip().partition(" ")
    if word == "open":
        running = listen()
    elif word == "close" and running is not None:
        running.shutdown()
        running.server_close()
        print("closed", flush=True)
    elif word == "say":
        print(rest, flush=True)
    else:
        answer = word
