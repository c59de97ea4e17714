import java.util.List;
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

/** Eclipse Paho's client for MQTT 3.1.1. Its calls return at once, and call back. */
class Paho3 implements Client, MqttCallback {
	private final Agent agent;
	private MqttAsyncClient client;

	Paho3(Agent agent) {
		this.agent = agent;
	}

	private interface Told {
		Event of(IMqttToken token, Throwable why);
	}

	private IMqttActionListener answered(long id, Told success, Told failure) {
		return new IMqttActionListener() {
			public void onSuccess(IMqttToken token) {
				agent.answer(id, success.of(token, null));
			}

			public void onFailure(IMqttToken token, Throwable why) {
				agent.answer(id, failure.of(token, why));
			}
		};
	}

	private IMqttActionListener acknowledged(long id) {
		return answered(id, (token, why) -> new Event("acknowledged"), (token, why) -> Event.error(why));
	}

	private static Event refused(IMqttToken token, Throwable why) {
		int code = why instanceof MqttException e ? e.getReasonCode() : 0;

		return code >= 1 && code <= 5 ? new Event("refused").with("code", code) : Event.error(why);
	}

	/** A SUBACK with the code 0x80 is a failure to the library. */
	private static Event granted(IMqttToken token, Throwable why) {
		return why == null ? new Event("acknowledged").with("codes", token.getGrantedQos())
			: token.getResponse() instanceof MqttSuback suback
				? new Event("acknowledged").with("codes", suback.getGrantedQos()) : Event.error(why);
	}

	public void connect(long id, Command c) throws Exception {
		MqttConnectOptions options = new MqttConnectOptions();
		String place = Paho.place(c);

		c.keepTo311();
		if (c.has("password") && !c.has("user_name"))
			throw new Unsupported("password without user_name");
		options.setMqttVersion(MqttConnectOptions.MQTT_VERSION_3_1_1);
		options.setServerURIs(new String[] {place});
		options.setCleanSession(c.flag("clean_start"));
		options.setKeepAliveInterval(c.integer("keep_alive"));
		options.setMaxInflight(65535);
		if (c.has("user_name"))
			options.setUserName(c.string("user_name"));
		if (c.has("password"))
			options.setPassword(c.string("password").toCharArray());
		if (c.has("ca"))
			options.setSocketFactory(new Keys(c).sockets());
		if (c.has("will")) {
			Command will = c.object("will");
			will.keepTo311();
			options.setWill(will.string("topic"), will.payload(), will.integer("qos"), will.flag("retain"));
		}
		if (client == null) {
			client = new MqttAsyncClient(place, c.string("client_id"), new MemoryPersistence());
			client.setCallback(this);
		}
		client.connect(options, null, answered(id,
			(token, why) -> new Event("connected").with("session_present", token.getSessionPresent()), Paho3::refused));
		agent.keep(!options.isCleanSession());
	}

	public void subscribe(long id, Command c) throws Exception {
		List<Command> filters = c.objects("filters");

		c.keepTo311();
		filters.forEach(Command::keepTo311);
		client.subscribe(filters.stream().map(f -> f.string("filter")).toArray(String[]::new),
			filters.stream().mapToInt(f -> f.integer("qos")).toArray(), null,
			answered(id, Paho3::granted, Paho3::granted));
	}

	public void unsubscribe(long id, Command c) throws Exception {
		c.keepTo311();
		client.unsubscribe(c.strings("filters").toArray(String[]::new), null, acknowledged(id));
	}

	public void publish(long id, Command c) throws Exception {
		c.keepTo311();
		client.publish(c.string("topic"), c.payload(), c.integer("qos"), c.flag("retain"), null, acknowledged(id));
	}

	public void disconnect(long id, Command c) throws Exception {
		c.keepTo311();
		client.disconnect(0, null, new IMqttActionListener() {
			public void onSuccess(IMqttToken token) {
				agent.ended(id, new Event("disconnected"), null);
			}

			public void onFailure(IMqttToken token, Throwable why) {
				agent.ended(id, new Event("disconnected"), why);
			}
		});
	}

	public void connectionLost(Throwable why) {
		agent.ended(null, new Event("disconnected").with("text", Event.text(why)), why);
	}

	public void messageArrived(String topic, MqttMessage m) {
		agent.say(new Event("message").with("topic", topic).withHex("payload_hex", m.getPayload())
			.with("qos", m.getQos()).with("retain", m.isRetained()).with("dup", m.isDuplicate()));
	}

	public void deliveryComplete(IMqttDeliveryToken token) {
	}
}
