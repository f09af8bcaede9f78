"""What the object API has beside bytes, through boto3 over TLS: versions, tags, locks, conditions,
checksums and attributes of parts, a browser's form, and the configurations of a bucket."""

import datetime
import ssl
import urllib.error
import urllib.request
import uuid
import zlib
from base64 import b64encode

from botocore.exceptions import ClientError

import boto
from harness import MIB

BUCKET = "b-object-api"
LOCKED = "b-object-lock"


def refused(code, call):
    """Whether `call` is answered with that error code (or status, of an answer without a body)."""
    try:
        call()
    except ClientError as error:
        return error.response["Error"]["Code"] == code
    return False


class ObjectApi:
    """One method a rule; `rules` in order, as each goes on from the one before."""

    name = "object api, boto3"
    config = {}

    def __init__(self, endpoint, work, files):
        self.s3 = boto.client(endpoint, **self.config)
        self.endpoint = endpoint

    def rules(self):
        return [
            ("versions and delete markers", self.versions),
            ("tags of objects", self.tags),
            ("conditional writes and deletes", self.conditions),
            ("a checksum over all parts, and their attributes", self.checksums),
            ("metadata as given", self.metadata),
            ("a form's policy", self.form),
            ("configurations of a bucket", self.configurations),
            ("object lock", self.locks),
            ("every version goes", self.empty),
        ]

    def versions(self):
        s3, key = self.s3, "folder/a b"
        s3.create_bucket(Bucket=BUCKET)
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"zero")  # before versioning: id null
        s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
        one = s3.put_object(Bucket=BUCKET, Key=key, Body=b"one")["VersionId"]
        marker = s3.delete_object(Bucket=BUCKET, Key=key)
        listed = s3.list_object_versions(Bucket=BUCKET)
        get = lambda **version: s3.get_object(Bucket=BUCKET, Key=key, **version)["Body"].read()
        hidden = refused("NoSuchKey", get)
        s3.delete_object(Bucket=BUCKET, Key=key, VersionId=marker["VersionId"])
        data = self.endpoint.data
        plain = data is None or (data / BUCKET / key).read_bytes() == b"one"
        return (
            marker["DeleteMarker"]
            and hidden
            and [entry["VersionId"] for entry in listed["Versions"]] == [one, "null"]
            and len(listed["DeleteMarkers"]) == 1
            and (get(VersionId=one), get(VersionId="null")) == (b"one", b"zero")
            and plain
        )

    def tags(self):
        s3, key = self.s3, "tagged"
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"x", Tagging="project=a%20b&empty=")
        s3.copy_object(Bucket=BUCKET, Key="tagged-copy", CopySource={"Bucket": BUCKET, "Key": key})
        tags = s3.get_object_tagging(Bucket=BUCKET, Key="tagged-copy")["TagSet"]
        count = s3.get_object(Bucket=BUCKET, Key=key)["TagCount"]
        found = {tag["Key"]: tag["Value"] for tag in tags}
        return found == {"project": "a b", "empty": ""} and count == 2

    def conditions(self):
        s3, where = self.s3, {"Bucket": BUCKET, "Key": "lock-file"}
        etag = s3.put_object(**where, Body=b"mine", IfNoneMatch="*")["ETag"]
        take = lambda: s3.put_object(**where, Body=b"his", IfNoneMatch="*")
        taken = refused("PreconditionFailed", take)
        s3.put_object(**where, Body=b"mine again", IfMatch=etag)
        late = refused("PreconditionFailed", lambda: s3.delete_object(**where, IfMatch=etag))
        return taken and late and s3.get_object(**where)["Body"].read() == b"mine again"

    def checksums(self):
        s3, where = self.s3, {"Bucket": BUCKET, "Key": "parts"}
        first, last = b"a" * 5 * MIB, b"b" * 100
        kind = {"ChecksumAlgorithm": "CRC32"}
        begun = s3.create_multipart_upload(**where, **kind, ChecksumType="FULL_OBJECT")
        upload = {**where, "UploadId": begun["UploadId"]}
        parts = []
        for number, data in enumerate((first, last), 1):
            part = s3.upload_part(**upload, **kind, PartNumber=number, Body=data)
            checked = {name: part[name] for name in ("ETag", "ChecksumCRC32")}
            parts.append({"PartNumber": number, **checked})
        whole = b64encode(zlib.crc32(first + last).to_bytes(4, "big")).decode()
        done = s3.complete_multipart_upload(
            **upload,
            MultipartUpload={"Parts": parts},
            ChecksumCRC32=whole,
            ChecksumType="FULL_OBJECT",
        )
        wanted = ["ETag", "Checksum", "ObjectParts", "ObjectSize"]
        attributes = s3.get_object_attributes(**where, ObjectAttributes=wanted)
        second = s3.get_object(**where, PartNumber=2)
        return (
            done["ChecksumCRC32"] == whole
            and attributes["Checksum"]["ChecksumCRC32"] == whole
            and attributes["ObjectParts"]["TotalPartsCount"] == 2
            and attributes["ObjectSize"] == 5 * MIB + 100
            and second["Body"].read() == last
            and second["PartsCount"] == 2
        )

    def locks(self):
        s3, where = self.s3, {"Bucket": LOCKED, "Key": "record"}
        s3.create_bucket(Bucket=LOCKED, ObjectLockEnabledForBucket=True)
        until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=1)
        version = s3.put_object(
            **where, Body=b"x", ObjectLockMode="GOVERNANCE", ObjectLockRetainUntilDate=until
        )["VersionId"]
        old = {**where, "VersionId": version}
        kept = refused("AccessDenied", lambda: s3.delete_object(**old))
        s3.put_object_legal_hold(**where, LegalHold={"Status": "ON"})
        remove = lambda: s3.delete_object(**old, BypassGovernanceRetention=True)
        held = refused("AccessDenied", remove)
        s3.put_object_legal_hold(**where, LegalHold={"Status": "OFF"})
        remove()
        s3.delete_bucket(Bucket=LOCKED)
        return kept and held

    def configurations(self):
        """Each is given, read back, and taken away."""
        s3 = self.s3
        tags = {"TagSet": [{"Key": "k", "Value": "v"}]}
        rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a.example"]}
        life = {"ID": "tmp", "Status": "Enabled", "Filter": {"Prefix": "tmp/"}}
        life["Expiration"] = {"Days": 1}
        policy = (
            '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*",'
            f'"Action":"s3:GetObject","Resource":"arn:aws:s3:::{BUCKET}/secret/*"}}]}}'
        )
        s3.put_bucket_tagging(Bucket=BUCKET, Tagging=tags)
        s3.put_bucket_cors(Bucket=BUCKET, CORSConfiguration={"CORSRules": [rule]})
        rules = {"Rules": [life]}
        s3.put_bucket_lifecycle_configuration(Bucket=BUCKET, LifecycleConfiguration=rules)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy)
        good = (
            s3.get_bucket_tagging(Bucket=BUCKET)["TagSet"] == tags["TagSet"]
            and s3.get_bucket_cors(Bucket=BUCKET)["CORSRules"] == [rule]
            and s3.get_bucket_lifecycle_configuration(Bucket=BUCKET)["Rules"] == [life]
            and s3.get_bucket_policy(Bucket=BUCKET)["Policy"] == policy
        )
        s3.put_object(Bucket=BUCKET, Key="secret/x", Body=b"x")
        denied = refused("AccessDenied", lambda: s3.get_object(Bucket=BUCKET, Key="secret/x"))
        s3.delete_bucket_policy(Bucket=BUCKET)
        s3.delete_bucket_lifecycle(Bucket=BUCKET)
        s3.delete_bucket_cors(Bucket=BUCKET)
        s3.delete_bucket_tagging(Bucket=BUCKET)
        gone = refused("NoSuchCORSConfiguration", lambda: s3.get_bucket_cors(Bucket=BUCKET))
        return good and denied and gone

    def form(self):
        """What a browser sends: the fields boto3 presigned, and a file."""
        limits = [["content-length-range", 1, 1000], {"success_action_status": "201"}]
        post = self.s3.generate_presigned_post(
            BUCKET, "forms/${filename}", {"success_action_status": "201"}, limits
        )
        status, _ = self._send(post, b"of a form")
        too_long, _ = self._send(post, b"x" * 1001)
        stored = self.s3.get_object(Bucket=BUCKET, Key="forms/a name.txt")["Body"].read()
        return (status, too_long, stored) == (201, 400, b"of a form")

    def _send(self, post, content):
        boundary = uuid.uuid4().hex
        begin = f"--{boundary}\r\nContent-Disposition: form-data; name="
        fields = [f'{begin}"{name}"\r\n\r\n{value}\r\n' for name, value in post["fields"].items()]
        file = f'{begin}"file"; filename="a name.txt"\r\nContent-Type: text/plain\r\n\r\n'
        head, tail = "".join(fields) + file, f"\r\n--{boundary}--\r\n"
        body = head.encode() + content + tail.encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        request = urllib.request.Request(post["url"], data=body, headers=headers, method="POST")
        tls = ssl.create_default_context(cafile=self.endpoint.ca) if self.endpoint.ca else None
        try:
            with urllib.request.urlopen(request, context=tls) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def metadata(self):
        where = {"Bucket": BUCKET, "Key": "metadata"}
        kept = {
            "CacheControl": "max-age=60",
            "ContentDisposition": "attachment",
            "ContentLanguage": "de",
            "StorageClass": "STANDARD_IA",
            "WebsiteRedirectLocation": "/elsewhere",
            "Metadata": {"colour": "blue"},
        }
        self.s3.put_object(**where, Body=b"x", **kept)
        answer = self.s3.head_object(**where)
        return all(answer[name] == value for name, value in kept.items())

    def empty(self):
        """Every version and marker goes, then the bucket."""
        listed = self.s3.list_object_versions(Bucket=BUCKET)
        entries = listed.get("Versions", []) + listed.get("DeleteMarkers", [])
        objects = [{"Key": entry["Key"], "VersionId": entry["VersionId"]} for entry in entries]
        answer = self.s3.delete_objects(Bucket=BUCKET, Delete={"Objects": objects})
        self.s3.delete_bucket(Bucket=BUCKET)
        return len(answer["Deleted"]) == len(objects) and not answer.get("Errors")


class ObjectApiV2(ObjectApi):
    """The same in SigV2, path-style: sub-resources, headers and forms are signed another way."""

    name = "object api, boto3 sigv2"
    config = boto.Boto3V2.config
