"""Users with a rate or a quota: what clients make of 503 SlowDown and of 403 QuotaExceeded."""

import os
import subprocess

import boto
import rclone
import s3_cmd
from harness import VENV, user
from story import poll, tell_rules

RATE = 5
FILES = 8
QUOTA = 100_000


class Limited:
    """Users `slow` and `small`, each with a bucket of its own."""

    def __init__(self, binary, endpoint, work):
        work.mkdir()
        self.work = work
        self.slow_files = endpoint.data / "slow"
        add = lambda name, *words: user(binary, endpoint.data, "add", name, *words)
        self.slow = endpoint.signed_by(add("slow", "--rate", str(RATE)))
        self.small = endpoint.signed_by(add("small", "--quota", str(QUOTA)))
        boto.client(self.slow).create_bucket(Bucket="slow")
        boto.client(self.small).create_bucket(Bucket="small")
        self.tree = work / "tree"
        self.tree.mkdir()
        for number in range(FILES):
            (self.tree / f"{number:02}.txt").write_text(f"file {number}")
        self.file = work / "file"
        self.file.write_bytes(os.urandom(QUOTA * 6 // 10))

    def rules(self):
        return [
            ("boto3 alone is told SlowDown", self.slow_down),
            ("boto3 that repeats finishes all", self.boto),
            ("rclone at a rate finishes all", self.rclone),
            ("s3cmd at a rate finishes all", self.s3cmd),
            ("aws s3 tells QuotaExceeded and exits 1", self.by_aws),
            ("rclone tells QuotaExceeded and exits 1", self.by_rclone),
        ]

    def slow_down(self):
        s3 = boto.client(self.slow)
        codes = {boto.code(s3.head_bucket, Bucket="slow") for _ in range(100)}
        return codes == {"", "503"}

    def _finished(self, folder):
        """All files are there; looked for on the disk, which is no request."""
        names = sorted(path.name for path in (self.slow_files / folder).iterdir())
        return names == sorted(os.listdir(self.tree))

    def boto(self):
        s3 = boto.client(self.slow, retries={"total_max_attempts": 10, "mode": "standard"})
        for path in self.tree.iterdir():
            s3.upload_file(str(path), "slow", f"boto/{path.name}")
        return self._finished("boto")

    def rclone(self):
        retries = ["--retries", "3", "--low-level-retries", "10"]  # its defaults
        client = rclone.Rclone(self.slow, self.work)
        client._rclone("sync", *retries, self.tree, "g:slow/rclone")
        client._rclone("check", *retries, self.tree, "g:slow/rclone")
        return self._finished("rclone")

    def s3cmd(self):
        client = s3_cmd.S3cmd(self.slow, self.work)
        client._s3cmd("sync", f"{self.tree}/", "s3://slow/s3cmd/")
        return self._finished("s3cmd")

    def quota(self, command, env):
        """The second does not fit until the first is gone: the client says so and exits with 1."""
        s3 = boto.client(self.small)
        put = lambda key: subprocess.run(command(key), env=env, capture_output=True, text=True)
        poll(lambda: put("first").returncode == 0)  # the client before has left room
        second = put("second")
        assert second.returncode == 1 and "QuotaExceeded" in second.stderr, second
        s3.delete_object(Bucket="small", Key="first")
        poll(lambda: put("second").returncode == 0)
        s3.delete_object(Bucket="small", Key="second")
        whole = {"Bucket": "small", "Key": "whole", "Body": bytes(QUOTA)}
        poll(lambda: boto.code(s3.put_object, **whole) == "")
        s3.delete_object(Bucket="small", Key="whole")

    def by_aws(self):
        command = [VENV / "aws", "--endpoint-url", self.small.url, "s3", "cp", self.file]
        self.quota(lambda key: [*command, f"s3://small/{key}"], self.small.environment())

    def by_rclone(self):
        client = rclone.Rclone(self.small, self.work)
        self.quota(lambda key: [VENV / "rclone", "copyto", self.file, f"g:small/{key}"], client.env)


def tell(checks, binary, endpoint, work):
    tell_rules(checks, "limited", Limited(binary, endpoint, work).rules())
