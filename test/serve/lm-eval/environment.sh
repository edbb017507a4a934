#!/usr/bin/env bash
# Prints the folder of a cached virtual environment of Python with lm-evaluation-harness, which requirements.txt describes; says what is
# missing and fails if there is none. With --make it makes the environment first: 0.6 GB, a few minutes. KNESER_LM_EVAL_ENV names another
# folder for it.
set -euo pipefail

requirements=$(dirname "$0")/requirements.txt
name=lm-eval-$(cksum <"$requirements" | cut -d' ' -f1)
environment=${KNESER_LM_EVAL_ENV:-${XDG_CACHE_HOME:-$HOME/.cache}/kneser/$name}

lack() {
  echo "$1" >&2
  exit 1
}

command -v python3 >/dev/null || lack 'lm-evaluation-harness needs Python 3.10, and there is none'

if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  [ "${1:-}" = --make ] || lack "there is no environment in $environment; npm run test:lm-eval installs it there (0.6 GB)"
  python3 -m venv "$environment" >&2
  "$environment/bin/pip" install --disable-pip-version-check --quiet --requirement "$requirements" >&2
  # The last file: an installation that was interrupted lacks it.
  cp "$requirements" "$environment/requirements.txt"
fi
echo "$environment"
