"""Complete of uniform parts is a check and a rename; see tests/clients/thousand_parts.

What the server's process wrote is read from /proc/PID/io before and after: `wchar` counts what it
handed to the kernel (copy_file_range too), `write_bytes` the pages that it made dirty. The latter has
the filesystem's own in it: some 2,000 small files of the upload are removed, whose inodes lie in as
many pages at worst.
"""

import concurrent.futures
import os
import pathlib
import random
import shutil
import sys
import time

import boto
from harness import MIB, Checks, Server, remove, work_directory

PARTS = 1000
PART = 5 * MIB
WORKERS = 4
WRITTEN_MAX = {"wchar": MIB, "write_bytes": 8 * MIB}  # of an object of 5,000 MiB
DISK_NEEDED = 6 * 1024 * MIB
BUCKET, KEY = "b-parts", "thousand.bin"

BLOCK = random.Random(3).randbytes(PART)


def part(number):
    """The same bytes in every part, but for its number in front."""
    return number.to_bytes(8, "big") + BLOCK[8:]


def written(server):
    lines = pathlib.Path(f"/proc/{server.pid()}/io").read_text().splitlines()
    counts = {name: int(count) for name, count in (line.split(": ") for line in lines)}
    return {name: counts[name] for name in ("wchar", "write_bytes")}


def upload(s3, upload_id):
    """All parts, some at a time; the list that completes them."""

    def one(number):
        answer = s3.upload_part(Bucket=BUCKET, Key=KEY, UploadId=upload_id, PartNumber=number,
                                Body=part(number), ChecksumAlgorithm="CRC32")
        return {name: answer[name] for name in ("ETag", "ChecksumCRC32")} | {"PartNumber": number}

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(one, range(1, PARTS + 1)))


def complete(checks, server, s3):
    begun = s3.create_multipart_upload(Bucket=BUCKET, Key=KEY, ChecksumAlgorithm="CRC32",
                                       ChecksumType="FULL_OBJECT")
    upload_id, began = begun["UploadId"], time.monotonic()
    parts = upload(s3, upload_id)
    print(f"      {PARTS} parts of {PART // MIB} MiB in {time.monotonic() - began:.0f} s")
    before, began = written(server), time.monotonic()
    answer = s3.complete_multipart_upload(Bucket=BUCKET, Key=KEY, UploadId=upload_id,
                                          MultipartUpload={"Parts": parts})
    seconds, after = time.monotonic() - began, written(server)
    print(f"      Complete took {seconds * 1000:.0f} ms, checksum {answer['ChecksumCRC32']}")
    for name, count in after.items():
        count -= before[name]
        most = WRITTEN_MAX[name]
        checks.ok("Complete", f"{name} {count:,} bytes, at most {most:,}", count <= most)


def whole(server):
    """Whether the object's file is every part, in order."""
    with open(server.data / BUCKET / KEY, "rb") as file:
        return all(file.read(PART) == part(number) for number in range(1, PARTS + 1)) \
            and not file.read(1)


def main():
    free = shutil.disk_usage(pathlib.Path("target").absolute().parent).free
    if free < DISK_NEEDED:
        return f"needs {DISK_NEEDED // MIB} MiB of free disk, there are {free // MIB}"
    checks, work = Checks(), work_directory()
    server = Server(os.environ["GLASSBUCKET_BIN"], work, tls=False)
    try:
        s3 = boto.client(server.endpoint, read_timeout=300)
        s3.create_bucket(Bucket=BUCKET)
        complete(checks, server, s3)
        checks.attempt("object", "is the parts in order", lambda: whole(server))
    finally:
        server.stop()
        remove(work)
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
