#!/bin/sh
# The whole e-Reprov scenario with Axis 1.4: run.sh WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
# The client is generated from the WSDL at each run, so that what is published is what is tested.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
classes=$5/axis
jars=/usr/share/java
axis=$jars/axis.jar:$jars/jaxrpc.jar:$jars/axis-saaj.jar:$jars/wsdl4j.jar:$jars/commons-discovery.jar:$jars/commons-logging.jar
# Otherwise it warns that it has no attachments, which nobody sends.
quiet=-Dorg.apache.commons.logging.Log=org.apache.commons.logging.impl.NoOpLog

rm -rf "$classes"
mkdir -p "$classes"
# Without --wrapArrays it makes a plain array of each element that has only a list in it, and the
# references of the site, of buildings, staircases and PBOs are lost.
java $quiet -cp "$axis" org.apache.axis.wsdl.WSDL2Java --wrapArrays -o "$classes" "$1"
javac -nowarn -Xlint:none -encoding UTF-8 -cp "$axis" -sourcepath "$classes" -d "$classes" "$here/Scenario.java" 2>"$classes/javac.log" || {
    cat "$classes/javac.log" >&2
    exit 1
}
exec java $quiet -cp "$axis:$classes" Scenario "$2" "$3" "$4"
