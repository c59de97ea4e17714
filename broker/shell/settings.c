#include "broker/shell/settings.h"

#include <string.h>

#include <uv.h>

void settings_default(struct settings *s)
{
	struct broker_config config;

	broker_config_default(&config);
	*s = (struct settings){
		.limits = config.limits,
		.sys_interval_s = config.sys_interval_s,
		.access.allow_anonymous = true,
		.log_connections = true,
		.log_most = LOG_NOTICE,
	};
}

bool settings_address_valid(const char *address)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	return !strcmp(address, "localhost") || !uv_ip4_addr(address, 0, &four) ||
		!uv_ip6_addr(address, 0, &six);
}
