# Logins with SOAP::Lite over TLS: secured.pl WSDL_URL CONTRACT FOLDER
#
# FOLDER has the authority of both ends, callers.pem, and the certificate of a caller, own.pem.
use strict;
use warnings;
use utf8;
use open ':std', ':encoding(UTF-8)';
use SOAP::Lite;

my ($WSDL, $CONTRACT, $FOLDER) = @ARGV;
my $WSSE = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd';
my $PASSWORD_TEXT = 'http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText';
# What the address in the WSDL is, without asking for it again under each set of options.
my ($ADDRESS) = $WSDL =~ /^(.*)\?wsdl$/;

my @credentials;
sub SOAP::Transport::HTTP::Client::get_basic_credentials { return @credentials }

sub expect {
    my ($what, $got, $wanted) = @_;
    return if $got eq $wanted;
    print STDERR "FAILED soaplite: $what: expected $wanted, got $got\n";
    exit 1;
}

sub element { my ($name, $value) = @_; return SOAP::Data->name($name)->type('string')->value($value) }

sub username_token {
    my $password = element('wsse:Password', 'oc-demo')->attr({ Type => $PASSWORD_TEXT });
    my $token = SOAP::Data->name('wsse:UsernameToken')
        ->value(\SOAP::Data->value(element('wsse:Username', 'oc-demo'), $password));
    return SOAP::Header->name('wsse:Security')->attr({ 'xmlns:wsse' => $WSSE })->value(\$token);
}

# The code of an answer; OK where there is none.
sub ask {
    my ($contract, $tls, @headers) = @_;
    my $soap = SOAP::Lite->proxy($ADDRESS, timeout => 30)
        ->ns('http://sfr.fr/hermes/eReprov/', 'e')
        ->on_action(sub { '""' })
        ->on_fault(sub { my ($soap, $answer) = @_; die ref $answer ? $answer->faultstring : $soap->transport->status });
    $soap->transport->ssl_opts(verify_hostname => 1, %$tls);
    my $answer = $soap->call(getSiteStructure => element(referenceContrat => $contract), @headers);
    return $answer->valueof('//return/enteteResponse/codeErreur') // 'OK';
}

my %ours = (SSL_ca_file => "$FOLDER/callers.pem");
my %own = (%ours, SSL_cert_file => "$FOLDER/own.pem", SSL_key_file => "$FOLDER/own.key");
expect('PasswordText', ask($CONTRACT, \%ours, username_token()), 'OK');
@credentials = ('oc-demo', 'oc-demo');
expect('Basic', ask($CONTRACT, \%ours), 'OK');
@credentials = ('oc-demo', 'wrong');
expect('Basic, wrong', ask($CONTRACT, \%ours), '10000');
@credentials = ('oc-autre', 'oc-autre');
expect('a certificate', ask('DEMO-AUTRE-OC', \%own), 'OK');
expect('no certificate', ask('DEMO-AUTRE-OC', \%ours), '10000');
my $answered = eval { ask('DEMO-AUTRE-OC', {}) };
expect('a server that nobody vouches for', $answered // 'nothing', 'nothing');
print "OK SOAP::Lite $SOAP::Lite::VERSION\n";
