"""Objects larger than memory should ever see; see tests/clients/large.

boto3 at its defaults but for the part size: through TLS it sends `UNSIGNED-PAYLOAD` in aws-chunked
coding with a CRC32 trailer, for parts and for the single PUT alike.
"""

import hashlib
import io
import os
import pathlib
import random
import re
import shutil
import sys
import time

from boto3.s3.transfer import TransferConfig
from botocore.exceptions import ClientError

import boto
from harness import MIB, Checks, Server, remove, work_directory

GIB = 1024 * MIB
BLOCK = 16 * MIB
DISK_NEEDED = 25 * GIB
RSS_MAX_MIB = 32
BUCKET = "b-large"


class Stream(io.RawIOBase):
    """`size` pseudo-random bytes, computed as they are read: a seeded block, counted in front."""

    base = random.Random(2).randbytes(BLOCK)

    def __init__(self, size):
        self.size = size
        self.place = 0
        self.number, self.block = -1, b""

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.place

    def seek(self, offset, whence=io.SEEK_SET):
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.place, io.SEEK_END: self.size}[whence]
        self.place = start + offset
        return self.place

    def read(self, wanted=-1):
        left = self.size - self.place
        wanted = left if wanted is None or wanted < 0 else min(wanted, left)
        parts = []
        while wanted:
            number, inside = divmod(self.place, BLOCK)
            if number != self.number:
                self.number = number
                self.block = memoryview(number.to_bytes(8, "big") + self.base[8:])
            part = self.block[inside : inside + wanted]
            parts.append(part)
            self.place += len(part)
            wanted -= len(part)
        return b"".join(parts)


def sha256(read):
    digest = hashlib.sha256()
    while block := read(4 * MIB):
        digest.update(block)
    return digest.hexdigest()


def peak_mib(server):
    """VmHWM: the most the process ever had in memory."""
    status = pathlib.Path(f"/proc/{server.pid()}/status").read_text()
    return int(re.search(r"VmHWM:\s+(\d+) kB", status)[1]) / 1024


def there_and_back(checks, server, s3, label, size, upload):
    key, began = f"{size}.bin", time.monotonic()
    upload(key, Stream(size))
    written = time.monotonic()
    body = s3.get_object(Bucket=BUCKET, Key=key)["Body"]
    found = sha256(body.read)
    read = time.monotonic()
    checks.ok(label, "SHA-256 is the same", found == sha256(Stream(size).read))
    print(f"      {label}: put {size / MIB / (written - began):.0f} MiB/s, "
          f"get {size / MIB / (read - written):.0f} MiB/s, peak RSS {peak_mib(server):.1f} MiB")
    s3.delete_object(Bucket=BUCKET, Key=key)


def too_large(s3):
    """One byte more than 5 GiB is refused, at the head or at the end."""
    try:
        s3.put_object(Bucket=BUCKET, Key="too large", Body=Stream(5 * GIB + 1))
    except ClientError as error:
        return error.response["Error"]["Code"] == "EntityTooLarge"
    return False


def main():
    free = shutil.disk_usage(pathlib.Path("target").absolute().parent).free
    if free < DISK_NEEDED:
        return f"needs {DISK_NEEDED // GIB} GiB of free disk, there are {free // GIB}"
    checks, work = Checks(), work_directory()
    server = Server(os.environ["GLASSBUCKET_BIN"], work)
    try:
        s3 = boto.client(server.endpoint, read_timeout=300)
        s3.create_bucket(Bucket=BUCKET)
        parts = TransferConfig(multipart_chunksize=64 * MIB, max_concurrency=4)
        there_and_back(checks, server, s3, "10 GiB by multipart", 10 * GIB,
                       lambda key, stream: s3.upload_fileobj(stream, BUCKET, key, Config=parts))
        there_and_back(checks, server, s3, "5 GiB by one PUT", 5 * GIB,
                       lambda key, stream: s3.put_object(Bucket=BUCKET, Key=key, Body=stream))
        checks.attempt("5 GiB and a byte", "EntityTooLarge", lambda: too_large(s3))
        peak = peak_mib(server)
        checks.ok("memory", f"peak RSS {peak:.1f} MiB is under {RSS_MAX_MIB}", peak < RSS_MAX_MIB)
    finally:
        server.stop()
        remove(work)
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
