"""Checks a prebuilt addon: that it loads on every system that it is for.

usage: check_prebuilt.py TARGET FILE     such as linux-x64

It says what it found, and ends with 1 where something is wrong.
"""

import hashlib
import struct
import sys

import lief

OLDEST_GLIBC = (2, 17)
OLDEST_MACOS = {"darwin-x64": [10, 15, 0], "darwin-arm64": [11, 0, 0]}
PROCESSORS = {
    "linux-x64": lief.ELF.ARCH.X86_64,
    "linux-arm64": lief.ELF.ARCH.AARCH64,
    "darwin-x64": lief.MachO.Header.CPU_TYPE.X86_64,
    "darwin-arm64": lief.MachO.Header.CPU_TYPE.ARM64,
    "win32-x64": lief.PE.Header.MACHINE_TYPES.AMD64,
}
LINUX_LIBRARIES = {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2"}
ENTRY = "napi_register_module_v1"


def expect(condition, words):
    if not condition:
        sys.exit(f"wrong: {words}")


def check_linux(binary, target):
    expect(binary.header.machine_type == PROCESSORS[target], "it is for another processor")
    libraries = set(binary.libraries)
    expect(libraries <= LINUX_LIBRARIES, f"it wants {libraries - LINUX_LIBRARIES}")
    versions = {
        tuple(int(part) for part in version.name.split("_")[1].split("."))
        for library in binary.symbols_version_requirement
        for version in library.get_auxiliary_symbols()
    }
    expect(max(versions) <= OLDEST_GLIBC, f"it wants glibc {max(versions)}")
    functions = {symbol.name for symbol in binary.exported_symbols}
    print(f"asks for glibc {'.'.join(map(str, max(versions)))} and {', '.join(sorted(libraries))}")
    return functions


def check_macos(binary, target):
    expect(binary.header.cpu_type == PROCESSORS[target], "it is for another processor")
    oldest = list(binary.build_version.minos)
    expect(oldest == OLDEST_MACOS[target], f"its oldest macOS is {oldest}")
    libraries = [
        command.name
        for command in binary.libraries
        if command.command != lief.MachO.LoadCommand.TYPE.ID_DYLIB
    ]
    expect(libraries == ["/usr/lib/libSystem.B.dylib"], f"it wants {libraries}")
    wanted = {symbol.name for symbol in binary.imported_symbols}
    expect(not any(name.startswith("_TF_") for name in wanted), "it is linked to TensorFlow")
    signature = "not signed, as x64 allows"
    if target == "darwin-arm64":
        expect(binary.has_code_signature, "it is not signed")
        signature = check_signature(bytes(binary.code_signature.content))
    print(f"macOS {'.'.join(map(str, oldest))} and newer; {', '.join(libraries)}; {signature}")
    return {symbol.name[1:] for symbol in binary.exported_symbols}


def check_signature(signature):
    """Compares each page with its hash in the signature, as the system does when it loads the page."""
    magic, _, count = struct.unpack_from(">III", signature)
    expect(magic == 0xFADE0CC0, "its signature is none")
    kind, at = struct.unpack_from(">II", signature, 12)
    expect(count >= 1 and kind == 0, "its signature lists no hashes")
    fields = struct.unpack_from(">IIIIIIIII4B", signature, at)
    _, _, _, flags, first, _, _, pages, limit, size, algorithm, _, page_bits = fields
    expect(flags & 2, "its signature is not ad hoc")
    expect(algorithm == 2, "its hashes are not SHA-256")
    with open(sys.argv[2], "rb") as file:
        code = file.read()[:limit]
    for page in range(pages):
        part = code[page << page_bits : (page + 1) << page_bits]
        begin = at + first + page * size
        expect(
            hashlib.sha256(part).digest() == signature[begin : begin + size],
            f"page {page} is not what was signed",
        )
    return f"signed ad hoc, {pages} pages have their hashes"


def check_windows(binary, target):
    expect(binary.header.machine == PROCESSORS[target], "it is for another processor")
    libraries = {entry.name for entry in binary.imports}
    others = {
        name
        for name in libraries
        if name.lower() != "kernel32.dll" and not name.startswith("api-ms-win-crt-")
    }
    expect(not others, f"it wants {others}")
    print(f"asks for {', '.join(sorted(libraries))}, and no node.exe")
    return {entry.name for entry in binary.get_export().entries}


def main():
    target, file = sys.argv[1:]
    lief.logging.disable()
    binary = lief.parse(file)
    if target.startswith("linux-"):
        functions = check_linux(binary, target)
    elif target.startswith("darwin-"):
        functions = check_macos(binary, target)
    else:
        functions = check_windows(binary, target)
    expect(ENTRY in functions, f"it does not offer {ENTRY}")


main()
