import fr.sfr.hermes.ereprov.*;
import java.io.FileInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import javax.xml.namespace.QName;
import javax.xml.soap.SOAPElement;
import javax.xml.soap.SOAPEnvelope;
import javax.xml.soap.SOAPException;
import javax.xml.ws.BindingProvider;
import javax.xml.ws.WebServiceException;
import javax.xml.ws.handler.MessageContext;
import javax.xml.ws.handler.soap.SOAPHandler;
import javax.xml.ws.handler.soap.SOAPMessageContext;
import javax.xml.ws.spi.Provider;

/** Every way to log in, with JAX-WS RI over TLS: Secured CONTRACT OWN_KEYS TRUSTED_AUTHORITIES. */
public final class Secured {
    private static final String WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-";
    private static final String WSSE = WSS + "wssecurity-secext-1.0.xsd";
    private static final String WSU = WSS + "wssecurity-utility-1.0.xsd";
    private static final String SOCKETS = "com.sun.xml.ws.transport.https.client.SSLSocketFactory";
    private static final char[] STORE_PASSWORD = "changeit".toCharArray();
    private static final String OTHERS_CONTRACT = "DEMO-AUTRE-OC";

    public static void main(String[] arguments) throws Exception {
        String contract = arguments[0];
        expect("Basic", ask(basic("oc-demo", "oc-demo"), contract), null);
        expect("PasswordText", ask(token(false), contract), null);
        expect("PasswordDigest", ask(token(true), contract), null);
        expect("Basic, wrong", ask(basic("oc-demo", "wrong"), contract), "10000");
        EReprov own = basic("oc-autre", "oc-autre");
        context(own).put(SOCKETS, sockets(arguments[1], arguments[2]).getSocketFactory());
        expect("a certificate", ask(own, OTHERS_CONTRACT), null);
        expect("no certificate", ask(basic("oc-autre", "oc-autre"), OTHERS_CONTRACT), "10000");
        EReprov strange = basic("oc-demo", "oc-demo");
        // A store of keys alone trusts in nobody but the caller itself.
        context(strange).put(SOCKETS, sockets(arguments[1], arguments[1]).getSocketFactory());
        expect("a server that nobody vouches for", ask(strange, contract), "nothing");
        Package runtime = Provider.provider().getClass().getPackage();
        System.out.println("OK JAX-WS RI " + runtime.getImplementationVersion());
    }

    private static Map<String, Object> context(EReprov port) {
        return ((BindingProvider) port).getRequestContext();
    }

    private static EReprov basic(String login, String password) {
        EReprov port = new EReprovService().getEReprovPort();
        context(port).put(BindingProvider.USERNAME_PROPERTY, login);
        context(port).put(BindingProvider.PASSWORD_PROPERTY, password);
        return port;
    }

    private static EReprov token(boolean digest) {
        EReprov port = new EReprovService().getEReprovPort();
        ((BindingProvider) port).getBinding().setHandlerChain(List.of(new Token("oc-demo", "oc-demo", digest)));
        return port;
    }

    /** The code of an answer; null: OK. */
    private static String ask(EReprov port, String contract) {
        try {
            return port.getSiteStructure(contract).getEnteteResponse().getCodeErreur();
        } catch (WebServiceException unanswered) {
            if (unanswered.getCause() instanceof javax.net.ssl.SSLException) {
                return "nothing";
            }
            throw unanswered;
        }
    }

    private static void expect(String what, String got, String wanted) {
        if (!java.util.Objects.equals(got, wanted)) {
            System.err.println("FAILED jaxws: " + what + ": expected " + wanted + ", got " + got);
            System.exit(1);
        }
    }

    private static KeyStore store(String file) throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        try (InputStream bytes = new FileInputStream(file)) {
            store.load(bytes, STORE_PASSWORD);
        }
        return store;
    }

    private static SSLContext sockets(String keys, String trusted) throws Exception {
        KeyManagerFactory own = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(store(keys), STORE_PASSWORD);
        TrustManagerFactory authorities = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        authorities.init(store(trusted));
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(own.getKeyManagers(), authorities.getTrustManagers(), null);
        return context;
    }

    /** Puts a UsernameToken into what leaves. */
    private record Token(String login, String password, boolean digest) implements SOAPHandler<SOAPMessageContext> {
        @Override
        public boolean handleMessage(SOAPMessageContext context) {
            if ((Boolean) context.get(MessageContext.MESSAGE_OUTBOUND_PROPERTY)) {
                try {
                    add(context.getMessage().getSOAPPart().getEnvelope());
                } catch (Exception impossible) {
                    throw new IllegalStateException(impossible);
                }
            }
            return true;
        }

        private void add(SOAPEnvelope envelope) throws Exception {
            if (envelope.getHeader() == null) {
                envelope.addHeader();
            }
            SOAPElement security = envelope.getHeader().addChildElement("Security", "wsse", WSSE);
            SOAPElement token = security.addChildElement("UsernameToken", "wsse");
            token.addChildElement("Username", "wsse").addTextNode(login);
            String kind = WSS + "username-token-profile-1.0#";
            SOAPElement proof = token.addChildElement("Password", "wsse");
            if (!digest) {
                proof.addAttribute(new QName("Type"), kind + "PasswordText").addTextNode(password);
                return;
            }
            byte[] nonce = new SecureRandom().generateSeed(16);
            String created = Instant.now().truncatedTo(ChronoUnit.MILLIS).toString();
            MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
            sha1.update(nonce);
            sha1.update((created + password).getBytes(StandardCharsets.UTF_8));
            Base64.Encoder base64 = Base64.getEncoder();
            proof.addAttribute(new QName("Type"), kind + "PasswordDigest");
            proof.addTextNode(base64.encodeToString(sha1.digest()));
            token.addChildElement("Nonce", "wsse").addTextNode(base64.encodeToString(nonce));
            token.addChildElement("Created", "wsu", WSU).addTextNode(created);
        }

        @Override
        public boolean handleFault(SOAPMessageContext context) {
            return true;
        }

        @Override
        public void close(MessageContext context) {
            // It holds nothing.
        }

        @Override
        public Set<QName> getHeaders() {
            return Set.of(new QName(WSSE, "Security"));
        }
    }
}
