"""README's table "I want ...": each command as it stands there, then what it has brought about.

The rows are read from README.md and their commands run by a shell, in the table's order, on a
server with `--allow-public`. What each is there for is looked at with clients that nobody here
wrote. A row without a check fails the story, and so does a check without a row.
"""

import datetime
import os
import pathlib
import re
import subprocess
import time

import boto
import rclone
import s3_cmd
from aws_cli import AwsCli
from harness import VENV, Server, free_port, keys_told, run, wait_for_port
from story import poll

README = pathlib.Path("README.md")
SITE = "www.example.com"
CAT = b"a cat"
FIRST, SECOND = b"the first backup", b"the second backup"
IN_DROP_BOX = ["by-aws.img", "by-s3cmd.img", "disk.img"]
GONE = ("InvalidAccessKeyId", 403)


def section(title):
    """What stands in README below a heading, up to the next one."""
    return README.read_text().split(f"# {title}\n")[1].split("\n##")[0]


def rows():
    """What is wanted, and the commands: all that is in backticks in the second column."""
    lines = [line for line in section("I want ...").splitlines() if line.startswith("| ")]
    for line in lines[1:]:
        want, commands = line.strip("| ").split(" | ")
        yield want, re.findall("`([^`]+)`", commands)


class Wanted:
    """A server with the buckets that the table names, and the pairs of keys by the users' names."""

    def __init__(self, binary, work):
        self.binary = binary
        self.work = work
        self.server = Server(binary, work, options=("--allow-public",))
        self.endpoint = self.server.endpoint
        self.root = boto.client(self.endpoint)
        self.keys, self.old_keys = {}, {}
        self.env = self._shell()
        self.others = []
        for bucket in ("app", "backups", "photos", "secret"):
            self.root.create_bucket(Bucket=bucket)
            self.root.put_object(Bucket=bucket, Key="cat.jpg", Body=CAT)

    def _shell(self):
        """README's names for the programs; where the server is, as README says it to aws cli."""
        names = self.work / "bin"
        names.mkdir()
        (names / "glassbucket").symlink_to(pathlib.Path(self.binary).absolute())
        (names / "aws").symlink_to(VENV / "aws")
        env = self.endpoint.environment()
        env["PATH"] = f"{names}:{env['PATH']}"
        env["AWS_ENDPOINT_URL"] = self.endpoint.url
        env["GLASSBUCKET_DATA"] = str(self.server.data)
        return env

    def checks(self):
        """By the table's words, what shows that a row did what it says."""
        return {
            "a key for one application and its bucket": self.one_bucket,
            "a key for one folder of a bucket": self.one_folder,
            "a key that adds backups and cannot read them": self.drop_box,
            "and cannot destroy them either": self.nothing_destroyed,
            "somebody to look for a month, and no longer": self.guest,
            "somebody to have buckets of her own, 50 GB of them": self.account,
            "to do everything with everybody's buckets": self.admin,
            "an application not to crowd out the others": self.rate,
            "a new secret, as the old one leaked": self.rotated,
            "a new secret, and a day to change it everywhere": self.rotated_later,
            "somebody out, now": self.disabled,
            "to see who has which keys": self.listed,
            "to send somebody one file, for an hour": self.presigned,
            "everybody to read a bucket, once `serve` has `--allow-public`": self.public,
            "nobody from outside to read it after all": self.private,
            "a web site": self.website,
            "deleted files to be gone for good after 30 days, in a bucket with versions": self.old,
            "nobody, not even me, to delete anything for a year": self.archive,
        }

    def row(self, want, commands):
        check = self.checks().get(want)
        assert check, "the row has no check here"
        told = [self.run(command) for command in commands]
        return check(*told)

    def run(self, command):
        """As the reader does it; `serve` goes on beside us, on a port that this test may have."""
        if command.startswith("glassbucket serve"):
            return self._serve(command)
        told = run(["bash", "-c", command], self.env, self.work)
        if re.match("glassbucket user (add|rotate) ", command):
            name = command.split()[3]
            self.old_keys[name], self.keys[name] = self.keys.get(name), keys_told(told)
        return told

    def _serve(self, command):
        port = free_port()
        env = dict(self.env, GLASSBUCKET_LISTEN=f"127.0.0.1:{port}")
        env["GLASSBUCKET_CERTS"] = str(self.server.certs)
        path = self.work / "other.log"
        words, log = ["bash", "-c", f"exec {command}"], path.open("wb")
        self.others.append(subprocess.Popen(words, env=env, cwd=self.work, stdout=log, stderr=log))
        wait_for_port(self.others[-1], port, path)
        return port

    def stop(self):
        for process in self.others:
            process.terminate()
            process.wait(40)
        return self.server.stop()

    def signed_by(self, name):
        return self.endpoint.signed_by(self.keys[name])

    def boto(self, name):
        return boto.client(self.signed_by(name))

    def pair(self, keys, bucket, key):
        """What reading with that pair is answered, and what a URL that was presigned by it."""
        s3, where = boto.client(self.endpoint.signed_by(keys)), {"Bucket": bucket, "Key": key}
        url = s3.generate_presigned_url("get_object", Params=where)
        return boto.code(s3.get_object, **where), self.curl(url)[0]

    def curl(self, url, *words):
        """The status of what nobody signed, and its body."""
        command = ["curl", "--silent", "--insecure", "--write-out", "\n%{http_code}", *words, url]
        body, _, status = run(command, self.env).rpartition("\n")
        return int(status), body

    # A check a row.

    def one_bucket(self, _):
        aws, s3 = AwsCli(self.signed_by("app"), self.work), self.boto("app")
        file, back = self.work / "state.json", self.work / "state.back"
        file.write_text("{}")
        aws.put(file, "app", "state/now.json")
        aws.get("app", "state/now.json", back)
        assert aws.keys("app") == {"cat.jpg": len(CAT), "state/now.json": 2}
        aws.delete("app", "state/now.json")
        return back.read_text() == "{}" and shut(s3, "secret", "cat.jpg")

    def one_folder(self, _):
        client, s3 = s3_cmd.S3cmd(self.signed_by("laptop"), self.work), self.boto("laptop")
        file = self.work / "disk.img"
        file.write_bytes(FIRST)
        there = "s3://backups/laptop/"
        client._s3cmd("put", file, there)
        listed = client._s3cmd("ls", there)
        client._s3cmd("del", f"{there}disk.img")
        s3.put_object(Bucket="backups", Key="laptop/disk.img", Body=FIRST)
        beside = all(shut(s3, "backups", key) for key in ("cat.jpg", "laptop", "laptop2/a"))
        return f"{there}disk.img" in listed and beside and shut(s3, "photos", "cat.jpg")

    def drop_box(self, _):
        """Three clients put; rclone by the flags that README gives for that."""
        endpoint, disk, there = self.signed_by("host1"), self.work / "disk.img", "backups/host1"
        AwsCli(endpoint, self.work).put(disk, "backups", "host1/by-aws.img")
        s3_cmd.S3cmd(endpoint, self.work).put(disk, "backups", "host1/by-s3cmd.img")
        blind = ["--s3-no-head", "--no-check-dest"]
        rclone.Rclone(endpoint, self.work)._rclone("copy", *blind, disk, f"g:{there}/")
        assert sorted(os.listdir(self.server.data / there)) == IN_DROP_BOX
        s3, where = self.boto("host1"), {"Bucket": "backups", "Key": "host1/disk.img"}
        assert self.root.get_object(**where)["Body"].read() == FIRST
        unread = boto.code(s3.get_object, **where), boto.code(s3.head_object, **where)
        assert unread == ("AccessDenied", "403"), unread
        listing = boto.code(s3.list_objects_v2, Bucket="backups", Prefix="host1/")
        versions = boto.code(s3.list_object_versions, Bucket="backups", Prefix="host1/")
        assert listing == versions == "AccessDenied", (listing, versions)
        return shut(s3, "backups", "cat.jpg")

    def nothing_destroyed(self, _):
        s3, where = self.boto("host1"), {"Bucket": "backups", "Key": "host1/disk.img"}
        s3.put_object(Body=SECOND, **where)
        s3.delete_object(**where)
        listed = self.root.list_object_versions(Bucket="backups", Prefix="host1/d")["Versions"]
        kept = [entry["VersionId"] for entry in listed]
        for version in kept:
            destroyed = boto.code(s3.delete_object, VersionId=version, **where)
            assert destroyed == "AccessDenied", destroyed
        read = lambda version: self.root.get_object(VersionId=version, **where)["Body"].read()
        suspended = {"Bucket": "backups", "VersioningConfiguration": {"Status": "Suspended"}}
        assert boto.code(s3.put_bucket_versioning, **suspended) == "AccessDenied"
        return [read(version) for version in kept] == [SECOND, FIRST]

    def guest(self, _):
        client, s3 = s3_cmd.S3cmd(self.signed_by("guest"), self.work), self.boto("guest")
        assert "s3://photos/cat.jpg" in client._s3cmd("ls", "s3://photos")
        look = lambda: s3.get_object(Bucket="photos", Key="cat.jpg")["Body"].read()
        assert look() == CAT
        changed = boto.code(s3.put_object, Bucket="photos", Key="new.jpg", Body=CAT)
        removed = boto.code(s3.delete_object, Bucket="photos", Key="cat.jpg")
        assert changed == removed == "AccessDenied", (changed, removed)
        soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=2)
        self.run(f"glassbucket user set guest --expires {soon:%Y-%m-%dT%H:%M:%SZ}")
        poll(lambda: boto.code(look) == "InvalidAccessKeyId")
        self.run("glassbucket user set guest --expires 30d")
        ends = re.search(r"guest .*expires=(\S+)", self.run("glassbucket user list"))[1]
        left = datetime.datetime.fromisoformat(ends) - datetime.datetime.now(datetime.UTC)
        assert datetime.timedelta(29) < left <= datetime.timedelta(30), left
        return look() == CAT and shut(s3, "secret", "cat.jpg")

    def account(self, _):
        """50 GB without holes would take long; a file put there by hand counts, too."""
        s3, hers = self.boto("alice"), {"Bucket": "alices"}
        s3.create_bucket(**hers)
        with (self.server.data / "alices" / "films.tar").open("wb") as file:
            file.truncate(50 << 30)
        put = lambda: boto.code(s3.put_object, Key="one more", Body=b"x", **hers)
        assert put() == "QuotaExceeded"
        s3.delete_object(Key="films.tar", **hers)
        poll(lambda: put() == "")
        return shut(s3, "photos", "cat.jpg")

    def admin(self, _):
        client = rclone.Rclone(self.signed_by("ops"), self.work)
        all_buckets = ["alices/", "app/", "backups/", "photos/", "secret/"]
        assert client._rclone("lsf", "g:").split() == all_buckets
        client._rclone("copyto", "g:photos/cat.jpg", "g:alices/cat.jpg")
        hers = self.boto("alice").get_object(Bucket="alices", Key="cat.jpg")["Body"].read()
        client._rclone("purge", "g:alices")
        return hers == CAT and "alices/" not in client._rclone("lsf", "g:").split()

    def rate(self, _):
        """As fast as curl can, which is faster: some are refused, and others not held up."""
        keys = ":".join(self.keys["app"])
        command = ["curl", "--silent", "--parallel", "--parallel-max", "4", "--head"]
        command += ["--aws-sigv4", "aws:amz:us-east-1:s3", "--user", keys, "--output", "/dev/null"]
        command += ["--header", "x-amz-content-sha256: UNSIGNED-PAYLOAD"]
        command += ["--cacert", self.endpoint.ca, "--write-out", "%{http_code}\n"]
        told = run([*command, f"{self.endpoint.url}/app/cat.jpg#[1-400]"], self.env).split()
        assert set(told) == {"200", "503"} and told.count("200") >= 50, told
        return self.root.get_object(Bucket="app", Key="cat.jpg")["Body"].read() == CAT

    def rotated(self, _):
        old = self.pair(self.old_keys["app"], "app", "cat.jpg")
        poll(lambda: self.pair(self.keys["app"], "app", "cat.jpg") == ("", 200))  # it has a rate
        return old == GONE

    def rotated_later(self, _):
        pairs = self.old_keys["laptop"], self.keys["laptop"]
        return [self.pair(keys, "backups", "laptop/disk.img") for keys in pairs] == [("", 200)] * 2

    def disabled(self, _):
        there = "photos", "cat.jpg"
        at_once = self.pair(self.keys["guest"], *there)
        self.run("glassbucket user enable guest")
        again = self.pair(self.keys["guest"], *there)
        self.run("glassbucket user disable guest")
        return (at_once, again, self.pair(self.keys["guest"], *there)) == (GONE, ("", 200), GONE)

    def listed(self, told):
        """All access keys with their names and states, and no secret."""
        lines = {words[1]: words for words in map(str.split, told.splitlines())}
        for name, (access_key, _) in self.keys.items():
            state = "disabled" if name == "guest" else "active"
            assert lines[name][0] == access_key and lines[name][2] == state, lines[name]
        pairs = [*self.keys.values(), *filter(None, self.old_keys.values())]
        return set(lines) == {"root", *self.keys} and not any(secret in told for _, secret in pairs)

    def presigned(self, told):
        """Of version 2, in which aws cli signs for the default region: until when is a time."""
        url = told.strip()
        until = int(re.search(r"[?&]Expires=(\d+)", url)[1])
        assert 3500 < until - time.time() <= 3601, until
        later = url.replace(str(until), str(until + 1))
        others = url.split("?")[0], url.replace("cat.jpg", "dog.jpg"), later
        assert [self.curl(other)[0] for other in others] == [403] * 3
        return self.curl(url) == (200, CAT.decode())

    def public(self, _):
        back = self.work / "public.jpg"
        aws = AwsCli(self.endpoint, self.work)
        aws._aws("s3", "cp", "--no-sign-request", "s3://photos/cat.jpg", back)
        assert back.read_bytes() == CAT
        more = ["/photos"], ["/photos/dog.jpg"], ["/photos/cat.jpg", "--request", "DELETE"]
        more = [*more, ["/photos/new.jpg", "--data", "x", "--request", "PUT"], ["/secret/cat.jpg"]]
        answers = [self.curl(self.endpoint.url + path, *words)[0] for path, *words in more]
        return answers == [403] * 5 and self.visitor() == (200, CAT.decode())

    def private(self, _):
        return self.visitor()[0] == 403

    def visitor(self):
        return self.curl(f"{self.endpoint.url}/photos/cat.jpg")

    def website(self, port):
        """The bucket for it is made by the words of README's section, on a server that runs."""
        pages = self.work / "public"
        pages.mkdir()
        for page in ("index", "error"):
            (pages / f"{page}.html").write_text(page)
        code = section("A website").split("```sh\n")[1].split("```")[0]
        serve, _, commands = code.partition("\n")
        assert serve == f"glassbucket serve data --allow-public --website {SITE}", serve
        run(["bash", "-e", "-c", commands], self.env, self.work)
        there, host = f"https://localhost:{port}", f"Host: {SITE}"
        visit = lambda path: self.curl(there + path, "--header", host)
        assert visit("/") == (200, "index") and visit("/absent") == (403, "error")
        return self.curl(f"{there}/")[0] == 403  # without that name it is the API

    def old(self, _):
        """A month passes for the files of the deleted ones; a server sweeps when it starts."""
        where = {"Bucket": "backups", "Prefix": "host1/d"}
        assert len(self.root.list_object_versions(**where)["Versions"]) == 2
        long_ago = time.time() - 40 * 86400
        for path in (self.server.data / ".glassbucket" / "versions").rglob("*"):
            if path.is_file():
                os.utime(path, (long_ago, long_ago))
        self._serve("glassbucket serve")
        poll(lambda: "Versions" not in self.root.list_object_versions(**where))
        kept = self.root.get_object(Bucket="backups", Key="laptop/disk.img")["Body"].read()
        return kept == FIRST

    def archive(self, *_):
        where = {"Bucket": "archive", "Key": "2026.tar"}
        version = {"VersionId": self.root.put_object(Body=FIRST, **where)["VersionId"], **where}
        by_force = {"BypassGovernanceRetention": True, **version}
        until = self.root.get_object_retention(**version)["Retention"]["RetainUntilDate"]
        left = until - datetime.datetime.now(datetime.UTC)
        assert datetime.timedelta(364) < left <= datetime.timedelta(366), left
        for s3 in (self.root, self.boto("ops")):
            shorter = {"Mode": "GOVERNANCE", "RetainUntilDate": until}
            refusals = [
                boto.code(s3.delete_object, **by_force),
                boto.code(s3.put_object_retention, Retention=shorter, **by_force),
            ]
            assert refusals == ["AccessDenied"] * 2, refusals
        self.root.delete_object(**where)
        assert boto.code(self.root.delete_bucket, Bucket="archive") == "BucketNotEmpty"
        return self.root.get_object(**version)["Body"].read() == FIRST


def shut(s3, bucket, key):
    """Whether a client may neither read, write, delete nor list there."""
    where = {"Bucket": bucket, "Key": key}
    answers = [
        boto.code(s3.get_object, **where),
        boto.code(s3.put_object, Body=b"x", **where),
        boto.code(s3.delete_object, **where),
        boto.code(s3.list_objects_v2, Bucket=bucket),
    ]
    assert answers == ["AccessDenied"] * 4, f"{bucket}/{key}: {answers}"
    return True


def tell(checks, binary, work):
    work.mkdir()
    wanted = Wanted(binary, work)
    table = list(rows())
    for want, commands in table:
        checks.attempt("README", f"I want {want}", lambda: wanted.row(want, commands))
    left = set(wanted.checks()) - {want for want, _ in table}
    checks.ok("README", "every check has its row", not left, left)
    checks.ok("README", "servers stop on SIGTERM", wanted.stop())
