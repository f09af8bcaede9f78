"""All clients' stories against one server; see tests/clients/run.

    suite.py [--endpoint URL [--ca PEM]] [WORD...]

With --endpoint the server is one that runs already and knows the suite's keys (harness.py).
"""

import argparse
import os
import pathlib
import subprocess
import sys

import anonymous
import aws_cli
import boto
import curl
import limited
import object_api
import presigned
import rclone
import s3_cmd
import scoped
import site_pages
import wanted
from harness import ACCESS_KEY, SECRET_KEY, Checks, Endpoint, Files, Server, remove, work_directory
from story import Story, tell_rules

CLIENTS = [
    aws_cli.AwsCli,
    boto.Boto3,
    boto.Boto3V2,
    s3_cmd.S3cmd,
    s3_cmd.S3cmdV2,
    rclone.Rclone,
    rclone.RcloneV2,
]
OBJECT_API_CLIENTS = [
    object_api.ObjectApi,
    object_api.ObjectApiV2,
    aws_cli.ObjectApi,
    s3_cmd.ObjectApi,
    rclone.ObjectApi,
]


def raw_range(checks, endpoint, files):
    """The download of raw_range.py, of an object that boto3 put."""
    s3, bucket, key = boto.client(endpoint), "b-raw-range", "a folder/5 MiB.bin"
    script = pathlib.Path(__file__).with_name("raw_range.py")
    ca = str(endpoint.ca or "-")

    def download(first, last):
        words = [endpoint.url, ca, ACCESS_KEY, SECRET_KEY, bucket, key, str(first), str(last)]
        part = subprocess.run([sys.executable, script, *words], capture_output=True, check=True)
        return part.stdout == files.paths["5 MiB"].read_bytes()[first : last + 1]

    def put():
        s3.create_bucket(Bucket=bucket)
        s3.upload_file(str(files.paths["5 MiB"]), bucket, key)

    def remove_all():
        s3.delete_object(Bucket=bucket, Key=key)
        s3.delete_bucket(Bucket=bucket)

    checks.attempt("raw sockets", "put", put)
    for first, last in ((0, 0), (65535, 131072), (0, files.SIZES["5 MiB"] - 1)):
        checks.attempt("raw sockets", f"bytes {first}-{last}", lambda: download(first, last))
    checks.attempt("raw sockets", "delete", remove_all)


def tell_all(checks, endpoint, work, words):
    files = Files(work / "files")
    stories = []
    for kind in CLIENTS:
        story = lambda kind=kind: Story(checks, kind(endpoint, work), files, endpoint, work).tell()
        stories.append((kind.name, story))
    stories.append(("curl", lambda: curl.tell(checks, endpoint, files, work)))
    stories.append(("presigned", lambda: presigned.tell(checks, endpoint, files, work)))
    for kind in OBJECT_API_CLIENTS:
        story = lambda kind=kind: tell_rules(checks, kind.name, kind(endpoint, work, files).rules())
        stories.append((kind.name, story))
    stories.append(("raw sockets", lambda: raw_range(checks, endpoint, files)))
    if endpoint.data is not None:  # they start servers with flags and users of their own
        binary = os.environ["GLASSBUCKET_BIN"]
        stories.append(("site", lambda: site_pages.tell(checks, binary, work / "site")))
        for kind in (scoped, limited, anonymous):
            story = lambda kind=kind: kind.tell(checks, binary, endpoint, work / kind.__name__)
            stories.append((kind.__name__, story))
        stories.append(("README", lambda: wanted.tell(checks, binary, work / "wanted")))
    for name, story in stories:
        if not words or any(word in name for word in words):
            story()


def main():
    parser = argparse.ArgumentParser(description="Real clients against a real server.")
    parser.add_argument("--endpoint", help="URL of a server that runs already")
    parser.add_argument("--ca", help="its certificate")
    parser.add_argument("words", nargs="*", help="only clients whose name has one of these words")
    flags = parser.parse_args()
    checks, work = Checks(), work_directory()
    server = None
    try:
        if flags.endpoint:
            endpoint = Endpoint(flags.endpoint, flags.ca)
        else:
            server = Server(os.environ["GLASSBUCKET_BIN"], work)
            endpoint = server.endpoint
        tell_all(checks, endpoint, work, flags.words)
    finally:
        if server:
            checks.ok("server", "stops on SIGTERM", server.stop())
        remove(work)
    return checks.close()


if __name__ == "__main__":
    sys.exit(main())
