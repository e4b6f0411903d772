# The whole e-Reprov scenario with SOAP::Lite.
#
# scenario.pl WSDL_URL CONTRACT CURRENT_FIBRE NEW_FIBRE WORK_DIR
#
# The service's address comes from its WSDL. The calls are made by hand, as SOAP::Lite's users do for
# document/literal. A SOAP fault dies and so ends the run.
use strict;
use warnings;
use utf8;
use open ':std', ':encoding(UTF-8)';
use SOAP::Lite;
use Time::HiRes qw(sleep time);

my ($WSDL, $CONTRACT, $CURRENT_FIBRE, $NEW_FIBRE) = @ARGV;
my $NAMESPACE = 'http://sfr.fr/hermes/eReprov/';
my $WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
my $PASSWORD_TEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';
my ($LOGIN, $PASSWORD) = ('oc-demo', 'oc-demo');
my %UTILISATIONS = map { $_ => 1 } 'Disponible', 'Occupé', 'Réservé';
my %CONSTRUCTIONS = map { $_ => 1 } 'A construire', 'En construction', 'Construite';

# SOAP::Lite asks for the login once the server has; nobody answers where there is none.
my @credentials;
sub SOAP::Transport::HTTP::Client::get_basic_credentials { return @credentials }

# With a prototype: in a list, a match that fails would be no argument at all.
sub check($$) {
    my ($condition, $message) = @_;
    return if $condition;
    print STDERR "FAILED soaplite: $message\n";
    exit 1;
}

sub expect {
    my ($what, $got, $wanted) = @_;
    check($got eq $wanted, "$what: expected $wanted, got $got");
}

sub address {
    my $services = SOAP::Schema->new->schema_url($WSDL)->parse->services;
    my ($service) = values %$services;
    my ($method) = values %$service;
    return $method->{endpoint}->value;
}

sub connect_to {
    my ($address) = @_;
    return SOAP::Lite->proxy($address, timeout => 30)
        ->ns($NAMESPACE, 'e')
        ->on_action(sub { '""' })
        ->on_fault(sub { my ($soap, $answer) = @_; die ref $answer ? $answer->faultstring : $soap->transport->status });
}

my $address = address();
my $soap = connect_to($address);

# A SOAP::Lite element with a type: without one, it sends what has accents as base64Binary.
sub element { my ($name, $value, $type) = @_; return SOAP::Data->name($name)->type($type // 'string')->value($value) }

sub username_token {
    my $password = element('wsse:Password', $PASSWORD)->attr({ Type => $PASSWORD_TEXT });
    my $token = SOAP::Data->name('wsse:UsernameToken')
        ->value(\SOAP::Data->value(element('wsse:Username', $LOGIN), $password));
    return SOAP::Header->name('wsse:Security')->attr({ 'xmlns:wsse' => $WSSE })->value(\$token);
}

# What every call carries beside its question.
my @headers;

sub call {
    my ($method, @question) = @_;
    return $soap->call($method => @question, @headers);
}

# The children of an answer's element that have this name, each as its attributes and its own path; a path
# counts children whatever their names.
sub parts {
    my ($answer, $path, $name) = @_;
    my @parts;
    for (my $n = 1; my ($child) = $answer->dataof("$path/[$n]"); $n++) {
        push @parts, { %{ $child->attr }, path => "$path/[$n]" } if $child->name eq $name;
    }
    return @parts;
}

sub header {
    my ($answer) = @_;
    return join '|', map { $answer->valueof("//return/enteteResponse/$_") // '' } qw(statut codeErreur libelleErreur);
}

# The sockets of the contract's site by reference, each with its place.
sub structure {
    my $answer = call('getSiteStructure', element(referenceContrat => $CONTRACT));
    expect('getSiteStructure', header($answer), 'OK||');
    my ($site) = parts($answer, '//return', 'site');
    check($site->{reference}, 'getSiteStructure: the site has no reference');
    my %sockets;
    for my $building (parts($answer, $site->{path}, 'batiment')) {
        for my $staircase (parts($answer, $building->{path}, 'escalier')) {
            for my $floor (parts($answer, $staircase->{path}, 'etage')) {
                for my $pto (parts($answer, $floor->{path}, 'pto')) {
                    my $states = "$pto->{reference}: $pto->{informationConstruction}, $pto->{informationUtilisation}";
                    check($UTILISATIONS{ $pto->{informationUtilisation} }, $states);
                    check($CONSTRUCTIONS{ $pto->{informationConstruction} }, $states);
                    $sockets{ $pto->{reference} } =
                        { %$pto, place => [map { $_->{reference} } $building, $staircase, $floor] };
                }
            }
        }
    }
    check($sockets{$_}, "getSiteStructure: no PTO $_") for $CURRENT_FIBRE, $NEW_FIBRE;
    return \%sockets;
}

# Steps 1 and 2: the site's structure, and the routes of the new fibre's floor.
sub read_site {
    my $sockets = structure();
    expect("the current fibre's PTO", $sockets->{$CURRENT_FIBRE}{informationUtilisation}, 'Occupé');
    my $new = $sockets->{$NEW_FIBRE};
    expect("the new fibre's PTO", $new->{informationUtilisation}, 'Disponible');

    my ($building, $staircase, $floor) = @{ $new->{place} };
    my $answer = call(
        'getRoSite',
        element(referenceContrat => $CONTRACT),
        element(referenceBatiment => $building),
        element(referenceEscalier => $staircase),
        element(referenceEtage => $floor),
    );
    expect('getRoSite', header($answer), 'OK||');
    my @routes = grep { $_->{reference} eq $NEW_FIBRE } map { parts($answer, $_->{path}, 'fibre') } parts($answer, '//return', 'pbo');
    check(@routes == 1, "getRoSite: not one fibre $NEW_FIBRE");
    check($routes[0]{$_}, "getRoSite: $_ is empty") for qw(informationCable informationTube informationFibre);
    expect('getRoSite: informationUtilisation', $routes[0]{informationUtilisation}, 'Disponible');
}

sub put {
    my ($fibre) = @_;
    return call(
        'putReprovisionning',
        element(referenceContrat => $CONTRACT),
        element(referenceFibre => $fibre),
        element(conservationPTO => 0, 'boolean'),
        element(motif => 'Fibre cassée'),
    );
}

sub refused_put {
    my $got = header(put($CURRENT_FIBRE));
    check($got =~ /^KO\|20015\|Opération non autorisée/, "refused put: $got");
}

sub accepted_put {
    my $answer = put($NEW_FIBRE);
    expect('accepted put', header($answer), 'OK||');
    my ($contract) = parts($answer, '//return', 'contrat');
    expect('accepted put: contract', $contract->{reference}, $CONTRACT);
    my $discharge = $answer->valueof('//return/contrat/codeDecharge') // '';
    check(length $discharge >= 8, "accepted put: codeDecharge '$discharge'");
    check(parts($answer, '//return/contrat', $_) == 1, "accepted put: no $_") for qw(pm fibre);
}

sub follow {
    my $deadline = time + 30;
    while (1) {
        my $answer = call('getReprovisionning', element(referenceContrat => $CONTRACT));
        expect('getReprovisionning', header($answer), 'OK||');
        my ($running, $pm, $fibre) = map { parts($answer, '//return/contrat', $_) } qw(reprovisionning pm fibre);
        if ($running->{statut} eq 'Terminé') {
            expect('follow: fibre', $fibre->{reference}, $NEW_FIBRE);
            check($pm->{$_}, "follow: the pm has no $_") for qw(reference position);
            return;
        }
        check($running->{statut} =~ /^(Initié|En cours)$/, "getReprovisionning: $running->{statut}");
        check(time < $deadline, "getReprovisionning: still $running->{statut} after 30 s");
        sleep 0.1;
    }
}

# The broken fibre is out of service, which the wire shows as occupied.
sub read_again {
    my $sockets = structure();
    expect("afterwards: PTO $_", $sockets->{$_}{informationUtilisation}, 'Occupé') for $NEW_FIBRE, $CURRENT_FIBRE;
}

# The other way in only reads, so it comes while the new fibre is still free.
@headers = (username_token());
read_site();
(@headers, @credentials) = ();

@credentials = ($LOGIN, $PASSWORD);
read_site();
refused_put();
accepted_put();
follow();
read_again();

# A connection that has been let in goes on with the login that it had.
@credentials = ($LOGIN, 'wrong');
$soap = connect_to($address);
expect(
    'wrong password',
    header(call('getSiteStructure', element(referenceContrat => $CONTRACT))),
    "KO|10000|Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI"
);
print "OK SOAP::Lite $SOAP::Lite::VERSION\n";
