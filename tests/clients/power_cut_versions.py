"""A writer of versions, for power_cut.py: what it was told of each, and whether that still holds.

The bucket has Object Lock, hence versioning. Whatever was acknowledged must be there after the cut:
a version once, whole, with its tags and its retention, a delete marker, the absence of what was
deleted, and the bucket's settings. The one change that was under way has happened or not: it may
have left one version that nobody was told of, or have taken away the one that it was to delete.
"""

import datetime
import json

import botocore.exceptions

KEYS = ["a", "a/b", "a/b/c", "d/e/", "long" * 70, "plain"]
EPOCH = datetime.datetime(2100, 1, 1, tzinfo=datetime.timezone.utc)
MARKER = "a delete marker"


class Key:
    """The versions of one key. Newer ids are smaller here: the order of a listing is theirs."""

    def __init__(self):
        self.versions = {}  # id -> its content, or MARKER
        self.tags = {}  # id -> values that its tag may have; None is "no tag"
        self.until = {}  # id -> days that it may be retained; None is "not"
        self.latest = None
        self.gone = set()

    def add(self, version_id, content):
        self.versions[version_id] = content
        self.tags[version_id] = self.until[version_id] = [None]
        self.latest = version_id

    def remove(self, version_id):
        del self.versions[version_id]
        self.gone.add(version_id)
        if self.latest == version_id:
            self.latest = min(self.versions, default=None)


class Under:
    """The change under way: for which key, of what kind, and of which version or content."""

    def __init__(self, key, kind, of):
        self.key, self.kind, self.of = key, kind, of


class History:
    """All that one writer was told, from cut to cut."""

    def __init__(self):
        self.keys = {}
        self.settings = {"versioning": [None], "policy": [None]}
        self.under = None

    def versions(self):
        return sum(len(key.versions) for key in self.keys.values())


class VersionChanges:
    """The changes, each one of a writer's steps. `name` is a prefix of keys, and of a bucket."""

    def __init__(self, name, s3, chance, bucket, content, history):
        self.name, self.s3, self.chance, self.bucket = name, s3, chance, bucket
        self.content, self.history = content, history

    def step(self):
        name = f"{self.name}/{self.chance.choice(KEYS)}"
        key = self.history.keys.setdefault(name, Key())
        named = [id for id, content in key.versions.items() if content is not MARKER]
        changes = [self.put, self.put, self.multipart, self.mark, self.versioning, self.policy]
        if key.versions:
            changes += [self.remove, self.remove_latest]
        if named:
            changes += [self.tag, self.retain]
        change = self.chance.choice(changes)
        of = {"Bucket": self.bucket, "Key": name}
        if change in (self.tag, self.retain):
            change(key, of, self.chance.choice(named))
        else:
            change(name, key, of)
        self.history.under = None

    def begin(self, name, kind, of):
        self.history.under = Under(name, kind, of)

    def put(self, name, key, of):
        content = self.content(self.chance.randrange(10**12))
        self.begin(name, "put", content)
        answer = self.s3.put_object(Body=content.body, Metadata=content.metadata,
                                    ContentType=content.kind, **of)
        key.add(answer["VersionId"], content)

    def multipart(self, name, key, of):
        content = self.content(self.chance.randrange(10**12))
        upload = self.s3.create_multipart_upload(
            Metadata=content.metadata, ContentType=content.kind, **of)["UploadId"]
        of = {"UploadId": upload, **of}
        tag = self.s3.upload_part(PartNumber=1, Body=content.body, **of)["ETag"]
        self.begin(name, "put", content)
        parts = {"Parts": [{"PartNumber": 1, "ETag": tag}]}
        answer = self.s3.complete_multipart_upload(MultipartUpload=parts, **of)
        key.add(answer["VersionId"], content)

    def mark(self, name, key, of):
        self.begin(name, "put", MARKER)
        key.add(self.s3.delete_object(**of)["VersionId"], MARKER)

    def remove_latest(self, name, key, of):
        self.remove(name, key, of, key.latest)

    def remove(self, name, key, of, version_id=None):
        version_id = version_id or self.chance.choice(list(key.versions))
        self.begin(name, "remove", version_id)
        self.s3.delete_object(VersionId=version_id, BypassGovernanceRetention=True, **of)
        key.remove(version_id)

    def tag(self, key, of, version_id):
        value = str(self.chance.randrange(10**9))
        key.tags[version_id] = key.tags[version_id] + [value]
        self.s3.put_object_tagging(
            VersionId=version_id, Tagging={"TagSet": [{"Key": "k", "Value": value}]}, **of)
        key.tags[version_id] = [value]

    def retain(self, key, of, version_id):
        days = self.chance.randrange(1000)
        key.until[version_id] = key.until[version_id] + [days]
        until = {"Mode": "GOVERNANCE", "RetainUntilDate": EPOCH + datetime.timedelta(days)}
        self.s3.put_object_retention(
            VersionId=version_id, Retention=until, BypassGovernanceRetention=True, **of)
        key.until[version_id] = [days]

    def versioning(self, _name, _key, _of):
        value = self.chance.choice(["Enabled", "Suspended"])
        self.setting("versioning", value, lambda bucket: self.s3.put_bucket_versioning(
            Bucket=bucket, VersioningConfiguration={"Status": value}))

    def policy(self, _name, _key, _of):
        value = policy(settings_bucket(self.name), self.chance.randrange(10**9))
        self.setting("policy", value, lambda bucket: self.s3.put_bucket_policy(
            Bucket=bucket, Policy=value))

    def setting(self, kind, value, put):
        self.history.settings[kind] = self.history.settings[kind] + [value]
        put(settings_bucket(self.name))
        self.history.settings[kind] = [value]


def settings_bucket(name):
    return f"settings-{name}"


def policy(bucket, number):
    statement = {"Sid": str(number), "Effect": "Deny", "Principal": "*",
                 "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/denied/*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def faults(s3, bucket, name, history):
    """What does not hold of what this writer was told; the history is what was found, then."""
    found = []
    listed = listing(s3, bucket, f"{name}/")
    for key_name in sorted(history.keys.keys() | listed.keys()):
        under = history.under
        under = under if under is not None and under.key == key_name else None
        key = history.keys.setdefault(key_name, Key())
        found += [f"{key_name[:40]}: {fault}" for fault in
                  key_faults(s3, bucket, key_name, key, listed.get(key_name, []), under)]
    for kind, values in history.settings.items():
        now = SETTINGS[kind](s3, settings_bucket(name))
        if now not in values:
            found.append(f"{kind} is {now}, not one of {values}")
        history.settings[kind] = [now]
    history.under = None
    return found


def listing(s3, bucket, prefix):
    """Key -> its lines in their order: id, whether a marker, whether the latest."""
    lines, where = {}, {}
    while True:
        page = s3.list_object_versions(Bucket=bucket, Prefix=prefix, **where)
        for kind in ("Versions", "DeleteMarkers"):
            for item in page.get(kind, []):
                line = (item["VersionId"], kind == "DeleteMarkers", item["IsLatest"])
                lines.setdefault(item["Key"], []).append(line)
        if not page["IsTruncated"]:
            return lines
        where = {"KeyMarker": page["NextKeyMarker"],
                 "VersionIdMarker": page["NextVersionIdMarker"]}


def key_faults(s3, bucket, name, key, lines, under):
    of = {"Bucket": bucket, "Key": name}
    ids = [line[0] for line in lines]
    if len(set(ids)) < len(ids):
        yield f"a version is listed twice: {ids}"
    latest_may_be = {key.latest}
    if under is not None and under.kind == "remove":
        rest = set(key.versions) - {under.of}
        latest_may_be.add(min(rest, default=None))
        if under.of not in ids:
            key.remove(under.of)
    for version_id in set(key.versions) - set(ids):
        yield f"{version_id} was acknowledged, and is not listed"
        key.remove(version_id)
    for version_id in set(ids) & key.gone:
        yield f"{version_id} was deleted, and is listed"
    new = set(ids) - set(key.versions) - key.gone
    if len(new) > (under is not None and under.kind == "put"):
        yield f"nobody made {new}"
    for version_id, is_marker, _ in lines:
        if version_id in new and under is not None and under.kind == "put":
            key.add(version_id, under.of)
            latest_may_be.add(version_id)
        if version_id in key.versions:
            yield from version_faults(s3, of, key, version_id, is_marker)
    latest = [line[0] for line in lines if line[2]]
    if len(latest) > 1 or (latest or [None])[0] not in latest_may_be:
        yield f"the latest is {latest}, not one of {latest_may_be}"
    key.latest = (latest or [None])[0]
    plain = get(s3, of)
    content = key.versions.get(key.latest, MARKER)
    if (plain is None) != (content is MARKER) or plain and not content.is_it(plain):
        yield "what a plain GET finds is not the latest version"


def version_faults(s3, of, key, version_id, is_marker):
    content = key.versions[version_id]
    if is_marker != (content is MARKER):
        yield f"{version_id} is {'a' if is_marker else 'no'} delete marker"
        return
    if is_marker:
        return
    of = {"VersionId": version_id, **of}
    answer = get(s3, of)
    if answer is None or not content.is_it(answer):
        yield f"{version_id} is lost or torn"
        return
    tags = s3.get_object_tagging(**of)["TagSet"]
    tag = tags[0]["Value"] if tags else None
    if tag not in key.tags[version_id]:
        yield f"{version_id} has the tag {tag}, not one of {key.tags[version_id]}"
    key.tags[version_id] = [tag]
    days = retained(s3, of)
    if days not in key.until[version_id]:
        yield f"{version_id} is retained for {days}, not one of {key.until[version_id]}"
    key.until[version_id] = [days]


def get(s3, of):
    """The answer to a GET; `None` where there is none."""
    return nothing_at(lambda: s3.get_object(**of), "NoSuchKey", "NoSuchVersion")


def retained(s3, of):
    answer = nothing_at(lambda: s3.get_object_retention(**of), "NoSuchObjectLockConfiguration")
    return answer and (answer["Retention"]["RetainUntilDate"] - EPOCH).days


def policy_of(s3, bucket):
    answer = nothing_at(lambda: s3.get_bucket_policy(Bucket=bucket), "NoSuchBucketPolicy")
    return answer and answer["Policy"]


SETTINGS = {
    "versioning": lambda s3, bucket: s3.get_bucket_versioning(Bucket=bucket).get("Status"),
    "policy": policy_of,
}


def nothing_at(call, *codes):
    """What `call` answers; `None` where that is one of these errors."""
    try:
        return call()
    except botocore.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in codes:
            raise
        return None
