"""rclone: SigV4, and with --s3-v2-auth; multipart above 200 MiB is brought down to 50 MiB."""

import json

from harness import ACCESS_KEY, REGION, SECRET_KEY, VENV, run, run_for_bytes


class Rclone:
    name = "rclone"
    v2 = "false"

    def __init__(self, endpoint, work):
        self.env = endpoint.environment()
        self.env.update(
            RCLONE_CONFIG=str(work / "rclone.conf"),
            RCLONE_CONFIG_G_TYPE="s3",
            RCLONE_CONFIG_G_PROVIDER="Other",
            RCLONE_CONFIG_G_ENDPOINT=endpoint.url,
            RCLONE_CONFIG_G_REGION=REGION,
            RCLONE_CONFIG_G_ACCESS_KEY_ID=ACCESS_KEY,
            RCLONE_CONFIG_G_SECRET_ACCESS_KEY=SECRET_KEY,
            RCLONE_CONFIG_G_V2_AUTH=self.v2,
            RCLONE_S3_UPLOAD_CUTOFF="50Mi",
            RCLONE_RETRIES="1",
            RCLONE_LOW_LEVEL_RETRIES="1",
        )
        if endpoint.ca:
            self.env["RCLONE_CA_CERT"] = str(endpoint.ca)

    def _rclone(self, *words):
        return run([VENV / "rclone", *words], self.env)

    def make_bucket(self, bucket):
        self._rclone("mkdir", f"g:{bucket}")

    def remove_bucket(self, bucket):
        self._rclone("rmdir", f"g:{bucket}")

    def put(self, path, bucket, key):
        self._rclone("copyto", path, f"g:{bucket}/{key}")

    def get(self, bucket, key, path):
        self._rclone("copyto", f"g:{bucket}/{key}", path)

    def keys(self, bucket):
        entries = json.loads(self._rclone("lsjson", "-R", "--files-only", f"g:{bucket}"))
        return {entry["Path"]: entry["Size"] for entry in entries}

    def copy(self, bucket, key, new):
        self._rclone("copyto", f"g:{bucket}/{key}", f"g:{bucket}/{new}")

    def move(self, bucket, key, new):
        self._rclone("moveto", f"g:{bucket}/{key}", f"g:{bucket}/{new}")

    def delete(self, bucket, key):
        self._rclone("deletefile", f"g:{bucket}/{key}")

    def range(self, bucket, key, first, last):
        window = ["--offset", first, "--count", last - first + 1]
        return run_for_bytes([VENV / "rclone", "cat", *window, f"g:{bucket}/{key}"], self.env)


class RcloneV2(Rclone):
    name = "rclone sigv2"
    v2 = "true"
