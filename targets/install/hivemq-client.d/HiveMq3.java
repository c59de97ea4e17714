import com.hivemq.client.mqtt.MqttClientState;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.mqtt3.Mqtt3AsyncClient;
import com.hivemq.client.mqtt.mqtt3.Mqtt3Client;
import com.hivemq.client.mqtt.mqtt3.exceptions.Mqtt3ConnAckException;
import com.hivemq.client.mqtt.mqtt3.exceptions.Mqtt3SubAckException;
import com.hivemq.client.mqtt.mqtt3.message.auth.Mqtt3SimpleAuth;
import com.hivemq.client.mqtt.mqtt3.message.auth.Mqtt3SimpleAuthBuilder;
import com.hivemq.client.mqtt.mqtt3.message.connect.Mqtt3Connect;
import com.hivemq.client.mqtt.mqtt3.message.connect.Mqtt3ConnectBuilder;
import com.hivemq.client.mqtt.mqtt3.message.publish.Mqtt3Publish;
import com.hivemq.client.mqtt.mqtt3.message.subscribe.Mqtt3Subscribe;
import com.hivemq.client.mqtt.mqtt3.message.subscribe.Mqtt3Subscription;
import com.hivemq.client.mqtt.mqtt3.message.subscribe.suback.Mqtt3SubAck;
import com.hivemq.client.mqtt.mqtt3.message.unsubscribe.Mqtt3Unsubscribe;
import com.hivemq.client.mqtt.datatypes.MqttTopicFilter;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The HiveMQ MQTT Client for MQTT 3.1.1. */
class HiveMq3 extends HiveMq {
	private Mqtt3AsyncClient client;

	HiveMq3(Agent agent) {
		super(agent);
	}

	MqttClientState state() {
		return client.getState();
	}

	Event end(Throwable why) {
		return new Event("disconnected").with("text", Event.text(why));
	}

	public void connect(long id, Command c) throws Exception {
		c.keepTo311();
		if (c.has("password") && !c.has("user_name"))
			throw new Unsupported("password without user_name");
		Mqtt3ConnectBuilder connect = Mqtt3Connect.builder().keepAlive(c.integer("keep_alive"))
			.cleanSession(c.flag("clean_start"));
		if (c.has("user_name")) {
			Mqtt3SimpleAuthBuilder.Complete auth = Mqtt3SimpleAuth.builder().username(c.string("user_name"));
			connect.simpleAuth((c.has("password") ? auth.password(c.string("password").getBytes(StandardCharsets.UTF_8))
				: auth).build());
		}
		if (c.has("will"))
			connect.willPublish(message(c.object("will")));
		if (isFirst(c)) {
			client = lead(Mqtt3Client.builder(), c).buildAsync();
			client.toRx().publishes(MqttGlobalPublishFilter.ALL).retry().subscribe(this::told);
		}
		answered(id, client.connect(connect.build()),
			connack -> new Event("connected").with("session_present", connack.isSessionPresent()), HiveMq3::refused);
		agent.keep(!c.flag("clean_start"));
	}

	private static Event refused(Throwable why) {
		int code = why instanceof Mqtt3ConnAckException e ? e.getMqttMessage().getReturnCode().getCode() : 0;

		return code != 0 ? new Event("refused").with("code", code) : Event.error(why);
	}

	private static Mqtt3Publish message(Command c) {
		c.keepTo311();
		return Mqtt3Publish.builder().topic(c.string("topic")).payload(c.payload()).qos(qos(c)).retain(c.flag("retain"))
			.build();
	}

	public void subscribe(long id, Command c) throws Exception {
		List<Mqtt3Subscription> subscriptions = new ArrayList<>();

		c.keepTo311();
		for (Command f : c.objects("filters")) {
			f.keepTo311();
			subscriptions.add(Mqtt3Subscription.builder().topicFilter(f.string("filter")).qos(qos(f)).build());
		}
		answered(id, client.subscribe(Mqtt3Subscribe.builder().addSubscriptions(subscriptions).build()), HiveMq3::granted,
			why -> why instanceof Mqtt3SubAckException e
				? granted(e.getMqttMessage()) : Event.error(why));
	}

	private static Event granted(Mqtt3SubAck suback) {
		return new Event("acknowledged").with("codes",
			suback.getReturnCodes().stream().mapToInt(code -> code.getCode()).toArray());
	}

	public void unsubscribe(long id, Command c) throws Exception {
		c.keepTo311();
		answered(id, client.unsubscribe(Mqtt3Unsubscribe.builder()
			.addTopicFilters(c.strings("filters").stream().map(MqttTopicFilter::of)).build()),
			nothing -> new Event("acknowledged"), Event::error);
	}

	public void publish(long id, Command c) throws Exception {
		answered(id, client.publish(message(c)), message -> new Event("acknowledged"), Event::error);
	}

	public void disconnect(long id, Command c) throws Exception {
		c.keepTo311();
		left(id, client.disconnect());
	}

	private void told(Mqtt3Publish m) {
		agent.say(new Event("message").with("topic", m.getTopic().toString()).withHex("payload_hex", m.getPayloadAsBytes())
			.with("qos", m.getQos().getCode()).with("retain", m.isRetain()));
	}
}
