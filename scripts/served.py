"""A server in a process of its own, load on it, and what the process holds.

For the scripts beside. The load generator gets the first core of this machine and the server, where
nothing else is said, the others, so that they do not measure each other. JIFFY names another
command than ./jiffy.
"""
import contextlib
import functools
import json
import math
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
JIFFY = os.environ.get("JIFFY", os.path.join(os.path.dirname(HERE), "jiffy"))
CORES = sorted(os.sched_getaffinity(0))
OWN, OTHERS = ({CORES[0]}, set(CORES[1:])) if len(CORES) > 1 else (set(CORES), set(CORES))
PATIENCE = 120


def prefer(cores):
    """Keeps this process to some cores, before others of this machine where that is allowed."""
    os.sched_setaffinity(0, cores)
    with contextlib.suppress(PermissionError):
        os.nice(-10)


class Failed(Exception):
    """What was to be measured could not be."""


class Process:
    """A server on cores of its own, stopped when its block ends. `ready` finds its address in what
    it has printed, or gives None."""

    def __init__(self, command, ready, cores=frozenset(OTHERS), environment=None):
        self.log = tempfile.TemporaryFile("w+")
        self.out = tempfile.NamedTemporaryFile("r")
        with open(self.out.name, "w") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=self.log,
                env={**os.environ, **(environment or {})},
                preexec_fn=lambda: prefer(cores))
        self.pid = self.process.pid
        end = time.monotonic() + PATIENCE
        self.url = None
        while self.url is None:
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.log.seek(0)
                raise Failed(f"{command[0]} does not serve:\n{self.log.read()[-4000:]}")
            time.sleep(0.01)
            self.out.seek(0)
            self.url = ready(self.out.read())

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()
        self.out.close()

    def signal(self, number):
        if self.process.poll() is None:
            os.kill(self.pid, number)

    def held(self):
        """Resident memory in MiB, threads, open files."""
        with open(f"/proc/{self.pid}/status") as lines:
            status = dict(line.split(":", 1) for line in lines)
        return (int(status["VmRSS"].split()[0]) / 1024, int(status["Threads"]),
                len(os.listdir(f"/proc/{self.pid}/fd")))


@functools.cache
def build():
    """Lets the first start of ./jiffy build what it starts."""
    subprocess.run([JIFFY, "--version"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   check=True)


def jiffy(*options, cores=frozenset(OTHERS), environment=None):
    """A Jiffy server on a free port."""
    build()
    def ready(printed):
        return json.loads(printed)["url"] if printed.endswith("\n") else None
    return Process([JIFFY, "serve", "--port", "0", "--json", *options], ready, cores, environment)


def name_of(model):
    """The name by which a server knows a model."""
    folder, file = os.path.split(os.path.abspath(model))
    name = file.removesuffix(".onnx")
    if name == "model":
        name = os.path.basename(folder) or name
    return re.sub(r"[^A-Za-z0-9._-]|^\.", "-", name)


def get(url, path):
    with urllib.request.urlopen(url + path, timeout=PATIENCE) as answer:
        return answer.read().decode()


def made_up(url, model, lengths):
    """Options for made-up inputs: one row, and `lengths` for every other dimension that is free."""
    def extent(place, size):
        return str(size) if size > 0 else "1" if place == 0 else "length"
    shapes = {each["name"]: [extent(i, size) for i, size in enumerate(each["shape"])]
              for each in json.loads(get(url, f"/v2/models/{model}"))["inputs"]}
    free = any("length" in extents for extents in shapes.values())
    return ["--shape", ",".join(f"{name}={'x'.join(shapes[name])}" for name in shapes),
            *(["--dim", f"length={lengths}"] if free else [])]


def request(path, metadata, length):
    """The bytes of a request over HTTP/1.1, with tensors as bytes: one row of ones or halves."""
    inputs, data = [], b""
    for each in metadata["inputs"]:
        shape = [size if size > 0 else 1 if i == 0 else length
                 for i, size in enumerate(each["shape"])]
        code, value = {"INT64": ("q", 1), "INT32": ("i", 1), "FP32": ("f", 0.5)}[each["datatype"]]
        count = math.prod(shape)
        part = struct.pack(f"<{count}{code}", *[value] * count)
        data += part
        inputs.append({"name": each["name"], "datatype": each["datatype"], "shape": shape,
                       "parameters": {"binary_data_size": len(part)}})
    head = json.dumps({"parameters": {"binary_data_output": True}, "inputs": inputs}).encode()
    lines = (f"POST {path} HTTP/1.1", "Host: x", f"Inference-Header-Content-Length: {len(head)}",
             f"Content-Length: {len(head) + len(data)}", "", "")
    return "\r\n".join(lines).encode() + head + data


class Connection:
    """Asks one request after the other, and does as little as a client can. `body` is that of the
    last answer."""

    def __init__(self, url):
        host, port = url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.body = b""

    def seconds(self, asked):
        """How long a request took."""
        begin = time.perf_counter()
        self.socket.sendall(asked)
        got, end = b"", -1
        while end < 0 or len(got) < end:
            got += self.socket.recv(1 << 20)
            at = got.find(b"\r\n\r\n")
            if end < 0 <= at:
                end = at + 4 + next(int(line.split(b":")[1]) for line in got[:at].split(b"\r\n")
                                    if line.lower().startswith(b"content-length:"))
        took = time.perf_counter() - begin
        if got[9:12] != b"200":
            raise Failed(f"the server answers {got[:400]!r}")
        self.body = got[at + 4:]
        return took


def load(url, model, *options):
    """What `jiffy load` says, which may be that the SLO was missed, but not that it failed.

    Its code is compiled once and quickly: compiling it well would take a third of a core from the
    server for as long as a run lasts.
    """
    options_of_java = os.environ.get("JIFFY_JAVA_OPTS", "") + " -XX:TieredStopAtLevel=1"
    done = subprocess.run(
        [JIFFY, "load", url, "--model", model, *options, "--json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        env={**os.environ, "JIFFY_JAVA_OPTS": options_of_java},
        preexec_fn=lambda: prefer(OWN))
    if not done.stdout.strip():
        raise Failed(f"jiffy load {' '.join(options)} ended with {done.returncode}:\n{done.stderr}")
    return json.loads(done.stdout)


def summary(result):
    return result["points"][0]["runs"][0]["summary"]


def percentile(values, part):
    """The time of a request, as docs/measuring.md defines it; NaN if there is none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else math.nan


def verdict(holds, what):
    """Prints a line, and gives back whether it holds."""
    print(f"{'met   ' if holds else 'MISSED'}  {what}", flush=True)
    return holds


def main(function):
    try:
        sys.exit(function())
    except Failed as failure:
        sys.exit(str(failure))
    except KeyboardInterrupt:
        sys.exit(130)
