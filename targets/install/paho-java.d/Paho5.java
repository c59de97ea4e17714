import java.util.Arrays;
import java.util.List;
import org.eclipse.paho.mqttv5.client.IMqttToken;
import org.eclipse.paho.mqttv5.client.MqttActionListener;
import org.eclipse.paho.mqttv5.client.MqttAsyncClient;
import org.eclipse.paho.mqttv5.client.MqttCallback;
import org.eclipse.paho.mqttv5.client.MqttClientException;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.client.persist.MemoryPersistence;
import org.eclipse.paho.mqttv5.common.MqttException;
import org.eclipse.paho.mqttv5.common.MqttMessage;
import org.eclipse.paho.mqttv5.common.MqttSubscription;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;

/** Eclipse Paho's client for MQTT 5.0. Its calls return at once, and call back. */
class Paho5 implements Client, MqttCallback {
	private final Agent agent;
	private MqttAsyncClient client;

	Paho5(Agent agent) {
		this.agent = agent;
	}

	/* ---- outcomes ---- */

	private interface Told {
		Event of(IMqttToken token);
	}

	private MqttActionListener answered(long id, Told success) {
		return new MqttActionListener() {
			public void onSuccess(IMqttToken token) {
				agent.answer(id, success.of(token).withProperties(Properties.told(token.getResponseProperties())));
			}

			public void onFailure(IMqttToken token, Throwable why) {
				agent.answer(id, refused(token, why));
			}
		};
	}

	/** Codes of the library's own begin after those that fit into a byte. */
	private static Event refused(IMqttToken token, Throwable why) {
		int code = why instanceof MqttException e ? e.getReasonCode() : 0;

		return code >= 0x80 && code <= 0xFF
			? new Event("refused").with("code", code).withProperties(Properties.told(token.getResponseProperties()))
			: Event.error(why);
	}

	/** The last code is that of the packet which ended the exchange. */
	private static Event acknowledged(IMqttToken token) {
		int[] codes = token.getReasonCodes();

		if (codes == null || codes.length == 0)
			return new Event("acknowledged");
		int code = Arrays.stream(codes).filter(c -> c >= 0x80).findFirst().orElse(codes[codes.length - 1]);
		return new Event(code >= 0x80 ? "refused" : "acknowledged").with("code", code);
	}

	private static Event granted(IMqttToken token) {
		return new Event("acknowledged").with("codes", token.getReasonCodes());
	}

	/* ---- commands ---- */

	public void connect(long id, Command c) throws Exception {
		MqttConnectionOptions options = new MqttConnectionOptions();
		String place = Paho.place(c);

		options.setServerURIs(new String[] {place});
		options.setAutomaticReconnect(false);
		options.setCleanStart(c.flag("clean_start"));
		options.setKeepAliveInterval(c.integer("keep_alive"));
		if (c.has("user_name"))
			options.setUserName(c.string("user_name"));
		if (c.has("password"))
			options.setPassword(c.string("password").getBytes("UTF-8"));
		if (c.has("ca"))
			options.setSocketFactory(new Keys(c).sockets());
		if (c.has("will")) {
			Command will = c.object("will");
			options.setWill(will.string("topic"), message(will));
			options.setWillMessageProperties(Properties.asked(will));
		}
		Properties.ask(options, c.properties());
		if (client == null) {
			client = new MqttAsyncClient(place, c.string("client_id"), new MemoryPersistence());
			client.setCallback(this);
		}
		connect(options, answered(id,
			token -> new Event("connected").with("session_present", token.getSessionPresent())));
		agent.keep(options.getSessionExpiryInterval() != null && options.getSessionExpiryInterval() > 0);
	}

	/** A disconnect is told a moment before the client can connect again. */
	private void connect(MqttConnectionOptions options, MqttActionListener listener) throws Exception {
		for (int ms = 0;; ms++) {
			try {
				client.connect(options, null, listener);
				return;
			} catch (MqttException e) {
				if (e.getReasonCode() != MqttClientException.REASON_CODE_CLIENT_DISCONNECTING || ms == 1000)
					throw e;
			}
			Thread.sleep(1);
		}
	}

	private static MqttMessage message(Command c) {
		return new MqttMessage(c.payload(), c.integer("qos"), c.flag("retain"), Properties.asked(c));
	}

	public void subscribe(long id, Command c) throws Exception {
		List<Command> filters = c.objects("filters");
		MqttSubscription[] subscriptions = new MqttSubscription[filters.size()];

		for (int i = 0; i < subscriptions.length; i++) {
			Command f = filters.get(i);
			subscriptions[i] = new MqttSubscription(f.string("filter"), f.integer("qos"));
			subscriptions[i].setNoLocal(f.flag("no_local", false));
			subscriptions[i].setRetainAsPublished(f.flag("retain_as_published", false));
			subscriptions[i].setRetainHandling(f.integer("retain_handling", 0));
		}
		client.subscribe(subscriptions, null, answered(id, Paho5::granted), Properties.asked(c));
	}

	public void unsubscribe(long id, Command c) throws Exception {
		client.unsubscribe(c.strings("filters").toArray(String[]::new), null, answered(id, Paho5::granted),
			Properties.asked(c));
	}

	public void publish(long id, Command c) throws Exception {
		client.publish(c.string("topic"), message(c), null, answered(id, Paho5::acknowledged));
	}

	public void disconnect(long id, Command c) throws Exception {
		client.disconnect(0, null, new MqttActionListener() {
			public void onSuccess(IMqttToken token) {
				agent.ended(id, new Event("disconnected"), null);
			}

			public void onFailure(IMqttToken token, Throwable why) {
				agent.ended(id, new Event("disconnected"), why);
			}
		}, c.integer("code", 0), Properties.asked(c));
	}

	public void authenticate(long id, Command c) throws Exception {
		if (!client.isConnected())
			throw new Unsupported("authenticate before CONNACK");
		client.authenticate(c.integer("code", 0x18), null, Properties.asked(c));
		agent.answer(id, new Event("acknowledged"));
	}

	/* ---- what the client tells ---- */

	public void disconnected(MqttDisconnectResponse response) {
		Throwable why = response.getException();
		Event end = new Event("disconnected");

		if (why != null)
			end.with("text", Event.text(why));
		else
			end.with("code", response.getReturnCode());
		agent.ended(null, end.withProperties(Properties.told(response)), why);
	}

	public void messageArrived(String topic, MqttMessage m) {
		agent.say(new Event("message").with("topic", topic).withHex("payload_hex", m.getPayload())
			.with("qos", m.getQos()).with("retain", m.isRetained()).with("dup", m.isDuplicate())
			.withProperties(Properties.toldOfMessage(m.getProperties())));
	}

	public void mqttErrorOccurred(MqttException why) {
		agent.say(Event.error(why));
	}

	public void authPacketArrived(int code, MqttProperties properties) {
		agent.say(new Event("challenge").with("code", code).withProperties(Properties.told(properties)));
	}

	public void deliveryComplete(IMqttToken token) {
	}

	public void connectComplete(boolean reconnect, String place) {
	}
}
