"""A site as its owner makes it, by aws cli, and as a visitor sees it, by curl."""

from aws_cli import AwsCli
from harness import Server, run

HOST = "www.site.test"
PAGES = {"index.html": "home", "oops.html": "oops", "docs/index.html": "docs"}


class Site:
    """A server of its own with `--allow-public` and one host that is a site."""

    def __init__(self, binary, work):
        work.mkdir()
        self.work = work
        self.server = Server(binary, work, options=("--allow-public", "--website", HOST))
        self.aws = AwsCli(self.server.endpoint, work)
        self.aws.env["AWS_DEFAULT_REGION"] = "us-east-1"

    def make(self):
        """The words of README's section."""
        self.aws.make_bucket(HOST)
        folder = self.work / "pages"
        for key, body in PAGES.items():
            page = folder / key
            page.parent.mkdir(parents=True, exist_ok=True)
            page.write_text(body)
        self.aws._aws("s3", "sync", "--only-show-errors", folder, f"s3://{HOST}")
        pages = ["--index-document", "index.html", "--error-document", "oops.html"]
        self.aws._aws("s3", "website", f"s3://{HOST}", *pages)

    def publish(self):
        policy = (
            '{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*",'
            f' "Action": "s3:GetObject", "Resource": "arn:aws:s3:::{HOST}/*"}}]}}'
        )
        self.aws._aws("s3api", "put-bucket-policy", "--bucket", HOST, "--policy", policy)

    def visit(self, path, *words):
        """Status, where the visitor ended, and the page. The certificate is for `localhost`."""
        port = self.server.port
        told = "\n%{http_code} %{url_effective}"
        command = ["curl", "--silent", "--show-error", "--insecure", "--write-out", told]
        command += ["--resolve", f"{HOST}:{port}:127.0.0.1", *words]
        answer = run([*command, f"https://{HOST}:{port}{path}"], self.aws.env)
        body, _, told = answer.rpartition("\n")
        status, url = told.split(" ")
        return status, url.split(f":{port}")[1], body


def tell(checks, binary, work):
    site = Site(binary, work)
    steps = [
        ("make and fill", site.make),
        ("private until it is published", lambda: site.visit("/")[0] == "403"),
        ("publish", site.publish),
        ("index", lambda: site.visit("/") == ("200", "/", "home")),
        ("page of a folder", lambda: site.visit("/docs", "-L") == ("200", "/docs/", "docs")),
        ("error document", lambda: site.visit("/absent") == ("403", "/absent", "oops")),
        ("content type", lambda: "text/html" in site.visit("/", "--head")[2]),
        ("nothing is put", lambda: site.visit("/new", "--data", "x")[0] == "405"),
    ]
    for rule, step in steps:
        checks.attempt("site", rule, step)
    checks.ok("site", "stops on SIGTERM", site.server.stop())
