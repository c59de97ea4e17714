import java.util.Map;

/** What both clients have in common: where they connect to. */
class Paho {
	static final Map<String, String> SCHEMES = Map.of("tcp", "tcp", "tls", "ssl", "ws", "ws", "wss", "wss");

	static String place(Command c) {
		String transport = c.string("transport", "tcp");

		if (!SCHEMES.containsKey(transport))
			throw new Unsupported("transport " + transport);
		if (c.has("server_name"))
			throw new Unsupported("server_name");
		return SCHEMES.get(transport) + "://" + c.string("host") + ":" + c.number("port") + c.string("path", "");
	}
}
