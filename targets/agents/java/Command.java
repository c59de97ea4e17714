import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;

/** The fields of a command, or of an object in one. What is missing or of the wrong type is an exception. */
record Command(JsonObject fields) {
	private static final List<String> OF_5 = List.of("code", "no_local", "retain_as_published", "retain_handling");

	static Command of(byte[] line) throws Exception {
		try {
			String text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(line)).toString();
			return new Command(Event.GSON.getAdapter(JsonObject.class).fromJson(text));
		} catch (CharacterCodingException e) {
			throw new IllegalArgumentException("this is not UTF-8");
		}
	}

	boolean has(String name) {
		return fields.has(name);
	}

	private JsonPrimitive primitive(String name) {
		if (!(fields.get(name) instanceof JsonPrimitive p))
			throw new IllegalArgumentException(name + " is missing or of the wrong type");
		return p;
	}

	String string(String name) {
		JsonPrimitive p = primitive(name);
		if (!p.isString())
			throw new IllegalArgumentException(name + " is no text");
		return p.getAsString();
	}

	String string(String name, String otherwise) {
		return has(name) ? string(name) : otherwise;
	}

	long number(String name) {
		JsonPrimitive p = primitive(name);
		if (!p.isNumber())
			throw new IllegalArgumentException(name + " is no number");
		return p.getAsBigDecimal().longValueExact();
	}

	int integer(String name) {
		return Math.toIntExact(number(name));
	}

	int integer(String name, int otherwise) {
		return has(name) ? integer(name) : otherwise;
	}

	boolean flag(String name) {
		JsonPrimitive p = primitive(name);
		if (!p.isBoolean())
			throw new IllegalArgumentException(name + " is neither true nor false");
		return p.getAsBoolean();
	}

	boolean flag(String name, boolean otherwise) {
		return has(name) ? flag(name) : otherwise;
	}

	byte[] hex(String name) {
		return HexFormat.of().parseHex(string(name));
	}

	byte[] payload() {
		return has("payload_hex") ? hex("payload_hex") : string("payload").getBytes(StandardCharsets.UTF_8);
	}

	Command object(String name) {
		if (!(fields.get(name) instanceof JsonObject object))
			throw new IllegalArgumentException(name + " is missing or no object");
		return new Command(object);
	}

	Command properties() {
		return has("properties") ? object("properties") : new Command(new JsonObject());
	}

	Set<String> names() {
		return fields.keySet();
	}

	private JsonArray list(String name) {
		if (!(fields.get(name) instanceof JsonArray list))
			throw new IllegalArgumentException(name + " is missing or no list");
		return list;
	}

	List<Command> objects(String name) {
		List<Command> objects = new ArrayList<>();
		for (JsonElement element : list(name))
			objects.add(new Command(element.getAsJsonObject()));
		return objects;
	}

	List<String> strings(String name) {
		List<String> strings = new ArrayList<>();
		for (JsonElement element : list(name)) {
			if (!(element instanceof JsonPrimitive p) || !p.isString())
				throw new IllegalArgumentException("what is in " + name + " is no text");
			strings.add(p.getAsString());
		}
		return strings;
	}

	/** User Properties: a name and a value each. */
	List<String[]> pairs(String name) {
		List<String[]> pairs = new ArrayList<>();
		for (JsonElement element : list(name)) {
			String[] pair = Event.GSON.fromJson(element, String[].class);
			if (pair.length != 2)
				throw new IllegalArgumentException("what is in " + name + " is no pair");
			pairs.add(pair);
		}
		return pairs;
	}

	/** Nothing that only 5.0 has. */
	void keepTo311() {
		for (String name : properties().names())
			throw new Unsupported(name);
		for (String name : OF_5)
			if (has(name) && !List.of("0", "false").contains(fields.get(name).toString()))
				throw new Unsupported(name + " in 3.1.1");
	}
}
