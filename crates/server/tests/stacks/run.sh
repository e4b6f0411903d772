#!/bin/sh
# Runs the scenario with one stack that install.sh put in place:
# run.sh zeep|php|node|jaxws|gsoap|axis|mono|soaplite TOOLS_DIR WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
set -eu
here=$(cd "$(dirname "$0")" && pwd)
stack=$1
tools=$2
shift 2
mkdir -p "$5"
# The messages have accents, whatever the locale of the machine.
export LC_ALL=C.UTF-8
# Some stacks would wait for ever for a server that does not answer.
case $stack in
zeep) exec timeout 120 "$tools/venv/bin/python" "$here/zeep/scenario.py" "$@" ;;
php) exec timeout 120 php "$here/php/scenario.php" "$@" ;;
node) exec env NODE_PATH="$tools/node/node_modules" timeout 120 node "$here/node/scenario.js" "$@" ;;
jaxws | gsoap | axis) exec timeout 120 "$here/$stack/run.sh" "$@" ;;
mono) exec timeout 120 "$here/mono/run.sh" "$tools/mono/wsdl.exe" "$@" ;;
soaplite) exec timeout 120 perl "$here/soaplite/scenario.pl" "$@" ;;
*)
    echo "run.sh: no stack $stack" >&2
    exit 2
    ;;
esac
