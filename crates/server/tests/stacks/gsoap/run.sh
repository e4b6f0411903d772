#!/bin/sh
# The whole e-Reprov scenario with gSOAP: run.sh WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
# The client is generated from the WSDL at each run, so that what is published is what is tested.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
made=$5/gsoap

rm -rf "$made"
mkdir -p "$made"
cd "$made"
wsdl2h -o eReprov.h "$1" >wsdl2h.log 2>&1 || { cat wsdl2h.log >&2 && exit 1; }
soapcpp2 -C -L -x -w -j -I/usr/share/gsoap/import eReprov.h >soapcpp2.log 2>&1 || { cat soapcpp2.log >&2 && exit 1; }
g++ -O0 -I. -o scenario "$here/scenario.cpp" soapC.cpp soapeReprovBindingProxy.cpp -lgsoap++
exec ./scenario "$2" "$3" "$4"
