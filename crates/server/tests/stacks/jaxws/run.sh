#!/bin/sh
# The whole e-Reprov scenario with JAX-WS RI: run.sh WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
# The client is generated from the WSDL at each run, so that what is published is what is tested.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
classes=$5/jaxws
# Its manifest names every other jar that JAX-WS needs. More would do harm: with axis-saaj.jar or
# saaj.jar on the class path, JAX-WS dies of an "old SAAJ".
jaxws=/usr/share/java/jaxws-rt.jar

rm -rf "$classes"
mkdir -p "$classes"
wsimport -quiet -Xnocompile -encoding UTF-8 -d "$classes" "$1"
javac -encoding UTF-8 -cp "$jaxws" -sourcepath "$classes" -d "$classes" "$here/Scenario.java"
# Without the property, Debian's SAAJ warns of its own way to find itself at every call.
exec java -Djavax.xml.soap.SAAJMetaFactory=com.sun.xml.messaging.saaj.soap.SAAJMetaFactoryImpl \
    -cp "$jaxws:$classes" Scenario "$2" "$3" "$4"
