"""curl --aws-sigv4, which signs what it is given: the payload is said to be unsigned."""

from urllib.parse import quote

import boto
from harness import ACCESS_KEY, REGION, SECRET_KEY, run, sha256
from story import refused

BUCKET = "b-curl"


class Curl:
    """One bucket, made with curl too."""

    def __init__(self, endpoint, work):
        self.endpoint = endpoint
        self.env = endpoint.environment()
        self.back = work / "curl.back"
        self.command = ["curl", "--silent", "--show-error", "--fail-with-body", "--globoff"]
        self.command += ["--aws-sigv4", f"aws:amz:{REGION}:s3"]
        self.command += ["--user", f"{ACCESS_KEY}:{SECRET_KEY}"]
        self.command += ["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
        if endpoint.ca:
            self.command += ["--cacert", endpoint.ca]

    def call(self, key, *words):
        url = f"{self.endpoint.url}/{BUCKET}" + (f"/{quote(key)}" if key else "")
        return run([*self.command, *words, url], self.env)

    def hash(self, key, *words):
        self.call(key, "--output", self.back, *words)
        return sha256(self.back)


def tell(checks, endpoint, files, work):
    curl = Curl(endpoint, work)
    key = "folder/5 MiB.bin"
    path, expected = files.paths["5 MiB"], files.hashes["5 MiB"]
    source = f"x-amz-copy-source: /{BUCKET}/{quote(key)}"

    def part_is_right():
        curl.call(key, "--output", curl.back, "--range", "1000-70000")
        return curl.back.read_bytes() == path.read_bytes()[1000:70001]

    def is_gone():
        status = run([*curl.command[:3], *curl.command[5:], "--output", "/dev/null", "--write-out",
                      "%{http_code}", f"{endpoint.url}/{BUCKET}/{quote(key)}"], curl.env)
        return status == "404"

    steps = [
        ("make bucket", lambda: curl.call("", "--request", "PUT")),
        ("put", lambda: curl.call(key, "--upload-file", path)),
        ("get", lambda: curl.hash(key) == expected),
        ("range", part_is_right),
        ("copy", lambda: curl.call("copy.bin", "--request", "PUT", "--header", source)),
        ("get the copy", lambda: curl.hash("copy.bin") == expected),
        ("delete", lambda: curl.call(key, "--request", "DELETE")),
        ("deleted is 404", is_gone),
        ("delete the copy", lambda: curl.call("copy.bin", "--request", "DELETE")),
        ("remove bucket", lambda: curl.call("", "--request", "DELETE")),
    ]
    for rule, step in steps:
        checks.attempt("curl", rule, step)
    checks.attempt("curl", "a browser's form", lambda: form(endpoint, work))


def form(endpoint, work):
    """curl fills in the form that boto3 signed, as a browser would."""
    s3, key, upload = boto.client(endpoint), "user/b c.txt", work / "b c.txt"
    upload.write_text("of a form")
    s3.create_bucket(Bucket=BUCKET)
    limits = [["starts-with", "$key", "user/"], ["content-length-range", 1, 100]]
    post = s3.generate_presigned_post(BUCKET, "user/${filename}", Conditions=limits)
    command = ["curl", "--silent", "--fail-with-body"]
    command += ["--cacert", endpoint.ca] if endpoint.ca else []
    for name, value in post["fields"].items():
        command += ["--form-string", f"{name}={value}"]
    send = lambda: run([*command, "--form", f"file=@{upload}", post["url"]], endpoint.environment())
    send()
    stored = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    upload.write_text("x" * 101)
    too_long = refused("EntityTooLarge", send)
    s3.delete_object(Bucket=BUCKET, Key=key)
    s3.delete_bucket(Bucket=BUCKET)
    return stored == b"of a form" and too_long
