#!/usr/bin/env python3
"""Checks the walls between the targets, and a few things about every source file.

The table in ARCHITECTURE.md is the truth: what each target may import, and what of the world it may touch. Checked
are Package.swift's dependencies, the `import` lines of Sources, the use of system calls and classes that touch the
world, the length of files, and that no path of somebody's machine got in. `--self-test` breaks each wall in a copy
and expects this script to notice.
"""
import re
import subprocess
import sys
import tempfile
from pathlib import Path

# What no source needs a permission for.
PURE_SYSTEM_MODULES = {"Swift", "Glibc", "Synchronization", "FoundationEssentials", "Foundation", "_Builtin_float"}

# The sides of the plan file: nothing of the first may reach anything of the second.
SERVING = ["InferenceRuntime", "FeatureStores", "OpenInferenceProtocol", "InferenceServer", "served", "serve-load"]
COMPILING = [
    "ServeDiagnostics", "ServeSyntax", "ServeSema", "KubernetesManifests", "InferenceIR", "ModelImport",
    "PipelineLowering", "InferenceCompiler", "CompilerDriver", "servec",
]
# Pairs that never see each other, not even through others.
APART = [(a, b) for a in SERVING for b in COMPILING] + [
    ("KubernetesManifests", "InferenceCompiler"), ("KubernetesManifests", "InferenceIR"),
    ("KubernetesManifests", "PlanFormat"), ("InferenceCompiler", "KubernetesManifests"),
    ("InferenceCompiler", "ServeSema"), ("ServeSema", "PlanFormat"), ("ServeSema", "InferenceIR"),
]

# What touches the world, by the word for it in the table's last column.
TOUCHES = {
    "files": r"\b(open|openat|fopen|mmap|opendir|mkdir|rename|unlink|stat|fstat|readlink|realpath|mkstemp)\(|"
             r"\bFileManager\b|contentsOfFile:|\b(Data|String)\(contentsOf:",
    "processes": r"\b(posix_spawnp?|fork|execvp?|execve|waitpid|kill|system|popen)\(|\bProcess\(\)",
    "libraries": r"\b(dlopen|dlsym)\(",
    "sockets": r"\b(socket|bind|listen|accept4?|connect|epoll_create1?)\(|\bURLSession\b",
    "environment": r"\b(getenv|setenv|environ)\b|\bProcessInfo\b",
    "clock": r"\b(clock_gettime|gettimeofday|time)\(|\b(ContinuousClock|SuspendingClock|Date)\(\)",
    "terminal": r"\bprint\(|\b(isatty|fputs|puts)\(",
}

# What needs no import; the rest is only there in a file that imports one of these.
BUILT_IN = {"clock", "terminal"}
SYSTEM_IMPORT = re.compile(r"import (Glibc|Foundation|FoundationEssentials)\b")

# Files over the length at which one is asked why.
LONGEST = 600
LONG_FILES: dict[str, str] = {}

MACHINE_PATH = re.compile(r"(?<![\w.$}/-])/(?:work|root|home|Users)/\w")


def strip_comments(swift: str) -> str:
    """The source without comments and without the contents of string literals, lines kept."""
    swift = re.sub(r'"""(.|\n)*?"""', lambda m: '""' + "\n" * m.group().count("\n"), swift)
    swift = re.sub(r'"(\\.|[^"\\\n])*"', '""', swift)
    swift = re.sub(r"/\*(.|\n)*?\*/", lambda m: "\n" * m.group().count("\n"), swift)
    return re.sub(r"//.*", "", swift)


def architecture_table(root: Path) -> dict[str, tuple[set[str], set[str]]]:
    """Per target: what it may import, and what of the world it touches."""
    table = {}
    for line in (root / "ARCHITECTURE.md").read_text().splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4:
            table[cells[0].strip("`")] = (set(re.findall(r"[\w-]+", cells[2])), set(re.findall(r"\w+", cells[3])))
    return table


def package_targets(root: Path) -> dict[str, set[str]]:
    """Per target of Package.swift, its dependencies; products of other packages by their own name."""
    text = (root / "Package.swift").read_text()
    bundles = {
        name: set(re.findall(r'\.product\(name: "([^"]+)"', body))
        for name, body in re.findall(r"^let (\w+): (?:\[Target\.Dependency\]|Target\.Dependency) = ((?:.|\n)*?)\n(?=let|\n)", text, re.M)
    }
    targets = {}
    # A target goes on to the next line that is indented as its first.
    pattern = r'^    \.(target|executableTarget|systemLibrary)\(\s*name: "([^"]+)"((?:.*\n(?!    [./]|  \]))*.*)'
    for kind, name, rest in re.findall(pattern, text, re.M):
        found = re.search(r"dependencies: (.*?)(?:, swiftSettings|\),?$)", " ".join(rest.split()))
        spec = found.group(1) if found else ""
        dependencies = set(re.findall(r'"([^"]+)"', spec))
        for bundle, products in bundles.items():
            if re.search(rf"\b{bundle}\b", re.sub(r'"[^"]*"', "", spec)):
                dependencies |= products
        targets[name] = dependencies
    return targets


def closure(targets: dict[str, set[str]], name: str) -> set[str]:
    seen: set[str] = set()
    todo = [name]
    while todo:
        for dependency in targets.get(todo.pop(), set()) - seen:
            seen.add(dependency)
            todo.append(dependency)
    return seen


def check_targets(root: Path, problems: list[str]) -> None:
    table, targets = architecture_table(root), package_targets(root)
    for name in sorted(set(targets) - set(table)):
        problems.append(f"{name}: not in ARCHITECTURE.md's table")
    for name in sorted(set(table) - set(targets)):
        problems.append(f"{name}: in ARCHITECTURE.md's table, not in Package.swift")
    for name in sorted(set(targets) & set(table)):
        for extra in sorted(targets[name] - table[name][0]):
            problems.append(f"{name}: Package.swift lets it import {extra}, ARCHITECTURE.md does not")
        for extra in sorted(table[name][0] - targets[name]):
            problems.append(f"{name}: ARCHITECTURE.md lets it import {extra}, Package.swift does not")
    for one, other in APART:
        if other in closure(targets, one):
            problems.append(f"{one}: reaches {other}, from which it must stay apart")


def check_sources(root: Path, problems: list[str]) -> None:
    table, targets = architecture_table(root), package_targets(root)
    for name, (_, touches) in table.items():
        used: set[str] = set()
        for file in sorted((root / "Sources" / name).rglob("*.swift")):
            where = file.relative_to(root)
            code = strip_comments(file.read_text())
            system = SYSTEM_IMPORT.search(code)
            own = set(re.findall(r"\b(?:func|_) (\w+)", code))
            for number, line in enumerate(code.splitlines(), 1):
                imported = re.match(r"\s*(?:@\w+(?:\(\w+\))? )*(?:(?:package|public|internal|private|fileprivate) )?import (?:\w+ (?=\w+\.))?(\w+)", line)
                if imported:
                    used.add(imported.group(1))
                if imported and imported.group(1) not in targets.get(name, set()) | PURE_SYSTEM_MODULES:
                    problems.append(f"{where}:{number}: {name} may not import {imported.group(1)}")
                for word, pattern in TOUCHES.items():
                    if not system and word not in BUILT_IN:
                        continue
                    found = re.search(r"(?<![.\w])(?<!case )(?:Glibc\.)?(?:" + pattern + ")", line)
                    # A function or parameter of the file's own of that name is no system call.
                    if not found or found.group().rstrip("(") in own:
                        continue
                    used.add(word)
                    if word not in touches:
                        problems.append(f"{where}:{number}: {name} may not touch {word}: {found.group()}")
        # A right that nothing uses only hides the day when something does.
        for unused in sorted((targets.get(name, set()) | touches) - used):
            if any((root / "Sources" / name).rglob("*.swift")):
                problems.append(f"{name}: uses no {unused}; take it out of Package.swift and ARCHITECTURE.md")


def check_every_file(root: Path, files: list[str], problems: list[str]) -> None:
    for name in files:
        file = root / name
        if file.suffix in {".onnx", ".pb", ".sqlite", ".plan", ".bin"} or not file.is_file():
            continue
        try:
            text = file.read_text()
        except UnicodeDecodeError:
            continue
        lines = text.splitlines()
        if name.startswith(("Sources/", "Tests/")) and file.suffix in {".swift", ".py", ".sh", ".c", ".h"}:
            generated = bool(lines) and lines[0].startswith("// Generated ")
            if len(lines) > LONGEST and not generated and name not in LONG_FILES:
                problems.append(f"{name}: {len(lines)} lines; split it, or list the reason in walls.py")
        for number, line in enumerate(lines, 1):
            if MACHINE_PATH.search(line):
                problems.append(f"{name}:{number}: a path of somebody's machine: {line.strip()[:80]}")


def check(root: Path, files: list[str]) -> list[str]:
    problems: list[str] = []
    check_targets(root, problems)
    check_sources(root, problems)
    check_every_file(root, files, problems)
    return problems


def tracked(root: Path) -> list[str]:
    out = subprocess.run(["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=root, check=True, capture_output=True, text=True)
    return [name for name in out.stdout.split("\0") if name and name != "Tests/House/walls.py"]


# A file to add, its text, and what the complaint must say.
BREACHES = [
    ("Sources/ServeSema/A.swift", "import Glibc\nlet f = open(\"x\", O_RDONLY)\n", "may not touch files"),
    ("Sources/ServeSema/B.swift", "package import PlanFormat\n", "may not import PlanFormat"),
    ("Sources/InferenceRuntime/A.swift", "internal import ServeSema\n", "may not import ServeSema"),
    ("Sources/FeatureStores/A.swift", "import NIOCore\n", "may not import NIOCore"),
    ("Sources/ServeSyntax/A.swift", "let now = ContinuousClock()\n", "may not touch clock"),
    ("Sources/ServeSyntax/B.swift", "func f() { print(1) }\n", "may not touch terminal"),
    ("Sources/KubernetesManifests/A.swift", "import Glibc\nlet x = getenv(\"A\")\n", "may not touch environment"),
    ("Sources/PlanFormat/Long.swift", "\n" * (LONGEST + 1), "lines; split it"),
    ("Tests/A.md", "see /" + "work/x\n", "a path of somebody's machine"),
]


def self_test(root: Path) -> list[str]:
    """What this script fails to notice."""
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for name in ["Package.swift", "ARCHITECTURE.md"]:
            (copy / name).write_text((root / name).read_text())
        for name, text, expected in BREACHES:
            file = copy / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            if not any(expected in problem and name in problem for problem in check(copy, [name])):
                missed.append(f"{name} was not found out: {expected}")
            file.unlink()
        package = copy / "Package.swift"
        text = package.read_text()
        broken = re.sub(r'(\.target\(\s*name: "InferenceRuntime", dependencies: \[)', r'\1"ServeSema", ', text)
        package.write_text(broken)
        found = check(copy, [])
        for expected in ["lets it import ServeSema", "reaches ServeSema"]:
            if not any(expected in problem for problem in found):
                missed.append(f"a forbidden dependency was not found out: {expected}")
    return missed


def main() -> int:
    root = Path(__file__).resolve().parents[2]
    problems = check(root, tracked(root)) + self_test(root)
    for problem in problems:
        print(problem)
    if not problems:
        print(f"the walls stand: {len(package_targets(root))} targets")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
