"""boto3: at its defaults (SigV4, CRC trailers), and with SigV2, path-style."""

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from harness import REGION


def client(endpoint, **config):
    """A boto3 client that trusts the endpoint's certificate and no other."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint.url,
        verify=str(endpoint.ca) if endpoint.ca else None,
        aws_access_key_id=endpoint.keys[0],
        aws_secret_access_key=endpoint.keys[1],
        region_name=REGION,
        config=Config(**{"retries": {"total_max_attempts": 1}, **config}),
    )


def code(call, **parameters):
    """The error code that a call is refused with, of a HEAD the status; "" for a success."""
    try:
        call(**parameters)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return ""


class Boto3:
    name = "boto3"
    config = {}

    def __init__(self, endpoint, work):
        self.s3 = client(endpoint, **self.config)

    def make_bucket(self, bucket):
        self.s3.create_bucket(Bucket=bucket)

    def remove_bucket(self, bucket):
        self.s3.delete_bucket(Bucket=bucket)

    def put(self, path, bucket, key):
        self.s3.upload_file(str(path), bucket, key)

    def get(self, bucket, key, path):
        self.s3.download_file(bucket, key, str(path))

    def keys(self, bucket):
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}

    def copy(self, bucket, key, new):
        # The managed copy: one CopyObject for a small object, part by part for a large one.
        self.s3.copy({"Bucket": bucket, "Key": key}, bucket, new)

    def move(self, bucket, key, new):
        self.copy(bucket, key, new)
        self.delete(bucket, key)

    def delete(self, bucket, key):
        self.s3.delete_object(Bucket=bucket, Key=key)

    def range(self, bucket, key, first, last):
        answer = self.s3.get_object(Bucket=bucket, Key=key, Range=f"bytes={first}-{last}")
        return answer["Body"].read()


class Boto3V2(Boto3):
    """SigV2, and ListObjects V1 as clients of that time use it."""

    name = "boto3 sigv2"
    config = {"signature_version": "s3", "s3": {"addressing_style": "path"}}

    def keys(self, bucket):
        pages = self.s3.get_paginator("list_objects").paginate(Bucket=bucket)
        return {entry["Key"]: entry["Size"] for page in pages for entry in page.get("Contents", [])}
