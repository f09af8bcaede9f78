"""The story that every client tells in its own words.

A client is a class with a `name` and these methods, each of which raises on failure:
make_bucket(bucket), remove_bucket(bucket), put(path, bucket, key), get(bucket, key, path),
keys(bucket) -> {key: size}, range(bucket, key, first, last) -> bytes, copy(bucket, key, new),
move(bucket, key, new), delete(bucket, key).
"""

import shutil
import time

from harness import sha256

# The same key in composed and decomposed form is two objects; a literal %2F is no slash.
SPECIAL = [
    "two  spaces in it",
    "plus+sign",
    "amper&sand=1",
    "\"double\" and 'single'",
    "emoji \U0001f600",
    "literal %2F escape",
    "caf\u00e9 composed",
    "cafe\u0301 decomposed",
    "deep/er/tree/~tilde (1) [2] {3}!.txt",
]


def tell_rules(checks, name, rules):
    """What a client does beside the story: pairs of a rule and the step that shows it, in order."""
    for rule, step in rules:
        checks.attempt(name, rule, step)


def refused(code, step):
    """Whether a client that is a program fails, and tells that code of the server's."""
    try:
        step()
    except RuntimeError as error:
        return code in str(error)
    return False


def poll(step):
    """Asks until the answer is true, for a minute at most."""
    end = time.monotonic() + 60
    while not step():
        assert time.monotonic() < end, "it does not come about"
        time.sleep(0.1)


class Story:
    """One client's way through the operations, in a bucket of its own."""

    def __init__(self, checks, client, files, endpoint, work):
        self.checks = checks
        self.client = client
        self.files = files
        self.data = endpoint.data
        self.bucket = "b-" + client.name.replace(" ", "-").lower()
        self.back = work / f"{self.bucket}.back"

    def tell(self):
        if not self._try("make bucket", lambda: self.client.make_bucket(self.bucket)):
            return
        for size in self.files.SIZES:
            self._try(f"put and get {size}", lambda: self._there_and_back(size, key_of(size)))
        self._try("list", self._list)
        self._try("plain files", self._plain_files)
        self._try("range", self._range)
        self._try("copy", self._copy)
        self._try("rename", self._rename)
        for key in SPECIAL:
            self._try(f"special name {key!a}", lambda: self._special(key))
        self._try("special names are listed", self._special_are_listed)
        self._try("delete", self._delete)
        self._try("remove bucket", lambda: self.client.remove_bucket(self.bucket))
        self._try("nothing left", self._nothing_left)

    def _try(self, rule, step):
        return self.checks.attempt(self.client.name, rule, step)

    def _there_and_back(self, size, key):
        self.client.put(self.files.paths[size], self.bucket, key)
        self._same(size, key)

    def _same(self, size, key):
        """The object is, byte for byte, the file of that size."""
        self.back.unlink(missing_ok=True)
        self.client.get(self.bucket, key, self.back)
        found, expected = sha256(self.back), self.files.hashes[size]
        self.back.unlink()
        assert found == expected, f"SHA-256 of {key} is {found}, expected {expected}"

    def _list(self):
        expected = {key_of(name): size for name, size in self.files.SIZES.items()}
        found = self.client.keys(self.bucket)
        assert found == expected, found

    def _plain_files(self):
        """The object is a file, and a file is an object."""
        if self.data is None:
            return
        directory = self.data / self.bucket
        for size in self.files.SIZES:
            assert sha256(directory / key_of(size)) == self.files.hashes[size], size
        (directory / "by hand").mkdir()
        shutil.copyfile(self.files.paths["5 MiB"], directory / "by hand" / "copied.bin")
        assert "by hand/copied.bin" in self.client.keys(self.bucket), "a copied file is listed"
        self._same("5 MiB", "by hand/copied.bin")
        self.client.delete(self.bucket, "by hand/copied.bin")

    def _range(self):
        whole = self.files.paths["5 MiB"].read_bytes()
        for first, last in ((0, 0), (1000, 70000), (len(whole) - 10, len(whole) - 1)):
            part = self.client.range(self.bucket, key_of("5 MiB"), first, last)
            assert part == whole[first : last + 1], f"bytes {first}-{last}"

    def _copy(self):
        self.client.copy(self.bucket, key_of("5 MiB"), "copies/of 5 MiB.bin")
        self._same("5 MiB", "copies/of 5 MiB.bin")
        # Some clients copy it part by part.
        self.client.copy(self.bucket, key_of("200 MiB"), "copies/of 200 MiB.bin")
        self._same("200 MiB", "copies/of 200 MiB.bin")
        self.client.delete(self.bucket, "copies/of 200 MiB.bin")

    def _rename(self):
        self.client.move(self.bucket, "copies/of 5 MiB.bin", "renamed.bin")
        self._same("5 MiB", "renamed.bin")
        keys = self.client.keys(self.bucket)
        assert "renamed.bin" in keys and "copies/of 5 MiB.bin" not in keys, keys
        self.client.delete(self.bucket, "renamed.bin")

    def _special(self, key):
        self._there_and_back("1 B", key)
        if self.data is not None:
            assert sha256(self.data / self.bucket / key) == self.files.hashes["1 B"], "on disk"

    def _special_are_listed(self):
        """Beside each other; `_delete` takes each by the name that the list has."""
        missing = set(SPECIAL) - set(self.client.keys(self.bucket))
        assert not missing, missing

    def _delete(self):
        for key in self.client.keys(self.bucket):
            self.client.delete(self.bucket, key)
        assert self.client.keys(self.bucket) == {}, "something is left"

    def _nothing_left(self):
        if self.data is None:
            return
        assert not (self.data / self.bucket).exists(), "the bucket's directory"
        staging = self.data / ".glassbucket" / "staging"
        left = [path for path in staging.rglob("*") if path.is_file() and path.stat().st_size]
        assert not left, left


def key_of(size):
    return f"sizes/{size.replace(' ', '-')}.bin"
