#!/bin/sh
# The whole e-Reprov scenario with Mono: run.sh WSDL_EXE WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
# The client is generated from the WSDL at each run, so that what is published is what is tested.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
made=$6/mono

rm -rf "$made"
mkdir -p "$made"
mono "$1" -nologo -out:"$made/EReprov.cs" "$2" >"$made/wsdl.log" 2>&1 || { cat "$made/wsdl.log" >&2 && exit 1; }
mcs -out:"$made/scenario.exe" -r:System.Web.Services.dll "$made/EReprov.cs" "$here/Scenario.cs"
exec mono "$made/scenario.exe" "$3" "$4" "$5"
