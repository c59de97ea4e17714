import com.hivemq.client.mqtt.datatypes.MqttUtf8String;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserProperties;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserPropertiesBuilder;
import com.hivemq.client.mqtt.mqtt5.datatypes.Mqtt5UserProperty;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5Auth;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAckRestrictions;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5Disconnect;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PayloadFormatIndicator;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5Publish;
import com.hivemq.client.mqtt.mqtt5.message.publish.Mqtt5PublishBuilderBase;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Properties by the names of the contract, as the library takes and tells them. */
class Properties {
	static final String[] OF_PUBLISH = { "payload_format_indicator", "message_expiry_interval", "content_type",
		"response_topic", "correlation_data", "user_property" };
	static final String[] OF_WILL = { "payload_format_indicator", "message_expiry_interval", "content_type",
		"response_topic", "correlation_data", "user_property", "will_delay_interval" };

	/** None but these: the library has no way to set others. */
	static void keepTo(Command properties, String... known) {
		for (String name : properties.names())
			if (!List.of(known).contains(name))
				throw new Unsupported(name);
	}

	/** Where the library has true and false, and no other number. */
	static boolean truth(Command c, String name) {
		long number = c.number(name);

		if (number != 0 && number != 1)
			throw new Unsupported(name + " " + number);
		return number == 1;
	}

	static Mqtt5UserProperties pairs(Command properties) {
		Mqtt5UserPropertiesBuilder pairs = Mqtt5UserProperties.builder();

		if (properties.has("user_property"))
			for (String[] pair : properties.pairs("user_property"))
				pairs.add(pair[0], pair[1]);
		return pairs.build();
	}

	static <C extends Mqtt5PublishBuilderBase.Complete<C>> C ask(C publish, Command p) {
		if (p.has("payload_format_indicator")) {
			Mqtt5PayloadFormatIndicator format =
				Mqtt5PayloadFormatIndicator.fromCode(p.integer("payload_format_indicator"));
			if (format == null)
				throw new Unsupported("payload_format_indicator " + p.integer("payload_format_indicator"));
			publish.payloadFormatIndicator(format);
		}
		if (p.has("message_expiry_interval"))
			publish.messageExpiryInterval(p.number("message_expiry_interval"));
		if (p.has("content_type"))
			publish.contentType(p.string("content_type"));
		if (p.has("response_topic"))
			publish.responseTopic(p.string("response_topic"));
		if (p.has("correlation_data"))
			publish.correlationData(p.hex("correlation_data"));
		return publish.userProperties(pairs(p));
	}

	private static String text(Optional<MqttUtf8String> text) {
		return text.map(MqttUtf8String::toString).orElse(null);
	}

	static Event told(Optional<MqttUtf8String> reason, Mqtt5UserProperties properties) {
		Event e = new Event().with("reason_string", text(reason));
		List<String[]> pairs = new ArrayList<>();

		for (Mqtt5UserProperty each : properties.asList())
			pairs.add(new String[] { each.getName().toString(), each.getValue().toString() });
		return pairs.isEmpty() ? e : e.with("user_property", Event.GSON.toJsonTree(pairs));
	}

	/** Of what the library has a default for, only what differs from it is told: the rest may not have been there. */
	private static void limit(Event e, String name, int value, int otherwise) {
		if (value != otherwise)
			e.with(name, value);
	}

	static Event told(Mqtt5ConnAck a) {
		Event e = told(a.getReasonString(), a.getUserProperties());
		Mqtt5ConnAckRestrictions r = a.getRestrictions();

		a.getSessionExpiryInterval().ifPresent(value -> e.with("session_expiry_interval", value));
		a.getServerKeepAlive().ifPresent(value -> e.with("server_keep_alive", value));
		a.getAssignedClientIdentifier().ifPresent(id -> e.with("assigned_client_identifier", id.toString()));
		a.getEnhancedAuth().ifPresent(auth -> {
			e.with("authentication_method", auth.getMethod().toString());
			auth.getData().ifPresent(data -> e.withHex("authentication_data", data));
		});
		e.with("response_information", text(a.getResponseInformation()));
		e.with("server_reference", text(a.getServerReference()));
		limit(e, "receive_maximum", r.getReceiveMaximum(), Mqtt5ConnAckRestrictions.DEFAULT_RECEIVE_MAXIMUM);
		limit(e, "maximum_packet_size", r.getMaximumPacketSize(),
			Mqtt5ConnAckRestrictions.DEFAULT_MAXIMUM_PACKET_SIZE_NO_LIMIT);
		limit(e, "topic_alias_maximum", r.getTopicAliasMaximum(), Mqtt5ConnAckRestrictions.DEFAULT_TOPIC_ALIAS_MAXIMUM);
		limit(e, "maximum_qos", r.getMaximumQos().getCode(), 2);
		limit(e, "retain_available", r.isRetainAvailable() ? 1 : 0, 1);
		limit(e, "wildcard_subscription_available", r.isWildcardSubscriptionAvailable() ? 1 : 0, 1);
		limit(e, "shared_subscription_available", r.isSharedSubscriptionAvailable() ? 1 : 0, 1);
		limit(e, "subscription_identifier_available", r.areSubscriptionIdentifiersAvailable() ? 1 : 0, 1);
		return e;
	}

	static Event told(Mqtt5Disconnect d) {
		return told(d.getReasonString(), d.getUserProperties()).with("server_reference", text(d.getServerReference()));
	}

	static Event told(Mqtt5Auth a) {
		Event e = told(a.getReasonString(), a.getUserProperties())
			.with("authentication_method", a.getMethod().toString());

		a.getData().ifPresent(data -> e.withHex("authentication_data", data));
		return e;
	}

	static Event told(Mqtt5Publish m) {
		Event e = told(Optional.empty(), m.getUserProperties()).with("content_type", text(m.getContentType()));

		m.getPayloadFormatIndicator().ifPresent(format -> e.with("payload_format_indicator", format.getCode()));
		m.getMessageExpiryInterval().ifPresent(value -> e.with("message_expiry_interval", value));
		m.getResponseTopic().ifPresent(topic -> e.with("response_topic", topic.toString()));
		m.getCorrelationData().ifPresent(data -> e.withHex("correlation_data", data));
		return e;
	}
}
