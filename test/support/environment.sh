# Functions for the scripts `environment.sh` of suites that need packages of Python, which their requirements.txt lists.

# Says why a suite cannot run, and fails.
lack() {
  echo "$1" >&2
  exit 1
}

# Sets `environment`, the folder of a cached virtual environment. Fails if there is none, unless the fourth argument is --make: then it makes
# the environment.
#
# Arguments: the name of the environment, the file requirements.txt, the command that makes the environment with the size of the packages,
# --make or nothing, and another folder for the environment or nothing.
find_environment() {
  local name=$1 requirements=$2 command=$3 option=$4 folder=$5
  command -v python3 >/dev/null || lack "$name needs Python 3, and there is none"
  environment=${folder:-${XDG_CACHE_HOME:-$HOME/.cache}/kneser/$name-$(cksum <"$requirements" | cut -d' ' -f1)}
  if cmp -s "$requirements" "$environment/requirements.txt"; then return; fi
  [ "$option" = --make ] || lack "there is no environment in $environment; $command makes it there"
  python3 -m venv "$environment" >&2
  "$environment/bin/pip" install --disable-pip-version-check --quiet --requirement "$requirements" >&2
  # The last file: an installation that was interrupted lacks it.
  cp "$requirements" "$environment/requirements.txt"
}
