#!/bin/sh
# One re-provisioning from beginning to end, with curl, and xmllint to read the answers:
# reprovision.sh CONTRACT FLOOR MOTIF
#
# See README.md beside this file for the variables of the environment.
set -eu
contract=$1 floor=$2 motif=$3
url=$EREPROV_URL
{ IFS= read -r login && IFS= read -r password; } <"$EREPROV_CREDENTIALS"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# With these codes, as without any answer, a put may have been accepted all the same.
doubtful=' 0 10100 10101 10200 20000 20003 20004 20008 20010 '

say() { printf '%s\n' "$*" >&2; }
fail() { say "$2"; exit "$1"; }

# One parameter of a question.
element() { printf '<%s>%s</%s>' "$1" "$(printf %s "$2" | sed 's/&/\&amp;/g; s/</\&lt;/g')" "$1"; }

# What an XPath finds in the answer. The elements inside a method's own have no namespace.
value() { xmllint --xpath "string($1)" "$work/answer.xml" 2>/dev/null; }

# ask METHOD PARAMETERS [HEADER]: one call. Fails where there is no answer; a KO is one.
ask() {
    cat >"$work/question.xml" <<XML
<?xml version="1.0" encoding="UTF-8"?>
<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>
<m:$1 xmlns:m="http://sfr.fr/hermes/eReprov/">$2</m:$1>
</s:Body></s:Envelope>
XML
    rm -f "$work/answer.xml"
    # The login comes by the standard input: arguments can be read by others.
    printf 'user = "%s"\n' "$(printf '%s:%s' "$login" "$password" | sed 's/[\\"]/\\&/g')" |
        curl --silent --show-error --config - --connect-timeout 10 --max-time 60 \
            --header 'Content-Type: text/xml; charset=utf-8' --header 'SOAPAction: ""' ${3:+--header "$3"} \
            --data-binary @"$work/question.xml" --dump-header "$work/headers" --output "$work/answer.xml" "$url" ||
        return 1
    # A refusal comes with HTTP 200: statut tells, not the status of HTTP.
    statut=$(value "//*[local-name()='${1}Response']//statut") || return 1
    [ -n "$statut" ] || return 1
    code=$(value //codeErreur)
}

refused() { fail 1 "KO $code: $(value //libelleErreur)"; }

# call METHOD PARAMETERS: one call that has to succeed.
call() {
    ask "$@" || fail 1 "no answer from $url"
    [ "$statut" = OK ] || refused
}

# put: sends the request once, under its name; fails where it is in doubt.
put() {
    ask putReprovisionning "$question" "Idempotency-Key: $key" || return 1
    [ "$statut" = OK ] && return 0
    case $doubtful in *" $code "*) return 1 ;; *) refused ;; esac
}

# look: getReprovisionning; state, without its accents, which some services leave out.
look() {
    ask getReprovisionning "$(element referenceContrat "$contract")" || return 1
    state=$(value '//reprovisionning/@statut' | sed 's/é/e/')
}

# was_accepted: getReprovisionning after a doubt; reads, and sends nothing.
was_accepted() {
    sleep "${EREPROV_DOUBT:-30}" # the service may still be deciding
    unknown='send nothing, ask getReprovisionning or the OI'
    look || fail 8 "outcome unknown (no answer): $unknown"
    if [ "$statut" != OK ]; then
        [ "$code" = 20014 ] && return 1 # there has never been one
        fail 8 "outcome unknown (KO $code): $unknown"
    fi
    found=$(value '//fibre/@reference')
    case "$found:$state" in
    "$fibre:Initie" | "$fibre:En cours" | "$fibre:Termine") return 0 ;;
    "$fibre:"* | :*) fail 8 "outcome unknown (the latest one is $state): $unknown" ;;
    *) return 1 ;; # the latest one is another
    esac
}

# getSiteStructure: building and staircase, by the floor's name.
case $floor in *\'*) fail 2 "no floor has a name like that: $floor" ;; esac
call getSiteStructure "$(element referenceContrat "$contract")"
echo "site $(value //site/@reference)"
building=$(value "//batiment[escalier/etage/@reference='$floor']/@reference")
staircase=$(value "//escalier[etage/@reference='$floor']/@reference")
[ -n "$staircase" ] || fail 1 "no floor $floor"

# getRoSite: the first free fibre. A technician would choose: by PBO, tube and colour.
call getRoSite "$(
    element referenceContrat "$contract"
    element referenceBatiment "$building"
    element referenceEscalier "$staircase"
    element referenceEtage "$floor"
)"
free="//fibre[@informationUtilisation='Disponible'][1]"
fibre=$(value "$free/@reference")
[ -n "$fibre" ] || fail 1 "no free fibre on $floor"
echo "fibre $fibre: tube $(value "$free/@informationTube"), fibre $(value "$free/@informationFibre")"

# putReprovisionning, which never doubles: after a doubt it is read about before it is sent again.
question=$(
    element referenceContrat "$contract"
    element referenceFibre "$fibre"
    element conservationPTO 0
    element motif "$motif"
)
key=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n') # a program that goes on writes this down before it sends
lost=
if ! put; then
    say 'in doubt: reading before anything is sent again'
    if was_accepted && ! grep -qi '^idempotency-key-kept:' "$work/headers"; then
        lost=yes
    else
        # It was not accepted; or this service answers a name that it knows as it did the first time.
        put || fail 8 "outcome unknown: $unknown"
    fi
fi
if [ -n "$lost" ]; then
    echo 'accepted: the discharge code was lost, ask the OI for it'
else
    echo "accepted: discharge code $(value //codeDecharge)"
fi

# Followed to its end in four looks at the most: 2000 calls a month are for all technicians together.
for wait in ${EREPROV_SCHEDULE:-15 45 180 360}; do
    sleep "$wait"
    look || { say 'no answer'; continue; } # the next look will tell
    [ "$statut" = OK ] || refused
    echo "state $state"
    case $state in
    Termine) exit 0 ;;
    Annule | 'En echec') exit 1 ;;
    esac
done
fail 1 'it has not ended yet'
