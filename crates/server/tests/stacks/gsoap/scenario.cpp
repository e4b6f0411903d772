// The whole e-Reprov scenario with gSOAP: scenario CONTRACT CURRENT_FIBRE NEW_FIBRE
//
// The proxy is what wsdl2h and soapcpp2 make of the published WSDL; the service's address is in it. A SOAP
// fault, or an answer that it cannot read, ends the run.

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "eReprovBinding.nsmap"
#include "soapeReprovBindingProxy.h"

using std::string;

namespace {

const char LOGIN[] = "oc-demo";
const char PASSWORD[] = "oc-demo";
const std::set<string> UTILISATIONS{"Disponible", "Occupé", "Réservé"};
const std::set<string> CONSTRUCTIONS{"A construire", "En construction", "Construite"};

string contract, currentFibre, newFibre;

[[noreturn]] void fail(const string &message) {
    std::cerr << "FAILED gsoap: " << message << "\n";
    std::exit(1);
}

void check(bool condition, const string &message) {
    if (!condition) fail(message);
}

void expect(const string &what, const string &got, const string &wanted) {
    check(got == wanted, what + ": expected " + wanted + ", got " + got);
}

// What an optional element or attribute says, or "".
string text(const string *value) { return value ? *value : ""; }

void expectText(const string &what, const string *value) { check(!text(value).empty(), what + " is missing"); }

string header(const ns1__enteteResponse *header) {
    return header->statut + "|" + text(header->codeErreur) + "|" + text(header->libelleErreur);
}

class Caller {
public:
    explicit Caller(const char *password = PASSWORD) : proxy(SOAP_C_UTFSTRING), password(password) {
        proxy.soap->connect_timeout = proxy.soap->send_timeout = proxy.soap->recv_timeout = 30;
    }

    // The `return` of one call. gSOAP forgets the login after each.
    template <class Question, class Answer>
    auto call(int (eReprovBindingProxy::*method)(Question *, Answer &), Question &question, Answer &answer) {
        proxy.soap->userid = LOGIN;
        proxy.soap->passwd = password;
        if ((proxy.*method)(&question, answer)) {
            proxy.soap_stream_fault(std::cerr);
            fail("a call failed");
        }
        check(answer.return_ != nullptr, "an answer without return");
        return answer.return_;
    }

    ns1__siteStructure *siteStructure() {
        ns1__getSiteStructure question;
        question.referenceContrat = contract;
        return call(&eReprovBindingProxy::getSiteStructure, question, structures);
    }

    ns1__roSite *roSite(string building, string staircase, string floor) {
        ns1__getRoSite question;
        question.referenceContrat = contract;
        question.referenceBatiment = &building;
        question.referenceEscalier = &staircase;
        question.referenceEtage = &floor;
        return call(&eReprovBindingProxy::getRoSite, question, routes);
    }

    ns1__reprovisionningInitie *put(const string &fibre) {
        ns1__putReprovisionning question;
        question.referenceContrat = contract;
        question.referenceFibre = fibre;
        question.conservationPTO = false;
        question.motif = ns1__motif__Fibre_x0020cass_x00e9e;
        return call(&eReprovBindingProxy::putReprovisionning, question, puts);
    }

    ns1__suiviReprovisionning *reprovisionning() {
        ns1__getReprovisionning question;
        question.referenceContrat = contract;
        return call(&eReprovBindingProxy::getReprovisionning, question, follows);
    }

private:
    eReprovBindingProxy proxy;
    const char *password;
    // What answers point into.
    ns1__getSiteStructureResponse structures;
    ns1__getRoSiteResponse routes;
    ns1__putReprovisionningResponse puts;
    ns1__getReprovisionningResponse follows;
};

struct Socket {
    string utilisation, building, staircase, floor;
};

// The sockets of the contract's site by reference.
std::map<string, Socket> structure(Caller &caller) {
    const auto *answer = caller.siteStructure();
    expect("getSiteStructure", header(answer->enteteResponse), "OK||");
    expectText("getSiteStructure: the site's reference", answer->site->reference);
    std::map<string, Socket> sockets;
    for (const auto *building : answer->site->batiment)
        for (const auto *staircase : building->escalier)
            for (const auto *floor : staircase->etage)
                for (const auto *pto : floor->pto) {
                    const string utilisation = text(pto->informationUtilisation);
                    const string construction = text(pto->informationConstruction);
                    const string what = text(pto->reference) + ": ";
                    check(UTILISATIONS.count(utilisation) == 1, what + utilisation);
                    check(CONSTRUCTIONS.count(construction) == 1, what + construction);
                    sockets[text(pto->reference)] = {
                        utilisation, text(building->reference), text(staircase->reference), text(floor->reference)};
                }
    for (const auto &fibre : {currentFibre, newFibre})
        check(sockets.count(fibre) == 1, "getSiteStructure: no PTO " + fibre);
    return sockets;
}

// Steps 1 and 2: the site's structure, and the routes of the new fibre's floor.
void read(Caller &caller) {
    auto sockets = structure(caller);
    expect("the current fibre's PTO", sockets[currentFibre].utilisation, "Occupé");
    const Socket socket = sockets[newFibre];
    expect("the new fibre's PTO", socket.utilisation, "Disponible");

    const auto *answer = caller.roSite(socket.building, socket.staircase, socket.floor);
    expect("getRoSite", header(answer->enteteResponse), "OK||");
    int found = 0;
    for (const auto *pbo : answer->pbo)
        for (const auto *route : pbo->fibre) {
            if (text(route->reference) != newFibre) continue;
            ++found;
            expectText("getRoSite: informationCable", route->informationCable);
            expectText("getRoSite: informationTube", route->informationTube);
            expectText("getRoSite: informationFibre", route->informationFibre);
            expect("getRoSite: informationUtilisation", text(route->informationUtilisation), "Disponible");
        }
    check(found == 1, "getRoSite: not one fibre " + newFibre);
}

void refusedPut(Caller &caller) {
    const string got = header(caller.put(currentFibre)->enteteResponse);
    check(got.rfind("KO|20015|Opération non autorisée", 0) == 0, "refused put: " + got);
}

void acceptedPut(Caller &caller) {
    const auto *answer = caller.put(newFibre);
    expect("accepted put", header(answer->enteteResponse), "OK||");
    check(answer->contrat != nullptr, "accepted put: no contrat");
    expect("accepted put: contract", text(answer->contrat->reference), contract);
    const string discharge = text(answer->contrat->codeDecharge);
    check(discharge.size() >= 8, "accepted put: codeDecharge " + discharge);
    check(answer->contrat->pm != nullptr, "accepted put: no pm");
    check(answer->contrat->fibre != nullptr, "accepted put: no fibre");
}

void follow(Caller &caller) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
        const auto *answer = caller.reprovisionning();
        expect("getReprovisionning", header(answer->enteteResponse), "OK||");
        const string state = text(answer->contrat->reprovisionning->statut);
        if (state == "Terminé") {
            expect("follow: fibre", text(answer->contrat->fibre->reference), newFibre);
            expectText("follow: the pm's reference", answer->contrat->pm->reference);
            expectText("follow: the pm's position", answer->contrat->pm->position);
            return;
        }
        check(state == "Initié" || state == "En cours", "getReprovisionning: " + state);
        check(std::chrono::steady_clock::now() < deadline, "getReprovisionning: still " + state + " after 30 s");
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
}

// The broken fibre is out of service, which the wire shows as occupied.
void readAgain(Caller &caller) {
    auto sockets = structure(caller);
    for (const auto &fibre : {newFibre, currentFibre})
        expect("afterwards: PTO " + fibre, sockets[fibre].utilisation, "Occupé");
}

} // namespace

int main(int, char **arguments) {
    contract = arguments[1];
    currentFibre = arguments[2];
    newFibre = arguments[3];
    Caller caller;
    read(caller);
    refusedPut(caller);
    acceptedPut(caller);
    follow(caller);
    readAgain(caller);
    Caller stranger("wrong");
    expect("wrong password", header(stranger.siteStructure()->enteteResponse),
           "KO|10000|Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI");
    std::cout << "OK gSOAP " << GSOAP_VERSION << "\n";
}
