#!/bin/sh
# Logins with Mono over TLS: secured.sh WSDL_EXE WSDL_URL CONTRACT FOLDER WORK_DIR
# FOLDER has the authority of both ends, callers.pem, and the certificate of a caller, own.pem.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
made=$5/mono

rm -rf "$made"
mkdir -p "$made"
# In the ciphers of old, which are all that Mono opens.
openssl pkcs12 -export -in "$4/own.pem" -inkey "$4/own.key" -out "$made/own.p12" -passout pass:changeit \
    -keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1
curl --silent --show-error --fail --cacert "$4/callers.pem" "$2" -o "$made/eReprov.wsdl"
curl --silent --show-error --fail --cacert "$4/callers.pem" "${2%wsdl}xsd=1" -o "$made/eReprov.xsd"
cd "$made"
sed -i 's|schemaLocation="[^"]*"|schemaLocation="eReprov.xsd"|' eReprov.wsdl
mono "$1" -nologo -out:EReprov.cs eReprov.wsdl >wsdl.log 2>&1 || { cat wsdl.log >&2 && exit 1; }
mcs -out:secured.exe -r:System.Web.Services.dll EReprov.cs "$here/Secured.cs"
# Nobody vouches for the server yet.
got=$(HOME=$made mono secured.exe "$3" own.p12 2>&1) && exit 1
[ "$got" = "FAILED mono: Basic: expected OK, got nothing" ] || { echo "$got" >&2 && exit 1; }
# Mono keeps the authorities that it trusts in below the home of who runs it, by the hash of their names.
trusted=.config/.mono/new-certs/Trust
mkdir -p "$trusted"
cp "$4/callers.pem" "$trusted/$(openssl x509 -in "$4/callers.pem" -noout -subject_hash).0"
HOME=$made exec mono secured.exe "$3" own.p12
