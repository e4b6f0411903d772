<?php

// One re-provisioning from beginning to end, with SoapClient: php reprovision.php CONTRACT FLOOR MOTIF
//
// See README.md beside this file for the variables of the environment.

declare(strict_types=1);

/** The service said no: codeErreur and libelleErreur. */
final class Refused extends Exception
{
    public function __construct(public readonly string $codeErreur, string $libelleErreur)
    {
        parent::__construct("KO $codeErreur: $libelleErreur");
    }
}

/** Nobody knows whether the put was accepted. */
final class InDoubt extends Exception
{
}

/** With these codes, as without any answer, a put may have been accepted all the same. */
const DOUBTFUL = ['0', '10100', '10101', '10200', '20000', '20003', '20004', '20008', '20010'];

final class Service
{
    private readonly SoapClient $soap;
    /** @var resource */
    private $http;

    public function __construct(string $url, string $login, #[SensitiveParameter] string $password)
    {
        ini_set('default_socket_timeout', '60'); // for the whole answer
        $this->http = stream_context_create();
        $this->soap = new SoapClient("$url?wsdl", [
            'location' => $url, // the address that we were given, whatever the WSDL says
            'login' => $login,
            'password' => $password,
            'connection_timeout' => 10,
            'keep_alive' => false, // a kept connection may be gone when the put is sent
            'features' => SOAP_SINGLE_ELEMENT_ARRAYS, // a list of one stays a list
            'stream_context' => $this->http,
            'trace' => true, // for the headers of the answers
        ]);
    }

    /** One call. A refusal comes with HTTP 200: statut tells, not the status of HTTP. */
    public function call(string $method, array $question, ?string $key = null): object
    {
        stream_context_set_option($this->http, 'http', 'header', $key === null ? '' : "Idempotency-Key: $key");
        $answer = $this->soap->__soapCall($method, [$question])->return;
        $header = $answer->enteteResponse;
        if ($header->statut !== 'OK') {
            throw new Refused($header->codeErreur, $header->libelleErreur);
        }
        return $answer;
    }

    /** Sends a request once, under its name. */
    public function put(string $key, array $question): object
    {
        return $this->doubting(fn () => $this->call('putReprovisionning', $question, $key));
    }

    /** getReprovisionning after a doubt: reads, and sends nothing. */
    public function wasAccepted(array $question): bool
    {
        $contract = ['referenceContrat' => $question['referenceContrat']];
        try {
            $seen = $this->doubting(fn () => $this->call('getReprovisionning', $contract));
        } catch (Refused $no) {
            if ($no->codeErreur === '20014') { // there has never been one
                return false;
            }
            throw new InDoubt($no->getMessage());
        }
        $state = stateOf($seen);
        $fibre = $seen->contrat->fibre->reference ?? null;
        if ($fibre === $question['referenceFibre'] && in_array($state, ['Initie', 'En cours', 'Termine'], true)) {
            return true;
        }
        if ($fibre !== null && $fibre !== $question['referenceFibre']) { // the latest one is another
            return false;
        }
        throw new InDoubt("the latest one is $state");
    }

    /** Whether the service answers a name that it knows as it did the first time. */
    public function keepsNames(): bool
    {
        return stripos($this->soap->__getLastResponseHeaders() ?? '', "\nIdempotency-Key-Kept:") !== false;
    }

    private function doubting(callable $call): object
    {
        try {
            return $call();
        } catch (Refused $no) {
            throw in_array($no->codeErreur, DOUBTFUL, true) ? new InDoubt($no->getMessage()) : $no;
        } catch (SoapFault $lost) { // no answer, half of one, a fault, a gateway's page
            throw new InDoubt("no answer: {$lost->getMessage()}");
        }
    }
}

function say(string $line): void
{
    fwrite(STDERR, "$line\n");
}

function setting(string $name, string $otherwise): string
{
    return getenv($name) === false ? $otherwise : getenv($name);
}

function wait(string $seconds): void
{
    usleep((int) ((float) $seconds * 1e6));
}

/** Some services leave out the accents. */
function stateOf(object $seen): string
{
    return str_replace('é', 'e', $seen->contrat->reprovisionning->statut);
}

/** getSiteStructure: building, staircase and floor, by the floor's name. */
function placeOf(Service $service, string $contract, string $floor): array
{
    $site = $service->call('getSiteStructure', ['referenceContrat' => $contract])->site;
    echo "site $site->reference\n";
    foreach ($site->batiment as $building) {
        foreach ($building->escalier as $staircase) {
            if (in_array($floor, array_column($staircase->etage, 'reference'), true)) {
                return [
                    'referenceBatiment' => $building->reference,
                    'referenceEscalier' => $staircase->reference,
                    'referenceEtage' => $floor,
                ];
            }
        }
    }
    throw new RuntimeException("no floor $floor");
}

/** getRoSite: the first free fibre. A technician would choose: by PBO, tube and colour. */
function freeFibre(Service $service, string $contract, array $place): string
{
    foreach ($service->call('getRoSite', ['referenceContrat' => $contract] + $place)->pbo as $pbo) {
        foreach ($pbo->fibre as $fibre) {
            if ($fibre->informationUtilisation === 'Disponible') {
                echo "fibre $fibre->reference: tube $fibre->informationTube, fibre $fibre->informationFibre\n";
                return $fibre->reference;
            }
        }
    }
    throw new RuntimeException("no free fibre");
}

/** A put that never doubles: after a doubt it is read about before it is sent again. */
function reprovision(Service $service, array $question): void
{
    $key = bin2hex(random_bytes(16)); // a program that goes on writes this down before it sends
    try {
        $answer = $service->put($key, $question);
    } catch (InDoubt $doubt) {
        say("in doubt ({$doubt->getMessage()}): reading before anything is sent again");
        wait(setting('EREPROV_DOUBT', '30')); // the service may still be deciding
        if ($service->wasAccepted($question) && !$service->keepsNames()) {
            echo "accepted: the discharge code was lost, ask the OI for it\n";
            return;
        }
        // It was not accepted; or what is sent under its name again is not done again.
        $answer = $service->put($key, $question);
    }
    echo "accepted: discharge code {$answer->contrat->codeDecharge}\n";
}

/** Four looks at the most: 2000 calls a month are for all technicians together. */
function follow(Service $service, string $contract): int
{
    foreach (explode(' ', setting('EREPROV_SCHEDULE', '15 45 180 360')) as $seconds) {
        wait($seconds);
        try {
            $state = stateOf($service->call('getReprovisionning', ['referenceContrat' => $contract]));
        } catch (SoapFault $lost) {
            say("no answer: {$lost->getMessage()}");
            continue; // the next look will tell
        }
        echo "state $state\n";
        if (in_array($state, ['Termine', 'Annule', 'En echec'], true)) {
            return $state === 'Termine' ? 0 : 1;
        }
    }
    say('it has not ended yet');
    return 1;
}

[, $contract, $floor, $motif] = $argv;
try {
    $credentials = @file(getenv('EREPROV_CREDENTIALS'), FILE_IGNORE_NEW_LINES);
    [$login, $password] = $credentials ?: throw new RuntimeException('EREPROV_CREDENTIALS names no file to read');
    $service = new Service(getenv('EREPROV_URL'), $login, $password);
    $fibre = freeFibre($service, $contract, placeOf($service, $contract, $floor));
    reprovision($service, [
        'referenceContrat' => $contract,
        'referenceFibre' => $fibre,
        'conservationPTO' => false,
        'motif' => $motif,
    ]);
    exit(follow($service, $contract));
} catch (InDoubt $doubt) {
    say("outcome unknown ({$doubt->getMessage()}): send nothing, ask getReprovisionning or the OI");
    exit(8);
} catch (Refused | SoapFault | RuntimeException $no) {
    say($no->getMessage());
    exit(1);
}
