import fr.sfr.hermes.ereprov.*;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Supplier;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.WebServiceException;
import javax.xml.ws.handler.MessageContext;

/**
 * One re-provisioning from beginning to end, with JAX-WS: java Reprovision CONTRACT FLOOR MOTIF
 *
 * <p>The package fr.sfr.hermes.ereprov is what wsimport makes of the service's WSDL. See README.md beside
 * this file for that, and for the variables of the environment.
 */
public final class Reprovision {
    /** With these codes, as without any answer, a put may have been accepted all the same. */
    private static final List<String> DOUBTFUL =
            List.of("0", "10100", "10101", "10200", "20000", "20003", "20004", "20008", "20010");

    /** The service said no. */
    private static final class Refused extends RuntimeException {
        final String code;

        Refused(EnteteResponse header) {
            super("KO " + header.getCodeErreur() + ": " + header.getLibelleErreur());
            code = header.getCodeErreur();
        }
    }

    /** Nobody knows whether the put was accepted. */
    private static final class InDoubt extends RuntimeException {
        InDoubt(String why) {
            super(why);
        }
    }

    private record Place(String building, String staircase, String floor) {}

    private final EReprov port;
    private final String contract;

    private Reprovision(EReprov port, String contract) {
        this.port = port;
        this.contract = contract;
    }

    public static void main(String[] arguments) throws IOException {
        // Java would send a POST again by itself when the connection ends before the answer.
        System.setProperty("sun.net.http.retryPost", "false");
        Reprovision client = new Reprovision(connect(System.getenv("EREPROV_URL")), arguments[0]);
        try {
            String fibre = client.freeFibre(client.placeOf(arguments[1]));
            client.reprovision(fibre, Motif.fromValue(arguments[2]));
            client.follow();
        } catch (InDoubt doubt) {
            fail(8, "outcome unknown (" + doubt.getMessage() + "): send nothing, ask getReprovisionning or the OI");
        } catch (Refused | WebServiceException no) {
            fail(1, no.getMessage());
        }
    }

    private static EReprov connect(String url) throws IOException {
        List<String> credentials = Files.readAllLines(Path.of(System.getenv("EREPROV_CREDENTIALS")));
        EReprov port = new EReprovService(URI.create(url + "?wsdl").toURL()).getEReprovPort();
        ((BindingProvider) port).getRequestContext().putAll(Map.of(
                // The address that we were given, whatever the WSDL says.
                BindingProvider.ENDPOINT_ADDRESS_PROPERTY, url,
                BindingProvider.USERNAME_PROPERTY, credentials.get(0),
                BindingProvider.PASSWORD_PROPERTY, credentials.get(1),
                "com.sun.xml.ws.connect.timeout", 10_000,
                "com.sun.xml.ws.request.timeout", 60_000));
        return port;
    }

    private static void fail(int status, String message) {
        System.err.println(message);
        System.exit(status);
    }

    private static String setting(String name, String otherwise) {
        return System.getenv().getOrDefault(name, otherwise);
    }

    private static void sleep(String seconds) {
        try {
            Thread.sleep((long) (Double.parseDouble(seconds) * 1000));
        } catch (InterruptedException interrupted) {
            throw new WebServiceException(interrupted);
        }
    }

    /** A refusal comes with HTTP 200: statut tells, not the status of HTTP. */
    private static void expectOk(EnteteResponse header) {
        if (!"OK".equals(header.getStatut())) {
            throw new Refused(header);
        }
    }

    /** getSiteStructure: building, staircase and floor, by the floor's name. */
    private Place placeOf(String floor) {
        SiteStructure answer = port.getSiteStructure(contract);
        expectOk(answer.getEnteteResponse());
        System.out.println("site " + answer.getSite().getReference());
        for (Batiment building : answer.getSite().getBatiment()) {
            for (Escalier staircase : building.getEscalier()) {
                if (staircase.getEtage().stream().anyMatch(one -> floor.equals(one.getReference()))) {
                    return new Place(building.getReference(), staircase.getReference(), floor);
                }
            }
        }
        throw new WebServiceException("no floor " + floor);
    }

    /** getRoSite: the first free fibre. A technician would choose: by PBO, tube and colour. */
    private String freeFibre(Place place) {
        RoSite answer = port.getRoSite(contract, place.building(), place.staircase(), place.floor(), null, null);
        expectOk(answer.getEnteteResponse());
        FibreRoute free = answer.getPbo().stream()
                .flatMap(pbo -> pbo.getFibre().stream())
                .filter(fibre -> "Disponible".equals(fibre.getInformationUtilisation()))
                .findFirst()
                .orElseThrow(() -> new WebServiceException("no free fibre on " + place.floor()));
        System.out.println("fibre " + free.getReference() + ": tube " + free.getInformationTube()
                + ", fibre " + free.getInformationFibre());
        return free.getReference();
    }

    /** Sends the request once, under its name. */
    private ReprovisionningInitie put(String key, String fibre, Motif motif) {
        Map<String, Object> context = ((BindingProvider) port).getRequestContext();
        context.put(MessageContext.HTTP_REQUEST_HEADERS, Map.of("Idempotency-Key", List.of(key)));
        try {
            return doubting(() -> {
                ReprovisionningInitie answer = port.putReprovisionning(contract, fibre, null, false, motif);
                expectOk(answer.getEnteteResponse());
                return answer;
            });
        } finally {
            context.remove(MessageContext.HTTP_REQUEST_HEADERS);
        }
    }

    private static <T> T doubting(Supplier<T> call) {
        try {
            return call.get();
        } catch (Refused no) {
            throw DOUBTFUL.contains(no.code) ? new InDoubt(no.getMessage()) : no;
        } catch (WebServiceException lost) { // no answer, half of one, a fault, a gateway's page
            throw new InDoubt("no answer: " + lost.getMessage());
        }
    }

    private ContratSuivi look() {
        SuiviReprovisionning answer = port.getReprovisionning(contract);
        expectOk(answer.getEnteteResponse());
        return answer.getContrat();
    }

    /** Some services leave out the accents. */
    private static String stateOf(ContratSuivi seen) {
        return seen.getReprovisionning().getStatut().replace("é", "e");
    }

    /** getReprovisionning after a doubt: reads, and sends nothing. */
    private boolean wasAccepted(String wanted) {
        sleep(setting("EREPROV_DOUBT", "30")); // the service may still be deciding
        ContratSuivi seen;
        try {
            seen = doubting(this::look);
        } catch (Refused no) {
            if ("20014".equals(no.code)) { // there has never been one
                return false;
            }
            throw new InDoubt(no.getMessage());
        }
        String fibre = seen.getFibre() == null ? null : seen.getFibre().getReference();
        if (wanted.equals(fibre) && List.of("Initie", "En cours", "Termine").contains(stateOf(seen))) {
            return true;
        }
        if (fibre != null && !wanted.equals(fibre)) { // the latest one is another
            return false;
        }
        throw new InDoubt("the latest one is " + stateOf(seen));
    }

    /** Whether the service answers a name that it knows as it did the first time. */
    private boolean keepsNames() {
        Object headers = ((BindingProvider) port).getResponseContext().get(MessageContext.HTTP_RESPONSE_HEADERS);
        return headers instanceof Map<?, ?> map
                && map.keySet().stream().anyMatch(name -> "Idempotency-Key-Kept".equalsIgnoreCase((String) name));
    }

    /** A put that never doubles: after a doubt it is read about before it is sent again. */
    private void reprovision(String fibre, Motif motif) {
        String key = UUID.randomUUID().toString(); // a program that goes on writes this down before it sends
        ReprovisionningInitie answer;
        try {
            answer = put(key, fibre, motif);
        } catch (InDoubt doubt) {
            System.err.println("in doubt (" + doubt.getMessage() + "): reading before anything is sent again");
            if (wasAccepted(fibre) && !keepsNames()) {
                System.out.println("accepted: the discharge code was lost, ask the OI for it");
                return;
            }
            // It was not accepted; or what is sent under its name again is not done again.
            answer = put(key, fibre, motif);
        }
        System.out.println("accepted: discharge code " + answer.getContrat().getCodeDecharge());
    }

    /** Four looks at the most: 2000 calls a month are for all technicians together. */
    private void follow() {
        for (String wait : setting("EREPROV_SCHEDULE", "15 45 180 360").split(" ")) {
            sleep(wait);
            String state;
            try {
                state = stateOf(look());
            } catch (WebServiceException lost) {
                System.err.println("no answer: " + lost.getMessage());
                continue; // the next look will tell
            }
            System.out.println("state " + state);
            if ("Termine".equals(state)) {
                return;
            }
            if (List.of("Annule", "En echec").contains(state)) {
                fail(1, "it was not done");
            }
        }
        fail(1, "it has not ended yet");
    }
}
