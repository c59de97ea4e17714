import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/** An event, or the properties in one, under way. What is null is left out. */
class Event {
	static final Gson GSON = new Gson();

	final JsonObject fields = new JsonObject();

	/** Properties, or anything else that is no event of its own. */
	Event() {
	}

	Event(String name) {
		with("event", name);
	}

	static Event error(Throwable why) {
		return new Event("error").with("text", text(why));
	}

	static String text(Throwable why) {
		return why == null ? "the connection has ended" : why.toString();
	}

	Event with(String name, String value) {
		if (value != null)
			fields.addProperty(name, value);
		return this;
	}

	Event with(String name, Number value) {
		if (value != null)
			fields.addProperty(name, value);
		return this;
	}

	Event with(String name, boolean value) {
		fields.addProperty(name, value);
		return this;
	}

	Event with(String name, JsonElement value) {
		if (value != null)
			fields.add(name, value);
		return this;
	}

	Event with(String name, int... values) {
		return with(name, values == null ? null : GSON.toJsonTree(values));
	}

	Event withHex(String name, byte[] bytes) {
		return with(name, bytes == null ? null : HexFormat.of().formatHex(bytes));
	}

	Event withHex(String name, ByteBuffer buffer) {
		byte[] bytes = new byte[buffer.remaining()];

		buffer.duplicate().get(bytes);
		return withHex(name, bytes);
	}

	/** None at all, if there is nothing in them. */
	Event withProperties(Event properties) {
		return with("properties", properties == null || properties.fields.size() == 0 ? null : properties.fields);
	}

	byte[] line() {
		return (GSON.toJson(fields) + "\n").getBytes(StandardCharsets.UTF_8);
	}
}
