#!/bin/sh
# Every way to log in, with JAX-WS RI over TLS: secured.sh WSDL_URL CONTRACT FOLDER WORK_DIR
# FOLDER has the authority of both ends, callers.pem, and the certificate of a caller, own.pem.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
classes=$4/jaxws
jaxws=/usr/share/java/jaxws-rt.jar

rm -rf "$classes"
mkdir -p "$classes"
keytool -importcert -noprompt -alias authority -file "$3/callers.pem" \
    -keystore "$4/trusted.p12" -storetype PKCS12 -storepass changeit 2>/dev/null
openssl pkcs12 -export -in "$3/own.pem" -inkey "$3/own.key" -name own -out "$4/own.p12" -passout pass:changeit
# Read by wsimport's Java, too; each says on its standard error that it was.
export JAVA_TOOL_OPTIONS="-Djavax.net.ssl.trustStore=$4/trusted.p12 -Djavax.net.ssl.trustStorePassword=changeit"
wsimport -quiet -Xnocompile -encoding UTF-8 -d "$classes" "$1"
javac -encoding UTF-8 -cp "$jaxws" -sourcepath "$classes" -d "$classes" "$here/Secured.java"
exec java -Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl \
    -cp "$jaxws:$classes" Secured "$2" "$4/own.p12" "$4/trusted.p12"
