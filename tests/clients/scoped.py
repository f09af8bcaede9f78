"""Keys for some places only, in the hands of the programs that people give them to.

One server, users made by `glassbucket user add` while it runs. Each program does its usual day's
work within its scope, and is refused beside it.
"""

import os

import boto
import rclone
import s3_cmd
from aws_cli import AwsCli
from harness import run, run_for_bytes, user
from story import refused, tell_rules

BUCKET = "shared"
PART = 5 * 1024 * 1024


class Scoped:
    """Users `whole`, `folder` and `reader` of the bucket `shared`."""

    def __init__(self, binary, endpoint, work):
        work.mkdir()
        self.endpoint = endpoint
        self.work = work
        self.root = boto.client(endpoint)
        self.root.create_bucket(Bucket=BUCKET)
        self.root.put_object(Bucket=BUCKET, Key="beside.txt", Body=b"beside")
        both = lambda where: ["--read", where, "--write", where]
        self.users = {
            name: endpoint.signed_by(user(binary, endpoint.data, "add", name, *words))
            for name, words in {
                "restic": both("restic-alone"),
                "laptop": both(f"{BUCKET}/laptop"),
                "sync": both(f"{BUCKET}/sync"),
                "reader": ["--read", f"{BUCKET}/sync"],
            }.items()
        }
        self.tree = work / "tree"
        (self.tree / "folder").mkdir(parents=True)
        for name in ("a.txt", "folder/b c.txt"):
            (self.tree / name).write_text(name)
        (self.tree / "parts.bin").write_bytes(os.urandom(9 << 20))

    def same(self, back):
        """Whether a directory has what the tree has."""
        run(["diff", "-r", self.tree, back], os.environ)
        return True

    def rules(self):
        return [
            ("restic with a bucket of its own", lambda: self.restic("restic", "restic-alone")),
            ("restic with a folder", lambda: self.restic("laptop", f"{BUCKET}/laptop")),
            ("restic beside its folder", self.restic_beside),
            ("rclone sync, check and purge in a folder", self.rclone),
            ("rclone beside its folder", self.rclone_beside),
            ("s3cmd sync in a folder", self.s3cmd),
            ("aws s3 sync, cp, mv, presign and rm in a folder", self.aws),
            ("aws s3 beside its folder", self.aws_beside),
            ("boto3's uploads in parts in a folder", self.parts),
            ("boto3's uploads in parts beside its folder", self.parts_beside),
            ("a key that reads downloads by aws s3 sync", self.reader),
            ("what lies beside is as it was", self.beside),
        ]

    def _restic(self, name, where, *words):
        endpoint = self.users[name]
        env = endpoint.environment()
        env.update(RESTIC_PASSWORD="a password", RESTIC_CACHE_DIR=str(self.work / "cache"))
        command = ["restic", "--quiet", "--repo", f"s3:{endpoint.url}/{where}", *words]
        return run([*command, "--cacert", endpoint.ca], env)

    def restic(self, name, where):
        """It makes its bucket, if that is not there; `--prune` deletes and writes anew."""
        restic = lambda *words: self._restic(name, where, *words)
        restic("init")
        restic("backup", "--exclude", "folder", self.tree)
        restic("backup", self.tree)
        restic("forget", "--keep-last", "1", "--prune")
        restic("check", "--read-data")
        back = self.work / f"{name}.back"
        restic("restore", "latest", "--target", back)
        return self.same(f"{back}{self.tree}")

    def restic_beside(self):
        init = lambda where: refused("Access Denied", lambda: self._restic("laptop", where, "init"))
        return init(f"{BUCKET}/laptop2") and init("another") and init("restic-alone")

    def _rclone(self, *words):
        return rclone.Rclone(self.users["sync"], self.work)._rclone(*words)

    def rclone(self):
        """With the slash at the end: without it rclone asks for an object of that name, which is
        none of the folder's, and takes the 403 for one (on AWS, too)."""
        there, back = f"g:{BUCKET}/sync/", self.work / "rclone.back"
        self._rclone("sync", self.tree, there)
        self._rclone("check", self.tree, there)
        self._rclone("sync", there, back)
        self._rclone("moveto", f"{there}a.txt", f"{there}moved.txt")
        assert "moved.txt" in self._rclone("lsf", there).split()
        self._rclone("purge", there)
        return self._rclone("lsf", there) == "" and self.same(back)

    def rclone_beside(self):
        lines = self._rclone("lsf", "g:").split()
        steps = [
            ["lsf", f"g:{BUCKET}"],
            ["copyto", f"g:{BUCKET}/beside.txt", self.work / "stolen"],
            ["copyto", f"g:{BUCKET}/beside.txt", f"g:{BUCKET}/sync/stolen"],
            ["copyto", self.tree / "a.txt", f"g:{BUCKET}/a.txt"],
            ["purge", f"g:{BUCKET}/laptop/"],
        ]
        shut = [refused("403", lambda: self._rclone(*words)) for words in steps]
        return lines == [f"{BUCKET}/"] and shut == [True] * len(steps)

    def s3cmd(self):
        client = s3_cmd.S3cmd(self.users["sync"], self.work)
        there, back = f"s3://{BUCKET}/sync/s3cmd/", self.work / "s3cmd.back"
        back.mkdir()
        client._s3cmd("sync", f"{self.tree}/", there)
        again = client._s3cmd("sync", f"{self.tree}/", there)
        client._s3cmd("sync", there, f"{back}/")
        client._s3cmd("del", "--recursive", "--force", there)
        shut = refused("AccessDenied", lambda: client._s3cmd("ls", f"s3://{BUCKET}/"))
        return "upload:" not in again and shut and self.same(back)

    def aws(self):
        aws = AwsCli(self.users["sync"], self.work)
        there, back = f"s3://{BUCKET}/sync/aws", self.work / "aws.back"
        aws._aws("s3", "sync", "--only-show-errors", self.tree, there)
        aws._aws("s3", "sync", "--only-show-errors", there, back)
        aws._aws("s3", "mv", "--only-show-errors", f"{there}/a.txt", f"{there}/moved.txt")
        url = aws._aws("s3", "presign", f"{there}/moved.txt").strip()
        get = ["curl", "--silent", "--fail-with-body", "--cacert", self.endpoint.ca]
        assert run_for_bytes([*get, url], aws.env) == b"a.txt"
        aws._aws("s3", "rm", "--only-show-errors", f"{there}/moved.txt")
        left = aws._aws("s3", "ls", "--recursive", f"{there}/").splitlines()
        return len(left) == 2 and self.same(back)

    def aws_beside(self):
        aws = AwsCli(self.users["sync"], self.work)
        beside, url = f"s3://{BUCKET}/beside.txt", lambda key: f"s3://{BUCKET}/{key}"
        signed = aws._aws("s3", "presign", beside).strip()
        get = ["curl", "--silent", "--fail-with-body", "--cacert", self.endpoint.ca, signed]
        steps = [
            ("AccessDenied", lambda: run(get, aws.env)),
            ("AccessDenied", lambda: aws._aws("s3", "ls", url(""))),
            ("AccessDenied", lambda: aws._aws("s3", "rm", beside)),
            ("403", lambda: aws._aws("s3", "cp", beside, self.work / "stolen")),
        ]
        return all(refused(code, step) for code, step in steps)

    def _s3(self):
        return boto.client(self.users["sync"])

    def parts(self):
        s3, where = self._s3(), {"Bucket": BUCKET, "Key": "sync/parts.bin"}
        given_up = s3.create_multipart_upload(**where)["UploadId"]
        upload = {"UploadId": s3.create_multipart_upload(**where)["UploadId"], **where}
        parts = []
        for number, body in enumerate((b"x" * PART, b"the end"), 1):
            etag = s3.upload_part(PartNumber=number, Body=body, **upload)["ETag"]
            parts.append({"PartNumber": number, "ETag": etag})
        sizes = [part["Size"] for part in s3.list_parts(**upload)["Parts"]]
        s3.abort_multipart_upload(UploadId=given_up, **where)
        under_way = s3.list_multipart_uploads(Bucket=BUCKET, Prefix="sync/")["Uploads"]
        assert [each["UploadId"] for each in under_way] == [upload["UploadId"]]
        s3.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
        length = s3.head_object(**where)["ContentLength"]
        s3.delete_object(**where)
        return sizes == [PART, 7] and length == PART + 7

    def parts_beside(self):
        """An upload of the bucket's owner, to which a key of the folder has the id."""
        s3, where = self._s3(), {"Bucket": BUCKET, "Key": "big.bin"}
        upload = {"UploadId": self.root.create_multipart_upload(**where)["UploadId"], **where}
        answers = [
            boto.code(s3.create_multipart_upload, **where),
            boto.code(s3.upload_part, PartNumber=1, Body=b"x", **upload),
            boto.code(s3.list_parts, **upload),
            boto.code(s3.abort_multipart_upload, **upload),
            boto.code(s3.list_multipart_uploads, Bucket=BUCKET),
        ]
        self.root.abort_multipart_upload(**upload)
        return answers == ["AccessDenied"] * len(answers)

    def reader(self):
        aws, back = AwsCli(self.users["reader"], self.work), self.work / "reader.back"
        there = f"s3://{BUCKET}/sync/aws"
        aws._aws("s3", "sync", "--only-show-errors", there, back)
        (back / "new.txt").write_text("new")
        up = refused("AccessDenied", lambda: aws._aws("s3", "sync", "--delete", back, there))
        return up and (back / "parts.bin").read_bytes() == (self.tree / "parts.bin").read_bytes()

    def beside(self):
        listed = self.root.list_objects_v2(Bucket=BUCKET, Delimiter="/")
        keys = [entry["Key"] for entry in listed["Contents"]]
        folders = [entry["Prefix"] for entry in listed["CommonPrefixes"]]
        return keys == ["beside.txt"] and folders == ["laptop/", "sync/"]


def tell(checks, binary, endpoint, work):
    tell_rules(checks, "scoped", Scoped(binary, endpoint, work).rules())
