<?php

// The whole e-Reprov scenario with PHP's ext-soap.
//
// scenario.php WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
//
// Everything about the service comes from its WSDL, the address too. A SOAP fault raises and so ends the
// run.

declare(strict_types=1);

define('WSDL', $argv[1]);
define('CONTRACT', $argv[2]);
define('CURRENT_FIBRE', $argv[3]);
define('NEW_FIBRE', $argv[4]);
const LOGIN = 'oc-demo';
const PASSWORD = 'oc-demo';
const SOAP_11_ENVELOPE = 'http://schemas.xmlsoap.org/soap/envelope/';
const SOAP_12_ENVELOPE = 'http://www.w3.org/2003/05/soap-envelope';
const UTILISATIONS = ['Disponible', 'Occupé', 'Réservé'];
const CONSTRUCTIONS = ['A construire', 'En construction', 'Construite'];

// ext-soap turns what it does not find in an answer into a missing property: without this, a warning.
set_error_handler(function (int $level, string $message, string $file, int $line): never {
    throw new ErrorException($message, 0, $level, $file, $line);
});

function check(bool $condition, string $message): void
{
    if (!$condition) {
        fwrite(STDERR, "FAILED php: $message\n");
        exit(1);
    }
}

function expect(string $what, mixed $got, mixed $wanted): void
{
    $show = fn (mixed $value): string => json_encode($value, JSON_UNESCAPED_UNICODE);
    check($got === $wanted, "$what: expected {$show($wanted)}, got {$show($got)}");
}

function client(string $wsdl, int $version = SOAP_1_1, string $password = PASSWORD): SoapClient
{
    return new SoapClient($wsdl, [
        'soap_version' => $version, // ext-soap does not take it from the WSDL
        'login' => LOGIN,
        'password' => $password,
        'cache_wsdl' => WSDL_CACHE_NONE,
        'features' => SOAP_SINGLE_ELEMENT_ARRAYS,
        'trace' => true,
    ]);
}

/** @return list<?string> statut, codeErreur, libelleErreur */
function header_of(object $answer): array
{
    $header = $answer->enteteResponse;
    return [$header->statut, $header->codeErreur ?? null, $header->libelleErreur ?? null];
}

function expect_ok(string $what, object $answer): void
{
    expect($what, header_of($answer), ['OK', null, null]);
}

function expect_envelopes(string $what, SoapClient $client, string $namespace): void
{
    foreach ([$client->__getLastRequest(), $client->__getLastResponse()] as $message) {
        check(str_contains($message, "\"$namespace\""), "$what: the envelope's namespace in $message");
    }
}

/** @return array<string, array{object, list<string>}> the site's sockets by reference, each with its place */
function structure(SoapClient $client): array
{
    $answer = $client->getSiteStructure(['referenceContrat' => CONTRACT])->return;
    expect_ok('getSiteStructure', $answer);
    check(($answer->site->reference ?? '') !== '', 'getSiteStructure: the site has no reference');
    $sockets = [];
    foreach ($answer->site->batiment as $building) {
        foreach ($building->escalier as $staircase) {
            foreach ($staircase->etage as $floor) {
                foreach ($floor->pto ?? [] as $pto) {
                    $place = [$building->reference, $staircase->reference, $floor->reference];
                    $sockets[$pto->reference] = [$pto, $place];
                    $states = "$pto->reference: $pto->informationConstruction, $pto->informationUtilisation";
                    check(in_array($pto->informationUtilisation, UTILISATIONS, true), $states);
                    check(in_array($pto->informationConstruction, CONSTRUCTIONS, true), $states);
                }
            }
        }
    }
    foreach ([CURRENT_FIBRE, NEW_FIBRE] as $fibre) {
        check(isset($sockets[$fibre]), "getSiteStructure: no PTO $fibre");
    }
    return $sockets;
}

/** Steps 1 and 2: the site's structure, and the routes of the new fibre's floor. */
function read(SoapClient $client): void
{
    $sockets = structure($client);
    expect("the current fibre's PTO", $sockets[CURRENT_FIBRE][0]->informationUtilisation, 'Occupé');
    [$newSocket, [$building, $staircase, $floor]] = $sockets[NEW_FIBRE];
    expect("the new fibre's PTO", $newSocket->informationUtilisation, 'Disponible');

    $answer = $client->getRoSite([
        'referenceContrat' => CONTRACT,
        'referenceBatiment' => $building,
        'referenceEscalier' => $staircase,
        'referenceEtage' => $floor,
    ])->return;
    expect_ok('getRoSite', $answer);
    $routes = [];
    foreach ($answer->pbo as $pbo) {
        $routes += array_column($pbo->fibre, null, 'reference');
    }
    check(isset($routes[NEW_FIBRE]), 'getRoSite: no fibre ' . NEW_FIBRE);
    $route = $routes[NEW_FIBRE];
    foreach (['informationCable', 'informationTube', 'informationFibre'] as $name) {
        check(($route->$name ?? '') !== '', "getRoSite: $name is empty");
    }
    expect('getRoSite: informationUtilisation', $route->informationUtilisation, 'Disponible');
}

function put(SoapClient $client, string $fibre): object
{
    return $client->putReprovisionning([
        'referenceContrat' => CONTRACT,
        'referenceFibre' => $fibre,
        'conservationPTO' => false,
        'motif' => 'Fibre cassée',
    ])->return;
}

function follow(SoapClient $client): object
{
    $deadline = microtime(true) + 30;
    while (true) {
        $answer = $client->getReprovisionning(['referenceContrat' => CONTRACT])->return;
        expect_ok('getReprovisionning', $answer);
        $state = $answer->contrat->reprovisionning->statut;
        if ($state === 'Terminé') {
            return $answer->contrat;
        }
        check(in_array($state, ['Initié', 'En cours'], true), "getReprovisionning: $state");
        check(microtime(true) < $deadline, "getReprovisionning: still $state after 30 s");
        usleep(100_000);
    }
}

// SOAP 1.2 only reads, so it comes while the new fibre is still free.
$soap12 = client(WSDL . '&soap=1.2', SOAP_1_2);
read($soap12);
expect_envelopes('SOAP 1.2', $soap12, SOAP_12_ENVELOPE);

$client = client(WSDL);
read($client);
expect_envelopes('SOAP 1.1', $client, SOAP_11_ENVELOPE);

[$status, $code, $label] = header_of(put($client, CURRENT_FIBRE));
expect('refused put', [$status, $code], ['KO', '20015']);
check(str_starts_with($label, 'Opération non autorisée'), "refused put: $label");

$accepted = put($client, NEW_FIBRE);
expect_ok('accepted put', $accepted);
expect('accepted put: contract', $accepted->contrat->reference, CONTRACT);
$discharge = $accepted->contrat->codeDecharge ?? '';
check(strlen($discharge) >= 8, "accepted put: codeDecharge '$discharge'");
check(isset($accepted->contrat->pm), 'accepted put: no pm');
check(isset($accepted->contrat->fibre), 'accepted put: no fibre');

$followed = follow($client);
expect('follow: fibre', $followed->fibre->reference, NEW_FIBRE);
check(($followed->pm->reference ?? '') !== '', 'follow: the pm has no reference');
check(($followed->pm->position ?? '') !== '', 'follow: the pm has no position');

// The broken fibre is out of service, which the wire shows as occupied.
$sockets = structure($client);
foreach ([NEW_FIBRE, CURRENT_FIBRE] as $fibre) {
    expect("afterwards: PTO $fibre", $sockets[$fibre][0]->informationUtilisation, 'Occupé');
}

$stranger = client(WSDL, password: 'wrong');
$answer = $stranger->getSiteStructure(['referenceContrat' => CONTRACT])->return;
expect('wrong password', header_of($answer), ['KO', '10000', "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI"]);

echo 'OK PHP ext-soap ', phpversion('soap'), "\n";
