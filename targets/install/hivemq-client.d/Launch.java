import java.util.List;
import java.util.Map;

/** The agent of the HiveMQ MQTT Client, as docs/AGENT.md wants it, for 3.1.1 and for 5.0. */
class Launch {
	public static void main(String[] args) throws Exception {
		new Agent(Map.of("3.1.1", HiveMq3::new, "5.0", HiveMq5::new))
			.run("HiveMQ MQTT Client", args[0], List.of("tcp", "tls", "ws", "wss"));
	}
}
