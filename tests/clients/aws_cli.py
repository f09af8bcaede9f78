"""aws cli at its defaults: SigV4, multipart from 8 MiB, CRC trailers."""

import json

from harness import VENV, run


class AwsCli:
    name = "aws cli"

    def __init__(self, endpoint, work):
        self.endpoint = endpoint
        self.env = endpoint.environment()
        self.part = work / "aws-range.bin"

    def _aws(self, *words):
        return run([VENV / "aws", "--endpoint-url", self.endpoint.url, *words], self.env)

    def make_bucket(self, bucket):
        self._aws("s3", "mb", f"s3://{bucket}")

    def remove_bucket(self, bucket):
        self._aws("s3", "rb", f"s3://{bucket}")

    def put(self, path, bucket, key):
        self._aws("s3", "cp", "--only-show-errors", path, f"s3://{bucket}/{key}")

    def get(self, bucket, key, path):
        self._aws("s3", "cp", "--only-show-errors", f"s3://{bucket}/{key}", path)

    def keys(self, bucket):
        page = self._aws("s3api", "list-objects-v2", "--bucket", bucket, "--output", "json")
        contents = json.loads(page or "{}").get("Contents", [])
        return {entry["Key"]: entry["Size"] for entry in contents}

    def copy(self, bucket, key, new):
        self._aws("s3", "cp", "--only-show-errors", f"s3://{bucket}/{key}", f"s3://{bucket}/{new}")

    def move(self, bucket, key, new):
        self._aws("s3", "mv", "--only-show-errors", f"s3://{bucket}/{key}", f"s3://{bucket}/{new}")

    def delete(self, bucket, key):
        self._aws("s3", "rm", "--only-show-errors", f"s3://{bucket}/{key}")

    def range(self, bucket, key, first, last):
        where = ["--bucket", bucket, "--key", key, "--range", f"bytes={first}-{last}"]
        self._aws("s3api", "get-object", *where, self.part)
        return self.part.read_bytes()
