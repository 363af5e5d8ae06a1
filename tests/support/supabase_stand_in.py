#!/usr/bin/env python3
"""Supabase Storage 1.70.6 for tests, as it was measured on the wire: nearly all
errors are HTTP 400 with the real status as text in the body, uploads check for
an existing object only when they begin, moves are atomic, HEAD errors have no
body, resumable uploads answer in plain text.

Options (KEY=VALUE): code=no leaves out the member "code" (servers before
1.67.18); recheck=yes makes losers of a race of uploads get 409 (after 1.70);
location=https gives resumable uploads addresses with another scheme and host;
limit=BYTES is the largest object; mime=TYPES what a bucket may hold.
"""

import base64
import datetime
import hashlib
import hmac
import json
import os
import re
import sys
import threading
import time
import urllib.parse
import uuid

from object_stand_in import Handler, Server, main

SECRET = b"the secret of a stand-in, which is no secret"
KEY = re.compile(r"[A-Za-z0-9_/!.*'() &$=@;:+,?-]+")


def encode(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def make_token(claims):
    head = encode(b'{"alg":"HS256","typ":"JWT"}')
    body = encode(json.dumps(claims).encode())
    signature = hmac.new(SECRET, f"{head}.{body}".encode(), hashlib.sha256).digest()
    return f"{head}.{body}.{encode(signature)}"


def check_token(token):
    """The claims, or why there are none."""
    try:
        head, body, signature = token.split(".")
        claims = json.loads(decode(body))
        good = hmac.new(SECRET, f"{head}.{body}".encode(), hashlib.sha256).digest()
        if not hmac.compare_digest(good, decode(signature)):
            return None, "signature verification failed"
    except ValueError:
        return None, "Invalid Compact JWS"
    if claims.get("exp", 1e12) < time.time():
        return None, '"exp" claim timestamp check failed'
    return claims, ""


ERRORS = {  # statusCode, error, message
    "NoSuchBucket": ("404", "Bucket not found", "Bucket not found"),
    "NoSuchKey": ("404", "not_found", "Object not found"),
    "KeyAlreadyExists": ("409", "Duplicate", "The resource already exists"),
    "ResourceAlreadyExists": ("409", "Duplicate", "The resource already exists"),
    "BucketAlreadyExists": ("409", "Duplicate", "The resource already exists"),
    "EntityTooLarge": ("413", "Payload too large",
                       "The object exceeded the maximum allowed size"),
    "InvalidMimeType": ("415", "invalid_mime_type", "mime type is not supported"),
    "InvalidKey": ("400", "InvalidKey", "Invalid key"),
    "AccessDenied": ("403", "Unauthorized", ""),
    "InvalidRequest": ("400", "Error",
                       "headers must have required property 'authorization'"),
    "InvalidJWT": ("400", "InvalidJWT", "signature verification failed"),
    "InvalidRange": ("416", "invalid_range", "invalid range provided"),
}


class Refusal(Exception):
    def __init__(self, code, message=None):
        super().__init__(code)
        self.code = code
        self.message = message


class Plain(Exception):
    """The errors of resumable uploads."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status, self.text = status, text


def now():
    stamp = datetime.datetime.now(datetime.timezone.utc)
    return stamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Storage(Server):
    def __init__(self, options):
        super().__init__(Rest)
        self.options = options
        self.limit = int(options.get("limit", 10 << 40))
        self.lock = threading.Lock()
        self.buckets = {}  # name -> {key -> object}
        self.uploads = {}

    def bucket(self, name):
        if name not in self.buckets:
            raise Refusal("NoSuchBucket")
        return self.buckets[name]

    def find(self, bucket, key):
        found = self.buckets.get(bucket, {}).get(key)
        if found is None:
            raise Refusal("NoSuchKey")
        return found


class Rest(Handler):
    def serve(self):
        path = self.url.path
        resumable = path.startswith("/upload/resumable")
        try:
            try:
                self.route(path)
            except Refusal as refusal:
                # A late check: the connection lives, the body stays unread.
                self.refuse(refusal)
            except Plain as plain:
                self.close_connection = self.command == "PATCH"
                self.answer(plain.status, plain.text.encode(),
                            {"Content-Type": "text/plain"}, reason="")
        finally:
            if resumable and self.left > 0:
                self.close_connection = True
                self.left = 0

    def route(self, path):
        parts = path.strip("/").split("/")
        if path == "/status":
            return self.answer(200)
        if parts[0] == "object" and parts[1] == "sign" and self.command == "GET":
            return self.read_signed(path)
        self.check_authorization(hidden=parts[0] == "object" and self.command == "GET"
                                 and not re.match(r"/object/(info/)?authenticated/", path))
        if parts[0] == "bucket":
            return self.serve_bucket(parts[1:])
        if path.startswith("/upload/resumable"):
            return self.serve_upload(parts[2:])
        for kind, serve in (("list-v2", self.list), ("move", self.move),
                            ("sign", self.sign)):
            if parts[1] == kind:
                return serve(*self.place(parts[2:]))
        if parts[1] == "info":
            return self.info(*self.place(parts[3 if parts[2] == "authenticated" else 2:]))
        if parts[1] == "authenticated":
            return self.read(*self.place(parts[2:]))
        return {"POST": self.write, "PUT": self.write, "GET": self.read,
                "HEAD": self.head, "DELETE": self.delete}[self.command](*self.place(parts[1:]))

    def place(self, parts):
        bucket = urllib.parse.unquote(parts[0]) if parts else ""
        return bucket, urllib.parse.unquote("/".join(parts[1:]))

    def check_authorization(self, hidden):
        text = self.headers.get("authorization")
        if text is None:
            raise Refusal("InvalidRequest")
        claims, why = check_token(re.sub(r"^[Bb]earer ", "", text))
        if claims is None and hidden:
            raise Refusal("NoSuchBucket")
        if claims is None:
            raise Refusal("AccessDenied", why)
        if claims["role"] != "service_role":
            if self.command == "GET":
                raise Refusal("NoSuchBucket" if self.url.path.startswith("/bucket")
                              else "NoSuchKey")
            raise Refusal("AccessDenied", "new row violates row-level security policy")

    def refuse(self, refusal):
        status, error, message = ERRORS[refusal.code]
        body = {"statusCode": status, "error": error,
                "message": refusal.message or message, "code": refusal.code}
        if self.server.options.get("code") == "no":
            del body["code"]
        # Small bodies are on the wire already; larger ones are left there.
        if self.left <= 100_000:
            self.drain()
            return self.answer_json(416 if status == "416" else 400, body)
        self.answer_json(400, body)
        self.left = 0
        self.wait_for_the_client_to_leave()

    # --- buckets

    def serve_bucket(self, parts):
        if self.command == "GET":
            name = urllib.parse.unquote(parts[0])
            self.server.bucket(name)
            return self.answer_json(200, {"id": name, "name": name, "public": False})
        wanted = json.loads(self.body())
        with self.server.lock:
            if wanted["name"] in self.server.buckets:
                raise Refusal("BucketAlreadyExists")
            self.server.buckets[wanted["name"]] = {}
        return self.answer_json(200, {"name": wanted["name"]})

    # --- objects

    def check_new(self, bucket, key, size, media_type):
        # These are checked early: the body is read and thrown away.
        try:
            self.server.bucket(bucket)
            if size > self.server.limit:
                raise Refusal("EntityTooLarge")
            allowed = self.server.options.get("mime")
            if allowed and media_type not in allowed.split(","):
                raise Refusal("InvalidMimeType", f"mime type {media_type} is not supported")
        except Refusal:
            self.drain()
            raise
        if not KEY.fullmatch(key) or {".", ".."} & set(key.split("/")):
            raise Refusal("InvalidKey", f"Invalid key: {key}")

    def user_metadata(self, text):
        try:
            value = json.loads(base64.b64decode(text))
        except ValueError:
            return {}
        return value if isinstance(value, dict) else {}

    def write(self, bucket, key):
        media_type = self.headers.get("content-type", "application/octet-stream")
        self.check_new(bucket, key, self.left, media_type)
        upsert = self.headers.get("x-upsert") == "true" or self.command == "PUT"
        objects = self.server.bucket(bucket)
        if key in objects and not upsert:
            raise Refusal("KeyAlreadyExists")
        made = self.new_object(media_type, self.headers.get("x-metadata", ""))
        made["size"], made["etag"] = self.store_body(made["path"])
        with self.server.lock:
            if self.server.options.get("recheck") and key in objects and not upsert:
                raise Refusal("KeyAlreadyExists")
            made["created_at"] = objects.get(key, made)["created_at"]
            objects[key] = made
        self.answer_json(200, {"Key": f"{bucket}/{key}", "Id": made["id"]})

    def new_object(self, media_type, metadata):
        return {"id": str(uuid.uuid4()), "path": self.server.folder.new(),
                "media_type": media_type, "metadata": self.user_metadata(metadata),
                "created_at": now(), "size": 0, "etag": ""}

    def read(self, bucket, key):
        found = self.server.find(bucket, key)
        part = self.range_of(found["size"])
        if part is None:
            raise Refusal("InvalidRange")
        begin, end, is_part = part
        headers = {"Content-Type": found["media_type"], "ETag": f'"{found["etag"]}"',
                   "Accept-Ranges": "bytes"}
        if is_part:
            headers["Content-Range"] = f"bytes {begin}-{end - 1}/{found['size']}"
        self.answer_file(found["path"], begin, end, headers, 206 if is_part else 200)

    def head(self, bucket, key):
        try:
            self.read(bucket, key)
        except Refusal:
            self.answer(400)

    def info(self, bucket, key):
        self.server.bucket(bucket)
        found = self.server.find(bucket, key)
        self.answer_json(200, {
            "id": found["id"], "name": key, "bucket_id": bucket, "size": found["size"],
            "content_type": found["media_type"], "etag": f'"{found["etag"]}"',
            "metadata": found["metadata"], "created_at": found["created_at"],
            "last_modified": found["created_at"]})

    def delete(self, bucket, key):
        if self.headers.get("content-type") == "application/json" and not self.left:
            raise Refusal("InvalidRequest", "Body cannot be empty")
        with self.server.lock:
            self.server.find(bucket, key)
            del self.server.buckets[bucket][key]
        self.answer_json(200, {"message": "Successfully deleted"})

    def move(self, *_):
        wanted = json.loads(self.body())
        bucket, source = wanted["bucketId"], wanted["sourceKey"]
        target = wanted["destinationKey"]
        with self.server.lock:
            found = self.server.find(bucket, source)
            objects = self.server.buckets[bucket]
            if target in objects and target != source:
                raise Refusal("ResourceAlreadyExists")
            del objects[source]
            objects[target] = found
        self.answer_json(200, {"message": "Successfully moved"})

    def list(self, bucket, _):
        wanted = json.loads(self.body())
        limit = min(wanted.get("limit", 1000), 1000)
        after = decode(wanted["cursor"]).decode() if wanted.get("cursor") else ""
        with self.server.lock:
            objects = dict(self.server.buckets.get(bucket, {}))
        keys = sorted(key for key in objects
                      if key.startswith(wanted["prefix"]) and key > after)
        page = {"hasNext": len(keys) > limit, "folders": [], "objects": [
            {"name": key, "id": objects[key]["id"], "created_at": objects[key]["created_at"],
             "updated_at": now(), "metadata": {"size": objects[key]["size"]}}
            for key in keys[:limit]]}
        if page["hasNext"]:
            page["nextCursor"] = encode(keys[limit - 1].encode())
        self.answer_json(200, page)

    def sign(self, bucket, key):
        lifetime = json.loads(self.body())["expiresIn"]
        self.server.find(bucket, key)
        token = make_token({"url": f"{bucket}/{key}", "exp": time.time() + lifetime})
        self.answer_json(200, {"signedURL": f"/object/sign/{bucket}/{key}?token={token}"})

    def read_signed(self, path):
        place = urllib.parse.unquote(path.removeprefix("/object/sign/"))
        token = urllib.parse.parse_qs(self.url.query).get("token", [""])[0]
        claims, why = check_token(token)
        if claims is None or claims.get("url") != place:
            raise Refusal("InvalidJWT", why or "Invalid signature")
        self.read(*place.split("/", 1))

    # --- resumable uploads

    def serve_upload(self, parts):
        if self.headers.get("tus-resumable") != "1.0.0":
            raise Plain(412, "Tus-Resumable Required")
        if self.command == "POST":
            return self.begin_upload()
        upload = self.server.uploads.get(parts[0])
        if upload is None:
            raise Plain(404, "The file for this url was not found")
        return {"HEAD": self.ask_upload, "PATCH": self.continue_upload,
                "DELETE": self.stop_upload}[self.command](parts[0], upload)

    def begin_upload(self):
        fields = dict(field.split(" ") for field in
                      self.headers["upload-metadata"].split(","))
        fields = {name: base64.b64decode(value).decode() for name, value in fields.items()}
        bucket, key = fields["bucketName"], fields["objectName"]
        length = self.headers.get("upload-length")
        if length is None:
            raise Plain(400, "Upload-Length or Upload-Defer-Length header required")
        upsert = self.headers.get("x-upsert") == "true"
        if bucket not in self.server.buckets:
            raise Plain(404, "Bucket not found")
        if int(length) > self.server.limit:
            raise Plain(413, "Maximum size exceeded")
        if not KEY.fullmatch(key):
            raise Plain(400, f"Invalid key: {key}")
        if key in self.server.buckets[bucket] and not upsert:
            raise Plain(409, "The resource already exists")
        upload_id = encode(f"{bucket}/{key}/{uuid.uuid4()}".encode())
        made = self.new_object(fields.get("contentType", "application/octet-stream"),
                               base64.b64encode(fields.get("metadata", "{}").encode()))
        open(made["path"], "wb").close()
        self.server.uploads[upload_id] = {
            "bucket": bucket, "key": key, "length": int(length), "object": made,
            "offset": 0, "digest": hashlib.md5(), "lock": threading.Lock()}
        base = ("https://storage.example.org/storage/v1"
                if self.server.options.get("location") == "https" else self.server.url)
        self.answer(201, b"", {"Location": f"{base}/upload/resumable/{upload_id}",
                               "Tus-Resumable": "1.0.0"}, reason="")

    def ask_upload(self, _, upload):
        self.answer(200, b"", {"Upload-Offset": str(upload["offset"]),
                               "Upload-Length": str(upload["length"]),
                               "Cache-Control": "no-store"}, reason="")

    def continue_upload(self, _, upload):
        if self.headers.get("content-type") != "application/offset+octet-stream":
            raise Plain(400, "Invalid content-type")
        if not upload["lock"].acquire(timeout=1.5):
            raise Plain(409, "Upload-Offset conflict")
        try:
            if int(self.headers.get("upload-offset", -1)) != upload["offset"]:
                raise Plain(409, "Upload-Offset conflict")
            self.append(upload)
            headers = {"Upload-Offset": str(upload["offset"]), "Tus-Resumable": "1.0.0"}
            if upload["offset"] == upload["length"]:
                self.complete(upload)
                headers["Tus-Complete"] = "1"
            self.answer(204, b"", headers, reason="")
        finally:
            upload["lock"].release()

    def append(self, upload):
        with open(upload["object"]["path"], "ab", buffering=0) as out:
            for block in self.blocks():
                if upload["offset"] + len(block) > upload["length"]:
                    raise Plain(413, "upload's size exceeded")
                out.write(block)
                upload["digest"].update(block)
                upload["offset"] += len(block)

    def complete(self, upload):
        objects = self.server.bucket(upload["bucket"])
        with self.server.lock:
            if objects.get(upload["key"], upload["object"]) is not upload["object"]:
                if self.headers.get("x-upsert") != "true":
                    raise Plain(409, "The resource already exists")
            upload["object"].update(size=upload["length"], created_at=now(),
                                    etag=upload["digest"].hexdigest())
            objects[upload["key"]] = upload["object"]

    def stop_upload(self, upload_id, upload):
        del self.server.uploads[upload_id]
        os.unlink(upload["object"]["path"])
        self.answer(204, b"", {}, reason="")


if __name__ == "__main__":
    chosen = dict(argument.split("=", 1) for argument in sys.argv[1:])
    main(Storage(chosen), {
        "service_key": make_token({"role": "service_role"}),
        "anon_key": make_token({"role": "anon"}),
        "expired_key": make_token({"role": "service_role", "exp": 1}),
        "foreign_key": make_token({"role": "service_role"})[:-4] + "AAAA"})
