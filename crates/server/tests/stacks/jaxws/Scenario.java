import fr.sfr.hermes.ereprov.*;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.spi.Provider;

/**
 * The whole e-Reprov scenario with JAX-WS RI: Scenario CONTRACT CURRENT_FIBRE NEW_FIBRE.
 *
 * <p>The package fr.sfr.hermes.ereprov is what wsimport makes of the published WSDL; the WSDL's URL and the
 * service's address are in it. A SOAP fault throws and so ends the run.
 */
public final class Scenario {
    private static final String LOGIN = "oc-demo";
    private static final String PASSWORD = "oc-demo";
    private static final List<String> UTILISATIONS = List.of("Disponible", "Occupé", "Réservé");
    private static final List<String> CONSTRUCTIONS = List.of("A construire", "En construction", "Construite");

    private final EReprov service;
    private final String contract;
    private final String currentFibre;
    private final String newFibre;

    /** A socket and where it is. */
    private record Socket(Pto pto, String building, String staircase, String floor) {
        String utilisation() {
            return pto.getInformationUtilisation();
        }
    }

    private Scenario(EReprov service, String contract, String currentFibre, String newFibre) {
        this.service = service;
        this.contract = contract;
        this.currentFibre = currentFibre;
        this.newFibre = newFibre;
    }

    public static void main(String[] arguments) throws InterruptedException {
        Scenario scenario = new Scenario(connect(PASSWORD), arguments[0], arguments[1], arguments[2]);
        scenario.read();
        scenario.refusedPut();
        scenario.acceptedPut();
        scenario.follow();
        scenario.readAgain();
        wrongPassword(arguments[0]);
        Package runtime = Provider.provider().getClass().getPackage();
        System.out.println("OK JAX-WS RI " + runtime.getImplementationVersion());
    }

    private static EReprov connect(String password) {
        EReprov port = new EReprovService().getEReprovPort();
        Map<String, Object> context = ((BindingProvider) port).getRequestContext();
        context.put(BindingProvider.USERNAME_PROPERTY, LOGIN);
        context.put(BindingProvider.PASSWORD_PROPERTY, password);
        return port;
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            System.err.println("FAILED jaxws: " + message);
            System.exit(1);
        }
    }

    private static void expect(String what, Object got, Object wanted) {
        check(wanted.equals(got), what + ": expected " + wanted + ", got " + got);
    }

    private static void expectHeader(String what, EnteteResponse header, String... wanted) {
        List<String> got = Arrays.asList(header.getStatut(), header.getCodeErreur(), header.getLibelleErreur());
        expect(what, got, Arrays.asList(wanted));
    }

    private static void expectOk(String what, EnteteResponse header) {
        expectHeader(what, header, "OK", null, null);
    }

    private static void expectText(String what, String value) {
        check(value != null && !value.isEmpty(), what + " is missing");
    }

    /** The sockets of the contract's site by reference. */
    private Map<String, Socket> structure() {
        SiteStructure answer = service.getSiteStructure(contract);
        expectOk("getSiteStructure", answer.getEnteteResponse());
        expectText("getSiteStructure: the site's reference", answer.getSite().getReference());
        Map<String, Socket> sockets = new HashMap<>();
        for (Batiment building : answer.getSite().getBatiment()) {
            for (Escalier staircase : building.getEscalier()) {
                for (Etage floor : staircase.getEtage()) {
                    for (Pto pto : floor.getPto()) {
                        Socket socket = new Socket(
                                pto, building.getReference(), staircase.getReference(), floor.getReference());
                        sockets.put(pto.getReference(), socket);
                        String what = pto.getReference() + ": ";
                        String construction = pto.getInformationConstruction();
                        check(UTILISATIONS.contains(socket.utilisation()), what + socket.utilisation());
                        check(CONSTRUCTIONS.contains(construction), what + construction);
                    }
                }
            }
        }
        for (String fibre : List.of(currentFibre, newFibre)) {
            check(sockets.containsKey(fibre), "getSiteStructure: no PTO " + fibre);
        }
        return sockets;
    }

    /** Steps 1 and 2: the site's structure, and the routes of the new fibre's floor. */
    private void read() {
        Map<String, Socket> sockets = structure();
        expect("the current fibre's PTO", sockets.get(currentFibre).utilisation(), "Occupé");
        Socket socket = sockets.get(newFibre);
        expect("the new fibre's PTO", socket.utilisation(), "Disponible");

        RoSite answer = service.getRoSite(
                contract, socket.building(), socket.staircase(), socket.floor(), null, null);
        expectOk("getRoSite", answer.getEnteteResponse());
        List<FibreRoute> routes = answer.getPbo().stream()
                .flatMap(pbo -> pbo.getFibre().stream())
                .filter(fibre -> newFibre.equals(fibre.getReference()))
                .toList();
        expect("getRoSite: fibres " + newFibre, routes.size(), 1);
        FibreRoute route = routes.get(0);
        expectText("getRoSite: informationCable", route.getInformationCable());
        expectText("getRoSite: informationTube", route.getInformationTube());
        expectText("getRoSite: informationFibre", route.getInformationFibre());
        expect("getRoSite: informationUtilisation", route.getInformationUtilisation(), "Disponible");
    }

    private ReprovisionningInitie put(String fibre) {
        return service.putReprovisionning(contract, fibre, null, false, Motif.fromValue("Fibre cassée"));
    }

    private void refusedPut() {
        EnteteResponse header = put(currentFibre).getEnteteResponse();
        String label = header.getLibelleErreur();
        expectHeader("refused put", header, "KO", "20015", label);
        check(label != null && label.startsWith("Opération non autorisée"), "refused put: " + label);
    }

    private void acceptedPut() {
        ReprovisionningInitie answer = put(newFibre);
        expectOk("accepted put", answer.getEnteteResponse());
        ContratReprovisionne accepted = answer.getContrat();
        expect("accepted put: contract", accepted.getReference(), contract);
        String discharge = accepted.getCodeDecharge();
        check(discharge != null && discharge.length() >= 8, "accepted put: codeDecharge " + discharge);
        check(accepted.getPm() != null, "accepted put: no pm");
        check(accepted.getFibre() != null, "accepted put: no fibre");
    }

    private void follow() throws InterruptedException {
        long start = System.nanoTime();
        while (true) {
            SuiviReprovisionning answer = service.getReprovisionning(contract);
            expectOk("getReprovisionning", answer.getEnteteResponse());
            ContratSuivi followed = answer.getContrat();
            String state = followed.getReprovisionning().getStatut();
            if ("Terminé".equals(state)) {
                expect("follow: fibre", followed.getFibre().getReference(), newFibre);
                expectText("follow: the pm's reference", followed.getPm().getReference());
                expectText("follow: the pm's position", followed.getPm().getPosition());
                return;
            }
            check(List.of("Initié", "En cours").contains(state), "getReprovisionning: " + state);
            check(System.nanoTime() - start < 30_000_000_000L, "getReprovisionning: still " + state + " after 30 s");
            Thread.sleep(100);
        }
    }

    /** The broken fibre is out of service, which the wire shows as occupied. */
    private void readAgain() {
        Map<String, Socket> sockets = structure();
        for (String fibre : List.of(newFibre, currentFibre)) {
            expect("afterwards: PTO " + fibre, sockets.get(fibre).utilisation(), "Occupé");
        }
    }

    private static void wrongPassword(String contract) {
        EnteteResponse header = connect("wrong").getSiteStructure(contract).getEnteteResponse();
        expectHeader("wrong password", header, "KO", "10000", "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI");
    }
}
