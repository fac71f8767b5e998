# shellcheck shell=sh
# Sourced by the other scripts, with the checkout as the current directory.
#
#   need_python   ends the script with one sentence unless $python can make virtual environments
#   venv LOCK     makes .venv hold what LOCK says, and this project; quick when it already does
#   webui VERB…   builds, checks or tests the web page, see webui.py; quick when the page is built already

# What belongs to somebody else's Python must not reach ours, nor the programs we start.
unset PYTHONHOME PYTHONPATH VIRTUAL_ENV

python=${HOLDFAST_PYTHON:-python3}

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

need_python() {
    command -v "$python" >/dev/null 2>&1 ||
        fail "Holdfast needs Python 3.11 or newer, and there is no $python: apt install python3 python3-venv"
    "$python" -I -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null ||
        fail "Holdfast needs Python 3.11 or newer, and $python is $("$python" -V 2>&1): install a newer one with its venv module and name it in HOLDFAST_PYTHON"
    # Debian packs ensurepip apart from the rest of the standard library.
    "$python" -I -c 'import ensurepip, venv' 2>/dev/null ||
        fail "Holdfast needs the Python venv module: apt install python3-venv"
}

venv() {
    if [ -x .venv/bin/python ] && .venv/bin/python -I -S scripts/venv.py check "$1" 2>/dev/null; then
        return
    fi
    need_python
    "$python" -I -B scripts/venv.py make "$1" || exit
}

webui() {
    # Not -I: webui.py imports from its own folder.
    .venv/bin/python -E -s -B scripts/webui.py "$@"
}
