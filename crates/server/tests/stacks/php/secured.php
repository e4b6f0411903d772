<?php

// Every way to log in, with PHP's ext-soap over TLS: secured.php WSDL_URL CONTRACT FOLDER
//
// FOLDER has the authority of both ends, callers.pem, and the certificate of a caller, own.pem.

declare(strict_types=1);

define('WSDL', $argv[1]);
define('CONTRACT', $argv[2]);
define('FOLDER', $argv[3]);
const WSS = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-';
const OUR_AUTHORITY = ['cafile' => FOLDER . '/callers.pem'];

function expect(string $what, mixed $got, mixed $wanted): void
{
    if ($got !== $wanted) {
        fwrite(STDERR, "FAILED php: $what: expected " . json_encode($wanted) . ', got ' . json_encode($got) . "\n");
        exit(1);
    }
}

/** The code of an answer; null: OK. */
function ask(array $login, array $tls = OUR_AUTHORITY, ?string $token = null, string $contract = CONTRACT): ?string
{
    // ext-soap fetches the WSDL with the same context.
    $client = new SoapClient(WSDL, $login + [
        'cache_wsdl' => WSDL_CACHE_NONE,
        'stream_context' => stream_context_create(['ssl' => $tls]),
    ]);
    if ($token !== null) {
        $security = new SoapVar($token, XSD_ANYXML);
        $client->__setSoapHeaders(new SoapHeader(WSS . 'wssecurity-secext-1.0.xsd', 'Security', $security, true));
    }
    $header = $client->getSiteStructure(['referenceContrat' => $contract])->return->enteteResponse;
    return $header->codeErreur ?? null;
}

function token(string $login, string $kind, string $password, string $more = ''): string
{
    $type = WSS . "username-token-profile-1.0#$kind";
    return '<w:Security xmlns:w="' . WSS . 'wssecurity-secext-1.0.xsd" xmlns:u="' . WSS . 'wssecurity-utility-1.0.xsd">'
        . "<w:UsernameToken><w:Username>$login</w:Username><w:Password Type=\"$type\">$password</w:Password>$more"
        . '</w:UsernameToken></w:Security>';
}

function digest(string $login, string $password): string
{
    $nonce = random_bytes(16);
    $created = gmdate('Y-m-d\TH:i:s\Z');
    $digest = base64_encode(sha1($nonce . $created . $password, true));
    $nonce = base64_encode($nonce);
    return token($login, 'PasswordDigest', $digest, "<w:Nonce>$nonce</w:Nonce><u:Created>$created</u:Created>");
}

function basic(string $login, ?string $password = null): array
{
    return ['login' => $login, 'password' => $password ?? $login];
}

expect('Basic', ask(basic('oc-demo')), null);
expect('PasswordText', ask([], token: token('oc-demo', 'PasswordText', 'oc-demo')), null);
expect('PasswordDigest', ask([], token: digest('oc-demo', 'oc-demo')), null);
expect('Basic, wrong', ask(basic('oc-demo', 'wrong')), '10000');
$own = OUR_AUTHORITY + ['local_cert' => FOLDER . '/own.pem', 'local_pk' => FOLDER . '/own.key'];
expect('a certificate', ask(basic('oc-autre'), $own, contract: 'DEMO-AUTRE-OC'), null);
expect('no certificate', ask(basic('oc-autre'), contract: 'DEMO-AUTRE-OC'), '10000');
try {
    @ask(basic('oc-demo'), []);
    expect('a server that nobody vouches for', 'an answer', 'none');
} catch (SoapFault) {
    // As it has to be.
}
echo 'OK PHP ext-soap ', phpversion('soap'), "\n";
