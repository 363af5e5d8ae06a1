#!/usr/bin/env python3
"""An S3 server for tests that checks every signature (Signature Version 4).

Knows buckets by path and by host (bucket.localhost), objects, ranges, lists,
uploads in parts and If-None-Match for writes. Options (KEY=VALUE): bucket=NAME
exists from the start; conditions=no ignores If-None-Match.
"""

import datetime
import email.utils
import hashlib
import hmac
import os
import re
import sys
import threading
import urllib.parse
import xml.etree.ElementTree as xml
from xml.sax.saxutils import escape

from object_stand_in import Handler, Server, main

ACCESS_KEY = "AKSTANDIN"
SECRET_KEY = "a secret that is none/+="
MINIMUM_PART = 64 * 1024


class Refusal(Exception):
    def __init__(self, status, code, message=""):
        super().__init__(code)
        self.status, self.code, self.message = status, code, message


def mac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


class Storage(Server):
    def __init__(self, options):
        super().__init__(S3)
        self.options = options
        self.lock = threading.Lock()
        self.buckets = {options["bucket"]: {}} if "bucket" in options else {}
        self.uploads = {}


class S3(Handler):
    def serve(self):
        try:
            self.check_signature()
            self.route()
        except Refusal as refusal:
            self.drain()
            body = (f"<Error><Code>{refusal.code}</Code>"
                    f"<Message>{escape(refusal.message or refusal.code)}</Message></Error>")
            self.answer(refusal.status, body.encode(), {"Content-Type": "application/xml"})

    def check_signature(self):
        if "X-Amz-Signature=" in self.url.query:
            return self.check_signed_url()
        match = re.fullmatch(
            r"AWS4-HMAC-SHA256 Credential=([^/]+)/(\d+)/([^/]+)/s3/aws4_request, ?"
            r"SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})",
            self.headers.get("authorization", ""))
        if not match:
            raise Refusal(403, "AccessDenied", "Missing signature")
        access, date, region, names, signature = match.groups()
        if access != ACCESS_KEY:
            raise Refusal(403, "InvalidAccessKeyId")
        payload = self.headers.get("x-amz-content-sha256")
        if payload is None or "x-amz-content-sha256" not in names.split(";"):
            raise Refusal(400, "MissingContentSha256")
        unsigned = [name for name in self.headers if name.lower().startswith("x-amz-")
                    and name.lower() not in names.split(";")]
        if unsigned or "host" not in names.split(";"):
            raise Refusal(403, "AccessDenied", f"not signed: {unsigned}")
        headers = "".join(f"{name}:{self.headers[name].strip()}\n"
                          for name in names.split(";"))
        pairs = urllib.parse.parse_qsl(self.url.query, keep_blank_values=True)
        query = "&".join(sorted(
            urllib.parse.quote(name, safe="-_.~") + "=" + urllib.parse.quote(value, safe="-_.~")
            for name, value in pairs))
        path = urllib.parse.quote(urllib.parse.unquote(self.url.path), safe="/-_.~")
        canonical = "\n".join([self.command, path, query, headers, names, payload])
        stamp = self.headers["x-amz-date"]
        to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, f"{date}/{region}/s3/aws4_request",
                             hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + SECRET_KEY).encode()
        for part in (date, region, "s3", "aws4_request"):
            key = mac(key, part)
        if not hmac.compare_digest(mac(key, to_sign).hex(), signature):
            raise Refusal(403, "SignatureDoesNotMatch")

    def check_signed_url(self):
        pairs = urllib.parse.parse_qsl(self.url.query, keep_blank_values=True)
        said = dict(pairs)
        access, date, region, *_ = said["X-Amz-Credential"].split("/")
        if access != ACCESS_KEY:
            raise Refusal(403, "InvalidAccessKeyId")
        signed = datetime.datetime.strptime(said["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
        age = datetime.datetime.utcnow() - signed
        if age.total_seconds() > int(said["X-Amz-Expires"]):
            raise Refusal(403, "AccessDenied", "Request has expired")
        query = "&".join(sorted(
            urllib.parse.quote(name, safe="-_.~") + "=" + urllib.parse.quote(value, safe="-_.~")
            for name, value in pairs if name != "X-Amz-Signature"))
        canonical = "\n".join([self.command, self.url.path, query,
                               f"host:{self.headers['host']}\n", "host", "UNSIGNED-PAYLOAD"])
        to_sign = "\n".join(["AWS4-HMAC-SHA256", said["X-Amz-Date"],
                             f"{date}/{region}/s3/aws4_request",
                             hashlib.sha256(canonical.encode()).hexdigest()])
        key = ("AWS4" + SECRET_KEY).encode()
        for part in (date, region, "s3", "aws4_request"):
            key = mac(key, part)
        if not hmac.compare_digest(mac(key, to_sign).hex(), said["X-Amz-Signature"]):
            raise Refusal(403, "SignatureDoesNotMatch")

    def route(self):
        path = urllib.parse.unquote(self.url.path)
        host = self.headers["host"].split(":")[0]
        if host.endswith(".localhost"):
            self.bucket, self.key = host.removesuffix(".localhost"), path[1:]
        else:
            self.bucket, _, self.key = path[1:].partition("/")
        self.query = dict(urllib.parse.parse_qsl(self.url.query, keep_blank_values=True))
        if not self.key:
            return self.make_bucket() if self.command == "PUT" else self.list()
        if "uploads" in self.query or "uploadId" in self.query:
            return self.serve_upload()
        return {"PUT": self.put, "GET": self.get, "HEAD": self.get,
                "DELETE": self.delete}[self.command]()

    def objects(self):
        if self.bucket not in self.server.buckets:
            raise Refusal(404, "NoSuchBucket")
        return self.server.buckets[self.bucket]

    def make_bucket(self):
        with self.server.lock:
            if self.bucket in self.server.buckets:
                raise Refusal(409, "BucketAlreadyOwnedByYou")
            self.server.buckets[self.bucket] = {}
        self.answer(200)

    def publish(self, made):
        conditional = (self.headers.get("if-none-match") == "*"
                       and self.server.options.get("conditions") != "no")
        with self.server.lock:
            objects = self.objects()
            if conditional and self.key in objects:
                raise Refusal(412, "PreconditionFailed")
            objects[self.key] = made

    def described(self):
        return {"path": self.server.folder.new(),
                "modified": datetime.datetime.now(datetime.timezone.utc),
                "media_type": self.headers.get("content-type", "binary/octet-stream"),
                "metadata": {name: value for name, value in self.headers.items()
                             if name.lower().startswith("x-amz-meta-")}}

    def put(self):
        self.objects()
        made = self.described()
        made["size"], made["etag"] = self.store_body(made["path"])
        self.publish(made)
        self.answer(200, b"", {"ETag": f'"{made["etag"]}"'})

    def get(self):
        found = self.objects().get(self.key)
        if found is None:
            raise Refusal(404, "NoSuchKey")
        part = self.range_of(found["size"])
        if part is None:
            raise Refusal(416, "InvalidRange")
        begin, end, is_part = part
        headers = {"Content-Type": found["media_type"], "ETag": f'"{found["etag"]}"',
                   "Last-Modified": email.utils.format_datetime(found["modified"], usegmt=True),
                   **found["metadata"]}
        if is_part:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{found['size']}"
        self.answer_file(found["path"], begin, end, headers, 206 if is_part else 200)

    def delete(self):
        with self.server.lock:
            self.objects().pop(self.key, None)
        self.answer(204)

    def list(self):
        prefix = self.query.get("prefix", "")
        limit = int(self.query.get("max-keys", 1000))
        after = self.query.get("continuation-token", "")
        with self.server.lock:
            objects = dict(self.objects())
        keys = sorted(key for key in objects if key.startswith(prefix) and key > after)
        rows = "".join(
            f"<Contents><Key>{escape(key)}</Key><Size>{objects[key]['size']}</Size>"
            f"<LastModified>{objects[key]['modified']:%Y-%m-%dT%H:%M:%S.123Z}</LastModified>"
            "</Contents>" for key in keys[:limit])
        more = len(keys) > limit
        token = (f"<NextContinuationToken>{escape(keys[limit - 1])}</NextContinuationToken>"
                 if more else "")
        self.answer(200, (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">'
            f"<IsTruncated>{str(more).lower()}</IsTruncated>{rows}"
            f"{token}</ListBucketResult>").encode())

    # --- uploads in parts

    def serve_upload(self):
        if "uploads" in self.query:
            return self.begin()
        upload = self.server.uploads.get(self.query["uploadId"])
        if upload is None:
            raise Refusal(404, "NoSuchUpload")
        return {"PUT": self.put_part, "POST": self.complete,
                "DELETE": self.abandon}[self.command](upload)

    def begin(self):
        self.objects()
        upload_id = f"upload+{len(self.server.uploads)}/="
        self.server.uploads[upload_id] = {"object": self.described(), "parts": {}}
        self.answer(200, (f"<InitiateMultipartUploadResult><UploadId>{upload_id}</UploadId>"
                          "</InitiateMultipartUploadResult>").encode())

    def put_part(self, upload):
        path = self.server.folder.new()
        size, etag = self.store_body(path)
        upload["parts"][int(self.query["partNumber"])] = (path, size, etag)
        self.answer(200, b"", {"ETag": f'"{etag}"'})

    def complete(self, upload):
        named = [(int(part.find("PartNumber").text), part.find("ETag").text.strip('"'))
                 for part in xml.fromstring(self.body())]
        if any(number not in upload["parts"] or upload["parts"][number][2] != etag
               for number, etag in named) or named != sorted(named):
            raise Refusal(400, "InvalidPart")
        parts = [upload["parts"][number] for number, _ in named]
        if any(size < MINIMUM_PART for _, size, _ in parts[:-1]):
            raise Refusal(400, "EntityTooSmall")
        made = upload["object"]
        # As S3 does, without copying them.
        made["path"] = [path for path, _, _ in parts]
        made["size"] = sum(size for _, size, _ in parts)
        made["etag"] = f"{parts[0][2]}-{len(parts)}"
        self.publish(made)
        self.forget(upload, kept=made["path"])
        self.answer(200, b"<CompleteMultipartUploadResult/>")

    def abandon(self, upload):
        self.forget(upload)
        self.answer(204)

    def forget(self, upload, kept=()):
        del self.server.uploads[self.query["uploadId"]]
        for path, _, _ in upload["parts"].values():
            if path not in kept:
                os.unlink(path)


if __name__ == "__main__":
    chosen = dict(argument.split("=", 1) for argument in sys.argv[1:])
    main(Storage(chosen), {"access_key": ACCESS_KEY, "secret_key": SECRET_KEY})
