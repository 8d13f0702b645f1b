"""Unpacks from TensorFlow's wheel what tfjs-node needs: libtensorflow and its headers.

usage: unpack_wheel.py WHEEL FOLDER
"""

import sys
import zipfile

WANTED = (
    "tensorflow/libtensorflow_cc.so.2",
    "tensorflow/libtensorflow_framework.so.2",
    "tensorflow/include/",
)

wheel, folder = sys.argv[1:]
with zipfile.ZipFile(wheel) as archive:
    archive.extractall(folder, [n for n in archive.namelist() if n.startswith(WANTED)])
