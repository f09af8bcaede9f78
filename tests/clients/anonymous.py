"""Clients that sign nothing: a bucket that its policy opens to everybody, with and without
`--allow-public`, and one that is private, on two servers over one directory."""

import boto
import rclone
from aws_cli import AwsCli
from harness import Server, run_for_bytes
from story import refused, tell_rules

OPEN, PRIVATE = "open-to-all", "private"
CAT = b"a cat"
POLICY = """{"Version": "2012-10-17", "Statement": [
  {"Effect": "Allow", "Principal": "*", "Action": "s3:ListBucket",
   "Resource": "arn:aws:s3:::BUCKET"},
  {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
   "Resource": "arn:aws:s3:::BUCKET/*"}]}"""


class Visitor:
    """Whoever comes by, with three programs."""

    def __init__(self, endpoint, work):
        self.endpoint = endpoint
        self.work = work
        self.aws = AwsCli(endpoint, work)
        self.rclone = rclone.Rclone(endpoint.signed_by(("", "")), work)

    def by_aws(self, bucket):
        words, back = ["s3", "--no-sign-request"], self.work / "aws.back"
        listed = self.aws._aws(*words, "ls", f"s3://{bucket}")
        self.aws._aws(*words, "cp", f"s3://{bucket}/cat.jpg", back)
        return "cat.jpg" in listed and back.read_bytes() == CAT

    def by_rclone(self, bucket):
        back = self.work / "rclone.back"
        listed = self.rclone._rclone("lsf", f"g:{bucket}")
        self.rclone._rclone("sync", f"g:{bucket}", back)
        return listed.split() == ["cat.jpg"] and (back / "cat.jpg").read_bytes() == CAT

    def curl(self, path, *words):
        command = ["curl", "--silent", "--fail-with-body", "--cacert", self.endpoint.ca, *words]
        return run_for_bytes([*command, self.endpoint.url + path], self.aws.env)

    def by_curl(self, bucket):
        listed = self.curl(f"/{bucket}")
        return b"<Key>cat.jpg</Key>" in listed and self.curl(f"/{bucket}/cat.jpg") == CAT

    def is_let_in(self, bucket):
        return self.by_aws(bucket) and self.by_rclone(bucket) and self.by_curl(bucket)

    def is_kept_out(self, bucket):
        """From the list as from the object, which is not told apart from one that is not there."""
        aws, cat, stolen = self.aws._aws, f"s3://{bucket}/cat.jpg", self.work / "stolen"
        steps = [
            ("AccessDenied", lambda: aws("s3", "--no-sign-request", "ls", f"s3://{bucket}")),
            ("403", lambda: aws("s3", "--no-sign-request", "cp", cat, stolen)),
            ("403", lambda: self.rclone._rclone("lsf", f"g:{bucket}")),
            ("403", lambda: self.rclone._rclone("copyto", f"g:{bucket}/cat.jpg", stolen)),
            ("AccessDenied", lambda: self.curl(f"/{bucket}")),
            ("AccessDenied", lambda: self.curl(f"/{bucket}/cat.jpg")),
            ("AccessDenied", lambda: self.curl(f"/{bucket}/absent")),
        ]
        return all(refused(code, step) for code, step in steps)

    def changes_nothing(self, bucket):
        aws, cat = self.aws._aws, f"s3://{bucket}/cat.jpg"
        new = ["s3", "--no-sign-request", "cp", self.work / "aws.back", f"s3://{bucket}/new"]
        steps = [
            ("AccessDenied", lambda: aws(*new)),
            ("AccessDenied", lambda: aws("s3", "--no-sign-request", "rm", cat)),
            ("403", lambda: self.rclone._rclone("purge", f"g:{bucket}")),
            ("AccessDenied", lambda: self.curl(f"/{bucket}/cat.jpg", "--request", "DELETE")),
            ("AccessDenied", lambda: self.curl(f"/{bucket}?policy")),
            ("AccessDenied", lambda: self.curl("/")),
        ]
        return all(refused(code, step) for code, step in steps)


def tell(checks, binary, endpoint, work):
    work.mkdir()
    s3 = boto.client(endpoint)
    for bucket in (OPEN, PRIVATE):
        s3.create_bucket(Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="cat.jpg", Body=CAT)
    s3.put_bucket_policy(Bucket=OPEN, Policy=POLICY.replace("BUCKET", OPEN))
    public = Server(binary, work, options=("--allow-public",), data=endpoint.data)
    shut, open_ = Visitor(endpoint, work), Visitor(public.endpoint, work)
    rules = [
        ("kept out of a bucket that is open to all", lambda: shut.is_kept_out(OPEN)),
        ("let in with --allow-public", lambda: open_.is_let_in(OPEN)),
        ("reads, and changes nothing", lambda: open_.changes_nothing(OPEN)),
        ("kept out of a private bucket all the same", lambda: open_.is_kept_out(PRIVATE)),
        ("stops on SIGTERM", public.stop),
    ]
    tell_rules(checks, "anonymous", rules)
