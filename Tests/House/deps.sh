#!/bin/bash
# deps.sh [--test] [PACKAGE...] : installs the packages named and those of the headers that are missing; with --test
# also those of the tools that only tests need.
#
# As root with apt-get, else with sudo where it asks no password, else it prints the one line to run and stops.
set -euo pipefail

if ! command -v swiftc >/dev/null; then
  echo "Swift 6.2 or newer is needed: https://www.swift.org/install/linux/" >&2
  exit 1
fi

# The clang that ships with Swift; its folder need not be on PATH.
clang="$(dirname "$(readlink -f "$(command -v swiftc)")")/clang"
[ -x "$clang" ] || clang=clang

has_header() { echo "#include <$1>" | "$clang" -x c -fsyntax-only - 2>/dev/null; }

packages=()
if [ "${1:-}" = --test ]; then
  shift
  command -v curl >/dev/null || packages+=(curl)
  command -v nm >/dev/null || packages+=(binutils)
  command -v qemu-aarch64 >/dev/null || packages+=(qemu-user)
  python3 -c 'import venv, ensurepip' 2>/dev/null || packages+=(python3 python3-venv)
fi
packages+=("$@")
has_header yaml.h || packages+=(libyaml-dev)
has_header sqlite3.h || packages+=(libsqlite3-dev)
[ ${#packages[@]} -gt 0 ] || exit 0

install="apt-get update && apt-get install -y --no-install-recommends ${packages[*]}"
export DEBIAN_FRONTEND=noninteractive
echo "installing: ${packages[*]}" >&2
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  bash -c "$install" >&2
elif command -v apt-get >/dev/null && sudo -n true 2>/dev/null; then
  sudo -n bash -c "$install" >&2
else
  echo "These packages are missing and could not be installed from here. Run this, then again:" >&2
  echo "  sudo bash -c '$install'" >&2
  exit 1
fi
