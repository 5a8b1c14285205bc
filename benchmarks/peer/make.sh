#!/usr/bin/env bash
# Make the environment of the peer, Gammapy at a pinned version, in the folder given or .venv-peer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
venv=${1:-.venv-peer}
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/python" -m pip install -q -r benchmarks/peer/requirements.txt
"$venv/bin/python" -c "import gammapy; print('Gammapy', gammapy.__version__)"
