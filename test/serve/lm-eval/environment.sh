#!/usr/bin/env bash
# Prints the folder of a cached virtual environment of Python with lm-evaluation-harness, which requirements.txt describes; says what is
# missing and fails if there is none. With --make it makes the environment first: 0.6 GB, a few minutes. KNESER_LM_EVAL_ENV names another
# folder for it.
set -euo pipefail

here=$(dirname "$0")
source "$here/../../support/environment.sh"
find_environment lm-eval "$here/requirements.txt" 'npm run test:lm-eval (0.6 GB)' "${1:-}" "${KNESER_LM_EVAL_ENV:-}"
echo "$environment"
