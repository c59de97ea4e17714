import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiConsumer;
import org.eclipse.paho.mqttv5.client.MqttConnectionOptions;
import org.eclipse.paho.mqttv5.client.MqttDisconnectResponse;
import org.eclipse.paho.mqttv5.common.packet.MqttProperties;
import org.eclipse.paho.mqttv5.common.packet.UserProperty;

/** Properties by the names of the contract, as the client for MQTT 5.0 takes and tells them. */
class Properties {
	private static final Map<String, BiConsumer<MqttProperties, Command>> SETTERS = Map.ofEntries(
		Map.entry("payload_format_indicator", (p, c) -> p.setPayloadFormat(truth(c, "payload_format_indicator"))),
		Map.entry("message_expiry_interval", (p, c) -> p.setMessageExpiryInterval(c.number("message_expiry_interval"))),
		Map.entry("content_type", (p, c) -> p.setContentType(c.string("content_type"))),
		Map.entry("response_topic", (p, c) -> p.setResponseTopic(c.string("response_topic"))),
		Map.entry("correlation_data", (p, c) -> p.setCorrelationData(c.hex("correlation_data"))),
		Map.entry("subscription_identifier", (p, c) -> p.setSubscriptionIdentifier(c.integer("subscription_identifier"))),
		Map.entry("topic_alias", (p, c) -> p.setTopicAlias(c.integer("topic_alias"))),
		Map.entry("session_expiry_interval", (p, c) -> p.setSessionExpiryInterval(c.number("session_expiry_interval"))),
		Map.entry("will_delay_interval", (p, c) -> p.setWillDelayInterval(c.number("will_delay_interval"))),
		Map.entry("reason_string", (p, c) -> p.setReasonString(c.string("reason_string"))),
		Map.entry("server_reference", (p, c) -> p.setServerReference(c.string("server_reference"))),
		Map.entry("authentication_method", (p, c) -> p.setAuthenticationMethod(c.string("authentication_method"))),
		Map.entry("authentication_data", (p, c) -> p.setAuthenticationData(c.hex("authentication_data"))),
		Map.entry("user_property", (p, c) -> p.setUserProperties(pairs(c))));

	private static final Map<String, BiConsumer<MqttConnectionOptions, Command>> OPTIONS = Map.of(
		"session_expiry_interval", (o, c) -> o.setSessionExpiryInterval(c.number("session_expiry_interval")),
		"receive_maximum", (o, c) -> o.setReceiveMaximum(c.integer("receive_maximum")),
		"maximum_packet_size", (o, c) -> o.setMaximumPacketSize(c.number("maximum_packet_size")),
		"topic_alias_maximum", (o, c) -> o.setTopicAliasMaximum(c.integer("topic_alias_maximum")),
		"request_response_information", (o, c) -> o.setRequestResponseInfo(truth(c, "request_response_information")),
		"request_problem_information", (o, c) -> o.setRequestProblemInfo(truth(c, "request_problem_information")),
		"authentication_method", (o, c) -> o.setAuthMethod(c.string("authentication_method")),
		"authentication_data", (o, c) -> o.setAuthData(c.hex("authentication_data")),
		"user_property", (o, c) -> o.setUserProperties(pairs(c)));

	/** Where the library has true and false, and no other number. */
	private static boolean truth(Command c, String name) {
		long number = c.number(name);

		if (number != 0 && number != 1)
			throw new Unsupported(name + " " + number);
		return number == 1;
	}

	private static List<UserProperty> pairs(Command c) {
		return c.pairs("user_property").stream().map(p -> new UserProperty(p[0], p[1])).toList();
	}

	private static <T> void set(Map<String, BiConsumer<T, Command>> setters, T object, Command properties) {
		for (String name : properties.names()) {
			if (!setters.containsKey(name))
				throw new Unsupported(name);
			setters.get(name).accept(object, properties);
		}
	}

	static MqttProperties asked(Command c) {
		MqttProperties p = new MqttProperties();

		set(SETTERS, p, c.properties());
		return p;
	}

	static void ask(MqttConnectionOptions options, Command properties) {
		set(OPTIONS, options, properties);
	}

	private static Event with(Event e, List<UserProperty> list) {
		List<String[]> pairs = new ArrayList<>();

		for (UserProperty each : list)
			pairs.add(new String[] {each.getKey(), each.getValue()});
		return pairs.isEmpty() ? e : e.with("user_property", Event.GSON.toJsonTree(pairs));
	}

	/** Of what the library has a default for, only what differs from it is told: the rest may not have been there. */
	static Event told(MqttProperties p) {
		Event e = new Event();

		if (p == null)
			return e;
		if (Boolean.FALSE.equals(p.isRetainAvailable()))
			e.with("retain_available", 0);
		if (!p.isWildcardSubscriptionsAvailable())
			e.with("wildcard_subscription_available", 0);
		if (!p.isSubscriptionIdentifiersAvailable())
			e.with("subscription_identifier_available", 0);
		if (!p.isSharedSubscriptionAvailable())
			e.with("shared_subscription_available", 0);
		e.with("session_expiry_interval", p.getSessionExpiryInterval()).with("receive_maximum", p.getReceiveMaximum())
			.with("maximum_qos", p.getMaximumQoS()).with("maximum_packet_size", p.getMaximumPacketSize())
			.with("assigned_client_identifier", p.getAssignedClientIdentifier())
			.with("topic_alias_maximum", p.getTopicAliasMaximum()).with("server_keep_alive", p.getServerKeepAlive())
			.with("response_information", p.getResponseInfo()).with("server_reference", p.getServerReference())
			.with("authentication_method", p.getAuthenticationMethod())
			.withHex("authentication_data", p.getAuthenticationData()).with("reason_string", p.getReasonString());
		return with(e, p.getUserProperties());
	}

	static Event toldOfMessage(MqttProperties p) {
		Event e = told(p);

		if (p == null)
			return e;
		if (p.getPayloadFormat())
			e.with("payload_format_indicator", 1);
		if (!p.getSubscriptionIdentifiers().isEmpty())
			e.with("subscription_identifier", Event.GSON.toJsonTree(p.getSubscriptionIdentifiers()));
		return e.with("message_expiry_interval", p.getMessageExpiryInterval()).with("content_type", p.getContentType())
			.with("response_topic", p.getResponseTopic()).withHex("correlation_data", p.getCorrelationData())
			.with("topic_alias", p.getTopicAlias());
	}

	static Event told(MqttDisconnectResponse response) {
		Event e = new Event().with("reason_string", response.getReasonString())
			.with("server_reference", response.getServerReference());

		return response.getUserProperties() == null ? e : with(e, response.getUserProperties());
	}
}
