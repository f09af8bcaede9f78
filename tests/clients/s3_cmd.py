"""s3cmd: SigV4, and with --signature-v2; path-style, multipart in parts of 15 MB."""

from harness import VENV, run


class S3cmd:
    name = "s3cmd"
    flags = []

    def __init__(self, endpoint, work):
        config = work / "s3cfg"
        config.write_text("[default]\n")
        self.env = endpoint.environment()
        self.part = work / "s3cmd-range.bin"
        self.command = [VENV / "s3cmd", "--config", config, "--no-progress", *self.flags]
        self.command += [f"--access_key={endpoint.keys[0]}", f"--secret_key={endpoint.keys[1]}"]
        self.command += [f"--host={endpoint.host}", f"--host-bucket={endpoint.host}"]
        self.command += [f"--ca-certs={endpoint.ca}", "--ssl"] if endpoint.tls else ["--no-ssl"]

    def _s3cmd(self, *words):
        return run([*self.command, *words], self.env)

    def make_bucket(self, bucket):
        self._s3cmd("mb", f"s3://{bucket}")

    def remove_bucket(self, bucket):
        self._s3cmd("rb", f"s3://{bucket}")

    def put(self, path, bucket, key):
        self._s3cmd("put", path, f"s3://{bucket}/{key}")

    def get(self, bucket, key, path):
        self._s3cmd("get", "--force", f"s3://{bucket}/{key}", path)

    def keys(self, bucket):
        found = {}
        for line in self._s3cmd("ls", "--recursive", f"s3://{bucket}").splitlines():
            _, _, size, url = line.split(None, 3)  # date, time, size, s3://bucket/key
            found[url.removeprefix(f"s3://{bucket}/")] = int(size)
        return found

    def copy(self, bucket, key, new):
        self._s3cmd("cp", f"s3://{bucket}/{key}", f"s3://{bucket}/{new}")

    def move(self, bucket, key, new):
        self._s3cmd("mv", f"s3://{bucket}/{key}", f"s3://{bucket}/{new}")

    def delete(self, bucket, key):
        self._s3cmd("del", f"s3://{bucket}/{key}")

    def range(self, bucket, key, first, last):
        """s3cmd asks for a range only to go on with a download that broke off."""
        self.part.write_bytes(bytes(first))
        self._s3cmd("get", "--continue", f"s3://{bucket}/{key}", self.part)
        return self.part.read_bytes()[first : last + 1]


class S3cmdV2(S3cmd):
    name = "s3cmd sigv2"
    flags = ["--signature-v2"]


CORS = """<CORSConfiguration><CORSRule><AllowedMethod>GET</AllowedMethod>
<AllowedOrigin>https://a.example</AllowedOrigin></CORSRule></CORSConfiguration>"""
LIFECYCLE = """<LifecycleConfiguration><Rule><ID>old</ID><Prefix>tmp/</Prefix>
<Status>Enabled</Status><Expiration><Days>3</Days></Expiration></Rule></LifecycleConfiguration>"""
POLICY = """{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",
"Action":"s3:GetObject","Resource":"arn:aws:s3:::BUCKET/secret/*"}]}"""


class ObjectApi(S3cmd):
    """s3cmd's words for what the object API has beside bytes; `rules` in order."""

    name = "object api, s3cmd"
    bucket = "b-s3cmd-api"
    url = f"s3://{bucket}"
    object = f"{url}/folder/a b.txt"

    def __init__(self, endpoint, work, files):
        super().__init__(endpoint, work)
        self.work = work
        self.path = files.paths["1 B"]

    def rules(self):
        return [
            ("info of a bucket and an object", self.info),
            ("acl of an object", self.acl),
            ("tags of a bucket and an object", self.tags),
            ("policy", self.policy),
            ("cors", self.cors),
            ("lifecycle and expire", self.lifecycle),
            ("access log is off", self.access_log),
            ("modify headers", self.modify),
            ("sync up and down", self.sync),
            ("versioning", self.versioning),
        ]

    def _document(self, text):
        path = self.work / "s3cmd-document"
        path.write_text(text.replace("BUCKET", self.bucket))
        return path

    def _info(self, url=url):
        """What `info` tells, on one line."""
        return " ".join(self._s3cmd("info", url).split())

    def info(self):
        self.make_bucket(self.bucket)
        self._s3cmd("put", self.path, self.object)
        bucket, object = self._info(), self._info(self.object)
        return "Policy: none CORS: none ACL: " in bucket and "File size: 1 " in object

    def acl(self):
        self._s3cmd("setacl", "--acl-public", self.object)
        public = "*anon*: READ" in self._info(self.object)
        self._s3cmd("setacl", "--acl-private", self.object)
        return public and "*anon*" not in self._info(self.object)

    def tags(self):
        for url in (self.url, self.object):
            self._s3cmd("settagging", url, "colour=blue&n=1")
            told = self._s3cmd("gettagging", url).split()
            self._s3cmd("deltagging", url)
            assert told[-4:] == ["colour:", "blue", "n:", "1"], told

    def policy(self):
        self._s3cmd("setpolicy", self._document(POLICY), self.url)
        told = self._info()
        self._s3cmd("delpolicy", self.url)
        return f"{self.bucket}/secret/*" in told and "Policy: none" in self._info()

    def cors(self):
        self._s3cmd("setcors", self._document(CORS), self.url)
        told = self._info()
        self._s3cmd("delcors", self.url)
        return "https://a.example" in told and "CORS: none" in self._info()

    def lifecycle(self):
        self._s3cmd("setlifecycle", self._document(LIFECYCLE), self.url)
        told = self._s3cmd("getlifecycle", self.url)
        self._s3cmd("dellifecycle", self.url)
        self._s3cmd("expire", "--expiry-days=10", "--expiry-prefix=log/", self.url)
        expires = "'log/' will expire in '10' day(s)" in self._info()
        self._s3cmd("expire", self.url)
        gone = "Expiration rule: none" in self._info()
        return "<Prefix>tmp/</Prefix>" in told and expires and gone

    def access_log(self):
        told = self._s3cmd("accesslog", "--no-access-logging", self.url)
        return "Logging Enabled: False" in told

    def modify(self):
        """A copy of the object onto itself; it keeps what s3cmd noted of the file."""
        change = ["--add-header=x-amz-meta-colour: blue", "--mime-type=text/css"]
        self._s3cmd("modify", *change, self.object)
        told = self._info(self.object)
        wanted = "MIME type: text/css", "x-amz-meta-colour: blue", "x-amz-meta-s3cmd-attrs"
        return all(words in told for words in wanted)

    def sync(self):
        here, back = self.work / self.name, self.work / f"{self.name}.back"
        files = ["a.txt", "folder/b c.txt"]
        (here / "folder").mkdir(parents=True)
        back.mkdir()
        for name in files:
            (here / name).write_text(name)
        up = self._s3cmd("sync", f"{here}/", f"{self.url}/tree/")
        again = self._s3cmd("sync", f"{here}/", f"{self.url}/tree/")
        self._s3cmd("sync", f"{self.url}/tree/", f"{back}/")
        same = all((back / name).read_text() == name for name in files)
        return up.count("upload:") == len(files) and "upload:" not in again and same

    def versioning(self):
        """Of the bucket emptied first: s3cmd cannot delete a version."""
        self._s3cmd("del", "--recursive", "--force", self.url)
        self._s3cmd("setversioning", self.url, "enable")
        enabled = "Versioning:Enabled" in self._info()
        self.remove_bucket(self.bucket)
        return enabled
