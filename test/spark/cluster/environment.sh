#!/usr/bin/env bash
# Prints the folder of Spark (SPARK_HOME) in a cached virtual environment, which requirements.txt describes; says what is missing and
# fails if there is none. With --make it makes the environment first: 0.5 GB, a few minutes. KNESER_SPARK_ENV names another folder for it.
set -euo pipefail

here=$(dirname "$0")
source "$here/../../support/environment.sh"
java=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' || true)
[ "${java:-0}" -ge 17 ] || lack 'Spark needs Java 17, and there is none: java -version'
find_environment spark "$here/requirements.txt" 'npm run test:spark (0.5 GB)' "${1:-}" "${KNESER_SPARK_ENV:-}"
"$environment/bin/python" -c 'import os, pyspark; print(os.path.dirname(pyspark.__file__))'
