"""The machine in neutral words, and its peaks measured now."""

import json
import os
import pathlib
import platform
import shutil
import subprocess

SOURCE = pathlib.Path(__file__).with_name("peaks.c")
FEATURES = {"avx2": "AVX2", "fma": "FMA", "f16c": "F16C", "avx512f": "AVX-512", "avx512_vnni": "VNNI", "amx_tile": "AMX",
            "asimddp": "dot products", "i8mm": "i8mm", "sve": "SVE"}


def description():
    """Cores, instruction sets and memory: what a reader needs to place the figures, and nothing that names a machine."""
    words = set(pathlib.Path("/proc/cpuinfo").read_text().split())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    isa = ", ".join(name for flag, name in FEATURES.items() if flag in words)
    return f"{platform.machine()}, {len(os.sched_getaffinity(0))} cores, {isa}; {memory:.0f} GiB of memory"


SIZES = (16, 256, 2048, 8192, 24576, 262144)
"""KiB that are read over and over: the first levels of caches, a share of the last one, memory."""


def peaks(folder, threads, seconds=0.5, sizes=SIZES):
    """`peaks.c`'s figures: FMA GFLOP/s, and GB/s of reading by KiB."""
    binary = folder / "peaks"
    if not binary.exists() or binary.stat().st_mtime < SOURCE.stat().st_mtime:
        clang = shutil.which("clang") or "cc"
        folder.mkdir(parents=True, exist_ok=True)
        flags = ["-O3", "-march=native", "-pthread"]
        subprocess.run([clang, *flags, str(SOURCE), "-o", str(binary)], check=True)
    done = subprocess.run([str(binary), str(threads), str(seconds), *map(str, sizes)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def bandwidth(folder, byte_count, seconds=0.5):
    """GB/s of one thread that reads so many bytes over and over, as a program reads its weights once a run."""
    kib = max(1, byte_count // 1024)
    return peaks(folder, 1, seconds, [kib])["read_gbs"][str(kib)]
