#include "cli/live_options.h"

#include "cli/cli.h"
#include "harness/transport/transport.h"

static bool take_transport(struct live_options *o)
{
	o->transport = transport_find(optarg);
	if (!o->transport)
		usage_error(o->command, "--transport takes tcp, tls, ws, wss or unix, not \"%s\"",
			optarg);
	return o->transport;
}

bool live_options_take(int option, struct live_options *o)
{
	switch ((enum live_option)option) {
	case LIVE_TRANSPORT: return take_transport(o);
	case LIVE_USER: o->user = optarg; break;
	case LIVE_PASSWORD_FILE: o->password_file = optarg; break;
	case LIVE_CA: o->tls.ca = optarg; break;
	case LIVE_CERT: o->tls.cert = optarg; break;
	case LIVE_KEY: o->tls.key = optarg; break;
	case LIVE_SNI: o->tls.sni = optarg; break;
	case LIVE_INSECURE: o->tls.insecure = true; break;
	case LIVE_WS_PATH: o->ws_path = optarg; break;
	case LIVE_ANYWAY: o->anyway = true; break;
	}
	return true;
}

bool live_options_check(const struct live_options *o)
{
	if (!o->tls.cert == !o->tls.key)
		return true;
	usage_error(o->command, "--cert and --key need each other");
	return false;
}

const char *live_options_of_brokers(const struct live_options *o)
{
	return o->user             ? "--user"
		: o->password_file ? "--password-file"
		: o->tls.ca        ? "--ca"
		: o->tls.cert      ? "--cert"
		: o->tls.key       ? "--key"
		: o->tls.sni       ? "--sni"
		: o->tls.insecure  ? "--insecure"
		: o->ws_path       ? "--ws-path"
				   : NULL;
}
