// Logins with gSOAP over TLS: secured CONTRACT AUTHORITY OWN_CERTIFICATE_AND_KEY

#include <cstdlib>
#include <iostream>
#include <string>

#include "eReprovBinding.nsmap"
#include "soapeReprovBindingProxy.h"

using std::string;

namespace {

const char PASSWORD_TEXT[] =
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";

// How somebody asks.
struct Way {
    const char *login, *password;
    const char *authority = nullptr, *certificate = nullptr;
    bool token = false;
};

[[noreturn]] void fail(const string &message) {
    std::cerr << "FAILED gsoap: " << message << "\n";
    std::exit(1);
}

// The code of an answer; OK, or why there is none.
string ask(const string &contract, const Way &way) {
    eReprovBindingProxy proxy(SOAP_C_UTFSTRING);
    soap *soap = proxy.soap;
    soap->connect_timeout = soap->send_timeout = soap->recv_timeout = 30;
    if (soap_ssl_client_context(soap, SOAP_SSL_DEFAULT, way.certificate, nullptr, way.authority, nullptr, nullptr))
        fail("the certificates cannot be read");
    _wsse__UsernameToken token{};
    _wsse__Password password{};
    _wsse__Security security{};
    SOAP_ENV__Header header{};
    string login = way.login, secret = way.password, kind = PASSWORD_TEXT;
    if (way.token) {
        token.Username = &login[0];
        password.__item = &secret[0];
        password.Type = &kind[0];
        token.Password = &password;
        security.UsernameToken = &token;
        header.wsse__Security = &security;
        soap->header = &header;
    } else {
        soap->userid = way.login;
        soap->passwd = way.password;
    }
    ns1__getSiteStructure question;
    question.referenceContrat = contract;
    ns1__getSiteStructureResponse answer;
    if (proxy.getSiteStructure(&question, answer)) return soap->error == SOAP_SSL_ERROR ? "no TLS" : "a fault";
    const auto *code = answer.return_->enteteResponse->codeErreur;
    return code ? *code : "OK";
}

void expect(const string &what, const string &got, const string &wanted) {
    if (got != wanted) fail(what + ": expected " + wanted + ", got " + got);
}

} // namespace

int main(int, char **arguments) {
    const char *contract = arguments[1], *authority = arguments[2], *own = arguments[3];
    const char *others = "DEMO-AUTRE-OC";
    soap_ssl_init();
    expect("Basic", ask(contract, {"oc-demo", "oc-demo", authority}), "OK");
    expect("PasswordText", ask(contract, {"oc-demo", "oc-demo", authority, nullptr, true}), "OK");
    expect("Basic, wrong", ask(contract, {"oc-demo", "wrong", authority}), "10000");
    expect("a certificate", ask(others, {"oc-autre", "oc-autre", authority, own}), "OK");
    expect("no certificate", ask(others, {"oc-autre", "oc-autre", authority}), "10000");
    // Its own certificate vouches for nobody.
    expect("a server that nobody vouches for", ask(contract, {"oc-demo", "oc-demo", own}), "no TLS");
    std::cout << "OK gSOAP " << GSOAP_VERSION << "\n";
}
