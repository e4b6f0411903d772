#!/bin/sh
# Installs the eight SOAP stacks on a Debian machine, as root: install.sh TOOLS_DIR
# Does nothing for what is there already, so that every test run may call it.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
tools=$(cd "$1" && pwd)
zeep=4.3.3
# Tests run side by side: one installs, the others wait for it.
exec 9>"$tools/lock"
flock 9

packages=
for package in php-cli php-soap jaxws libjaxws-java gsoap libgsoap-dev libaxis-java libsoap-lite-perl \
    mono-mcs libmono-system-web-services4.0-cil; do
    [ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>&1)" = installed ] || packages="$packages $package"
done
# A JDK, Node.js and Python often come from elsewhere than Debian: what counts is that they work.
command -v javac >/dev/null || packages="$packages default-jdk-headless"
command -v g++ >/dev/null || packages="$packages g++"
command -v node >/dev/null || packages="$packages nodejs"
command -v npm >/dev/null || packages="$packages npm"
python3 -c 'import ensurepip, venv' 2>/dev/null || packages="$packages python3-venv"
if [ -n "$packages" ]; then
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # one word per package
    if ! { apt-get -q update && apt-get -q -y --no-install-recommends install $packages; } >"$tools/apt.log" 2>&1; then
        cat "$tools/apt.log" >&2
        exit 1
    fi
fi

python=$tools/venv/bin/python
if ! "$python" -c "import importlib.metadata as m; assert m.version('zeep') == '$zeep'" 2>/dev/null; then
    python3 -m venv --clear "$tools/venv"
    "$python" -m pip install --quiet --disable-pip-version-check "zeep==$zeep"
fi

# Of mono-devel, which with all it needs is 200 MB, its WSDL tool is enough.
if [ ! -e "$tools/mono/wsdl.exe" ]; then
    rm -rf "$tools/mono"
    mkdir "$tools/mono"
    (
        cd "$tools/mono"
        # A machine that had every package asks for the lists here first.
        { apt-get -q download mono-devel || { apt-get -q update && apt-get -q download mono-devel; }; } >apt.log 2>&1 || {
            cat apt.log >&2
            exit 1
        }
        dpkg-deb --fsys-tarfile mono-devel_*.deb | tar -xf - --strip-components=5 ./usr/lib/mono/4.5/wsdl.exe
        rm mono-devel_*.deb
    )
fi

# node_modules grows beside package.json: a copy keeps it out of the repository. The second copy says
# that the installation came to its end.
if ! cmp -s "$here/node/package.json" "$tools/node/installed.json"; then
    rm -rf "$tools/node"
    mkdir "$tools/node"
    cp "$here/node/package.json" "$tools/node/package.json"
    (cd "$tools/node" && npm install --loglevel=error --no-package-lock --no-audit --no-fund >/dev/null)
    cp "$here/node/package.json" "$tools/node/installed.json"
fi
