"""Cuts the power of a file system under a busy server; see tests/clients/power_cut.

The cut is the shutdown ioctl without a flush of the log: what the kernel had not sent to the disk is
gone, at any moment and for all at once. btrfs has no such call: there the server is stopped and the
image copied, with what had been sent to it. Then the image is mounted again, which replays its
journal, and a new server is asked for everything that the first one had acknowledged. A request
whose answer was not heard may have happened or not, but not by half.

With the word `relaxed` the server waits for no disk: something must be lost on each file system, or
the cuts prove nothing.
"""

import fcntl
import hashlib
import os
import pathlib
import random
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time

import boto3
import botocore.config
import botocore.exceptions

import power_cut_versions
from harness import ACCESS_KEY, MIB, REGION, SECRET_KEY, Checks, Server, remove
from power_cut_versions import History, VersionChanges, settings_bucket

SHUTDOWN, NO_LOG_FLUSH = 0x8004587D, 2  # FS_IOC_SHUTDOWN and its flag, linux/fs.h
IMAGE_BYTES = 1024 * MIB
WRITERS = 4
KEEPERS = ["keeper0", "keeper1", "keeper2"]
SECONDS_MAX = 1.5
BUCKET = "cut"
KEPT = "kept"  # with versions


class PowerOff(botocore.exceptions.BotoCoreError):
    """Heard after the cut began."""

    fmt = "the power is off"


def connect(endpoint, off=None):
    """A client; one that hears nothing once `off` is set. A file system that is being shut down
    lets an fsync succeed that was under way (XFS), which a disk without power cannot."""
    config = botocore.config.Config(
        s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, read_timeout=20
    )
    client = boto3.client(
        "s3", endpoint_url=endpoint.url, region_name=REGION, config=config,
        aws_access_key_id=ACCESS_KEY, aws_secret_access_key=SECRET_KEY,
    )

    def deaf(**_):
        if off is not None and off.is_set():
            raise PowerOff

    client.meta.events.register("after-call", deaf)
    return client


class Version:
    """Bytes and metadata that can be computed again from a number."""

    def __init__(self, number):
        chance = random.Random(number)
        size = chance.choice([0, 1, 100, 4096, 70_000, 300_000])
        self.number = number
        self.body = chance.randbytes(size)
        # Above 2 KiB the attribute goes to a side file.
        self.metadata = {"version": str(number), "pad": "x" * chance.choice([0, 50, 1900])}
        self.kind = f"application/x-{number}; pad={'y' * chance.choice([0, 500])}"

    def is_it(self, answer):
        return (
            hashlib.sha256(answer["Body"].read()).digest() == hashlib.sha256(self.body).digest()
            and answer["Metadata"] == self.metadata
            and answer["ContentType"] == self.kind
        )


class Writer(threading.Thread):
    """Changes keys of its own until the disk is gone; knows what may be found of each."""

    def __init__(self, name, s3, seed, known):
        super().__init__()
        self.name, self.s3, self.chance = name, s3, random.Random(seed)
        self.known = known  # key -> the versions it may have; None is "absent"
        self.parts = {}  # upload id -> (key, tag of its acknowledged part, version)
        self.acknowledged = 0
        self.ended = None

    def run(self):
        try:
            while True:
                self.step()
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            self.ended = str(error)  # the power is off

    def step(self):
        path = self.chance.choice(["a", "a/b", "a/b/c", "d/e/", "long" * 70, "new/%d" % self.chance.randrange(10**9)])
        key = f"{self.name}/{path}"
        version = Version(self.chance.randrange(10**12))
        change = self.chance.choice([self.put, self.put, self.delete, self.multipart, self.copy])
        after = None if change == self.delete else version
        before = self.known.get(key, [None])
        self.known[key] = before + [after]
        if change(key, version) is False:
            self.known[key] = before
            return
        self.known[key] = [after]
        self.acknowledged += 1

    def put(self, key, version):
        self.s3.put_object(
            Bucket=BUCKET, Key=key, Body=version.body, Metadata=version.metadata,
            ContentType=version.kind,
        )

    def delete(self, key, _version):
        self.s3.delete_object(Bucket=BUCKET, Key=key)

    def copy(self, key, version):
        source = f"{self.name}-source/{version.number}"
        self.known[source] = [None, version]
        self.put(source, version)
        self.known[source] = [version]
        self.s3.copy_object(
            Bucket=BUCKET, Key=key, CopySource={"Bucket": BUCKET, "Key": source}
        )

    def multipart(self, key, version):
        upload = self.s3.create_multipart_upload(
            Bucket=BUCKET, Key=key, Metadata=version.metadata, ContentType=version.kind
        )["UploadId"]
        of = {"Bucket": BUCKET, "Key": key, "UploadId": upload}
        tag = self.s3.upload_part(PartNumber=1, Body=version.body, **of)["ETag"]
        self.parts[upload] = (key, tag, version)
        if self.chance.random() < 0.5:
            return False
        del self.parts[upload]
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        self.s3.complete_multipart_upload(MultipartUpload=parts, **of)
        return True


class Keeper(threading.Thread):
    """The same in the bucket that keeps versions; `history` goes on from cut to cut."""

    def __init__(self, name, s3, seed, history):
        super().__init__()
        self.changes = VersionChanges(name, s3, random.Random(seed), KEPT, Version, history)
        self.acknowledged = 0
        self.ended = None

    def run(self):
        try:
            while True:
                self.changes.step()
                self.acknowledged += 1
        except (botocore.exceptions.BotoCoreError, botocore.exceptions.ClientError) as error:
            self.ended = str(error)  # the power is off


def found(s3, key):
    try:
        return s3.get_object(Bucket=BUCKET, Key=key)
    except s3.exceptions.NoSuchKey:
        return None


def verify(checks, label, s3, known, parts):
    """Everything acknowledged, and nothing else."""
    lost = []
    for key, versions in known.items():
        answer = found(s3, key)
        fits = [v for v in versions if (v is None) == (answer is None)]
        if answer is not None:
            number = answer["Metadata"].get("version")
            fits = [v for v in fits if str(v.number) == number and v.is_it(answer)]
        if not fits:
            lost.append(key)
        known[key] = fits[-1:] or [None]
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET)
    listed = {item["Key"] for page in pages for item in page.get("Contents", [])}
    there = {key for key, versions in known.items() if versions != [None]}
    checks.ok(label, f"{len(known)} keys are what was acknowledged", not lost, lost[:5])
    checks.ok(label, f"{len(there)} are listed", listed == there, sorted(listed ^ there)[:5])
    for upload, (key, tag, version) in parts.items():
        listed = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        s3.complete_multipart_upload(
            Bucket=BUCKET, Key=key, UploadId=upload, MultipartUpload=listed
        )
        known[key] = [version]
    good = all(found(s3, key) for key, _, _ in parts.values())
    checks.ok(label, f"{len(parts)} uploads go on", good)


def verify_versions(checks, label, s3, histories):
    for name, history in histories.items():
        faults = power_cut_versions.faults(s3, KEPT, name, history)
        rule = f"{name}: {history.versions()} versions of {len(history.keys)} keys, its settings"
        checks.ok(label, rule, not faults, faults[:5])


def make_buckets(s3):
    s3.create_bucket(Bucket=BUCKET)
    s3.create_bucket(Bucket=KEPT, ObjectLockEnabledForBucket=True)
    for name in KEEPERS:
        s3.create_bucket(Bucket=settings_bucket(name))


def cut(server, image, mount):
    if mount.name != "btrfs":
        handle = os.open(mount, os.O_RDONLY)
        fcntl.ioctl(handle, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
        os.close(handle)
        return
    server.process.send_signal(signal.SIGSTOP)
    copy = image.with_suffix(".copy")
    run("cp", "--sparse=always", image, copy)
    server.process.kill()  # what it does until it is gone reaches the old image only
    copy.replace(image)


def run(*words):
    subprocess.run([str(word) for word in words], check=True)


def under_load(server, label, known, histories, cut_off):
    """Everybody writes for a moment; `known` and `histories` are what they were told. The uploads
    under way, how many answers there were, and what was refused before the power was off."""
    off = threading.Event()
    client = lambda: connect(server.endpoint, off)
    writers = [Writer(f"w{n}", client(), f"{label} {n}", {}) for n in range(WRITERS)]
    for writer in writers:
        mine = (f"{writer.name}/", f"{writer.name}-source/")
        writer.known = {k: v for k, v in known.items() if k.startswith(mine)}
    keepers = [Keeper(name, client(), f"{label} {name}", histories[name]) for name in KEEPERS]
    for thread in writers + keepers:
        thread.start()
    time.sleep(random.uniform(0.2, SECONDS_MAX))
    refused = [thread.ended for thread in writers + keepers if thread.ended]
    off.set()
    cut_off()
    for thread in writers + keepers:
        thread.join()
    parts = {}
    for writer in writers:
        known.update(writer.known)
        parts.update(writer.parts)
    return parts, sum(thread.acknowledged for thread in writers + keepers), refused


def rounds(checks, serve, kind, work, count):
    image, mount = work / f"{kind}.img", work / kind
    with image.open("wb") as file:
        file.truncate(IMAGE_BYTES)
    run(f"mkfs.{kind}", "-q", image)
    mount.mkdir()
    run("mount", "-o", "loop", image, mount)
    known, histories = {}, {name: History() for name in KEEPERS}
    server = None
    try:
        server = serve(mount)
        make_buckets(connect(server.endpoint))
        run("sync", "-f", mount)  # for the control: it is to lose what is changed from here on
        for number in range(count):
            parts, acknowledged, refused = under_load(
                server, f"{kind} {number}", known, histories, lambda: cut(server, image, mount)
            )
            stop(server)
            run("umount", mount)
            run("mount", "-o", "loop", image, mount)
            server = serve(mount)
            label = f"{kind} cut {number + 1} after {acknowledged} answers"
            checks.ok(label, "nothing was refused before", not refused, refused)
            s3 = connect(server.endpoint)
            verify_versions(checks, label, s3, histories)
            verify(checks, label, s3, known, parts)
            staged = [p for p in (server.data / ".glassbucket/staging").glob("*/*")]
            checks.ok(label, "staging is swept", not staged, staged[:3])
    finally:
        if server:
            stop(server)
        run("umount", mount)


def stop(server):
    server.process.kill()
    server.process.wait()


class Control(Checks):
    """Of a server that waits for no disk: the first loss is told, and the rest left out."""

    lost = ""

    def ok(self, story, rule, good, detail=""):
        if not good and not self.lost:
            self.lost = f"{story}: not so: {rule}"
        return good

    def run(self, serve, kind, work, count):
        try:
            rounds(self, serve, kind, work, count)
        except (botocore.exceptions.ClientError, SystemExit) as error:
            self.lost = self.lost or f"{kind}: {error}"  # a bucket, or the whole state
        return self.lost


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10
    relaxed = "relaxed" in sys.argv[2:]
    kinds = [kind for kind in sys.argv[2:] if kind != "relaxed"] or ["ext4", "xfs", "btrfs"]
    binary = pathlib.Path(os.environ["GLASSBUCKET_BIN"]).absolute()
    options = ["--durability", "relaxed"] if relaxed else []
    serve = lambda mount: Server(binary, mount, tls=False, options=options)
    checks = Checks()
    work = pathlib.Path(tempfile.mkdtemp(prefix="power-cut-"))
    try:
        for kind in kinds:
            if relaxed:
                lost = Control().run(serve, kind, work, count)
                checks.ok(kind, f"a server that waits for no disk loses something ({lost})", lost)
            else:
                rounds(checks, serve, kind, work, count)
    finally:
        remove(work)
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
