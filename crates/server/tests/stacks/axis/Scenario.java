import fr.sfr.hermes.eReprov.*;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.soap.SOAPElement;
import org.apache.axis.Version;
import org.apache.axis.client.Stub;
import org.apache.axis.message.SOAPHeaderElement;

/**
 * The whole e-Reprov scenario with Axis 1.4: Scenario CONTRACT CURRENT_FIBRE NEW_FIBRE.
 *
 * <p>The package fr.sfr.hermes.eReprov is what WSDL2Java makes of the published WSDL; the service's address
 * is in it. A SOAP fault, or an answer that the WSDL does not describe, throws and so ends the run.
 */
public final class Scenario {
    private static final String LOGIN = "oc-demo";
    private static final String PASSWORD = "oc-demo";
    private static final String WSSE =
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd";
    private static final String PASSWORD_TEXT =
            "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-username-token-profile-1.0#PasswordText";
    private static final List<String> UTILISATIONS = List.of("Disponible", "Occupé", "Réservé");
    private static final List<String> CONSTRUCTIONS = List.of("A construire", "En construction", "Construite");

    private final String contract;
    private final String currentFibre;
    private final String newFibre;

    /** A socket and where it is. */
    private record Socket(Pto pto, String building, String staircase, String floor) {
        String utilisation() {
            return pto.getInformationUtilisation();
        }
    }

    private Scenario(String contract, String currentFibre, String newFibre) {
        this.contract = contract;
        this.currentFibre = currentFibre;
        this.newFibre = newFibre;
    }

    public static void main(String[] arguments) throws Exception {
        Scenario scenario = new Scenario(arguments[0], arguments[1], arguments[2]);
        EReprov service = connect(PASSWORD);
        // The other way in only reads, so it comes while the new fibre is still free.
        scenario.read(connectWithUsernameToken());
        scenario.read(service);
        scenario.refusedPut(service);
        scenario.acceptedPut(service);
        scenario.follow(service);
        scenario.readAgain(service);
        wrongPassword(arguments[0]);
        System.out.println("OK " + Version.getVersion().lines().findFirst().orElse("Axis"));
    }

    private static EReprov connect(String password) throws Exception {
        EReprov port = new EReprovServiceLocator().geteReprovPort();
        ((Stub) port).setUsername(LOGIN);
        ((Stub) port).setPassword(password);
        return port;
    }

    private static EReprov connectWithUsernameToken() throws Exception {
        SOAPHeaderElement security = new SOAPHeaderElement(WSSE, "Security");
        SOAPElement token = security.addChildElement("UsernameToken", "wsse", WSSE);
        token.addChildElement("Username", "wsse", WSSE).addTextNode(LOGIN);
        SOAPElement password = token.addChildElement("Password", "wsse", WSSE);
        password.setAttribute("Type", PASSWORD_TEXT);
        password.addTextNode(PASSWORD);
        EReprov port = new EReprovServiceLocator().geteReprovPort();
        ((Stub) port).setHeader(security);
        return port;
    }

    private static void check(boolean condition, String message) {
        if (!condition) {
            System.err.println("FAILED axis: " + message);
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

    /** Axis leaves out an empty list. */
    private static <T> List<T> list(T[] elements) {
        return elements == null ? List.of() : Arrays.asList(elements);
    }

    /** The sockets of the contract's site by reference. */
    private Map<String, Socket> structure(EReprov service) throws Exception {
        SiteStructure answer = service.getSiteStructure(contract);
        expectOk("getSiteStructure", answer.getEnteteResponse());
        expectText("getSiteStructure: the site's reference", answer.getSite().getReference());
        Map<String, Socket> sockets = new HashMap<>();
        for (Batiment building : list(answer.getSite().getBatiment())) {
            for (Escalier staircase : list(building.getEscalier())) {
                for (Etage floor : list(staircase.getEtage())) {
                    for (Pto pto : list(floor.getPto())) {
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
    private void read(EReprov service) throws Exception {
        Map<String, Socket> sockets = structure(service);
        expect("the current fibre's PTO", sockets.get(currentFibre).utilisation(), "Occupé");
        Socket socket = sockets.get(newFibre);
        expect("the new fibre's PTO", socket.utilisation(), "Disponible");

        RoSite answer = service.getRoSite(
                contract, socket.building(), socket.staircase(), socket.floor(), null, null);
        expectOk("getRoSite", answer.getEnteteResponse());
        Stream<FibreRoute> all = list(answer.getPbo()).stream().flatMap(pbo -> list(pbo.getFibre()).stream());
        List<FibreRoute> routes = all.filter(fibre -> newFibre.equals(fibre.getReference())).toList();
        expect("getRoSite: fibres " + newFibre, routes.size(), 1);
        FibreRoute route = routes.get(0);
        expectText("getRoSite: informationCable", route.getInformationCable());
        expectText("getRoSite: informationTube", route.getInformationTube());
        expectText("getRoSite: informationFibre", route.getInformationFibre());
        expect("getRoSite: informationUtilisation", route.getInformationUtilisation(), "Disponible");
    }

    private ReprovisionningInitie put(EReprov service, String fibre) throws Exception {
        return service.putReprovisionning(contract, fibre, null, false, Motif.fromValue("Fibre cassée"));
    }

    private void refusedPut(EReprov service) throws Exception {
        EnteteResponse header = put(service, currentFibre).getEnteteResponse();
        String label = header.getLibelleErreur();
        expectHeader("refused put", header, "KO", "20015", label);
        check(label != null && label.startsWith("Opération non autorisée"), "refused put: " + label);
    }

    private void acceptedPut(EReprov service) throws Exception {
        ReprovisionningInitie answer = put(service, newFibre);
        expectOk("accepted put", answer.getEnteteResponse());
        ContratReprovisionne accepted = answer.getContrat();
        expect("accepted put: contract", accepted.getReference(), contract);
        String discharge = accepted.getCodeDecharge();
        check(discharge != null && discharge.length() >= 8, "accepted put: codeDecharge " + discharge);
        check(accepted.getPm() != null, "accepted put: no pm");
        check(accepted.getFibre() != null, "accepted put: no fibre");
    }

    private void follow(EReprov service) throws Exception {
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
    private void readAgain(EReprov service) throws Exception {
        Map<String, Socket> sockets = structure(service);
        for (String fibre : List.of(newFibre, currentFibre)) {
            expect("afterwards: PTO " + fibre, sockets.get(fibre).utilisation(), "Occupé");
        }
    }

    private static void wrongPassword(String contract) throws Exception {
        EnteteResponse header = connect("wrong").getSiteStructure(contract).getEnteteResponse();
        expectHeader("wrong password", header, "KO", "10000", "Login/Password incorrect : vérifiez-les ; s'ils sont justes, contactez l'OI");
    }
}
