"""Which functions of TensorFlow's C API, of those that the addon wants, a library exports.

usage: check_exports.py WHEEL HEADER     a wheel of TensorFlow, addon/src/tensorflow_api.h

It reads one library after the other out of the wheel until all are found. It ends with 1 where one is not.
"""

import re
import sys
import tempfile
import zipfile
from pathlib import Path

import lief

LIBRARY = re.compile(r"(\.dylib|\.dll|\.pyd|\.so(\.\d+)*|\.lib)$")
BIGGEST_FIRST = {"key": lambda info: info.file_size, "reverse": True}


def wanted(header):
    text = Path(header).read_text()
    return {f"TF_{name}" for name in re.findall(r"^\s*X\([^,]+,\s*(\w+),", text, re.M)}


def exported(file):
    binary = lief.parse(str(file))
    if binary is None:
        return set()
    names = (function.name for function in binary.exported_functions)
    return {name.removeprefix("_") for name in names}


def main(wheel, header):
    missing = wanted(header)
    count = len(missing)
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as folder:
        for info in sorted(archive.infolist(), **BIGGEST_FIRST):
            if not LIBRARY.search(info.filename) or not missing:
                continue
            found = missing & exported(archive.extract(info, folder))
            if found:
                print(f"{info.filename}: {len(found)} of {count}")
            missing -= found
    if missing:
        sys.exit(f"no library exports {', '.join(sorted(missing))}")


main(*sys.argv[1:])
