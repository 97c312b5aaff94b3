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


def peaks(folder, threads, seconds=0.5):
    """`peaks.c`'s figures: FMA GFLOP/s, and GB/s of reading by KiB."""
    binary = folder / "peaks"
    if not binary.exists() or binary.stat().st_mtime < SOURCE.stat().st_mtime:
        clang = shutil.which("clang") or "cc"
        folder.mkdir(parents=True, exist_ok=True)
        flags = ["-O3", "-march=native", "-pthread"]
        subprocess.run([clang, *flags, str(SOURCE), "-o", str(binary)], check=True)
    done = subprocess.run([str(binary), str(threads), str(seconds)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def bandwidth(peaks_, weight_bytes):
    """GB/s of reading a buffer of at least this size over and over: what bounds a step that reads its weights once."""
    sizes = sorted(int(size) for size in peaks_["read_gbs"])
    fitting = next((size for size in sizes if size * 1024 >= weight_bytes), sizes[-1])
    return peaks_["read_gbs"][str(fitting)]
