#include "tests/unit/fake_target.h"

#include <stdio.h>
#include <string.h>

static const char server[] =
	"[file server.py]\n"
	"content =\n"
	"| import os, signal, socket, subprocess, sys, time\n"
	"| mode, port, here = sys.argv[1], int(sys.argv[2]), sys.argv[3]\n"
	"| def say(text):\n"
	"|     print(text, flush=True)\n"
	"| say('mode ' + mode)\n"
	"| if mode == 'exit':\n"
	"|     say('no configuration')\n"
	"|     sys.exit(3)\n"
	"| if mode == 'idle':\n"
	"|     say('waiting for nothing')\n"
	"|     time.sleep(60)\n"
	"| if mode == 'stubborn':\n"
	"|     signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
	"| if mode == 'parent':\n"
	"|     stray = subprocess.Popen(['sleep', '60'], start_new_session=True)\n"
	"|     say('stray %d' % stray.pid)\n"
	"| marker = os.path.join(here, 'test_target.taken')\n"
	"| if mode.startswith('robbed') and not os.path.exists(marker):\n"
	"|     code = \"import socket,time; s=socket.socket(); s.bind(('127.0.0.1',%d)); \"\n"
	"|     code += \"s.listen(); print(1, flush=True); time.sleep(20)\"\n"
	"|     wanted = int(sys.argv[4]) if mode == 'robbed_2' else port\n"
	"|     thief = subprocess.Popen([sys.executable, '-c', code % wanted], env={},\n"
	"|                              start_new_session=True, stdout=subprocess.PIPE)\n"
	"|     thief.stdout.readline()\n"
	"|     with open(marker, 'w') as f:\n"
	"|         f.write(str(thief.pid))\n"
	"|     os._exit(1)\n"
	"| if len(sys.argv) > 4:\n"
	"|     say('ports ' + ' '.join(sys.argv[2:3] + sys.argv[4:]))\n"
	"| listener = socket.create_server(('127.0.0.1', port))\n"
	"| while True:\n"
	"|     peer, _ = listener.accept()\n"
	"|     data = peer.recv(1000)\n"
	"|     if data == b'die':\n"
	"|         say('I am hit')\n"
	"|         os.kill(os.getpid(), signal.SIGKILL)\n"
	"|     if data == b'deaf':\n"
	"|         listener.close()\n"
	"|         peer.close()\n"
	"|         time.sleep(60)\n"
	"|     if data == b'die later':\n"
	"|         peer.close()\n"
	"|         time.sleep(0.2)\n"
	"|         os.kill(os.getpid(), signal.SIGKILL)\n"
	"|     if data:\n"
	"|         peer.send(bytes([0x20, 2, 0, 0]))\n"
	"|     peer.close()\n";

bool fake_target_write(const char *path, const char *mode, unsigned ready_ms)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return false;
	fprintf(file,
		"[target]\nname = Fake\npackage = fake-broker\nversions = 3.1.1\nready_ms = %u\n"
		"command = %s {config} %s {port} {here}%s\n%s",
		ready_ms, strcmp(mode, "missing") ? "/usr/bin/python3" : "no-such-program", mode,
		!strcmp(mode, "ports") || !strcmp(mode, "robbed_2") ? " {port_2} {port_9} {port_2}"
								    : "",
		server);
	return fclose(file) == 0;
}
