/* Deviant servers: users and their rights, enhanced authentication. */
#include "deviants/rows.h"

static const struct deviation table[] = {
	{ "wrong_password_accepted",
		"3.1.1:U311-AUTH-FAIL 3.1.1:U311-CONNACK-SEND 5.0:MQTT-3.1.4-2 "
		"5.0:U50-AUTH-OTHERWISE 3.1.1:UALL-RIGHTS 5.0:UALL-RIGHTS",
		"A user that has been let in once is let in with any password.",
		{ { TO_SERVER, P(CONNECT), { 0 }, use_known_password, 0 } } },
	{ "wrong_password_other_code", "3.1.1:U311-CONNACK-SEND~ 3.1.1:U311-AUTH-FAIL~",
		"Who has a wrong password is refused with return code 2.",
		{ { TO_CLIENT, P(CONNACK), { is_v311, is_not_accepted, has_user }, set_code,
			2 } } },
	{ "refused_user_left_open",
		"3.1.1:U311-AUTH-FAIL 5.0:MQTT-3.1.4-2 3.1.1:MQTT-3.2.2-5 "
		"5.0:MQTT-3.2.2-7",
		"Who has a wrong password is told so, and stays connected.",
		{ { TO_CLIENT, EVENT_END, { is_refused, has_user }, keep_open, 0 } } },
	{ "refused_subscription_granted", "3.1.1:UALL-RIGHTS~ 5.0:UALL-RIGHTS~",
		"SUBACK grants what is refused.",
		{ { TO_CLIENT, P(SUBACK), { has_refusing_code }, set_codes, 0 } } },
	/* ---- enhanced authentication ---- */
	{ "auth_reserved_code", "5.0:MQTT-3.15.2-1", "AUTH has Reason Code 0x01.",
		{ { TO_CLIENT, P(AUTH), { 0 }, set_code, 0x01 } } },
	{ "auth_success_before_connack", "5.0:MQTT-4.12.0-2 5.0:MQTT-3.15.2-1",
		"A further step of the authentication is asked for by AUTH 0x00.",
		{ { TO_CLIENT, P(AUTH), { is_before_connack }, set_code, 0x00 } } },
	{ "auth_reason_too_large", "5.0:MQTT-3.15.2-2 5.0:MQTT-3.1.2-24",
		"AUTH has a Reason String that the client has no room for.",
		{ { TO_CLIENT, P(AUTH), { has_packet_size }, add_long_text,
			PROP_REASON_STRING } } },
	{ "auth_user_property_too_large", "5.0:MQTT-3.15.2-3 5.0:MQTT-3.1.2-24",
		"AUTH has a User Property that the client has no room for.",
		{ { TO_CLIENT, P(AUTH), { has_packet_size }, add_long_text,
			PROP_USER_PROPERTY } } },
	{ "auth_without_method", "5.0:U50-AUTH-METHOD 5.0:MQTT-4.12.0-5",
		"AUTH lacks the Authentication Method.",
		{ { TO_CLIENT, P(AUTH), { 0 }, remove_property, PROP_AUTH_METHOD } } },
	{ "connack_without_method", "5.0:MQTT-4.12.0-5",
		"CONNACK lacks the Authentication Method of CONNECT.",
		{ { TO_CLIENT, P(CONNACK), { is_accepted }, remove_property, PROP_AUTH_METHOD } } },
	{ "failed_authentication_left_open",
		"5.0:MQTT-4.12.0-4 5.0:MQTT-4.12.1-2 5.0:MQTT-3.2.2-7 "
		"5.0:MQTT-4.13.2-1",
		"Who fails to prove who it is stays connected.",
		{ { TO_CLIENT, EVENT_END, { has_authenticated }, keep_open, 0 } } },
	{ "reauthentication_unanswered", "5.0:U50-REAUTH-REPLY 5.0:MQTT-4.12.0-2",
		"A new authentication is never told that it has succeeded.",
		{ { TO_CLIENT, P(AUTH), { is_accepted }, drop, 0 } } },
	{ "auth_of_other_method_accepted",
		"5.0:MQTT-4.12.1-1~ 5.0:MQTT-4.12.1-2 5.0:U50-AUTH-METHOD~ "
		"5.0:MQTT-4.12.0-5",
		"AUTH with another method than that of CONNECT is taken for one with that.",
		{ { TO_SERVER, P(AUTH), { 0 }, restore_method, 0 } } },
	{ "packet_amid_authentication_ignored",
		"5.0:MQTT-3.1.2-30~ 5.0:MQTT-4.12.0-3~ "
		"5.0:MQTT-4.13.1-1~",
		"Other packets in the middle of an authentication are ignored.",
		{ { TO_SERVER, 0x7FFC, { is_v50, is_before_connack, is_authenticating }, drop,
			0 } } },
};

DEVIATION_CHAPTER(users, false, table);
