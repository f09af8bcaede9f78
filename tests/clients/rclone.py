"""rclone: SigV4, and with --s3-v2-auth; multipart above 200 MiB is brought down to 50 MiB."""

import json

from harness import REGION, VENV, run, run_for_bytes


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
            RCLONE_CONFIG_G_ACCESS_KEY_ID=endpoint.keys[0],
            RCLONE_CONFIG_G_SECRET_ACCESS_KEY=endpoint.keys[1],
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


class ObjectApi(Rclone):
    """rclone's words for what the object API has beside bytes; `rules` in order."""

    name = "object api, rclone"
    bucket = "b-rclone-api"

    def __init__(self, endpoint, work, files):
        super().__init__(endpoint, work)
        self.files = files
        self.here = work / "rclone-sync"
        self.ca = ["--cacert", endpoint.ca] if endpoint.ca else []

    def rules(self):
        return [
            ("backend versioning", self.versioning),
            ("an old version is listed and read", self.versions),
            ("cleanup-hidden leaves what is current", self.clean_up),
            ("sync --checksum and check", self.sync),
            ("metadata", self.metadata),
            ("link is a URL for whoever has it", self.link),
            ("purge takes versions, too", self.purge),
        ]

    def _versions(self):
        """All names, those of old versions with their time in it."""
        listed = self._rclone("lsf", "-R", "--files-only", "--s3-versions", f"g:{self.bucket}")
        return listed.splitlines()

    def versioning(self):
        self.make_bucket(self.bucket)
        before = self._rclone("backend", "versioning", f"g:{self.bucket}")
        after = self._rclone("backend", "versioning", f"g:{self.bucket}", "Enabled")
        return "Unversioned" in before and "Enabled" in after

    def versions(self):
        for size in ("5 MiB", "1 B"):
            self.put(self.files.paths[size], self.bucket, "folder/a.bin")
        new, old = sorted(self._versions(), key=len)
        read = [VENV / "rclone", "cat", "--s3-versions", f"g:{self.bucket}/{old}"]
        content = run_for_bytes(read, self.env)
        return new == "folder/a.bin" and content == self.files.paths["5 MiB"].read_bytes()

    def clean_up(self):
        self._rclone("backend", "cleanup-hidden", f"g:{self.bucket}")
        return self._versions() == ["folder/a.bin"]

    def sync(self):
        there = f"g:{self.bucket}/tree"
        (self.here / "folder").mkdir(parents=True)
        for name in ("a.txt", "folder/b c.txt"):
            (self.here / name).write_text(name)
        self._rclone("sync", "--checksum", self.here, there)
        (self.here / "a.txt").unlink()
        self._rclone("sync", "--checksum", self.here, there)
        self._rclone("check", "--download", self.here, there)
        self._rclone("check", self.here, there)

    def metadata(self):
        given = ["--metadata-set", "cache-control=max-age=60", "--metadata-set", "colour=blue"]
        there = f"g:{self.bucket}/metadata"
        self._rclone("copyto", "-M", *given, self.files.paths["1 B"], there)
        kept = json.loads(self._rclone("lsjson", "--stat", "-M", there))["Metadata"]
        return (kept["cache-control"], kept["colour"]) == ("max-age=60", "blue")

    def link(self):
        key = "folder/b c.txt"
        url = self._rclone("link", "--expire", "60s", f"g:{self.bucket}/tree/{key}").strip()
        return run(["curl", "--silent", "--fail", *self.ca, url], self.env) == key

    def purge(self):
        self._rclone("purge", f"g:{self.bucket}")
        return f"{self.bucket}/" not in self._rclone("lsf", "g:").splitlines()
