"""A place in an S3-compatible object store: checkpoints are never overwritten there, archives where they must be.

Endpoint, region and credentials are found as every tool of this kind finds them: AWS_ENDPOINT_URL_S3, AWS_REGION,
AWS_ACCESS_KEY_ID, … or a profile.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import IO, Any
from urllib.parse import parse_qsl, urlsplit

from ..errors import AuditLogError

SCHEME = "s3://"
EXAMPLE = "s3://bucket/folder, or s3://bucket/folder?lock=compliance&days=3650"
MODES = ("governance", "compliance")
REFUSED = ("AccessDenied", "403", "InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken")
#: Half a second goes into making one: it serves all places, as long as the settings stay.
CLIENTS: dict[tuple[tuple[str, str], ...], Any] = {}
THERE_ALREADY = ("PreconditionFailed", "412")
MISSING = ("NoSuchKey", "404")


class StoreError(AuditLogError):
    """An object store cannot be used."""


@dataclass(frozen=True)
class Bucket:
    """A folder of a bucket; with a lock, nobody deletes what is put there for so many days."""

    bucket: str
    folder: str = ""
    lock: str = ""
    days: int = 0

    @classmethod
    def parse(cls, address: str) -> Bucket:
        """The place that an address such as s3://bucket/folder names. Raises StoreError."""
        parts = urlsplit(address)
        options = dict(parse_qsl(parts.query, keep_blank_values=True))
        lock, days = options.pop("lock", ""), options.pop("days", "0")
        lasting = lock in MODES and days.isdecimal() and 0 < int(days) < 36_500
        if not address.startswith(SCHEME) or not parts.netloc or options or not (lasting or (not lock and days == "0")):
            raise StoreError(f'"{address}" is no place in an object store: write {EXAMPLE} (or lock=governance)')
        return cls(parts.netloc, parts.path.strip("/"), lock, int(days))

    @property
    def name(self) -> str:
        return f"{SCHEME}{self.bucket}" + (f"/{self.folder}" if self.folder else "")

    def put(self, key: str, body: bytes | IO[bytes]) -> bool:
        """Keep an object; False when there is one of this key, which stays as it is."""
        with self._explained() as errors:
            try:
                self._client.put_object(
                    Bucket=self.bucket, Key=self._path(key), Body=body, IfNoneMatch="*", **self._retention
                )
            except errors.ClientError as error:
                if _code(error) in THERE_ALREADY:
                    return False
                raise
        return True

    def replace(self, key: str, file: Path) -> None:
        """Keep a file, in place of an object of this key: as long as that one was locked, if it was."""
        with self._explained():
            from boto3.exceptions import S3UploadFailedError

            try:
                self._client.upload_file(str(file), self.bucket, self._path(key), ExtraArgs=self._retention_of(key))
            except S3UploadFailedError as error:
                raise error.__context__ or error from None

    def forget_older(self, key: str) -> datetime | None:
        """Delete earlier versions of an object; until when the last of those is locked that could not be."""
        locked: list[datetime] = []
        with self._explained() as errors:
            pages = self._client.get_paginator("list_object_versions")
            for page in pages.paginate(Bucket=self.bucket, Prefix=self._path(key)):
                for found in page.get("Versions", ()):
                    if found["Key"] != self._path(key) or found["IsLatest"]:
                        continue
                    which = {"Bucket": self.bucket, "Key": found["Key"], "VersionId": found["VersionId"]}
                    until: datetime | None = self._client.head_object(**which).get("ObjectLockRetainUntilDate")
                    # Whoever may lift a lock in governance mode does: two people have agreed to erase.
                    lifted = {"BypassGovernanceRetention": True} if until else {}
                    try:
                        self._client.delete_object(**which, **lifted)
                    except errors.ClientError:
                        if until is None or until <= datetime.now(UTC):
                            raise
                        locked.append(until)
        return max(locked, default=None)

    def version(self, key: str) -> str | None:
        """What tells one version of an object from another; None when there is none of this key."""
        found = self._head(key)
        return str(found["ETag"]) if found else None

    def get(self, key: str) -> bytes | None:
        """An object; None when there is none of this key."""
        with self._explained() as errors:
            try:
                return self._client.get_object(Bucket=self.bucket, Key=self._path(key))["Body"].read()
            except errors.ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise

    def download(self, key: str, file: Path) -> None:
        """An object as a file."""
        with self._explained():
            self._client.download_file(self.bucket, self._path(key), str(file))

    def keys(self, under: str = "") -> Iterator[str]:
        """All keys, in their order."""
        for page in self._pages(under):
            yield from (found["Key"].removeprefix(self._path("")) for found in page.get("Contents", ()))

    def newest(self) -> str | None:
        """The last key, when keys are dates with slashes: a few requests, however many there are."""
        under = ""
        while True:
            folders, keys = [], []
            for page in self._pages(under, Delimiter="/"):
                folders += [found["Prefix"] for found in page.get("CommonPrefixes", ())]
                keys += [found["Key"] for found in page.get("Contents", ())]
            if not folders:
                return str(keys[-1]).removeprefix(self._path("")) if keys else None
            under = str(folders[-1]).removeprefix(self._path(""))

    def _pages(self, under: str, **options: str) -> Iterator[dict[str, Any]]:
        with self._explained():
            pages = self._client.get_paginator("list_objects_v2")
            yield from pages.paginate(Bucket=self.bucket, Prefix=self._path(under), **options)

    def _head(self, key: str) -> dict[str, Any] | None:
        with self._explained() as errors:
            try:
                return self._client.head_object(Bucket=self.bucket, Key=self._path(key))
            except errors.ClientError as error:
                if _code(error) in MISSING:
                    return None
                raise

    def _retention_of(self, key: str) -> dict[str, Any]:
        before = self._head(key) or {}
        until = before.get("ObjectLockRetainUntilDate")
        if self.lock or until is None or until < datetime.now(UTC):
            return self._retention
        return {"ObjectLockMode": before["ObjectLockMode"], "ObjectLockRetainUntilDate": until}

    def _path(self, key: str) -> str:
        return f"{self.folder}/{key}" if self.folder else key

    @property
    def _retention(self) -> dict[str, Any]:
        # Without it, the bucket's own default counts, if it has one.
        if not self.lock:
            return {}
        return {
            "ObjectLockMode": self.lock.upper(),
            "ObjectLockRetainUntilDate": datetime.now(UTC) + timedelta(days=self.days),
        }

    @cached_property
    def _client(self) -> Any:
        try:
            import boto3
            from botocore.config import Config
        except ImportError:
            raise StoreError("an object store needs boto3: pip install boto3") from None
        settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith("AWS_")))
        made = CLIENTS.get(settings)
        if made is None:
            patience = Config(
                connect_timeout=10, read_timeout=60, retries={"total_max_attempts": 3, "mode": "standard"}
            )
            made = CLIENTS[settings] = boto3.Session().client("s3", config=patience)
        return made

    @contextmanager
    def _explained(self) -> Generator[Any]:
        """What goes wrong, with its cure. Gives the errors of boto3."""
        _ = self._client  # says what to install
        from botocore import exceptions as errors

        try:
            yield errors
        except errors.ClientError as error:
            code = _code(error)
            if code == "NoSuchBucket":
                said = f'there is no bucket "{self.bucket}": create it, with object lock to keep what it gets'
            elif code in REFUSED:
                said = f"the store refuses these credentials ({code}): they need to put, get and list objects there"
            elif self.lock and code in ("InvalidRequest", "InvalidArgument"):
                said = f"the bucket has no object lock: create one that has, or leave ?lock={self.lock} out"
            else:
                said = str(error)
            raise StoreError(f"{self.name}: {said}") from None
        except (errors.NoCredentialsError, errors.PartialCredentialsError):
            raise StoreError(f"{self.name}: no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY") from None
        except (errors.BotoCoreError, errors.HTTPClientError, OSError) as error:
            raise StoreError(f"{self.name} cannot be reached ({error})") from None


def _code(error: Any) -> str:
    return str(error.response.get("Error", {}).get("Code", ""))
