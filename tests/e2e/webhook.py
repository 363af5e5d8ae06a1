"""How outside systems sign what they send."""

import base64
import hashlib
import hmac


def sign(secret, message, timestamp, body):
    """The header webhook-signature."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.digest(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(digest).decode()
