#include "client/tool/help.h"

#ifndef MQTTSPEC_VERSION
#error "the build names the version"
#endif

#define CONNECTION                                                                               \
	"Connection\n"                                                                           \
	"  -h, --host NAME            server (localhost)\n"                                      \
	"  -p, --port PORT            (1883, with TLS 8883)\n"                                   \
	"      --unix PATH            a Unix socket instead\n"                                   \
	"  -L, --url URL              mqtt://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC, or the same\n" \
	"                             with mqtts:// (TLS), ws:// or wss:// (WebSocket)\n"        \
	"  -A ADDRESS                 address of this side\n"                                    \
	"  -V, --protocol-version V   311 (the default) or 5\n"                                  \
	"  -i, --id ID                Client Identifier; without it a random one, in 5.0 the\n"  \
	"                             server's choice\n"                                         \
	"  -I, --id-prefix PREFIX     PREFIX and the process id\n"                               \
	"  -k, --keepalive SECONDS    5 to 65535 (60)\n"                                         \
	"  -c, --disable-clean-session   keep the session; needs -i\n"                           \
	"  -x SECONDS                 Session Expiry Interval of 5.0; -1: never\n"               \
	"  -u, --username NAME        -P, --pw PASSWORD\n"                                       \
	"      --password-file FILE   the password is the first line of a file\n"                \
	"      --auth-method METHOD   SCRAM-SHA-256 or SCRAM-SHA-1 of 5.0, with -u and a "       \
	"password\n"                                                                             \
	"  -M COUNT                   unacknowledged messages at a time\n"                       \
	"      --will-topic TOPIC     --will-payload TEXT  --will-qos QOS  --will-retain\n"      \
	"  -D, --property PACKET NAME VALUE\n"                                                   \
	"                             a property of 5.0: -D publish content-type text/plain,\n"  \
	"                             -D connect user-property NAME VALUE\n"                     \
	"\n"                                                                                     \
	"WebSocket\n"                                                                            \
	"      --ws                   connect over WebSocket (port 80, with TLS 443)\n"          \
	"      --ws-path PATH         (/mqtt)\n"                                                 \
	"      --ws-header FIELD      \"Name: value\" for the handshake; may be repeated\n"      \
	"\n"                                                                                     \
	"TLS, where one of the first three or -L asks for it\n"                                  \
	"      --cafile FILE          certificates to trust, in PEM format\n"                    \
	"      --capath DIRECTORY     the same, in files as openssl rehash names them\n"         \
	"      --tls-use-os-certs     those that the system trusts\n"                            \
	"      --cert FILE            --key FILE: the certificate of this side, and its key\n"   \
	"      --insecure             the server's certificate may have any name\n"              \
	"      --sni NAME             the server's name, if it is not that of -h\n"              \
	"      --tls-version V        at least tlsv1.3, tlsv1.2 (the default) or tlsv1.1\n"      \
	"      --ciphers LIST         for TLS 1.2 and below\n"                                   \
	"      --tls-alpn PROTOCOL    what to ask for by ALPN\n"                                 \
	"\n"

#define REST                                                                                      \
	"  -W SECONDS                 end after so long, counted from the start, with code 27\n"  \
	"  -d, --debug                show each packet\n"                                         \
	"      --quiet                no messages about errors at run time\n"                     \
	"      --version              print the version\n"                                        \
	"      --help                 print this\n"                                               \
	"\n"                                                                                      \
	"Default options are read from $XDG_CONFIG_HOME/mosquitto_pub (or mosquitto_sub), else\n" \
	"from ~/.config: an option a line with its value, after # a comment.\n"                   \
	"\n"                                                                                      \
	"Exit codes: 0 done, the code of CONNACK if the server refused, 27 the time of -W is\n"   \
	"over, 1 anything else.\n"

static const char pub[] =
	"usage: mqttspec-client pub [OPTION]... -t TOPIC {-m TEXT | -f FILE | -s | -l | -n}\n"
	"\n"
	"Publishes messages. The options are those of mosquitto_pub.\n"
	"\n"
	"Message\n"
	"  -t, --topic TOPIC\n"
	"  -m, --message TEXT         this text\n"
	"  -f, --file FILE            the contents of a file\n"
	"  -s, --stdin-file           all of standard input as one message\n"
	"  -l, --stdin-line           each line of standard input as a message\n"
	"  -n, --null-message         nothing\n"
	"  -q, --qos QOS              0 (the default), 1 or 2\n"
	"  -r, --retain               retained\n"
	"      --repeat COUNT         so many times (not with -l)\n"
	"      --repeat-delay SECONDS\n"
	"\n" CONNECTION "Rest\n" REST;

static const char sub[] =
	"usage: mqttspec-client sub [OPTION]... -t FILTER...\n"
	"\n"
	"Subscribes and prints the messages. The options are those of mosquitto_sub.\n"
	"\n"
	"Subscription\n"
	"  -t, --topic FILTER         may be repeated\n"
	"  -q, --qos QOS              0 (the default), 1 or 2\n"
	"  -U, --unsubscribe FILTER   unsubscribe; may be repeated\n"
	"      --retain-as-published  option of 5.0\n"
	"  -C COUNT                   end after so many messages\n"
	"  -E                         end when the subscriptions are acknowledged\n"
	"\n"
	"Output\n"
	"  -v, --verbose              topic, a blank, payload\n"
	"  -N                         no newline after messages\n"
	"  -F FORMAT                  %t topic, %p payload, %q QoS, ...: man mqttspec-client-sub\n"
	"  -R                         leave out retained messages\n"
	"      --retained-only        end at the first message that is not retained\n"
	"      --remove-retained      remove the retained messages that come\n"
	"  -T, --filter-out FILTER    leave out these topics; may be repeated\n"
	"\n" CONNECTION "Rest\n" REST;

const char *help_text(enum command_kind kind)
{
	return kind == COMMAND_PUB ? pub : sub;
}

const char *help_version(void)
{
	return "mqttspec-client " MQTTSPEC_VERSION "\n";
}
