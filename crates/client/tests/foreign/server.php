<?php

// An e-Reprov service that is not ours: PHP's SoapServer, answering with the specification's own samples.
//
// SAMPLES=DIR STATE=DIR php -S 127.0.0.1:PORT server.php
//
// What a put asks for is kept in STATE, one file a contract. Contracts with a part of their own: ABSENT is
// refused with 20005, FAUTE gets a fault, MUETTE is recorded and gets no answer, CHARGE gets 503 once.

declare(strict_types=1);

const SERVICE = 'http://sfr.fr/hermes/eReprov/';

$question = file_get_contents('php://input');
if ($question === '') {
    http_response_code(405);
    exit;
}
[$method, $inside] = wrapper($question);
preg_match_all('~<(\w+)>([^<]*)</\1>~', $inside, $fields);
$asked = array_map('html_entity_decode', array_combine($fields[1], $fields[2]));
define('ASKED', $asked);
define('PUT', getenv('STATE') . '/' . ($asked['referenceContrat'] ?? '') . '.put');

if (($_SERVER['PHP_AUTH_USER'] ?? '') !== 'oc' || ($_SERVER['PHP_AUTH_PW'] ?? '') !== 'secret') {
    define('REFUSED', '10000');
}

/** The name of the body's element, and what stands in it; PHP's reader of XML comes in another package. */
function wrapper(string $message): array
{
    $body = '~:Body>\s*<(?:\w+:)?(\w+)[^>]*>(.*)</(?:\w+:)?\1>\s*</[\w-]+:Body>~s';
    preg_match($body, $message, $found) || exit("no body: $message");
    return [$found[1], $found[2]];
}

function sample(string $file, array $replace = []): SoapVar
{
    $text = strtr(file_get_contents(getenv('SAMPLES') . "/$file.xml"), $replace);
    return new SoapVar(wrapper($text)[1], XSD_ANYXML);
}

function answer(string $ok, string $ko, array $replace = []): SoapVar
{
    $contract = ASKED['referenceContrat'];
    if (defined('REFUSED')) {
        return sample($ko, ['20005' => REFUSED, 'Pas de valeur' => 'Login/Password incorrect']);
    }
    if ($contract === 'FAUTE') {
        throw new SoapFault('Server', 'Un incident est survenu');
    }
    $busy = getenv('STATE') . '/busy';
    if ($contract === 'CHARGE' && !file_exists($busy)) {
        touch($busy);
        http_response_code(503);
        header('Retry-After: 7');
        echo '<html><body>Service Unavailable</body></html>';
        exit;
    }
    return $contract === 'ABSENT' ? sample($ko) : sample($ok, $replace);
}

function getSiteStructure(): SoapVar
{
    return answer('3.2.4-answer.repaired', '3.2.5-ko.repaired');
}

function getRoSite(): SoapVar
{
    return answer('3.3.4-answer', '3.3.5-ko.repaired');
}

function putReprovisionning(): SoapVar
{
    $answer = answer('3.4.5-answer', '3.4.6-ko.repaired', ['ARA-XXXXXX' => ASKED['referenceContrat']]);
    if (!defined('REFUSED') && ASKED['referenceContrat'] !== 'ABSENT') {
        file_put_contents(PUT, ASKED['referenceFibre'] . "\n", FILE_APPEND);
    }
    if (ASKED['referenceContrat'] === 'MUETTE') {
        exit;
    }
    return $answer;
}

function getReprovisionning(): SoapVar
{
    if (!file_exists(PUT)) {
        return sample('3.5.6-ko.repaired', ['20005' => '20014', 'Pas de valeur' => 'Re-Provisionning introuvable']);
    }
    $puts = file(PUT, FILE_IGNORE_NEW_LINES);
    // The first one is the outer reference, the masked ones the route's.
    $replace = ['"xxxxxxxxxxxxx" referencePTO' => '"' . end($puts) . '" referencePTO'];
    return answer('3.5.5-answer', '3.5.6-ko.repaired', $replace);
}

$is12 = str_contains($question, 'http://www.w3.org/2003/05/soap-envelope');
$is_accepted = $method === 'putReprovisionning' && !defined('REFUSED')
    && ASKED['referenceContrat'] !== 'ABSENT';
$server = new SoapServer(null, [
    // The sample's answer to a put is in a namespace of its own.
    'uri' => $is_accepted ? 'urn:MutationFibre' : SERVICE,
    'soap_version' => $is12 ? SOAP_1_2 : SOAP_1_1,
]);
$server->addFunction(['getSiteStructure', 'getRoSite', 'putReprovisionning', 'getReprovisionning']);
$server->handle($question);
