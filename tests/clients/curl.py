"""curl --aws-sigv4, which signs what it is given: the payload is said to be unsigned."""

from urllib.parse import quote

from harness import ACCESS_KEY, REGION, SECRET_KEY, run, sha256

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
