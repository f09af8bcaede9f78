"""aws cli at its defaults: SigV4, multipart from 8 MiB, CRC trailers."""

import json

from harness import VENV, run
from story import refused


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


class ObjectApi(AwsCli):
    """s3api's words for what the object API has beside bytes; `rules` in order."""

    name = "object api, aws cli"
    bucket = "b-aws-cli-api"

    def __init__(self, endpoint, work, files):
        super().__init__(endpoint, work)
        self.work = work
        self.path = files.paths["1 B"]

    def rules(self):
        return [
            ("versions of a bucket with object lock", self.versions),
            ("a version under retention stays", self.lock),
            ("tags of a version", self.tags),
            ("checksum and attributes", self.attributes),
            ("a lock file is taken once", self.lock_file),
            ("cors, lifecycle and policy of a bucket", self.configurations),
            ("sync up and down", self.sync),
            ("rb --force leaves versions alone", self.remove_by_force),
            ("every version goes", self.empty),
        ]

    def _api(self, operation, *words):
        words = ["--bucket", self.bucket, "--output", "json", *words]
        return json.loads(self._aws("s3api", operation, *words) or "{}")

    def _put(self, key, *words):
        return self._api("put-object", "--key", key, "--body", self.path, *words)

    def versions(self):
        self._api("create-bucket", "--object-lock-enabled-for-bucket")
        self.old = self._put("record")["VersionId"]
        new = self._put("record")["VersionId"]
        listed = self._api("list-object-versions", "--prefix", "record")["Versions"]
        return [(entry["VersionId"], entry["IsLatest"]) for entry in listed] == [
            (new, True),
            (self.old, False),
        ]

    def lock(self):
        old = ["--key", "record", "--version-id", self.old]
        until = "Mode=GOVERNANCE,RetainUntilDate=2099-01-01T00:00:00Z"
        self._api("put-object-retention", *old, "--retention", until)
        kept = refused("AccessDenied", lambda: self._api("delete-object", *old))
        self._api("delete-object", *old, "--bypass-governance-retention")
        return kept

    def tags(self):
        where = ["--key", "record"]
        tags = [{"Key": "colour", "Value": "light blue"}]
        self._api("put-object-tagging", *where, "--tagging", json.dumps({"TagSet": tags}))
        return self._api("get-object-tagging", *where)["TagSet"] == tags

    def attributes(self):
        given = self._put("sum", "--checksum-algorithm", "SHA256")["ChecksumSHA256"]
        wanted = ["--object-attributes", "Checksum", "ObjectSize"]
        answer = self._api("get-object-attributes", "--key", "sum", *wanted)
        return (answer["Checksum"]["ChecksumSHA256"], answer["ObjectSize"]) == (given, 1)

    def lock_file(self):
        """As Terraform locks its state: it is created only if it is not there."""
        take = lambda: self._put("state.tflock", "--if-none-match", "*")
        etag = take()["ETag"]
        taken = refused("PreconditionFailed", take)
        self._api("delete-object", "--key", "state.tflock", "--if-match", etag)
        return taken

    def configurations(self):
        cors = [{"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"]}]
        rule = {"ID": "tmp", "Filter": {"Prefix": "tmp/"}, "Status": "Enabled"}
        rule["Expiration"] = {"Days": 1}
        policy = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
            f'"Action":"s3:GetObject","Resource":"arn:aws:s3:::{self.bucket}/secret/*"}}]}}'
        )
        words = lambda **document: json.dumps(document)
        self._api("put-bucket-cors", "--cors-configuration", words(CORSRules=cors))
        life = "bucket-lifecycle-configuration"
        self._api(f"put-{life}", "--lifecycle-configuration", words(Rules=[rule]))
        self._api("put-bucket-policy", "--policy", policy)
        return (
            self._api("get-bucket-cors")["CORSRules"] == cors
            and self._api(f"get-{life}")["Rules"] == [rule]
            and self._api("get-bucket-policy")["Policy"] == policy
        )

    def sync(self):
        here, back, there = self.work / "sync", self.work / "sync.back", f"s3://{self.bucket}/tree"
        files = ["a.txt", "folder/b c.txt"]
        (here / "folder").mkdir(parents=True)
        for name in files:
            (here / name).write_text(name)
        up = self._aws("s3", "sync", "--no-progress", here, there)
        again = self._aws("s3", "sync", "--no-progress", here, there)
        self._aws("s3", "sync", "--no-progress", there, back)
        same = all((back / name).read_text() == name for name in files)
        return up.count("upload:") == len(files) and again == "" and same

    def remove_by_force(self):
        """It deletes all keys, which leaves a version of each, and so the bucket."""
        rb = lambda: self._aws("s3", "rb", "--force", f"s3://{self.bucket}")
        return refused("BucketNotEmpty", rb) and self.keys(self.bucket) == {}

    def empty(self):
        listed = self._api("list-object-versions")
        entries = [*listed["Versions"], *listed["DeleteMarkers"]]
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        answer = self._api("delete-objects", "--delete", json.dumps({"Objects": objects}))
        self._api("delete-bucket")
        return len(answer["Deleted"]) == len(objects) and "Errors" not in answer
