"""Holds a run of ceph/s3-tests against the list of those that fail for a reason.

The list is in s3-tests.md: lines that begin with "* `test_name`", perhaps followed by "(http)" or
"(https)" where the test fails over that alone.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree


HERE = pathlib.Path(__file__).parent


def results(paths):
    """Test name -> whether it passed. A test that fails and whose clean-up fails is one failure."""
    passed = {}
    for path in paths:
        for case in ElementTree.parse(path).getroot().iter("testcase"):
            name = case.get("name")
            bad = any(case.find(kind) is not None for kind in ("failure", "error", "skipped"))
            passed[name] = passed.get(name, True) and not bad
    return passed


def listed(scheme):
    """The tests that are known to fail over this scheme."""
    names = set()
    with open(HERE / "s3-tests.md", encoding="utf-8") as text:
        for line in text:
            found = re.match(r"\* `(test_\w+)`(?: \((https?)\))?", line)
            if found and found[2] in (None, scheme):
                names.add(found[1])
    return names


def applies():
    """How many tests of the suite are marked now, later and no."""
    counts = {"now": 0, "later": 0, "no": 0}
    with open(HERE / "s3-tests.tsv", encoding="utf-8") as rows:
        for row in rows:
            columns = row.rstrip("\n").split("\t")
            if len(columns) > 2 and columns[2] in counts:
                counts[columns[2]] += 1
    return counts


def main():
    scheme, *paths = sys.argv[1:]
    passed, known, counts = results(paths), listed(scheme), applies()
    bad = sorted(name for name, good in passed.items() if not good and name not in known)
    stale = sorted(name for name in known if passed.get(name))
    for name in bad:
        print(f"FAIL  {name}")
    for name in stale:
        print(f"FAIL  {name} is listed as failing, and passes")
    good = sum(passed.values())
    print(
        f"{scheme}: {good} passed, {len(passed) - good} failed ({len(bad)} without a reason), "
        f"of {counts['now']} that apply; not applicable: {counts['later']} later, {counts['no']} no"
    )
    return 1 if bad or stale else 0


sys.exit(main())
