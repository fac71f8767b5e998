"""Who does the same as a target, beside it: nginx, and the shortest program in C."""

import os
import resource
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .bench import Bench
from .case import NotMeasured
from .consumption import Consumption
from .started import until
from .target import Way

_CONFIG = """
daemon off; pid {folder}/pid; error_log {folder}/errors; worker_processes 2; {user}
events {{}}
http {{
    access_log off; sendfile on; default_type application/octet-stream; keepalive_requests 1000000000;
    client_max_body_size 0; client_body_temp_path {folder}/temp; proxy_temp_path {folder}/temp;
    fastcgi_temp_path {folder}/temp; uwsgi_temp_path {folder}/temp; scgi_temp_path {folder}/temp;
    server {{
        listen 127.0.0.1:{port}; listen unix:{folder}/sock; root {folder}/files;
        {dav} autoindex on; autoindex_format json;
    }}
}}
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A server that is no target."""

    path: str
    port: int
    root: int
    """Its highest process."""
    files: str = ""
    """Where its files are."""
    puts: bool = False
    """Whether it takes files by PUT."""

    def where(self, way: Way) -> Sequence[str]:
        """Return the address as the C programs take it."""
        return ["unix", self.path] if way == "unix" else ["tcp", "127.0.0.1", str(self.port)]


@contextmanager
def depot(bench: Bench, name: str, *words: str) -> Iterator[Peer]:
    """Run the limit for transfers; `words` say what it does, see `native/depot.c`."""
    path = os.path.join(bench.folder, f"{name}.sock")
    command = [bench.native("depot"), path, *words]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Peer(path, int(process.stdout.readline()), process.pid)
        process.stdin.close()
    os.unlink(path)


@contextmanager
def nginx(bench: Bench) -> Iterator[Peer | None]:
    """Run nginx, for what Debian's does by itself; None, and a note, if it is not here."""
    program = bench.rival("nginx", "nginx-light")
    if program is None:
        yield None
        return
    built = subprocess.run([program, "-V"], capture_output=True, text=True, check=False).stderr
    puts = "http_dav_module" in built
    if not puts:
        bench.note("this nginx has no WebDAV: apt install nginx-core")
    folder = os.path.join(bench.folder, "nginx")
    os.makedirs(os.path.join(folder, "files"))
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port = int(one.getsockname()[1])
    said = {"folder": folder, "port": port, "dav": "dav_methods PUT;" if puts else ""}
    said["user"] = "user root;" if os.geteuid() == 0 else ""
    config = os.path.join(folder, "nginx.conf")
    with open(config, "w", encoding="ascii") as file:
        file.write(_CONFIG.format(**said))
    with subprocess.Popen([program, "-c", config, "-p", folder, "-e", f"{folder}/errors"]) as process:
        peer = Peer(f"{folder}/sock", port, process.pid, f"{folder}/files", puts)
        try:
            until(lambda: _answers(port), process)
            yield peer
        finally:
            process.terminate()


def copied(*words: str) -> Consumption:
    """Run a program that copies; return what it used."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ran = subprocess.run(words, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise NotMeasured(ran.stderr.strip())
    used, after = Consumption(), resource.getrusage(resource.RUSAGE_CHILDREN)
    used.seconds = time.monotonic() - begun
    used.cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return used


def _answers(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0
