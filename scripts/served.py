"""A server in a process of its own, load on it, and what the process holds.

For the scripts beside. The load generator gets the first core of this machine and the server, where
nothing else is said, the others, so that they do not measure each other. JIFFY names another
command than ./jiffy.
"""
import json
import math
import os
import signal
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
                preexec_fn=lambda: os.sched_setaffinity(0, cores))
        self.pid = self.process.pid
        end = time.monotonic() + PATIENCE
        self.url = None
        while self.url is None:
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                self.log.seek(0)
                raise Failed(f"{command[0]} does not serve:\n{self.log.read()[-4000:]}")
            time.sleep(0.1)
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


def jiffy(*options, cores=frozenset(OTHERS)):
    """A Jiffy server on a free port."""
    def ready(printed):
        return json.loads(printed)["url"] if printed.endswith("\n") else None
    return Process([JIFFY, "serve", "--port", "0", "--json", *options], ready, cores)


def name_of(model):
    return os.path.splitext(os.path.basename(model))[0]


def get(url, path):
    with urllib.request.urlopen(url + path, timeout=PATIENCE) as answer:
        return answer.read().decode()


def shapes(url, model):
    """Options for made-up inputs: one row, and `length` for every other dimension that is free."""
    def extent(place, size):
        return str(size) if size > 0 else "1" if place == 0 else "length"
    inputs = json.loads(get(url, f"/v2/models/{model}"))["inputs"]
    return ["--shape", ",".join(
        f"{each['name']}=" + "x".join(extent(i, size) for i, size in enumerate(each["shape"]))
        for each in inputs)]


def load(url, model, *options):
    """What `jiffy load` says, which may be that the SLO was missed, but not that it failed."""
    done = subprocess.run(
        [JIFFY, "load", url, "--model", model, *options, "--json"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True,
        preexec_fn=lambda: os.sched_setaffinity(0, OWN))
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
