/* mqttspec-broker passwd: users of a password file. */
#ifndef BROKER_MAIN_PASSWD_H
#define BROKER_MAIN_PASSWD_H

/* The words after "mqttspec-broker", the first of them "passwd". Returns the exit code. */
int main_passwd(int argc, char **argv);

/* For shells: what may stand where the last of these words, all after "passwd", is typed. Returns the exit code. */
int main_passwd_complete(int count, char **words);

#endif
