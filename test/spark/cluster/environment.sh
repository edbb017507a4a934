#!/usr/bin/env bash
# Prints the folder of Spark (SPARK_HOME) in a cached virtual environment, which requirements.txt describes; says what is missing and
# fails if there is none. With --make it makes the environment first: 0.5 GB, a few minutes. KNESER_SPARK_ENV names another folder for it.
set -euo pipefail

requirements=$(dirname "$0")/requirements.txt
name=spark-$(cksum <"$requirements" | cut -d' ' -f1)
environment=${KNESER_SPARK_ENV:-${XDG_CACHE_HOME:-$HOME/.cache}/kneser/$name}

lack() {
  echo "$1" >&2
  exit 1
}

java=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' || true)
[ "${java:-0}" -ge 17 ] || lack 'Spark needs Java 17, and there is none: java -version'
command -v python3 >/dev/null || lack 'the Spark suite needs Python 3, and there is none'

if ! cmp -s "$requirements" "$environment/requirements.txt"; then
  [ "${1:-}" = --make ] || lack "there is no Spark in $environment; npm run test:spark installs it there (0.5 GB)"
  python3 -m venv "$environment" >&2
  "$environment/bin/pip" install --disable-pip-version-check --quiet --requirement "$requirements" >&2
  # The last file: an installation that was interrupted lacks it.
  cp "$requirements" "$environment/requirements.txt"
fi
"$environment/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))'
