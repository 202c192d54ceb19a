#!/usr/bin/env bash
# Resolves cpu.in and gpu.in into cpu.lock and gpu.lock; nothing is installed but pip and uv, in .venv-lock.
# The CPU lock is resolved by pip, which finds PyTorch's CPU build where pip's own settings say; the GPU lock by uv,
# which can resolve for a machine that this one is not. With KEEP=1 what is locked stays as it is: packages are added only.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
UV_VERSION=0.13.9
venv=.venv-lock
keep_cpu=(${KEEP:+--constraint requirements/cpu.lock})
keep_gpu=(${KEEP:+--constraint requirements/gpu.lock})
header() { printf '# Made by `make lock` from %s; do not edit. See README.md in this folder.\n' "$1"; }

"${PYTHON:-python3.11}" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet "pip==$PIP_VERSION" "uv==$UV_VERSION"

echo "[lock] cpu.lock"
# pip names what it would install as "name-version ..."; a local version such as +cpu is the index's, not the lock's.
resolved=$("$venv/bin/python" -m pip install --dry-run --ignore-installed -r requirements/cpu.in "${keep_cpu[@]}" |
    sed -n 's/^Would install //p' | tr ' ' '\n' | sed -E 's/^(.*)-([^-]+)$/\1==\2/; s/\+.*$//')
[[ -n $resolved ]] || { echo "[lock] pip resolved nothing" >&2 && exit 1; }
{
    header "cpu.in and cpu-no-deps.in"
    { printf '%s\n' "$resolved" && grep '==' requirements/cpu-no-deps.in; } | LC_ALL=C sort --ignore-case
} >requirements/cpu.lock.new
mv requirements/cpu.lock.new requirements/cpu.lock

echo "[lock] gpu.lock"
{
    header "gpu.in"
    "$venv/bin/uv" pip compile requirements/gpu.in "${keep_gpu[@]}" --quiet --no-header --no-annotate --upgrade \
        --python-version 3.11 --python-platform x86_64-manylinux_2_28
} >requirements/gpu.lock.new
mv requirements/gpu.lock.new requirements/gpu.lock

rm -rf "$venv"
echo "[lock] done; now: make setup && make test"
