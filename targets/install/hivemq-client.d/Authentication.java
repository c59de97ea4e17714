import com.hivemq.client.mqtt.datatypes.MqttUtf8String;
import com.hivemq.client.mqtt.mqtt5.Mqtt5ClientConfig;
import com.hivemq.client.mqtt.mqtt5.auth.Mqtt5EnhancedAuthMechanism;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5Auth;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5AuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.auth.Mqtt5EnhancedAuthBuilder;
import com.hivemq.client.mqtt.mqtt5.message.connect.Mqtt5Connect;
import com.hivemq.client.mqtt.mqtt5.message.connect.connack.Mqtt5ConnAck;
import com.hivemq.client.mqtt.mqtt5.message.disconnect.Mqtt5Disconnect;
import java.util.concurrent.CompletableFuture;

/** What the library asks while it authenticates: each challenge is told, and answered by a command. */
class Authentication implements Mqtt5EnhancedAuthMechanism {
	private final Agent agent;
	private final Command first;
	private final MqttUtf8String method;
	private Command again; /* the command that asked for a new authentication */
	private CompletableFuture<Boolean> answer; /* of the challenge that waits */
	private Mqtt5AuthBuilder builder;

	Authentication(Agent agent, Command first) {
		this.agent = agent;
		this.first = first;
		method = MqttUtf8String.of(first.string("authentication_method"));
	}

	private void keepToMethod(Command p) {
		if (p.has("authentication_method") && !p.string("authentication_method").equals(method.toString()))
			throw new Unsupported("another authentication_method");
	}

	private void fill(Mqtt5AuthBuilder auth, Command p) {
		Properties.keepTo(p, "authentication_method", "authentication_data", "reason_string", "user_property");
		keepToMethod(p);
		if (p.has("authentication_data"))
			auth.data(p.hex("authentication_data"));
		if (p.has("reason_string"))
			auth.reasonString(p.string("reason_string"));
		auth.userProperties(Properties.pairs(p));
	}

	/** False: nothing has been asked. */
	synchronized boolean answer(Command c) {
		if (answer == null)
			return false;
		CompletableFuture<Boolean> done = answer;
		fill(builder, c.properties());
		answer = null;
		done.complete(true);
		return true;
	}

	synchronized void again(Command c) {
		keepToMethod(c.properties());
		again = c.properties();
	}

	public MqttUtf8String getMethod() {
		return method;
	}

	public int getTimeout() {
		return 600;
	}

	public CompletableFuture<Void> onAuth(Mqtt5ClientConfig config, Mqtt5Connect connect, Mqtt5EnhancedAuthBuilder auth) {
		if (first.has("authentication_data"))
			auth.data(first.hex("authentication_data"));
		return CompletableFuture.completedFuture(null);
	}

	public synchronized CompletableFuture<Void> onReAuth(Mqtt5ClientConfig config, Mqtt5AuthBuilder auth) {
		fill(auth, again);
		return CompletableFuture.completedFuture(null);
	}

	public synchronized CompletableFuture<Boolean> onContinue(Mqtt5ClientConfig config, Mqtt5Auth auth,
			Mqtt5AuthBuilder builder) {
		this.builder = builder;
		answer = new CompletableFuture<>();
		agent.say(new Event("challenge").with("code", auth.getReasonCode().getCode())
			.withProperties(Properties.told(auth)));
		return answer;
	}

	public CompletableFuture<Boolean> onAuthSuccess(Mqtt5ClientConfig config, Mqtt5ConnAck connack) {
		return CompletableFuture.completedFuture(true);
	}

	public CompletableFuture<Boolean> onReAuthSuccess(Mqtt5ClientConfig config, Mqtt5Auth auth) {
		return CompletableFuture.completedFuture(true);
	}

	public void onAuthRejected(Mqtt5ClientConfig config, Mqtt5ConnAck connack) {
	}

	public void onReAuthRejected(Mqtt5ClientConfig config, Mqtt5Disconnect disconnect) {
	}

	public void onAuthError(Mqtt5ClientConfig config, Throwable why) {
	}

	public void onReAuthError(Mqtt5ClientConfig config, Throwable why) {
	}
}
