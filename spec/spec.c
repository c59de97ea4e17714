#include "spec/spec.h"

#include <stdio.h>
#include <string.h>

const struct spec_statement *spec_find(const char *name)
{
	size_t first = 0, end = spec_statement_count;

	while (first < end) {
		size_t middle = first + (end - first) / 2;
		const struct spec_statement *s = &spec_statements[spec_statements_by_name[middle]];
		int order = strcmp(name, s->name);
		if (!order)
			return s;
		if (order < 0)
			end = middle;
		else
			first = middle + 1;
	}
	return NULL;
}

int spec_compare(const struct spec_statement *a, const struct spec_statement *b)
{
	if (!a || !b)
		return !a - !b;
	int order = strverscmp(a->section, b->section); /* numbers count as numbers: 3.2, 3.10 */

	return order ? order : (a > b) - (a < b);
}

const char *spec_document(enum mqtt_version version)
{
	return version_statement(version,
		"https://docs.oasis-open.org/mqtt/mqtt/v3.1.1/os/mqtt-v3.1.1-os.html",
		"https://docs.oasis-open.org/mqtt/mqtt/v5.0/os/mqtt-v5.0-os.html");
}

const char *spec_url(const struct spec_statement *statement, char out[static SPEC_URL_SIZE])
{
	snprintf(out, SPEC_URL_SIZE, "%s#%s", spec_document(statement->version), statement->anchor);
	return out;
}

/* `about` up to `len`, of this end and difference; NULL: there is no such row. */
static const struct spec_blame *find_blame(
	bool client, enum spec_difference difference, const char *about, size_t len)
{
	for (size_t i = 0; i < spec_blame_count; i++) {
		const struct spec_blame *b = &spec_blames[i];
		if (b->client == client && b->difference == difference &&
			!strncmp(b->about, about, len) && !b->about[len])
			return b;
	}
	return NULL;
}

const char *spec_blamed(
	enum mqtt_version version, bool client, enum spec_difference difference, const char *about)
{
	const struct spec_blame *b = find_blame(client, difference, about, strlen(about));

	if (!b)
		b = find_blame(client, difference, about, strcspn(about, "/"));
	if (!b)
		b = find_blame(client, difference, "-", 1);
	if (!b)
		return NULL;
	return version_statement(version, b->statement_311, b->statement_50);
}

bool spec_shows(const struct spec_statement *statement, enum spec_testable end,
	enum spec_difference difference, enum packet_type packet, unsigned property)
{
	for (size_t i = 0; i < statement->evidence_count; i++) {
		const struct spec_evidence *e = &statement->evidence[i];
		if (e->end != end || e->difference != difference)
			continue;
		if ((!packet || !e->packets || e->packets & SPEC_PACKET(packet)) &&
			(!property || !e->properties || e->properties >> property & 1))
			return true;
	}
	return false;
}

const struct spec_property *spec_property(uint32_t id)
{
	for (size_t i = 0; i < spec_property_count; i++)
		if (spec_properties[i].id == id)
			return &spec_properties[i];
	return NULL;
}

const struct spec_reason_code *spec_reason_code(uint8_t code, enum packet_type type)
{
	for (size_t i = 0; i < spec_reason_code_count; i++) {
		const struct spec_reason_code *r = &spec_reason_codes[i];
		if (r->code == code && r->packets & SPEC_PACKET(type))
			return r;
	}
	return NULL;
}

const char *spec_reason_name(uint8_t code, enum packet_type type)
{
	const struct spec_reason_code *r = spec_reason_code(code, type);

	for (size_t i = 0; !r && i < spec_reason_code_count; i++)
		if (spec_reason_codes[i].code == code)
			r = &spec_reason_codes[i];
	return r ? r->name : "unknown";
}

const char *spec_return_code_name(uint8_t code)
{
	static const char *const names[] = { /* 3.1.1, Table 3.1 */
		"accepted", "unacceptable protocol version", "identifier rejected",
		"server unavailable", "bad user name or password", "not authorized"
	};

	return code < sizeof(names) / sizeof(*names) ? names[code] : "reserved";
}

const char *spec_version_name(enum mqtt_version version)
{
	return version_traits(version).name;
}

const char *spec_packet_name(unsigned type)
{
	static const char *const names[] = { "type 0", "CONNECT", "CONNACK", "PUBLISH", "PUBACK",
		"PUBREC", "PUBREL", "PUBCOMP", "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK",
		"PINGREQ", "PINGRESP", "DISCONNECT", "AUTH" };

	return type < sizeof(names) / sizeof(*names) ? names[type] : "no type";
}

const char *spec_actor_name(enum spec_actor actor)
{
	static const char *const names[] = { "server", "client", "both", "sender", "receiver" };

	return names[actor];
}

const char *spec_difference_name(enum spec_difference difference)
{
	static const char *const names[SPEC_DIFFERENCES] = { "missing", "extra", "repeated",
		"order", "dup", "retain", "qos", "topic", "payload", "property", "identifier",
		"code", "session", "packet", "open", "closed", "time" };

	return names[difference];
}
