import com.hivemq.client.mqtt.MqttClientBuilderBase;
import com.hivemq.client.mqtt.MqttClientSslConfig;
import com.hivemq.client.mqtt.MqttClientState;
import com.hivemq.client.mqtt.MqttWebSocketConfig;
import com.hivemq.client.mqtt.datatypes.MqttQos;
import com.hivemq.client.mqtt.lifecycle.MqttClientDisconnectedContext;
import com.hivemq.client.mqtt.lifecycle.MqttDisconnectSource;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;

/** What the library's views of 3.1.1 and of 5.0 have in common: where it connects to, and how its outcomes come. */
abstract class HiveMq implements Client {
	private static final List<String> TRANSPORTS = List.of("tcp", "tls", "ws", "wss");
	/** What is settled when the client is made. */
	private static final List<String> PLACE =
		List.of("host", "port", "client_id", "transport", "path", "ca", "server_name", "cert", "key");

	final Agent agent;
	private final Executor ends = Executors.newSingleThreadExecutor();
	private List<String> place;

	HiveMq(Agent agent) {
		this.agent = agent;
	}

	abstract MqttClientState state();

	/** What a DISCONNECT of the server tells. */
	abstract Event end(Throwable why);

	/** Whether a first connect is this, for which a client has to be made. */
	boolean isFirst(Command c) {
		List<String> asked = PLACE.stream().map(name -> c.has(name) ? c.fields().get(name).toString() : "").toList();
		boolean first = place == null;

		if (!TRANSPORTS.contains(c.string("transport", "tcp")))
			throw new Unsupported("transport " + c.string("transport"));
		if (!first && !asked.equals(place))
			throw new Unsupported("another place or certificate in a second connect");
		place = asked;
		return first;
	}

	/** The name that is looked for in the certificate is that of the address. */
	<B extends MqttClientBuilderBase<B>> B lead(B builder, Command c) throws Exception {
		String transport = c.string("transport", "tcp");
		InetAddress host = InetAddress.getByName(c.string("host"));

		if (c.has("server_name"))
			host = InetAddress.getByAddress(c.string("server_name"), host.getAddress());
		builder.identifier(c.string("client_id"))
			.serverAddress(c.has("server_name") ? new InetSocketAddress(host, c.integer("port"))
				: InetSocketAddress.createUnresolved(c.string("host"), c.integer("port")))
			.addDisconnectedListener(this::disconnected);
		if (transport.startsWith("ws"))
			builder.webSocketConfig(MqttWebSocketConfig.builder().serverPath(c.string("path")).build());
		if (c.has("ca")) {
			Keys keys = new Keys(c);
			builder.sslConfig(MqttClientSslConfig.builder().trustManagerFactory(keys.trust)
				.keyManagerFactory(c.has("cert") ? keys.own : null).build());
		}
		return builder;
	}

	/** A connect that fails is told by its own outcome, and so is a disconnect that was asked for. */
	private void disconnected(MqttClientDisconnectedContext context) {
		Throwable why = context.getCause();

		if (context.getSource() == MqttDisconnectSource.USER || !state().isConnected())
			return;
		Event end = context.getSource() == MqttDisconnectSource.SERVER ? end(why)
			: new Event("disconnected").with("text", Event.text(why));
		ends.execute(() -> {
			awaitTheEnd();
			agent.ended(null, end, why);
		});
	}

	/** The library calls a moment before it can connect again. */
	private void awaitTheEnd() {
		for (int ms = 0; state() != MqttClientState.DISCONNECTED && ms < 1000; ms++)
			LockSupport.parkNanos(1_000_000);
	}

	<T> void answered(long id, CompletableFuture<T> outcome, Function<T, Event> success,
			Function<Throwable, Event> failure) {
		outcome.whenComplete((result, why) -> {
			while (why instanceof CompletionException && why.getCause() != null)
				why = why.getCause();
			agent.answer(id, why == null ? success.apply(result) : failure.apply(why));
		});
	}

	void left(long id, CompletableFuture<Void> outcome) {
		outcome.whenComplete((nothing, why) -> {
			if (why == null)
				agent.ended(id, new Event("disconnected"), null);
			else
				agent.answer(id, Event.error(why));
		});
	}

	static MqttQos qos(Command c) {
		MqttQos qos = MqttQos.fromCode(c.integer("qos"));

		if (qos == null)
			throw new Unsupported("qos " + c.integer("qos"));
		return qos;
	}
}
