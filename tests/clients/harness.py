"""What every client's story needs: a server with fresh directories, files, and a count of checks."""

import copy
import hashlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ACCESS_KEY = "AKCLIENTSUITE0000001"
SECRET_KEY = "client/suite+secret=0000000000000000000A"
REGION = "us-east-1"
MIB = 1024 * 1024

VENV = pathlib.Path(sys.executable).parent


class Checks:
    """One line a check; a failed one is told and the story goes on."""

    def __init__(self):
        self.passed = 0
        self.failed = 0
        self.began = time.monotonic()

    def ok(self, story, rule, good, detail=""):
        if good:
            self.passed += 1
            print(f"ok    {story}: {rule}", flush=True)
        else:
            self.failed += 1
            print(f"FAIL  {story}: {rule} {detail}", flush=True)
        return good

    def attempt(self, story, rule, step):
        """Runs `step`; an exception of it is a failed check, a false answer too."""
        try:
            answer = step()
        except Exception as error:  # a client may raise anything
            return self.ok(story, rule, False, f"({type(error).__name__}: {error})")
        return self.ok(story, rule, answer is not False)

    def close(self):
        """The closing line; the exit code."""
        seconds = time.monotonic() - self.began
        print(f"{self.passed} passed, {self.failed} failed in {seconds:.0f} s", flush=True)
        return 1 if self.failed or not self.passed else 0


class Endpoint:
    """Where the clients go: a URL, the certificate to trust (none: plain HTTP), keys to sign by."""

    def __init__(self, url, ca=None, data=None):
        self.keys = (ACCESS_KEY, SECRET_KEY)
        self.url = url
        self.ca = ca
        self.data = data  # the data directory, where it can be looked into
        self.tls = url.startswith("https:")
        self.host = url.split("//")[1]

    def signed_by(self, keys):
        """The same for another user: a pair of access key and secret."""
        other = copy.copy(self)
        other.keys = keys
        return other

    def environment(self):
        """For clients that are programs: keys, the CA, and none of the user's own settings."""
        inherited = ("PATH", "HOME", "LANG", "TMPDIR")
        env = {name: os.environ[name] for name in inherited if name in os.environ}
        env.update(
            LC_ALL="C.UTF-8",
            AWS_ACCESS_KEY_ID=self.keys[0],
            AWS_SECRET_ACCESS_KEY=self.keys[1],
            AWS_DEFAULT_REGION=REGION,
            AWS_CONFIG_FILE="/dev/null",
            AWS_SHARED_CREDENTIALS_FILE="/dev/null",
            AWS_EC2_METADATA_DISABLED="true",
        )
        if self.ca:
            env["AWS_CA_BUNDLE"] = str(self.ca)
        return env


class Server:
    """`glassbucket serve` on a free port with a data directory and certificates of its own."""

    def __init__(self, binary, work, before=(), tls=True, options=(), data=None):
        self.data = data or work / "data"
        self.certs = work / "certs"
        self.log = work / "server.log"
        self.before = before
        self.port = free_port()
        listen = f"127.0.0.1:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
        command = [*before, binary, "serve", self.data, "--listen", listen, "--certs", self.certs,
                   *options]
        env = dict(os.environ)
        env.update(GLASSBUCKET_ACCESS_KEY_ID=ACCESS_KEY, GLASSBUCKET_SECRET_ACCESS_KEY=SECRET_KEY)
        self.process = subprocess.Popen(
            [str(word) for word in command],
            env=env,
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=self.log.open("wb"),
            stderr=subprocess.STDOUT,
        )
        wait_for_port(self.process, self.port, self.log)
        if tls:
            ca = self.certs / "fullchain.pem"
            self.endpoint = Endpoint(f"https://localhost:{self.port}", ca, self.data)
        else:
            self.endpoint = Endpoint(f"http://127.0.0.1:{self.port}", None, self.data)

    def pid(self):
        """Of the server itself: a tracer in front of it is its parent, and deaf to SIGTERM."""
        pid = self.process.pid
        if not self.before:
            return pid
        return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])

    def stop(self):
        """SIGTERM; true if it drained and went."""
        os.kill(self.pid(), signal.SIGTERM)
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return False
        return True


def user(binary, data, *words):
    """`glassbucket user ...` on a server's directory: the new pair of keys where it prints one."""
    return keys_told(run([binary, "user", *words, "--data", data], os.environ))


def keys_told(text):
    """The pair that `user add` and `user rotate` print."""
    lines = (line.rsplit("  ", 1) for line in text.splitlines())
    told = {words[0].strip(): words[1].strip() for words in lines if len(words) == 2}
    return told.get("access key id"), told.get("secret access key")


class Files:
    """Random files, made once a run, and their SHA-256."""

    SIZES = {"0 B": 0, "1 B": 1, "5 MiB": 5 * MIB, "200 MiB": 200 * MIB}

    def __init__(self, directory):
        self.directory = directory
        directory.mkdir()
        self.paths = {}
        self.hashes = {}
        for name, size in self.SIZES.items():
            path = directory / f"{size}.bin"
            digest = hashlib.sha256()
            with path.open("wb") as file:
                for start in range(0, size, MIB):
                    block = os.urandom(min(MIB, size - start))
                    digest.update(block)
                    file.write(block)
            self.paths[name] = path
            self.hashes[name] = digest.hexdigest()


def sha256(path):
    """Of a file, in constant memory."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for_port(process, port, log):
    """Until a server that was started listens."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"the server did not start:\n{log.read_text(errors='replace')}")


def work_directory():
    """Below target/, on the file system of the checkout: /tmp may have no extended attributes."""
    target = pathlib.Path("target").absolute()
    target.mkdir(exist_ok=True)
    return pathlib.Path(tempfile.mkdtemp(prefix="clients-", dir=target))


def run(command, env, cwd=None):
    """Runs a client; its output as text, or an error with what it complained of."""
    return run_for_bytes(command, env, cwd).decode()


def run_for_bytes(command, env, cwd=None):
    """The same for output that is an object's content."""
    words = [str(word) for word in command]
    done = subprocess.run(words, env=env, cwd=cwd, capture_output=True, stdin=subprocess.DEVNULL)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).decode(errors="replace").strip()
        raise RuntimeError(f"{words[0].split('/')[-1]} exit {done.returncode}: {said[-600:]}")
    return done.stdout


def remove(path):
    shutil.rmtree(path, ignore_errors=True)
