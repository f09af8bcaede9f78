"""Presigned URLs of both versions, made by boto3, used by urllib and curl, which sign nothing."""

import hashlib
import ssl
import urllib.error
import urllib.request

import boto
from harness import run, sha256

BUCKET = "b-presigned"
KEY = "folder/a name+with&signs.bin"


class Presigned:
    """The URLs of one signature version."""

    def __init__(self, endpoint, files, work, version):
        path_style = {"addressing_style": "path"}
        self.s3 = boto.client(endpoint, signature_version=version, s3=path_style)
        self.tls = ssl.create_default_context(cafile=endpoint.ca) if endpoint.ca else None
        self.ca = ["--cacert", endpoint.ca] if endpoint.ca else []
        self.env = endpoint.environment()
        self.files = files
        self.back = work / "presigned.back"

    def _url(self, operation):
        where = {"Bucket": BUCKET, "Key": KEY}
        return self.s3.generate_presigned_url(operation, Params=where, ExpiresIn=300)

    def _curl(self, *words):
        return run(["curl", "--silent", "--show-error", "--fail-with-body", *self.ca, *words], self.env)

    def _status(self, url, **more):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, **more), context=self.tls) as got:
                return got.status, got.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def curl_puts(self):
        self._curl("--upload-file", self.files.paths["5 MiB"], self._url("put_object"))

    def urllib_gets(self):
        status, body = self._status(self._url("get_object"))
        return status == 200 and hashlib.sha256(body).hexdigest() == self.files.hashes["5 MiB"]

    def urllib_gets_a_range(self):
        whole = self.files.paths["5 MiB"].read_bytes()
        headers = {"Range": "bytes=100-1099"}
        return self._status(self._url("get_object"), headers=headers) == (206, whole[100:1100])

    def urllib_puts(self):
        # urllib would add a form's content type, which the URL does not sign for V2.
        body = self.files.paths["1 B"].read_bytes()
        headers = {"Content-Type": ""}
        status, _ = self._status(self._url("put_object"), method="PUT", data=body, headers=headers)
        return status == 200

    def curl_gets(self):
        self._curl("--output", self.back, self._url("get_object"))
        return sha256(self.back) == self.files.hashes["1 B"]

    def changed_url_is_refused(self):
        for change in ("&acl", "&x-amz-acl=public-read", "&versionId=null"):
            status, _ = self._status(self._url("get_object") + change)
            if status != 403:
                raise RuntimeError(f"{change}: {status}")
        status, _ = self._status(self._url("get_object"), method="DELETE")
        return status == 403


def tell(checks, endpoint, files, work):
    for label, version in (("presigned v2", "s3"), ("presigned v4", "s3v4")):
        urls = Presigned(endpoint, files, work, version)
        checks.attempt(label, "make bucket", lambda: urls.s3.create_bucket(Bucket=BUCKET))
        checks.attempt(label, "curl puts", urls.curl_puts)
        checks.attempt(label, "urllib gets", urls.urllib_gets)
        checks.attempt(label, "urllib gets a range", urls.urllib_gets_a_range)
        checks.attempt(label, "urllib puts", urls.urllib_puts)
        checks.attempt(label, "curl gets", urls.curl_gets)
        checks.attempt(label, "a changed URL is refused", urls.changed_url_is_refused)
        checks.attempt(label, "delete", lambda: urls.s3.delete_object(Bucket=BUCKET, Key=KEY))
        checks.attempt(label, "remove bucket", lambda: urls.s3.delete_bucket(Bucket=BUCKET))
