import com.hivemq.client.mqtt.MqttClientState;
import com.hivemq.client.mqtt.MqttGlobalPublishFilter;
import com.hivemq.client.mqtt.datatypes.MqttTopicFilter;
import com.hivemq.client.mqtt.mqtt5.Mqtt5AsyncClient;
import com.hivemq.client.mqtt.mqtt5.Mqtt5Client;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5ConnAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5DisconnectException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5PubRecException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5SubAckException;
import com.hivemq.client.mqtt.mqtt5.exceptions.Mqtt5UnsubAckException;
import com.hivemq.client.mqtt.mqtt5.message.Mqtt5ReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5SimpleAuth;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5SimpleAuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5ConnectBuilder;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5ConnectRestrictions;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5ConnectRestrictionsBuilder;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5Disconnect;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectBuilder;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5DisconnectReasonCode;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult.Mqtt5Qos1Result;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishResult.Mqtt5Qos2Result;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5WillPublish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5WillPublishBuilder;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5RetainHandling;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5Subscribe;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5SubscribeBuilder;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.Mqtt5Subscription;
import com.hivemq.client.mqtt.mqtt5.message.subscribe.suback.Mqtt5SubAck;
import com.hivemq.client.mqtt.mqtt5.message.unsubscribe.Mqtt5Unsubscribe;
import com.hivemq.client.mqtt.mqtt5.message.unsubscribe.Mqtt5UnsubscribeBuilder;
import com.hivemq.client.mqtt.mqtt5.message.unsubscribe.unsuback.Mqtt5UnsubAck;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The HiveMQ MQTT Client for MQTT 5.0. */
class HiveMq5 extends HiveMq {
	private Mqtt5AsyncClient client;
	private Authentication authentication;

	HiveMq5(Agent agent) {
		super(agent);
	}

	MqttClientState state() {
		return client.getState();
	}

	Event end(Throwable why) {
		if (!(why instanceof Mqtt5DisconnectException e))
			return new Event("disconnected").with("text", Event.text(why));
		return new Event("disconnected").with("code", e.getMqttMessage().getReasonCode().getCode())
			.withProperties(Properties.told(e.getMqttMessage()));
	}

	/* ---- connections ---- */

	public void connect(long id, Command c) throws Exception {
		Mqtt5ConnectBuilder connect =
			Mqtt5Connect.builder().keepAlive(c.integer("keep_alive")).cleanStart(c.flag("clean_start"));
		Command p = c.properties();
		long expiry = p.has("session_expiry_interval") ? p.number("session_expiry_interval") : 0;

		Properties.keepTo(p, "session_expiry_interval", "receive_maximum", "maximum_packet_size", "topic_alias_maximum",
			"request_problem_information", "request_response_information", "user_property", "authentication_method",
			"authentication_data");
		connect.sessionExpiryInterval(expiry).restrictions(restrictions(p)).userProperties(Properties.pairs(p));
		if (c.has("user_name") || c.has("password"))
			connect.simpleAuth(login(c));
		if (c.has("will"))
			connect.willPublish(will(c.object("will")));
		authentication = p.has("authentication_method") ? new Authentication(agent, p) : null;
		if (authentication != null)
			connect.enhancedAuth(authentication);
		else if (p.has("authentication_data"))
			throw new Unsupported("authentication_data without authentication_method");
		if (isFirst(c)) {
			client = lead(Mqtt5Client.builder(), c).buildAsync();
			client.toRx().publishes(MqttGlobalPublishFilter.ALL).retry().subscribe(this::told);
		}
		answered(id, client.connect(connect.build()), connack -> new Event("connected")
			.with("session_present", connack.isSessionPresent()).withProperties(Properties.told(connack)),
			HiveMq5::unconnected);
		agent.keep(expiry > 0);
	}

	/** A CONNACK that the library takes for wrong is an exception, too. */
	private static Event unconnected(Throwable why) {
		if (!(why instanceof Mqtt5ConnAckException e) || !e.getMqttMessage().getReasonCode().isError())
			return Event.error(why);
		return refused(e.getMqttMessage().getReasonCode()).withProperties(Properties.told(e.getMqttMessage()));
	}

	private static Event refused(Mqtt5ReasonCode code) {
		return new Event("refused").with("code", code.getCode());
	}

	private static Mqtt5ConnectRestrictions restrictions(Command p) {
		Mqtt5ConnectRestrictionsBuilder restrictions = Mqtt5ConnectRestrictions.builder();

		if (p.has("receive_maximum"))
			restrictions.receiveMaximum(p.integer("receive_maximum"));
		if (p.has("maximum_packet_size"))
			restrictions.maximumPacketSize(p.integer("maximum_packet_size"));
		if (p.has("topic_alias_maximum"))
			restrictions.topicAliasMaximum(p.integer("topic_alias_maximum"));
		if (p.has("request_problem_information"))
			restrictions.requestProblemInformation(Properties.truth(p, "request_problem_information"));
		if (p.has("request_response_information"))
			restrictions.requestResponseInformation(Properties.truth(p, "request_response_information"));
		return restrictions.build();
	}

	private static Mqtt5SimpleAuth login(Command c) {
		byte[] password = c.has("password") ? c.string("password").getBytes(StandardCharsets.UTF_8) : null;
		Mqtt5SimpleAuthBuilder login = Mqtt5SimpleAuth.builder();

		if (!c.has("user_name"))
			return login.password(password).build();
		Mqtt5SimpleAuthBuilder.Complete named = login.username(c.string("user_name"));
		return (password == null ? named : named.password(password)).build();
	}

	private static Mqtt5WillPublish will(Command c) {
		Mqtt5WillPublishBuilder.Complete will = Mqtt5WillPublish.builder().topic(c.string("topic"));

		Properties.keepTo(c.properties(), Properties.OF_WILL);
		if (c.properties().has("will_delay_interval"))
			will.delayInterval(c.properties().number("will_delay_interval"));
		Properties.ask(will.payload(c.payload()).qos(qos(c)).retain(c.flag("retain")), c.properties());
		return will.build();
	}

	public void disconnect(long id, Command c) throws Exception {
		Mqtt5DisconnectBuilder disconnect = Mqtt5Disconnect.builder();
		Mqtt5DisconnectReasonCode code = Mqtt5DisconnectReasonCode.fromCode(c.integer("code", 0));
		Command p = c.properties();

		Properties.keepTo(p, "session_expiry_interval", "reason_string", "server_reference", "user_property");
		if (code == null)
			throw new Unsupported("code " + c.integer("code"));
		disconnect.reasonCode(code).userProperties(Properties.pairs(p));
		if (p.has("session_expiry_interval"))
			disconnect.sessionExpiryInterval(p.number("session_expiry_interval"));
		if (p.has("reason_string"))
			disconnect.reasonString(p.string("reason_string"));
		if (p.has("server_reference"))
			disconnect.serverReference(p.string("server_reference"));
		left(id, client.disconnect(disconnect.build()));
	}

	public void authenticate(long id, Command c) throws Exception {
		if (c.integer("code", 0x18) == 0x19) {
			if (authentication == null)
				throw new IllegalStateException("the connect was without authentication");
			authentication.again(c);
			client.reauth();
		} else if (c.integer("code", 0x18) != 0x18)
			throw new Unsupported("code " + c.integer("code"));
		else if (authentication == null || !authentication.answer(c))
			throw new IllegalStateException("there is no challenge");
		agent.answer(id, new Event("acknowledged"));
	}

	/* ---- subscriptions ---- */

	public void subscribe(long id, Command c) throws Exception {
		List<Mqtt5Subscription> subscriptions = new ArrayList<>();

		Properties.keepTo(c.properties(), "user_property"); /* the library numbers subscriptions itself */
		for (Command f : c.objects("filters")) {
			Mqtt5RetainHandling handling = Mqtt5RetainHandling.fromCode(f.integer("retain_handling", 0));
			if (handling == null)
				throw new Unsupported("retain_handling " + f.integer("retain_handling"));
			subscriptions.add(Mqtt5Subscription.builder().topicFilter(f.string("filter")).qos(qos(f))
				.noLocal(f.flag("no_local", false)).retainAsPublished(f.flag("retain_as_published", false))
				.retainHandling(handling).build());
		}
		answered(id, client.subscribe(((Mqtt5SubscribeBuilder) Mqtt5Subscribe.builder()).addSubscriptions(subscriptions)
			.userProperties(Properties.pairs(c.properties())).build()), HiveMq5::granted,
			why -> why instanceof Mqtt5SubAckException e ? granted(e.getMqttMessage()) : Event.error(why));
	}

	private static int[] codes(List<? extends Mqtt5ReasonCode> codes) {
		return codes.stream().mapToInt(Mqtt5ReasonCode::getCode).toArray();
	}

	private static Event granted(Mqtt5SubAck a) {
		return new Event("acknowledged").with("codes", codes(a.getReasonCodes()))
			.withProperties(Properties.told(a.getReasonString(), a.getUserProperties()));
	}

	private static Event removed(Mqtt5UnsubAck a) {
		return new Event("acknowledged").with("codes", codes(a.getReasonCodes()))
			.withProperties(Properties.told(a.getReasonString(), a.getUserProperties()));
	}

	public void unsubscribe(long id, Command c) throws Exception {
		Properties.keepTo(c.properties(), "user_property");
		answered(id, client.unsubscribe(((Mqtt5UnsubscribeBuilder) Mqtt5Unsubscribe.builder())
			.addTopicFilters(c.strings("filters").stream().map(MqttTopicFilter::of))
			.userProperties(Properties.pairs(c.properties())).build()), HiveMq5::removed,
			why -> why instanceof Mqtt5UnsubAckException e ? removed(e.getMqttMessage()) : Event.error(why));
	}

	/* ---- messages ---- */

	public void publish(long id, Command c) throws Exception {
		Properties.keepTo(c.properties(), Properties.OF_PUBLISH);
		answered(id, client.publish(Properties.ask(Mqtt5Publish.builder().topic(c.string("topic")).payload(c.payload())
			.qos(qos(c)).retain(c.flag("retain")), c.properties()).build()), HiveMq5::published, HiveMq5::unpublished);
	}

	private static Event published(Mqtt5PublishResult result) {
		if (result instanceof Mqtt5Qos1Result one)
			return acknowledged(one.getPubAck().getReasonCode())
				.withProperties(Properties.told(one.getPubAck().getReasonString(), one.getPubAck().getUserProperties()));
		if (result instanceof Mqtt5Qos2Result two)
			return acknowledged(two.getPubRec().getReasonCode())
				.withProperties(Properties.told(two.getPubRec().getReasonString(), two.getPubRec().getUserProperties()));
		return new Event("acknowledged");
	}

	private static Event acknowledged(Mqtt5ReasonCode code) {
		return new Event("acknowledged").with("code", code.getCode());
	}

	private static Event unpublished(Throwable why) {
		if (why instanceof Mqtt5PubAckException e)
			return refused(e.getMqttMessage().getReasonCode()).withProperties(
				Properties.told(e.getMqttMessage().getReasonString(), e.getMqttMessage().getUserProperties()));
		if (why instanceof Mqtt5PubRecException e)
			return refused(e.getMqttMessage().getReasonCode()).withProperties(
				Properties.told(e.getMqttMessage().getReasonString(), e.getMqttMessage().getUserProperties()));
		return Event.error(why);
	}

	private void told(Mqtt5Publish m) {
		agent.say(new Event("message").with("topic", m.getTopic().toString()).withHex("payload_hex", m.getPayloadAsBytes())
			.with("qos", m.getQos().getCode()).with("retain", m.isRetain()).withProperties(Properties.told(m)));
	}
}
