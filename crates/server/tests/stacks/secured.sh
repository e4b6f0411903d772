#!/bin/sh
# Logs in over TLS in every way that one stack has:
# secured.sh zeep|php|node|jaxws|gsoap|mono|soaplite TOOLS_DIR WSDL_URL CONTRACT FOLDER WORK_DIR
# FOLDER has the authority of both ends, callers.pem, and certificates of callers with their keys.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
stack=$1
tools=$2
shift 2
mkdir -p "$4"
export LC_ALL=C.UTF-8
case $stack in
zeep) exec timeout 120 "$tools/venv/bin/python" "$here/zeep/secured.py" "$1" "$2" "$3" ;;
php) exec timeout 120 php "$here/php/secured.php" "$@" ;;
node) exec env NODE_PATH="$tools/node/node_modules" timeout 120 node "$here/node/secured.js" "$@" ;;
jaxws | gsoap) exec timeout 120 "$here/$stack/secured.sh" "$@" ;;
mono) exec timeout 120 "$here/mono/secured.sh" "$tools/mono/wsdl.exe" "$@" ;;
soaplite) exec timeout 120 perl "$here/soaplite/secured.pl" "$@" ;;
*)
    echo "secured.sh: no stack $stack" >&2
    exit 2
    ;;
esac
