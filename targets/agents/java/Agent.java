import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** What the agents of clients for Java have in common: lines, commands that are answered once, and the end. */
class Agent {
	private final Map<Long, String> waiting = new HashMap<>(); /* by its id, what the command is */
	private final Map<String, Function<Agent, Client>> makers; /* by the version of MQTT */
	private final PrintStream out = System.out;
	private Client client;
	private String version;
	private boolean keeps;

	Agent(Map<String, Function<Agent, Client>> makers) {
		this.makers = makers;
	}

	/** Whether the client keeps a message that has not been acknowledged for its next connection. */
	synchronized void keep(boolean keeps) {
		this.keeps = keeps;
	}

	synchronized void say(Event event) {
		byte[] line = event.line();

		out.write(line, 0, line.length);
		out.flush();
	}

	/** Each command once. */
	synchronized void answer(long id, Event event) {
		if (waiting.remove(id) != null)
			say(event.with("id", id));
	}

	/** A line that is no command, or has nothing in it that could be waiting. */
	private synchronized void refuse(Long id, Event event) {
		if (id == null)
			say(event);
		else if (!waiting.containsKey(id))
			say(event.with("id", id));
		else
			answer(id, event);
	}

	/** The connection has ended: first what waits, then the end, with the id of the command that asked for it. */
	synchronized void ended(Long id, Event end, Throwable why) {
		for (Map.Entry<Long, String> command : List.copyOf(waiting.entrySet()))
			if (!command.getKey().equals(id) && !command.getValue().equals("sync")
				&& !(keeps && command.getValue().equals("publish")))
				answer(command.getKey(), Event.error(why));
		if (id == null)
			say(end);
		else
			answer(id, end);
	}

	private void obey(long id, String what, Command c) throws Exception {
		switch (what) {
		case "sync" -> answer(id, new Event("synced"));
		case "connect" -> connect(id, c);
		case "subscribe" -> connected().subscribe(id, c);
		case "unsubscribe" -> connected().unsubscribe(id, c);
		case "publish" -> connected().publish(id, c);
		case "disconnect" -> connected().disconnect(id, c);
		case "authenticate" -> connected().authenticate(id, c);
		default -> throw new Unsupported(what);
		}
	}

	private void connect(long id, Command c) throws Exception {
		if (!makers.containsKey(c.string("version")) || version != null && !version.equals(c.string("version")))
			throw new Unsupported("version " + c.string("version"));
		if (client == null)
			client = makers.get(c.string("version")).apply(this);
		version = c.string("version");
		client.connect(id, c);
	}

	private Client connected() {
		if (client == null)
			throw new IllegalStateException("there has been no connect");
		return client;
	}

	private void take(byte[] line) {
		Long id = null;

		try {
			Command c = Command.of(line);
			id = c.number("id");
			synchronized (this) {
				waiting.put(id, c.string("do"));
			}
			obey(id, c.string("do"), c);
		} catch (Unsupported e) {
			refuse(id, new Event("unsupported").with("text", e.getMessage()));
		} catch (Exception e) {
			refuse(id, Event.error(e));
		}
	}

	void run(String name, String release, List<String> transports) throws IOException {
		ByteArrayOutputStream line = new ByteArrayOutputStream();
		byte[] chunk = new byte[1 << 16];

		say(new Event("hello").with("contract", 1).with("name", name).with("version", release)
			.with("versions", Event.GSON.toJsonTree(makers.keySet().stream().sorted().toList()))
			.with("transports", Event.GSON.toJsonTree(transports)));
		for (int n; (n = System.in.read(chunk)) > 0;) {
			int from = 0;
			for (int i = 0; i < n; i++) {
				if (chunk[i] != '\n')
					continue;
				line.write(chunk, from, i - from);
				from = i + 1;
				take(line.toByteArray());
				line.reset();
			}
			line.write(chunk, from, n - from);
		}
		Runtime.getRuntime().halt(0); /* at once, whatever the threads of the library do */
	}
}
