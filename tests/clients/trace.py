"""What the kernel is asked for; see tests/clients/strace.

The promise: an object's bytes and metadata are durable before its name is visible; its name is
durable before the 200. So, in one PUT: every write and the attribute, fsync of the file, rename,
fsync of each directory whose entries changed, and only then the answer. The same of whatever else
changes a file: each has been synced since its last change when the answer begins; and where a
version makes room for another, its new name is on the disk before the old one is taken away.
"""

import hashlib
import json
import os
import pathlib
import re
import subprocess
import sys
from urllib.parse import quote

import raw_range
from harness import ACCESS_KEY, SECRET_KEY, Checks, Server, remove, work_directory

ANSWERS = ("write", "writev", "sendto", "sendmsg")
CHANGES = ("mkdir", "mkdirat", "rename", "renameat", "renameat2", "link", "linkat", "symlinkat",
           "unlink", "unlinkat", "rmdir")
OPENS = ("open", "openat", "openat2", "creat")
SYNCS = ("fsync", "fdatasync", "sync_file_range", "syncfs")
ATTRIBUTES = ("fsetxattr", "setxattr", "lsetxattr", "utimensat")
TRACED = (*ANSWERS, *CHANGES, *OPENS, *SYNCS, *ATTRIBUTES, "pwrite64", "pwritev", "copy_file_range")

# glibc's allocator asks this once, when it first gives memory back.
MALLOC_READS = "/proc/sys/vm/overcommit_memory"

LINE = re.compile(r"(?P<pid>\d+) +(?:<\.\.\. (?P<resumed>\w+) resumed>)?(?P<rest>.*)$")
CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<result>.*)$")
# A descriptor with its path (strace -y), then perhaps a name in it.
PLACE = re.compile(r'(?:\w+)<(?P<dir>[^>]*)>(?:, "(?P<name>(?:[^"\\]|\\.)*)")?')


class Call:
    """One system call that has returned; an answer counts from when it was begun."""

    def __init__(self, name, arguments, result):
        self.name = name
        self.arguments = arguments
        self.result = result
        self.text = f"{name}({arguments}) = {result}"
        self.places = [(m["dir"], m["name"]) for m in PLACE.finditer(arguments)]

    def is_answer(self):
        return self.name in ANSWERS and '"HTTP/1.1 ' in self.arguments

    def shows(self):
        """Not the runtime waking its own threads, and not the access log."""
        return not any("[eventfd]" in place or place.endswith(".log") for place, _ in self.places)

    def good(self):
        return not self.result.startswith("-1")


def parse(path):
    """The calls of a trace by all threads, in the order in which they took effect."""
    calls, pending = [], {}
    for line in path.read_text(errors="replace").splitlines():
        found = LINE.match(line)
        if not found:
            continue
        rest = found["rest"]
        if rest.endswith("<unfinished ...>"):
            pending[found["pid"]] = (rest.removesuffix("<unfinished ...>").rstrip(), len(calls))
            continue
        place = len(calls)
        if found["resumed"]:
            begun, at = pending.pop(found["pid"], ("", place))
            rest = begun + rest
            place = at if begun.startswith(tuple(f"{name}(" for name in ANSWERS)) else place
        whole = CALL.match(rest)
        if whole:
            calls.insert(place, Call(**whole.groupdict()))
    return calls


def by_answer(calls):
    """The calls that led to each answer, the answer last."""
    requests, current = [], []
    for call in calls:
        current.append(call)
        if call.is_answer():
            requests.append(current)
            current = []
    return requests


def write_order(calls):
    """Checks one PUT; yields (rule, good) and, last, the lines that show it."""
    staged = "/.glassbucket/staging/"
    index = {id(call): number for number, call in enumerate(calls)}
    renames = [c for c in calls if c.name.startswith(("rename", "link")) and c.good()
               and len(c.places) == 2 and staged in c.places[0][0] + "/"]
    yield "one rename out of staging", len(renames) == 1
    if len(renames) != 1:
        return
    rename = index[id(renames[0])]
    file = "/".join(renames[0].places[0])
    file_syncs = [c for c in calls if c.name == "fsync" and c.places[0][0] == file and c.good()]
    file_sync = max((index[id(c)] for c in file_syncs if index[id(c)] < rename), default=-1)
    yield "fsync of the file before the rename", file_sync >= 0
    late = [c for c in calls if index[id(c)] > file_sync and not c.is_answer() and c.places
            and c.name in (*ATTRIBUTES, "write", "writev", "pwrite64", "pwritev", "copy_file_range")
            and c.places[0][0] == file]
    yield "nothing written to the file after its fsync", not late
    changed = {(c.places[0][0], index[id(c)]) for c in calls if c.name == "mkdirat" and c.good()}
    changed.add((renames[0].places[1][0], rename))
    for directory, after in sorted(changed):
        syncs = [c for c in calls if c.name == "fsync" and c.good()
                 and c.places[0][0] == directory and index[id(c)] > after]
        yield f"fsync of {pathlib.Path(directory).name}/ after its change", bool(syncs)
    yield "then the answer 200", calls[-1].is_answer() and "HTTP/1.1 200" in calls[-1].arguments


WRITES = ("write", "writev", "pwrite64", "pwritev", "copy_file_range")
# Below the data directory. A staged name may be lost: the next start sweeps it anyway.
BUCKET, STAGING = "/bkt", "/.glassbucket/staging"
VERSIONS, CONFIGS = "/.glassbucket/versions", "/.glassbucket/buckets"
UPLOADS, GONE = "/.glassbucket/uploads", ".gone"  # an upload that is over, to be emptied

# What each change does, in this order; every step but a sync is (call, from, to) or (call, where).
KEEPS_THE_OLD = (
    ("link", BUCKET, VERSIONS), ("fsync", VERSIONS), ("rename", STAGING, BUCKET), ("fsync", BUCKET)
)
COMPLETES = (
    ("fsync", UPLOADS), ("link", BUCKET, VERSIONS), ("fsync", VERSIONS), ("rename", UPLOADS, BUCKET),
    ("fsync", BUCKET),
)
MARKS_DELETED = (
    ("fsetxattr", STAGING), ("fsync", STAGING), ("rename", STAGING, VERSIONS), ("fsync", VERSIONS),
    ("rename", BUCKET, VERSIONS), ("fsync", VERSIONS), ("fsync", BUCKET),
)
TAKES_THE_PREVIOUS = (("rename", VERSIONS, BUCKET), ("fsync", BUCKET), ("fsync", VERSIONS))
TAKES_BACK = (
    ("rename", VERSIONS, BUCKET), ("fsync", BUCKET), ("unlink", VERSIONS), ("fsync", VERSIONS)
)
FORGETS = (("unlink", VERSIONS), ("fsync", VERSIONS))
TAGS = (("fsetxattr", BUCKET), ("fsync", BUCKET))
TAGS_AN_OLD_ONE = (("fsetxattr", VERSIONS), ("fsync", VERSIONS))
CONFIGURES = (
    ("write", STAGING), ("fsync", STAGING), ("rename", STAGING, CONFIGS), ("fsync", CONFIGS)
)


def is_step(call, step, data):
    """Whether a call is that step: a file in, or a directory at or below, the places named."""
    name, *places = step
    below = [str(data) + place for place in places]
    return call.good() and call.name.startswith(name) and len(call.places) >= len(below) and all(
        f"{directory}/".startswith(f"{place}/") for (directory, _), place in zip(call.places, below)
    )


def missing_step(calls, steps, data):
    """The first step that does not come after those before it; `None` if they come in order."""
    rest = iter(calls)
    return next((step for step in steps if not any(is_step(c, step, data) for c in rest)), None)


def not_durable(calls, data):
    """What is changed and not synced since: files that get a name, and all when the answer is
    begun. Directories that are removed empty do no harm when they come back."""
    dirty, early = {}, []
    for call in calls:
        paths = [directory for directory, _ in call.places if not directory.endswith(GONE)]
        if not (call.good() and paths and call.shows()) or call.is_answer():
            continue
        if call.name == "fsync":
            dirty.pop(paths[0], None)
        elif call.name in (*WRITES, *ATTRIBUTES):
            dirty[paths[0]] = call.text
        elif call.name.startswith(("rename", "link")):
            named = dirty.pop("/".join(call.places[0]), None)
            if named and not call.places[1][1].endswith(GONE):
                early.append(call.text)
            dirty.update(dict.fromkeys(paths if call.name[0] == "r" else paths[1:], call.text))
        elif call.name in CHANGES and "AT_REMOVEDIR" not in call.arguments:
            dirty[paths[0]] = call.text
    staging = f"{data}{STAGING}/"
    return early + [text for path, text in dirty.items() if not f"{path}/".startswith(staging)]


def traced(binary, work, calls, server=Server):
    trace = work / "trace"
    strace = ["strace", "--seccomp-bpf", "-f", "-y", "-s", "4096", "-e", f"trace={','.join(calls)}"]
    return server(binary, work, before=[*strace, "-o", trace], tls=False), trace


class Asker:
    """Signed requests to one server."""

    def __init__(self, url):
        self.url = url

    def __call__(self, method, path, query="", headers={}, body=b""):
        keys = (ACCESS_KEY, SECRET_KEY)
        return raw_range.call(self.url, None, keys, method, path, query, headers, body)


def show_write_order(checks, binary, work):
    server, trace = traced(binary, work, TRACED)
    ask = Asker(server.endpoint.url)
    statuses = [ask("PUT", "/bkt")[0]]
    for body in (b"first version", b"second version"):
        statuses.append(ask("PUT", "/bkt/new/folder/file.txt", body=body)[0])
    statuses.append(ask("PUT", "/bkt/new/folder/second.txt", body=b"a neighbour")[0])
    checks.ok("strace", "every request is 200", statuses == [200] * 4, statuses)
    server.stop()
    requests = by_answer(parse(trace))
    labels = ("PUT into new folders", "overwrite", "PUT into a known folder")
    for label, calls in zip(labels, requests[1:]):
        show_calls(label, calls, work)
        for rule, good in write_order(calls):
            checks.ok(f"strace {label}", rule, good)
        left = not_durable(calls, server.data)
        checks.ok(f"strace {label}", "all that changed is synced", not left, left[:3])
    checks.ok("strace", "all four answers were seen", len(requests) == 4, len(requests))


def show_versions(checks, binary, work):
    """Each change of a bucket with versions, and of a configuration."""
    server, trace = traced(binary, work, TRACED)
    ask = Asker(server.endpoint.url)
    asked = []  # label and steps of each request; steps are `None` of those that prepare

    def change(label, steps, method, path, query="", body=b"", status=200):
        found, answer = ask(method, path, query, body=body)
        checks.ok(f"strace {label}", f"answers {status}", found == status, (found, answer))
        asked.append((label, steps))
        return answer.decode()

    def ids():
        page = change("a listing", None, "GET", "/bkt", "versions=")
        return [f"versionId={id}" for id in re.findall("<VersionId>([^<]+)", page)]

    key, tags = "/bkt/folder/k", b"<Tagging><TagSet/></Tagging>"
    enabled = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
    suspended = enabled.replace(b"Enabled", b"Suspended")
    change("a bucket", None, "PUT", "/bkt")
    change("PutBucketVersioning", CONFIGURES, "PUT", "/bkt", "versioning=", enabled)
    change("a first version", None, "PUT", key, body=b"first")
    change("overwrite with versions", KEEPS_THE_OLD, "PUT", key, body=b"second")
    change("a third version", KEEPS_THE_OLD, "PUT", key, body=b"third")
    third, second, first = ids()
    change("PutObjectTagging", TAGS, "PUT", key, "tagging=", tags)
    change("PutObjectTagging of a version", TAGS_AN_OLD_ONE, "PUT", key, f"tagging=&{first}", tags)
    change("DELETE of the current version", TAKES_THE_PREVIOUS, "DELETE", key, third, status=204)
    change("DELETE", MARKS_DELETED, "DELETE", key, status=204)
    marker = min(set(ids()) - {second, first})
    change("DELETE of the marker", TAKES_BACK, "DELETE", key, marker, status=204)
    change("DELETE of an old version", FORGETS, "DELETE", key, first, status=204)
    begun = change("CreateMultipartUpload", (), "POST", key, "uploads=")
    upload = "uploadId=" + re.search("<UploadId>([^<]+)", begun)[1]
    change("UploadPart", (), "PUT", key, f"partNumber=1&{upload}", b"part")
    part = f"<Part><PartNumber>1</PartNumber><ETag>{hashlib.md5(b'part').hexdigest()}</ETag></Part>"
    part = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    change("CompleteMultipartUpload", COMPLETES, "POST", key, upload, part)
    change("PutBucketVersioning", CONFIGURES, "PUT", "/bkt", "versioning=", suspended)
    change("overwrite, suspended", KEEPS_THE_OLD, "PUT", key, body=b"null")
    change("PutBucketCors", CONFIGURES, "PUT", "/bkt", "cors=",
           b"<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>"
           b"<AllowedOrigin>*</AllowedOrigin></CORSRule></CORSConfiguration>")
    change("DELETE, suspended", (), "DELETE", key, status=204)
    change("PUT over a marker, suspended", (), "PUT", key, body=b"null")
    change("DELETE of null", (), "DELETE", key, "versionId=null", status=204)
    change("PutBucketVersioning", CONFIGURES, "PUT", "/bkt", "versioning=", enabled)
    change("a version", (), "PUT", "/bkt/twin", body=b"twin")
    twin = ids()[-1]
    copy_among_versions(server.data, "twin", twin.partition("=")[2])
    change("DELETE of a version with a copy", FORGETS, "DELETE", "/bkt/twin", twin, status=204)
    server.stop()
    requests = by_answer(parse(trace))
    checks.ok("strace", "each answer was seen", len(requests) == len(asked), len(requests))
    for (label, steps), calls in zip(asked, requests):
        if steps is None:
            continue
        show_calls(label, calls, work)
        missing = missing_step(calls, steps, server.data)
        order = " -> ".join([step[0] for step in steps] + ["answer"])
        checks.ok(f"strace {label}", order, missing is None, missing)
        left = not_durable(calls, server.data)
        checks.ok(f"strace {label}", "all that changed is synced", not left, left[:3])


def copy_among_versions(data, name, version_id):
    """As a person's backup of the current version, brought back to a wrong place."""
    bucket = next((data / ".glassbucket/versions").iterdir())
    folder = bucket / f"{name}%~v"
    folder.mkdir()
    subprocess.run(["cp", "-a", data / "bkt" / name, folder / version_id], check=True)


def show_restart(checks, binary, work):
    """What a killed server had renamed and not synced is synced before anybody is told of it."""
    first = Server(binary, work, tls=False)
    first.process.kill()
    first.process.wait()
    server, trace = traced(binary, work, TRACED)
    status = Asker(server.endpoint.url)("PUT", "/bkt")[0]
    server.stop()
    before = by_answer(parse(trace))[0]
    synced = any(call.name == "syncfs" and call.good() for call in before)
    checks.ok("strace", "a start after a kill syncs all", status == 200 and synced, status)


def show_calls(label, calls, work):
    print(f"--- {label}")
    for call in calls:
        if call.good() and call.name not in OPENS and call.shows():
            print("    " + call.text.replace(str(work), "")[:150])


def show_confinement(checks, binary, work):
    corpus = pathlib.Path(__file__).parent.parent / "fixtures" / "nasty-keys.json"
    keys = json.loads(corpus.read_text())
    server, trace = traced(binary, work, (*CHANGES, *OPENS, *ANSWERS))
    ask = Asker(server.endpoint.url)
    good = ask("PUT", "/nasty")[0] == 200
    for method, status in (("PUT", 200), ("GET", 200), ("HEAD", 200), ("DELETE", 204)):
        for key in keys:
            body = key.encode() if method == "PUT" else b""
            found = ask(method, "/nasty/" + quote(key, safe="/-._~"), body=body)[0]
            good = checks_status(method, key, found, status) and good
    good = ask("DELETE", "/nasty")[0] == 204 and good
    checks.ok("strace", f"{len(keys)} nasty keys put, got, deleted", good)
    server.stop()
    # From the first answer on; before it the process reads its own libraries and settings.
    requests = by_answer(parse(trace))[1:]
    data = str(server.data)
    touching = [c for calls in requests for c in calls
                if c.name in (*CHANGES, *OPENS) and MALLOC_READS not in c.arguments]
    outside = [c.text for c in touching if not stays_below(c, data)]
    checks.ok("strace", f"{len(touching)} opens and changes, all below the data directory",
              bool(touching) and not outside, outside[:5])
    opened = [c for c in touching if c.name in OPENS]
    # A directory is opened once more as its own "." to be read: nothing is looked up.
    loose = [c.text for c in opened
             if "RESOLVE_BENEATH" not in c.arguments and c.places[0][1] != "."]
    checks.ok("strace", f"{len(opened)} opens, each an openat2 with RESOLVE_BENEATH or of \".\"",
              bool(opened) and not loose, loose[:5])


def checks_status(method, key, found, expected):
    if found != expected:
        print(f"      {method} {key[:60]!a}: {found}")
    return found == expected


def stays_below(call, data):
    """Every descriptor and name of the call, and what it opened, is below `data`."""
    below = lambda path: path == data or path.startswith(data + "/")
    opened = PLACE.match(call.result) if call.name in OPENS else None
    if opened and not below(opened["dir"]):
        return False
    for directory, name in call.places:
        parts = (name or "").split("/")
        if not below(directory) or (name or "").startswith("/") or ".." in parts:
            return False
    return bool(call.places)


def main():
    checks, binary = Checks(), os.environ["GLASSBUCKET_BIN"]
    for show in (show_write_order, show_versions, show_restart, show_confinement):
        work = work_directory()
        try:
            show(checks, binary, work)
        finally:
            remove(work)
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
