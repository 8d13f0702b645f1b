"""Unpacks parts of a wheel: what begins with one of the names.

usage: unpack_wheel.py WHEEL FOLDER NAME...
"""

import sys
import zipfile

wheel, folder, *wanted = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [n for n in archive.namelist() if n.startswith(tuple(wanted))])
