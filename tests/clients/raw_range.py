#!/usr/bin/env python3
"""A ranged download with nothing but sockets, TLS and a SigV4 of its own.

    raw_range.py https://HOST:PORT CA.pem ACCESS_KEY SECRET_KEY BUCKET KEY FIRST LAST > PART
"""

import datetime
import hashlib
import hmac
import socket
import ssl
import sys
from urllib.parse import quote, urlsplit


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signed_head(method, path, query, host, headers, body, access_key, secret_key):
    """The request head, ready to be sent. `path` and `query` are percent-encoded and sorted."""
    time = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{time[:8]}/us-east-1/s3/aws4_request"
    payload = hashlib.sha256(body).hexdigest()
    headers = {**headers, "host": host, "x-amz-date": time, "x-amz-content-sha256": payload}
    names = sorted(headers)
    signed = ";".join(names)
    lines = "".join(f"{name}:{headers[name]}\n" for name in names)
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{signed}\n{payload}"
    to_sign = f"AWS4-HMAC-SHA256\n{time}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = f"AWS4{secret_key}".encode()
    for word in scope.split("/"):
        key = _hmac(key, word)
    headers["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={access_key}/{scope},"
        f"SignedHeaders={signed},Signature={_hmac(key, to_sign).hex()}"
    )
    if body or method in ("PUT", "POST"):
        headers["content-length"] = str(len(body))
    target = f"{path}?{query}" if query else path
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode()


def connect(url, ca):
    """A socket; through TLS where the URL says so, with `ca` as the only authority."""
    parts = urlsplit(url)
    raw = socket.create_connection((parts.hostname, parts.port), 60)
    if parts.scheme == "http":
        return raw
    return ssl.create_default_context(cafile=ca).wrap_socket(raw, server_hostname=parts.hostname)


def call(url, ca, keys, method, path, query="", headers={}, body=b""):
    """One request on a connection of its own; status and body."""
    head = signed_head(method, path, query, urlsplit(url).netloc, headers, body, *keys)
    with connect(url, ca) as connection, connection.makefile("rb") as answer:
        connection.sendall(head + body)
        status = int(answer.readline().split()[1])
        fields = {}
        while (line := answer.readline().strip()):
            name, _, value = line.decode().partition(":")
            fields[name.lower()] = value.strip()
        length = 0 if method == "HEAD" else int(fields.get("content-length", 0))
        return status, answer.read(length)


if __name__ == "__main__":
    url, ca, access_key, secret_key, bucket, key, first, last = sys.argv[1:]
    path = f"/{bucket}/{quote(key, safe='/-._~')}"
    wanted = {"range": f"bytes={first}-{last}"}
    status, part = call(url, ca, (access_key, secret_key), "GET", path, headers=wanted)
    sys.stdout.buffer.write(part)
    sys.exit(0 if status == 206 else f"status {status}")
