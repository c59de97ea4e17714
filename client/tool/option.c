#include "client/tool/option.h"

#include <string.h>

#define PSK        "keys that were shared before (PSK)"
#define ENGINE     "engines of OpenSSL"
#define BOTH_KINDS (COMMAND_PUB | COMMAND_SUB)

const struct option option_table[] = {
	{ "-A", NULL, O_BIND, true, BOTH_KINDS, NULL },
	{ NULL, "--auth-method", O_AUTH_METHOD, true, BOTH_KINDS, NULL },
	{ "-c", "--disable-clean-session", O_CLEAN, false, BOTH_KINDS, NULL },
	{ "-C", NULL, O_COUNT, true, COMMAND_SUB, NULL },
	{ "-d", "--debug", O_DEBUG, false, BOTH_KINDS, NULL },
	{ "-D", "--property", O_PROPERTY, false, BOTH_KINDS, NULL }, /* values of its own number */
	{ "-E", NULL, O_END, false, COMMAND_SUB, NULL },
	{ "-f", "--file", O_FILE, true, COMMAND_PUB, NULL },
	{ "-F", NULL, O_FORMAT, true, COMMAND_SUB, NULL },
	{ "-h", "--host", O_HOST, true, BOTH_KINDS, NULL },
	{ NULL, "--help", O_HELP, false, BOTH_KINDS, NULL },
	{ "-i", "--id", O_ID, true, BOTH_KINDS, NULL },
	{ "-I", "--id-prefix", O_ID_PREFIX, true, BOTH_KINDS, NULL },
	{ "-k", "--keepalive", O_KEEP_ALIVE, true, BOTH_KINDS, NULL },
	{ "-l", "--stdin-line", O_LINES, false, COMMAND_PUB, NULL },
	{ "-L", "--url", O_URL, true, BOTH_KINDS, NULL },
	{ "-m", "--message", O_MESSAGE, true, COMMAND_PUB, NULL },
	{ "-M", NULL, O_INFLIGHT, true, BOTH_KINDS, NULL },
	{ "-n", "--null-message", O_NULL, false, COMMAND_PUB, NULL },
	{ "-N", NULL, O_NO_NEWLINE, false, COMMAND_SUB, NULL },
	{ NULL, "--nodelay", O_NODELAY, false, BOTH_KINDS, NULL },
	{ "-p", "--port", O_PORT, true, BOTH_KINDS, NULL },
	{ "-P", "--pw", O_PASSWORD, true, BOTH_KINDS, NULL },
	{ NULL, "--password-file", O_PASSWORD_FILE, true, BOTH_KINDS, NULL },
	{ "-q", "--qos", O_QOS, true, BOTH_KINDS, NULL },
	{ NULL, "--quiet", O_QUIET, false, BOTH_KINDS, NULL },
	{ "-r", "--retain", O_RETAIN, false, COMMAND_PUB, NULL },
	{ "-R", NULL, O_NO_RETAINED, false, COMMAND_SUB, NULL },
	{ NULL, "--retained-only", O_RETAINED_ONLY, false, COMMAND_SUB, NULL },
	{ NULL, "--retain-as-published", O_RETAIN_AS_PUBLISHED, false, COMMAND_SUB, NULL },
	{ NULL, "--remove-retained", O_REMOVE_RETAINED, false, COMMAND_SUB, NULL },
	{ NULL, "--repeat", O_REPEAT, true, COMMAND_PUB, NULL },
	{ NULL, "--repeat-delay", O_REPEAT_DELAY, true, COMMAND_PUB, NULL },
	{ "-s", "--stdin-file", O_STDIN, false, COMMAND_PUB, NULL },
	{ "-t", "--topic", O_TOPIC, true, BOTH_KINDS, NULL },
	{ "-T", "--filter-out", O_FILTER_OUT, true, COMMAND_SUB, NULL },
	{ "-u", "--username", O_USER, true, BOTH_KINDS, NULL },
	{ "-U", "--unsubscribe", O_UNSUBSCRIBE, true, COMMAND_SUB, NULL },
	{ NULL, "--unix", O_UNIX, true, BOTH_KINDS, NULL },
	{ "-v", "--verbose", O_VERBOSE, false, COMMAND_SUB, NULL },
	{ NULL, "--version", O_VERSION, false, BOTH_KINDS, NULL },
	{ "-V", "--protocol-version", O_PROTOCOL, true, BOTH_KINDS, NULL },
	{ "-W", NULL, O_WAIT, true, BOTH_KINDS, NULL },
	{ "-x", NULL, O_EXPIRY, true, BOTH_KINDS, NULL },
	{ NULL, "--will-topic", O_WILL_TOPIC, true, BOTH_KINDS, NULL },
	{ NULL, "--will-payload", O_WILL_PAYLOAD, true, BOTH_KINDS, NULL },
	{ NULL, "--will-qos", O_WILL_QOS, true, BOTH_KINDS, NULL },
	{ NULL, "--will-retain", O_WILL_RETAIN, false, BOTH_KINDS, NULL },
	{ NULL, "--cafile", O_CA_FILE, true, BOTH_KINDS, NULL },
	{ NULL, "--capath", O_CA_PATH, true, BOTH_KINDS, NULL },
	{ NULL, "--cert", O_CERT, true, BOTH_KINDS, NULL },
	{ NULL, "--key", O_KEY, true, BOTH_KINDS, NULL },
	{ NULL, "--keyform", O_MISSING, true, BOTH_KINDS, ENGINE },
	{ NULL, "--ciphers", O_CIPHERS, true, BOTH_KINDS, NULL },
	{ NULL, "--insecure", O_INSECURE, false, BOTH_KINDS, NULL },
	{ NULL, "--sni", O_SNI, true, BOTH_KINDS, NULL },
	{ NULL, "--ws", O_WS, false, BOTH_KINDS, NULL },
	{ NULL, "--ws-header", O_WS_HEADER, true, BOTH_KINDS, NULL },
	{ NULL, "--ws-path", O_WS_PATH, true, BOTH_KINDS, NULL },
	{ NULL, "--psk", O_MISSING, true, BOTH_KINDS, PSK },
	{ NULL, "--psk-identity", O_MISSING, true, BOTH_KINDS, PSK },
	{ NULL, "--tls-alpn", O_TLS_ALPN, true, BOTH_KINDS, NULL },
	{ NULL, "--tls-engine", O_MISSING, true, BOTH_KINDS, ENGINE },
	{ NULL, "--tls-engine-kpass-sha1", O_MISSING, true, BOTH_KINDS, ENGINE },
	{ NULL, "--tls-use-os-certs", O_OS_CERTS, false, BOTH_KINDS, NULL },
	{ NULL, "--tls-version", O_TLS_VERSION, true, BOTH_KINDS, NULL },
	{ NULL, "--proxy", O_MISSING, true, BOTH_KINDS, "a SOCKS proxy" },
	{ "-S", NULL, O_MISSING, false, BOTH_KINDS, "a look-up of SRV records" },
};

const size_t option_count = sizeof(option_table) / sizeof(*option_table);

const struct option *option_find(enum command_kind kind, const char *text)
{
	for (size_t i = 0; i < option_count; i++) {
		const struct option *o = &option_table[i];
		if (o->kinds & kind &&
			((o->brief && !strcmp(text, o->brief)) ||
				(o->full && !strcmp(text, o->full))))
			return o;
	}
	return NULL;
}
