import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;

/** The CA that a connect names, and the certificate to show, out of their PEM files. */
class Keys {
	final TrustManagerFactory trust;
	final KeyManagerFactory own;

	Keys(Command c) throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12"), shown = KeyStore.getInstance("PKCS12");
		char[] none = new char[0];

		trusted.load(null, null);
		shown.load(null, null);
		trusted.setCertificateEntry("ca", certificates(c.string("ca")).get(0));
		if (c.has("cert"))
			shown.setKeyEntry("own", key(c.string("key")), none,
				certificates(c.string("cert")).toArray(new Certificate[0]));
		trust = TrustManagerFactory.getInstance("PKIX");
		own = KeyManagerFactory.getInstance("PKIX");
		trust.init(trusted);
		own.init(shown, none);
	}

	SSLSocketFactory sockets() throws Exception {
		SSLContext context = SSLContext.getInstance("TLS");

		context.init(own.getKeyManagers(), trust.getTrustManagers(), null);
		return context.getSocketFactory();
	}

	private static List<Certificate> certificates(String path) throws Exception {
		try (InputStream in = new ByteArrayInputStream(Files.readAllBytes(Path.of(path)))) {
			return new ArrayList<>(CertificateFactory.getInstance("X.509").generateCertificates(in));
		}
	}

	private static PrivateKey key(String path) throws Exception {
		String pem = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]*-----|\\s", "");
		PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(Base64.getDecoder().decode(pem));

		try {
			return KeyFactory.getInstance("EC").generatePrivate(spec);
		} catch (InvalidKeySpecException e) {
			return KeyFactory.getInstance("RSA").generatePrivate(spec);
		}
	}
}
