import java.util.List;
import java.util.Map;

/** The agent of Eclipse Paho for Java, as docs/AGENT.md wants it: of its client for 3.1.1, and of that for 5.0. */
class Launch {
	public static void main(String[] args) throws Exception {
		new Agent(Map.of("3.1.1", Paho3::new, "5.0", Paho5::new))
			.run("Eclipse Paho Java", args[0], List.of("tcp", "tls", "ws", "wss"));
	}
}
