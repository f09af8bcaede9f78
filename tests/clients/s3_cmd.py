"""s3cmd: SigV4, and with --signature-v2; path-style, multipart in parts of 15 MB."""

from harness import ACCESS_KEY, SECRET_KEY, VENV, run


class S3cmd:
    name = "s3cmd"
    flags = []

    def __init__(self, endpoint, work):
        config = work / "s3cfg"
        config.write_text("[default]\n")
        self.env = endpoint.environment()
        self.part = work / "s3cmd-range.bin"
        self.command = [VENV / "s3cmd", "--config", config, "--no-progress", *self.flags]
        self.command += [f"--access_key={ACCESS_KEY}", f"--secret_key={SECRET_KEY}"]
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
