import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.eclipse.paho.client.mqttv3.IMqttActionListener;
import org.eclipse.paho.client.mqttv3.IMqttDeliveryToken;
import org.eclipse.paho.client.mqttv3.IMqttToken;
import org.eclipse.paho.client.mqttv3.MqttAsyncClient;
import org.eclipse.paho.client.mqttv3.MqttCallback;
import org.eclipse.paho.client.mqttv3.MqttConnectOptions;
import org.eclipse.paho.client.mqttv3.MqttException;
import org.eclipse.paho.client.mqttv3.MqttMessage;
import org.eclipse.paho.client.mqttv3.internal.wire.MqttSuback;
import org.eclipse.paho.client.mqttv3.persist.MemoryPersistence;

/** The agent of Eclipse Paho for Java, as docs/AGENT.md wants it, for MQTT 3.1.1. Its calls return at once, and call back. */
class Launch implements MqttCallback {
	private static final Map<String, String> SCHEMES = Map.of("tcp", "tcp", "tls", "ssl", "ws", "ws", "wss", "wss");
	private static final List<String> OF_5 = List.of("code", "no_local", "retain_as_published", "retain_handling");
	private static final Gson GSON = new Gson();

	private final Map<Long, String> waiting = new HashMap<>(); /* by its id, what the command is */
	private MqttAsyncClient client;
	private boolean keeps; /* the client keeps what it has not got acknowledged for the next connection */

	/** What the client has no way to do. */
	private static class Unsupported extends RuntimeException {
		Unsupported(String what) {
			super(what);
		}
	}

	/** An event under way. */
	private static class Event {
		final JsonObject fields = new JsonObject();

		Event(String name) {
			fields.addProperty("event", name);
		}

		Event with(String name, String value) {
			fields.addProperty(name, value);
			return this;
		}

		Event with(String name, Number value) {
			fields.addProperty(name, value);
			return this;
		}

		Event with(String name, boolean value) {
			fields.addProperty(name, value);
			return this;
		}

		Event with(String name, JsonElement value) {
			fields.add(name, value);
			return this;
		}
	}

	private synchronized void say(Event event) {
		PrintStream out = System.out;
		byte[] line = (GSON.toJson(event.fields) + "\n").getBytes(StandardCharsets.UTF_8);

		out.write(line, 0, line.length);
		out.flush();
	}

	/** Each command once. */
	private synchronized void answer(long id, Event event) {
		if (waiting.remove(id) != null)
			say(event.with("id", id));
	}

	private static String text(Throwable why) {
		return why == null ? "the connection has ended" : why.toString();
	}

	/* ---- what commands have in them ---- */

	private static JsonPrimitive primitive(JsonObject c, String name) {
		if (!(c.get(name) instanceof JsonPrimitive p))
			throw new IllegalArgumentException(name + " is missing or of the wrong type");
		return p;
	}

	private static String string(JsonObject c, String name) {
		JsonPrimitive p = primitive(c, name);
		if (!p.isString())
			throw new IllegalArgumentException(name + " is no text");
		return p.getAsString();
	}

	private static int number(JsonObject c, String name) {
		JsonPrimitive p = primitive(c, name);
		if (!p.isNumber())
			throw new IllegalArgumentException(name + " is no number");
		return p.getAsInt();
	}

	private static boolean flag(JsonObject c, String name) {
		JsonPrimitive p = primitive(c, name);
		if (!p.isBoolean())
			throw new IllegalArgumentException(name + " is neither true nor false");
		return p.getAsBoolean();
	}

	private static String maybe(JsonObject c, String name) {
		return c.has(name) ? string(c, name) : null;
	}

	private static byte[] content(JsonObject c) {
		String hex = maybe(c, "payload_hex");
		return hex != null ? HexFormat.of().parseHex(hex) : string(c, "payload").getBytes(StandardCharsets.UTF_8);
	}

	private static void keepTo311(JsonObject c) {
		if (c.has("properties") && c.getAsJsonObject("properties").size() > 0)
			throw new Unsupported(c.getAsJsonObject("properties").keySet().iterator().next());
		for (String name : OF_5)
			if (c.has(name) && !List.of("0", "false").contains(c.get(name).toString()))
				throw new Unsupported(name);
	}

	/* ---- commands ---- */

	private static String place(JsonObject c) {
		String transport = c.has("transport") ? string(c, "transport") : "tcp";
		if (!SCHEMES.containsKey(transport))
			throw new Unsupported("transport " + transport);
		if (c.has("server_name"))
			throw new Unsupported("server_name");
		return SCHEMES.get(transport) + "://" + string(c, "host") + ":" + number(c, "port") + (c.has("path") ? string(c, "path") : "");
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
		} catch (java.security.spec.InvalidKeySpecException e) {
			return KeyFactory.getInstance("RSA").generatePrivate(spec);
		}
	}

	private static SSLSocketFactory sockets(JsonObject c) throws Exception {
		KeyStore trusted = KeyStore.getInstance("PKCS12"), own = KeyStore.getInstance("PKCS12");
		TrustManagerFactory trust = TrustManagerFactory.getInstance("PKIX");
		KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
		SSLContext context = SSLContext.getInstance("TLS");

		trusted.load(null, null);
		own.load(null, null);
		trusted.setCertificateEntry("ca", certificates(string(c, "ca")).get(0));
		if (c.has("cert"))
			own.setKeyEntry("own", key(string(c, "key")), new char[0], certificates(string(c, "cert")).toArray(new Certificate[0]));
		trust.init(trusted);
		keys.init(own, new char[0]);
		context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
		return context.getSocketFactory();
	}

	private void connect(long id, JsonObject c) throws Exception {
		MqttConnectOptions options = new MqttConnectOptions();

		if (!string(c, "version").equals("3.1.1"))
			throw new Unsupported("version");
		if (c.has("password") && !c.has("user_name"))
			throw new Unsupported("password without user_name");
		if (client != null && client.isConnected())
			throw new IllegalStateException("there is a connection already");
		options.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
		options.setServerURIs(new String[] {place(c)});
		options.setCleanSession(flag(c, "clean_start"));
		options.setKeepAliveInterval(number(c, "keep_alive"));
		options.setMaxInflight(65535);
		if (c.has("user_name"))
			options.setUserName(string(c, "user_name"));
		if (c.has("password"))
			options.setPassword(string(c, "password").toCharArray());
		if (c.has("ca"))
			options.setSocketFactory(sockets(c));
		if (c.has("will")) {
			JsonObject will = c.getAsJsonObject("will");
			keepTo311(will);
			options.setWill(string(will, "topic"), content(will), number(will, "qos"), flag(will, "retain"));
		}
		if (client == null) {
			client = new MqttAsyncClient(place(c), string(c, "client_id"), new MemoryPersistence());
			client.setCallback(this);
		}
		keeps = !options.isCleanSession();
		client.connect(options, null, new IMqttActionListener() {
			public void onSuccess(IMqttToken token) {
				answer(id, new Event("connected").with("session_present", token.getSessionPresent()));
			}

			public void onFailure(IMqttToken token, Throwable why) {
				int code = why instanceof MqttException e ? e.getReasonCode() : 0;
				answer(id, code >= 1 && code <= 5 ? new Event("refused").with("code", code) : new Event("error").with("text", text(why)));
			}
		});
	}

	private IMqttActionListener acknowledged(long id) {
		return new IMqttActionListener() {
			public void onSuccess(IMqttToken token) {
				answer(id, new Event("acknowledged"));
			}

			public void onFailure(IMqttToken token, Throwable why) {
				answer(id, new Event("error").with("text", text(why)));
			}
		};
	}

	private IMqttActionListener granted(long id) {
		return new IMqttActionListener() {
			public void onSuccess(IMqttToken token) {
				answer(id, new Event("acknowledged").with("codes", GSON.toJsonTree(token.getGrantedQos())));
			}

			public void onFailure(IMqttToken token, Throwable why) {
				answer(id, token.getResponse() instanceof MqttSuback suback
					? new Event("acknowledged").with("codes", GSON.toJsonTree(suback.getGrantedQos()))
					: new Event("error").with("text", text(why)));
			}
		};
	}

	private MqttAsyncClient connected() {
		if (client == null || !client.isConnected())
			throw new IllegalStateException("there is no connection");
		return client;
	}

	private void subscribe(long id, JsonObject c) throws Exception {
		List<String> filters = new ArrayList<>();
		List<Integer> levels = new ArrayList<>();

		for (JsonElement f : c.getAsJsonArray("filters")) {
			keepTo311(f.getAsJsonObject());
			filters.add(string(f.getAsJsonObject(), "filter"));
			levels.add(number(f.getAsJsonObject(), "qos"));
		}
		connected().subscribe(filters.toArray(new String[0]), levels.stream().mapToInt(i -> i).toArray(), null, granted(id));
	}

	private void obey(long id, JsonObject c) throws Exception {
		keepTo311(c);
		switch (string(c, "do")) {
		case "sync" -> answer(id, new Event("synced"));
		case "connect" -> connect(id, c);
		case "subscribe" -> subscribe(id, c);
		case "unsubscribe" ->
			connected().unsubscribe(GSON.fromJson(c.get("filters"), String[].class), null, acknowledged(id));
		case "publish" ->
			connected().publish(string(c, "topic"), content(c), number(c, "qos"), flag(c, "retain"), null, acknowledged(id));
		case "disconnect" -> connected().disconnect(0, null, new IMqttActionListener() {
			public void onSuccess(IMqttToken token) {
				ended(id, null);
			}

			public void onFailure(IMqttToken token, Throwable why) {
				ended(id, why);
			}
		});
		default -> throw new Unsupported(string(c, "do"));
		}
	}

	/** First what waits, then the end. */
	private synchronized void ended(long id, Throwable why) {
		for (Map.Entry<Long, String> command : List.copyOf(waiting.entrySet()))
			if (command.getKey() != id && !(keeps && command.getValue().equals("publish")))
				answer(command.getKey(), new Event("error").with("text", text(why)));
		if (id >= 0)
			answer(id, new Event("disconnected"));
		else
			say(new Event("disconnected").with("text", text(why)));
	}

	private void take(byte[] line) {
		JsonObject c = null;
		long id = -1;

		try {
			String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
			c = GSON.getAdapter(JsonObject.class).fromJson(text);
			id = primitive(c, "id").isNumber() ? c.get("id").getAsLong() : -1;
			if (id < 0)
				throw new IllegalArgumentException("id is no number");
			synchronized (this) {
				waiting.put(id, string(c, "do"));
			}
			obey(id, c);
		} catch (Unsupported e) {
			answer(id, new Event("unsupported").with("text", e.getMessage()));
		} catch (Exception e) {
			Event event = new Event("error").with("text", e.toString());
			synchronized (this) {
				waiting.remove(id);
				say(id < 0 ? event : event.with("id", id));
			}
		}
	}

	/* ---- what the client tells ---- */

	public void connectionLost(Throwable why) {
		ended(-1, why);
	}

	public void messageArrived(String topic, MqttMessage m) {
		Event event = new Event("message").with("topic", topic).with("payload_hex", HexFormat.of().formatHex(m.getPayload()));

		say(event.with("qos", m.getQos()).with("retain", m.isRetained()).with("dup", m.isDuplicate()));
	}

	public void deliveryComplete(IMqttDeliveryToken token) {
	}

	public static void main(String[] args) throws Exception {
		Launch agent = new Launch();
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		byte[] chunk = new byte[1 << 16];

		agent.say(new Event("hello").with("contract", 1).with("name", "Eclipse Paho Java").with("version", args[0])
			.with("versions", GSON.toJsonTree(List.of("3.1.1"))).with("transports", GSON.toJsonTree(List.of("tcp", "tls", "ws", "wss"))));
		for (int n; (n = System.in.read(chunk)) > 0;) {
			for (int i = 0; i < n; i++) {
				if (chunk[i] != '\n') {
					line.write(chunk[i]);
					continue;
				}
				agent.take(line.toByteArray());
				line.reset();
			}
		}
		Runtime.getRuntime().halt(0);
	}
}
