#!/bin/sh
# Logins with gSOAP over TLS: secured.sh WSDL_URL CONTRACT FOLDER WORK_DIR
# FOLDER has the authority of both ends, callers.pem, and the certificate of a caller, own.pem.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
made=$4/gsoap

rm -rf "$made"
mkdir -p "$made"
cd "$made"
# Debian's wsdl2h speaks no TLS: another client fetches what it reads, and the schema beside it.
curl --silent --show-error --fail --cacert "$3/callers.pem" "$1" -o eReprov.wsdl
curl --silent --show-error --fail --cacert "$3/callers.pem" "${1%wsdl}xsd=1" -o eReprov.xsd
sed -i 's|schemaLocation="[^"]*"|schemaLocation="eReprov.xsd"|' eReprov.wsdl
wsdl2h -o eReprov.h eReprov.wsdl >wsdl2h.log 2>&1 || { cat wsdl2h.log >&2 && exit 1; }
# The plugin for tokens wants its declarations among ours.
echo '#import "wsse.h"' >>eReprov.h
soapcpp2 -C -L -x -w -j -I/usr/share/gsoap/import eReprov.h >soapcpp2.log 2>&1 || { cat soapcpp2.log >&2 && exit 1; }
cat "$3/own.pem" "$3/own.key" >own.pem
g++ -O0 -DWITH_OPENSSL -I. -o secured "$here/secured.cpp" soapC.cpp soapeReprovBindingProxy.cpp \
    -I/usr/share/gsoap /usr/share/gsoap/custom/struct_timeval.c -lgsoapssl++ -lssl -lcrypto
exec ./secured "$2" "$3/callers.pem" own.pem
